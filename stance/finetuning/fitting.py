"""Trainings with rows held out → logits that no row had a part in; and the training on all rows."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from stance.backends.torch import quiet_transformers
from stance.codebook import STATES, Codebook
from stance.decision import states_of
from stance.files import LabelledRow
from stance.finetuning.bases import Base
from stance.finetuning.calibration import fit_calibration
from stance.finetuning.classifier import Classifier, predict_logits
from stance.finetuning.contrast import pull_together
from stance.finetuning.heads import fit_new_frames
from stance.finetuning.memory import needs_gradient_checkpointing, tokens_of, trainings_that_fit
from stance.finetuning.plan import Plan, training_rows
from stance.finetuning.pooling import add_mean_layer, drop_upper_layers
from stance.finetuning.recipe import NOT_JUDGED, Watch
from stance.finetuning.side_by_side import run_side_by_side
from stance.finetuning.training import train_classifier
from stance.finetuning.workspace import Workspace

__all__ = [
    "FinetuneProgress",
    "HeldOut",
    "Task",
    "fit_all",
    "hold_out",
    "logits_of_frames",
    "task_states",
]

# Written no oftener than this: a checkpoint is three times the size of the model.
CHECKPOINT_SECONDS = 60.0

# A process of its own loads torch first: with fewer multiplications a training is faster without.
_WORTH_A_PROCESS = 2e11

_FINAL = "all"


@dataclass(frozen=True)
class FinetuneProgress:
    """How far a fine-tuning is.

    Attributes:
        stage: what is being done.
        share: how much of the work is done, 0 to 1.
        seconds: since the start of this run.
        messages: lines to show now: findings in the data, settings, figures.
    """

    stage: str
    share: float
    seconds: float
    messages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """One fine-tuning: what is trained, from what and how.

    Attributes:
        rows: n rows.
        states: int array of shape (n, F); a frame that no row carries is ``NOT_JUDGED``.
        part: int array of shape (n,), the part of each row; see ``split_rows``.
        codebook: the F frames.
        base, plan, workspace: see there.
        report: called with the progress.
        started: a reading of ``time.monotonic``.
    """

    rows: Sequence[LabelledRow]
    states: NDArray[np.int64]
    part: NDArray[np.int64]
    codebook: Codebook
    base: Base
    plan: Plan
    workspace: Workspace
    report: Callable[[FinetuneProgress], None]
    started: float

    @property
    def judged(self) -> list[int]:
        """The columns of the frames that the rows tell something about."""
        return [f for f in range(self.states.shape[1]) if (self.states[:, f] != NOT_JUDGED).any()]

    def tell(self, stage: str, share: float, *messages: str) -> None:
        """Report progress."""
        self.report(FinetuneProgress(stage, share, time.monotonic() - self.started, messages))


@dataclass(frozen=True)
class HeldOut:
    """The held-out logits.

    Attributes:
        rows: the positions of the m rows that were held out once.
        part: int array of shape (m,), the part in which each was held out.
        logits: float32 array of shape (m, F * 4).
        epochs: after so many epochs.
    """

    rows: NDArray[np.int64]
    part: NDArray[np.int64]
    logits: NDArray[np.float32]
    epochs: int


def task_states(rows: Sequence[LabelledRow], codebook: Codebook) -> NDArray[np.int64]:
    """Return the states of rows, (n, F); a frame that no row carries is ``NOT_JUDGED``.

    Nobody can have looked for such a frame: what the base knows of it is left alone.
    """
    states = states_of([row.frames for row in rows], codebook)
    states[:, ~(states != 0).any(axis=0)] = NOT_JUDGED
    return states


def hold_out(task: Task) -> HeldOut:
    """Train with one part of the documents held out after the other; choose the epochs.

    Chosen is the epoch after which the held-out cross-entropy, calibrated, is least.
    """
    plan, part = task.plan, task.part
    _train_parts(task)
    rows = np.concatenate([np.flatnonzero(part == number) for number in range(plan.held_out)])
    stored = [task.workspace.stored(_part_name(number)) for number in range(plan.held_out)]
    by_epoch = [np.concatenate(parts) for parts in zip(*stored, strict=False)]
    if plan.choose_epochs:
        losses = [_calibrated_loss(logits, task.states[rows], task.judged) for logits in by_epoch]
        epochs = int(np.argmin(losses)) + 1
    else:
        epochs = len(by_epoch)
    return HeldOut(rows, part[rows], by_epoch[epochs - 1], epochs)


def fit_all(task: Task, epochs: int) -> Classifier:
    """Train on all rows for so many epochs of the plan's."""
    stage = f"training on all {len(task.rows):,} rows"

    def after_epoch(done: int, _: Classifier) -> bool:
        return done >= epochs

    tell = partial(_tell, task, stage, task.plan.held_out)
    return _train(task, range(len(task.rows)), _FINAL, after_epoch, tell)


def _train_parts(task: Task) -> None:
    """Train without one part after the other, or side by side."""
    number_of, workspace = task.plan.held_out, task.workspace
    missing = [n for n in range(number_of) if not workspace.is_finished(_part_name(n))]
    threads = _threads_side_by_side(task)
    if threads is not None:
        _train_side_by_side(task, missing, threads=threads)
        return
    for number in missing:
        held_out = int((task.part == number).sum())
        stage = f"training {number + 1} of {number_of}, {held_out:,} rows held out"
        _train_without(task, number, partial(_tell, task, stage, number))


def _threads_side_by_side(task: Task) -> int | None:
    """Return the threads of each training where several run at once; None: one after the other.

    That follows from the machine and the task alone, not from what else runs on it: the number of
    threads is told by a training's last bits.
    """
    import torch

    threads = torch.get_num_threads()
    together = min(task.plan.held_out, threads)
    if together < 2 or torch.cuda.is_available() or not sys.executable:
        return None
    layers = task.base.layers - task.plan.dropped_layers
    tokens = sum(tokens_of(row.text) for row in task.rows)
    # Of a transformer's layer 12 products of its width squared a token, and for the way back twice
    # as many (Kaplan et al. 2020, Scaling Laws for Neural Language Models, section 2.1).
    multiplications = 36 * layers * task.base.hidden_size**2 * tokens * task.plan.recipe.epochs
    return threads // together if multiplications >= _WORTH_A_PROCESS else None


def _train_side_by_side(task: Task, numbers: Sequence[int], *, threads: int) -> None:
    of = task.plan.held_out

    def told(shares: dict[int, float]) -> None:
        running = " and ".join(str(n + 1) for n, share in sorted(shares.items()) if share < 1)
        stage = f"training {running or 'each'} of {of}, side by side"
        _tell(task, stage, of - len(numbers), sum(shares.values()))

    run_side_by_side(
        partial(_train_part, replace(task, report=_nobody)),
        numbers,
        processes=min(of, trainings_that_fit(task.base, task.plan.recipe)),
        threads=threads,
        told=told,
    )


def _tell(task: Task, stage: str, trainings: int, done: float) -> None:
    """Report that so many trainings are done, and so much of what is under way."""
    task.tell(stage, (trainings + done) / (task.plan.held_out + 1))


def _train_part(task: Task, number: int, tell: Callable[[float], None]) -> None:
    with quiet_transformers():
        _train_without(task, number, tell)


def _nobody(_: FinetuneProgress) -> None:
    """Take a report that the process which asked for the training makes itself."""


def _train_without(task: Task, number: int, tell: Callable[[float], None]) -> None:
    """Train on all parts but one, and keep that one's logits after every epoch."""
    name, plan = _part_name(number), task.plan
    held_out = np.flatnonzero(task.part == number).tolist()
    texts = [task.rows[row].text for row in held_out]
    training = training_rows(task.rows, task.part, number)
    gold = task.states[held_out]
    losses: list[float] = []

    def after_epoch(epoch: int, classifier: Classifier) -> bool:
        logits = predict_logits(classifier, texts, max_length=plan.recipe.max_length)
        task.workspace.store(name, epoch, logits)
        if not plan.patience:
            return False
        # Of epochs before a run was cut off, the logits are there, but not the losses.
        new = task.workspace.stored(name)[len(losses) : epoch]
        losses.extend(_calibrated_loss(values, gold, task.judged) for values in new)
        return len(losses) - 1 - int(np.argmin(losses)) >= plan.patience

    _train(task, training, name, after_epoch, tell)
    task.workspace.finish_part(name)


def _train(
    task: Task,
    rows: Sequence[int],
    name: str,
    after_epoch: Callable[[int, Classifier], bool],
    tell: Callable[[float], None],
) -> Classifier:
    """Train on some rows; ``tell`` is called with the share of it that is done, 0 to 1."""
    plan = task.plan
    tell(0.0)
    texts, states = [task.rows[row].text for row in rows], task.states[list(rows)]
    return train_classifier(
        texts,
        states,
        start=lambda classifier: _prepare(classifier, texts, states, task),
        codebook=task.codebook,
        base=task.base.path,
        recipe=plan.recipe,
        watch=Watch(
            folder=task.workspace.part(name),
            checkpoint_seconds=CHECKPOINT_SECONDS,
            after_step=lambda step, steps: tell(step / steps),
            after_epoch=after_epoch,
            gradient_checkpointing=needs_gradient_checkpointing(task.base, plan.recipe),
            writing=task.workspace.writing,
        ),
    )


def _prepare(
    classifier: Classifier, texts: Sequence[str], states: NDArray[np.int64], task: Task
) -> None:
    """Make of a freshly loaded classifier what the plan starts from."""
    if task.plan.dropped_layers:
        drop_upper_layers(classifier.model, task.plan.dropped_layers)
    if task.plan.mean_layer:
        add_mean_layer(classifier.model)
    if task.plan.contrast_steps:
        pull_together(
            classifier, texts, states, steps=task.plan.contrast_steps, recipe=task.plan.recipe
        )
    if task.plan.fit_head:
        fit_new_frames(
            classifier,
            texts,
            states,
            codebook=task.codebook,
            base=task.base.path,
            recipe=task.plan.recipe,
        )


def _calibrated_loss(
    logits: NDArray[np.float32], states: NDArray[np.int64], judged: Sequence[int]
) -> float:
    """Return the mean cross-entropy a decision, after calibration on the same logits."""
    gold = states[:, judged]
    logits = logits_of_frames(logits, judged)
    probabilities = fit_calibration(logits, gold).probabilities(logits).astype(np.float64)
    right = np.take_along_axis(probabilities, np.maximum(gold, 0)[..., None], axis=-1)[..., 0]
    right = np.where(gold < 0, 1 - probabilities[..., 0], right)
    return float(-np.log(np.maximum(right, 1e-9)).mean())


def logits_of_frames(logits: NDArray[np.float32], frames: Sequence[int]) -> NDArray[np.float32]:
    """Return the logits of some frames, (n, chosen * 4)."""
    by_frame = logits.reshape(len(logits), -1, len(STATES))
    return by_frame[:, list(frames)].reshape(len(logits), -1)


def _part_name(number: int) -> str:
    return f"part-{number + 1}"
