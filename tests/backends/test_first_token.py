"""The last layer computed for the first token only gives what the whole layer gives."""

import copy

import pytest

torch = pytest.importorskip("torch", reason="needs the extra train")
transformers = pytest.importorskip("transformers", reason="needs the extra train")

from stance.backends.first_token import narrow_last_layer, narrowed_last_layer  # noqa: E402

SIZES = {
    "vocab_size": 40,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "num_labels": 8,
}
FAMILIES = {
    "bert": ("Bert", {}),
    "roberta": ("Roberta", {"pad_token_id": 0}),
    "xlm-roberta": ("XLMRoberta", {"pad_token_id": 0}),
    "mpnet": ("MPNet", {"pad_token_id": 0}),
}
BUILT_ALIKE = ["bert", "roberta", "xlm-roberta"]


def classifier(family, attention="eager"):
    name, options = FAMILIES[family]
    torch.manual_seed(3)
    config = getattr(transformers, f"{name}Config")(
        **SIZES, **options, initializer_range=0.6, attn_implementation=attention
    )
    model = getattr(transformers, f"{name}ForSequenceClassification")(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model


def tokens():
    ids = torch.tensor([[2, 7, 9, 30, 3], [2, 8, 3, 0, 0]])
    return {"input_ids": ids, "attention_mask": (ids > 0).long()}


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("family", BUILT_ALIKE)
def test_the_logits_are_the_same(family, attention):
    model = classifier(family, attention)
    whole = model(**tokens()).logits
    narrow_last_layer(model)
    found = model(**tokens(), output_hidden_states=True)
    torch.testing.assert_close(found.logits, whole, atol=1e-5, rtol=1e-5)
    assert model.base_model(**tokens()).last_hidden_state.shape == (2, 1, 16)


@pytest.mark.parametrize("family", BUILT_ALIKE)
def test_so_are_the_gradients(family):
    gradients = []
    for narrow in (False, True):
        # In float32, how a processor orders its sums would be told by the fourth digit.
        model = classifier(family, "sdpa").train().double()
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        if narrow:
            narrow_last_layer(model)
        model(**tokens()).logits.square().sum().backward()
        gradients.append({name: weight.grad for name, weight in model.named_parameters()})
    assert gradients[0].keys() == gradients[1].keys()
    for name, expected in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], expected, atol=1e-9, rtol=1e-9)


def test_dropout_weighs_the_values_as_in_the_whole_layer():
    # Of texts of one token, both draw the same.
    model = classifier("bert").train()
    given = {"input_ids": torch.arange(2, 18).unsqueeze(1)}
    torch.manual_seed(5)
    whole = model(**given).logits
    narrow_last_layer(model)
    torch.manual_seed(5)
    torch.testing.assert_close(model(**given).logits, whole)


def test_dropout_is_the_layer_s_own():
    model = classifier("bert")
    narrow_last_layer(model)
    block = model.bert.encoder.layer[-1].attention.self
    quiet = model(**tokens()).logits
    block.dropout.p = 0.9
    torch.testing.assert_close(model(**tokens()).logits, quiet)
    block.train()
    assert not torch.allclose(model(**tokens()).logits, quiet)


def test_afterwards_the_model_is_as_it_was():
    model = classifier("bert")
    names, built = list(model.state_dict()), type(model.bert.encoder.layer[-1].attention)
    with narrowed_last_layer(model):
        assert list(model.state_dict()) == names
        with narrowed_last_layer(model):
            pass
        assert model.bert(**tokens()).last_hidden_state.shape[1] == 1
        copied = copy.deepcopy(model)
    assert type(model.bert.encoder.layer[-1].attention) is built
    assert model.bert(**tokens()).last_hidden_state.shape[1] == 5
    assert copied.bert(**tokens()).last_hidden_state.shape[1] == 1


def test_it_is_as_it_was_after_an_error_too():
    model = classifier("bert")
    with pytest.raises(ZeroDivisionError), narrowed_last_layer(model):
        raise ZeroDivisionError
    assert model.bert(**tokens()).last_hidden_state.shape[1] == 5


def test_another_build_is_left_alone():
    model = classifier("mpnet")
    whole = model(**tokens()).logits
    with narrowed_last_layer(model):
        assert model.base_model(**tokens()).last_hidden_state.shape[1] == 5
        torch.testing.assert_close(model(**tokens()).logits, whole)


def test_a_model_that_is_narrow_already_stays_so():
    model = classifier("bert")
    narrow_last_layer(model)
    with narrowed_last_layer(model):
        pass
    assert model.bert(**tokens()).last_hidden_state.shape[1] == 1


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_half_precision_stays_close(kind, attention):
    model = classifier("bert", attention)
    whole = model(**tokens()).logits
    narrow_last_layer(model)
    found = model.to(kind)(**tokens()).logits.float()
    assert (found - whole).abs().max() < 0.05 * whole.abs().max()


# transformers 5.0 knows only this name of it.
@pytest.mark.filterwarnings("ignore:`gradient_checkpointing_enable`:FutureWarning")
def test_activations_can_be_computed_twice():
    gradients = []
    for twice in (False, True):
        model = classifier("bert").train()
        if twice:
            model.gradient_checkpointing_enable()
        narrow_last_layer(model)
        torch.manual_seed(5)
        model(**tokens()).logits.square().sum().backward()
        gradients.append(model.bert.encoder.layer[-1].attention.self.key.weight.grad)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("changed", [{"is_decoder": True}, {"_attn_implementation": "other"}])
def test_what_works_otherwise_is_left_alone(changed):
    model = classifier("bert")
    for name, value in changed.items():
        setattr(model.config, name, value)
    built = type(model.bert.encoder.layer[-1].attention)
    narrow_last_layer(model)
    assert type(model.bert.encoder.layer[-1].attention) is built


def test_the_torch_backend_computes_one_token(tiny_folder):
    from stance.backends.torch import load_encoder

    model = load_encoder(tiny_folder, device="cpu", dtype=torch.float32)
    found = model.bert(input_ids=torch.tensor([[2, 5, 6, 3]]))
    assert found.last_hidden_state.shape[1] == 1
