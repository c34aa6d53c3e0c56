"""``evaluate``: a model against a labelled file; ``compare``: two models against each other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from stance.codebook import Codebook
from stance.decision import states_of
from stance.errors import CodebookError, InputError
from stance.figures import Comparison, Evaluation
from stance.files import LabelledRow, read_labelled
from stance.model import StanceModel, load
from stance.resampling import check_drawing
from stance.scoring import difference, score
from stance.trained_on import count_known, read_checksums

__all__ = ["compare", "evaluate"]

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
        note: called with a line on what an export was taken for, on documents that are not named,
            or on sentences that the model was trained on; by default it goes to the logger
            ``stance.evaluate``.

    Raises:
        InputError: the file cannot be read, a row is not labelled, there is no row, or
            ``resamples`` or ``seed`` is below 0.
        CodebookError: a row has a frame that the model does not know.

    >>> import stance
    >>> result = stance.evaluate(stance.load(), "seeds/labels.jsonl")
    >>> result.sentences, result.documents, result.trained_on
    (288, 5, 288)
    """
    check_drawing(resamples, seed)  # Before a model is loaded, which takes longer.
    judged = model if isinstance(model, StanceModel) else load(model)
    columns = (text_column, frames_column, document_column)
    rows = _rows_of(data, columns, judged.codebook, note)
    trained_on = _trained_on(judged, rows, note)
    probabilities = judged.predict_proba([row.text for row in rows])
    evaluation = score(
        states_of([row.frames for row in rows], judged.codebook),
        probabilities,
        judged.decision.states(probabilities),
        [row.document for row in rows],
        frames=judged.codebook.names,
        resamples=resamples,
        seed=seed,
    )
    return replace(evaluation, trained_on=trained_on)


def compare(
    first: StanceModel | str | Path | None,
    second: StanceModel | str | Path | None,
    data: str | Path | Iterable[LabelledRow],
    *,
    text_column: str = "text",
    frames_column: str = "frames",
    document_column: str = "document",
    resamples: int = 1000,
    seed: int = 0,
    note: Callable[[str], None] = logger.warning,
) -> Comparison:
    """Score a second model against a first one, on labelled rows neither was trained on.

    Both are scored on the same resamples of the documents (Koehn 2004, Statistical Significance
    Tests for Machine Translation Evaluation). That the intervals of two evaluations overlap does
    not say that the models are alike: what is hard for one is mostly hard for the other.

    Args:
        first: a loaded model, or what ``stance.load`` takes.
        second: another one, of the same frames. Where it is better, the difference is positive.
        data: labelled rows, as for ``stance.evaluate``.
        text_column: where a file keeps the sentence.
        frames_column: where it keeps the labels.
        document_column: where it keeps the document, by which intervals are resampled.
        resamples: of the bootstrap; 0 gives no intervals.
        seed: the same seed gives the same intervals.
        note: called with a line on what an export was taken for, or on sentences that a model was
            trained on.

    Raises:
        InputError: the file cannot be read, a row is not labelled, there is no row, or
            ``resamples`` or ``seed`` is below 0.
        CodebookError: the models know other frames, or a row has one that they do not know.

    >>> import stance
    >>> model = stance.load()
    >>> strict = model.with_thresholds(dict.fromkeys(model.codebook.names, 0.99))
    >>> compare(model, strict, "seeds/labels.jsonl").macro_f1.high < 0
    True
    """
    check_drawing(resamples, seed)  # Before a model is loaded, which takes longer.
    one, other = (
        model if isinstance(model, StanceModel) else load(model) for model in (first, second)
    )
    names = one.codebook.names
    if set(names) != set(other.codebook.names):
        raise CodebookError(
            f"the first model knows {', '.join(names)}, the second "
            f"{', '.join(other.codebook.names)}; expected models of the same frames"
        )
    columns = (text_column, frames_column, document_column)
    rows = _rows_of(data, columns, one.codebook, note)
    told: list[str] = []
    for model in (one, other):
        _trained_on(model, rows, told.append)
    for line in dict.fromkeys(told):  # The two may be one model with other thresholds.
        note(line)
    states = [
        model.decision.states(model.predict_proba([row.text for row in rows]))
        for model in (one, other)
    ]
    return difference(
        states_of([row.frames for row in rows], one.codebook),
        states[0],
        states[1][:, [other.codebook.names.index(name) for name in names]],
        [row.document for row in rows],
        resamples=resamples,
        seed=seed,
    )


def _rows_of(
    data: str | Path | Iterable[LabelledRow],
    columns: tuple[str, str, str],
    codebook: Codebook,
    note: Callable[[str], None],
) -> list[LabelledRow]:
    """Return the rows; the columns are those of the text, the frames and the document."""
    if isinstance(data, (str, Path)):
        text, frames, document = columns
        file = read_labelled(
            data,
            text_column=text,
            frames_column=frames,
            document_column=document,
            codebook=codebook,
        )
        if file.note:
            note(file.note)
        rows = list(file.rows)
    else:
        given: object = data
        if not isinstance(given, Iterable):
            raise InputError(
                f"found a {type(given).__name__}, expected the name of a file or rows: "
                "stance.files.LabelledRow(id, document, text, frames)"
            )
        rows = list(data)
        if rows and not isinstance(rows[0], LabelledRow):
            raise InputError(
                f"found rows of type {type(rows[0]).__name__}, expected the name of a file or "
                "stance.files.LabelledRow(id, document, text, frames)"
            )
    if not rows:
        raise InputError(f"{data} has no rows; expected labelled sentences")
    if len(rows) > 1 and all(row.document == row.id for row in rows):
        note(
            "the rows do not say which document each is from: intervals are of single sentences, "
            "too narrow where several come from one document"
        )
    return rows


def _trained_on(
    model: StanceModel, rows: Sequence[LabelledRow], note: Callable[[str], None]
) -> int | None:
    """Return how many of the rows the model was trained on, and say so; None: that is not known."""
    known = read_checksums(model.folder.path)
    if known is None:
        return None
    count = count_known([row.text for row in rows], known)
    if count:
        note(
            f"{model.folder.name} was trained on {count:,} of these {len(rows):,} sentences: its "
            "figures on them are too good; evaluate it on documents that it has not seen"
        )
    return count
