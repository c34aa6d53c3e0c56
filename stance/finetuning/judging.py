"""Held-out logits → the decision of the model, and figures that it had no part in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stance.codebook import STATES
from stance.decision import ALIKE, Decision
from stance.figures import Evaluation
from stance.files import LabelledRow
from stance.finetuning.calibration import ABSTENTION_SHARES, fit_decision
from stance.finetuning.fitting import HeldOut, Task, logits_of_frames
from stance.finetuning.plan import assign_folds
from stance.scoring import score

__all__ = ["judge", "never_compared"]


def judge(task: Task, held_out: HeldOut, *, resamples: int) -> tuple[Decision, Evaluation]:
    """Return the decision for the model, and the figures of the held-out rows.

    Each part's figures are those of calibration and thresholds fitted on the other parts.
    """
    judged, seed = task.judged, task.plan.recipe.seed
    gold = task.states[held_out.rows][:, judged]
    logits = logits_of_frames(held_out.logits, judged)
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
    return _complete(decision, task, without=never_compared(task, held_out)), figures


def _at_least_two(
    held_out: HeldOut, rows: Sequence[LabelledRow], gold: NDArray[np.int64], *, seed: int
) -> NDArray[np.int64]:
    """Return the parts; where only one was held out, two halves of it."""
    if len(np.unique(held_out.part)) > 1:
        return held_out.part
    if len({row.document for row in rows}) > 1:
        return assign_folds(rows, gold, 2, seed=seed)
    return np.arange(len(rows)) % 2


def never_compared(task: Task, held_out: HeldOut) -> set[int]:
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
    priors = [ALIKE] * frames
    learnt = [bool((column > 0).any()) for column in task.states.T]
    base = task.base.decision
    known = () if base is None or task.base.codebook is None else task.base.codebook.names
    for column, name in enumerate(task.codebook.names):
        if base is not None and name in known:
            learnt[column] |= base.stanced[known.index(name)]
        if column in task.judged and column not in without:
            source, index = decision, task.judged.index(column)
        elif base is not None and name in known:
            source, index = base, known.index(name)
        else:
            continue
        for kind, chosen in values.items():
            chosen[column] = getattr(source, kind)[index]
        if column not in task.judged and source.stance_priors:
            priors[column] = source.stance_priors[index]
        nothing = (source.thresholds[index],) * 2
        for share, chosen_bands in bands.items():
            found = source.bands.get(share)
            chosen_bands[column] = found[index] if found else nothing
    return replace(
        whole,
        **{name: tuple(chosen) for name, chosen in values.items()},
        bands={share: tuple(chosen) for share, chosen in bands.items()},
        stance_priors=tuple(priors) if set(priors) != {ALIKE} else (),
        stance_learnt=() if all(learnt) else tuple(learnt),
    )
