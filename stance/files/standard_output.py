"""Rows to standard output, for the next program: nothing beside them, and nothing to resume."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeAlias

from stance.errors import OutputError
from stance.files.formats import STANDARD_OUTPUT
from stance.files.partial import PartialOutput, Progress

__all__ = ["Output", "StandardOutput", "open_output"]


class StandardOutput:
    """What a run writes to in the place of a ``PartialOutput``.

    What was skipped and what failed is not written: the report of the run counts and names it.

    Raises:
        OutputError: there is none, as in a notebook.
    """

    path = None

    def __init__(self) -> None:
        stream = getattr(sys.stdout, "buffer", None)
        # Python has none from the start where the shell closed it (>&-).
        if stream is None or sys.__stdout__ is None:
            raise OutputError("there is no standard output here to write bytes to; name a file")
        self.progress = Progress()
        self._stream = stream

    def write(self, data: bytes, *, to: str = "rows") -> None:
        """Write rows; what would go to another file is left out."""
        if to == "rows":
            self._stream.write(data)

    def checkpoint(self) -> None:
        """Hand on all that was written."""
        self._stream.flush()

    def finish(self, convert: object = None) -> None:
        """Do nothing: all rows are out."""

    def discard(self) -> None:
        """Do nothing: there were no rows."""


#: What a run writes to.
Output: TypeAlias = PartialOutput | StandardOutput


def open_output(
    output: Path, settings: Mapping[str, Any], *, resume: bool = False, force: bool = False
) -> AbstractContextManager[Output]:
    """Start a run that writes to a file, or to standard output; or go on with one.

    Args:
        output: the result file, or ``-``.
        settings: as ``PartialOutput.open``; so are the next two.
        resume: go on with an unfinished run.
        force: start anew and replace a result.

    Raises:
        OutputError: as ``PartialOutput.open``; or ``resume`` or ``force`` with standard output.
    """
    if output != STANDARD_OUTPUT:
        return PartialOutput.open(output, settings, resume=resume, force=force)
    if resume or force:
        raise OutputError(
            "standard output keeps no run to resume or to replace; name a file with -o, or "
            "leave --resume and --force out"
        )
    return nullcontext(StandardOutput())
