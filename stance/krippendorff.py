"""Krippendorff's alpha for nominal values: of the units as they are, and as a bootstrap draws them.

Source: Krippendorff 2011, Computing Krippendorff's Alpha-Reliability. The package ``krippendorff``
is not used: it is under the GPL.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from stance.errors import InputError

__all__ = ["MISSING", "krippendorff_alpha", "terms_of", "weighted_alphas"]

#: Stands in a table of values where a coder gave none.
MISSING = -1

Floats = npt.NDArray[np.float64]


def krippendorff_alpha(values: npt.ArrayLike) -> float | None:
    """Return Krippendorff's alpha for nominal values, 1 at most; ``None`` where it is not defined.

    Source: Krippendorff 2011, Computing Krippendorff's Alpha-Reliability. A unit counts if two
    coders or more gave it a value. Alpha is not defined where all those values are one.

    Args:
        values: ``(coders, units)`` integers from 0; -1 where a coder gave no value.

    Raises:
        InputError: not a table of such integers.

    >>> krippendorff_alpha([[0, 1, 1, 0], [0, 1, 1, -1]])
    1.0
    """
    table = np.asarray(values)
    if table.ndim != 2 or table.dtype.kind not in "iu" or (table < MISSING).any():
        raise InputError(
            f"alpha was asked for an array of shape {table.shape} ({table.dtype}); expected "
            "(coders, units), integers from 0, and -1 where a coder gave no value"
        )
    (alpha,) = weighted_alphas(terms_of(table), np.ones((1, table.shape[1])))
    return None if np.isnan(alpha) else float(alpha)


def terms_of(table: npt.NDArray[np.int64]) -> Floats:
    """Return what each unit adds to alpha: its disagreement, then how often it has each value.

    Args:
        table: ``(coders, units)`` integers from 0, and ``MISSING``.

    Returns:
        ``(units, 1 + values)``; zeros for a unit with fewer than two values. The terms of units
        that stand for one another may be added up before they are weighted.
    """
    # counts[u, v]: how many coders gave unit u the value v.
    counts = (table[:, :, None] == np.unique(table[table != MISSING])).sum(axis=0)
    counts[counts.sum(axis=1) < 2] = 0
    given = counts.sum(axis=1)
    disagreement = (given**2 - (counts**2).sum(axis=1)) / np.maximum(given - 1, 1)
    return np.column_stack([disagreement, counts]).astype(np.float64)


def weighted_alphas(terms: Floats, weights: Floats) -> Floats:
    """Return alpha for each row of weights ``(draws, units)``: how often each unit is drawn.

    NaN where only one value was drawn, and alpha is not defined.
    """
    sums = weights @ terms
    observed, counts = sums[:, 0], sums[:, 1:]
    total = counts.sum(axis=1)
    expected = total**2 - (counts**2).sum(axis=1)
    defined = expected > 0
    return np.where(defined, 1 - (total - 1) * observed / np.where(defined, expected, 1), np.nan)
