"""A corpus → the data that the page's script draws from, as little of it as will do.

Probabilities are whole hundredths there, −1 where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stance.codebook import STATES
from stance.report.corpus import Article
from stance.summary import wilson

__all__ = ["LISTED_FROM", "article_parts", "overview"]

#: A sentence is listed with the frames it carries, and with every other from this probability on.
LISTED_FROM = 0.1

# Of an explanation, so many words are shown; not those whose weight is under this, or under a
# quarter of the weightiest one's.
_NAMED_WORDS, _LEAST_WEIGHT = 5, 0.02

# The states of a frame beyond the codebook's four.
_NOT_CODED, _WITHHELD = len(STATES), len(STATES) + 1


def overview(article: Article, names: Sequence[str]) -> dict[str, Any]:
    """Count an article.

    Each frame has ten numbers: its sentences in favor, neutral, against and not coded; the interval
    of its share; and its highest P in favor, neutral, against, and not coded or withheld.
    """
    total = len(article.rows)
    counts = {name: [0] * len(STATES) for name in names}
    highest = {name: [-1] * len(STATES) for name in names}
    for row in article.rows:
        for frame, state, probability in _decided(row):
            place = min(state, _NOT_CODED) - 1
            counts[frame][place] += state != _WITHHELD
            highest[frame][place] = max(highest[frame][place], _hundredths(probability))
    frames = []
    for name in names:
        figure = wilson(sum(counts[name]), total)
        interval = [_hundredths(figure.low), _hundredths(figure.high)]
        frames.append([*counts[name], *interval, *highest[name]])
    return {
        "title": article.title,
        "date": article.date,
        "source": article.source,
        "sentences": total,
        "frames": frames,
    }


def article_parts(article: Article, names: Sequence[str]) -> list[Any]:
    """List an article's parts: sentences, what was skipped, and 0 for the start of a paragraph.

    A sentence is ``[text, entry, ...]``; an entry is a frame's number, its state, P(frame) and, as
    far as they are known, P of the stance given the frame and ``[[start, end, weight], ...]``.
    """
    numbers = {name: number for number, name in enumerate(names)}
    parts: list[tuple[Mapping[str, Any], object]] = [
        (row, _sentence(row, numbers)) for row in article.rows
    ]
    if article.skipped and all(row["start"] is not None for row in article.rows):
        parts += [(row, {"skipped": row["reason"], "text": row["text"]}) for row in article.skipped]
        parts.sort(key=lambda part: int(part[0]["start"]))
    listed: list[Any] = []
    last: int | None = None
    for place, part in parts:
        # Sentences of one paragraph are a blank apart; more between them is a new line.
        if last is not None and place["start"] is not None and place["start"] - last > 1:
            listed.append(0)
        listed.append(part)
        last = place["end"]
    return listed


def _decided(row: Mapping[str, Any]) -> Iterator[tuple[str, int, float | None]]:
    """Yield the frames that a sentence carries, or may: name, state, P(frame)."""
    for frame, stance in row["frames"].items():
        state = STATES.index(stance) if stance else _NOT_CODED
        yield frame, state, row["probabilities"].get(frame)
    for frame in row["uncertain"]:
        if frame in row["probabilities"] and frame not in row["frames"]:
            yield frame, _WITHHELD, row["probabilities"][frame]


def _sentence(row: Mapping[str, Any], numbers: Mapping[str, int]) -> list[Any]:
    probabilities = row["probabilities"]
    states = {frame: 0 for frame, value in probabilities.items() if value >= LISTED_FROM}
    states |= {frame: state for frame, state, _ in _decided(row)}
    by_rank = sorted(states, key=lambda frame: (not states[frame], -probabilities.get(frame, 0)))
    entries = []
    for frame in by_rank:
        given = row["stances"].get(frame, {}).get(row["frames"].get(frame))
        words = _speaking(row["explanations"].get(frame, []))
        entry: list[Any] = [numbers[frame], states[frame], _hundredths(probabilities.get(frame))]
        if words or given is not None:
            entry.append(_hundredths(given))
        if words:
            entry.append(words)
        entries.append(entry)
    return [row["text"], *entries]


def _speaking(words: Sequence[tuple[int, int, float]]) -> list[list[Any]]:
    """Keep the words that speak most for a frame, the weightiest first."""
    most = max((weight for _, _, weight in words), default=0.0)
    least = max(_LEAST_WEIGHT, most / 4)
    kept = sorted((word for word in words if word[2] >= least), key=lambda word: -word[2])
    return [[start, end, round(weight, 2)] for start, end, weight in kept[:_NAMED_WORDS]]


def _hundredths(value: float | None) -> int:
    return -1 if value is None else round(100 * value)
