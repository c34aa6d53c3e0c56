"""Trainings with rows held out → logits that no row had a part in; and the training on all rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stance.codebook import STATES, Codebook
from stance.decision import Decision, states_of
from stance.figures import Evaluation
from stance.files import LabelledRow
from stance.finetuning.bases import Base
from stance.finetuning.calibration import ABSTENTION_SHARES, fit_calibration, fit_decision
from stance.finetuning.heads import fit_new_frames
from stance.finetuning.memory import needs_gradient_checkpointing
from stance.finetuning.plan import Plan, assign_folds, training_rows
from stance.finetuning.pooling import add_mean_layer, drop_upper_layers
from stance.finetuning.training import (
    NOT_JUDGED,
    Classifier,
    Watch,
    predict_logits,
    train_classifier,
)
from stance.finetuning.workspace import Workspace
from stance.scoring import score

__all__ = ["FinetuneProgress", "HeldOut", "Task", "fit_all", "hold_out", "judge", "task_states"]

# Written no oftener than this: a checkpoint is three times the size of the model.
CHECKPOINT_SECONDS = 60.0

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
    for number in range(plan.held_out):
        _train_without(task, number)
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
    share = task.plan.held_out / (task.plan.held_out + 1)
    stage = f"training on all {len(task.rows):,} rows"

    def after_epoch(done: int, _: Classifier) -> bool:
        return done >= epochs

    return _train(task, range(len(task.rows)), _FINAL, after_epoch, stage=stage, share=share)


def judge(task: Task, held_out: HeldOut, *, resamples: int) -> tuple[Decision, Evaluation]:
    """Return the decision for the model, and the figures of the held-out rows.

    Each part's figures are those of calibration and thresholds fitted on the other parts.
    """
    judged, seed = task.judged, task.plan.recipe.seed
    gold = task.states[held_out.rows][:, judged]
    logits = _columns(held_out.logits, judged)
    names = [task.codebook.names[column] for column in judged]
    documents = [task.rows[row].document for row in held_out.rows]
    parts = _at_least_two(held_out, [task.rows[row] for row in held_out.rows], gold, seed=seed)
    probabilities = np.zeros((*gold.shape, len(STATES)), np.float32)
    predicted = np.zeros_like(gold)
    for number in np.unique(parts):
        here = parts == number
        fitted = fit_decision(logits[~here], gold[~here], seed=seed)
        probabilities[here] = fitted.probabilities(logits[here])
        predicted[here] = fitted.states(probabilities[here])
    figures = score(gold, probabilities, predicted, documents, frames=names, resamples=resamples)
    decision = fit_decision(logits, gold, seed=seed)
    return _complete(decision, task, without=_never_compared(task, held_out)), figures


def _train_without(task: Task, number: int) -> None:
    """Train on all parts but one, and keep that one's logits after every epoch."""
    name, plan = _part_name(number), task.plan
    if task.workspace.is_finished(name):
        return
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

    stage = f"training {number + 1} of {plan.held_out}, {len(held_out):,} rows held out"
    share = number / (plan.held_out + 1)
    _train(task, training, name, after_epoch, stage=stage, share=share)
    task.workspace.finish_part(name)


def _train(
    task: Task,
    rows: Sequence[int],
    name: str,
    after_epoch: Callable[[int, Classifier], bool],
    *,
    stage: str,
    share: float,
) -> Classifier:
    plan = task.plan

    def after_step(step: int, steps: int) -> None:
        task.tell(stage, share + step / steps / (plan.held_out + 1))

    task.tell(stage, share)
    texts, states = [task.rows[row].text for row in rows], task.states[list(rows)]
    return train_classifier(
        texts,
        states,
        start=lambda classifier: _prepare(classifier, texts, states, task),
        codebook=task.codebook,
        base=task.base.path,
        recipe=plan.recipe,
        progress=False,
        watch=Watch(
            folder=task.workspace.part(name),
            checkpoint_seconds=CHECKPOINT_SECONDS,
            after_step=after_step,
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
    logits = _columns(logits, judged)
    probabilities = fit_calibration(logits, gold).probabilities(logits).astype(np.float64)
    right = np.take_along_axis(probabilities, np.maximum(gold, 0)[..., None], axis=-1)[..., 0]
    right = np.where(gold < 0, 1 - probabilities[..., 0], right)
    return float(-np.log(np.maximum(right, 1e-9)).mean())


def _columns(logits: NDArray[np.float32], frames: Sequence[int]) -> NDArray[np.float32]:
    """Return the logits of some frames, (n, chosen * 4)."""
    by_frame = logits.reshape(len(logits), -1, len(STATES))
    return by_frame[:, list(frames)].reshape(len(logits), -1)


def _at_least_two(
    held_out: HeldOut, rows: Sequence[LabelledRow], gold: NDArray[np.int64], *, seed: int
) -> NDArray[np.int64]:
    """Return the parts; where only one was held out, two halves of it."""
    if len(np.unique(held_out.part)) > 1:
        return held_out.part
    if len({row.document for row in rows}) > 1:
        return assign_folds(rows, gold, 2, seed=seed)
    return np.arange(len(rows)) % 2


def _never_compared(task: Task, held_out: HeldOut) -> set[int]:
    """Return the frames whose rows were held out together, or not at all.

    A training that saw no row with a frame says nothing about where its threshold lies.
    """
    found = set()
    for column in task.judged:
        carried = task.states[:, column] != 0
        parts = np.unique(held_out.part[carried[held_out.rows]])
        elsewhere = carried.sum() > carried[held_out.rows].sum()
        if not len(parts) or (len(parts) == 1 and not elsewhere):
            found.add(column)
    return found


def _complete(decision: Decision, task: Task, *, without: set[int]) -> Decision:
    """Add the frames that were not judged: they are decided as the base decides them."""
    frames = len(task.codebook.frames)
    whole = Decision.plain(frames)
    values = {
        name: list(getattr(whole, name)) for name in ("temperatures", "offsets", "thresholds")
    }
    bands = {share: [(0.5, 0.5)] * frames for share in ABSTENTION_SHARES}
    for column, name in enumerate(task.codebook.names):
        base, known = task.base.decision, task.base.codebook
        if column in task.judged and column not in without:
            source, index = decision, task.judged.index(column)
        elif base is not None and known is not None and name in known.names:
            source, index = base, known.names.index(name)
        else:
            continue
        for kind, chosen in values.items():
            chosen[column] = getattr(source, kind)[index]
        nothing = (source.thresholds[index],) * 2
        for share, chosen_bands in bands.items():
            found = source.bands.get(share)
            chosen_bands[column] = found[index] if found else nothing
    return replace(
        whole,
        **{name: tuple(chosen) for name, chosen in values.items()},
        bands={share: tuple(chosen) for share, chosen in bands.items()},
    )


def _part_name(number: int) -> str:
    return f"part-{number + 1}"
