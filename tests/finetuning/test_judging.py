"""The decision that follows from held-out logits."""

import numpy as np
import pytest
from tiny_tasks import BASES, BOOK, PARTS, held_out, make_task

from stance.codebook import Codebook, Frame
from stance.decision import Decision
from stance.finetuning.judging import _never_compared, judge


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
