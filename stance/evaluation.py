"""``evaluate``: a model against a labelled file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from stance.decision import states_of
from stance.errors import InputError
from stance.figures import Evaluation
from stance.files import LabelledRow, read_labelled
from stance.model import StanceModel, load
from stance.scoring import score

__all__ = ["evaluate"]

logger = logging.getLogger("stance.evaluate")


def evaluate(
    model: StanceModel | str | Path | None,
    data: str | Path | Iterable[LabelledRow],
    *,
    text_column: str = "text",
    frames_column: str = "frames",
    document_column: str = "document",
    resamples: int = 1000,
    seed: int = 0,
    note: Callable[[str], None] = logger.warning,
) -> Evaluation:
    """Score a model on labelled rows it was not trained on.

    Args:
        model: a loaded model, or what ``stance.load`` takes.
        data: a JSONL, CSV, TSV or Parquet file of labelled rows, an export of Label Studio (JSON)
            or doccano, or the rows themselves.
        text_column: where the file keeps the sentence.
        frames_column: where it keeps the labels.
        document_column: where it keeps the document, by which intervals are resampled; without that
            column every row is a document of its own.
        resamples: of the bootstrap; 0 gives no intervals.
        seed: the same seed gives the same intervals.
        note: called with a line on what an export was taken for; by default it goes to the logger
            ``stance.evaluate``.

    Raises:
        InputError: the file cannot be read, a row is not labelled, or there is no row.
        CodebookError: a row has a frame that the model does not know.

    >>> import stance
    >>> result = stance.evaluate(stance.load(), "seeds/labels.jsonl")
    >>> result.sentences, result.documents
    (288, 5)
    """
    judged = model if isinstance(model, StanceModel) else load(model)
    if isinstance(data, (str, Path)):
        file = read_labelled(
            data,
            text_column=text_column,
            frames_column=frames_column,
            document_column=document_column,
            codebook=judged.codebook,
        )
        if file.note:
            note(file.note)
        rows = list(file.rows)
    else:
        rows = list(data)
        if rows and not isinstance(rows[0], LabelledRow):
            raise InputError(
                f"found rows of type {type(rows[0]).__name__}, expected the name of a file or "
                "stance.files.LabelledRow(id, document, text, frames)"
            )
    if not rows:
        raise InputError(f"{data} has no rows; expected labelled sentences")
    probabilities = judged.predict_proba([row.text for row in rows])
    return score(
        states_of([row.frames for row in rows], judged.codebook),
        probabilities,
        judged.decision.states(probabilities),
        [row.document for row in rows],
        frames=judged.codebook.names,
        resamples=resamples,
        seed=seed,
    )
