"""Work done ahead of its consumer, in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread, local
from typing import TypeVar

__all__ = ["ahead", "while_wanted"]

Item = TypeVar("Item")
Made = TypeVar("Made")

#: How often, in seconds, a thread that waits looks whether it is still wanted.
_LOOK = 0.1
#: How long, in seconds, one that is no longer wanted is waited for.
_PATIENCE = 5.0
_here = local()


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items in order, the next being made in another thread while the caller uses this one.

    At most two items exist beside the caller's: one that waits and one that is being made. What
    the making raises is raised here, after the items before it. A caller that stops early stops
    the thread as well.

    >>> from stance.ahead import ahead
    >>> list(ahead(number * number for number in range(4)))
    [0, 1, 4, 9]
    """
    waiting: Queue[tuple[bool, Item | BaseException | None]] = Queue(maxsize=1)
    unwanted = Event()
    # Set in a thread that itself makes items ahead: whether those are still wanted.
    outer: Event | None = getattr(_here, "unwanted", None)
    maker = Thread(target=_make, args=(items, waiting, unwanted), name="stance-ahead", daemon=True)
    maker.start()
    try:
        while True:
            try:
                # With a timeout: Windows has no signal end a wait for a lock.
                is_item, made = waiting.get(timeout=_LOOK)
            except Empty:
                if outer is not None and outer.is_set():
                    return
                continue
            if is_item:
                yield made  # type: ignore[misc]
            elif made is not None:
                raise made  # type: ignore[misc]
            else:
                return
    finally:
        unwanted.set()
        with suppress(Empty):
            waiting.get_nowait()
        # A read that never ends (a terminal, an open pipe) cannot be stopped from here.
        maker.join(_PATIENCE)


def while_wanted(work: Callable[[Item], Made]) -> Callable[[Item], Made]:
    """Return work that is not begun any more once what this thread makes ahead is unwanted.

    It raises then, which ends the making. To be called in the thread that makes; the work may be
    done in others. A process that ends while a thread of it computes may be torn down under it.
    """
    unwanted: Event | None = getattr(_here, "unwanted", None)
    if unwanted is None:
        return work

    def guarded(item: Item) -> Made:
        if unwanted.is_set():
            raise _UnwantedError
        return work(item)

    return guarded


class _UnwantedError(Exception):
    """Nobody waits for what is made; nobody is told of this either."""


def _make(
    items: Iterable[Item],
    waiting: Queue[tuple[bool, Item | BaseException | None]],
    unwanted: Event,
) -> None:
    end: tuple[bool, Item | BaseException | None] = (False, None)
    iterator: Iterator[Item] = iter(())
    _here.unwanted = unwanted
    try:
        iterator = iter(items)
        for item in iterator:
            if not _put(waiting, (True, item), unwanted):
                return
    except BaseException as error:  # noqa: BLE001 - it is raised where the items are used
        end = (False, error)
    finally:
        # What the items hold open is let go in the thread that opened it.
        if isinstance(iterator, Generator):
            iterator.close()
    _put(waiting, end, unwanted)


def _put(
    waiting: Queue[tuple[bool, Item | BaseException | None]],
    made: tuple[bool, Item | BaseException | None],
    unwanted: Event,
) -> bool:
    while not unwanted.is_set():
        with suppress(Full):
            waiting.put(made, timeout=_LOOK)
            return not unwanted.is_set()
    return False
