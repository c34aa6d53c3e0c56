"""The rows of results, flat, and each document under a name of its own."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

from stance.codebook import STANCES, composed
from stance.errors import InputError
from stance.files.cells import is_empty, is_missing, present_fields
from stance.results import DocumentResult, sentence_id

__all__ = [
    "Row",
    "by_id",
    "checked_rows",
    "flat_rows",
    "frame_names",
    "group_of",
    "models_of",
    "rows_apart",
    "uniquely_named",
]

Row: TypeAlias = Mapping[str, Any]
_NO_GROUP = "(empty)"
_MAY_BE_EMPTY = ("index", "probabilities", "uncertain")
_BY_FRAME = ("frames", "probabilities", "stances")

Item = TypeVar("Item", bound=Row | DocumentResult)

logger = logging.getLogger("stance.files")


def checked_rows(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows, each with a document, and with frames whose stances are stances.

    Cells that are empty, as pandas puts them where rows of several tables stand in one, are None.

    A frame whose stance is None is there, its stance not coded. But readers of pyarrow and pandas
    fill rows up with None, so that each names all frames: None is an absent frame where the row's
    ``stances`` name it, for a model that knows its stances gives it one; and where all rows name
    the same frames, two or more, and some rows have a stance for none of them, but others have.
    The latter is logged, by the logger of ``stance.files``.

    Raises:
        InputError: there is no row, or one of another kind.
    """
    checked = [_checked(row, number) for number, row in enumerate(rows, 1)]
    if not checked:
        raise InputError("found no row; expected those of a result, at least one sentence")
    if not _are_filled_up(checked):
        yield from checked
        return
    logger.warning(
        "%s rows have None for a frame; all rows name the same frames, so it is read as absent: "
        "leave out what is absent where None is a stance that was not coded",
        f"{sum(None in row['frames'].values() for row in checked):,}",
    )
    for row in checked:
        yield {**row, "frames": present_fields(row["frames"])}


def _checked(row: Row, number: int) -> Row:
    known = isinstance(row, Mapping) and "document" in row
    if not known or not isinstance(row.get("frames"), Mapping):
        raise InputError(
            f"row {number} has no document or no frames; expected the rows of a result, such "
            'as {"document": "a", "text": "...", "frames": {"cooperation": "favor"}}'
        )
    if wrong := [stance for stance in row["frames"].values() if stance not in (*STANCES, None)]:
        raise InputError(
            f"row {number} has the stance {wrong[0]!r}; expected {', '.join(STANCES)}, or "
            "None for one that was not coded"
        )
    changed = _changed_parts(row)
    if hasattr(row.get("uncertain"), "tolist"):
        changed["uncertain"] = row["uncertain"].tolist()  # Of Parquet, pandas makes an array of it.
    for name in _MAY_BE_EMPTY:
        if is_missing(changed.get(name, row.get(name))):
            changed[name] = None
    index = row.get("index")
    if isinstance(index, Integral):
        changed["index"] = int(index)
    elif isinstance(index, Real) and float(index).is_integer():
        changed["index"] = int(float(index))  # One that is missing makes 3.0 of 3 elsewhere.
    return {**row, **changed} if changed else row


def _changed_parts(row: Row) -> dict[str, Any]:
    """Return what of a row is otherwise than in its result: names that are not NFC, and fillings.

    A model gives no frame an empty probability, and a stance to each that its ``stances`` name.
    """
    parts = {name: row[name] for name in _BY_FRAME if isinstance(row.get(name), Mapping)}
    judged = parts.get("stances", {})
    changed = {}
    for part, found in parts.items():
        filled = {
            name
            for name, value in found.items()
            if value is None and (part != "frames" or name in judged)
        }
        if filled or any(name != composed(name) for name in found):
            changed[part] = {composed(n): value for n, value in found.items() if n not in filled}
    return changed


def _are_filled_up(rows: Sequence[Row]) -> bool:
    """Say whether a reader has filled rows up with None, so that each names the frames of all."""
    first = rows[0]["frames"].keys()
    if len(first) < 2 or any(row["frames"].keys() != first for row in rows):
        return False
    # Honest rows of the same frames are few, and hardly ever is one among them without a stance.
    return len({any(row["frames"].values()) for row in rows}) == 2


def uniquely_named(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items, each ``DocumentResult`` under an id of its own: ``a``, ``a (2)``, and so on.

    Raises:
        InputError: they are one result, a table, a file's name or nothing that has items.
    """
    _require_several(items)
    names = _Names()
    for item in items:
        if isinstance(item, DocumentResult):
            yield cast("Item", replace(item, id=names.new(item.id)))
        else:
            yield item


def _require_several(items: object) -> None:
    expected = "expected the rows of a result, or what label and label_many return"
    if isinstance(items, DocumentResult):
        raise InputError(f"found one result, {expected}: [result]")
    if isinstance(items, (str, Path)):
        raise InputError(f"found the text {str(items)[:60]!r}, {expected}: read_results(path)")
    if isinstance(items, Mapping) or hasattr(items, "columns"):
        raise InputError(f"found a table, {expected}: of pandas, table.to_dict('records')")
    if not isinstance(items, Iterable):
        raise InputError(f"found a {type(items).__name__}, {expected}")


def flat_rows(items: Iterable[Row | DocumentResult]) -> Iterator[Row]:
    """Yield the rows of results, and rows as they are."""
    for item in items:
        if isinstance(item, DocumentResult):
            yield from (sentence.to_dict(document=item.id) for sentence in item.sentences)
        else:
            yield item


def rows_apart(*files: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows of files, those of each document under a name of its own.

    Several files, and files that were put together, may hold documents of one name. Another begins
    where an index comes again: in another file, after higher ones, or with another text or rows of
    other documents in between.

    >>> rows = [{"document": "a", "index": index} for index in (0, 1, 0)]
    >>> [row["document"] for row in rows_apart(rows)]
    ['a', 'a', 'a (2)']
    >>> [row["document"] for row in rows_apart(rows[:1], rows[:1])]
    ['a', 'a (2)']
    """
    documents = _Documents()
    for number, rows in enumerate(files):
        if number:
            rows = list(rows)  # noqa: PLW2901
            documents.begin_those_that_come_again(rows)
        for row in rows:
            name = documents.name_of(row)
            yield row if name == str(row["document"]) else {**row, "document": name}


class _Documents:
    """Tells the documents of one name apart, by the positions of their sentences."""

    def __init__(self) -> None:
        self._names = _Names()
        self._shown: dict[str, str] = {}
        self._seen: dict[str, set[int]] = {}
        self._last: dict[str, Row] = {}
        self._before = ""

    def begin_those_that_come_again(self, rows: Iterable[Row]) -> None:
        """Begin the documents of another file of which a position was seen before."""
        again = {
            name: None
            for row in rows
            if row.get("index") in self._seen.get(name := str(row["document"]), ())
        }
        for name in again:
            self._begin(name)

    def name_of(self, row: Row) -> str:
        """Return the name of the document that the next row is of."""
        name, index = str(row["document"]), row.get("index")
        if name not in self._shown:
            self._begin(name)
        if isinstance(index, int):
            if index in self._seen[name] and self._comes_again(name, index, row):
                self._begin(name)
            self._seen[name].add(index)
            self._last[name] = row
        self._before = name
        return self._shown[name]

    def _comes_again(self, name: str, index: int, row: Row) -> bool:
        last = self._last[name]
        if index != last["index"]:
            return bool(index < last["index"])
        return name != self._before or row.get("text") != last.get("text")

    def _begin(self, name: str) -> None:
        self._shown[name] = self._names.new(name)
        self._seen[name] = set()


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


def models_of(rows: Iterable[Row]) -> frozenset[tuple[str, ...]]:
    """Find the models that made rows, each told by the frames that it was looking for.

    A model's probabilities are of all frames that it knows, a coder's of those alone that are
    there. So those of a frame that its row does not carry are a model's, and so are those of a row
    as ``label`` writes it, which may carry all that the model knows.
    """
    models: set[tuple[str, ...]] = set()
    for row in rows:
        known = tuple(row.get("probabilities") or ())
        if known in models:
            continue
        if set(known) - row["frames"].keys() or (known and _is_labelled(row)):
            models.add(known)
    return frozenset(models)


def _is_labelled(row: Row) -> bool:
    """Say whether a row with probabilities has what else a model's has: its place, or stances."""
    return any(not is_empty(row.get(name)) and row[name] != {} for name in ("start", "stances"))


def group_of(row: Row, by: str, number: int) -> str:
    """Return the group that a row belongs to, by its column ``by``.

    Rows with nothing in it are a group of their own.

    Raises:
        InputError: it has no such column; ``number`` says which row it is.
    """
    if by not in row:
        raise InputError(
            f"row {number} has no {by!r}; carry it along with stance label --keep-column {by}"
        )
    return _NO_GROUP if is_empty(row[by]) else str(row[by])


def by_id(rows: Iterable[Row]) -> dict[str, Row]:
    """Return rows by the ids of their sentences, ``document:index``, in order.

    Raises:
        InputError: two sentences have one id, or a row has no index.

    >>> list(by_id([{"document": "a", "index": 0}, {"document": "a", "index": 1}]))
    ['a:0', 'a:1']
    """
    found: dict[str, Row] = {}
    for number, row in enumerate(rows, 1):
        if is_missing(row.get("index")):
            raise InputError(f"row {number} has no 'index'; expected the rows of a result")
        id = sentence_id(row["document"], row["index"])
        if id in found:
            raise InputError(
                f"two sentences have the id {id[:60]!r}; expected documents with names of their "
                "own (stance label --id-column), and rows that say which sentence each is"
            )
        found[id] = row
    return found
