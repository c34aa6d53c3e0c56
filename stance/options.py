"""Options as they were given → the numbers, and the yes or no, that they have to be."""

from __future__ import annotations

from operator import index
from typing import Any

from stance.errors import InputError

__all__ = ["flag", "whole_number"]


def flag(name: str, value: object) -> bool:
    """Return what is True or False: a word such as "false", of a settings file, would be true.

    Raises:
        InputError: it is neither.

    >>> flag("force", True)
    True
    """
    # NumPy's are no bool, but equal one.
    if getattr(value, "ndim", 0) == 0 and value in (True, False):
        return bool(value)
    raise InputError(f"{name} is {value!r}; expected True or False")


def whole_number(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Return a whole number, NumPy's too, as Python's.

    Raises:
        InputError: it is none, or out of range.

    >>> import numpy as np
    >>> whole_number("threads", np.int64(2), 1)
    2
    """
    try:
        number = index(value)
    except TypeError:
        number = low - 1
    if number < low or (high is not None and number > high):
        expected = f"{low} or more (a whole number)"
        if high is not None:
            expected = f"a whole number from {low} to {high:,}"
        raise InputError(f"{name} is {value!r}; expected {expected}")
    return number
