"""What a user trains on → labelled rows, and the codebook that they ask for."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from stance.codebook import Codebook, Frame, parse_labels
from stance.errors import CodebookError, InputError
from stance.files import LabelledRow, read_labelled
from stance.files.tables import missing_column

__all__ = ["Columns", "Data", "choose_codebook", "digest", "read_data"]

#: A file, several files, or rows: a ``datasets.Dataset``, a pandas frame, mappings, LabelledRows.
Data: TypeAlias = Any

#: Where the text, the labels and the group are: three names of columns.
Columns: TypeAlias = tuple[str, str, str]

GROUP_COLUMN = "document"

logger = logging.getLogger("stance.finetune")


def read_data(
    data: Data, columns: Columns, *, note: Callable[[str], None] = logger.warning
) -> list[LabelledRow]:
    """Read labelled rows from whatever holds them.

    Args:
        data: a JSONL, CSV, TSV or Parquet file, an export of Label Studio (JSON) or doccano, or a
            list of such files; a ``datasets.Dataset``; a pandas frame; or rows, as mappings of
            column → value or as ``LabelledRow``. In a table of columns (Dataset, pandas, Parquet)
            an object of frames has a value for every frame, so that a missing one there stands for
            a frame that is absent.
        columns: of the text, the labels and what rows are grouped by.
        note: called with a line for each export: what it was taken for.

    Raises:
        InputError: there is no row, a row cannot be read, has no text or is not labelled, or no row
            has the column to group by.
    """
    if isinstance(data, (str, Path)):
        data = [data]
    if hasattr(data, "to_dict") and hasattr(data, "columns"):
        rows = _from_mappings(data.to_dict("records"), columns, table=True)
    elif hasattr(data, "column_names") and not isinstance(data, Mapping):
        rows = _from_mappings(iter(data), columns, table=True)
    elif isinstance(data, Iterable) and not isinstance(data, Mapping):
        rows = _from_list(list(data), columns, note)
    else:
        raise InputError(
            f"the data are a {type(data).__name__}; expected a file, a datasets.Dataset (one "
            "split), a pandas frame, or a list of rows"
        )
    if not rows:
        raise InputError("the data hold no rows; expected labelled sentences")
    if columns[2] not in (GROUP_COLUMN, "id") and all(row.document == row.id for row in rows):
        raise InputError(f"no row has a value in {columns[2]!r}, the column to group by")
    return rows


def choose_codebook(
    rows: Sequence[LabelledRow], given: Codebook | None, base: Codebook | None
) -> Codebook:
    """Return the codebook to train: the given one, the base's, or one of the rows' own frames.

    The base's is taken where it has all the rows' frames. A frame that it has keeps its definition.

    Raises:
        CodebookError: the given codebook lacks a frame, or a stance is none of the three.
        InputError: no row has a frame.
    """
    found = Counter(frame for row in rows for frame in row.frames)
    if not found:
        raise InputError(
            f"none of the {len(rows):,} rows has a frame; expected some with, such as "
            '{"cooperation": "favor"}'
        )
    book = given
    if book is None and base is not None and set(found) <= set(base.names):
        book = base
    if book is None:
        known = {frame.name: frame for frame in (base.frames if base else ())}
        book = Codebook(tuple(known.get(name, Frame(name)) for name in found), name="from the rows")
    for row in rows:
        try:
            book.check(row.frames)
        except CodebookError as error:
            raise CodebookError(f"row {row.id}: {error}") from error
    return book


def digest(rows: Iterable[LabelledRow]) -> str:
    """Return a SHA-256 of rows, by which the same data are known again."""
    found = hashlib.sha256()
    for row in rows:
        values = [row.id, row.document, row.text, dict(row.frames)]
        found.update(json.dumps(values, ensure_ascii=False).encode())
    return found.hexdigest()


def _from_list(
    items: list[Any], columns: Columns, note: Callable[[str], None]
) -> list[LabelledRow]:
    if all(isinstance(item, (str, Path)) for item in items):
        return _from_files([Path(item) for item in items], columns, note)
    if all(isinstance(item, LabelledRow) for item in items):
        return items
    return _from_mappings(items, columns, table=False)


def _from_files(
    files: Sequence[Path], columns: Columns, note: Callable[[str], None]
) -> list[LabelledRow]:
    text, frames, group = columns
    rows: list[LabelledRow] = []
    taken: set[str] = set()
    for number, file in enumerate(files, start=1):
        found = read_labelled(file, text_column=text, frames_column=frames, document_column=group)
        if not found.rows:
            raise InputError(f"{file} has no rows; expected labelled sentences")
        if found.note:
            note(found.note)
        rows += [_apart(row, taken, number) for row in found.rows]
        taken.update(row.document for row in found.rows)
    return rows


def _apart(row: LabelledRow, taken: Set[str], number: int) -> LabelledRow:
    """Name a row that is its own document anew where one of an earlier file has its name.

    Rows without an id are called FILE:ROW, and each of two folders may hold such a FILE. Within a
    file the same name means the same document.
    """
    if row.document != row.id or row.id not in taken:
        return row
    name = f"{row.id} (file {number})"
    return replace(row, id=name, document=name)


def _from_mappings(items: Iterable[Any], columns: Columns, *, table: bool) -> list[LabelledRow]:
    rows = []
    for number, item in enumerate(items, start=1):
        if not isinstance(item, Mapping):
            raise InputError(f"row {number} is a {type(item).__name__}; expected column → value")
        rows.append(_row(number, item, columns, table=table))
    return rows


def _row(number: int, values: Mapping[str, Any], columns: Columns, *, table: bool) -> LabelledRow:
    for column in columns[:2]:
        if column not in values:
            raise InputError(f"row {number} {missing_column(column, values)}")
    text = values[columns[0]]
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"row {number} has no text in {columns[0]!r}; expected a sentence")
    try:
        frames = _labels(values[columns[1]], table=table)
    except CodebookError as error:
        raise CodebookError(f"row {number}: {error}") from error
    name = values.get("id")
    row_id = f"row {number}" if _missing(name) else str(name)
    group = values.get(columns[2])
    return LabelledRow(row_id, row_id if _missing(group) else str(group), text, frames)


def _labels(value: object, *, table: bool) -> Mapping[str, str | None]:
    if isinstance(value, str):
        return parse_labels(value)
    if isinstance(value, Mapping):
        items = {str(frame): stance for frame, stance in value.items()}
        return {f: s for f, s in items.items() if not (table and _missing(s))}
    if table and _missing(value):
        return {}
    raise CodebookError(
        f"the labels are a {type(value).__name__}; expected an object such as "
        '{"cooperation": "favor"}, or the text cooperation:favor'
    )


def _missing(value: object) -> bool:
    """Say whether a cell is empty: None, or the NaN or NA that pandas puts there."""
    if value is None or type(value).__name__ == "NAType":  # NA is neither true nor false.
        return True
    return bool(value != value)  # noqa: PLR0124


def fold(text: str) -> str:
    """Return what two copies of a text share: its letters and digits, in lower case.

    >>> fold("They  met, again.") == fold("they met again")
    True
    """
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def distinct_ids(rows: Sequence[LabelledRow]) -> list[LabelledRow]:
    """Return the rows with ids that are all different."""
    seen: Counter[str] = Counter()
    named = []
    for row in rows:
        seen[row.id] += 1
        again = seen[row.id] > 1
        named.append(replace(row, id=f"{row.id} ({seen[row.id]})") if again else row)
    return named
