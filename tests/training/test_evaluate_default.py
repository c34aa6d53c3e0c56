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


@pytest.mark.parametrize("quick", [False, True])
def test_a_quick_run_is_asked_for_by_its_option(monkeypatch, quick):
    words = ["evaluate_default.py", "--base", "base", "--speeches", "speeches"]
    monkeypatch.setattr(sys, "argv", [*words, *(["--quick"] if quick else [])])
    assert module.parse_arguments(None, quick=True).quick is quick


def test_only_what_can_be_quick_takes_that_option(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["train_default.py", "--help"])
    for quick in (False, True):
        with pytest.raises(SystemExit):
            module.parse_arguments(None, quick=quick)
        assert ("--quick" in capsys.readouterr().out) is quick


def test_every_frame_is_given_to_every_sentence():
    decided = module.everywhere(module.Judge(ROWS))
    assert decided.states.shape == (60, 4)
    assert (decided.states > 0).all()
    # Its probabilities are the shares of the states in the other folds.
    np.testing.assert_allclose(decided.probabilities.sum(axis=-1), 1, atol=1e-5)
    cooperation = module.CODEBOOK.names.index("cooperation")
    assert np.abs(1 - decided.probabilities[:, cooperation, 0] - 2 / 3).max() < 0.15


def test_a_share_is_of_its_source_alone_and_has_an_interval():
    judge = module.Judge([*ROWS, Row("un-1", "un", "AFG_70_2015", "Another source.", {})])
    whole = np.full(len(judge.rows), 2)
    part = np.array([n % 2 for n in range(60)] + [2])
    found = judge.share("authored", part, whole)
    assert found["value"] == 0.25
    assert 0.15 < found["low"] < 0.25 < found["high"] < 0.35
    assert judge.share("un", part, whole) == {"value": 1.0, "low": None, "high": None}


def test_what_is_left_open_and_removed_is_counted_where_it_was_wrong(monkeypatch):
    monkeypatch.setattr(module, "SOURCES", ("authored",))
    judge = module.Judge(ROWS)
    right = judge.gold.copy()
    # One wrong decision in every third row; of these, the first half is left open.
    wrong = right.copy()
    wrong[2::3, 0] = 1
    withheld = wrong.copy()
    withheld[2:30:3, 0] = -3
    decided = module.Decided(np.zeros((60, 4, 4)), wrong, {0.05: withheld})
    found = module.abstention_figures(judge, decided)["0.05"]["authored"]
    assert found["errors"] == 20
    assert found["removed"]["value"] == 0.5
    assert found["left_open"]["value"] == 10 / 240
    assert found["removed"]["low"] < 0.5 < found["removed"]["high"]
