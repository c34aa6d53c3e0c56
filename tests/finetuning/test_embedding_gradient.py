"""The gradient of the word embeddings is torch's own, in memory that stays."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra train")
transformers = pytest.importorskip("transformers", reason="needs the extra train")

from stance.finetuning.embedding_gradient import reused_embedding_gradient  # noqa: E402


@pytest.fixture
def model():
    torch.manual_seed(3)
    config = transformers.BertConfig(
        vocab_size=40,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=8,
    )
    return transformers.BertForSequenceClassification(config).eval()


def backward(model, ids):
    # 0 is padding, whose row is not trained; 7 comes twice.
    model(input_ids=torch.tensor(ids)).logits.square().sum().backward()


def words(model):
    return model.get_input_embeddings().weight


def test_the_gradients_of_several_batches_are_those_of_torch(model):
    batches = [[[2, 7, 7, 30, 3], [2, 8, 3, 0, 0]], [[2, 7, 3]]]
    for batch in batches:
        backward(model, batch)
    expected = {name: weight.grad.clone() for name, weight in model.named_parameters()}
    model.zero_grad()
    with reused_embedding_gradient(model):
        for batch in batches:
            backward(model, batch)
    assert words(model).grad[0].count_nonzero() == 0
    for name, weight in model.named_parameters():
        torch.testing.assert_close(weight.grad, expected[name], msg=name)


def test_the_memory_stays_and_holds_nothing_of_the_step_before(model):
    with reused_embedding_gradient(model):
        backward(model, [[2, 7, 3]])
        place = words(model).grad.data_ptr()
        model.zero_grad()
        assert words(model).grad is None
        backward(model, [[2, 8, 3]])
        assert words(model).grad.data_ptr() == place
        assert words(model).grad[7].count_nonzero() == 0
        assert words(model).grad[8].count_nonzero() > 0


def test_afterwards_the_embeddings_are_as_they_were(model):
    with pytest.raises(KeyboardInterrupt), reused_embedding_gradient(model):
        raise KeyboardInterrupt
    assert "forward" not in vars(model.get_input_embeddings())
    backward(model, [[2, 7, 3]])
    assert words(model).grad[7].count_nonzero() > 0


def test_embeddings_that_are_not_trained_stay_without_a_gradient(model):
    words(model).requires_grad_(False)
    with reused_embedding_gradient(model):
        backward(model, [[2, 7, 3]])
    assert words(model).grad is None


def test_embeddings_of_another_kind_are_left_alone(model):
    class Scaled(torch.nn.Embedding):
        def forward(self, ids):
            return 2 * super().forward(ids)

    model.set_input_embeddings(Scaled(40, 16))
    with reused_embedding_gradient(model):
        assert "forward" not in vars(model.get_input_embeddings())
