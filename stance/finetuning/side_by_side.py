"""Pieces of work in processes of their own, several at once.

An encoder of a few layers leaves a training's threads waiting for one another: two trainings with
a thread each do in the same time half as much again as one with two.

Not ``multiprocessing``: its children run the caller's script anew where that is not guarded by
``if __name__ == "__main__"``, and go on where their parent was killed, in files that a resumed run
would use as well.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Thread
from typing import Any

from stance.errors import StanceError

__all__ = ["Work", "run_side_by_side"]

#: Does one piece, of the number given, and tells what share of it is done (0 to 1). It is pickled
#: and so a function of a module, or a ``functools.partial`` of one.
Work = Callable[[int, Callable[[float], None]], None]

_CHILD = "import sys; sys.path = {path!r}; from stance.finetuning.side_by_side import main; main()"
#: How often, in seconds, a wait can be interrupted, on systems where nothing else does it.
_LOOK = 0.5


@dataclass(frozen=True)
class _Failure:
    """What a piece raised, and where."""

    error: Exception
    trace: str


@dataclass(frozen=True)
class _Gone:
    """The process has ended."""


def run_side_by_side(
    work: Work,
    numbers: Sequence[int],
    *,
    processes: int,
    threads: int,
    told: Callable[[dict[int, float]], None],
) -> None:
    """Do the pieces of work of these numbers, ``processes`` at once.

    The processes end with this one, however it ends, and when this returns or raises.

    Args:
        work: what to do.
        numbers: of each piece.
        processes: 1 or more.
        threads: of torch, in each process.
        told: called with the share done of every piece that was begun.

    Raises:
        Exception: what a piece raised; its traceback there is the cause.
        StanceError: a process was ended by the system.
    """
    left, shares = deque(numbers), dict[int, float]()
    events: Queue[tuple[_Child, Any]] = Queue()
    children: list[_Child] = []
    try:
        while left and len(children) < processes:
            children.append(_Child(work, threads, events))
            children[-1].give(left.popleft())
        while any(child.number is not None for child in children):
            try:
                child, event = events.get(timeout=_LOOK)
            except Empty:
                continue
            number = child.take(event)
            shares[number] = 1.0 if event is None else event
            told(dict(shares))
            if event is None and left:
                child.give(left.popleft())
    finally:
        for child in children:
            child.end()


class _Child:
    """One process, seen from its parent. ``number`` is that of what it does, None when idle."""

    def __init__(self, work: Work, threads: int, events: Queue[tuple[_Child, Any]]) -> None:
        self.number: int | None = None
        first = pickle.dumps((threads, work))  # What cannot be sent, before there is a process.
        # Isolated: no module of the working directory is taken for one of the library's. What is
        # no text, such as a Path, is no part of where Python looks either.
        path = [entry for entry in sys.path if isinstance(entry, str)]
        command = [sys.executable, "-I", "-c", _CHILD.format(path=path)]
        self._process = subprocess.Popen(  # noqa: S603  (this Python, this module)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        )
        self._send(first)
        Thread(target=self._listen, args=(events,), daemon=True).start()

    def give(self, number: int) -> None:
        """Let it do a piece."""
        self.number = number
        self._send(pickle.dumps(number))

    def take(self, event: Any) -> int:
        """Return the number of the piece that an event is of: a share, or None when it is done."""
        number = self.number
        if isinstance(event, _Failure):
            raise event.error from RuntimeError(event.trace)
        if isinstance(event, _Gone) or number is None:
            raise StanceError(
                f"a training was ended by the system (exit status {self._process.wait()}), mostly "
                "because memory ran out; make room, then go on with --resume"
            )
        if event is None:
            self.number = None
        return number

    def end(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
        streams: tuple[Any, ...] = (self._process.stdin, self._process.stdout)
        for stream in streams:
            # What could not be sent to a process that is gone stands in its buffer.
            with suppress(OSError):
                stream.close()

    def _send(self, message: bytes) -> None:
        stream: Any = self._process.stdin
        # Where it is gone, the listener finds that out as well.
        with suppress(OSError):
            stream.write(message)
            stream.flush()

    def _listen(self, events: Queue[tuple[_Child, Any]]) -> None:
        stream: Any = self._process.stdout
        while True:
            try:
                event = _load(stream)
            except (EOFError, OSError, ValueError, pickle.UnpicklingError):
                events.put((self, _Gone()))
                return
            events.put((self, event))


def main() -> None:
    """Be such a process: do the pieces that come on standard input, tell of them on the output."""
    # An interrupt reaches the parent as well, which then ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, target = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What anything prints must not stand among the events.
    os.dup2(2, 1)
    threads, work = _load(source)
    import torch

    torch.set_num_threads(threads)
    numbers: Queue[int] = Queue()
    Thread(target=_receive, args=(source, numbers), daemon=True).start()

    def tell(event: object) -> None:
        try:
            pickle.dump(event, target)
            target.flush()
        except OSError:
            os._exit(1)

    while True:
        try:
            work(numbers.get(), tell)
        except Exception as error:  # noqa: BLE001  (whatever it is, the parent raises it)
            tell(_Failure(_sendable(error), traceback.format_exc()))
        else:
            tell(None)


def _receive(source: Any, numbers: Queue[int]) -> None:
    """Pass on the numbers that come; with the parent, this process ends."""
    while True:
        try:
            numbers.put(_load(source))
        except (EOFError, OSError, pickle.UnpicklingError):
            os._exit(1)


def _sendable(error: Exception) -> Exception:
    """Return the error, or one of the same words where it cannot be sent."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  (made here)
    except Exception:  # noqa: BLE001  (errors of any package pass through here)
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _load(stream: Any) -> Any:
    """Return the next message of a pipe to which only the process at its other end writes."""
    return pickle.load(stream)  # noqa: S301
