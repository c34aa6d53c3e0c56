"""What is held out, and how the trainings share the machine."""

from dataclasses import replace

import pytest
from tiny_tasks import STATES, logits_of, make_task

from stance.finetuning import fitting
from stance.finetuning.fitting import _calibrated_loss


def test_the_loss_of_an_epoch_is_that_of_calibrated_logits():
    timid = logits_of(STATES)
    assert _calibrated_loss(timid, STATES, [0, 1]) < 0.1
    assert _calibrated_loss(timid, STATES, [0]) == _calibrated_loss(
        timid[:, :4], STATES[:, :1], [0]
    )


@pytest.fixture
def four_threads(monkeypatch):
    monkeypatch.setattr("torch.get_num_threads", lambda: 4)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr(fitting, "_WORTH_A_PROCESS", 0)


def test_trainings_side_by_side_share_the_threads(four_threads):
    task = make_task()
    assert task.plan.held_out == 4
    assert fitting._threads_side_by_side(task) == 1
    two = replace(task, plan=replace(task.plan, held_out=2))
    assert fitting._threads_side_by_side(two) == 2


def test_one_training_after_the_other_where_nothing_is_gained(four_threads, monkeypatch):
    task = make_task()
    once = replace(task, plan=replace(task.plan, held_out=1))
    assert fitting._threads_side_by_side(once) is None
    monkeypatch.setattr(fitting, "_WORTH_A_PROCESS", 2e11)
    assert fitting._threads_side_by_side(task) is None
    long = replace(task, rows=task.rows * 2_000)
    assert fitting._threads_side_by_side(long) == 1
    monkeypatch.setattr("torch.get_num_threads", lambda: 1)
    assert fitting._threads_side_by_side(long) is None


def test_on_a_gpu_one_training_follows_the_other(four_threads, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert fitting._threads_side_by_side(make_task()) is None
