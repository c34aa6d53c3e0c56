"""How to train on so many rows: settings that follow from the data and the base, and the split."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stance.codebook import STATES
from stance.errors import InputError
from stance.files import LabelledRow
from stance.finetuning.bases import USUAL_LENGTH, Base
from stance.finetuning.pooling import takes_mean_layer, wants_mean_layer
from stance.finetuning.recipe import Recipe
from stance.texts import fold

__all__ = ["Plan", "assign_folds", "make_plan", "split_rows", "training_rows"]


@dataclass(frozen=True)
class Plan:
    """How to train.

    Attributes:
        recipe: of every training; its epochs are the most that are trained.
        folds: into how many parts the documents are split.
        held_out: how many of the parts are held out, one after the other. Where it is less than
            ``folds``, only that share of the rows is scored.
        choose_epochs: end the last training after the epoch that was best on the held-out rows.
        patience: end a training after so many epochs without a better one; 0: never.
        dropped_layers: so many upper layers of the encoder are taken away first.
        mean_layer: add a layer to the encoder that gives the mean of the tokens; see ``pooling``.
        contrast_steps: of a training that brings sentences of the same frames together, before
            any other; see ``contrast``.
        fit_head: start the outputs of new frames from a logistic fit; see ``heads``.
    """

    recipe: Recipe
    folds: int
    held_out: int
    choose_epochs: bool
    patience: int
    dropped_layers: int
    mean_layer: bool
    contrast_steps: int
    fit_head: bool

    def describe(self) -> str:
        """Say in one line what was chosen."""
        recipe = self.recipe
        held_out = (
            f"{self.folds} times with another part of the documents held out"
            if self.held_out == self.folds
            else f"once with a part of {self.folds} of the documents held out"
        )
        most = "at most " if self.choose_epochs else ""
        weights = ", ".join(
            f"{state} {weight:g}"
            for state, weight in zip(STATES, recipe.state_weights, strict=True)
        )
        start = [
            text
            for text, chosen in (
                (f"the upper {self.dropped_layers} layers dropped", self.dropped_layers),
                ("a layer added that gives the mean of the tokens", self.mean_layer),
                (
                    f"{self.contrast_steps} steps that bring sentences of the same frames together",
                    self.contrast_steps,
                ),
                ("the head fitted first", self.fit_head),
            )
            if chosen
        ]
        return (
            f"training {held_out}, then once on all rows; "
            f"{''.join(f'{text}; ' for text in start)}{most}{recipe.epochs:g} epochs, "
            f"batches of {recipe.batch_size}, learning rate {recipe.learning_rate:.1e}, "
            f"dropout {recipe.dropout:g}, {recipe.max_length} tokens, class weights {weights}, "
            f"seed {recipe.seed}"
        )


@dataclass(frozen=True)
class _Size:
    """Settings for up to so many rows."""

    rows: float
    epochs: int
    batch_size: int
    learning_rate: float  # for a width of 384
    dropout: float
    folds: int
    held_out: int
    patience: int


# Few rows: many passes in small batches at a low rate, with dropout, or they are learnt by heart;
# and every row held out once, since a fifth of them would say next to nothing. Many rows: one
# held-out fifth is plenty, and further trainings are dear. The high rate was found in the training
# of the shipped model, the low one on authored rows that benchmarks/few_rows.py does not test on.
_SIZES = (
    _Size(50, 24, 8, learning_rate=5e-5, dropout=0.1, folds=4, held_out=4, patience=0),
    _Size(200, 12, 8, learning_rate=5e-5, dropout=0.1, folds=4, held_out=4, patience=0),
    _Size(1_000, 6, 8, learning_rate=5e-5, dropout=0.1, folds=3, held_out=3, patience=0),
    _Size(5_000, 5, 32, learning_rate=1.2e-4, dropout=0.1, folds=3, held_out=3, patience=0),
    _Size(20_000, 4, 32, learning_rate=1.2e-4, dropout=0.0, folds=5, held_out=1, patience=1),
    _Size(math.inf, 3, 32, learning_rate=1.2e-4, dropout=0.0, folds=5, held_out=1, patience=1),
)
# Up to so many rows, what training starts from tells in the result.
_FEW_ROWS = 5_000
# So many rows of frames that a classifier never knew do not undo what its upper layers learnt for
# its own. Of benchmarks/data/asylum_frames.jsonl, 192 rows gave an average precision of 0.80
# without these layers and at four times the rate, 0.67 with them and at the usual one (two seeds);
# 504 rows 0.86 against 0.84 with them at the higher rate (one seed).
_UNLEARN_ROWS = 1_000
_UNLEARNING_RATE = 2e-4  # for a width of 384
# Up to so many rows, sentence encoders are first taught which sentences are alike. Of the rows that
# the low rate was found on, 8 a frame gave an average precision of 0.55 with it and 0.50 without
# (six seeds), 16 a frame 0.64 and 0.60 (four). It did not help what is left of a classifier's lower
# layers (0.77 and 0.78, 192 rows of benchmarks/data/asylum_frames.jsonl, two seeds).
_CONTRAST_ROWS, _CONTRAST_STEPS = 1_000, 40
_MAX_LEARNING_RATE = 1e-3
_MAX_STATE_WEIGHT = 4.0
# So many rows at least decide on epochs, calibration and thresholds, where a part alone does.
_LEAST_HELD_OUT = 100
# In tokens.
_MOST_LENGTH = 512


def make_plan(
    rows: Sequence[LabelledRow],
    states: NDArray[np.int64],
    base: Base,
    *,
    frames: Sequence[str],
    tokens: NDArray[np.int64] | None = None,
    epochs: int | None = None,
    seed: int = 13,
) -> Plan:
    """Choose the settings.

    The learning rate falls with the square of the encoder's width, for many rows from 1.2e-4 at
    384 to 3e-5 at 768. A state's weight is the root of how much rarer it is than absence, at
    most 4.

    Args:
        rows: to train on.
        states: their states, ``(n, F)``.
        base: what the training starts from.
        frames: the names of the F frames.
        tokens: how many tokens of the base some of the texts have; by default they are taken to be
            of usual length.
        epochs: trains exactly so many.
        seed: of everything random.

    Raises:
        InputError: there are too few rows, or all are of one document.
    """
    documents = len({row.document for row in rows})
    if documents < 2:
        raise InputError(
            f"all {len(rows):,} rows are of one document ({rows[0].document}), so none can be held "
            "out to measure on; add rows of others, or split by row with --group-by id"
        )
    size = next(size for size in _SIZES if len(rows) <= size.rows)
    few = len(rows) <= _FEW_ROWS
    folds = min(size.folds, documents)
    known = base.codebook.names if base.codebook else frames
    other = len(rows) <= _UNLEARN_ROWS and not {*frames} & {*known}
    restart = other and takes_mean_layer(base.path)
    rate = _UNLEARNING_RATE if other else size.learning_rate
    rate = min(_MAX_LEARNING_RATE, rate * (384 / base.hidden_size) ** 2)
    long = tokens is not None and np.quantile(tokens, 0.99) > USUAL_LENGTH
    length = _MOST_LENGTH if long else USUAL_LENGTH
    recipe = Recipe(
        epochs=epochs or size.epochs,
        learning_rate=float(f"{rate:.2g}"),
        batch_size=size.batch_size,
        dropout=size.dropout,
        state_weights=_state_weights(states),
        max_length=min(length, base.max_length),
        seed=seed,
    )
    raw = few and base.folder is None and wants_mean_layer(base.path)
    return Plan(
        recipe=recipe,
        folds=folds,
        held_out=min(size.held_out, folds),
        choose_epochs=epochs is None,
        patience=0 if epochs else size.patience,
        dropped_layers=base.layers // 2 if restart else 0,
        mean_layer=restart or raw,
        contrast_steps=_CONTRAST_STEPS if raw and len(rows) <= _CONTRAST_ROWS else 0,
        fit_head=few,
    )


def split_rows(
    rows: Sequence[LabelledRow], states: NDArray[np.int64], plan: Plan
) -> NDArray[np.int64]:
    """Split rows into the plan's parts; the first ``plan.held_out`` of them are held out in turn.

    Returns:
        The part of each row, int array of shape (n,).

    Raises:
        InputError: a part is too small to measure on, or without it nothing is left to train on.
    """
    part = assign_folds(rows, states, plan.folds, seed=plan.recipe.seed)
    if plan.held_out < plan.folds:
        part = _nearest_to_even_first(part, plan.folds)
        held_out = int((part < plan.held_out).sum())
        if held_out < _LEAST_HELD_OUT:
            raise InputError(
                f"the documents of {len(rows):,} rows are so unlike in size that only {held_out} "
                f"rows can be held out to measure on; expected {_LEAST_HELD_OUT} or more: split by "
                "row with --group-by id, or name smaller documents"
            )
    for number in range(plan.held_out):
        if not training_rows(rows, part, number):
            here = np.flatnonzero(part == number).tolist()
            documents = sorted({rows[row].document for row in here})
            raise InputError(
                f"all rows but those of {', '.join(documents[:3])}{', …' * (len(documents) > 3)} "
                "repeat texts of these, so that none is left to train on while these are held out; "
                "take the copies out, add rows with other texts, or split by row with --group-by id"
            )
    return part


def training_rows(rows: Sequence[LabelledRow], part: NDArray[np.int64], number: int) -> list[int]:
    """Return which rows are trained on while a part is held out: no copy of its texts either."""
    held_out = {fold(rows[row].text) for row in np.flatnonzero(part == number).tolist()}
    others = np.flatnonzero(part != number).tolist()
    return [row for row in others if fold(rows[row].text) not in held_out]


def assign_folds(
    rows: Sequence[LabelledRow], states: NDArray[np.int64], folds: int, *, seed: int
) -> NDArray[np.int64]:
    """Split rows into parts of like size and like frames; no document is in two of them.

    Documents are dealt out from the largest to the smallest, each to the part where it does most
    for the balance of rows, frames and stances; random where that is the same.

    Returns:
        The part of each row, int array of shape (n,), 0 to ``folds`` − 1.
    """
    names = sorted({row.document for row in rows})
    number = {name: index for index, name in enumerate(names)}
    document = np.array([number[row.document] for row in rows])
    traits = np.concatenate(
        [np.ones((len(rows), 1)), states != 0, states == 2, states == 3], axis=1
    )
    totals = np.maximum(traits.sum(axis=0), 1)
    shares = np.zeros((len(names), traits.shape[1]))
    np.add.at(shares, document, traits / totals)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    order = sorted(shuffled, key=lambda index: -shares[index].sum())
    filled = np.zeros((folds, traits.shape[1]))
    part = np.zeros(len(names), dtype=np.int64)
    for index in order:
        # The growth of the sum of squares if the document went to each part.
        part[index] = int((filled @ shares[index]).argmin())
        filled[part[index]] += shares[index]
    return np.asarray(part[document], dtype=np.int64)


def _nearest_to_even_first(part: NDArray[np.int64], folds: int) -> NDArray[np.int64]:
    """Number the parts anew: a document of half the rows must not be what is held out."""
    sizes = np.bincount(part, minlength=folds)
    # Two parts are as far from even: the smaller is held out.
    order = np.lexsort((sizes, np.abs(sizes - len(part) / folds)))
    renumbered: NDArray[np.int64] = np.argsort(order)[part]
    return renumbered


def _state_weights(states: NDArray[np.int64]) -> tuple[float, float, float, float]:
    counts = Counter(states.ravel().tolist())
    coded = sum(counts[state] for state in (1, 2, 3))

    def weight(state: int) -> float:
        # Frames whose stance was not coded belong to the three stances in their proportions, which
        # few coded ones hardly tell: without any, all are alike (Laplace's rule of succession).
        share = (counts[state] + 1) / (coded + 3)
        rarer = counts[0] / max(1.0, counts[state] + counts[-1] * share)
        return round(float(np.clip(np.sqrt(rarer), 1.0, _MAX_STATE_WEIGHT)), 1)

    return (1.0, weight(1), weight(2), weight(3))
