"""Gold states against predicted ones, counted for every resample, and the figures made of them.

Shapes: R resamples, F frames, n sentences.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stance.codebook import STATES
from stance.resampling import ratio

__all__ = ["Classes", "count_states", "mean_over", "presence_figures", "stance_figures"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Classes(NamedTuple):
    """What gold has in the data, and so what figures are over: a resample may lack some of it.

    Attributes:
        present: ``(F,)`` the frames.
        coded: ``(F, 3)`` the stances of each.
        found: ``(F, 3)`` the same where the frame is rightly found.
        any_coded, any_found: ``(3,)`` the stances of all frames together.
    """

    present: Bools
    coded: Bools
    found: Bools
    any_coded: Bools
    any_found: Bools

    @classmethod
    def of(cls, gold: Ints, predicted: Ints) -> Classes:
        """Find them in gold states ``(n, F)``, -1 to 3, and predicted ones, 0 to 3."""
        coded = gold[..., None] == np.arange(1, len(STATES))
        found = coded & (predicted != 0)[..., None]
        several = (coded.any(axis=0), found.any(axis=0))
        pooled = (coded.any(axis=(0, 1)), found.any(axis=(0, 1)))
        return cls((gold != 0).any(axis=0), *several, *pooled)


def count_states(gold: Ints, predicted: Ints, weights: Floats) -> Floats:
    """Count ``(R, F, 5 gold states, 4 predicted states)``; not coded, -1, is the fifth."""
    cells = np.eye(20)[gold % 5 * 4 + predicted]
    frames = [np.asarray(weights @ cells[:, f]) for f in range(gold.shape[1])]
    return np.stack(frames, axis=1).reshape(-1, len(frames), 5, 4)


def presence_figures(counts: Floats, classes: Classes) -> dict[str, Floats]:
    """Return precision, recall and F1 of each frame, ``(R, F)``; NaN where not defined.

    Precision of a frame that is never given is 0 where gold has it. Where a resample has a frame
    only as given, its precision and F1 are 0, as they are by their definition.
    """
    support = counts[:, :, 1:].sum(axis=(2, 3))
    given = counts[:, :, :, 1:].sum(axis=(2, 3))
    found = counts[:, :, 1:, 1:].sum(axis=(2, 3))
    precision = np.where(support + given > 0, found / np.maximum(given, 1), np.nan)
    return {
        "precision": np.where(classes.present, precision, np.nan),
        "recall": ratio(found, support),
        "f1": np.where(classes.present, ratio(2 * found, support + given), np.nan),
    }


def stance_figures(counts: Floats, classes: Classes) -> dict[str, Floats]:
    """Return F1 of the stances, ``(R, 3)``, their means, ``(R,)``, and those by frame, ``(R, F)``.

    ``stance…`` and ``frame_stance`` are of the sentences where the frame is rightly found,
    ``end_to_end…`` and ``frame_end_to_end`` of all: a missed frame misses its stance.
    """
    found, coded = counts[:, :, 1:4, 1:4], counts[:, :, :4]
    stance = np.where(classes.any_found, _f1(found.sum(axis=1)), np.nan)
    end_to_end = np.where(classes.any_coded, _f1(coded.sum(axis=1))[:, 1:], np.nan)
    return {
        "stance": stance,
        "stance_macro": mean_over(stance, classes.any_found),
        "frame_stance": mean_over(_f1(found), classes.found),
        "end_to_end": end_to_end,
        "end_to_end_macro": mean_over(end_to_end, classes.any_coded),
        "frame_end_to_end": mean_over(_f1(coded)[..., 1:], classes.coded),
    }


def mean_over(values: Floats, classes: Bools) -> Floats:
    """Mean over those classes of the last axis; NaN in a resample that leaves one undefined."""
    total = np.asarray(classes.sum(axis=-1), dtype=np.float64)
    return ratio(values.sum(axis=-1, where=classes), total)


def _f1(confusion: Floats) -> Floats:
    """F1 of each class of ``(..., gold, predicted)``; NaN where neither has the class."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    return ratio(2 * hits, confusion.sum(axis=-1) + confusion.sum(axis=-2))
