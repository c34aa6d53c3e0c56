"""Small result files, written whole or not at all, and never over what is there."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from stance.errors import OutputError, writing

__all__ = ["already_there", "require_file", "require_new", "write_whole"]


def require_new(path: Path, *, force: bool = False, inputs: Iterable[Path] = ()) -> None:
    """Raise ``OutputError`` where a file cannot be written: before the work, not after.

    Args:
        path: the file.
        force: it may exist, and is replaced.
        inputs: files that are read, none of which may be replaced.
    """
    with writing(path):
        if path.exists() and any(given.exists() and path.samefile(given) for given in inputs):
            raise OutputError(f"{path} is read and would be replaced; choose another name for it")
        require_file(path)
        if path.exists() and not force:
            raise already_there(path)
        if not path.parent.is_dir():
            raise OutputError(f"the folder {path.parent} does not exist; make it first")


def already_there(output: Path) -> OutputError:
    """Return the error of a result that is there and was not to be replaced."""
    return OutputError(f"{output} exists already; choose another name or use --force")


def require_file(path: Path) -> None:
    """Raise ``OutputError`` where a folder, a pipe or a device has the name of a file to write."""
    if path == Path("-"):
        raise OutputError("- is no name of a file; expected one")
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "a pipe or a device"
        raise OutputError(f"{path} is {what}; expected the name of a file")


def write_whole(path: Path, content: str | bytes | Iterable[str]) -> None:
    """Write a file, text in UTF-8, in one step: it is never seen half written.

    Args:
        path: the file.
        content: all of it, or the pieces of its text, which are made while it is written.

    Raises:
        OutputError: the disk is full, or the folder cannot be written to.
    """
    fresh = path.with_name(f"{path.name}.new")
    try:
        with writing(path):
            fresh.unlink(missing_ok=True)
            pieces = [content] if isinstance(content, (str, bytes)) else content
            with fresh.open("xb") as stream:  # Never through a link.
                stream.writelines(p.encode() if isinstance(p, str) else p for p in pieces)
            fresh.replace(path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise
