"""Progress of a job on stderr: a bar on a terminal, a line a minute in a log, nothing in a pipe."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from stance.cli._shared import console, plural, say

if TYPE_CHECKING:
    from stance.files.report import LabelProgress

__all__ = ["describe", "log_lines", "progress_reporter"]

_LOG_SECONDS = 60


@contextmanager
def progress_reporter(*, quiet: bool = False) -> Iterator[Callable[[LabelProgress], None] | None]:
    """Yield what to call with the progress of a job; None where nobody is to be told."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    elif _is_file(sys.stderr):
        yield log_lines()
    else:
        yield None


def describe(progress: LabelProgress) -> str:
    """Say how far a job is."""
    parts = [
        plural(progress.documents, "document"),
        plural(progress.sentences, "sentence"),
        f"{progress.rate:,.0f}/s",
    ]
    if progress.seconds_left is not None:
        parts.append(f"{_clock(progress.seconds_left)} left")
    return " · ".join(parts)


@contextmanager
def _bar() -> Iterator[Callable[[LabelProgress], None]]:
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (BarColumn(bar_width=20), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading the first documents", total=None)

        def show(progress: LabelProgress) -> None:
            total = None if progress.share is None else 1.0
            bar.update(
                task, total=total, completed=progress.share or 0, description=describe(progress)
            )

        yield show


def log_lines() -> Callable[[LabelProgress], None]:
    last = 0.0

    def show(progress: LabelProgress) -> None:
        nonlocal last
        if progress.seconds - last >= _LOG_SECONDS:
            last = progress.seconds
            say(describe(progress))

    return show


def _is_file(stream: TextIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (AttributeError, OSError, ValueError):
        return False


def _clock(seconds: float) -> str:
    """Write a length of time.

    >>> _clock(3725), _clock(80)
    ('1:02:05', '1:20')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
