"""Rows → articles, and articles → groups: over time, by source."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from stance.errors import InputError
from stance.files.cells import is_missing
from stance.files.text import clean
from stance.flat_rows import Row, frame_names, models_of, rows_apart
from stance.summary import Summary, summarize

__all__ = ["MAX_SOURCES", "Article", "Corpus", "FrameStyle", "Group", "gather"]

#: So many sources are shown: those with the most articles.
MAX_SOURCES = 25

#: Okabe and Ito 2002 (Color Universal Design), and the ink that is readable on each.
_COLORS = (
    ("#e69f00", "#000"),
    ("#0072b2", "#fff"),
    ("#009e73", "#000"),
    ("#cc79a7", "#000"),
    ("#56b4e9", "#000"),
    ("#d55e00", "#000"),
    ("#f0e442", "#000"),
    ("#999999", "#000"),
)
# "2021.0" is the year of a column with gaps, as pandas writes it; "2021.5" is half of a year, and
# "2021.1" the October of a column of numbers. After a whole date its time may stand.
_DATE = re.compile(
    r"(?P<year>\d{4})(?:\.0|(?!\.\d$)(?P<mark>[-/.])(?P<month>\d{1,2})"
    r"(?:(?P=mark)(?P<day>\d{1,2})(?:(?:T\d| \d{1,2}:\d\d).*)?)?)?"
)
_MONTHS_BY_YEAR = 36
_DAYS_BY_MONTH = 62


@dataclass(frozen=True)
class FrameStyle:
    """How a frame is drawn: by its letter and its colour (``ink`` is for text on the colour)."""

    name: str
    letter: str
    color: str
    ink: str


@dataclass(frozen=True)
class Article:
    """One article.

    Attributes:
        id: its name in the result.
        title: its title, or its id.
        date: ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``; empty where it has none that can be read.
        source: where it is from; empty where the rows do not say.
        rows: its sentences, in order.
        skipped: what was not labelled, with ``start``, ``text`` and ``reason``.
    """

    id: str
    title: str
    date: str
    source: str
    rows: tuple[Row, ...]
    skipped: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Group:
    """Articles that share a period or a source; ``place`` is the period's start, in years."""

    name: str
    place: float
    summary: Summary


@dataclass(frozen=True)
class Corpus:
    """The articles of a result, in its order, and the frames they are labelled with."""

    frames: tuple[FrameStyle, ...]
    articles: tuple[Article, ...]

    @property
    def rows(self) -> list[Row]:
        """All sentences."""
        return [row for article in self.articles for row in article.rows]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the frames."""
        return tuple(frame.name for frame in self.frames)

    @cached_property
    def summary(self) -> Summary:
        """The frames over all sentences."""
        return summarize(self.rows, frames=self.names, models=self.models)

    @cached_property
    def models(self) -> frozenset[tuple[str, ...]]:
        """The frames that each model was looking for, as all rows tell."""
        return models_of(self.rows)

    @cached_property
    def periods(self) -> list[Group]:
        """The dated articles by year, by month or by day, as far as their dates are apart."""
        dates = [article.date for article in self.articles if article.date]
        if not dates:
            return []
        length = _period_length(dates)

        def period(article: Article) -> str:
            # A date that is less exact belongs to none of the periods.
            return article.date[:length] if len(article.date) >= length else ""

        members = self._members(period)
        return sorted(map(self._group, members, members.values()), key=lambda group: group.place)

    @property
    def imprecise(self) -> int:
        """How many articles have a date that is too short to belong to one of the periods."""
        dated = sum(bool(article.date) for article in self.articles)
        return dated - sum(group.summary.documents for group in self.periods)

    @property
    def undated(self) -> int:
        """How many articles have no date."""
        return sum(not article.date for article in self.articles)

    @property
    def unsourced(self) -> int:
        """How many articles have no source."""
        return sum(not article.source for article in self.articles)

    @cached_property
    def sources(self) -> list[Group]:
        """The articles by source, the largest first, ``MAX_SOURCES`` at most."""
        members = self._members(lambda article: article.source)
        names = sorted(members, key=lambda name: -len(members[name]))[:MAX_SOURCES]
        return [self._group(name, members[name]) for name in names]

    @property
    def source_count(self) -> int:
        """How many sources there are, with those that are not shown."""
        return len(self._members(lambda article: article.source))

    def _members(self, key: Callable[[Article], str]) -> dict[str, list[Article]]:
        members: dict[str, list[Article]] = {}
        for article in self.articles:
            if name := key(article):
                members.setdefault(name, []).append(article)
        return members

    def _group(self, name: str, articles: Sequence[Article]) -> Group:
        rows = [row for article in articles for row in article.rows]
        return Group(
            name, _years(name), summarize(rows, frames=self.names, typical=0, models=self.models)
        )


def gather(
    rows: Iterable[Row],
    *,
    skipped: Iterable[Row] = (),
    date_column: str = "date",
    source_column: str = "source",
) -> Corpus:
    """Sort rows into articles.

    Args:
        rows: as ``read_results`` and ``checked`` give them. Articles of one name, as in files that
            were put together, are told apart as ``rows_apart`` does.
        skipped: rows of what was not labelled. Those of a name that several articles have are left
            out, since nothing tells which article they are of.
        date_column: where rows keep the date of their article; they may have none.
        source_column: where they keep its source; they may have none.

    Raises:
        InputError: there is no row.
    """
    given = list(rows)
    sentences: dict[str, list[Row]] = {}
    given_names: dict[str, str] = {}
    for row, told_apart in zip(given, rows_apart(given), strict=True):
        name = str(told_apart["document"])
        sentences.setdefault(name, []).append(told_apart)
        given_names[name] = str(row["document"])
    if not sentences:
        raise InputError("found no sentence to report on; expected the rows of a result")
    left_out = _by_article(skipped, given_names)
    articles = tuple(
        Article(
            id=name,
            title=_text(found[0].get("title")) or name,
            date=_date(found[0].get(date_column)),
            source=_text(found[0].get(source_column)),
            rows=_in_order(found),
            skipped=tuple(left_out.get(name, ())),
        )
        for name, found in sentences.items()
    )
    names = frame_names(row for article in articles for row in article.rows)
    return Corpus(_styles(names), articles)


def _in_order(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return an article's rows by their indexes, where each has one that is of one sentence."""
    texts: dict[object, object] = {}
    for row in rows:
        index = row.get("index")
        # Rows side by side with one index and two texts would be taken for those of two articles.
        if index is None or texts.setdefault(index, row["text"]) != row["text"]:
            return tuple(rows)
    return tuple(sorted(rows, key=lambda row: row["index"]))


def _by_article(skipped: Iterable[Row], given_names: Mapping[str, str]) -> dict[str, list[Row]]:
    """Return what was skipped by article, where one article alone has the name that is given."""
    by_name: dict[str, list[Row]] = {}
    for row in skipped:
        by_name.setdefault(str(row.get("document")), []).append(row)
    bearers = Counter(given_names.values())
    return {
        article: by_name.get(name, [])
        for article, name in given_names.items()
        if bearers[name] == 1
    }


def _styles(names: Sequence[str]) -> tuple[FrameStyle, ...]:
    styles: list[FrameStyle] = []
    for number, name in enumerate(names):
        taken = {style.letter for style in styles}
        candidates = [*(letter for letter in name.upper() if letter.isalpha()), str(number + 1)]
        letter = next((letter for letter in candidates if letter not in taken), f"#{number + 1}")
        styles.append(FrameStyle(name, letter, *_COLORS[number % len(_COLORS)]))
    return tuple(styles)


def _text(value: object) -> str:
    return "" if is_missing(value) else clean(" ".join(str(value).split()))


def _date(value: object) -> str:
    # What pandas puts for a missing date says that it is a date.
    if isinstance(value, datetime.date) and not is_missing(value):
        return value.isoformat()[:10]
    found = _DATE.fullmatch(_text(value))
    if not found:
        return ""
    parts = [int(part) for part in found.group("year", "month", "day") if part]
    year, month, day = [*parts, 1, 1][:3]
    try:
        datetime.date(year, month, day)
    except ValueError:
        return ""
    return "-".join([f"{parts[0]:04}", *(f"{part:02}" for part in parts[1:])])


def _years(name: str) -> float:
    """Return a date as years, for the axis of time; 0 for what is none."""
    date = _date(name)
    if not date:
        return 0.0
    year, month, day = [*map(int, date.split("-")), 1, 1][:3]
    return year + (datetime.date(year, month, day) - datetime.date(year, 1, 1)).days / 366


def _period_length(dates: Sequence[str]) -> int:
    """Return how much of a date names its period: 4 a year, 7 a month, 10 a day."""
    # Dates that are less exact than most do not decide.
    coarsest = sorted(map(len, dates))[(len(dates) - 1) // 2]
    apart = (_years(max(dates)) - _years(min(dates))) * 366
    if apart > _MONTHS_BY_YEAR * 30.5:
        return 4
    return min(coarsest, 7 if apart > _DAYS_BY_MONTH else 10)
