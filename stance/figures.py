"""What scoring gives back: figures with their intervals, per frame, for stance and overall."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "Comparison",
    "Evaluation",
    "Figure",
    "FrameScores",
    "ReliabilityBin",
    "StanceScores",
]

_INTERVAL = (2.5, 97.5)
_NORMAL_975 = 1.959963984540054
# A quarter to 37% of resamples lack what stands in one document of two or more, and at most 14%
# what stands in two.
_MOSTLY_DEFINED = 0.8
# Means of the same numbers in another order differ by less.
_ALIKE = 1e-12


@dataclass(frozen=True)
class Figure:
    """A figure and its 95% interval; ``None`` stands for what the data do not tell.

    >>> str(Figure(0.714, 0.652, 0.771)), str(Figure(None, None, None))
    ('0.71 [0.65, 0.77]', 'undefined')
    """

    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, values: npt.NDArray[np.float64]) -> Figure:
        """Make a figure of its value on the data (first) and on the resamples (the rest).

        NaN is a value that is not defined; resamples without one are left out. Where they are so
        many that one document must have all that the figure counts, or where all others are the
        figure itself, resampling does not tell how sure it is: it has no interval then.
        """
        if np.isnan(values[0]):
            return cls(None, None, None)
        defined = values[1:][~np.isnan(values[1:])]
        rare = len(defined) < _MOSTLY_DEFINED * (len(values) - 1)
        if rare or np.allclose(defined, values[0], rtol=0, atol=_ALIKE):  # Also where none is.
            return cls(float(values[0]), None, None)
        low, high = np.percentile(defined, _INTERVAL)
        return cls(float(values[0]), float(low), float(high))

    @classmethod
    def of_gaps(cls, values: npt.NDArray[np.float64], moved: npt.NDArray[np.float64]) -> Figure:
        """Make a figure, 0 to 1, that is a sum of absolute gaps, of which ``moved`` is the sum too.

        Chance in the sample opens gaps where there are none, and resampling opens them once more:
        all resamples may lie above the figure, and the truth below it. It is below by no more than
        by how far the sample moved the gaps, added up (the triangle inequality), and how far that
        may be is read from how far the resamples move them, ``moved`` (of the data first, 0). So
        the interval begins below the figure by the 97.5th percentile of that, and ends above it by
        that of the resamples over their mean, within 0 to 1.
        """
        plain = cls.of(values)
        if plain.value is None or plain.low is None or plain.high is None:
            return plain
        low = plain.value - float(np.percentile(moved[1:], _INTERVAL[1]))
        high = plain.value + plain.high - float(values[1:].mean())
        return cls(plain.value, max(0.0, low), min(1.0, max(plain.value, high)))

    @classmethod
    def wilson(cls, count: int, total: int) -> Figure:
        """Return a share with its 95% score interval (Wilson 1927), good for few sentences too.

        >>> str(Figure.wilson(0, 20)), str(Figure.wilson(10, 20))
        ('0.00 [0.00, 0.16]', '0.50 [0.30, 0.70]')
        """
        if not total:
            return cls(None, None, None)
        share, square = count / total, _NORMAL_975**2
        middle = (share + square / (2 * total)) / (1 + square / total)
        half = _NORMAL_975 / (1 + square / total)
        half *= math.sqrt(share * (1 - share) / total + square / (4 * total**2))
        # The interval holds the share, though rounding may put an end a hair inside of 0 or 1.
        return cls(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))

    def as_share(self) -> str:
        """Write a share: below a tenth with a third decimal, or a rare frame would be no frame.

        >>> Figure(0.0031, 0.0012, 0.0054).as_share(), Figure(0.25, 0.2, 0.31).as_share()
        ('0.003 [0.001, 0.005]', '0.25 [0.20, 0.31]')
        """
        return self._written(3 if self.value is not None and 0 < self.value < 0.1 else 2)

    def __str__(self) -> str:
        return self._written(2)

    def _written(self, decimals: int) -> str:
        if self.value is None:
            return "undefined"
        if self.low is None or self.high is None:
            return f"{self.value:.{decimals}f}"
        return f"{self.value:.{decimals}f} [{self.low:.{decimals}f}, {self.high:.{decimals}f}]"


@dataclass(frozen=True)
class FrameScores:
    """How well one frame is found.

    Attributes:
        support: sentences that carry the frame in gold.
        units: documents that do (of a set of one document: sentences). Of fewer than five,
            intervals may be too narrow.
        predicted: sentences that were given the frame.
        precision, recall, f1: of presence, 0 to 1. Precision is 0 where the frame was never given.
        average_precision: of P(frame), 0 to 1.
        ece: expected calibration error of P(frame), 0 to 1.
        stance_f1: macro-F1 over the stances that gold has in the sentences where the frame is
            rightly found.
        end_to_end_f1: macro-F1 over the stances that gold has, where missing the frame misses its
            stance.
        stance_left_out: stances that ``stance_f1`` is not over, since gold has them in no sentence
            where the frame is rightly found.
    """

    support: int
    units: int
    predicted: int
    precision: Figure
    recall: Figure
    f1: Figure
    average_precision: Figure
    ece: Figure
    stance_f1: Figure
    end_to_end_f1: Figure
    stance_left_out: tuple[str, ...]


@dataclass(frozen=True)
class StanceScores:
    """How well stances are told apart, all frames pooled.

    Attributes:
        support: gold frames whose stance was coded; the others count for presence only.
        macro_f1: over favor, neutral and against, where the frame is rightly found.
        end_to_end_macro_f1: the same over all gold and predicted frames: the state must match.
        f1, end_to_end_f1: the parts of the two means, stance → figure.
        left_out: stances that ``macro_f1`` is not over, since gold has them in no frame that is
            rightly found.
    """

    support: int
    macro_f1: Figure
    end_to_end_macro_f1: Figure
    f1: Mapping[str, Figure]
    end_to_end_f1: Mapping[str, Figure]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Evaluation:
    """All figures of one model on one labelled set.

    A frame that never occurs in gold has no figure but its calibration error, and is left out of
    every macro figure; so is a stance, and of the stance F1 where the frame is rightly found one
    whose frames were all missed. In a resample without the frame, the mean is over the rest.

    Attributes:
        sentences, documents: size of the set.
        resampled: what the bootstrap drew: ``documents``, or ``sentences`` where there is only one.
        resamples: number of resamples behind each interval.
        macro_precision, macro_recall, macro_f1, macro_average_precision, ece: means over frames.
        exact_match: share of sentences whose predicted frames are the gold frames, stance aside.
        exact_match_with_stance: share where the stances are right too (one not coded is right).
        stance: the stance figures, frames pooled.
        frames: frame → its figures, in the order of the codebook.
        left_out: frames that never occur in gold.
        trained_on: how many of the sentences the model was trained on, which makes its figures too
            good; None where that is not known.
    """

    sentences: int
    documents: int
    resampled: str
    resamples: int
    macro_precision: Figure
    macro_recall: Figure
    macro_f1: Figure
    macro_average_precision: Figure
    ece: Figure
    exact_match: Figure
    exact_match_with_stance: Figure
    stance: StanceScores
    frames: Mapping[str, FrameScores]
    left_out: tuple[str, ...]
    trained_on: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON data; ``None`` (null) is what is not defined, never NaN."""
        return asdict(self)


@dataclass(frozen=True)
class Comparison:
    """How much higher a second model scores than a first one, on the same labelled set.

    Where an interval holds 0, the set does not tell which of the two is better.

    Attributes:
        sentences, documents: size of the set.
        resampled, resamples: what the bootstrap drew, and how often; see ``Evaluation``.
        macro_f1: difference of the frames' macro-F1.
        stance_macro_f1: that of the stance macro-F1 where the frame is rightly found, over the
            stances that both models have a figure for. They may be right in other sentences.
        end_to_end_macro_f1: that of the stance macro-F1 over all gold and predicted frames.
    """

    sentences: int
    documents: int
    resampled: str
    resamples: int
    macro_f1: Figure
    stance_macro_f1: Figure
    end_to_end_macro_f1: Figure


@dataclass(frozen=True)
class ReliabilityBin:
    """The sentences whose P(frame) lies in ``(low, high]``: mean P(frame) and true share."""

    low: float
    high: float
    sentences: int
    mean_probability: float
    share_present: float
