"""Labels as columns of a ``datasets.Dataset``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from stance.codebook import format_labels
from stance.errors import InputError
from stance.inference import CHUNK, checked_texts
from stance.results import SentenceResult

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
        dataset: a ``datasets.Dataset``.
        predict: labels texts.
        frames: the names of the frames it labels.
        text_column: where the dataset keeps the sentences.
        identity: of what labels, so that what ``datasets`` has cached is of the same.

    Returns:
        The dataset with the columns ``frames``, ``p_<frame>`` and ``stance_<frame>``.

    Raises:
        InputError: the dataset has no such column, or a row of it is not a string; it has a
            column of a name that would be added; or it is several splits rather than one.
    """
    if isinstance(dataset, Mapping):
        splits = ", ".join(f"dataset[{str(split)!r}]" for split in dataset)
        raise InputError(f"found several splits, expected one of them: {splits}")
    if not hasattr(dataset, "_fingerprint"):
        raise InputError(
            f"found: {type(dataset).__name__}; expected a datasets.Dataset (load a stream with "
            "streaming=False; other texts are labelled by model.predict)"
        )
    if text_column not in dataset.column_names:
        found = ", ".join(dataset.column_names)
        raise InputError(f"the dataset has no column {text_column!r}; it has {found}")
    empty = _columns([], frames)
    if taken := [name for name in empty if name in dataset.column_names]:
        raise InputError(
            f"the dataset has a column {taken[0]!r} already, which the labels would replace; "
            f"give it another name first: dataset.rename_column({taken[0]!r}, ...)"
        )
    if not len(dataset):  # Its ``map`` would add no column.
        for name, values in empty.items():
            kind = float if name.startswith("p_") else str
            dataset = dataset.add_column(name, np.array(values, dtype=kind))
        return dataset
    start = f"{dataset._fingerprint}{text_column}{identity}"

    def label(rows: Mapping[str, Any], numbers: Sequence[int]) -> dict[str, list[Any]]:
        texts = checked_texts(rows[text_column], what="row", first=numbers[0])
        return _columns(predict(texts), frames)

    return dataset.map(
        label,
        with_indices=True,
        batched=True,
        batch_size=CHUNK,
        # What the function computes is hashed, rather than the model that it holds.
        new_fingerprint=hashlib.sha256(start.encode()).hexdigest()[:16],
    )


def _columns(results: Sequence[SentenceResult], frames: Sequence[str]) -> dict[str, list[Any]]:
    """Return the frames, and P(frame) and the likeliest stance of every frame, as columns."""
    columns: dict[str, list[Any]] = {"frames": [format_labels(r.frames) for r in results]}
    for name in frames:
        columns[f"p_{name}"] = [result.probabilities[name] for result in results]
        columns[f"stance_{name}"] = [
            max(result.stances[name].items(), key=itemgetter(1))[0] for result in results
        ]
    return columns
