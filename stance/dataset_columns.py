"""Labels as columns of a ``datasets.Dataset``, a stream of its rows, or a batch of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from stance.codebook import format_labels
from stance.errors import InputError
from stance.inference import CHUNK, checked_texts
from stance.results import PROBABILITY, STANCE, SentenceResult, likeliest

__all__ = ["add_columns"]


def add_columns(
    dataset: Any,
    predict: Callable[[Sequence[str]], list[SentenceResult]],
    frames: Sequence[str],
    *,
    text_column: str,
    identity: str,
) -> Any:
    """Label every row of a ``datasets.Dataset`` as one sentence.

    Args:
        dataset: a ``datasets.Dataset``, whatever its format is; an ``IterableDataset``; or a batch,
            as ``map(batched=True)`` of either gives it: column → values.
        predict: labels texts.
        frames: the names of the frames it labels.
        text_column: where the dataset keeps the sentences.
        identity: of what labels, so that what ``datasets`` has cached is of the same.

    Returns:
        The dataset with the columns ``frames``, ``p_<frame>`` and ``stance_<frame>``, in its own
        format; of a stream, one without a format whose rows are labelled as they are read; of a
        batch, these columns alone.

    Raises:
        InputError: the dataset has no such column, or a row of it is not a string; it has a
            column of a name that would be added; or it is several splits rather than one.
    """
    added = _columns([], frames)

    def label(rows: Mapping[str, Any], numbers: Sequence[int] = (0,)) -> dict[str, list[Any]]:
        _check_columns(rows, text_column, added=added)
        texts = checked_texts(rows[text_column], what="row", first=numbers[0])
        return _columns(predict(texts), frames)

    if _is_batch(dataset):
        if isinstance(dataset.get(text_column), str):
            raise InputError("found one row, expected a batch of rows: map with batched=True")
        return label(dataset)
    _check(dataset)
    if not _is_whole(dataset):
        # What columns a stream has may be known with its first rows only.
        _check_columns(dataset.column_names or [text_column], text_column, added=added)
        return dataset.with_format(None).map(
            label, with_indices=True, batched=True, batch_size=CHUNK
        )
    _check_columns(dataset.column_names, text_column, added=added)
    # In pandas' format ``map`` would keep the new columns alone, in Arrow's a text is no string.
    plain = dataset.with_format(None)
    if not len(plain):  # Its ``map`` would add no column.
        for name, values in added.items():
            kind = float if name.startswith(PROBABILITY) else str
            plain = plain.add_column(name, np.array(values, dtype=kind))
        return _in_format_of(dataset, plain)
    start = f"{plain._fingerprint}{text_column}{identity}"
    labelled = plain.map(
        label,
        with_indices=True,
        batched=True,
        batch_size=CHUNK,
        # What the function computes is hashed, rather than the model that it holds.
        new_fingerprint=hashlib.sha256(start.encode()).hexdigest()[:16],
    )
    return _in_format_of(dataset, labelled)


def _is_batch(dataset: Any) -> bool:
    """Tell columns of values from splits, which are datasets."""
    return isinstance(dataset, Mapping) and not any(
        hasattr(values, "column_names") for values in dataset.values()
    )


def _is_whole(dataset: Any) -> bool:
    """Tell a ``Dataset`` from a stream, which has no fingerprint."""
    return hasattr(dataset, "_fingerprint")


def _check(dataset: Any) -> None:
    """Refuse what is no dataset of rows."""
    if isinstance(dataset, Mapping):
        splits = ", ".join(f"dataset[{str(split)!r}]" for split in dataset)
        raise InputError(f"found several splits, expected one of them: {splits}")
    if not all(hasattr(dataset, name) for name in ("column_names", "with_format", "map")):
        raise InputError(
            f"found: {type(dataset).__name__}; expected a datasets.Dataset (for batches of map: "
            "one with_format(None); other texts are labelled by model.predict)"
        )


def _check_columns(columns: Collection[str], text_column: str, *, added: Iterable[str]) -> None:
    """Refuse columns without the texts, or of the names to be added."""
    if text_column not in columns:
        raise InputError(f"the dataset has no column {text_column!r}; it has {', '.join(columns)}")
    if taken := [name for name in added if name in columns]:
        raise InputError(
            f"the dataset has a column {taken[0]!r} already, which the labels would replace; "
            f"give it another name first: dataset.rename_column({taken[0]!r}, ...)"
        )


def _in_format_of(dataset: Any, labelled: Any) -> Any:
    """Put the format of a dataset on the same with more columns, which have it too."""
    form = dataset.format
    without = set(dataset.column_names) - set(form["columns"])
    return labelled.with_format(
        form["type"],
        columns=[name for name in labelled.column_names if name not in without],
        output_all_columns=form["output_all_columns"],
        **form["format_kwargs"],
    )


def _columns(results: Sequence[SentenceResult], frames: Sequence[str]) -> dict[str, list[Any]]:
    """Return the frames, and P(frame) and the likeliest stance of every frame, as columns."""
    columns: dict[str, list[Any]] = {"frames": [format_labels(r.frames) for r in results]}
    for name in frames:
        columns[PROBABILITY + name] = [result.probabilities[name] for result in results]
        stances = [result.stances.get(name) for result in results]
        columns[STANCE + name] = [likeliest(found) if found else None for found in stances]
    return columns
