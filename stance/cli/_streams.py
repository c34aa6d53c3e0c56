"""Standard output and standard error, as every command finds them on every system."""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path
from typing import Any, TextIO

__all__ = ["prepare_streams"]


def prepare_streams() -> None:
    """Open what the shell closed (``>&-``), and let no character that cannot be shown end a run.

    On Windows, a pipe whose reader has ended (``| head``) says so as on other systems, and the
    terminal of Git, which is a pipe there, is given UTF-8, as it expects.
    """
    for name in ("stdout", "stderr"):
        stream: TextIO | None = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
            if os.name == "nt" and not stream.isatty():
                setattr(sys, name, _like_elsewhere(stream))


def _like_elsewhere(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(Pipe(stream.fileno(), "wb", closefd=False)),
        encoding="utf-8" if "MSYSTEM" in os.environ else stream.encoding,
        errors="replace",
        line_buffering=stream.line_buffering,
    )


class Pipe(io.FileIO):
    """What is written to a pipe whose reader has ended is a ``BrokenPipeError``, as on Unix.

    Windows says that an argument is invalid.
    """

    def write(self, data: Any) -> int:
        """Write bytes; return how many."""
        try:
            return super().write(data)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from error
