from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest

from stance.backends import Batch
from stance.backends.onnx import OnnxBackend
from stance.finetuning.export import EXAMPLES, example_ids, export_onnx

#: The two 8-bit forms: scales read from examples, and a scale a token.
FIXED, BY_TOKEN = "int8.onnx", "int8_by_token.onnx"
both_forms = pytest.mark.parametrize("form", [FIXED, BY_TOKEN])
#: Of encoders that are wide enough for their matrices to be quantized.
WIDE = {
    "vocab_size": 600,
    "hidden_size": 128,
    "num_attention_heads": 4,
    "intermediate_size": 256,
    "num_labels": 16,
    "attn_implementation": "eager",
}


@pytest.fixture(scope="module")
def wide_model():
    """A BERT with biases, as after training."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    model = BertForSequenceClassification(BertConfig(num_hidden_layers=2, **WIDE)).eval()
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if name.endswith("bias"):
                # As after training: equal ones would be one tensor of several names.
                weights.normal_(std=0.1)
    return model


@pytest.fixture(scope="module")
def files(wide_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("onnx")
    export_onnx(wide_model, folder / "float32.onnx", quantize=False)
    export_onnx(
        wide_model, folder / FIXED, examples=random_batch(40, 24, seed=1).input_ids.tolist()
    )
    export_onnx(wide_model, folder / BY_TOKEN)
    return folder


def random_batch(rows, tokens, seed=0):
    ids = np.random.default_rng(seed).integers(1, 600, (rows, tokens))
    return Batch(ids, np.ones_like(ids))


def reference(model, batch):
    import torch

    with torch.inference_mode():
        return model(
            input_ids=torch.from_numpy(batch.input_ids),
            attention_mask=torch.from_numpy(batch.attention_mask),
        ).logits.numpy()


def run(path, batch):
    return OnnxBackend(path, threads=1).logits([batch])[0]


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (7, 12)])
def test_float32_equals_torch(wide_model, files, shape):
    batch = random_batch(*shape)
    np.testing.assert_allclose(
        run(files / "float32.onnx", batch), reference(wide_model, batch), atol=1e-4
    )


@both_forms
def test_8_bits_stay_close_to_torch(wide_model, files, form):
    batch = random_batch(16, 20)
    expected = reference(wide_model, batch)
    error = np.abs(run(files / form, batch) - expected).max()
    assert 0 < error < 0.005 * np.abs(expected).max()


@both_forms
def test_8_bit_rows_do_not_depend_on_their_neighbours(files, form):
    batch = random_batch(8, 20)
    together = run(files / form, batch)
    for row in range(8):
        alone = Batch(batch.input_ids[row : row + 1, :9], batch.attention_mask[row : row + 1, :9])
        mask = batch.attention_mask.copy()
        mask[row, 9:] = 0
        padded = run(files / form, Batch(batch.input_ids, mask))
        assert np.array_equal(padded[row], run(files / form, alone)[0])
        whole = Batch(batch.input_ids[row : row + 1], batch.attention_mask[row : row + 1])
        assert np.array_equal(together[row], run(files / form, whole)[0])


@both_forms
def test_no_matrix_is_left_in_float32(files, form):
    for tensor in onnx.load(files / form).graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.dims) > 1:
            # But for scales, the pooler and the head.
            assert 1 in tensor.dims or "pooler" in tensor.name or "classifier" in tensor.name


@both_forms
def test_the_last_layer_is_computed_for_one_token(wide_model, files, form):
    """As many products as layers have, but none of the last layer's keys and values."""
    graph = onnx.load(files / form).graph
    products = [node for node in graph.node if node.op_type == "MatMulIntegerToFloat"]
    assert len(products) == 6 * len(wide_model.bert.encoder.layer) - 2
    assert type(wide_model.bert.encoder.layer[-1].attention).__name__ == "BertAttention"


def test_nothing_is_summed_whose_last_bit_depends_on_its_place_in_memory(files):
    for name in (FIXED, BY_TOKEN, "float32.onnx"):
        assert "ReduceSum" not in {node.op_type for node in onnx.load(files / name).graph.node}


def test_fixed_scales_take_no_pass_over_the_tokens(files):
    graph = onnx.load(files / FIXED).graph
    assert "ReduceMax" not in {node.op_type for node in graph.node}
    assert [output.name for output in graph.output] == ["logits"]
    products = [node for node in graph.node if node.op_type == "MatMulIntegerToFloat"]
    # The bias goes with the product.
    assert all(len(node.input) == 7 and node.input[6] for node in products)


def test_the_same_examples_make_the_same_file(wide_model, files, tmp_path):
    examples = random_batch(40, 24, seed=1).input_ids.tolist()
    export_onnx(wide_model, tmp_path / "again.onnx", examples=examples)
    assert (tmp_path / "again.onnx").read_bytes() == (files / FIXED).read_bytes()


def test_examples_are_drawn_from_all_texts():
    def tokenizer(texts, *, truncation, max_length):
        assert truncation
        assert max_length == 7
        return SimpleNamespace(input_ids=[[int(text)] for text in texts])

    assert example_ids(tokenizer, ["1"], max_length=7) == [[1]]
    # Every second is left to compare with.
    assert example_ids(tokenizer, ["1", "2", "3"], max_length=7) == [[1], [3]]
    many = example_ids(tokenizer, [str(n) for n in range(2_000)], max_length=7)
    assert EXAMPLES / 2 < len(many) <= EXAMPLES
    assert many[-1][0] > 1_900
    assert example_ids(tokenizer, [], max_length=7) == []


@both_forms
def test_8_bits_make_the_file_smaller(files, form):
    small, large = (files / name for name in (form, "float32.onnx"))
    assert small.stat().st_size < 0.4 * large.stat().st_size


@both_forms
def test_only_operators_that_every_onnx_runtime_has_are_used(files, form):
    graph = onnx.load(str(files / form))
    others = {node.op_type for node in graph.graph.node if node.domain}
    assert others == {"MatMulIntegerToFloat"}
    assert onnxruntime.InferenceSession(str(files / form))


@both_forms
def test_no_pair_of_products_overflows_16_bits(files, form):
    # The greatest activation, 255, twice: what processors without 8-bit dot products add up.
    graph = onnx.load(files / form).graph
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    products = [node for node in graph.node if node.op_type == "MatMulIntegerToFloat"]
    assert products
    for node in products:
        assert np.abs(weights[node.input[1]].astype(int)).max() * 255 * 2 < 2**15


@pytest.mark.parametrize("examples", [[], [[1, 2, 3]] * 8])
def test_what_a_multiple_of_the_identity_learnt_is_kept(wide_model, tmp_path, examples):
    import copy

    import torch

    model = copy.deepcopy(wide_model)
    output = model.bert.encoder.layer[0].attention.output.dense
    with torch.no_grad():
        output.weight.copy_(20 * torch.eye(128) + 0.02 * torch.randn(128, 128))
    export_onnx(model, tmp_path / "learnt.onnx", examples=examples)
    kept = [
        onnx.numpy_helper.to_array(tensor)
        for tensor in onnx.load(tmp_path / "learnt.onnx").graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT and list(tensor.dims) == [128, 128]
    ]
    assert any(np.array_equal(array.T, output.weight.detach().numpy()) for array in kept)


@both_forms
def test_layers_that_share_their_weights_hold_them_once(tmp_path, form):
    import torch
    from transformers import AlbertConfig, AlbertForSequenceClassification

    torch.manual_seed(0)
    config = AlbertConfig(num_hidden_layers=3, embedding_size=128, **WIDE)
    model = AlbertForSequenceClassification(config).eval()
    examples = random_batch(40, 24, seed=1).input_ids.tolist() if form == FIXED else []
    export_onnx(model, tmp_path / form, examples=examples)
    graph = onnx.load(tmp_path / form).graph
    products = [node for node in graph.node if node.op_type == "MatMulIntegerToFloat"]
    matrices = {node.input[1] for node in products}
    # Six of a layer, and what brings the embeddings to the encoder's width.
    assert (len(products), len(matrices)) == (3 * 6 + 1, 6 + 1)
    assert not [
        tensor.name
        for tensor in graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT
        and np.prod(tensor.dims) >= 16_384
        and "pooler" not in tensor.name
    ]
    batch = random_batch(16, 20)
    expected = reference(model, batch)
    error = np.abs(run(tmp_path / form, batch) - expected).max()
    assert 0 < error < 0.03 * np.abs(expected).max()
