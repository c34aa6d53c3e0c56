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

from stance.codebook import STATES, Codebook, format_labels
from stance.files import LabelledRow
from stance.finetuning.data import CHARACTERS_A_TOKEN, fold, latin_length
from stance.store import ModelFolder

__all__ = [
    "FEW_ROWS",
    "Finding",
    "LabelIssue",
    "check_base",
    "check_rows",
    "find_label_issues",
    "is_empty",
]

#: A frame with fewer rows than this is hardly learnt, and its figures say next to nothing.
FEW_ROWS = 10

_SHOWN = 3
_SIMILAR = 0.8


@dataclass(frozen=True)
class Finding:
    """Something to know about the data.

    Attributes:
        kind: ``export``, ``duplicates``, ``contradictions``, ``leaks``, ``frame_names``,
            ``empty``, ``long``, ``few_rows``, ``documents``, ``label_errors`` or ``model``.
        message: one sentence for people.
        rows: ids of the rows that it is about.
    """

    kind: str
    message: str
    rows: tuple[str, ...] = ()


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
    long_characters: int = 600,
) -> list[Finding]:
    """Look for what commonly goes wrong in labelled data.

    Args:
        rows: to train on.
        codebook: the frames to train.
        held_out: a separate set to measure on, where there is one.
        long_characters: texts longer than this are not read to their end; see ``latin_length``.

    >>> rows = [LabelledRow("1", "a", "They met.", {"cooperation": "favor"}),
    ...         LabelledRow("2", "b", "They met!", {})]
    >>> [finding.kind for finding in check_rows(rows, Codebook((Frame("cooperation"),)))]
    ['contradictions', 'few_rows']
    """
    return [
        *_copies(rows),
        *_leaks(rows, held_out),
        *_similar_names(rows, codebook),
        *_lengths(rows, long_characters),
        *_rare_frames(rows, codebook),
        *_documents(rows),
    ]


def check_base(codebook: Codebook, base: ModelFolder | None) -> list[Finding]:
    """Look for what a model to start from may have in common with the rows by mistake.

    Args:
        codebook: the frames to train.
        base: the model; None for an encoder, which has no frames.
    """
    if base is None:
        return []
    return [*_frames_of_base(codebook, base), *_rows_of_base(base)]


def is_empty(text: str) -> bool:
    """Say whether a text has no letter and no digit: no frame can be in it."""
    return not any(map(str.isalnum, text))


def find_label_issues(
    states: NDArray[np.int64], probabilities: NDArray[np.float32], codebook: Codebook
) -> list[LabelIssue]:
    """Find labels that are likely wrong, likeliest first, by confident learning.

    For each frame, the mean P(frame) of the rows that carry it, and the mean 1 − P(frame) of the
    others, are what a typical row of each kind reaches. A row that reaches the other kind's mean
    and not its own is taken to be of the other kind (Northcutt, Jiang and Chuang 2021, Confident
    Learning: Estimating Uncertainty in Dataset Labels).

    Args:
        states: gold states, ``(n, F)``; 0 is absent.
        probabilities: of models that did not see the row, ``(n, F, 4)``.
        codebook: the F frames.
    """
    issues = []
    for column, name in enumerate(codebook.names):
        present = 1.0 - probabilities[:, column, 0].astype(np.float64)
        gold = states[:, column] != 0
        if gold.all() or not gold.any():
            continue
        usual_present, usual_absent = present[gold].mean(), 1 - present[~gold].mean()
        missed = ~gold & (present >= usual_present) & (1 - present < usual_absent)
        invented = gold & (1 - present >= usual_absent) & (present < usual_present)
        issues += [
            LabelIssue(int(row), name, "present" if gold[row] else "absent", float(present[row]))
            for row in np.flatnonzero(missed | invented)
        ]
    return sorted(
        issues,
        key=lambda found: found.probability if found.given == "present" else 1 - found.probability,
    )


def _copies(rows: Sequence[LabelledRow]) -> Iterable[Finding]:
    same: dict[str, list[LabelledRow]] = defaultdict(list)
    for row in rows:
        same[fold(row.text)].append(row)
    copies = [found for text, found in same.items() if text and len(found) > 1]
    agreeing = [found for found in copies if _agree(found)]
    contradicting = [found for found in copies if not _agree(found)]
    if agreeing:
        extra = sum(len(found) - 1 for found in agreeing)
        yield _finding(
            "duplicates",
            f"{extra:,} rows repeat the text and the labels of another; they count twice",
            (row for found in agreeing for row in found[1:]),
        )
    if contradicting:
        first, second = contradicting[0][:2]
        yield _finding(
            "contradictions",
            f"{len(contradicting):,} texts stand there with different labels (e.g. {first.id} "
            f"[{format_labels(first.frames)}] and {second.id} [{format_labels(second.frames)}]); "
            "all are trained on: settle them",
            (row for found in contradicting for row in found),
        )


def _leaks(rows: Sequence[LabelledRow], held_out: Sequence[LabelledRow]) -> Iterable[Finding]:
    texts = {fold(row.text) for row in held_out}
    leaking = [row for row in rows if fold(row.text) in texts]
    if leaking:
        yield _finding(
            "leaks",
            f"{len(leaking):,} rows are in the evaluation data too; they are not trained on",
            leaking,
        )
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
        yield _finding(
            "leaks",
            f"{len(across):,} rows have the same text in several documents; a copy is not trained "
            "on while the other is held out",
            across,
        )


def _similar_names(rows: Sequence[LabelledRow], codebook: Codebook) -> Iterable[Finding]:
    counts = Counter(frame for row in rows for frame in row.frames)
    for name, count in counts.items():
        larger = [other for other in codebook.names if counts[other] > count]
        for close in difflib.get_close_matches(name, larger, n=1, cutoff=_SIMILAR):
            yield Finding(
                "frame_names",
                f"the frame {name!r} ({count:,} rows) is written much like {close!r} "
                f"({counts[close]:,} rows); did you mean {close!r}?",
                tuple(row.id for row in rows if name in row.frames),
            )


def _frames_of_base(codebook: Codebook, base: ModelFolder) -> Iterable[Finding]:
    known = {frame.name: frame for frame in base.codebook.frames}
    for frame in codebook.frames:
        close = difflib.get_close_matches(frame.name.lower(), known, n=1, cutoff=_SIMILAR)
        if frame.name not in known and close:
            yield Finding(
                "frame_names",
                f"the frame {frame.name!r} is new, and written much like {close[0]!r} of "
                f"{base.name}; did you mean {close[0]!r}?",
            )
        before = known.get(frame.name, frame)
        changed = [
            word
            for word in ("definition", "proposition")
            if len({"", getattr(frame, word), getattr(before, word)}) > 2
        ]
        if changed:
            yield Finding(
                "frame_names",
                f"{frame.name} goes on from that of {base.name}, with another "
                f"{' and another '.join(changed)}; give it another name if it is another frame",
            )


def _rows_of_base(base: ModelFolder) -> Iterable[Finding]:
    # A number, or a number for each source, as the shipped model has them.
    rows = base.training.get("rows")
    sources = rows if isinstance(rows, dict) else {"": rows}
    counts = {source: count for source, count in sources.items() if isinstance(count, int)}
    if counts:
        named = ", ".join(f"{count:,} of {source}" for source, count in counts.items() if source)
        yield Finding(
            "leaks",
            f"{base.name} was itself trained on {sum(counts.values()):,} rows"
            f"{f' ({named})' if named else ''}; if yours are among them, the held-out figures are "
            "too kind: start from what it was started from",
        )


def _lengths(rows: Sequence[LabelledRow], long_characters: int) -> Iterable[Finding]:
    empty = [row for row in rows if is_empty(row.text)]
    if empty:
        yield _finding(
            "empty", f"{len(empty):,} texts have no letter or digit; they are left out", empty
        )
    long = [row for row in rows if latin_length(row.text) > long_characters]
    if long:
        dense = any(len(row.text) <= long_characters for row in long)
        counted = f" (a Chinese, Japanese or Korean one counts as {CHARACTERS_A_TOKEN})"
        yield _finding(
            "long",
            f"{len(long):,} texts have more than {long_characters:,} characters"
            f"{counted if dense else ''} and may be cut in training; the model is meant for single "
            "sentences",
            long,
        )


def _rare_frames(rows: Sequence[LabelledRow], codebook: Codebook) -> Iterable[Finding]:
    counts = Counter(frame for row in rows for frame in row.frames)
    for name in codebook.names:
        if 0 < counts[name] < FEW_ROWS:
            yield _finding(
                "few_rows",
                f"only {counts[name]} rows carry {name}; label at least {FEW_ROWS}, better 50",
                (row for row in rows if name in row.frames),
            )
    stances = Counter(stance for row in rows for stance in row.frames.values() if stance)
    rare = [f"{stance} {stances[stance]}" for stance in STATES[1:] if stances[stance] < FEW_ROWS]
    if rare and len(rows) >= FEW_ROWS:
        yield Finding(
            "few_rows", f"stances with fewer than {FEW_ROWS} labels: {', '.join(rare)}", ()
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


def _finding(kind: str, message: str, rows: Iterable[LabelledRow]) -> Finding:
    ids = tuple(row.id for row in rows)
    return Finding(kind, f"{message} ({_listed(ids)})", ids)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
