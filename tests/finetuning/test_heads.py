"""What a new head takes over of its base's, and what the rest starts from."""

import numpy as np
import pytest
import tiny_encoders
import torch

from stance.codebook import Codebook, Frame
from stance.finetuning import heads
from stance.finetuning.classifier import predict_logits
from stance.finetuning.heads import fit_new_frames
from stance.finetuning.recipe import Recipe
from stance.finetuning.training import load_classifier

WORD = "cooperation"


def head(classifier):
    return classifier.model.classifier.weight.detach()


def loaded(base, *names):
    torch.manual_seed(0)
    return load_classifier(base, codebook=Codebook(tuple(map(Frame, names))))


def known_rows(base, name):
    from stance.store import ModelFolder

    book = ModelFolder.read(base).codebook
    start = 4 * book.names.index(name)
    return head(load_classifier(base, codebook=book))[start : start + 4]


def test_a_frame_that_the_base_knows_keeps_its_weights_wherever_it_stands(tiny_folder):
    found = head(loaded(tiny_folder, "weather", WORD))
    assert torch.equal(found[4:], known_rows(tiny_folder, WORD))


def test_a_new_frame_starts_at_random(tiny_folder):
    first, second = head(loaded(tiny_folder, "weather", WORD)), head(loaded(tiny_folder, WORD))
    assert first.shape[0] == 8
    assert torch.equal(first[4:], second)
    assert not torch.equal(first[:4], second)


def test_other_frames_of_the_same_number_take_nothing_over(tiny_folder):
    found = head(loaded(tiny_folder, "a", "b", "c", "d"))
    assert not torch.equal(found[12:], known_rows(tiny_folder, WORD))
    assert not torch.isin(found, known_rows(tiny_folder, WORD)).any()


def fitted(base, *names, rows=24):
    texts = [("rain and the world", "trade of states")[row % 2] for row in range(rows)]
    states = np.zeros((rows, len(names)), np.int64)
    states[::2, 0] = 3
    book = Codebook(tuple(map(Frame, names)))
    classifier = loaded(base, *names)
    fit_new_frames(classifier, texts, states, codebook=book, base=base, recipe=Recipe())
    return classifier, texts, states


def test_a_new_frame_starts_from_a_fit_to_the_rows(tiny_folder):
    classifier, texts, states = fitted(tiny_folder, "weather", "harvest")
    logits = predict_logits(classifier, texts, max_length=32).reshape(len(texts), 2, 4)
    against_over_absent = logits[:, 0, 3] - logits[:, 0, 0]
    assert against_over_absent[states[:, 0] == 3].min() > against_over_absent[1::2].max()
    assert (logits[:, 1].argmax(axis=1) == 0).all()


def test_the_fit_leaves_known_frames_as_they_are(tiny_folder):
    classifier, _, _ = fitted(tiny_folder, "weather", WORD)
    assert torch.equal(head(classifier)[4:], known_rows(tiny_folder, WORD))


def test_the_fit_is_the_same_each_time(tiny_folder):
    first, second = fitted(tiny_folder, "weather")[0], fitted(tiny_folder, "weather")[0]
    assert torch.equal(head(first), head(second))


@pytest.mark.parametrize("family", tiny_encoders.FAMILIES)
def test_the_head_of_every_family_is_fitted(family, tmp_path):
    tiny_encoders.write_encoder(family, tmp_path)
    before = loaded(tmp_path, "weather")
    logits = predict_logits(before, ["they trade"], max_length=32)
    book = Codebook((Frame("weather"),))
    states = np.array([[0], [1]])
    fit_new_frames(
        before, ["it rained", "they met"], states, codebook=book, base=tmp_path, recipe=Recipe()
    )
    assert not np.allclose(predict_logits(before, ["they trade"], max_length=32), logits)


def test_rows_of_one_kind_may_stand_at_the_end(tiny_folder, monkeypatch):
    monkeypatch.setattr(heads, "_MOST_FITTED", 8)
    texts = ["trade of states"] * 12 + ["rain and the world"] * 12
    states = np.repeat([[0], [3]], 12, axis=0)
    book = Codebook((Frame("weather"),))
    classifier = loaded(tiny_folder, "weather")
    fit_new_frames(classifier, texts, states, codebook=book, base=tiny_folder, recipe=Recipe())
    logits = predict_logits(classifier, [texts[0], texts[-1]], max_length=16)
    assert logits[1, 3] - logits[1, 0] > logits[0, 3] - logits[0, 0] + 0.1
