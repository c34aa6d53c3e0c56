"""What a quick run keeps, and baselines that do what they say."""

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


def test_a_quick_run_keeps_what_takes_long_and_nothing_else(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "FIGURES", tmp_path / "figures.json")
    assert module.stored_slow_figures() is None
    module.FIGURES.write_text(json.dumps({"slow": {"rows": 9}, "shipped": {}}))
    assert module.stored_slow_figures() == {"rows": 9}


def test_every_frame_is_given_to_every_sentence():
    decided = module.everywhere(module.Judge(ROWS))
    assert decided.states.shape == (60, 4)
    assert (decided.states > 0).all()
    # Its probabilities are the shares of the states in the other folds.
    np.testing.assert_allclose(decided.probabilities.sum(axis=-1), 1, atol=1e-5)
    cooperation = module.CODEBOOK.names.index("cooperation")
    assert np.abs(1 - decided.probabilities[:, cooperation, 0] - 2 / 3).max() < 0.15
