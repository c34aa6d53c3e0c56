"""The rows of results, flat, and each document under a name of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar, cast

from stance.errors import InputError
from stance.files.tables import is_missing
from stance.results import DocumentResult

__all__ = ["Row", "flat_rows", "frame_names", "group_of", "rows_apart", "uniquely_named"]

Row: TypeAlias = Mapping[str, Any]
Item = TypeVar("Item", bound=Row | DocumentResult)


def uniquely_named(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items, each ``DocumentResult`` under an id of its own: ``a``, ``a (2)``, and so on."""
    names = _Names()
    for item in items:
        if isinstance(item, DocumentResult):
            yield cast("Item", replace(item, id=names.new(item.id)))
        else:
            yield item


def flat_rows(items: Iterable[Row | DocumentResult]) -> Iterator[Row]:
    """Yield the rows of results, and rows as they are."""
    for item in items:
        if isinstance(item, DocumentResult):
            yield from (sentence.to_dict(document=item.id) for sentence in item.sentences)
        else:
            yield item


def rows_apart(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows, those of each document under a name of its own.

    Files that were put together may hold documents of one name. Where an index comes again after
    higher ones, another begins.

    >>> rows = [{"document": "a", "index": index} for index in (0, 1, 0)]
    >>> [row["document"] for row in rows_apart(rows)]
    ['a', 'a', 'a (2)']
    """
    names = _Names()
    shown: dict[str, str] = {}
    seen: dict[str, set[int]] = {}
    last: dict[str, int] = {}
    for row in rows:
        name, index = str(row["document"]), row.get("index")
        if name not in shown:
            shown[name] = names.new(name)
        if isinstance(index, int):
            if index in seen.setdefault(name, set()) and index < last[name]:
                shown[name] = names.new(name)
                seen[name] = set()
            seen[name].add(index)
            last[name] = index
        yield row if shown[name] == name else {**row, "document": shown[name]}


class _Names:
    """Gives each name out once, the next time with a number that makes it one of its own."""

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._times: Counter[str] = Counter()

    def new(self, name: str) -> str:
        unique = name
        while unique in self._given:
            self._times[name] += 1
            unique = f"{name} ({self._times[name] + 1})"
        self._given.add(unique)
        return unique


def frame_names(rows: Iterable[Row]) -> tuple[str, ...]:
    """Return the frames of rows in the order in which they first occur."""
    names: dict[str, None] = {}
    for row in rows:
        names |= dict.fromkeys(row.get("probabilities") or ())
        names |= dict.fromkeys(row["frames"])
    return tuple(names)


def group_of(row: Row, by: str, number: int) -> str:
    """Return the group that a row belongs to, by its column ``by``.

    Raises:
        InputError: it has no such column, or nothing in it; ``number`` says which row it is.
    """
    if is_missing(row.get(by)) or row[by] == "":
        raise InputError(
            f"row {number} has no {by!r}; carry it along with stance label --keep-column {by}"
        )
    return str(row[by])
