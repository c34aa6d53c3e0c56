"""How a corpus uses the frames: shares and stance balances with intervals, typical sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from stance.codebook import STATES
from stance.errors import InputError, MissingExtraError
from stance.figures import Figure
from stance.flat_rows import (
    Row,
    checked_rows,
    flat_rows,
    frame_names,
    models_of,
    rows_apart,
    uniquely_named,
)
from stance.resampling import check_drawing, ratio, resample_weights
from stance.results import DocumentResult
from stance.tabulation import tabulate

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "FrameUse",
    "Summary",
    "TypicalSentence",
    "count_judged",
    "summarize",
]

_WITHHELD, _NOT_JUDGED, _NOT_CODED = -1, -2, len(STATES)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TypicalSentence:
    """A sentence in which a frame is likeliest; ``probability`` is P(frame), 0 to 1."""

    document: str
    index: int
    text: str
    stance: str | None
    probability: float


@dataclass(frozen=True)
class FrameUse:
    """How a corpus uses one frame.

    Sentences whose decision was withheld (``stance label --abstain``) count as not carrying it.
    With these settled, the share lies between ``share`` and ``share`` + ``uncertain`` / ``judged``.

    Attributes:
        sentences: how many carry the frame.
        judged: how many sentences were judged for it: all, but for rows with the probabilities of
            other frames alone, where results of two codebooks were put together.
        documents: how many have at least one sentence that carries it.
        share: of the sentences judged, how many carry the frame, 0 to 1.
        uncertain: how many have a decision on the frame that was withheld.
        favor, neutral, against: how many take each stance.
        balance: (favor − against) / (favor + neutral + against), −1 to 1; not defined where no
            sentence has a stance that was coded.
        typical: the sentences that carry it with the highest probability, likeliest first.
    """

    sentences: int
    judged: int
    documents: int
    share: Figure
    uncertain: int
    favor: int
    neutral: int
    against: int
    balance: Figure
    typical: tuple[TypicalSentence, ...]


@dataclass(frozen=True)
class Summary:
    """How a corpus uses its frames. ``print`` shows it as a table.

    Attributes:
        documents, sentences: size of the corpus.
        resampled: what the bootstrap drew: ``documents``, or ``sentences`` where there is only one.
        resamples: number of resamples behind each interval.
        frames: frame → its use.
    """

    documents: int
    sentences: int
    resampled: str
    resamples: int
    frames: Mapping[str, FrameUse]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON data; ``None`` (null) is what is not defined, never NaN."""
        return asdict(self)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return one flat row a frame, without the typical sentences."""
        return [
            {
                "frame": name,
                "sentences": use.sentences,
                "judged": use.judged,
                "documents": use.documents,
                "share": use.share.value,
                "share_low": use.share.low,
                "share_high": use.share.high,
                "uncertain": use.uncertain,
                "favor": use.favor,
                "neutral": use.neutral,
                "against": use.against,
                "balance": use.balance.value,
                "balance_low": use.balance.low,
                "balance_high": use.balance.high,
            }
            for name, use in self.frames.items()
        ]

    def to_pandas(self) -> pd.DataFrame:
        """Return ``to_rows`` as a pandas data frame, indexed by frame.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise MissingExtraError("Summary.to_pandas", extra="report") from error
        rows = self.to_rows()
        return pd.DataFrame(rows, columns=None if rows else ["frame"]).set_index("frame")

    def __str__(self) -> str:
        withheld = any(use.uncertain for use in self.frames.values())
        left_open = ("left open",) if withheld else ()
        head = ("frame", "sentences", "share", *left_open, "favor", "neutral", "against", "balance")
        body = [
            (
                name,
                f"{use.sentences:,}",
                use.share.as_share(),
                *([f"{use.uncertain:,}"] if withheld else []),
                f"{use.favor:,}",
                f"{use.neutral:,}",
                f"{use.against:,}",
                str(use.balance),
            )
            for name, use in self.frames.items()
        ]
        return tabulate(head, body)


def summarize(
    rows: Iterable[Row | DocumentResult],
    *,
    frames: Sequence[str] | None = None,
    typical: int = 3,
    resamples: int = 1000,
    seed: int = 0,
    models: Iterable[tuple[str, ...]] | None = None,
) -> Summary:
    """Count frames and stances over a corpus.

    Intervals are percentiles of a bootstrap that draws whole documents (Efron and Tibshirani 1993,
    An Introduction to the Bootstrap, chapters 8 and 13), since sentences of one document resemble
    each other. They speak of the corpus as a sample of such documents, and not of the model's
    mistakes. Where all documents are alike, as for a frame that none has, resampling tells nothing:
    the share then has a score interval (``Figure.wilson``), as if sentences were independent, and
    the balance none. A single sentence has no interval.

    Args:
        rows: the rows of a result file as ``stance.report.read_results`` or ``json.loads`` gives
            them, with ``document`` and ``frames`` and, for typical sentences, ``text`` and
            ``probabilities``; or the results of ``label`` or ``label_many``, each of them a
            document whatever its id. A row whose ``index`` a document has had before begins
            another document of that name, as files may have been put together: of results of
            ``predict``, say which sentence each is (``to_dict(document=..., index=...)``).
        frames: the frames to count, in this order; those of the rows by default.
        typical: number of typical sentences a frame; equal texts count once.
        resamples: number of resamples; 0 gives no intervals.
        seed: the same seed gives the same intervals.
        models: the frames that each model which made rows was looking for; by default as the rows
            tell, which a part of them may not.

    Raises:
        InputError: there is no row, or one without ``document`` or ``frames`` or with a stance that
            is none; ``frames`` is one string, or has one that neither a row nor the model that made
            the rows knows; or ``resamples`` or ``seed`` is below 0.

    >>> one = {"document": "a", "frames": {"cooperation": "favor"}}
    >>> two = {"document": "b", "frames": {}}
    >>> print(summarize([one, two], resamples=0))
    frame        sentences  share  favor  neutral  against  balance
    cooperation          1   0.50      1        0        0     1.00
    """
    check_drawing(resamples, seed)
    if isinstance(frames, str):
        raise InputError(f"frames is one string, expected a list of them: [{frames!r}]")
    found = list(rows_apart(checked_rows(flat_rows(uniquely_named(rows)))))
    known = frame_names(found)
    names = known if frames is None else tuple(frames)
    if models is None:  # Otherwise the frames may be those of more rows.
        models = models_of(found)
        _require_known(names, known, models)
    documents: dict[object, int] = {}
    groups = np.array([documents.setdefault(row["document"], len(documents)) for row in found])
    states = _states(found, names, models)
    many = len(documents) > 1
    counts = _counts(states, groups if many else np.arange(len(found)))
    drawn = resample_weights(np.arange(len(counts)), resamples, seed)
    draws = np.concatenate([weights @ counts for weights in drawn])
    uses = {}
    for number, name in enumerate(names):
        column = states[:, number]
        tally = Counter(column.tolist())
        judged, sentences, *stances = draws[:, 5 * number : 5 * number + 5].T
        favored, neutral, opposed = stances
        uses[name] = FrameUse(
            sentences=int((column > 0).sum()),
            judged=int(judged[0]),
            documents=len(set(groups[column > 0].tolist())),
            share=_share(sentences, judged, single=len(counts) == 1),
            uncertain=tally[_WITHHELD],
            favor=tally[STATES.index("favor")],
            neutral=tally[STATES.index("neutral")],
            against=tally[STATES.index("against")],
            balance=Figure.of(ratio(favored - opposed, favored + neutral + opposed)),
            typical=_typical(found, name, typical),
        )
    resampled = "documents" if many else "sentences"
    return Summary(len(documents), len(found), resampled, resamples, uses)


def _require_known(
    names: Iterable[str], known: Sequence[str], models: Collection[tuple[str, ...]]
) -> None:
    """Refuse a frame that no row carries and no model was looking for, where a model made rows.

    Coders alone do not say which frames they were looking for.
    """
    unknown = [name for name in names if models and name not in known]
    if unknown:
        raise InputError(
            f"no row and no model knows the frame {unknown[0]!r}; expected some of "
            f"{', '.join(known)}"
        )


def count_judged(
    rows: Sequence[Row], names: Sequence[str], models: Iterable[tuple[str, ...]]
) -> list[int]:
    """Return of each frame how many rows were judged for it, see ``FrameUse``."""
    judged: list[int] = (_states(rows, names, models) != _NOT_JUDGED).sum(axis=0).tolist()
    return judged


def _states(
    rows: Sequence[Row], names: Sequence[str], models: Iterable[tuple[str, ...]]
) -> npt.NDArray[np.int64]:
    """Return ``(n, F)`` states: 0 absent to 3 against, or withheld, not judged or not coded."""
    numbers = {state: number for number, state in enumerate(STATES)}
    states = np.zeros((len(rows), len(names)), dtype=np.int64)
    columns = {name: column for column, name in enumerate(names)}
    missing = {known: [columns[name] for name in columns.keys() - set(known)] for known in models}
    unknown = {known: places for known, places in missing.items() if places}
    for line, row in enumerate(rows):
        if unknown:
            states[line, unknown.get(tuple(row.get("probabilities") or ()), [])] = _NOT_JUDGED
        for frame in row.get("uncertain") or ():
            if frame in columns:
                states[line, columns[frame]] = _WITHHELD
        for frame, stance in row["frames"].items():
            if frame in columns:
                states[line, columns[frame]] = numbers.get(stance, _NOT_CODED)
    return states


def _counts(states: npt.NDArray[np.int64], units: npt.NDArray[np.int64]) -> Floats:
    """Count by unit, for each frame: sentences judged, those that carry it, those by stance."""
    kinds = [states != _NOT_JUDGED, states > 0, *(states == stance for stance in (1, 2, 3))]
    values = np.stack(kinds, axis=-1).reshape(len(states), -1)
    counts = np.zeros((int(units.max()) + 1, values.shape[1]))
    np.add.at(counts, units, values)
    return counts


def _share(carrying: Floats, judged: Floats, *, single: bool) -> Figure:
    """Make a share of its counts on the data (first) and on the resamples (the rest)."""
    figure = Figure.of(ratio(carrying, judged))
    if figure.low is None and len(carrying) > 1 and not single:
        return Figure.wilson(int(carrying[0]), int(judged[0]))
    return figure


def _typical(rows: Sequence[Row], frame: str, number: int) -> tuple[TypicalSentence, ...]:
    found: dict[str, TypicalSentence] = {}
    carrying = [row for row in rows if frame in row["frames"] and row.get("text")]
    scored = [row for row in carrying if frame in (row.get("probabilities") or {})]
    for row in sorted(scored, key=lambda row: -row["probabilities"][frame]):
        if len(found) >= number:
            break
        sentence = TypicalSentence(
            str(row["document"]),
            int(row.get("index") or 0),
            row["text"],
            row["frames"][frame],
            float(row["probabilities"][frame]),
        )
        found.setdefault(row["text"], sentence)
    return tuple(found.values())
