"""JSON of a file that a stranger may have written: small, shallow, and without two meanings."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

__all__ = ["MAX_JSON_BYTES", "read_json"]

MAX_JSON_BYTES = 32 * 2**20

# The deepest file of a model has six levels.
_MAX_DEPTH = 64
# The largest number that transformers writes has 31.
_MAX_DIGITS = 100


def read_json(path: str | Path) -> Any:
    """Read a JSON file.

    Stricter than the standard library: a name given twice (of which readers take the one or the
    other), numbers that are not finite, whole numbers of more than 100 digits and more than 64
    levels are refused.

    Raises:
        ValueError: the file is no regular file, larger than 32 MiB, or no such JSON. The message
            goes on a sentence that begins with the path.
        OSError: it cannot be read.
    """
    file = Path(path)
    if file.exists() and not file.is_file():
        raise ValueError("is not a regular file")
    with file.open("rb") as stream:
        data = stream.read(MAX_JSON_BYTES + 1)
    if len(data) > MAX_JSON_BYTES:
        raise ValueError(f"is larger than {MAX_JSON_BYTES >> 20} MiB")
    try:
        found = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_float=_finite,
            parse_int=_whole,
            parse_constant=_finite,
        )
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    except ValueError as error:
        raise ValueError(f"cannot be read as JSON: {str(error)[:160]}") from None
    _check_depth(found)
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    twice = next(name for name, number in Counter(name for name, _ in pairs).items() if number > 1)
    raise ValueError(f"the name {twice[:60]!r} stands there twice")


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number[:20]} is not a finite number")
    return value


def _whole(number: str) -> int:
    if len(number) > _MAX_DIGITS:
        raise ValueError(f"a number of {len(number):,} digits")
    return int(number)


def _check_depth(found: object) -> None:
    level = [found]
    for _ in range(_MAX_DEPTH):
        level = [
            child
            for value in level
            if isinstance(value, (dict, list))
            for child in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise ValueError(f"is nested more than {_MAX_DEPTH} levels deep")
