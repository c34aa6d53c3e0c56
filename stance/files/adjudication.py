"""What codings become: disputes for somebody to settle, what was settled, and gold rows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from stance.codebook import Codebook, Labels, format_labels
from stance.errors import CodebookError, InputError
from stance.files.codings import CodedRow, by_name, plain_name, read_codings
from stance.files.formats import csv_lines, json_lines
from stance.files.output import write_whole
from stance.files.records import DISPUTE_COLUMN
from stance.texts import fold

__all__ = [
    "NO_FRAME",
    "Texts",
    "read_settled",
    "require_texts",
    "texts_of",
    "write_disputes",
    "write_gold",
]

#: What a table of disputes shows for a coder who saw no frame.
NO_FRAME = "none"
#: Sentence id → text, and document where it is known.
Texts: TypeAlias = Mapping[str, tuple[str, str | None]]


def write_gold(path: Path, labels: Mapping[str, Labels], texts: Texts | None) -> None:
    """Write sentence id → frame → stance as labelled rows (JSONL); without ``texts``, no text.

    Raises:
        InputError: ``texts`` lacks a sentence.
        OutputError: the file cannot be written.
    """
    rows = (_row(id, texts) | {"frames": frames} for id, frames in labels.items())
    write_whole(path, json_lines(rows))


def write_disputes(
    path: Path, disputes: Iterable[Mapping[str, Any]], coders: Sequence[str], texts: Texts | None
) -> None:
    """Write disputed sentences as JSONL, or as CSV with a column for each coder.

    ``frames`` holds what the majority saw, to be confirmed or changed.

    Args:
        path: ends in ``.csv``, or in anything else for JSONL.
        disputes: ``stance.agreement.Dispute`` as dictionaries.
        coders: in the order of their columns.
        texts: the sentences; none are written without.

    Raises:
        InputError: ``texts`` lacks a sentence.
        OutputError: the file cannot be written.
    """
    rows = [
        _row(dispute["id"], texts)
        | {DISPUTE_COLUMN: list(dispute["over"]), "codings": dispute["codings"]}
        | {"frames": dispute["majority"]}
        for dispute in disputes
    ]
    if path.suffix.lower() == ".csv":
        by_coder = [f"coder {coder}" for coder in coders]
        names = ["id", "document", "text", DISPUTE_COLUMN, *by_coder, "frames"]
        write_whole(path, csv_lines([names, *(_cells(row, coders) for row in rows)]))
    else:
        write_whole(path, json_lines(rows))


def _row(id: str, texts: Texts | None) -> dict[str, Any]:
    if texts is None:
        return {"id": id}
    if id not in texts:
        raise InputError(
            f"no text is known for the sentence {id[:60]!r}; expected one for every id"
        )
    text, document = texts[id]
    return {"id": id} | ({} if document is None else {"document": document}) | {"text": text}


def _cells(row: Mapping[str, Any], coders: Sequence[str]) -> list[Any]:
    seen = row["codings"]
    return [
        row["id"],
        row.get("document"),
        row.get("text"),
        ";".join(row[DISPUTE_COLUMN]),
        *(
            (format_labels(seen[coder]) or NO_FRAME) if coder in seen else "not coded"
            for coder in coders
        ),
        format_labels(row["frames"]),
    ]


def read_settled(
    file: Path, rows: Sequence[CodedRow], codebook: Codebook | None
) -> dict[str, Labels]:
    """Return the labels that an adjudicator gave to sentences, by their ids.

    Args:
        file: the disputes, with their frames settled.
        rows: the codings.
        codebook: the frames that may occur; by default those that the coders gave.

    Raises:
        InputError: a sentence that nobody coded or that is settled twice, or a frame that may not
            occur.
    """
    coded = {row.id for row in rows}
    as_coded = by_name(coded)
    frames = {frame for row in rows for frame in row.frames}
    settled: dict[str, Labels] = {}
    for found in read_codings(file):
        row = replace(found, id=as_coded.get(plain_name(found.id), found.id))
        if row.id not in coded:
            raise InputError(f"{file} settles {row.id!r}, which no coder coded; expected their ids")
        if codebook is None and (new := row.frames.keys() - frames):
            raise InputError(
                f"{file} {row.place} settles {row.id[:60]!r} with {min(new)!r}, a frame that no "
                f"coder gave; expected {', '.join(sorted(frames))}, or name a --codebook that has "
                "it"
            )
        if row.id in settled:
            raise InputError(
                f"{file} {row.place} settles {row.id[:60]!r} a second time, by {row.coder!r}; "
                "leave the row in that counts"
            )
        try:
            settled[row.id] = row.frames if codebook is None else codebook.check(row.frames)
        except CodebookError as error:
            raise CodebookError(f"{file} {row.place}: {error}") from error
    return settled


def texts_of(rows: Sequence[CodedRow]) -> Texts | None:
    """Return the texts that codings carry, and the first document named; None where none does.

    Raises:
        InputError: one id stands for two sentences.
    """
    known: dict[str, CodedRow] = {}
    for row in rows:
        if row.text is not None:
            first = known.setdefault(row.id, row)
            if _letters(str(first.text)) != _letters(row.text):
                raise InputError(
                    f"the id {row.id[:60]!r} stands for two sentences: {str(first.text)[:60]!r} by "
                    f"{first.coder!r}, {row.text[:60]!r} by {row.coder!r}; give each sentence one "
                    "id in all files, or, where a program has spoilt their letters, name the right "
                    "texts with --texts FILE"
                )
    documents: dict[str, str] = {}
    for row in rows:
        if row.document is not None:
            documents.setdefault(row.id, row.document)
    return {id: (str(row.text), documents.get(id)) for id, row in known.items()} or None


def require_texts(rows: Iterable[CodedRow], texts: Texts, file: Path) -> None:
    """See that codings are of the sentences that a file has under their ids.

    Such a file is there for when a program has spoilt letters or cut off texts: it is another one
    if not even half of the words of the shorter text are in the longer, letters beyond ASCII aside.

    Raises:
        InputError: one is of another sentence.
    """
    for row in rows:
        text, _ = texts.get(row.id, (None, None))
        if text is None or row.text is None:
            continue
        shorter, longer = sorted((_words(text), _words(row.text)), key=len)
        if 2 * len(shorter & longer) < len(shorter):
            raise InputError(
                f"the id {row.id[:60]!r} stands for {row.text[:60]!r} in the coding by "
                f"{row.coder!r}, and for {text[:60]!r} in {file}; give each sentence one id in all "
                "files, or take the texts out of the codings"
            )


def _words(text: str) -> set[str]:
    return set(re.findall("[a-z0-9]+", text.lower()))


def _letters(text: str) -> str:
    """Return what is left of a text however programs write its quotes, spaces and accents."""
    return fold(unicodedata.normalize("NFKC", text)).replace(" ", "")
