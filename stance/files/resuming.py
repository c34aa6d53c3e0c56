"""What all resumable runs share: names, the lock, and what they refuse.

They are those of files (``files.partial``), of clusters (``cluster.shards``) and of trainings
(``finetuning.workspace``).
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NoReturn

from stance.errors import OutputError, writing

__all__ = [
    "SIDE_FILES",
    "acquire",
    "beside",
    "inputs_changed",
    "lock",
    "no_record",
    "refuse_both",
    "refuse_links",
    "refuse_strangers",
    "refuse_unfinished",
    "require_same",
    "sync",
    "unfinished",
    "writing_resumably",
]

#: What was skipped and what failed, each in a file beside the result.
SIDE_FILES = ("skipped.jsonl", "errors.jsonl")

# What a file system says that cannot lock, or flush, a folder.
_NOT_OFFERED = {errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP}


def beside(output: Path, suffix: str) -> Path:
    """Return the path of a file that belongs to a result: ``out.jsonl.errors.jsonl``."""
    return output.with_name(f"{output.name}.{suffix}")


def refuse_both(*, resume: bool, force: bool) -> None:
    """Raise ``OutputError`` where a run is to go on and to start anew."""
    if resume and force:
        raise OutputError("resume goes on and force starts anew; give one of them")


def refuse_unfinished(
    folder: Path, output: Path, made: Sequence[str], *, what: str = "run"
) -> NoReturn:
    """Raise ``OutputError``: another run is at work there, or has left something unfinished.

    Or the folder holds what no run makes; ``made`` is as in ``refuse_strangers``.
    """
    refuse_strangers(folder, made)
    os.close(lock(folder, output))
    raise unfinished(folder, what=what)


def unfinished(folder: Path, *, what: str = "run") -> OutputError:
    """Return the error of an unfinished result that nobody said what to do with."""
    return OutputError(
        f"an unfinished {what} lies in {folder}; --resume goes on with it, --force starts anew"
    )


def no_record(file: Path, *, anew: str = "label anew") -> OutputError:
    """Return the error of a file that should say what made a result, and does not."""
    return OutputError(f"{file} is not the record of a run; use --force to {anew}")


def inputs_changed(output: Path | None) -> OutputError:
    """Return the error of a run whose inputs are not what was read before."""
    return OutputError(
        f"cannot go on with {output}: the inputs changed (their text is not what was read before); "
        "make them as they were, or use --force to label anew"
    )


def refuse_links(paths: Iterable[Path]) -> None:
    """Raise ``OutputError`` where one is a link: what is written there would lie elsewhere."""
    if link := next(filter(Path.is_symlink, paths), None):
        raise OutputError(f"{link} is a link, which no run makes; remove it")


def refuse_strangers(folder: Path, made: Sequence[str]) -> None:
    """Raise ``OutputError`` where a folder holds what no run makes: it would go with the rest.

    Args:
        folder: of an unfinished run.
        made: patterns of the names that a run gives. Hidden files are the system's own.
    """
    if not folder.is_dir():
        raise OutputError(f"{folder} is a file, and no run's; move it away")
    for name in sorted(file.name for file in folder.iterdir()):
        if not name.startswith(".") and not any(fnmatchcase(name, pattern) for pattern in made):
            raise OutputError(
                f"{folder} is for an unfinished run and holds {name!r}, which no run makes and "
                "which would be lost with the rest; move it away"
            )


def writing_resumably(output: Path) -> AbstractContextManager[None]:
    """Turn a full disk and the like into an ``OutputError`` that says how to go on."""
    advice = "nothing that was done is lost: put it right, then go on with --resume"
    return writing(output, advice=advice)


def require_same(now: Mapping[str, Any], then: Mapping[str, Any], output: Path) -> None:
    """Raise ``OutputError`` where a result was begun with other settings than those of now."""
    for what, settings in now.items():
        before = then.get(what, {})
        for name, value in settings.items():
            known = before.get(name)
            if json.loads(json.dumps(value)) != known:
                if isinstance(value, Mapping) and isinstance(known, Mapping):
                    value, known = _differing(value, known), _differing(known, value)  # noqa: PLW2901
                old, new = (str(found)[:60] for found in (known, value))
                raise OutputError(
                    f"cannot go on with {output}: the {what} changed ({name} was {old}, now it is "
                    f"{new}); make it as it was, or use --force to label anew"
                )


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return what another mapping has otherwise, or not at all."""
    return {name: value for name, value in one.items() if other.get(name) != value}


def sync(path: Path) -> None:
    """Flush a file, or a folder's list of files, to the disk."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network drives and shared folders cannot do that for a folder.
        if not path.is_dir() or error.errno not in _NOT_OFFERED:
            raise
    finally:
        os.close(handle)


def acquire(folder: Path, output: Path, made: Sequence[str]) -> int:
    """Make the folder of an unfinished run, where it is missing, and lock it for this process.

    Args:
        folder: the folder, which holds no links.
        output: what the run is to make.
        made: patterns of the names that a run gives to what it keeps there.

    Returns:
        A handle; closing it, or ending the process, lets go of the folder.

    Raises:
        OutputError: the folder is a link or holds one, or what no run makes, or another run has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    refuse_links((folder, *folder.iterdir()))
    refuse_strangers(folder, made)
    return lock(folder, output)


def lock(folder: Path, output: Path) -> int:
    """Lock a folder for this process, as ``acquire`` does. A dead process holds none.

    Where the file system has no such locks, two runs at once go unnoticed.
    """
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ModuleNotFoundError:  # Windows has none.
        return os.open(os.devnull, os.O_RDONLY)
    handle = os.open(folder, os.O_RDONLY)
    try:
        flock(handle, LOCK_EX | LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise OutputError(f"another run is writing {output}; wait for it to end") from error
    except OSError as error:
        if error.errno not in _NOT_OFFERED:
            os.close(handle)
            raise
    return handle
