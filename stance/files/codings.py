"""Codings: who saw what in which sentence, from tables and from the exports of annotation tools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from stance.codebook import Codebook, Frame, Labels, composed, read_labels
from stance.errors import CodebookError, InputError
from stance.files.annotations import (
    doccano_labels,
    is_doccano,
    is_label_studio,
    label_studio_annotations,
    refuse_two_labellings,
)
from stance.files.cells import is_empty, missing_column
from stance.files.compression import COMPRESSED
from stance.files.formats import RESULT_COLUMNS
from stance.files.records import as_it_was, read_records
from stance.files.tables import TABLES
from stance.files.text import clean
from stance.results import is_scored, sentence_id

__all__ = [
    "CodedRow",
    "by_name",
    "is_export_of_doccano",
    "plain_name",
    "read_codings",
    "read_sentences",
    "read_texts",
]

# What a file's name ends in beside the name of its coder.
_SUFFIXES = (".json", *(f".{kind}" for kind in TABLES), *COMPRESSED)


@dataclass(frozen=True)
class CodedRow:
    """What one coder saw in one sentence.

    Attributes:
        id: the sentence: its ``id``; where there is none, ``DOCUMENT:INDEX`` in a result of
            ``label``, or else its text.
        coder: the row's ``coder``, the annotator of Label Studio, or else the file's name without
            its suffix.
        frames: frame → stance, or None where the stance was not coded.
        text: the sentence, where the file has it.
        document: what it is part of, where the file says so.
        place: where it stands in its file, for people: ``line 7``.
    """

    id: str
    coder: str
    frames: Labels
    text: str | None
    document: str | None
    place: str


def read_codings(
    *paths: str | Path,
    text_column: str = "text",
    document_column: str = "document",
    codebook: Codebook | None = None,
) -> Iterator[CodedRow]:
    """Read codings, one a sentence and coder, in the order of the files.

    A file is one of these, told apart by what its rows hold:

    - JSONL, CSV, TSV or Parquet with ``id``, ``coder`` and ``frames``, an object or the notation
      ``multipolarity:favor;cooperation:neutral``;
    - labelled rows, all by one coder, after whom the file is named;
    - a JSON export of Label Studio, with any number of annotators; tasks that nobody labelled or
      that were skipped are left out;
    - a JSONL, JSON or CSV export of doccano, which has a file for each annotator.

    Args:
        paths: the files.
        text_column: where they keep the sentence; they may have none.
        document_column: where they keep what the sentence is part of; likewise.
        codebook: checks frames and stances, where one is given.

    Raises:
        InputError: a file is missing, of another type, or has a row that cannot be read, has no
            labels, or codes a sentence again; or the coders of two files would be named alike. The
            message names the file and the line.
        CodebookError: a frame or stance that the codebook does not know, named likewise.
        MissingExtraError: Parquet without pyarrow.

    >>> row = next(read_codings("seeds/codings.jsonl"))
    >>> row.id, row.coder, row.frames
    ('000-001', 'A', {'defensive_balancing': 'favor'})
    """
    columns = (text_column, document_column)
    seen: dict[tuple[str, str], str] = {}
    named: dict[str, Path] = {}
    ids: dict[str, str] = {}
    coders: dict[str, str] = {}
    for file in map(Path, paths):
        for found in _codings_of(file, columns, codebook):
            coder = found.coder or _named_after(file, named)
            row = replace(
                found,
                id=ids.setdefault(plain_name(found.id), found.id),
                coder=coders.setdefault(plain_name(coder), coder),
            )
            where = f"{file} {row.place}"
            if first := seen.get((row.id, row.coder)):
                raise InputError(
                    f"{where} is a second coding of {row.id[:60]!r} by {row.coder!r} (the first: "
                    f"{first}); remove one, say in a column 'coder' who it is by, or in a column "
                    "'id' which sentence it is"
                )
            seen[row.id, row.coder] = where
            yield row


def read_texts(path: str | Path, ids: Iterable[str] = ()) -> dict[str, tuple[str, str | None]]:
    """Read the text and the document of each id of a table, labelled or not.

    Args:
        path: the table.
        ids: those of codings; an id that is one of them in another spelling is given as it is here.

    Raises:
        InputError: the file cannot be read, a row has no ``id`` (and is no result of ``label``)
            or no ``text``, or two rows with one id differ.
    """
    file = Path(path)
    texts: dict[str, tuple[str, str | None]] = {}
    as_coded = by_name(ids)
    for place, values in read_records(file):
        row_id, text = _id(values), _text(values, "text")
        if row_id is None or text is None:
            column = "id" if row_id is None else "text"
            raise InputError(f"{file} {place} {_missing(values, column)}")
        row_id = as_coded.get(plain_name(row_id), row_id)
        if texts.setdefault(row_id, (text, _text(values, "document")))[0] != text:
            raise InputError(f"{file} {place} has another text for the id {row_id!r}")
    return texts


def read_sentences(path: str | Path) -> Iterator[str]:
    """Read the ``text`` of every row of a table, or of every task of Label Studio, labelled or not.

    Raises:
        InputError: the file cannot be read, or a row has no text.
    """
    file = Path(path)
    for place, values in read_records(file):
        data = values.get("data")
        about = data if isinstance(data, Mapping) else values
        text = _text(about, "text")
        if text is None:
            raise InputError(f"{file} {place} {_missing(about, 'text')}")
        yield text


def is_export_of_doccano(file: Path) -> bool:
    """Say whether a file is an export of doccano, which only all of its records can tell.

    A table may have a ``label`` of its own, and some rows that nobody has labelled yet.

    Raises:
        InputError: as ``read_records``.
    """
    records = (values for _, values in read_records(file))
    return is_doccano(next(records, {})) and all(map(is_doccano, records))


def plain_name(name: str) -> str:
    """Return what two spellings of an id or of a coder share: white space and accents may differ.

    >>> plain_name("Cafe\u0301.txt:0 ") == plain_name("Caf\u00e9.txt:0")
    True
    """
    return str(composed(name.strip()))


def by_name(names: Iterable[str]) -> dict[str, str]:
    """Return ``plain_name`` → name, as it was written."""
    return {plain_name(name): name for name in names}


def _named_after(file: Path, named: dict[str, Path]) -> str:
    """Name the coder of a file after it, which no other file may be; ``named`` holds all so far."""
    name = PurePath(file.name)
    while name.suffix.lower() in _SUFFIXES:
        name = name.with_suffix("")
    other = named.setdefault(str(name), file)
    if other != file:
        raise InputError(
            f"{other} and {file} name no coder, so that both would be by {str(name)!r}; rename "
            "each file after its coder, or add a column 'coder'"
        )
    return clean(str(name))


def _missing(values: Mapping[str, Any], column: str) -> str:
    if column in values:
        return f"has nothing in {column!r}; expected a sentence and its id"
    return missing_column(column, values)


def _codings_of(
    file: Path, columns: tuple[str, str], codebook: Codebook | None
) -> Iterator[CodedRow]:
    """Yield the codings of one file, without a coder where the file names none."""
    doccano = is_export_of_doccano(file)
    for place, values in read_records(file):
        try:
            yield from _coded(values, columns, place, codebook, doccano=doccano)
        except CodebookError as error:
            raise CodebookError(f"{file} {place}: {error}") from error
        except InputError as error:
            raise InputError(f"{file} {place} {error}") from error


def _coded(
    values: Mapping[str, Any],
    columns: tuple[str, str],
    place: str,
    codebook: Codebook | None,
    *,
    doccano: bool,
) -> Iterator[CodedRow]:
    """Yield the codings of one record, whichever program wrote it."""
    about = values
    annotations: list[tuple[str | None, Labels]]
    if is_label_studio(values):
        annotations = list(label_studio_annotations(values))
        about = {"id": values.get("id"), **as_it_was(values["data"])} if annotations else {}
    elif doccano:
        about = as_it_was(values)
        coder = _text(values, "coder") or _text(values, "username")
        annotations = [(coder, doccano_labels(values))]
    elif "frames" in values:
        if values.keys() >= {*RESULT_COLUMNS, "uncertain"} and values["uncertain"]:
            raise InputError(
                "has decisions that the model withheld, which would count as frames that are not "
                "there; label without --abstain"
            )
        refuse_two_labellings(values)
        annotations = [(_text(values, "coder"), read_labels(values["frames"]))]
    else:
        raise InputError(missing_column("frames", values))
    for annotator, labels in annotations:
        text = _text(about, columns[0])
        row_id = _id(about) or text
        if row_id is None:
            raise InputError(f"has neither an 'id' nor a {columns[0]!r} to tell the sentence by")
        yield CodedRow(
            id=row_id,
            coder=clean(annotator or ""),
            frames=_checked(labels, codebook),
            text=text,
            document=_text(about, columns[1]),
            place=place,
        )


def _checked(labels: Labels, codebook: Codebook | None) -> Labels:
    """Check the labels by the codebook, or by one of the frames that they name."""
    if codebook is None and not labels:
        return {}
    return (codebook or Codebook(tuple(map(Frame, labels)))).check(labels)


def _id(values: Mapping[str, Any]) -> str | None:
    """Return a row's id: its own, or that of a result, in which a text may well stand twice.

    The ``id`` of a result that holds probabilities was carried along: all of a document have it.
    """
    own, document, index = (_text(values, column) for column in ("id", "document", "index"))
    if own is not None and not is_scored(values):
        return own
    if document and index and values.keys() >= set(RESULT_COLUMNS):
        return sentence_id(document, index)
    return own


def _text(values: Mapping[str, Any], column: str) -> str | None:
    found = values.get(column)
    return None if is_empty(found) else clean(str(found))
