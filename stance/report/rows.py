"""Result files → rows as the JSONL results hold them, whatever the format."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from stance.codebook import STANCES, composed, parse_labels
from stance.errors import CodebookError, InputError
from stance.files.cells import is_empty, is_missing, present_fields
from stance.files.records import read_table
from stance.files.text import clean
from stance.results import PROBABILITY, STANCE, is_scored

__all__ = ["checked", "read_results"]

# The columns of a result in which a cell may be empty.
_EMPTIED = ("frames", "uncertain", "explanations", PROBABILITY, STANCE)
# By integrated gradients a word can have more than the whole probability, others less than none;
# what lies this far beyond is no weight, and the page could not hold it.
_MAX_WEIGHT = 1e6

WordSpan: TypeAlias = tuple[int, int, float]


def read_results(path: str | Path) -> Iterator[dict[str, Any]]:
    """Read the rows of a result, one a sentence, in the form of its JSON lines.

    Every row has ``document``, ``text``, ``frames`` and ``probabilities``; the other columns are
    passed on. A CSV or Parquet result has no ``stances``, since it keeps the likeliest alone.
    Labelled rows without probabilities, such as gold labels, are read too: their
    ``probabilities`` are empty.

    Args:
        path: ``.jsonl``, ``.csv``, ``.tsv`` or ``.parquet``, plain or compressed.

    Raises:
        InputError: the file is missing, of another type, or has a row that is no result. The
            message names the file and the line.
        MissingExtraError: Parquet without pyarrow.

    >>> next(read_results("seeds/labels.jsonl"))["frames"]
    {'defensive_balancing': 'favor'}
    """
    file = Path(path)
    expected = "expected .jsonl, .csv, .tsv or .parquet"
    for row in read_table(file, refusal=f"is not a result; {expected}"):
        try:
            yield checked(_nested(row.values), default_document=file.name)
        except InputError as error:
            raise InputError(f"{file} {row.place} {error}") from error


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as the JSONL results hold it, whatever it went through since."""
    row = _without_na(values) if is_scored(values) else dict(values)
    if isinstance(row.get("explanations"), str):
        row["explanations"] = _from_json(row["explanations"])
    if isinstance(row.get("uncertain"), str):
        row["uncertain"] = [frame for frame in row["uncertain"].split(";") if frame]
    for name in ("probabilities", "stances", "explanations"):
        row[name] = present_fields(row.get(name))
    scored = [
        name.removeprefix(PROBABILITY)
        for name in values
        if name.startswith(PROBABILITY) and STANCE + name.removeprefix(PROBABILITY) in values
    ]
    if not scored or isinstance(row["probabilities"], Mapping):
        return row
    own = {prefix + frame for frame in scored for prefix in (PROBABILITY, STANCE)}
    # Results of two codebooks that were put together have empty cells: each knows its own frames.
    found = {frame: row[PROBABILITY + frame] for frame in scored}
    return {
        **{name: value for name, value in row.items() if name not in own},
        "probabilities": {frame: p for frame, p in found.items() if not is_empty(p)},
    }


def _without_na(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model's row as it was before R wrote NA into its empty cells."""
    return {
        name: "" if value == "NA" and name.startswith(_EMPTIED) else value
        for name, value in values.items()
    }


def checked(values: Mapping[str, Any], *, default_document: str = "document") -> dict[str, Any]:
    """Return a row with all that a report reads, each part of the type it should have.

    Raises:
        InputError: a part is missing or of another type; the message starts with ``has``.
    """
    text = values.get("text")
    if not isinstance(text, str) or not text.strip():
        raise InputError("has no 'text'; expected a sentence, as stance label writes it")
    if "frames" not in values:
        raise InputError("has no 'frames'; expected a result, as stance label writes it")
    document = values.get("document")
    text = clean(text)
    return {
        **values,
        "document": clean(default_document if is_empty(document) else str(document)),
        "index": _whole(values, "index"),
        "start": _whole(values, "start"),
        "end": _whole(values, "end"),
        "text": text,
        "frames": _frames(values["frames"]),
        "probabilities": _probabilities(values.get("probabilities"), "the probability of"),
        "stances": {
            frame: _probabilities(stances, f"the stances of {frame}:")
            for frame, stances in _mapping(values.get("stances"), "stances").items()
        },
        "uncertain": _names(values.get("uncertain")),
        "explanations": _explanations(values.get("explanations"), len(text)),
    }


def _mapping(value: object, what: str) -> dict[str, Any]:
    if is_missing(value):
        return {}
    if not isinstance(value, Mapping):
        raise InputError(f"has a {type(value).__name__} for {what}; expected an object")
    return {composed(clean(str(name))): found for name, found in value.items()}


def _names(value: object) -> list[str]:
    if is_missing(value):
        return []
    if not isinstance(value, list):
        raise InputError(f"has a {type(value).__name__} for uncertain; expected a list of frames")
    return [composed(clean(str(name))) for name in value]


def _whole(values: Mapping[str, Any], name: str) -> int | None:
    """Return a whole number, also where other rows of its column made it 3.0; else None."""
    value = str(values.get(name)).strip().removesuffix(".0")
    try:
        return int(value) if value.isdecimal() else None
    except ValueError as error:  # Python reads no number of so many digits, and writes none.
        raise InputError(f"has thousands of digits as {name}; expected a whole number") from error


def _frames(frames: object) -> dict[str, str | None]:
    if isinstance(frames, str):
        try:
            return dict(parse_labels(frames))
        except CodebookError as error:
            raise InputError(f"has frames that cannot be read: {error}") from error
    found = _mapping(frames, "frames")
    for frame, stance in found.items():
        if stance is not None and stance not in STANCES:
            raise InputError(
                f"gives {frame} the stance {str(stance)[:60]!r}; expected {', '.join(STANCES)}"
            )
    return found


def _probabilities(values: object, what: str) -> dict[str, float]:
    found = {}
    for name, value in _mapping(values, what).items():
        try:
            found[name] = float(value)
        except (TypeError, ValueError, OverflowError):
            found[name] = math.nan
        if not 0 <= found[name] <= 1:
            raise InputError(f"has {str(value)[:60]!r} as {what} {name}; expected 0 to 1")
    return found


def _explanations(values: object, length: int) -> dict[str, list[WordSpan]]:
    found = {}
    for frame, words in _mapping(values, "explanations").items():
        try:
            found[frame] = [(int(start), int(end), float(weight)) for start, end, weight in words]
        except (TypeError, ValueError, OverflowError):
            found[frame] = [(-1, 0, 0.0)]
        for start, end, weight in found[frame]:
            if not (0 <= start <= end <= length and abs(weight) <= _MAX_WEIGHT):
                raise InputError(
                    f"has explanations of {frame} that cannot be read; expected "
                    "[[start, end, weight], ...], with offsets into the text"
                )
    return found


def _from_json(text: str) -> object:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text
