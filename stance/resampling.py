"""The resamples of a bootstrap: how often each draws each document, sentence or decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stance.errors import InputError
from stance.options import whole_number

__all__ = ["Resamples", "check_drawing", "draw", "ratio", "resample_weights"]

# Weights (resamples × sentences) held at once: 16 MB, whatever the size of the data.
_CHUNK = 2_000_000

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Resamples(NamedTuple):
    """What is resampled, and how often each resample draws each sentence.

    Attributes:
        documents: how many there are.
        resampled: ``documents``, or ``sentences`` where there is one document alone.
        units: of each sentence, the number of what is drawn with it.
        weights: arrays of shape (some resamples, sentences); the first of all holds ones.
    """

    documents: int
    resampled: str
    units: Ints
    weights: Iterator[Floats]

    def units_with(self, there: npt.NDArray[np.bool_]) -> list[int]:
        """Count the units that have something, for each column of ``there``, (sentences, columns).

        Of what few units have, an interval is too narrow: the resamples differ in these few alone.
        """
        return [len(np.unique(self.units[column])) for column in there.T]


def draw(documents: Sequence[object], sentences: int, resamples: int, seed: int) -> Resamples:
    """Draw documents anew, or the sentences of a single one.

    Args:
        documents: the document of each sentence.
        sentences: how many there are.
        resamples: how often to draw; 0 for the data as they are alone.
        seed: the same seed gives the same resamples.

    Raises:
        InputError: ``documents`` is of another length, or ``resamples`` or ``seed`` below 0.
    """
    check_drawing(resamples, seed)
    groups = _groups(documents, sentences)
    total = int(groups.max()) + 1
    resampled = "documents" if total > 1 else "sentences"
    units = groups if total > 1 else np.arange(sentences)
    return Resamples(total, resampled, units, resample_weights(units, resamples, seed))


def check_drawing(resamples: int, seed: int) -> None:
    """Refuse numbers that nothing can be drawn with.

    Raises:
        InputError: one of them is below 0, or no whole number.
    """
    whole_number("resamples", resamples, 0)
    whole_number("seed", seed, 0)


def ratio(part: Floats, whole: Floats) -> Floats:
    """Divide what was counted in each resample; NaN where the whole is 0.

    >>> ratio(np.array([1.0, 0.0]), np.array([2.0, 0.0])).tolist()
    [0.5, nan]
    """
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def resample_weights(units: Ints, resamples: int, seed: int) -> Iterator[Floats]:
    """Yield how often each resample draws each row, some resamples at a time.

    Args:
        units: of each row, the number (from 0) of what is drawn with it: its document, or itself.
        resamples: how often to draw.
        seed: the same seed gives the same resamples.

    Yields:
        Arrays of shape (some resamples, rows). First come ones: the data as they are.
    """
    yield np.ones((1, len(units)))
    generator = np.random.default_rng(seed)
    total = int(units.max()) + 1
    step = max(1, _CHUNK // len(units))
    for start in range(0, resamples, step):
        count = min(step, resamples - start)
        drawn = generator.integers(total, size=(count, total))
        drawn += total * np.arange(count)[:, None]
        times = np.bincount(drawn.ravel(), minlength=count * total).reshape(count, total)
        yield times[:, units].astype(np.float64)


def _groups(documents: Sequence[object], sentences: int) -> Ints:
    """Number the documents from 0, in order of appearance."""
    if len(documents) != sentences:
        raise InputError(
            f"there are {len(documents)} documents' names for {sentences} sentences; "
            "expected one a sentence"
        )
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in documents])
