"""What the figures hold: nothing of other rows, and baselines that do what they say."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

pytest.importorskip("torch", reason="needs the extra train")

import evaluate_default as module
from corpus import Row

LABELS = ({"cooperation": "favor"}, {"cooperation": "against", "multipolarity": "neutral"}, {})
ROWS = [Row(f"w9-{n}-1", "authored", f"w9-{n}", f"Text {n}.", LABELS[n % 3]) for n in range(60)]


@pytest.fixture
def stored(monkeypatch, tmp_path):
    """Return a function that stores the figures of a run."""
    monkeypatch.setattr(module, "FIGURES", tmp_path / "figures.json")
    return lambda figures: module.FIGURES.write_text(json.dumps(figures))


def test_figures_of_the_same_rows_are_kept(stored):
    figures = {"fingerprint": "these", "transfer": {"seeds": {}}}
    stored(figures)
    assert module.stored("these") == figures


@pytest.mark.parametrize("made_of", [{}, {"fingerprint": "others"}, {"fingerprint": None}])
def test_figures_of_other_rows_are_not(stored, made_of):
    stored({"transfer": {"seeds": {}}, "baselines": {module.FROZEN: {}}} | made_of)
    assert module.stored("these") == {}


def test_there_need_not_be_an_earlier_run(stored):
    assert module.stored("these") == {}


def test_of_the_stored_baselines_only_the_one_that_takes_long_is_kept():
    kept = {"baselines": {module.FROZEN: {"un": 1}, "majority": {"un": 2}}}
    assert module.kept_baseline(kept) == {module.FROZEN: {"un": 1}}
    assert module.kept_baseline({}) == {}


def test_every_frame_is_given_to_every_sentence():
    decided = module.everywhere(module.Judge(ROWS))
    assert decided.states.shape == (60, 4)
    assert (decided.states > 0).all()
    # Its probabilities are the shares of the states in the other folds.
    np.testing.assert_allclose(decided.probabilities.sum(axis=-1), 1, atol=1e-5)
    cooperation = module.CODEBOOK.names.index("cooperation")
    assert np.abs(1 - decided.probabilities[:, cooperation, 0] - 2 / 3).max() < 0.15
