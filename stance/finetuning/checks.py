"""What may be wrong with labelled rows: said before they are trained on.

Nothing here changes a row. What the training does about a finding is said in the finding.
"""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stance.codebook import STANCES, Codebook, format_labels
from stance.files import LabelledRow
from stance.texts import fold, is_wordless

__all__ = [
    "FEW_ROWS",
    "Finding",
    "LabelIssue",
    "check_rows",
    "find_label_issues",
    "usable_rows",
    "written_alike",
]

#: A frame with fewer rows than this, or without it, is hardly learnt, and its figures say next to
#: nothing.
FEW_ROWS = 10

_SHOWN = 3
_SIMILAR = 0.8
# Means over fewer rows are no measure of what a typical row reaches.
_LEAST_TYPICAL = 5


@dataclass(frozen=True)
class Finding:
    """Something to know about the data.

    Attributes:
        kind: ``export``, ``duplicates``, ``contradictions``, ``leaks``, ``frame_names``,
            ``empty``, ``long``, ``language``, ``few_rows``, ``documents``, ``not_compared``,
            ``label_errors`` or ``model``.
        message: one sentence for people.
        rows: ids of the rows that it is about.
    """

    kind: str
    message: str
    rows: tuple[str, ...] = ()

    @classmethod
    def of(cls, kind: str, message: str, rows: Iterable[LabelledRow]) -> Finding:
        """Make a finding of rows, the first of which its message names."""
        ids = tuple(row.id for row in rows)
        return cls(kind, f"{message} ({_listed(ids)})", ids)


@dataclass(frozen=True)
class LabelIssue:
    """A label that the model, trained on other rows, contradicts.

    Attributes:
        row: position of the row, from 0.
        frame: the frame.
        given: what the row says: ``present`` or ``absent``.
        probability: P(frame) as held out, 0 to 1.
    """

    row: int
    frame: str
    given: str
    probability: float


def check_rows(
    rows: Sequence[LabelledRow],
    codebook: Codebook,
    *,
    held_out: Sequence[LabelledRow] = (),
) -> list[Finding]:
    """Look for what commonly goes wrong in labelled data.

    Args:
        rows: as they were given. Frames and documents are counted in those that are usable.
        codebook: the frames to train.
        held_out: a separate set to measure on, where there is one.

    >>> from stance.codebook import Frame
    >>> rows = [LabelledRow("1", "a", "They met.", {"cooperation": "favor"}),
    ...         LabelledRow("2", "b", "They met!", {})]
    >>> [finding.kind for finding in check_rows(rows, Codebook((Frame("cooperation"),)))]
    ['contradictions', 'leaks', 'few_rows', 'few_rows']
    """
    usable = usable_rows(rows, held_out)
    return [
        *_copies(rows),
        *_taken_out(rows, held_out),
        *_leaks(usable, held_out),
        *_similar_names(rows, codebook),
        *_rare_frames(usable, codebook),
        *_documents(usable),
    ]


def usable_rows(rows: Sequence[LabelledRow], held_out: Sequence[LabelledRow]) -> list[LabelledRow]:
    """Return the rows to train on: those with words that are not in the evaluation data.

    Where a text has no letter and no digit, no frame can be in it.
    """
    elsewhere = {fold(row.text) for row in held_out}
    return [row for row in rows if not is_wordless(row.text) and fold(row.text) not in elsewhere]


def find_label_issues(
    states: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    codebook: Codebook,
    thresholds: Sequence[float],
) -> list[LabelIssue]:
    """Find labels that are likely wrong, likeliest first, by confident learning.

    For each frame, the mean P(frame) of the rows that carry it, and the mean 1 − P(frame) of the
    others, are what a typical row of each kind reaches. A row that reaches the other kind's mean
    and not its own is taken to be of the other kind (Northcutt, Jiang and Chuang 2021, Confident
    Learning: Estimating Uncertainty in Dataset Labels), if the model decides so too. A frame with
    fewer than five rows, or without it, is left out.

    Args:
        states: gold states, ``(n, F)``; 0 is absent.
        probabilities: of models that did not see the row, ``(n, F, 4)``.
        codebook: the F frames.
        thresholds: of P(frame), from which on the model gives each frame.
    """
    issues = []
    for column, (name, threshold) in enumerate(zip(codebook.names, thresholds, strict=True)):
        present = 1.0 - probabilities[:, column, 0].astype(np.float64)
        gold = states[:, column] != 0
        if min(gold.sum(), (~gold).sum()) < _LEAST_TYPICAL:
            continue
        usual_present, usual_absent = present[gold].mean(), 1 - present[~gold].mean()
        given = present >= threshold
        missed = ~gold & given & (present >= usual_present) & (1 - present < usual_absent)
        invented = gold & ~given & (1 - present >= usual_absent) & (present < usual_present)
        issues += [
            LabelIssue(int(row), name, "present" if gold[row] else "absent", float(present[row]))
            for row in np.flatnonzero(missed | invented)
        ]
    return sorted(
        issues,
        key=lambda found: found.probability if found.given == "present" else 1 - found.probability,
    )


def written_alike(name: str, others: Iterable[str]) -> str | None:
    """Return which of other names is written much like a name, whatever its case and joints."""
    forms: dict[str, str] = {}
    for other in others:
        forms.setdefault(_form(other), other)
    close = difflib.get_close_matches(_form(name), forms, n=1, cutoff=_SIMILAR)
    return forms[close[0]] if close else None


def _copies(rows: Sequence[LabelledRow]) -> Iterable[Finding]:
    same: dict[str, list[LabelledRow]] = defaultdict(list)
    for row in rows:
        same[fold(row.text)].append(row)
    copies = [found for text, found in same.items() if text and len(found) > 1]
    agreeing = [found for found in copies if _agree(found)]
    contradicting = [found for found in copies if not _agree(found)]
    if agreeing:
        extra = sum(len(found) - 1 for found in agreeing)
        yield Finding.of(
            "duplicates",
            f"{extra:,} rows repeat the text and the labels of another; they count twice",
            (row for found in agreeing for row in found[1:]),
        )
    if contradicting:
        first, second = contradicting[0][:2]
        yield Finding.of(
            "contradictions",
            f"{len(contradicting):,} texts stand there with different labels (e.g. {first.id} "
            f"[{format_labels(first.frames)}] and {second.id} [{format_labels(second.frames)}]); "
            "all are trained on: settle them",
            (row for found in contradicting for row in found),
        )


def _taken_out(rows: Sequence[LabelledRow], held_out: Sequence[LabelledRow]) -> Iterable[Finding]:
    """Say which rows are not usable, and why."""
    usable = {id(row) for row in usable_rows(rows, held_out)}
    empty = [row for row in rows if is_wordless(row.text)]
    leaking = [row for row in rows if id(row) not in usable and not is_wordless(row.text)]
    if leaking:
        yield Finding.of(
            "leaks",
            f"{len(leaking):,} rows are in the evaluation data too; they are not trained on",
            leaking,
        )
    if empty:
        yield Finding.of(
            "empty", f"{len(empty):,} texts have no letter or digit; they are left out", empty
        )


def _leaks(rows: Sequence[LabelledRow], held_out: Sequence[LabelledRow]) -> Iterable[Finding]:
    named = {row.document for row in held_out if row.document != row.id}
    shared = sorted({row.document for row in rows} & named)
    if shared:
        yield Finding(
            "leaks",
            f"{len(shared):,} documents are in the training and in the evaluation data "
            f"({_listed(shared)}); figures on the latter are too kind",
            tuple(shared),
        )
    documents: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        documents[fold(row.text)].add(row.document)
    across = [r for r in rows if r.document != r.id and len(documents[fold(r.text)]) > 1]
    if across:
        yield Finding.of(
            "leaks",
            f"{len(across):,} rows have the same text in several documents; a copy is not trained "
            "on while the other is held out",
            across,
        )


def _similar_names(rows: Sequence[LabelledRow], codebook: Codebook) -> Iterable[Finding]:
    counts = Counter(frame for row in rows for frame in row.frames)
    # Each is held against those of more rows; of as many, against those before it.
    names = sorted(filter(counts.get, codebook.names), key=lambda name: -counts[name])
    for place, name in enumerate(names):
        close = written_alike(name, names[:place])
        if close:
            yield Finding(
                "frame_names",
                f"the frame {name!r} ({counts[name]:,} rows) is written much like {close!r} "
                f"({counts[close]:,} rows); did you mean {close!r}?",
                tuple(row.id for row in rows if name in row.frames),
            )


def _form(name: str) -> str:
    return name.casefold().translate(dict.fromkeys(map(ord, "_-.")))


def _rare_frames(rows: Sequence[LabelledRow], codebook: Codebook) -> Iterable[Finding]:
    for name in codebook.names:
        carrying = [row for row in rows if name in row.frames]
        if 0 < len(carrying) < FEW_ROWS:
            yield Finding.of(
                "few_rows",
                f"only {len(carrying)} rows carry {name}; label at least {FEW_ROWS}, better 50",
                carrying,
            )
        if carrying and len(rows) - len(carrying) < FEW_ROWS:
            yield _rarely_absent(name, rows, carrying)
    yield from _rare_stances(rows, codebook)


def _rare_stances(rows: Sequence[LabelledRow], codebook: Codebook) -> Iterable[Finding]:
    uncoded, rare = [], []
    for name in codebook.names:
        stances = Counter(row.frames[name] for row in rows if name in row.frames)
        few = [f"{stance} {stances[stance]}" for stance in STANCES if stances[stance] < FEW_ROWS]
        if stances.keys() == {None}:
            uncoded.append(name)
        elif stances and few:
            rare.append(f"{name} {', '.join(few)}")
    if uncoded:
        yield Finding(
            "few_rows",
            f"no row says which stance it takes in {', '.join(uncoded)}: what the rows do not say, "
            "the model does not learn",
        )
    if rare and len(rows) >= FEW_ROWS:
        listed = "; ".join(rare)
        yield Finding("few_rows", f"stances with fewer than {FEW_ROWS} labels: {listed}")


def _rarely_absent(
    name: str, rows: Sequence[LabelledRow], carrying: Sequence[LabelledRow]
) -> Finding:
    null = any(row.frames[name] is None for row in carrying)
    advice = "; null says that it is there: leave it out where it is absent" if null else ""
    if len(carrying) == len(rows):
        return Finding(
            "few_rows",
            f"every row carries {name}: there is nothing to tell it from, and its figures say "
            f"nothing; label rows without it too{advice}",
        )
    return Finding.of(
        "few_rows",
        f"only {len(rows) - len(carrying)} rows are without {name}; label at least {FEW_ROWS}, "
        f"better 50{advice}",
        (row for row in rows if name not in row.frames),
    )


def _documents(rows: Sequence[LabelledRow]) -> Iterable[Finding]:
    if len(rows) >= FEW_ROWS and all(row.document == row.id for row in rows):
        yield Finding(
            "documents",
            "the rows do not say which document they are from, so they are held out one by one; "
            "where several are from one document, the figures are too kind",
        )


def _agree(rows: Sequence[LabelledRow]) -> bool:
    return all(dict(row.frames) == dict(rows[0].frames) for row in rows)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
