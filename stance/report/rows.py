"""Result files → rows as the JSONL results hold them, whatever the format."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stance.codebook import STATES, parse_labels
from stance.errors import CodebookError, InputError
from stance.files.formats import RESULT_COLUMNS, from_cell
from stance.files.sources import kind_of
from stance.files.tables import TABLES, BadRow, TableFile
from stance.files.text import clean

__all__ = ["read_results"]

_PROBABILITY, _STANCE = "p_", "stance_"


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
    kind = kind_of(file)
    if kind not in TABLES:
        raise InputError(f"{file} is not a result; expected .jsonl, .csv, .tsv or .parquet")
    try:
        for row in TableFile(file, kind):
            if isinstance(row, BadRow):
                raise InputError(f"{row.place} {row.reason}")
            try:
                yield _result(_plain(row.values, kind), default_document=file.name)
            except InputError as error:
                raise InputError(f"{row.place} {error}") from error
    except InputError as error:
        raise InputError(f"{file} {error}") from error


def _plain(values: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return a flat row as a nested one; a nested one as it is."""
    if kind in ("csv", "tsv") and values.keys() >= set(RESULT_COLUMNS):
        values = {name: from_cell(cell) for name, cell in values.items()}
    if kind == "jsonl":
        return dict(values)
    scored = [
        name.removeprefix(_PROBABILITY)
        for name in values
        if name.startswith(_PROBABILITY) and _STANCE + name.removeprefix(_PROBABILITY) in values
    ]
    own = {prefix + frame for frame in scored for prefix in (_PROBABILITY, _STANCE)}
    row = {name: value for name, value in values.items() if name not in own}
    row["probabilities"] = {frame: values[_PROBABILITY + frame] for frame in scored}
    row["uncertain"] = [frame for frame in str(row.get("uncertain") or "").split(";") if frame]
    if isinstance(row.get("explanations"), str):
        row["explanations"] = _from_json(row["explanations"])
    return row


def _result(values: dict[str, Any], *, default_document: str) -> dict[str, Any]:
    text = values.get("text")
    if not isinstance(text, str) or not text.strip():
        raise InputError(
            "has no 'text'; expected a sentence and its frames, as stance label writes"
        )
    if "frames" not in values:
        raise InputError("has no 'frames'; expected a result, as stance label writes it")
    document = values.get("document")
    return values | {
        "document": clean(str(default_document if document in (None, "") else document)),
        "text": clean(text),
        "frames": _frames(values["frames"]),
        "probabilities": _probabilities(values.get("probabilities") or {}),
        "explanations": _explanations(values.get("explanations") or {}),
    }


def _frames(frames: object) -> dict[str, str | None]:
    if isinstance(frames, str):
        try:
            return dict(parse_labels(frames))
        except CodebookError as error:
            raise InputError(f"has frames that cannot be read: {error}") from error
    if not isinstance(frames, Mapping):
        raise InputError(f"has a {type(frames).__name__} for frames; expected frame: stance")
    for frame, stance in frames.items():
        if stance is not None and stance not in STATES[1:]:
            raise InputError(
                f"gives {frame} the stance {str(stance)[:60]!r}; expected {', '.join(STATES[1:])}"
            )
    return {str(frame): stance for frame, stance in frames.items()}


def _probabilities(values: object) -> dict[str, float]:
    found = {}
    for frame, value in values.items() if isinstance(values, Mapping) else [("P", values)]:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not 0 <= number <= 1:
            raise InputError(
                f"has {str(value)[:60]!r} as the probability of {frame}; expected 0 to 1"
            )
        found[str(frame)] = number
    return found


def _explanations(values: object) -> dict[str, list[tuple[int, int, float]]]:
    try:
        if not isinstance(values, Mapping):
            raise TypeError
        return {
            str(frame): [(int(start), int(end), float(weight)) for start, end, weight in words]
            for frame, words in values.items()
        }
    except (TypeError, ValueError):
        raise InputError(
            'has explanations that cannot be read; expected {"frame": [[start, end, weight], ...]}'
        ) from None


def _from_json(text: str) -> object:
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return text
