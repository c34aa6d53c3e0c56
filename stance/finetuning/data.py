"""What a user trains on → labelled rows, and the codebook that they ask for."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

from stance.codebook import Codebook, Frame, composed, read_labels
from stance.errors import CodebookError, InputError
from stance.files import LabelledRow, read_labelled
from stance.files.annotations import SUGGESTED_COLUMN
from stance.files.cells import is_empty, is_missing, missing_column
from stance.files.sources import kind_of
from stance.files.tables import Row, TableFile
from stance.files.text import clean

__all__ = [
    "GROUP_COLUMN",
    "Columns",
    "Data",
    "choose_codebook",
    "digest",
    "distinct_ids",
    "read_as_absent",
    "read_data",
]

#: A file, several files, or rows: a ``datasets.Dataset``, a pandas frame, a pyarrow table,
#: mappings, LabelledRows.
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
            list of such files; a ``datasets.Dataset``; a pandas frame; a pyarrow table; or rows, as
            mappings of column → value or as ``LabelledRow``. A stance of None was not coded. But
            where a table of columns (Dataset, pandas, pyarrow, Parquet) names the same frames in
            every row, as a struct does, None stands for a frame that is absent. Where a table in
            memory has its labels as text, an empty cell stands for no frame.
        columns: of the text, the labels and what rows are grouped by; rows need no ``id`` to be
            grouped by it, each is then by itself.
        note: called with a line on what an export, None for a stance, or an empty cell of a table
            was taken for.

    Raises:
        InputError: there is no row, a row cannot be read, has no text or is not labelled, or no row
            has the column to group by.
    """
    if isinstance(data, (str, Path)):
        data = [data]
    if hasattr(data, "to_dict") and hasattr(data, "columns"):
        rows = _from_table(data.to_dict("records"), columns, note)
    elif hasattr(data, "column_names") and not isinstance(data, Mapping):
        # A table of pyarrow is a sequence of its columns, a Dataset one of its rows.
        items = data.to_pylist() if hasattr(data, "to_pylist") else list(data)
        rows = _from_table(items, columns, note)
    elif isinstance(data, Iterable) and not isinstance(data, Mapping):
        rows = _from_list(list(data), columns, note)
    else:
        raise InputError(
            f"the data are a {type(data).__name__}; expected a file, a datasets.Dataset (one "
            "split), a pandas frame, a pyarrow table, or a list of rows"
        )
    if not rows:
        raise InputError("the data hold no rows; expected labelled sentences")
    if columns[2] not in (GROUP_COLUMN, "id") and all(row.document == row.id for row in rows):
        raise InputError(f"no row has a value in {columns[2]!r}, the column to group by")
    _tell_of_frames_everywhere(rows, note)
    return [
        replace(
            row,
            id=clean(row.id),
            document=clean(row.document),
            text=clean(row.text),
            # Rows go to other processes, as read-only mappings cannot.
            frames={composed(frame): stance for frame, stance in row.frames.items()},
        )
        for row in rows
    ]


def choose_codebook(
    rows: Sequence[LabelledRow], given: Codebook | None, base: Codebook | None
) -> Codebook:
    """Return the codebook to train: the given one, the base's, or one of the rows' own frames.

    The base's is taken where it has all the rows' frames. A frame that it has keeps its definition.

    Raises:
        CodebookError: the given codebook lacks a frame, a frame's name is none, or a stance is
            none of the three.
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
        # By name: the same frames in another order of rows, as in a fold, have the same columns.
        frames = tuple(known.get(name) or _frame_of(name, rows) for name in sorted(found))
        book = Codebook(frames, name="from the rows")
    for row in rows:
        try:
            book.check(row.frames)
        except CodebookError as error:
            raise CodebookError(f"row {row.id}: {error}") from error
    return book


def _frame_of(name: str, rows: Sequence[LabelledRow]) -> Frame:
    """Return a frame of the rows' own, once a codebook takes its name."""
    try:
        return Codebook((Frame(name),)).frames[0]
    except CodebookError as error:
        row = next(row for row in rows if name in row.frames)
        raise CodebookError(f"row {row.id}: {error}") from error


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
    if not all(isinstance(item, LabelledRow) for item in items):
        return _from_mappings(items, columns)
    if columns[2] not in (GROUP_COLUMN, "id"):
        raise InputError(
            f"a LabelledRow has no {columns[2]!r} to group by; expected document or id, or rows as "
            "mappings of column → value"
        )
    return _by_id(items) if columns[2] == "id" else items


def _from_files(
    files: Sequence[Path], columns: Columns, note: Callable[[str], None]
) -> list[LabelledRow]:
    text, frames, group = columns
    rows: list[LabelledRow] = []
    taken: set[str] = set()
    # Every row has an id, even where its file has no column of them.
    column = GROUP_COLUMN if group == "id" else group
    for number, file in enumerate(files, start=1):
        found = read_labelled(file, text_column=text, frames_column=frames, document_column=column)
        if not found.rows:
            raise InputError(f"{file} has no rows; expected labelled sentences")
        if found.note:
            note(found.note)
        if kind_of(file) == "parquet" and (empty := _rows_with_nulls(file, frames)):
            note(read_as_absent(empty, file.name))
        grouped = _by_id(found.rows) if group == "id" else found.rows
        rows += [_apart(row, taken, number) for row in grouped]
        taken.update(row.document for row in grouped)
    return rows


def _by_id(rows: Iterable[LabelledRow]) -> list[LabelledRow]:
    return [replace(row, document=row.id) for row in rows]


def _apart(row: LabelledRow, taken: Set[str], number: int) -> LabelledRow:
    """Name a row that is its own document anew where one of an earlier file has its name.

    Rows without an id are called FILE:ROW, and each of two folders may hold such a FILE. Within a
    file the same name means the same document.
    """
    if row.document != row.id or row.id not in taken:
        return row
    name = f"{row.id} (file {number})"
    return replace(row, id=name, document=name)


def _from_table(
    items: Sequence[Mapping[str, Any]], columns: Columns, note: Callable[[str], None]
) -> list[LabelledRow]:
    """Read the rows of a table, and say what an empty cell was taken for: it may mean either."""
    column = columns[1]
    labels = [item[column] for item in items if isinstance(item.get(column), Mapping)]
    struct = len({frozenset(found) for found in labels}) == 1
    if empty := sum(map(_has_none, labels)):
        note(
            read_as_absent(empty, "the table")
            if struct
            else f"{empty:,} rows of the table have None for a frame; the rows name different "
            "frames, so it is read as a stance that was not coded: leave out what is absent"
        )
    # Of CSV, pandas makes NaN of the empty cell that stands for no frame.
    text = not labels and not any(SUGGESTED_COLUMN in item for item in items)
    blank = sum(column in item and is_missing(item[column]) for item in items)
    if blank and text:
        note(
            f"{blank:,} rows of the table have an empty cell for their labels; it is read as "
            "labelled, with no frame: take out the rows that nobody labelled"
        )
    rows = [
        {**item, column: _cell(item[column], struct=struct, text=text)} if column in item else item
        for item in items
    ]
    return _from_mappings(rows, columns)


def _cell(value: object, *, struct: bool, text: bool) -> object:
    """Return the labels in a cell of a table as rows by themselves have them."""
    if isinstance(value, Mapping):
        stances = {f: None if is_missing(stance) else stance for f, stance in value.items()}
        return {f: s for f, s in stances.items() if not (struct and s is None)}
    if is_missing(value):
        return {} if text else None
    return value


def _has_none(labels: object) -> bool:
    return isinstance(labels, Mapping) and any(map(is_missing, labels.values()))


def _rows_with_nulls(file: Path, column: str) -> int:
    """Count the rows of a Parquet file with a null among their labels: reading leaves those out."""
    rows = TableFile(file, "parquet", columns=[column])
    return sum(isinstance(row, Row) and _has_none(row.values[column]) for row in rows)


def read_as_absent(number: int, where: str) -> str:
    """Say how None was read in so many rows of a struct."""
    return (
        f"{number:,} rows of {where} have None for a frame; all rows name the same frames, so it "
        "is read as absent: where a stance was not coded, give the labels as text"
    )


def _tell_of_frames_everywhere(rows: Sequence[LabelledRow], note: Callable[[str], None]) -> None:
    """Say how null was read in rows as a table is written to JSON: with every frame in each."""
    everywhere = len({frozenset(row.frames) for row in rows}) == 1 and len(rows[0].frames) > 1
    empty = sum(None in row.frames.values() for row in rows)
    if empty and everywhere:
        note(
            f"{empty:,} rows have a frame without a stance (null in JSON), and all rows name the "
            "same frames; it is read as present, its stance not coded: leave out what is absent"
        )


def _from_mappings(items: Iterable[Any], columns: Columns) -> list[LabelledRow]:
    rows = []
    for number, item in enumerate(items, start=1):
        if not isinstance(item, Mapping):
            raise InputError(f"row {number} is a {type(item).__name__}; expected column → value")
        rows.append(_row(number, item, columns))
    return rows


def _row(number: int, values: Mapping[str, Any], columns: Columns) -> LabelledRow:
    for column in columns[:2]:
        if column not in values:
            raise InputError(f"row {number} {missing_column(column, values)}")
    text = values[columns[0]]
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"row {number} has no text in {columns[0]!r}; expected a sentence")
    try:
        cell = values[columns[1]]
        frames = read_labels(None if is_missing(cell) else cell)
    except CodebookError as error:
        raise CodebookError(f"row {number}: {error}") from error
    name = values.get("id")
    row_id = f"row {number}" if is_empty(name) else str(name)
    group = values.get(columns[2])
    return LabelledRow(row_id, row_id if is_empty(group) else str(group), text, frames)


def distinct_ids(rows: Sequence[LabelledRow]) -> list[LabelledRow]:
    """Return the rows with ids that are all different."""
    given = {row.id for row in rows}
    seen: set[str] = set()
    numbers: dict[str, Iterator[int]] = defaultdict(lambda: count(2))
    named = []
    for row in rows:
        if row.id in seen:
            names = (f"{row.id} ({number})" for number in numbers[row.id])
            named.append(replace(row, id=next(name for name in names if name not in given)))
        else:
            named.append(row)
        seen.add(row.id)
    return named
