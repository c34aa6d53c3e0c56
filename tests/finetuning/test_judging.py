"""The decision that follows from held-out logits, and the labels that they contradict."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tiny_tasks import BASES, BOOK, PARTS, STATES, held_out, make_task

from stance.codebook import Codebook, Frame
from stance.decision import ALIKE, NOT_CODED, Decision
from stance.finetuning.judging import judge, never_compared
from stance.finetuning.recipe import NOT_JUDGED
from stance.finetuning.run import _label_errors, _not_compared
from stance.finetuning.workspace import Workspace


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


def test_a_frame_that_was_not_judged_keeps_its_stance_priors():
    states = STATES.copy()
    states[:, 1] = NOT_JUDGED
    task = make_task(states, book=BOOK)
    known = replace(BASES, stance_priors=((0.7, 0.2, 0.1), (0.5, 0.3, 0.2)))
    base = replace(task.base, folder=replace(task.base.folder, decision=known))
    decision, _ = judge(replace(task, base=base), held_out(np.arange(40), PARTS), resamples=5)
    assert decision.stance_priors == (ALIKE, (0.5, 0.3, 0.2))
    # Where rows of one's own were judged, even in one part alone, their stances are those learned.
    compared = replace(make_task(book=BOOK), base=base)
    decision, _ = judge(compared, held_out(np.arange(40), PARTS), resamples=5)
    assert decision.stance_priors == ()


def test_a_stance_is_told_where_rows_or_the_base_tell_it():
    states = STATES.copy()
    states[:, 1] = np.where(states[:, 1] > 0, NOT_CODED, 0)
    held = held_out(np.arange(40), PARTS)
    for book, told in ((None, (True, False)), (BOOK, ())):
        decision, _ = judge(make_task(states, book=book), held, resamples=5)
        assert decision.stance_learnt == told


def test_a_frame_of_two_parts_is_compared():
    assert never_compared(make_task(), held_out(np.arange(40), np.arange(40) % 4 // 2)) == set()


def test_where_one_part_is_held_out_a_frame_is_compared_that_is_elsewhere_too():
    first, last = np.arange(10), np.arange(30, 40)
    assert never_compared(make_task(), held_out(first, np.zeros(10, int))) == {1}
    assert never_compared(make_task(), held_out(last, np.zeros(10, int))) == {1}


def test_a_frame_of_one_document_is_said_to_be_measured_by_nothing():
    [found] = _not_compared(make_task(), held_out(np.arange(40), PARTS))
    assert found.kind == "not_compared"
    assert found.message.startswith("the rows that carry trade were all held out together")
    assert _not_compared(make_task(), held_out(np.arange(40), np.arange(40) % 4 // 2)) == []


def test_a_frame_that_no_held_out_model_learnt_has_no_likely_label_errors(tmp_path):
    """Trade is in the first document alone; weather in all."""
    rows, task = np.arange(40), replace(make_task(), workspace=Workspace(tmp_path / "m"))
    held = held_out(rows, PARTS)
    held.logits.reshape(40, 2, 4)[39] = [[0, 0, 0, 0], [0, 9, 0, 0]]
    held.logits.reshape(40, 2, 4)[37] = [[9, 0, 0, 0], [0, 0, 0, 0]]
    task.workspace.folder.mkdir()
    (found,) = _label_errors(task, held, Decision.plain(2))
    assert found.rows == ("37",)
    listed = json.loads(task.workspace.label_errors.read_text("utf-8"))
    assert (listed["look_at"], listed["given"]) == ("weather", "present")
