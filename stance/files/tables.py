"""Tables → rows, one at a time: JSONL, CSV, TSV and Parquet, plain or compressed.

A row that cannot be read is a ``BadRow`` in its place, and the rows after it are read on.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from stance.errors import InputError, MissingExtraError, reason_of
from stance.files.cells import missing_column
from stance.files.compression import decompress
from stance.files.text import (
    DAMAGED_UTF8,
    MAX_TEXT_BYTES,
    beyond_ascii,
    clean,
    detect_encoding,
    reading,
    standard_input,
)

__all__ = [
    "TABLES",
    "BadRow",
    "Row",
    "TableFile",
    "first_columns",
]

#: The kinds of file whose rows are documents.
TABLES = ("csv", "tsv", "jsonl", "parquet")

_SAMPLE_BYTES = 2**20
_OTHER_UNICODE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
# What the rows of most tables have, where nothing is said of them.
_USUAL_COLUMNS = ("id", "text", "frames", "document")
# Of an empty line as spreadsheets write it, above a table.
_BLANK = " \t\r\n,;|\"'"
# What Excel writes at the head of a table, and reads there.
_SEPARATOR = re.compile(r"\ufeff?sep=(.)\s*", re.IGNORECASE)
_PARQUET_ROWS = 512


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        number: its position from 1; in JSONL, where blank lines count, its line.
        place: where it stands, for people: ``line 7``.
        values: column → value.
    """

    number: int
    place: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read, and why."""

    number: int
    place: str
    reason: str


class TableFile:
    """The rows of one table, and how far it has been read.

    Args:
        path: the file; None for standard input.
        kind: ``csv``, ``tsv``, ``jsonl`` or ``parquet``.
        columns: what is needed: the header of CSV or TSV and a Parquet file must have them, and the
            delimiter of CSV is guessed by them; all columns by default. Rows of JSONL say only each
            for itself which they have.
        encoding: of CSV or TSV; found by reading it through by default.

    Attributes:
        guessed: the encoding, where it had to be guessed or does not explain every byte.
    """

    def __init__(
        self,
        path: Path | None,
        kind: str,
        *,
        columns: Sequence[str] | None = None,
        encoding: str | None = None,
    ) -> None:
        self.guessed: str | None = None
        self._path = path
        self._kind = kind
        self._columns = columns
        self._encoding = encoding
        self._raw: BinaryIO | None = None
        self._position = 0

    @property
    def bytes_read(self) -> int:
        """How much of the file has been read."""
        if self._raw is not None and not self._raw.closed and self._path is not None:
            self._position = self._raw.tell()
        return self._position

    def __iter__(self) -> Iterator[Row | BadRow]:
        """Read the rows.

        Raises:
            InputError: the file cannot be read, or not to its end, or lacks a column.
            MissingExtraError: Parquet without pyarrow.
        """
        with reading(self._path):
            if self._kind == "parquet":
                yield from self._parquet_rows()
                return
            with self._opened() as stream:
                if self._kind == "jsonl":
                    yield from _jsonl_rows(stream)
                else:
                    yield from self._text_rows(stream)

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        if self._path is not None:
            suffix = self._path.suffix.lower()
            with self._path.open("rb") as self._raw, decompress(self._raw, suffix) as plain:
                yield plain
            return
        with standard_input() as stream:
            if self._kind == "jsonl":
                yield stream
                return
            # Its encoding is found by reading it through, and then it has to be read again.
            with TemporaryFile() as copy:
                copyfileobj(stream, copy, _SAMPLE_BYTES)
                copy.seek(0)
                yield copy

    def _text_rows(self, stream: BinaryIO) -> Iterator[Row | BadRow]:
        encoding = self._encoding or self._find_encoding(stream)
        stream.seek(0)
        errors = "replace" if self.guessed or self._encoding else "strict"
        with io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline="") as text:
            yield from _csv_rows(text, tabs=self._kind == "tsv", needed=self._columns or ())

    def _find_encoding(self, stream: BinaryIO) -> str:
        """Read the table through once: only its last byte can tell that it is UTF-8."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        first = block = stream.read(_SAMPLE_BYTES)
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        before = 0
        try:
            while block:
                before += beyond_ascii(decoder.decode(block))
                block = stream.read(_SAMPLE_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            # A byte order mark decides for UTF-8, however much of it is damaged.
            marked = first.startswith(codecs.BOM_UTF8)
            found = "utf-8" if marked else detect_encoding(block or first, before=before)
            if found != "utf-8":
                self.guessed = found
                return found
            self.guessed = DAMAGED_UTF8
        return "utf-8-sig"

    def _parquet_rows(self) -> Iterator[Row | BadRow]:
        if self._path is None:
            raise InputError("is Parquet, which cannot come from standard input; name a file")
        try:
            import pyarrow as arrow
            from pyarrow import parquet
        except ModuleNotFoundError as error:
            raise MissingExtraError("reading Parquet", extra="parquet") from error
        try:
            schema = parquet.read_schema(self._path)
            _require_columns(self._columns or (), schema.names)
            _refuse_twice(name for name in schema.names if name in (self._columns or schema.names))
            # A text that many rows share is kept once, however often the file repeats it.
            texts = [field.name for field in schema if arrow.types.is_string(field.type)]
            with parquet.ParquetFile(self._path, read_dictionary=texts) as table:
                size, done = self._path.stat().st_size, 0
                for batch in table.iter_batches(batch_size=_PARQUET_ROWS, columns=self._columns):
                    for values in _unpacked(batch):
                        done += 1
                        self._position = size * done // max(1, table.metadata.num_rows)
                        yield _parquet_row(done, values)
        except InputError:  # It is a ValueError too.
            raise
        # What a value cannot be turned into comes as one of Python's own errors.
        except (arrow.ArrowException, OSError, ValueError, ArithmeticError, LookupError) as error:
            reason = reason_of(error, limit=160)
            raise InputError(f"is not a readable Parquet file: {reason}") from error


def _parquet_row(number: int, values: Mapping[str, Any] | ValueError) -> Row | BadRow:
    if isinstance(values, ValueError):
        return BadRow(number, f"row {number}", f"cannot be read: {reason_of(values, limit=160)}")
    return Row(number, f"row {number}", values)


def _unpacked(batch: Any) -> Iterator[Mapping[str, Any] | ValueError]:
    """Yield the rows of a batch, so many at once that they fit whatever they share.

    Of a row with a value that Python cannot hold (bytes that are no UTF-8, a date too far away),
    the error.
    """
    step = max(1, MAX_TEXT_BYTES // max(1, batch.nbytes))
    for start in range(0, batch.num_rows, step):
        part = batch.slice(start, step)
        try:
            yield from part.to_pylist()
        except (ValueError, ArithmeticError) as error:
            if part.num_rows > 1:
                for row in range(part.num_rows):
                    yield from _unpacked(part.slice(row, 1))
            else:
                yield ValueError(str(error))


def _refuse_twice(names: Iterable[str]) -> None:
    twice = [name for name, number in Counter(names).items() if number > 1]
    if twice:
        raise InputError(f"names the column {twice[0][:80]!r} twice")


def _require_columns(needed: Iterable[str], found: Collection[str]) -> None:
    for column in needed:
        if column not in found:
            raise InputError(missing_column(column, found))


def first_columns(path: Path, kind: str) -> Collection[str]:
    """Return the columns of the first row of a table; none where it cannot be read."""
    try:
        first = next(iter(TableFile(path, kind, encoding="utf-8-sig")), None)
    except (InputError, MissingExtraError):
        return ()
    return first.values.keys() if isinstance(first, Row) else ()


def _jsonl_rows(stream: BinaryIO) -> Iterator[Row | BadRow]:
    number = 0
    while line := stream.readline(MAX_TEXT_BYTES + 1):
        number += 1
        place = f"line {number}"
        if len(line) > MAX_TEXT_BYTES:
            raise InputError(_too_long(place))
        if number == 1 and line.startswith(_OTHER_UNICODE):
            raise InputError("is in UTF-16 or UTF-32; save it as UTF-8, which JSON has to be")
        line = line.removeprefix(codecs.BOM_UTF8)  # Also where files were put together.
        if not line.strip():
            continue
        try:
            # Of bytes, json would guess the encoding line by line.
            values = json.loads(line.decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError:
            yield BadRow(number, place, "is not UTF-8, which JSON has to be")
        except (ValueError, RecursionError) as error:
            reason = getattr(error, "msg", str(error))
            yield BadRow(number, place, f"is not JSON ({reason}); expected one object a line")
        else:
            if isinstance(values, dict):
                yield Row(number, place, values)
            else:
                found = type(values).__name__
                yield BadRow(number, place, f"holds a JSON {found}; expected one object a line")


def _csv_rows(
    text: io.TextIOWrapper, *, tabs: bool, needed: Collection[str]
) -> Iterator[Row | BadRow]:
    # The limit is the module's own, and 128 kB by default: less than a long article.
    csv.field_size_limit(MAX_TEXT_BYTES)
    head, before, delimiter = _head(text)
    if delimiter is None:
        delimiter = "\t" if tabs else _delimiter(head, needed or _USUAL_COLUMNS)
    reader = csv.reader(_after(head, text), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    number = 0
    while True:
        first = reader.line_num + before + 1
        place = f"line {first}"
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "field limit" in str(error):  # The rest of the field would be taken for rows.
                raise InputError(_too_long(place)) from error
            number += 1
            yield BadRow(number, place, _no_csv(error, first, reader.line_num + before))
            continue
        if header is None:
            header = _header(cells)
            _require_columns(needed, header)
        elif cells:
            number += 1
            yield _csv_row(number, place, header, cells)


def _head(text: io.TextIOWrapper) -> tuple[str, int, str | None]:
    """Return the line of names, how many stand above it, and the delimiter that one announced."""
    before, announced = 0, None
    head = text.readline(MAX_TEXT_BYTES)
    while head:
        found = None if announced else _SEPARATOR.fullmatch(head)
        if found is None and head.strip(_BLANK):
            break
        announced = announced or found
        head = text.readline(MAX_TEXT_BYTES)
        before += 1
    if not head:
        raise InputError("is empty; expected a line of column names, then one row a line")
    return head, before, announced[1] if announced else None


def _delimiter(head: str, wanted: Collection[str]) -> str:
    """Return what stands between the cells of a header: it finds wanted columns, and most cells."""

    def found(delimiter: str) -> tuple[int, int]:
        try:
            cells = next(csv.reader([head], delimiter=delimiter))
        except csv.Error:
            return 0, 0
        return len({clean(cell).strip() for cell in cells} & set(wanted)), len(cells)

    return max(",;\t|", key=found)


def _no_csv(error: csv.Error, first: int, last: int) -> str:
    """Say what is wrong with a row of CSV, and which lines are lost where they are several."""
    reason = f"is not well-formed CSV: {error}"
    if last == first:
        return reason
    return (
        f"{reason}; a quote is probably not closed, which costs the lines {first} to {last}: close "
        "it, or write it twice where it is part of the text"
    )


def _header(cells: list[str]) -> list[str]:
    header = [clean(cell).strip() for cell in cells]
    _refuse_twice(filter(None, header))
    return header


def _csv_row(number: int, place: str, header: list[str], cells: list[str]) -> Row | BadRow:
    if len(cells) == len(header):
        return Row(number, place, dict(zip(header, cells, strict=True)))
    reason = f"has {len(cells)} cells; the header has {len(header)}"
    return BadRow(number, place, reason)


def _after(head: str, text: io.TextIOWrapper) -> Iterator[str]:
    number, line = 1, head
    while line:
        if len(line) >= MAX_TEXT_BYTES:
            raise InputError(_too_long(f"line {number}"))
        yield line
        number, line = number + 1, text.readline(MAX_TEXT_BYTES)


def _too_long(place: str) -> str:
    return f"{place} is longer than {MAX_TEXT_BYTES >> 20} MiB; split it into documents"
