"""Any file of labelled sentences → rows: tables of rows, and the exports of annotation tools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.codebook import Codebook
from stance.errors import InputError
from stance.files.annotations import is_doccano, is_label_studio
from stance.files.codings import is_export_of_doccano, read_codings
from stance.files.records import read_records
from stance.files.rows import LabelledRow, read_rows
from stance.results import is_scored

__all__ = ["LabelledFile", "read_labelled"]


@dataclass(frozen=True)
class LabelledFile:
    """What a file of labelled sentences holds.

    Attributes:
        rows: the labelled sentences, in the order of the file.
        note: for people, what an export was taken for; empty where the file is a table of rows.
    """

    rows: tuple[LabelledRow, ...]
    note: str = ""


def read_labelled(
    path: str | Path,
    *,
    text_column: str = "text",
    frames_column: str = "frames",
    document_column: str = "document",
    codebook: Codebook | None = None,
) -> LabelledFile:
    """Read labelled rows, or an export of Label Studio (JSON) or doccano (JSONL, JSON, CSV).

    A file of one of those programs that has no column of labels is an export; or, of doccano's, has
    ``frames`` of which each is null, as in a list of ``suggest``.

    Args:
        path: the file.
        text_column: where it keeps the sentence; in an export of Label Studio, a name in ``data``.
        frames_column: where a table keeps the labels.
        document_column: where it keeps what the sentence is part of; it may have none.
        codebook: checks frames and stances, where one is given.

    Raises:
        InputError: as ``read_rows`` and ``read_codings``; or the rows of an export have no text,
            or no such column of documents, or several annotators labelled one of them.
        CodebookError: a frame or stance that the codebook does not know, or a contradiction.
        MissingExtraError: Parquet without pyarrow.

    >>> file = read_labelled("seeds/labels.jsonl")
    >>> len(file.rows), file.note
    (288, '')
    """
    file = Path(path)
    first = _first_record(file)
    tool = _tool(file, first, frames_column)
    if not tool:
        rows = read_rows(
            file,
            text_column=text_column,
            frames_column=frames_column,
            document_column=document_column,
            codebook=codebook,
        )
        return LabelledFile(tuple(rows), _own_result(file, first))
    found = tuple(_exported(file, text_column, document_column, codebook))
    return LabelledFile(found, _note(file, tool, len(found)))


def _first_record(file: Path) -> Mapping[str, Any]:
    """Return the first record; an empty one where a table has none, or none that can be read."""
    try:
        _, first = next(read_records(file), ("", {}))
    except InputError:
        if file.suffix.lower() == ".json":
            raise
        return {}  # The reader of tables says what is wrong, row by row.
    return first


def _own_result(file: Path, first: Mapping[str, Any]) -> str:
    """Say so, where a file is a result of ``stance label``."""
    if not is_scored(first):
        return ""
    return (
        f"{file.name} is a result of stance label: what is learnt from it says something only "
        "where people have checked its labels"
    )


def _tool(file: Path, first: Mapping[str, Any], frames_column: str) -> str:
    """Name the program that exported a file; empty where it is a table of rows."""
    suffixes = {suffix.lower() for suffix in file.suffixes}
    if not suffixes & {".json", ".jsonl", ".csv", ".tsv"}:
        return ""
    doccano = is_doccano(first) and is_export_of_doccano(file)
    nobody = first.get(frames_column) in (None, "", "?")
    if is_label_studio(first) and (frames_column not in first or nobody):
        return "Label Studio"
    if frames_column in first and not (doccano and frames_column == "frames"):
        return ""  # Labelled rows, whatever else they hold.
    if doccano:
        return "doccano"
    if file.suffix.lower() == ".json":
        raise InputError(
            f"{file} is no export of Label Studio or doccano; expected one, or rows as .jsonl, "
            ".csv, .tsv or .parquet"
        )
    return ""


def _exported(
    file: Path, text_column: str, document_column: str, codebook: Codebook | None
) -> Iterator[LabelledRow]:
    coders: dict[str, str] = {}
    grouped = document_column == "document"
    for row in read_codings(
        file, text_column=text_column, document_column=document_column, codebook=codebook
    ):
        if row.id in coders:
            raise InputError(
                f"{file} {row.place} is labelled by several coders ({coders[row.id]}, "
                f"{row.coder}); make gold of their codings first: "
                f"stance agreement {file} --gold gold.jsonl"
            )
        if row.text is None:
            raise InputError(f"{file} {row.place} has no text in {text_column!r}")
        coders[row.id] = row.coder
        grouped |= row.document is not None
        yield LabelledRow(row.id, row.document or row.id, row.text, row.frames)
    if not grouped:
        raise InputError(f"{file} has nothing in {document_column!r}, the column of documents")


def _note(file: Path, tool: str, rows: int) -> str:
    said = f"{file.name} is read as an export of {tool}: {rows:,} labelled sentences"
    if tool == "doccano":
        return f"{said}; what has no label counts as labelled with no frame"
    left_out = sum(1 for _ in read_records(file)) - rows
    return f"{said}; {left_out:,} tasks without an annotation are left out" if left_out else said
