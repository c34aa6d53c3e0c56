"""Sentences of the same frames become alike, those of others unlike."""

import numpy as np
import pytest
import tiny_encoders
import torch

from stance.codebook import Codebook, Frame
from stance.decision import NOT_CODED
from stance.finetuning import contrast
from stance.finetuning.contrast import pull_together
from stance.finetuning.heads import output_layer
from stance.finetuning.recipe import NOT_JUDGED, Recipe
from stance.finetuning.training import load_classifier

BOOK = Codebook((Frame("weather"), Frame("trade")))
TEXTS = ["it rained", "it rained again", "the powers trade", "they trade", "they met", "it met"]
STATES = np.array([[1, 0], [3, 0], [0, 2], [0, NOT_CODED], [0, 0], [0, 0]])


def loaded(base):
    torch.manual_seed(0)
    return load_classifier(base, codebook=BOOK)


def likeness(classifier):
    """The cosine similarities of what the output layer reads."""
    given = []
    layer = output_layer(classifier.model, 8)
    hook = layer.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
    batch = classifier.tokenizer(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        classifier.model.eval()(**batch)
    hook.remove()
    units = torch.nn.functional.normalize(given[0], dim=1)
    return (units @ units.T).numpy()


@pytest.mark.parametrize("family", tiny_encoders.FAMILIES)
def test_sentences_of_a_frame_come_together_and_others_part(family, tmp_path):
    tiny_encoders.write_encoder(family, tmp_path)
    classifier = loaded(tmp_path)
    before = likeness(classifier)
    pull_together(classifier, TEXTS, STATES, steps=40, recipe=Recipe())
    after = likeness(classifier)
    gap = {
        name: np.array([found[0, 1], found[2, 3]]).mean() - found[:2, 2:].mean()
        for name, found in (("before", before), ("after", after))
    }
    assert gap["after"] > gap["before"] + 0.1


def test_the_output_layer_and_what_torch_draws_next_stay(tiny_folder):
    classifier = loaded(tiny_folder)
    layer = output_layer(classifier.model, 8)
    weight, drawn = layer.weight.detach().clone(), torch.get_rng_state()
    pull_together(classifier, TEXTS, STATES, steps=2, recipe=Recipe())
    assert torch.equal(layer.weight, weight)
    assert torch.equal(torch.get_rng_state(), drawn)
    assert all(weight.grad is None for weight in classifier.model.parameters())


def test_it_is_the_same_each_time_and_another_with_another_seed(tiny_folder):
    def trained(seed):
        classifier = loaded(tiny_folder)
        pull_together(classifier, TEXTS, STATES, steps=3, recipe=Recipe(seed=seed))
        return likeness(classifier)

    assert np.array_equal(trained(1), trained(1))
    assert not np.array_equal(trained(1), trained(2))


def test_a_frame_that_nobody_looked_for_says_nothing(tiny_folder):
    def trained(states):
        classifier = loaded(tiny_folder)
        pull_together(classifier, TEXTS, states, steps=3, recipe=Recipe())
        return likeness(classifier)

    unjudged, absent = STATES.copy(), STATES.copy()
    unjudged[:, 1], absent[:, 1] = NOT_JUDGED, 0
    assert np.array_equal(trained(unjudged), trained(absent))


def test_pairs_should_be_as_alike_as_their_frames():
    carried = np.array([[True, False], [True, True], [False, False], [False, False]])
    features = torch.tensor([[1.0, 0.0], [0.5, 0.75**0.5], [1.0, 0.0], [0.0, 1.0]])
    right = contrast._loss(features[:2], carried, [0, 1])
    assert right.item() == pytest.approx(0, abs=1e-6)
    apart = contrast._loss(features[2:], carried, [2, 3])
    assert apart.item() == pytest.approx(0, abs=1e-6)
    alike = contrast._loss(features[[0, 2]], carried, [0, 2])
    assert alike.item() == pytest.approx(1)


def test_one_row_alone_changes_nothing_into_nonsense(tiny_folder):
    classifier = loaded(tiny_folder)
    pull_together(classifier, TEXTS[:1], STATES[:1], steps=2, recipe=Recipe())
    assert np.isfinite(likeness(classifier)).all()


def test_rare_frames_are_drawn_as_often_as_common_ones():
    carried = np.zeros((100, 2), bool)
    carried[:90, 0], carried[90:92, 1] = True, True
    generator = np.random.default_rng(0)
    rows = np.concatenate([contrast._draw(carried, generator) for _ in range(200)])
    shares = [(rows < 90).mean(), ((rows >= 90) & (rows < 92)).mean(), (rows >= 92).mean()]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.05)


def test_the_rate_rises_and_falls():
    shares = [contrast._share_of_rate(step, 40, 0.1) for step in range(40)]
    assert max(shares) == shares[3] == 1
    assert shares[0] == 0.25
    assert sorted(shares[3:], reverse=True) == shares[3:]
    assert contrast._share_of_rate(0, 1, 0.1) == 1
