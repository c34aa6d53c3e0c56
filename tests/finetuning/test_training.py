import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from stance.codebook import Codebook, Frame
from stance.decision import NOT_CODED, states_of
from stance.errors import CodebookError, ModelError
from stance.finetuning.classifier import predict_logits
from stance.finetuning.recipe import Recipe, Watch
from stance.finetuning.training import load_classifier, train_classifier

BOOK = Codebook((Frame("weather"), Frame("trade")))
TEXTS = ["a b c", "power states", "world", "a a b"] * 6
LABELS = [{"weather": "favor"}, {"trade": "against", "weather": None}, {}, {"weather": "favor"}] * 6


@pytest.fixture(scope="module")
def trained(tiny_folder):
    recipe = Recipe(epochs=40, learning_rate=1e-2, batch_size=8)
    return train_classifier(
        TEXTS,
        states_of(LABELS, BOOK),
        codebook=BOOK,
        base=tiny_folder,
        recipe=recipe,
    )


def test_states_follow_the_codebook():
    states = states_of(LABELS[:3], BOOK)
    assert states.tolist() == [[1, 0], [NOT_CODED, 3], [0, 0]]


def test_unknown_frames_are_refused():
    with pytest.raises(CodebookError):
        states_of([{"sport": "favor"}], BOOK)


def test_training_learns_what_is_easy(trained):
    logits = predict_logits(trained, TEXTS[:4], max_length=16).reshape(4, 2, 4)
    assert logits.argmax(-1)[[0, 2, 3], 0].tolist() == [1, 0, 1]
    assert logits.argmax(-1)[1, 1] == 3


def test_the_head_has_the_codebooks_labels(trained):
    assert tuple(trained.model.config.id2label.values()) == BOOK.labels


def test_logits_do_not_depend_on_the_batch(trained):
    small = predict_logits(trained, TEXTS, max_length=16, batch_size=1)
    np.testing.assert_allclose(
        small, predict_logits(trained, TEXTS, max_length=16, batch_size=64), atol=1e-4
    )


def test_the_same_seed_gives_the_same_model(tiny_folder):
    def logits():
        classifier = train_classifier(
            TEXTS,
            states_of(LABELS, BOOK),
            codebook=BOOK,
            base=tiny_folder,
            recipe=Recipe(epochs=2),
        )
        return predict_logits(classifier, TEXTS, max_length=16)

    np.testing.assert_array_equal(logits(), logits())


def test_a_base_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match="cannot load the base model"):
        train_classifier(
            TEXTS, states_of(LABELS, BOOK), codebook=BOOK, base=tmp_path, recipe=Recipe()
        )


@pytest.mark.parametrize("change", ["another prefix", "a layer missing", "more words"])
def test_a_base_whose_weights_do_not_fit_is_refused(change, tiny_folder, tmp_path):
    folder = tmp_path / "base"
    shutil.copytree(tiny_folder, folder)
    weights = load_file(folder / "model.safetensors")
    if change == "another prefix":
        weights = {f"module.{name}": values for name, values in weights.items()}
    elif change == "a layer missing":
        weights = {name: values for name, values in weights.items() if "layer.0" not in name}
    else:
        table = "bert.embeddings.word_embeddings.weight"
        weights[table] = np.repeat(weights[table], 2, axis=0)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"do not fit its config\.json: .*such as 'bert"):
        load_classifier(folder, codebook=BOOK)


def test_the_last_layer_works_on_one_token_while_it_trains(tiny_folder, tmp_path):
    import torch

    def tokens_of_last_layer(classifier):
        ids = torch.tensor([[2, 5, 6, 7, 3]], device=classifier.model.device)
        return classifier.model.bert(input_ids=ids).last_hidden_state.shape[1]

    seen = []

    def after_epoch(epoch, classifier):
        seen.append(tokens_of_last_layer(classifier))
        return False

    done = train_classifier(
        TEXTS,
        states_of(LABELS, BOOK),
        codebook=BOOK,
        base=tiny_folder,
        recipe=Recipe(epochs=1, batch_size=8),
        watch=Watch(tmp_path, 60.0, lambda *_: None, after_epoch),
    )
    assert seen == [1]
    assert tokens_of_last_layer(done) == 5


def test_the_last_layer_works_on_one_token_while_it_predicts(trained):
    shapes = []
    layer = trained.model.bert.encoder.layer[-1]
    hook = layer.register_forward_hook(lambda _, __, output: shapes.append(tuple(output.shape)))
    predict_logits(trained, TEXTS[:4], max_length=16, batch_size=4)
    hook.remove()
    assert [shape[:2] for shape in shapes] == [(4, 1)]
