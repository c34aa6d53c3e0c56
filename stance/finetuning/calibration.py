"""Out-of-fold logits → calibration, thresholds and abstention bands.

Nothing here may see logits of rows that the model was trained on: those are far too sure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stance.codebook import STATES
from stance.decision import Decision

__all__ = ["ABSTENTION_SHARES", "equal_weights", "fit_calibration", "fit_decision"]

#: Shares of the decisions that abstention bands are fitted for.
ABSTENTION_SHARES = (0.05, 0.10)

# A frame that is rare, and whose sentences are told apart badly, is never likely: it has its best
# F1 far below one half. As far above it, so that well-separated rows have theirs in the middle.
_THRESHOLDS = np.round(np.arange(0.02, 0.985, 0.01), 2)
_RESAMPLES = 200


def fit_decision(
    logits: NDArray[np.float32],
    states: NDArray[np.int64],
    *,
    row_weights: NDArray[np.float64] | None = None,
    seed: int = 13,
) -> Decision:
    """Fit a temperature, an offset, a threshold and abstention bands for every frame.

    For the first two see ``fit_calibration``. The threshold has the highest F1, as the median over
    resamples of the rows, because the best threshold of a single sample is a matter of luck.

    Args:
        logits: out-of-fold logits, float array of shape (n, F * 4).
        states: gold states, int array of shape (n, F), 0 to 3; negative where a frame is present
            and its stance was not coded.
        row_weights: float array of shape (n,), how much each row counts in all four; see
            ``equal_weights``.
        seed: of the resamples.
    """
    weights = np.ones(len(states)) if row_weights is None else row_weights
    decision = fit_calibration(logits, states, row_weights=weights)
    present = 1 - decision.probabilities(logits)[..., 0]
    generator = np.random.default_rng(seed)
    thresholds = tuple(
        _best_threshold(present[:, f], states[:, f] != 0, weights, generator)
        for f in range(states.shape[1])
    )
    bands = {share: _fit_bands(present, thresholds, weights, share) for share in ABSTENTION_SHARES}
    return replace(decision, thresholds=thresholds, bands=bands)


def fit_calibration(
    logits: NDArray[np.float32],
    states: NDArray[np.int64],
    *,
    row_weights: NDArray[np.float64] | None = None,
) -> Decision:
    """Fit a temperature and an offset for every frame; thresholds stay at one half.

    The temperature (Guo et al. 2017) and the offset (the intercept of Platt scaling, Platt 1999)
    minimise the cross-entropy over the four states. For the arguments see ``fit_decision``.
    """
    frames = states.shape[1]
    weights = np.ones(len(states)) if row_weights is None else row_weights
    scores = logits.astype(np.float64).reshape(len(logits), frames, len(STATES))
    fitted = [_fit_frame(scores[:, f], states[:, f], weights) for f in range(frames)]
    return Decision(
        temperatures=tuple(temperature for temperature, _ in fitted),
        offsets=tuple(offset for _, offset in fitted),
        thresholds=(0.5,) * frames,
        bands={},
    )


def equal_weights(sources: Sequence[str]) -> NDArray[np.float64]:
    """Return weights of shape (n,) with which every source counts alike; their mean is 1."""
    _, source, counts = np.unique(np.array(sources), return_inverse=True, return_counts=True)
    weights: NDArray[np.float64] = len(source) / len(counts) / counts[source]
    return weights


def _fit_frame(
    scores: NDArray[np.float64], states: NDArray[np.int64], weights: NDArray[np.float64]
) -> tuple[float, float]:
    from scipy.optimize import minimize

    def loss(parameters: NDArray[np.float64]) -> float:
        log_probabilities = scores * np.exp(-parameters[0])
        log_probabilities = log_probabilities - parameters[1] * np.array([0, 1, 1, 1])
        log_probabilities -= np.logaddexp.reduce(log_probabilities, axis=1, keepdims=True)
        known = np.maximum(states, 0)[:, None]
        right = np.take_along_axis(log_probabilities, known, axis=1)[:, 0]
        present = np.logaddexp.reduce(log_probabilities[:, 1:], axis=1)
        # The weak pull towards no change keeps a frame of few rows from running away.
        pull = 0.5 * float(np.sum(parameters**2))
        return float(-(weights * np.where(states < 0, present, right)).sum() + pull)

    log_temperature, offset = minimize(loss, np.zeros(2), method="Nelder-Mead").x
    return float(np.round(np.exp(log_temperature), 4)), float(np.round(offset, 4))


def _best_threshold(
    present: NDArray[np.float32],
    gold: NDArray[np.bool_],
    weights: NDArray[np.float64],
    generator: np.random.Generator,
) -> float:
    if not gold.any():
        return 0.5
    called = (present[:, None] >= _THRESHOLDS).astype(np.float64)
    rows = len(gold)
    drawn = generator.multinomial(rows, np.full(rows, 1 / rows), size=_RESAMPLES) * weights
    present_drawn = drawn * gold
    given_or_gold = drawn @ called + present_drawn.sum(axis=1, keepdims=True)
    f1 = 2 * (present_drawn @ called) / np.maximum(given_or_gold, 1e-12)
    f1 = f1[present_drawn.any(axis=1)]
    best = f1 >= f1.max(axis=1, keepdims=True) - 1e-12
    return float(np.round(np.median(_middle_of_longest_run(best)), 3))


def _middle_of_longest_run(best: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return one of the best thresholds of each resample, shape (n,), from (n, thresholds).

    Where rows are few, many are as good: the middle of them leaves most room. They may lie apart,
    and between them F1 is lower.
    """
    positions = np.arange(best.shape[1])
    before = np.maximum.accumulate(np.where(best, -1, positions), axis=1)
    lengths = np.where(best, positions - before, 0)
    last = lengths.argmax(axis=1)
    first = last - lengths.max(axis=1) + 1
    middles: NDArray[np.float64] = (_THRESHOLDS[first] + _THRESHOLDS[last]) / 2
    return middles


def _fit_bands(
    present: NDArray[np.float32],
    thresholds: Sequence[float],
    weights: NDArray[np.float64],
    share: float,
) -> tuple[tuple[float, float], ...]:
    """Return the abstention band of each frame, ``(low, high)``, that leaves out the riskiest.

    A decision, one frame in one sentence, is wrong with probability 1 - P(frame) where the frame is
    given and P(frame) where it is not; the riskiest of all frames together, ``share`` of their
    weight at most, are left open, as in Chow 1970 (On Optimum Recognition Error and Reject
    Tradeoff). A decision is left open where low <= P(frame) < high; the threshold lies in between.
    """
    limits = np.asarray(thresholds)
    # As models decide, in float32, or a decision at its threshold might be taken for the other one.
    given = present >= limits.astype(np.float32)
    risks = np.where(given, 1 - present.astype(np.float64), present).ravel()
    riskiest = np.argsort(-risks, kind="stable")
    open_weight = np.repeat(weights, len(limits))[riskiest].cumsum()
    # The riskiest decision that would be one too many: it stays decided, and so do its equals.
    risk = risks[riskiest[np.searchsorted(open_weight, share * open_weight[-1], side="right")]]
    # Not rounded: a model may be so sure that all its risks are alike in four digits.
    low = np.minimum(limits, np.nextafter(np.float32(risk), np.float32(1)))
    high = np.maximum(limits, 1 - risk)
    return tuple(zip(low.tolist(), high.tolist(), strict=True))
