"""What is held out, and what is fitted on it."""

from pathlib import Path

import numpy as np
import pytest

from stance.codebook import Codebook, Frame
from stance.decision import Decision
from stance.files import LabelledRow
from stance.finetuning.bases import Base
from stance.finetuning.fitting import (
    HeldOut,
    Task,
    _calibrated_loss,
    _never_compared,
    judge,
)
from stance.finetuning.plan import make_plan
from stance.finetuning.workspace import Workspace
from stance.store import ModelFolder

BOOK = Codebook((Frame("weather"), Frame("trade")))
BASES = Decision((2.0,) * 2, (0.7,) * 2, (0.3,) * 2, {0.05: ((0.2, 0.4),) * 2})
# Weather is in all four documents, trade in the first alone.
STATES = np.array([[n % 3, n % 2 if n < 10 else 0] for n in range(40)])
PARTS = np.arange(40) // 10


def base_that_knows(book):
    folder = None if book is None else ModelFolder(Path(), "base", "1", "en", book, BASES, 32)
    return Base(Path(), "base", None, folder, 384, 6, 512, "en")


def make_task(states=STATES, book=None):
    rows = [LabelledRow(str(n), f"d{n // 10}", f"text {n}", {}) for n in range(len(states))]
    base = base_that_knows(book)
    plan = make_plan(rows, states, base, frames=BOOK.names)
    return Task(rows, states, PARTS, BOOK, base, plan, Workspace(Path("m")), print, 0.0)


def logits_of(states):
    """Return logits that are right, and far too timid."""
    return (0.5 * np.eye(4)[states]).reshape(len(states), -1).astype(np.float32)


def held_out(rows, part):
    return HeldOut(rows, part, logits_of(STATES[rows]), 1)


def test_the_loss_of_an_epoch_is_that_of_calibrated_logits():
    timid = logits_of(STATES)
    assert _calibrated_loss(timid, STATES, [0, 1]) < 0.1
    assert _calibrated_loss(timid, STATES, [0]) == _calibrated_loss(
        timid[:, :4], STATES[:, :1], [0]
    )


@pytest.mark.parametrize(
    ("book", "expected"),
    [(BOOK, BASES), (Codebook((Frame("rain"), Frame("snow"))), None), (None, None)],
    ids=["known", "unknown", "no model"],
)
def test_a_frame_of_one_part_is_decided_as_before(book, expected):
    decision, _ = judge(make_task(book=book), held_out(np.arange(40), PARTS), resamples=5)
    expected = expected or Decision.plain(2)
    for kind in ("temperatures", "offsets", "thresholds"):
        assert getattr(decision, kind)[1] == getattr(expected, kind)[1]
    assert decision.temperatures[0] not in (1.0, expected.temperatures[0])
    assert decision.bands[0.05][1] == expected.bands.get(0.05, [(0.5, 0.5)] * 2)[1]


def test_a_frame_of_two_parts_is_compared():
    assert _never_compared(make_task(), held_out(np.arange(40), np.arange(40) % 4 // 2)) == set()


def test_where_one_part_is_held_out_a_frame_is_compared_that_is_elsewhere_too():
    first, last = np.arange(10), np.arange(30, 40)
    assert _never_compared(make_task(), held_out(first, np.zeros(10, int))) == {1}
    assert _never_compared(make_task(), held_out(last, np.zeros(10, int))) == {1}
