"""Sources → documents, one at a time; a document that cannot be used costs only itself."""

from __future__ import annotations

import errno
import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stance.errors import InputError, MissingExtraError
from stance.files.cells import is_empty, missing_column
from stance.files.compression import decompress
from stance.files.pages import article_text
from stance.files.sources import Inputs, Source, Unusable
from stance.files.tables import TABLES, BadRow, Row, TableFile
from stance.files.text import (
    clean,
    declared_encoding,
    decode,
    read_limited,
    reading,
    standard_input,
)

__all__ = ["Document", "DocumentReader", "Failure", "jsonable"]

_MISSING_IN_R = "NA"
# Of the names of columns that are to be told from one another, so many are kept.
_NAMES = 1000


@dataclass(frozen=True)
class Document:
    """One text to label.

    Attributes:
        id: the file's path, the table's id column, or ``FILE:ROW``.
        text: as read; the offsets of its sentences point into it.
        columns: the columns of its table that are carried through, as JSON data.
        guessed: the encoding of its file, where it had to be guessed.
    """

    id: str
    text: str
    columns: dict[str, Any] = field(default_factory=dict)
    guessed: str | None = None


@dataclass(frozen=True)
class Failure:
    """A document that could not be labelled, and why.

    >>> str(Failure("a.txt", "holds no text"))
    'a.txt holds no text'
    """

    id: str
    reason: str

    def __str__(self) -> str:
        return f"{self.id} {self.reason}"


class DocumentReader:
    """The documents of some inputs, in order; what cannot be used is a ``Failure`` in its place.

    A document whose id was seen before is a failure: its sentences could not be told apart from
    those of the first. Memory is bounded but for eight bytes' digest of each id that is not
    ``FILE:ROW``.

    Args:
        inputs: what ``find_sources`` found.
        text_column: where tables keep the text.
        id_column: where tables keep the id; ``FILE:ROW`` by default.
        keep_columns: columns of tables that are carried through. A row of JSONL need not have them,
            as many programs write no key where there is no value; a file has to, in some row, and
            where none has one, a failure of the file says so behind its documents.

    Attributes:
        bytes_read: how much of ``inputs.size`` has been read.
    """

    def __init__(
        self,
        inputs: Inputs,
        *,
        text_column: str = "text",
        id_column: str | None = None,
        keep_columns: Sequence[str] = (),
    ) -> None:
        self.bytes_read = 0
        self._inputs = inputs
        self._text_column = text_column
        self._id_column = id_column
        self._keep_columns = tuple(keep_columns)
        self._seen: set[bytes] = set()

    def __iter__(self) -> Iterator[Document | Failure]:
        done = 0
        for source in self._inputs.sources:
            if isinstance(source, Unusable):
                yield Failure(source.id, source.reason)
                continue
            try:
                yield from self._read(source, done)
            except (InputError, MissingExtraError) as error:
                _require_folder(source)
                yield Failure(source.id, str(error))
            done += source.size
            self.bytes_read = done

    def _read(self, source: Source, done: int) -> Iterator[Document | Failure]:
        if source.kind in TABLES:
            yield from self._from_table(source, done)
            return
        with reading(source.path):
            if source.path is None:
                with standard_input() as stream:
                    data = read_limited(stream)
            else:
                suffix = source.path.suffix.lower()
                with source.path.open("rb") as raw, decompress(raw, suffix) as stream:
                    data = read_limited(stream)
        self.bytes_read = done + source.size
        is_page = source.kind == "html"
        decoded = decode(data, declared=declared_encoding(data) if is_page else None)
        text = article_text(decoded.text) if is_page else decoded.text
        yield self._checked(Document(source.id, text, guessed=decoded.guessed))

    def _from_table(self, source: Source, done: int) -> Iterator[Document | Failure]:
        needed = {self._text_column, *self._keep_columns, *filter(None, [self._id_column])}
        table = TableFile(source.path, source.kind, columns=sorted(needed))
        unseen, names = set(self._keep_columns), dict[str, None]()
        for row in table:
            self.bytes_read = done + table.bytes_read
            yield self._from_row(source, row, table.guessed)
            if unseen and isinstance(row, Row):
                unseen.difference_update(row.values)
                if len(names) < _NAMES:
                    names.update(dict.fromkeys(row.values))
        # Only JSONL comes here with any: of the others it is known before their first row.
        for column in sorted(unseen) if names else ():
            error = InputError(
                f"{missing_column(column, names)}; its articles are labelled without it"
            )
            yield Failure(source.id, clean(str(error)))

    def _from_row(
        self, source: Source, row: Row | BadRow, guessed: str | None
    ) -> Document | Failure:
        document_id = f"{source.id}:{row.number}"
        try:
            if isinstance(row, BadRow):
                raise InputError(row.reason)
            text = self._value(row, self._text_column)
            if not isinstance(text, str):
                found = "nothing" if text is None else f"a {type(text).__name__}"
                raise InputError(f"holds {found} in {self._text_column!r}, expected text")
            if text.strip() == _MISSING_IN_R:
                raise InputError(f"holds NA in {self._text_column!r}, as R writes a missing text")
            if self._id_column is not None:
                document_id = _id(self._value(row, self._id_column), self._id_column)
            columns = {name: jsonable(row.values.get(name)) for name in self._keep_columns}
        except InputError as error:
            return Failure(document_id, clean(f"({row.place}) {error}"))
        except RecursionError:
            return Failure(document_id, f"({row.place}) holds data that is nested too deeply")
        document = Document(document_id, clean(text), columns, guessed)
        return self._checked(document, unique=self._id_column is None)

    def _value(self, row: Row, column: str) -> object:
        if column not in row.values:
            raise InputError(missing_column(column, row.values))
        value: object = row.values[column]
        return value

    def _checked(self, document: Document, *, unique: bool = False) -> Document | Failure:
        if not document.text.strip():
            return Failure(document.id, "holds no text")
        if unique:
            return document
        digest = hashlib.blake2b(document.id.encode(), digest_size=8).digest()
        if digest in self._seen:
            return Failure(document.id, "has the id of an earlier document; ids must differ")
        self._seen.add(digest)
        return document


def _id(value: object, column: str) -> str:
    if is_empty(value):
        raise InputError(f"has no id in {column!r}")
    return clean(str(value))


def jsonable(value: object) -> Any:
    """Return a value as JSON can hold it; what it has no type for becomes its text."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {clean(str(key)): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    return clean(str(value))


def _require_folder(source: Source) -> None:
    """Stop where the folder is gone in which a file was found, as with a drive that is pulled out.

    All other files would fail as well, and none of them is at fault: go on when it is back.
    """
    if source.path is not None and not source.path.parent.exists():
        folder = str(source.path.parent)
        raise FileNotFoundError(errno.ENOENT, "the folder was there and is gone", folder)
