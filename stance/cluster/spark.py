"""``spark_label``: a Spark DataFrame of documents → one of labelled sentences, by an Arrow UDF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stance.cluster.tables import TableLabeller
from stance.cluster.workers import Worker
from stance.errors import MissingExtraError

__all__ = ["spark_label"]

_SPARK_TYPES = {"string": "string", "int64": "bigint", "double": "double"}


def spark_label(
    documents: Any,
    *,
    text_column: str = "text",
    id_column: str = "id",
    keep_columns: Sequence[str] = (),
    model: str | Path | None = None,
    thresholds: Mapping[str, float] | None = None,
    abstain: float | None = None,
    explain: str | None = None,
    keep_all: bool = False,
    backend: str = "auto",
    device: str = "cpu",
) -> Any:
    """Label the documents of a Spark DataFrame.

    The UDF (``DataFrame.mapInArrow``) loads the model once in a Python worker and keeps it
    for the tasks that follow there. Each uses one processor, as Spark runs a task a core.

    Args:
        documents: a ``pyspark.sql.DataFrame``, one document a row.
        text_column: where it keeps the text.
        id_column: where it keeps the documents' ids, which should differ.
        keep_columns: columns that the sentences carry too, as text.
        model: what ``stance.load`` takes, at the same place on every machine; the shipped model by
            default.
        thresholds: frame → threshold, 0 to 1, instead of the model's own.
        abstain: withhold this share of the decisions, as ``StanceModel.label``.
        explain: also say which words carry the frames, as ``label_files``.
        keep_all: label every line, skip nothing.
        backend: as ``stance.load``.
        device: ``cpu`` or ``cuda``.

    Returns:
        A DataFrame of one row a sentence, with the columns of ``ray_label``.

    Raises:
        MissingExtraError: Spark's Python package, pandas or pyarrow is not installed.
        InputError: an option that is not known, or that does not fit the model.
        ModelError: the model is missing or damaged.

    >>> from stance.cluster.spark import spark_label
    >>> articles = spark.read.parquet("s3://bucket/articles/")  # doctest: +SKIP
    >>> spark_label(articles).write.parquet("s3://bucket/labelled/")  # doctest: +SKIP
    """
    try:
        import pandas  # noqa: F401
        import pyspark  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError("labelling with Spark", extra="spark") from error
    worker = Worker.of(
        model,
        thresholds=thresholds,
        backend=backend,
        device=device,
        threads=1,
        num_gpus=None,
    )
    labeller = TableLabeller.of(
        worker,
        text_column=text_column,
        id_column=id_column,
        keep_columns=keep_columns,
        abstain=abstain,
        explain=explain,
        keep_all=keep_all,
    )
    columns = (f"`{field.name}` {_SPARK_TYPES[str(field.type)]}" for field in labeller.schema)

    def label(batches: Iterable[Any]) -> Iterator[Any]:
        import pyarrow as arrow

        for batch in batches:
            for sentences in labeller(arrow.Table.from_batches([batch])):
                yield from sentences.to_batches()

    # Not through pandas, where a column of integers with a null would become one of fractions.
    return documents.mapInArrow(label, schema=", ".join(columns))
