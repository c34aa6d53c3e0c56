"""When a training under a watch writes a checkpoint."""

import pytest

pytest.importorskip("transformers")

from torch import nn
from transformers import TrainerControl, TrainerState

from stance.finetuning.classifier import Classifier
from stance.finetuning.recipe import Watch
from stance.finetuning.watching import _Watcher

AN_HOUR = 3600.0


def watcher(folder, seconds, *, enough=False):
    watch = Watch(folder, seconds, lambda *_: None, lambda *_: enough)
    return _Watcher(Classifier(nn.Linear(1, 1), None), watch)


@pytest.mark.parametrize(
    ("seconds", "enough", "asked"),
    [(0, False, True), (AN_HOUR, False, False), (0, True, False), (AN_HOUR, True, False)],
)
def test_after_an_epoch_a_checkpoint_is_due_unless_training_stops(tmp_path, seconds, enough, asked):
    control = TrainerControl()
    watcher(tmp_path, seconds, enough=enough).on_epoch_end(None, TrainerState(epoch=1.0), control)
    assert (control.should_training_stop, control.should_save) == (enough, asked)


def test_the_last_epoch_of_all_leaves_no_checkpoint(tmp_path):
    control = TrainerControl(should_training_stop=True)
    watcher(tmp_path, 0).on_epoch_end(None, TrainerState(epoch=3.0), control)
    assert (control.should_training_stop, control.should_save) == (True, False)


@pytest.mark.parametrize(("epoch", "asked"), [(0.5, True), (1.0, False)])
def test_after_a_step_one_is_due_unless_the_epoch_ends(tmp_path, epoch, asked):
    control = TrainerControl()
    watcher(tmp_path, 0).on_step_end(None, TrainerState(epoch=epoch), control)
    assert control.should_save is asked
