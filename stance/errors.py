"""The errors that stance raises, each with what was found, what was expected and what to do next.

StanceError
├── InputError          a text, row or file that cannot be used          (also a ValueError)
│   └── CodebookError   a frame or stance that the codebook does not know
├── ModelError          a model folder that cannot be used
├── OutputError         an output that exists already or cannot be written
└── MissingExtraError   an optional package is not installed             (also an ImportError)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "UNSAFE",
    "CodebookError",
    "InputError",
    "MissingExtraError",
    "ModelError",
    "OutputError",
    "StanceError",
    "reason_of",
    "writing",
]

#: Line ends and control characters, which could steer a terminal, marks that turn the direction of
#: text, and halves of surrogate pairs, which cannot be written.
UNSAFE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class StanceError(Exception):
    r"""Any error that stance raises on purpose. Its text is one line, fit to be shown to a user.

    Names and values of files are part of it, so what could steer a terminal is written as escapes.

    >>> str(StanceError("a\n\x1b[31mb"))
    'a\\n\\x1b[31mb'
    """

    def __init__(self, message: str) -> None:
        super().__init__(UNSAFE.sub(lambda found: ascii(found[0])[1:-1], message))


class InputError(StanceError, ValueError):
    """A text, a row or a file cannot be used."""


class CodebookError(InputError):
    """A frame or a stance is not in the codebook, or the codebook itself is not well formed."""


class ModelError(StanceError):
    """A model folder is missing something, contradicts itself or is not safe to load."""


class OutputError(StanceError):
    """An output exists already, or cannot be written."""


class MissingExtraError(StanceError, ImportError):
    """A command needs an optional package that is not installed.

    Args:
        what: what the user asked for, as the subject of a sentence.
        extra: the extra of this package that brings it.

    >>> str(MissingExtraError("stance finetune", extra="train"))
    'stance finetune needs packages that are not installed: pip install "stance[train]"'
    """

    def __init__(self, what: str, *, extra: str) -> None:
        super().__init__(
            f'{what} needs packages that are not installed: pip install "stance[{extra}]"'
        )
        self.what, self.extra = what, extra

    def __reduce__(self) -> tuple[object, ...]:
        # A pool of processes that cannot read an error back waits for ever.
        return partial(type(self), extra=self.extra), (self.what,)


@contextmanager
def writing(path: Path, *, advice: str = "") -> Iterator[None]:
    """Turn a full disk and the like into an ``OutputError`` that names ``path``.

    Args:
        path: what is being written.
        advice: what to do next, said after the reason.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"cannot write {path}: {reason}{advice and '; '}{advice}") from error


def reason_of(error: Exception, *, limit: int = 200, path: Path | None = None) -> str:
    r"""Return what an error of another library says, on one line of so many characters at most.

    Where it repeats ``path``, the name will do: a long one would take the room of what matters.

    >>> reason_of(ValueError("no such\n  file"))
    'no such file'
    """
    said = str(error) if path is None else str(error).replace(str(path), path.name)
    return " ".join(said.split())[:limit]
