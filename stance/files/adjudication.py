"""What codings become on disk: disputes for somebody to settle, and gold rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from stance.codebook import Labels, format_labels
from stance.errors import InputError
from stance.files.formats import csv_lines, json_lines
from stance.files.output import write_whole
from stance.files.records import DISPUTE_COLUMN

__all__ = ["NO_FRAME", "Texts", "write_disputes", "write_gold"]

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
