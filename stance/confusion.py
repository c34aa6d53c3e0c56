"""Gold states against predicted ones, counted for every resample, and the figures made of them.

Shapes: R resamples, F frames, n sentences. NaN is what gold does not define: the figures of a frame
or stance that it lacks. A mean is over those that it has, in a resample as in the data: where
resamples that lack one are left out instead, intervals are too narrow (``docs/method.md``).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stance.resampling import ratio

__all__ = ["count_states", "mean_of_defined", "presence_figures", "stance_figures"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def count_states(gold: Ints, predicted: Ints, weights: Floats) -> Floats:
    """Count ``(R, F, 5 gold states, 4 predicted states)``; not coded, -1, is the fifth."""
    cells = np.eye(20)[gold % 5 * 4 + predicted]
    frames = [np.asarray(weights @ cells[:, f]) for f in range(gold.shape[1])]
    return np.stack(frames, axis=1).reshape(-1, len(frames), 5, 4)


def presence_figures(counts: Floats) -> dict[str, Floats]:
    """Return precision, recall and F1 of each frame, ``(R, F)``.

    Precision of a frame that is never given is 0 where gold has it.
    """
    support = counts[:, :, 1:].sum(axis=(2, 3))
    given = counts[:, :, :, 1:].sum(axis=(2, 3))
    found = counts[:, :, 1:, 1:].sum(axis=(2, 3))
    return {
        "precision": np.where(support > 0, found / np.maximum(given, 1), np.nan),
        "recall": ratio(found, support),
        "f1": np.where(support > 0, ratio(2 * found, support + given), np.nan),
    }


def stance_figures(counts: Floats) -> dict[str, Floats]:
    """Return F1 of the stances, ``(R, 3)``, their means, ``(R,)``, and the same by frame.

    ``stance…`` and ``frame_stance…`` are of the sentences where the frame is rightly found,
    ``end_to_end…`` and ``frame_end_to_end`` of all: a missed frame misses its stance.
    """
    found, coded = counts[:, :, 1:4, 1:4], counts[:, :, :4]
    stance, by_frame = _f1(found.sum(axis=1)), _f1(found)
    end_to_end = _f1(coded.sum(axis=1))[:, 1:]
    return {
        "stance": stance,
        "stance_macro": mean_of_defined(stance),
        "frame_stances": by_frame,
        "frame_stance": mean_of_defined(by_frame),
        "end_to_end": end_to_end,
        "end_to_end_macro": mean_of_defined(end_to_end),
        "frame_end_to_end": mean_of_defined(_f1(coded)[..., 1:]),
    }


def mean_of_defined(values: Floats) -> Floats:
    """Mean over the last axis of what is defined; NaN where nothing is."""
    defined = ~np.isnan(values)
    return ratio(values.sum(axis=-1, where=defined), defined.sum(axis=-1).astype(np.float64))


def _f1(confusion: Floats) -> Floats:
    """F1 of each class of ``(..., gold, predicted)``."""
    support, given = confusion.sum(axis=-1), confusion.sum(axis=-2)
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    return np.where(support > 0, ratio(2 * hits, support + given), np.nan)
