"""Results → rows: JSONL, CSV and Parquet, equal in content.

JSONL holds everything. CSV and Parquet hold a row flat, the stance of each frame as the likeliest
one given the frame, and explanations as JSON.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.codebook import format_labels
from stance.errors import InputError, MissingExtraError
from stance.files.compression import COMPRESSED
from stance.files.tables import TABLES
from stance.results import PROBABILITY, STANCE, DocumentResult, likeliest

__all__ = [
    "FORMATS",
    "RESULT_COLUMNS",
    "SHEET_COLUMNS",
    "STANDARD_OUTPUT",
    "FlatColumns",
    "arrow_schema",
    "csv_header",
    "csv_lines",
    "csv_rows",
    "format_of",
    "from_cell",
    "json_lines",
    "jsonl_rows",
    "require_parquet",
    "to_cell",
    "to_json",
    "write_parquet",
]

FORMATS = ("jsonl", "csv", "parquet")

#: What stands for standard output in the place of a file.
STANDARD_OUTPUT = Path("-")

#: The columns with which every CSV and Parquet result begins.
RESULT_COLUMNS = ("document", "index", "start", "end", "text", "frames")
#: The columns by which a sheet for coders can be told.
SHEET_COLUMNS = ("id", "document", "index", "text", "frames")
_JSON_KEYS = (*RESULT_COLUMNS, "probabilities", "stances", "uncertain", "explanations")

# A spreadsheet takes a cell that begins so for a formula, or a tab for the next cell. Apostrophes
# before it are counted in, so that the one that is added can be told from those that were there.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
# A number is none: with an apostrophe, its column would be read as text by R and pandas.
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_PARQUET_ROWS = 16_384
# The suffixes by which a table would be read as something else than what was written.
_TELLING = frozenset({*(f".{kind}" for kind in TABLES), *COMPRESSED})


@dataclass(frozen=True)
class FlatColumns:
    """The columns of a CSV or Parquet result.

    Attributes:
        frames: the codebook's frames, in order.
        kept: the columns that are carried through from the input.
        uncertain: whether there is a column of the frames whose decision was withheld.
        explained: whether there is a column of the words that carry the frames.

    Raises:
        InputError: a carried column has the name of a result's column.
    """

    frames: tuple[str, ...]
    kept: tuple[str, ...] = ()
    uncertain: bool = False
    explained: bool = False

    def __post_init__(self) -> None:
        if twice := next((name for name in self.kept if self.kept.count(name) > 1), None):
            raise InputError(f"the column {twice!r} is to be kept twice; name it once")
        own = {*_JSON_KEYS, *self._scores()}
        if clash := next((name for name in self.kept if name in own), None):
            raise InputError(f"the column {clash!r} cannot be kept: results have one of that name")

    @property
    def names(self) -> tuple[str, ...]:
        """All columns, in the order in which they are written."""
        uncertain = ("uncertain",) if self.uncertain else ()
        explanations = ("explanations",) if self.explained else ()
        return (*RESULT_COLUMNS, *self._scores(), *uncertain, *explanations, *self.kept)

    def flat(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a JSONL row flat, with the columns ``names``."""
        values = {name: row[name] for name in RESULT_COLUMNS}
        values["frames"] = format_labels(row["frames"])
        for frame in self.frames:
            values[PROBABILITY + frame] = row["probabilities"][frame]
            stances = row["stances"].get(frame)
            values[STANCE + frame] = likeliest(stances) if stances else None
        if self.uncertain:
            values["uncertain"] = ";".join(row.get("uncertain", ()))
        if self.explained:
            values["explanations"] = to_json(row["explanations"])
        return values | {name: _plain(row.get(name)) for name in self.kept}

    def _scores(self) -> Iterator[str]:
        for frame in self.frames:
            yield from (PROBABILITY + frame, STANCE + frame)


def format_of(output: Path, *, given: str | None = None) -> str:
    """Return the format of a result: the given one, or that of its suffix; JSONL for ``-``.

    Raises:
        InputError: neither is one of ``FORMATS``, or they contradict each other; or it is Parquet
            for standard output.
    """
    suffix = output.suffix.lower()
    if output == STANDARD_OUTPUT:
        given = given or "jsonl"
        if given == "parquet":
            raise InputError("Parquet cannot go to standard output; expected jsonl or csv there")
    found = suffix.removeprefix(".") if given is None else given
    if found in FORMATS:
        if suffix in _TELLING and suffix != f".{found}":
            raise InputError(
                f"{output} would be read as {suffix}, and the format is {found}; give it a name "
                f"in .{found}, or leave --format out"
            )
        return found
    what = f"the format {found!r}" if given is not None else f"what to write to {output}"
    raise InputError(
        f"{what} is not known; expected a name in .jsonl, .csv or .parquet, or --format"
    )


def jsonl_rows(result: DocumentResult, kept: dict[str, Any]) -> bytes:
    """Return a document's rows as JSON lines; carried columns stand last."""
    rows = (sentence.to_dict(document=result.id) | kept for sentence in result.sentences)
    return json_lines(rows).encode()


def csv_header(columns: FlatColumns) -> bytes:
    """Return the line of column names."""
    return csv_lines([columns.names]).encode()


def csv_rows(result: DocumentResult, kept: dict[str, Any], columns: FlatColumns) -> bytes:
    """Return a document's rows as CSV lines (RFC 4180), safe to open in a spreadsheet."""
    rows = (sentence.to_dict(document=result.id) | kept for sentence in result.sentences)
    return csv_lines(columns.flat(row).values() for row in rows).encode()


def json_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    r"""Return rows as JSON lines.

    >>> json_lines([{"a": 1}, {"a": "é"}])
    '{"a": 1}\n{"a": "é"}\n'
    """
    return "".join(f"{to_json(row)}\n" for row in rows)


def csv_lines(rows: Iterable[Iterable[object]]) -> str:
    r"""Return rows of cells as CSV lines (RFC 4180), safe to open in a spreadsheet.

    >>> csv_lines([["id", "text"], [1, "=1+1"]])
    "id,text\r\n1,'=1+1\r\n"
    """
    # Their end is CR LF, as the standard asks, and so both characters are quoted inside a cell.
    text = io.StringIO()
    csv.writer(text).writerows(map(to_cell, row) for row in rows)
    return text.getvalue()


def to_cell(value: object) -> object:
    """Put an apostrophe before text that a spreadsheet would take for a formula.

    >>> to_cell("=1+1"), to_cell("'=1"), to_cell("'90s"), to_cell("-1.5"), to_cell(-1)
    ("'=1+1", "''=1", "'90s", '-1.5', -1)
    """
    if not isinstance(value, str) or not _FORMULA.match(value) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}"


def from_cell(cell: str) -> str:
    """Undo ``to_cell``.

    >>> from_cell("'=1+1"), from_cell("''=1"), from_cell("'90s")
    ('=1+1', "'=1", "'90s")
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def to_json(value: object) -> str:
    """Return one line of JSON, in UTF-8 rather than escapes."""
    return json.dumps(value, ensure_ascii=False)


def require_parquet() -> None:
    """Raise ``MissingExtraError`` where Parquet cannot be written: before the work, not after."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError("writing Parquet", extra="parquet") from error


def arrow_schema(columns: FlatColumns) -> Any:
    """Return the ``pyarrow.Schema`` of flat rows."""
    import pyarrow as arrow

    types = {"index": arrow.int64(), "start": arrow.int64(), "end": arrow.int64()}
    types |= {PROBABILITY + frame: arrow.float64() for frame in columns.frames}
    return arrow.schema([(name, types.get(name, arrow.string())) for name in columns.names])


def write_parquet(rows: Path, output: Path, columns: FlatColumns) -> None:
    """Write the Parquet file of a JSONL result, a row group at a time."""
    import pyarrow as arrow
    from pyarrow import parquet

    schema = arrow_schema(columns)
    with rows.open("rb") as lines, parquet.ParquetWriter(output, schema) as writer:
        for group in _groups(lines, _PARQUET_ROWS):
            flat = [columns.flat(json.loads(line)) for line in group]
            writer.write_table(arrow.Table.from_pylist(flat, schema=schema))


def _groups(lines: Iterable[bytes], size: int) -> Iterator[Sequence[bytes]]:
    group: list[bytes] = []
    for line in lines:
        group.append(line)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def _plain(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else to_json(value)
