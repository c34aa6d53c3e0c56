"""A cell of a table: whether it is empty, whatever wrote the table; and what lacks a column."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from itertools import islice

__all__ = ["is_empty", "is_missing", "missing_column", "present_fields"]

_SHOWN_COLUMNS = 1000
# How alike a name has to be to have been meant: "outlet" is no slip of the pen for "text".
_ALIKE = 0.7


def present_fields(values: object) -> object:
    """Return a Parquet struct without its nulls: it has a field for every frame of the file.

    >>> present_fields({"cooperation": "favor", "rivalry": None})
    {'cooperation': 'favor'}
    """
    if not isinstance(values, Mapping):
        return values
    return {name: value for name, value in values.items() if value is not None}


def is_missing(value: object) -> bool:
    """Say whether a cell is empty: None, or the NaN, NaT or NA that pandas puts there.

    >>> is_missing(None), is_missing(float("nan")), is_missing("")
    (True, True, False)
    """
    if value is None or type(value).__name__ == "NAType":  # NA is neither true nor false.
        return True
    return bool(value != value)  # noqa: PLR0124


def is_empty(value: object) -> bool:
    """Say whether a cell names nothing: it is missing, or holds white space alone.

    >>> is_empty(float("nan")), is_empty(" "), is_empty(0)
    (True, True, False)
    """
    return is_missing(value) or (isinstance(value, str) and not value.strip())


def missing_column(column: str, found: Iterable[str]) -> str:
    """Say that a column is missing, what is there instead, and which was perhaps meant.

    >>> missing_column("text", ["body", "texts"])
    "has no column 'text' (did you mean 'texts'?); it has body, texts"
    """
    names = [str(name) for name in islice(found, _SHOWN_COLUMNS)]
    alike = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(column.casefold(), alike, n=1, cutoff=_ALIKE)
    guess = f" (did you mean {alike[close[0]]!r}?)" if close else ""
    return f"has no column {column!r}{guess}; it has {', '.join(names)[:200] or 'none'}"
