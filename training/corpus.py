"""The labelled rows behind the shipped model, each with its source and the group it is split by."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project_files import DATA, ROOT, read_json_lines
from un_text import collapse_white_space, read_un_rows

FOLDS = 5
#: The rows that the shipped model was not trained on: two sets that were written, one of speeches.
KEPT_APART = ("unseen", "contrast", "speeches")
_SPEECHES_APART = DATA / "speeches" / "un4.jsonl"


@dataclass(frozen=True)
class Row:
    """One labelled sentence.

    ``source`` is ``seeds``, ``authored``, ``un`` or one of ``KEPT_APART``; ``group`` is the
    article, passage or speech it is from: a group is never split between training and evaluation.
    """

    id: str
    source: str
    group: str
    text: str
    frames: Mapping[str, str]


def read_rows(speeches: Path) -> list[Row]:
    """Return all rows; ``speeches`` is what ``un_text.py`` takes."""
    return [*seed_rows(), *authored_rows(), *un_rows(speeches)]


def seed_rows() -> Iterator[Row]:
    """Yield the sentences of the five articles."""
    for row in read_json_lines(ROOT / "seeds" / "labels.jsonl"):
        text = collapse_white_space(row["text"])
        yield Row(row["id"], "seeds", row["document"], text, row["frames"])


def authored_rows() -> Iterator[Row]:
    """Yield the sentences that were written for this project."""
    yield from _written("authored")


def kept_apart_rows(speeches: Path | None = None) -> Iterator[Row]:
    """Yield the sentences that no model of the project is trained on.

    Those of ``KEPT_APART`` whose text is here, and where ``speeches`` is given, all.
    """
    yield from _written("unseen")
    yield from _written("contrast")
    if speeches is not None:
        yield from _spoken("speeches", read_un_rows(speeches, _SPEECHES_APART))


def un_rows(speeches: Path) -> Iterator[Row]:
    """Yield the UN sentences that ``speeches`` has the text of."""
    yield from _spoken("un", read_un_rows(speeches))


def fold_of(row: Row) -> int:
    """Return the fold, 0 to 4, in which a row is held out: one article, a fifth of the rest."""
    if row.source == "seeds":
        articles = sorted(file.name for file in (ROOT / "seeds").glob("*.txt"))
        return articles.index(row.group) % FOLDS
    return zlib.crc32(row.group.encode()) % FOLDS


def _spoken(source: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    for row in rows:
        yield Row(row["id"], source, row["speech"], row["text"], row["frames"])


def _written(folder: str) -> Iterator[Row]:
    for file in sorted((DATA / folder).glob("w*.jsonl")):
        for row in read_json_lines(file):
            parts = row["id"].split("-")
            # w1 to w3 are single sentences, the later ones passages: w7-12-3 is in passage w7-12.
            group = row["id"] if len(parts) == 2 else "-".join(parts[:2])
            text = collapse_white_space(row["text"])
            yield Row(row["id"], folder, group, text, row["frames"])
