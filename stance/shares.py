"""Results → how a corpus uses the frames, as a whole and group by group, corrected by a sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stance.correction import Correction, correct
from stance.files.rows import LabelledRow
from stance.flat_rows import (
    Row,
    by_id,
    checked_rows,
    flat_rows,
    frame_names,
    group_of,
    models_of,
    rows_apart,
    uniquely_named,
)
from stance.results import DocumentResult
from stance.summary import Summary, summarize

__all__ = ["CorpusShares", "Shares", "add_up"]


@dataclass(frozen=True)
class Shares:
    """What a model finds in some sentences, and what that is once its errors are taken out.

    Attributes:
        summary: what it finds, with intervals for the draw of the documents.
        corrected: the same corrected by a sample that people coded, with intervals for the
            model's errors; None where there is no sample.
    """

    summary: Summary
    corrected: Correction | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON data; ``None`` (null) is what is not defined, never NaN."""
        corrected = {} if self.corrected is None else {"corrected": self.corrected.to_dict()}
        return self.summary.to_dict() | corrected


@dataclass(frozen=True)
class CorpusShares:
    """The shares of a corpus.

    Attributes:
        whole: of all sentences.
        groups: value of the column ``by`` → those of its sentences; empty where none was given.
        by: the column.
    """

    whole: Shares
    groups: Mapping[str, Shares]
    by: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON data, as ``stance shares --json`` prints it."""
        whole = self.whole.to_dict()
        if self.by is None:
            return whole
        groups = {name: shares.to_dict() for name, shares in self.groups.items()}
        return whole | {"by": self.by, "groups": groups}


def add_up(
    rows: Iterable[Row | DocumentResult],
    gold: Iterable[LabelledRow] | None = None,
    *,
    by: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> CorpusShares:
    """Add up results: the share of each frame, its stances and their balance, with 95% intervals.

    Args:
        rows: as ``stance.summary.summarize``; with a sample, as ``stance.correction.correct``.
        gold: a random sample of these sentences, coded by people; see ``stance.sampling``. Each
            group is corrected by its own part of it.
        by: a column, of whose values each is a group.
        resamples: number of resamples behind each interval; 0 gives none.
        seed: the same seed gives the same intervals.

    Raises:
        InputError: as ``summarize`` and ``correct``; or a row has no such column.

    >>> rows = [{"document": d, "outlet": o, "frames": {"trade": "favor"} if d in "ab" else {}}
    ...         for d, o in zip("abcd", "xxyy", strict=True)]
    >>> found = add_up(rows, by="outlet")
    >>> found.whole.summary.frames["trade"].share.value
    0.5
    >>> {name: one.summary.frames["trade"].share.value for name, one in found.groups.items()}
    {'x': 1.0, 'y': 0.0}
    """
    found = list(checked_rows(flat_rows(uniquely_named(rows))))
    coded = None if gold is None else list(gold)
    if coded is None:  # A sample names its sentences as the results do.
        found = list(rows_apart(found))
    # What all rows tell of the frames, a group by itself may not.
    frames, models = frame_names(found), models_of(found)

    def shares(part: Sequence[Row], sample: Sequence[LabelledRow], drawn_by: str | None) -> Shares:
        summary = summarize(
            part, frames=frames, models=models, typical=0, resamples=resamples, seed=seed
        )
        if coded is None:
            return Shares(summary)
        return Shares(summary, correct(part, sample, by=drawn_by, resamples=resamples, seed=seed))

    whole, groups = shares(found, coded or (), by), {}
    for name, part in _grouped(found, by).items():
        own = set() if coded is None else by_id(part).keys()
        groups[name] = shares(part, [row for row in coded or () if row.id in own], None)
    return CorpusShares(whole, groups, by)


def _grouped(rows: Sequence[Row], by: str | None) -> dict[str, list[Row]]:
    if by is None:
        return {}
    groups: dict[str, list[Row]] = {}
    for number, row in enumerate(rows, 1):
        groups.setdefault(group_of(row, by, number), []).append(row)
    return {name: groups[name] for name in sorted(groups)}
