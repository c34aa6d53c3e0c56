"""A random sample of a labelled corpus, on sheets for coders who do not see the model's labels."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stance.errors import InputError
from stance.files.cells import is_missing
from stance.files.formats import csv_lines, json_lines
from stance.files.output import write_whole
from stance.flat_rows import Row, by_id, checked_rows, group_of
from stance.inference import checked_texts
from stance.options import whole_number
from stance.results import sentence_id

__all__ = ["SampledSentence", "check_sheet", "draw_sample", "write_sheet"]

_SHEETS = (".csv", ".jsonl")
# Until it is replaced, a row is refused as one that nobody labelled.
_NOT_LABELLED = "?"
_ALONE = ("id", "document", "index", "text")
_IN_CONTEXT = ("id", "document", "index", "before", "text", "after")


@dataclass(frozen=True)
class SampledSentence:
    """A sentence that was drawn.

    Attributes:
        id: ``document:index``, by which codings and gold find it again.
        document: its document.
        index: its position there.
        text: the sentence.
        before, after: its neighbours in the document; None where there is none.
    """

    id: str
    document: str
    index: int
    text: str
    before: str | None
    after: str | None


def draw_sample(
    rows: Iterable[Row],
    n: int,
    *,
    by: str | None = None,
    exclude: Iterable[str] = (),
    seed: int = 0,
) -> list[SampledSentence]:
    """Draw sentences at random, each with the same chance, whether a frame was found in it or not.

    Args:
        rows: the rows of a result, with ``document``, ``index`` and ``text``, in order.
        n: how many to draw; all where there are fewer.
        by: a column of the rows: so many are drawn of each of its values.
        exclude: ids of sentences that are not to be drawn, as of a sample before. If that was drawn
            at random, so is this one, of all.
        seed: the same seed draws the same sentences of the same rows.

    Returns:
        The sentences, in random order; where groups were asked for, group after group.

    Raises:
        InputError: n is below 1, seed below 0, or one no whole number; there is no row, a row lacks
            a column, or two have one id, as where several documents have one name; or all are
            excluded, or one that is not there.

    >>> rows = [{"document": "a", "index": n, "text": f"{n}.", "frames": {}} for n in range(9)]
    >>> [sentence.id for sentence in draw_sample(rows, 2)]
    ['a:6', 'a:8']
    """
    n = whole_number("the number of sentences", n, 1)
    found = by_id(checked_rows(rows))
    for number, row in enumerate(found.values(), 1):
        if is_missing(row.get("text")):
            raise InputError(f"row {number} has no 'text'; expected the rows of a result")
    excluded = set(checked_texts(exclude, what="excluded id"))
    if lost := sorted(excluded - found.keys()):
        raise InputError(
            f"{len(lost):,} of {len(excluded):,} excluded sentences are not among the rows, such "
            f"as {lost[0][:60]!r}; expected ids such as article.txt:12, of this result"
        )
    groups: dict[str, list[str]] = {}
    for number, (id, row) in enumerate(found.items(), 1):
        group = "" if by is None else group_of(row, by, number)
        if id not in excluded:
            groups.setdefault(group, []).append(id)
    if not groups:
        raise InputError(f"all {len(found):,} sentences are excluded; expected some to draw from")
    generator = random.Random(whole_number("seed", seed, 0))  # noqa: S311 - nothing secret is drawn
    drawn = [
        id
        for name in sorted(groups)
        for id in generator.sample(groups[name], min(n, len(groups[name])))
    ]
    return [_sampled(found, id) for id in drawn]


def write_sheet(path: Path, sentences: Sequence[SampledSentence], *, context: bool = True) -> None:
    """Write the sentences for one coder, the labels to be filled in.

    Args:
        path: ``.csv``, with a ``?`` where the labels go, or ``.jsonl``, with null there.
        sentences: what was drawn.
        context: show the neighbours of each sentence too.

    Raises:
        InputError: the path has another suffix.
        OutputError: it cannot be written.
    """
    check_sheet(path)
    columns = _IN_CONTEXT if context else _ALONE
    rows = [{column: getattr(sentence, column) for column in columns} for sentence in sentences]
    if path.suffix.lower() == ".jsonl":
        write_whole(path, json_lines(row | {"frames": None} for row in rows))
        return
    cells = ([*row.values(), _NOT_LABELLED] for row in rows)
    write_whole(path, csv_lines([[*columns, "frames"], *cells]).encode("utf-8-sig"))


def check_sheet(path: Path) -> None:
    """Refuse a path that does not end as a sheet does.

    Raises:
        InputError: it ends in something else than ``.csv`` or ``.jsonl``.
    """
    if path.suffix.lower() not in _SHEETS:
        raise InputError(f"{path} is no sheet; expected a name that ends in {' or '.join(_SHEETS)}")


def _sampled(found: Mapping[str, Row], id: str) -> SampledSentence:
    row = found[id]
    document, index = str(row["document"]), int(row["index"])
    beside = (found.get(sentence_id(document, index + step), {}) for step in (-1, 1))
    before, after = (other.get("text") for other in beside)
    return SampledSentence(id, document, index, str(row["text"]), before, after)
