"""Runs a Trainer under a ``Watch``: checkpoints by the clock, and a look after every epoch.

This module imports transformers as it loads.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from transformers import (
    PrinterCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from stance.finetuning.classifier import Classifier
from stance.finetuning.recipe import Watch

__all__ = ["run_trainer"]

# A checkpoint without this file was cut off while it was written.
_COMPLETE = "complete"


def run_trainer(trainer: Any, classifier: Classifier, watch: Watch | None) -> None:
    """Train; under a watch, from its last checkpoint on."""
    if watch is None:
        trainer.train()
        return
    checkpoint = _last_checkpoint(watch.folder)
    if checkpoint is not None:
        steps = int(checkpoint.name.rpartition("-")[2])
        trainer.epochs_done = steps // len(trainer.get_train_dataloader())
    trainer.writing = watch.writing
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(_Watcher(classifier, watch))
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)


def _last_checkpoint(folder: Path) -> Path | None:
    """Return the newest whole checkpoint, and remove what was cut off."""
    whole = []
    for found in folder.glob("checkpoint-*"):
        if (found / _COMPLETE).exists():
            whole.append(found)
        else:
            shutil.rmtree(found)
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


class _Watcher(TrainerCallback):
    def __init__(self, classifier: Classifier, watch: Watch) -> None:
        self._classifier = classifier
        self._watch = watch
        self._saved = time.monotonic()

    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: Any,
    ) -> None:
        self._watch.after_step(state.global_step, state.max_steps)
        # At the end of an epoch, what follows it has to be done first: see on_epoch_end.
        control.should_save = self._due() and not float(state.epoch or 0).is_integer()

    def on_epoch_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: Any,
    ) -> None:
        model = self._classifier.model
        model.eval()
        done = round(state.epoch or 0)
        control.should_training_stop |= self._watch.after_epoch(done, self._classifier)
        model.train()
        # Whoever went on from the end of a training that was stopped would train an epoch more.
        control.should_save = self._due() and not control.should_training_stop

    def on_save(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: Any,
    ) -> None:
        written = Path(args.output_dir or "") / f"checkpoint-{state.global_step}"
        with self._watch.writing():
            (written / _COMPLETE).touch()
        self._saved = time.monotonic()

    def _due(self) -> bool:
        return time.monotonic() - self._saved >= self._watch.checkpoint_seconds
