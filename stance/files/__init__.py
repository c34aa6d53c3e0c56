"""Documents in, rows out: streaming, resumable, whole."""

from __future__ import annotations

from stance.files.documents import Document, DocumentReader, Failure
from stance.files.labelled import LabelledFile, read_labelled
from stance.files.rows import LabelledRow, read_rows
from stance.files.sources import Inputs, LeftOut, find_sources

__all__ = [
    "Document",
    "DocumentReader",
    "Failure",
    "Inputs",
    "LabelledFile",
    "LabelledRow",
    "LeftOut",
    "find_sources",
    "read_labelled",
    "read_rows",
]
