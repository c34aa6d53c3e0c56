"""Arrow tables of documents → Arrow tables of sentences: what the workers of Ray and Spark run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stance.cluster.workers import Worker, loaded
from stance.errors import InputError
from stance.files.cells import is_empty
from stance.files.documents import Document, Failure, jsonable
from stance.files.formats import FlatColumns, arrow_schema
from stance.files.text import clean
from stance.job import WINDOW_CHARACTERS, label_documents, windows
from stance.settings import checked_options, columns_of

__all__ = ["TableLabeller"]


@dataclass(frozen=True)
class TableLabeller:
    """Labels the documents of a table; small until it is called, then it loads its model.

    Attributes:
        worker: how to load the model.
        options: as ``stance.settings.checked_options``.
        columns: of the sentences.
    """

    worker: Worker
    options: Mapping[str, Any]
    columns: FlatColumns

    @classmethod
    def of(cls, worker: Worker, **options: Any) -> TableLabeller:
        """Make one.

        Raises:
            InputError: an option that is not known, or that does not fit the model.
            ModelError: the model is missing or damaged.
        """
        checked = checked_options(format="parquet", **options)
        if "error" in options["keep_columns"]:
            raise InputError("the column 'error' cannot be kept: results have one of that name")
        codebook = worker.checked_folder(checked).codebook
        return cls(worker, checked, columns_of(codebook, checked))

    @property
    def schema(self) -> Any:
        """The ``pyarrow.Schema`` of the sentences: a Parquet result's, and ``error``."""
        import pyarrow as arrow

        return arrow_schema(self.columns).append(arrow.field("error", arrow.string()))

    def __call__(self, documents: Any) -> Iterator[Any]:
        """Label a ``pyarrow.Table``, one document a row; yield tables, one sentence a row.

        Raises:
            InputError: a column is missing.
        """
        import pyarrow as arrow

        model, given = loaded(self.worker), map(self._document, documents.to_pylist())
        for window in windows(given, WINDOW_CHARACTERS):
            rows: list[dict[str, Any]] = []
            for done in label_documents(window, model=model, options=self.options):
                if isinstance(done, Failure):
                    rows.append({"document": done.id, "error": done.reason})
                    continue
                document, result = done
                rows += (
                    self.columns.flat(sentence.to_dict(document=result.id) | document.columns)
                    for sentence in result.sentences
                )
            yield arrow.Table.from_pylist(rows, schema=self.schema)

    def _document(self, row: Mapping[str, Any]) -> Document | Failure:
        id_column, text_column = self.options["id_column"], self.options["text_column"]
        wanted = (id_column, text_column, *self.options["keep_columns"])
        if lacking := [name for name in wanted if name not in row]:
            raise InputError(f"the dataset has no column {lacking[0]!r}; it has {', '.join(row)}")
        given, text = row[id_column], row[text_column]
        if is_empty(given):
            return Failure("", f"has no id in {id_column!r}")
        document_id = clean(str(given))
        if not isinstance(text, str) or not text.strip():
            return Failure(document_id, f"holds no text in {text_column!r}")
        columns = {name: jsonable(row[name]) for name in self.options["keep_columns"]}
        return Document(document_id, clean(text), columns)
