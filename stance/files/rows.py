"""Labelled rows: the gold labels of evaluation and training, and the results of ``label``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stance.codebook import Codebook, Labels, read_labels
from stance.errors import CodebookError, InputError
from stance.files.annotations import refuse_two_labellings
from stance.files.cells import is_empty, missing_column
from stance.files.records import read_table
from stance.files.tables import Row
from stance.files.text import clean

__all__ = ["LabelledRow", "read_rows"]


@dataclass(frozen=True)
class LabelledRow:
    """One labelled sentence.

    Attributes:
        id: its ``id`` column, or ``FILE:ROW``.
        document: what it is part of; its own id where the file does not say.
        text: the sentence.
        frames: frame → stance, or None where the stance was not coded.
    """

    id: str
    document: str
    text: str
    frames: Labels


def read_rows(
    path: str | Path,
    *,
    text_column: str = "text",
    frames_column: str = "frames",
    document_column: str = "document",
    codebook: Codebook | None = None,
) -> Iterator[LabelledRow]:
    """Read labelled rows, one at a time: JSONL, CSV, TSV or Parquet, plain or compressed.

    ``frames`` is an object of frame → stance (JSONL), or the notation
    ``multipolarity:favor;cooperation:neutral`` in any of them. The result files of ``label`` are
    read back as they were.

    Args:
        path: the file.
        text_column: where it keeps the sentence.
        frames_column: where it keeps the labels.
        document_column: where it keeps what the sentence is part of; there need be no
            ``document``, but any other column that is named.
        codebook: checks frames and stances, where one is given.

    Raises:
        InputError: the file is missing, of another type, or has a row that cannot be read, has no
            text, is not labelled, or carries labels of doccano beside its frames. The message
            names the file and the line.
        CodebookError: a frame or stance that the codebook does not know, named likewise.
        MissingExtraError: Parquet without pyarrow.

    >>> for row in read_rows("seeds/labels.jsonl"):
    ...     print(row.id, dict(row.frames))
    ...     break
    000-001 {'defensive_balancing': 'favor'}
    """
    file = Path(path)
    columns = (text_column, frames_column)
    for row in read_table(file, frames_column=frames_column):
        yield _labelled(row, columns, document_column, codebook, file=file)


def _labelled(
    row: Row,
    columns: tuple[str, str],
    document_column: str,
    codebook: Codebook | None,
    *,
    file: Path,
) -> LabelledRow:
    where, values = f"{file} {row.place}", row.values
    # Rows need no document; but one who names a column of his own means one that is there.
    wanted = columns if document_column == "document" else (*columns, document_column)
    for column in wanted:
        if column not in values:
            raise InputError(f"{where} {missing_column(column, values)}")
    text, frames = (values[column] for column in columns)
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{where} has no text in {columns[0]!r}; expected a sentence")
    try:
        labels = read_labels(frames)
        checked = labels if codebook is None else codebook.check(labels)
    except CodebookError as error:
        raise CodebookError(f"{where}: {error}") from error
    if columns[1] == "frames":
        try:
            refuse_two_labellings(values)
        except InputError as error:
            raise InputError(f"{where} {error}") from error
    name, group = values.get("id"), values.get(document_column)
    row_id = f"{file.name}:{row.number}" if is_empty(name) else str(name)
    document = row_id if is_empty(group) else str(group)
    return LabelledRow(clean(row_id), clean(document), clean(text), checked)
