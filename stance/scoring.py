"""Gold labels against predictions: figures, with intervals from a bootstrap over documents.

Everything is arithmetic on counts in numpy, so that ``stance evaluate`` works in the base install,
asks no network, and resamples 7,000 sentences a thousand times in seconds, which a metric called
once a resample cannot. The tests hold every figure equal to scikit-learn's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from stance.codebook import STANCES, STATES
from stance.confusion import (
    count_states,
    mean_of_defined,
    presence_figures,
    stance_figures,
)
from stance.decision import NOT_CODED
from stance.errors import InputError
from stance.figures import (
    Comparison,
    Evaluation,
    Figure,
    FrameScores,
    ReliabilityBin,
    StanceScores,
)
from stance.resampling import draw, ratio

__all__ = ["BINS", "NOT_CODED", "difference", "reliability", "score"]

#: Equal-width bins of P(frame) in the calibration error and the reliability diagram.
BINS = 15


Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def score(
    gold: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    predicted: npt.ArrayLike,
    documents: Sequence[object],
    *,
    frames: Sequence[str],
    resamples: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Score predictions against gold labels.

    Intervals are percentiles of a bootstrap that draws whole documents (Efron and Tibshirani 1993,
    An Introduction to the Bootstrap, chapters 8 and 13), since sentences of one document resemble
    each other. Resamples in which a figure is not defined are left out of its interval. The
    calibration error is that of Guo et al. 2017 (On Calibration of Modern Neural Networks), with 15
    bins, for P(frame) of each frame; for its interval see ``Figure.of_gaps``.

    Args:
        gold: ``(n, F)`` states: 0 absent, 1 favor, 2 neutral, 3 against, and -1 for a frame that is
            present and whose stance was not coded.
        probabilities: ``(n, F, 4)`` calibrated probabilities of the states, 0 to 1.
        predicted: ``(n, F)`` states 0 to 3, as decided.
        documents: the document of each of the n sentences.
        frames: the F names, in the order of the arrays.
        resamples: number of resamples; 0 gives no intervals.
        seed: the same seed gives the same intervals.

    Raises:
        InputError: shapes or values are others, or there is no sentence.

    >>> states = np.array([[1], [0], [0], [3]])
    >>> result = score(states, np.eye(4)[states], states, "aabb", frames=["cooperation"])
    >>> str(result.macro_f1), result.documents
    ('1.00', 2)
    """
    rows = _check(gold, probabilities, predicted, len(frames))
    drawn = draw(documents, len(rows.gold), resamples, seed)
    draws = _joined(_statistics(rows, weights) for weights in drawn.weights)
    overall: dict[str, Any] = {name: Figure.of(draws[name]) for name in _OVERALL}
    return Evaluation(
        sentences=len(rows.gold),
        documents=drawn.documents,
        resampled=drawn.resampled,
        resamples=resamples,
        **overall,
        ece=Figure.of_gaps(draws["macro_ece"], draws["macro_ece_moved"]),
        stance=_stance_scores(draws, int((rows.gold > 0).sum())),
        frames=_frame_scores(draws, rows, frames, drawn.units_with(rows.gold != 0)),
        left_out=_undefined(frames, draws["f1"][0]),
    )


def difference(
    gold: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    documents: Sequence[object],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Score second predictions against first ones of the same sentences: the difference.

    Both are scored on the same resamples of the documents (Koehn 2004, Statistical Significance
    Tests for Machine Translation Evaluation): what is hard for one is mostly hard for the other, so
    the intervals of two evaluations may overlap and that of the difference be clear of 0.

    Args:
        gold: ``(n, F)`` states, as in ``score``.
        first: ``(n, F)`` states 0 to 3, as decided.
        second: the same of another model. Where it is better, the difference is positive.
        documents: the document of each of the n sentences.
        resamples: number of resamples; 0 gives no intervals.
        seed: the same seed gives the same intervals.

    Raises:
        InputError: shapes or values are others, or there is no sentence.

    >>> gold, first = np.array([[1], [0], [3], [0]]), np.array([[1], [1], [0], [0]])
    >>> str(difference(gold, first, gold, "abcd", resamples=0).macro_f1)
    '0.50'
    """
    shape = np.shape(gold)
    if len(shape) != 2 or 0 in shape:
        raise InputError(
            f"gold is an array of shape {shape}; expected (sentences, frames), one of each or more"
        )
    states = _check_states("gold", gold, shape, lowest=NOT_CODED)
    one = _check_states("first", first, shape, lowest=0)
    other = _check_states("second", second, shape, lowest=0)
    drawn = draw(documents, len(states), resamples, seed)
    draws = _joined(_differences(states, one, other, weights) for weights in drawn.weights)
    return Comparison(
        sentences=len(states),
        documents=drawn.documents,
        resampled=drawn.resampled,
        resamples=resamples,
        **{name: Figure.of(values) for name, values in draws.items()},
    )


def reliability(
    gold: npt.ArrayLike, probabilities: npt.ArrayLike, *, frames: Sequence[str]
) -> dict[str, tuple[ReliabilityBin, ...]]:
    """Return the data of a reliability diagram: frame → its bins that are not empty, low to high.

    Args:
        gold: ``(n, F)`` states, as in ``score``.
        probabilities: ``(n, F, 4)`` probabilities of the states, 0 to 1.
        frames: the F names, in the order of the arrays.

    Raises:
        InputError: shapes or values are others, or there is no sentence.

    >>> gold, p = [[1], [0]], [[[0.1, 0.9, 0, 0]], [[0.1, 0.9, 0, 0]]]
    >>> (one,) = reliability(gold, p, frames=["cooperation"])["cooperation"]
    >>> round(one.mean_probability, 6), one.share_present
    (0.9, 0.5)
    """
    presence = _check_probabilities(probabilities, len(frames))
    present = _check_states("gold", gold, presence.shape, lowest=NOT_CODED) != 0
    diagrams = {}
    for index, frame in enumerate(frames):
        bins = _bins(presence[:, index])
        diagrams[frame] = tuple(
            ReliabilityBin(
                low=float(number / BINS),
                high=float((number + 1) / BINS),
                sentences=int((bins == number).sum()),
                mean_probability=float(presence[bins == number, index].mean()),
                share_present=float(present[bins == number, index].mean()),
            )
            for number in np.unique(bins)
        )
    return diagrams


class _Rows(NamedTuple):
    """The checked arrays: states ``(n, F)`` and P(frame) ``(n, F)``."""

    gold: Ints
    predicted: Ints
    presence: Floats


def _check(
    gold: npt.ArrayLike, probabilities: npt.ArrayLike, predicted: npt.ArrayLike, frames: int
) -> _Rows:
    presence = _check_probabilities(probabilities, frames)
    return _Rows(
        gold=_check_states("gold", gold, presence.shape, lowest=NOT_CODED),
        predicted=_check_states("predicted", predicted, presence.shape, lowest=0),
        presence=presence,
    )


def _check_probabilities(probabilities: npt.ArrayLike, frames: int) -> Floats:
    """Return P(frame), ``(n, F)``."""
    values = np.asarray(probabilities)
    if values.ndim != 3 or values.shape[1:] != (frames, len(STATES)) or not values.size:
        raise InputError(
            f"probabilities is an array of shape {values.shape}; expected (sentences, {frames}, "
            f"{len(STATES)}) with at least one sentence and one frame"
        )
    if not ((values >= 0) & (values <= 1)).all():
        raise InputError("some probabilities are not between 0 and 1; pass calibrated ones")
    return np.asarray(1 - values[..., 0], dtype=np.float64)


def _check_states(name: str, states: npt.ArrayLike, shape: tuple[int, ...], *, lowest: int) -> Ints:
    array = np.asarray(states)
    if array.shape != shape:
        raise InputError(
            f"{name} is an array of shape {array.shape}; expected {shape}, as the others are"
        )
    highest = len(STATES) - 1
    if array.dtype.kind not in "iu" or array.min() < lowest or array.max() > highest:
        raise InputError(
            f"{name} ({array.dtype}) holds values that are no state; "
            f"expected integers from {lowest} to {highest}"
        )
    return array.astype(np.int64)


def _joined(parts: Iterable[dict[str, Floats]]) -> dict[str, Floats]:
    """Put together what was computed of some resamples at a time."""
    every = list(parts)
    return {name: np.concatenate([part[name] for part in every]) for name in every[0]}


_OVERALL = (
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "macro_average_precision",
    "exact_match",
    "exact_match_with_stance",
)


def _statistics(rows: _Rows, weights: Floats) -> dict[str, Floats]:
    """Compute every figure for every resample; the first axis of each array is the resample."""
    frames = range(rows.gold.shape[1])
    present = rows.gold != 0
    counts = count_states(rows.gold, rows.predicted, weights)
    ranking = [_average_precision(rows.presence[:, f], present[:, f], weights) for f in frames]
    gaps = [_gaps(rows.presence[:, f], present[:, f], weights) for f in frames]
    calibration = {
        "ece": np.stack([np.abs(each).sum(axis=1) for each, _ in gaps], axis=1),
        "ece_moved": np.stack([np.abs(each - whole).sum(axis=1) for each, whole in gaps], axis=1),
    }
    by_frame = {**presence_figures(counts), "average_precision": np.stack(ranking, axis=1)}
    return {
        **by_frame,
        **{f"macro_{name}": mean_of_defined(values) for name, values in by_frame.items()},
        **calibration,
        # Calibration is defined in a resample without the frame too, so the frames stay the same.
        **{
            f"macro_{name}": mean_of_defined(np.where(present.any(axis=0), values, np.nan))
            for name, values in calibration.items()
        },
        **_exact_match_statistics(rows, weights),
        **stance_figures(counts),
    }


def _differences(gold: Ints, first: Ints, second: Ints, weights: Floats) -> dict[str, Floats]:
    """Compute how much higher the second predictions score, for every resample."""
    before, after = count_states(gold, first, weights), count_states(gold, second, weights)
    frames = presence_figures(after)["f1"] - presence_figures(before)["f1"]
    one, other = stance_figures(before), stance_figures(after)
    return {
        "macro_f1": mean_of_defined(frames),
        # Of stances, not of means: one that either of them never met would be in one mean only.
        "stance_macro_f1": mean_of_defined(other["stance"] - one["stance"]),
        "end_to_end_macro_f1": mean_of_defined(other["end_to_end"] - one["end_to_end"]),
    }


def _exact_match_statistics(rows: _Rows, weights: Floats) -> dict[str, Floats]:
    same_frames = ((rows.gold != 0) == (rows.predicted != 0)).all(axis=1)
    same_stances = ((rows.gold == rows.predicted) | (rows.gold == NOT_CODED)).all(axis=1)
    drawn = weights.sum(axis=1)
    return {
        "exact_match": weights @ same_frames / drawn,
        "exact_match_with_stance": weights @ (same_frames & same_stances) / drawn,
    }


def _average_precision(presence: Floats, present: Bools, weights: Floats) -> Floats:
    """Sum the precision at each distinct P(frame), weighted by the recall that it adds."""
    order = np.argsort(-presence, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(presence[order])), len(order) - 1)
    ordered = weights[:, order]
    given = np.cumsum(ordered, axis=1)[:, ends]
    found = np.cumsum(ordered * present[order], axis=1)[:, ends]
    area = (np.diff(found, axis=1, prepend=0) * found / np.maximum(given, 1)).sum(axis=1)
    return ratio(area, found[:, -1])


def _gaps(presence: Floats, present: Bools, weights: Floats) -> tuple[Floats, Floats]:
    """Return P(frame) summed − frames counted, over the number of sentences, of each bin.

    Of each resample, ``(R, BINS)``, and of the data as they are, ``(BINS,)``.
    """
    gaps = np.eye(BINS)[_bins(presence)] * (presence - present)[:, None]
    return weights @ gaps / weights.sum(axis=1, keepdims=True), gaps.mean(axis=0)


def _bins(presence: Floats) -> Ints:
    """Number the bin of each P(frame); a bin holds its upper edge, as in Guo et al. 2017."""
    edges = np.linspace(0, 1, BINS + 1)[1:-1]
    return np.searchsorted(edges, presence).astype(np.int64)


def _undefined(names: Sequence[str], values: Floats) -> tuple[str, ...]:
    return tuple(name for name, value in zip(names, values, strict=True) if np.isnan(value))


def _stance_scores(draws: dict[str, Floats], support: int) -> StanceScores:
    def figures(values: Floats) -> dict[str, Figure]:
        return {name: Figure.of(values[:, i]) for i, name in enumerate(STANCES)}

    return StanceScores(
        support=support,
        macro_f1=Figure.of(draws["stance_macro"]),
        end_to_end_macro_f1=Figure.of(draws["end_to_end_macro"]),
        f1=figures(draws["stance"]),
        end_to_end_f1=figures(draws["end_to_end"]),
        left_out=_undefined(STANCES, draws["stance"][0]),
    )


def _frame_scores(
    draws: dict[str, Floats], rows: _Rows, frames: Sequence[str], units: Sequence[int]
) -> dict[str, FrameScores]:
    return {
        name: FrameScores(
            support=int((rows.gold[:, f] != 0).sum()),
            units=units[f],
            predicted=int((rows.predicted[:, f] != 0).sum()),
            precision=Figure.of(draws["precision"][:, f]),
            recall=Figure.of(draws["recall"][:, f]),
            f1=Figure.of(draws["f1"][:, f]),
            average_precision=Figure.of(draws["average_precision"][:, f]),
            ece=Figure.of_gaps(draws["ece"][:, f], draws["ece_moved"][:, f]),
            stance_f1=Figure.of(draws["frame_stance"][:, f]),
            end_to_end_f1=Figure.of(draws["frame_end_to_end"][:, f]),
            stance_left_out=_undefined(STANCES, draws["frame_stances"][0, f]),
        )
        for f, name in enumerate(frames)
    }
