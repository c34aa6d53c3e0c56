"""The out-of-fold logits: every row from the model that did not see it, nothing trained twice."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

pytest.importorskip("torch", reason="needs the extra train")

import cross_validate as module
from corpus import FOLDS, Row, fold_of

ROWS = [Row(f"w9-{n}-1", "authored", f"w9-{n}", f"Text {n}.", {}) for n in range(40)]
STATES = len(module.CODEBOOK.labels)


@pytest.fixture
def trained(monkeypatch, tmp_path):
    """Return the folds that were trained, each scoring its rows with its own number."""
    folds = []

    def score(rows, fold, base):
        folds.append(fold)
        shape = (len(module.in_fold(rows, fold)), STATES)
        return np.full(shape, fold, np.float32), np.full(shape, fold + 0.5, np.float32)

    monkeypatch.setattr(module, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(module, "OUT_OF_FOLD", tmp_path / "results" / "out_of_fold.npz")
    monkeypatch.setattr(module, "score_fold", score)
    monkeypatch.setattr(module, "fingerprint", lambda rows, base: f"{len(rows)} rows of {base}")
    return folds


def cross_validate(base="base"):
    with ThreadPoolExecutor(2) as pool:
        module.cross_validate(ROWS, base, pool)


def test_every_row_has_the_logits_of_its_fold(trained):
    cross_validate()
    assert sorted(trained) == list(range(FOLDS))
    folds = np.array([fold_of(row) for row in ROWS], np.float32)
    for kind, more in (("int8", 0), ("float32", 0.5)):
        found = module.out_of_fold_logits(ROWS, "base", kind)
        np.testing.assert_array_equal(found, np.repeat(folds[:, None] + more, STATES, axis=1))


def test_logits_of_another_base_are_refused(trained):
    cross_validate()
    with pytest.raises(SystemExit, match="base or 8-bit form"):
        module.out_of_fold_logits(ROWS, "other")


def test_another_8_bit_form_trains_nothing_anew(tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setattr("trained_weights.CHECKPOINTS", tmp_path / "checkpoints")
    rows = ROWS[:12]
    first = module.score_fold(rows, 0, str(tiny_folder))
    held_out = module.in_fold(rows, 0)
    assert len(held_out) > 0
    assert [values.shape for values in first] == [(len(held_out), STATES)] * 2

    def train(*_, **__):
        raise AssertionError("trained twice")

    monkeypatch.setattr("trained_weights.train", train)
    for found, expected in zip(module.score_fold(rows, 0, str(tiny_folder)), first, strict=True):
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(AssertionError, match="trained twice"):
        module.score_fold(rows, 1, str(tiny_folder))
