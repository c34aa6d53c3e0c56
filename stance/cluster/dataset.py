"""``ray_label``: a Ray dataset of documents → a Ray dataset of labelled sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stance.cluster.engine import import_ray
from stance.cluster.tables import TableLabeller
from stance.cluster.workers import Worker

__all__ = ["ray_label"]


def ray_label(
    dataset: Any,
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
    threads: int | None = None,
    num_gpus: float | None = None,
    batch_size: int | None = None,
    workers: int | None = None,
) -> Any:
    """Label the documents of a ``ray.data.Dataset``, wherever it reads them from.

    Like all of Ray Data it is lazy: the work is done when the result is written or looked at. The
    sentences of a document stand together and in order; the order of the documents is Ray's.

    Args:
        dataset: one document a row.
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
        threads: processors a worker, 1 by default.
        num_gpus: GPUs a worker with the device ``cuda``, 1 by default; 0.25 puts four on each.
        batch_size: as ``stance.load``.
        workers: at most so many; by default as many as the cluster has room for.

    Returns:
        A ``ray.data.Dataset`` of one row a sentence, with the columns of a Parquet result
        (``document``, ``index``, ``start``, ``end``, ``text``, ``frames``, and ``p_<frame>`` and
        ``stance_<frame>`` for every frame) and ``error``: a document that cannot be labelled is one
        row with the reason there and nothing but its id beside it.

    Raises:
        MissingExtraError: Ray is not installed.
        InputError: an option that is not known, or that does not fit the model.
        ModelError: the model is missing or damaged.

    >>> import ray, stance  # doctest: +SKIP
    >>> documents = ray.data.read_parquet("s3://bucket/articles/")  # doctest: +SKIP
    >>> stance.ray_label(documents).write_parquet("s3://bucket/labelled/")  # doctest: +SKIP
    """
    room = import_ray().cluster_resources()
    worker = Worker.of(
        model,
        thresholds=thresholds,
        backend=backend,
        device=device,
        threads=threads,
        num_gpus=num_gpus,
        batch_size=batch_size,
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
    return dataset.map_batches(
        _RayLabeller,
        fn_constructor_args=(labeller,),
        batch_size=None,
        **worker.pool(workers, room=room),
    )


class _RayLabeller:
    """A labeller as Ray asks for one: a class, so that each of its workers has one of its own."""

    def __init__(self, labeller: TableLabeller) -> None:
        self._labeller = labeller

    def __call__(self, batch: Any) -> Iterator[Any]:
        """Label a batch of documents; yield tables of sentences."""
        yield from self._labeller(batch)
