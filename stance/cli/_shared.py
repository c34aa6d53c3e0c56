"""What the commands share: exit codes, the line on stderr, and text that is safe on a terminal."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING

from stance.errors import UNSAFE, InputError

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from stance.files import Failure

__all__ = [
    "DEBUG",
    "MAX_NAMED",
    "ExitCode",
    "console",
    "distinct",
    "in_few_units",
    "one_line",
    "parse_thresholds",
    "plain_table",
    "plural",
    "print_json",
    "say",
    "say_failures",
    "saying_warnings",
]

#: The environment variable that lets an unexpected error show where it comes from.
DEBUG = "STANCE_DEBUG"

#: Of what fewer documents carry, intervals may be too narrow (docs/method.md).
_ENOUGH_UNITS = 5

#: So many failures are named, and files that were left out.
MAX_NAMED = 10

_UNSAFE = re.compile(f"{UNSAFE.pattern}+")


class ExitCode(IntEnum):
    """What the process ends with."""

    DONE = 0
    SOME_FAILED = 1
    NOTHING_DONE = 2
    STOPPED = 130


def one_line(text: str) -> str:
    r"""Return text as one line that does nothing to a terminal.

    >>> one_line("a\n\x1b[31mb")
    'a [31mb'
    """
    return _UNSAFE.sub(" ", text)


def say(message: str) -> None:
    """Write one line to stderr."""
    sys.stderr.write(f"stance: {one_line(message)}\n")


@contextmanager
def saying_warnings() -> Iterator[None]:
    """Write what the readers of files warn of to stderr, each line once."""
    said: set[str] = set()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if (message := record.getMessage()) not in said:
                said.add(message)
                say(message)

    handler, logger = Handler(logging.WARNING), logging.getLogger("stance.files")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def say_failures(failures: Sequence[Failure], *, failed: int, where: Path | None = None) -> None:
    """Name on stderr the first documents that failed, and how many more did.

    Args:
        failures: the first ones, or all.
        failed: how many there are.
        where: the file that lists all, if one does.
    """
    for failure in failures[:MAX_NAMED]:
        say(str(failure))
    if failed > MAX_NAMED:
        say(f"{failed - MAX_NAMED:,} more failed{f'; all are in {where}' if where else ''}")


def print_json(data: object) -> None:
    """Write JSON to stdout, in ASCII: so it is whole in any locale."""
    sys.stdout.write(json.dumps(data, indent=2, allow_nan=False) + "\n")


def console(*, stderr: bool = False) -> Console:
    """Return the console of stdout: colours on a terminal, plain text of 80 columns in a pipe.

    Args:
        stderr: that of stderr.
    """
    from rich.console import Console

    class Quiet(Console):
        def on_broken_pipe(self) -> None:
            """Leave it to the command what the end of its reader means; rich would exit."""
            raise BrokenPipeError

    # Some terminals without a size say 0; nothing could be read in less than 20.
    given = os.environ.get("COLUMNS", "")
    width = max(20, int(given) or 80) if given.isdigit() else None
    return Quiet(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def distinct(paths: Iterable[Path]) -> list[Path]:
    """Return paths, each file once however often and by whichever of its names it is given."""
    found: dict[str, Path] = {}
    for path in paths:
        found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def in_few_units(units: Mapping[str, int], resampled: str) -> str:
    """Say of which frames intervals may be too narrow; empty where of none.

    Args:
        units: frame → how many of what was resampled carry it. Of one there is no interval.
        resampled: what that is, such as ``documents``.
    """
    few = [frame for frame, number in units.items() if 1 < number < _ENOUGH_UNITS]
    if not few:
        return ""
    return f"in fewer than five {resampled}, so intervals may be too narrow: {', '.join(few)}"


def plain_table(*, gap: int = 2, header: bool = True) -> Table:
    """Return a table without lines, its columns so many blanks apart."""
    from rich.table import Table

    return Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, show_header=header)


def plural(number: int, noun: str) -> str:
    """Count in words.

    >>> plural(1, "sentence"), plural(1200, "sentence")
    ('1 sentence', '1,200 sentences')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def parse_thresholds(given: Iterable[str]) -> dict[str, float]:
    """Read ``FRAME=P`` options.

    Raises:
        InputError: one is not written so.

    >>> parse_thresholds(["cooperation=0.6"])
    {'cooperation': 0.6}
    """
    thresholds = {}
    for option in given:
        frame, _, number = option.partition("=")
        try:
            thresholds[frame] = float(number)
        except ValueError:
            raise InputError(
                f"--threshold {option!r} is not FRAME=P; expected e.g. cooperation=0.6"
            ) from None
    return thresholds
