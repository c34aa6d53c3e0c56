"""A corpus → the data that the page's script draws from, as little of it as will do.

Probabilities are whole hundredths there, ends of intervals thousandths, −1 where there is none;
packed, they are one higher.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from stance.codebook import STATES
from stance.figures import Figure
from stance.report.corpus import Article, Corpus
from stance.report.formats import RARE
from stance.report.packing import pack
from stance.results import Word, telling_words
from stance.summary import count_judged

__all__ = [
    "LISTED_FROM",
    "Entry",
    "Sentence",
    "article_parts",
    "counts",
    "overview",
    "packed",
]

#: A sentence is listed with the frames it carries, and with every other from this probability on.
LISTED_FROM = 0.1

# Of an explanation, so many words are shown.
_NAMED_WORDS = 5

# The states of a frame beyond the codebook's four.
_NOT_CODED, _WITHHELD = len(STATES), len(STATES) + 1
_STATE_COUNT = len(STATES) + 2

_BLANKS = str.maketrans("\t\n\r", "   ")


class Entry(NamedTuple):
    """A frame in a sentence, carried or only likely.

    Attributes:
        frame: its number.
        state: of ``STATES``, or not coded, or withheld.
        probability: P(frame).
        stance: P of its stance given the frame.
        words: (start, end, weight) of those that carry it, the weightiest first; None where it was
            not explained.
    """

    frame: int
    state: int
    probability: int
    stance: int = -1
    words: tuple[tuple[int, int, int], ...] | None = None

    def numbers(self, *, after: int, frames: int) -> list[int]:
        """Return it as numbers.

        The first is all of these in one: how many sentences ``after`` that of the last entry its
        own is, its frame out of ``frames``, its state, and whether it was explained.
        """
        words = self.words if self.state else None
        head = 2 * ((after * frames + self.frame) * _STATE_COUNT + self.state) + (words is not None)
        numbers = [head, self.probability + 1]
        if self.state:
            numbers.append(self.stance + 1)
        if words is not None:
            numbers.append(len(words))
            for start, end, weight in words:
                numbers += (start, end - start, weight)
        return numbers


class Sentence(NamedTuple):
    """A sentence, and the frames to show with it, the ones it carries first."""

    text: str
    entries: tuple[Entry, ...] = ()


def overview(corpus: Corpus) -> dict[str, Any]:
    """List what the overview shows of the articles, a list a column.

    ``source`` counts into ``sources``. In ``numbers``, packed, each article has its number of
    sentences and then the twelve of ``counts`` for each frame.
    """
    articles = corpus.articles
    sources = list(dict.fromkeys(article.source for article in articles))
    places = {source: place for place, source in enumerate(sources)}
    numbers: list[int] = []
    for article in articles:
        numbers.append(len(article.rows))
        for frame in counts(article, corpus):
            numbers += (number + 1 for number in frame)
    return {
        "title": [article.title for article in articles],
        "date": [article.date for article in articles],
        "sources": sources,
        "source": [places[article.source] for article in articles],
        "numbers": pack(numbers),
    }


def counts(article: Article, corpus: Corpus) -> list[list[int]]:
    """Count an article of a corpus.

    Each frame has twelve numbers: its sentences in favor, neutral, against, not coded and withheld;
    how many were judged for it; the interval of its share; and its highest P in favor, neutral,
    against, and not coded or withheld.
    """
    names = corpus.names
    judged_for = count_judged(article.rows, names, corpus.models)
    found = {name: [0] * _WITHHELD for name in names}
    highest = {name: [-1] * _NOT_CODED for name in names}
    for row in article.rows:
        for frame, state, probability in _decided(row):
            found[frame][state - 1] += 1
            place = min(state, _NOT_CODED) - 1
            highest[frame][place] = max(highest[frame][place], _hundredths(probability))
    frames = []
    for name, judged in zip(names, judged_for, strict=True):
        figure = Figure.wilson(sum(found[name][:_NOT_CODED]), judged)
        interval = [_thousandths(figure.low), _thousandths(figure.high)]
        frames.append([*found[name], judged, *interval, *highest[name]])
    return frames


def article_parts(article: Article, names: Sequence[str]) -> list[Sentence | str]:
    """List an article's parts in order: sentences, and lines that stand for what else it has.

    Such a line is a tab, the reason, a tab and the text, for what was skipped; and empty for the
    start of a paragraph.
    """
    numbers = {name: number for number, name in enumerate(names)}
    parts: list[tuple[Mapping[str, Any], Sentence | str]] = [
        (row, _sentence(row, numbers)) for row in article.rows
    ]
    if article.skipped and all(row["start"] is not None for row in article.rows):
        parts += [
            (row, f"\t{_one_line(row['reason'])}\t{_one_line(row['text'])}")
            for row in article.skipped
        ]
        parts.sort(key=lambda part: int(part[0]["start"]))
    listed: list[Sentence | str] = []
    last: int | None = None
    for place, part in parts:
        # Sentences of one paragraph are a blank apart; more between them is a new line.
        if last is not None and place["start"] is not None and place["start"] - last > 1:
            listed.append("")
        listed.append(part)
        last = place["end"]
    return listed


def packed(parts: Sequence[Sentence | str], *, frames: int) -> list[str]:
    """Put an article's parts into two texts: its lines, and the numbers of all entries, packed."""
    lines = [part if isinstance(part, str) else part.text for part in parts]
    numbers: list[int] = []
    after = 0
    for sentence in (part for part in parts if isinstance(part, Sentence)):
        for entry in sentence.entries:
            numbers += entry.numbers(after=after, frames=frames)
            after = 0
        after += 1
    return ["\n".join(lines), pack(numbers)]


def _decided(row: Mapping[str, Any]) -> Iterator[tuple[str, int, float | None]]:
    """Yield the frames that a sentence carries, or may: name, state, P(frame)."""
    for frame, stance in row["frames"].items():
        state = STATES.index(stance) if stance else _NOT_CODED
        yield frame, state, row["probabilities"].get(frame)
    for frame in row["uncertain"]:
        if frame in row["probabilities"] and frame not in row["frames"]:
            yield frame, _WITHHELD, row["probabilities"][frame]


def _sentence(row: Mapping[str, Any], numbers: Mapping[str, int]) -> Sentence:
    probabilities = row["probabilities"]
    states = {frame: 0 for frame, value in probabilities.items() if value >= LISTED_FROM}
    states |= {frame: state for frame, state, _ in _decided(row)}
    by_rank = sorted(states, key=lambda frame: (not states[frame], -probabilities.get(frame, 0)))
    return Sentence(
        _one_line(row["text"]),
        tuple(
            Entry(
                numbers[frame],
                states[frame],
                _hundredths(probabilities.get(frame)),
                _hundredths(row["stances"].get(frame, {}).get(row["frames"].get(frame))),
                _telling(row["explanations"].get(frame), row["text"]),
            )
            for frame in by_rank
        ),
    )


def _telling(
    words: Sequence[tuple[int, int, float]] | None, text: str
) -> tuple[tuple[int, int, int], ...] | None:
    """Keep the words that carry a frame, the weightiest first."""
    if words is None:
        return None
    listed = [Word(text[start:end], start, end, weight) for start, end, weight in words]
    kept = telling_words(listed, _NAMED_WORDS)
    return tuple((word.start, word.end, _hundredths(word.weight)) for word in kept)


def _one_line(text: str) -> str:
    """Return a text of the same length that is one line, and looks the same on the page."""
    return text.translate(_BLANKS)


def _hundredths(value: float | None) -> int:
    return -1 if value is None else round(100 * value)


def _thousandths(share: float | None) -> int:
    """Return a share as it is written, which is in whole hundredths where it is not rare."""
    if share is None:
        return -1
    return round(1000 * share) if share < RARE else 10 * round(100 * share)
