"""Files of labelled sentences → their rows or records, as before they were made safe for a file."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from stance.errors import InputError
from stance.files.cells import present_fields
from stance.files.formats import RESULT_COLUMNS, SHEET_COLUMNS, from_cell
from stance.files.sources import kind_of
from stance.files.tables import TABLES, BadRow, Row, TableFile
from stance.files.text import decode, read_limited, reading

__all__ = ["DISPUTE_COLUMN", "as_it_was", "read_records", "read_table"]

#: The column by which a file of disputes can be told.
DISPUTE_COLUMN = "over"

logger = logging.getLogger("stance.files")

# What this package writes as a table has all columns of one of these.
_OWN = (frozenset(RESULT_COLUMNS), frozenset(SHEET_COLUMNS), frozenset({DISPUTE_COLUMN}))


def read_table(
    file: Path,
    *,
    frames_column: str = "frames",
    refusal: str = "is not a table of rows; expected .jsonl, .csv, .tsv or .parquet",
) -> Iterator[Row]:
    """Yield the rows of a table.

    Cells that this package made safe for spreadsheets are as they were; those of other files are
    taken as they are. A Parquet struct of frames holds those of the row alone. That a file is not
    in UTF-8 is logged once it is read, by the logger of ``stance.files``.

    Args:
        file: ``.jsonl``, ``.csv``, ``.tsv`` or ``.parquet``, plain or compressed.
        frames_column: where it keeps the labels.
        refusal: what is said of a file of another type.

    Raises:
        InputError: the file is missing, of another type, or has a row that cannot be read. The
            message names the file and the line.
        MissingExtraError: Parquet without pyarrow.
    """
    kind = kind_of(file)
    if kind not in TABLES:
        raise InputError(f"{file} {refusal}")
    try:
        table = TableFile(file, kind)
        for row in table:
            if isinstance(row, BadRow):
                raise InputError(f"{row.place} {row.reason}")
            values = row.values
            if kind in ("csv", "tsv"):
                values = as_it_was(values)
            if kind == "parquet" and frames_column in values:
                values = {**values, frames_column: present_fields(values[frames_column])}
            yield replace(row, values=values)
        if table.guessed:
            logger.warning(
                "%s is not in UTF-8, read as %s; look at its accented letters", file, table.guessed
            )
    except InputError as error:
        raise InputError(f"{file} {error}") from error


def as_it_was(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row as it was before it was made safe for spreadsheets, if it is of this package."""
    if not any(row.keys() >= columns for columns in _OWN):
        return row
    return {
        from_cell(name): from_cell(cell) if isinstance(cell, str) else cell
        for name, cell in row.items()
    }


def read_records(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each record of a table, or of a JSON list of tasks, with its place for people.

    Raises:
        InputError: the file is missing, of another type, or has a record that cannot be read.
    """
    if file.suffix.lower() == ".json":
        yield from _json_records(file)
        return
    expected = "expected .jsonl, .csv, .tsv, .parquet or .json"
    for row in read_table(file, refusal=f"is of a type that is not read; {expected}"):
        yield row.place, row.values


def _json_records(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        with reading(file), file.open("rb") as stream:
            text = decode(read_limited(stream)).text
    except InputError as error:
        raise InputError(f"{file} {error}") from error
    try:
        records = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is not JSON ({error}); expected a list of tasks") from error
    if not isinstance(records, list):
        kind = type(records).__name__
        raise InputError(f"{file} holds a JSON {kind}; expected a list of tasks")
    for number, record in enumerate(records, start=1):
        if not isinstance(record, Mapping):
            kind = type(record).__name__
            raise InputError(f"{file} task {number} is a {kind}; expected an object")
        yield f"task {number}", record
