"""What a new head takes over of its base's."""

import torch

from stance.codebook import Codebook, Frame
from stance.finetune.training import load_classifier

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
