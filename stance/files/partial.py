"""The unfinished result: a folder ``OUT.partial``, from which a run that was cut off goes on.

It holds the rows written so far, the two side files, and ``run.json``: what made them, how many
documents are done, and how long each file was then. The order of writing makes this safe: the files
are flushed to the disk first, then ``run.json`` is replaced in one step, so that it never speaks of
bytes that a power cut could still take. Whatever lies behind the recorded lengths is cut off before
a run goes on. ``OUT`` itself appears in one step at the end: where it exists, it is whole.

When a run is complete, ``run.json`` is kept as ``OUT.run.json``, the record of how OUT was made.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from stance.errors import OutputError, writing
from stance.files.output import require_file
from stance.strict_json import read_json

__all__ = [
    "SIDE_FILES",
    "PartialOutput",
    "Progress",
    "acquire",
    "beside",
    "lock",
    "require_same",
]

#: What was skipped and what failed, each in a file beside the result.
SIDE_FILES = ("skipped.jsonl", "errors.jsonl")

_FORMAT = 1
_FILES = ("rows", *SIDE_FILES)
# What a file system says that cannot lock, or flush, a folder.
_NOT_OFFERED = {errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP}


@dataclass
class Progress:
    """What is done: it grows as a run goes on.

    Attributes:
        documents: how many were read, those that failed included.
        digest: a digest of all that was read of them.
        complete: whether all are done.
        tally: the caller's totals, as JSON data.
    """

    documents: int = 0
    digest: str = ""
    complete: bool = False
    tally: dict[str, Any] = field(default_factory=dict)


class PartialOutput:
    """The files of a run that is under way.

    Open with ``PartialOutput.open``; leave with ``finish``, or at any moment without it.
    """

    def __init__(self, output: Path, settings: Mapping[str, Any]) -> None:
        self.path = output
        self.folder = beside(output, "partial")
        self.progress = Progress()
        self._settings = settings
        self._started = False
        self._placed = False
        self._streams: dict[str, BinaryIO] = {}
        self._lock: int | None = None

    @classmethod
    def open(
        cls, output: Path, settings: Mapping[str, Any], *, resume: bool = False, force: bool = False
    ) -> PartialOutput:
        """Start a run, or go on with one.

        Args:
            output: the result file.
            settings: all that the result depends on, as JSON data of two levels.
            resume: go on with an unfinished run; a new one where there is none.
            force: start anew and replace a result.

        Raises:
            OutputError: there is a result, or an unfinished one, and neither ``resume`` nor
                ``force`` was given; another run is writing it; its settings were others; the files
                are not as they were left; or they cannot be written.
        """
        run = cls(output, settings)
        if resume and force:
            raise OutputError("resume goes on and force starts anew; give one of them")
        try:
            with run._writing():
                require_file(output)
                if not (resume or force):
                    run._refuse_existing()
                run._lock = acquire(run.folder, output)
                if force:
                    run._clear()
                if not (resume and run._read_progress()):
                    run._start()
        except BaseException:
            run.close()
            raise
        return run

    def __enter__(self) -> PartialOutput:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files. What was recorded last stays, to be gone on with."""
        with suppress(OSError):  # Closing writes what is left, to a disk that may be full.
            self._close_streams()
        if self._lock is not None:
            if self._started and not self.progress.documents:
                shutil.rmtree(self.folder, ignore_errors=True)
            with suppress(OSError):  # A folder in which nothing was begun is empty.
                self.folder.rmdir()
            os.close(self._lock)
            self._lock = None

    def write(self, data: bytes, *, to: str = "rows") -> None:
        """Append to ``rows``, ``skipped.jsonl`` or ``errors.jsonl``.

        Raises:
            OutputError: the disk is full, or the file cannot be written.
        """
        with self._writing():
            self._streams[to].write(data)

    def checkpoint(self) -> None:
        """Make all that was written, and ``progress``, last: a run can go on from here.

        Raises:
            OutputError: the disk is full, or the file cannot be written.
        """
        with self._writing():
            self._record()

    def finish(self, convert: Callable[[Path, Path], None] | None = None) -> None:
        """Put the files in their places; can be repeated after it was cut off at any point.

        Args:
            convert: turns the file of rows, its first argument, into the result, its second.

        Raises:
            OutputError: the disk is full, or a file cannot be written.
        """
        rows = self.folder / "rows"
        if self._placed:
            return
        with self._writing():
            self.progress.complete = True
            self._record()
            self._close_streams()
            if convert is not None and rows.exists():
                converted = self.folder / "converted"
                convert(rows, converted)
                _sync(converted)
                rows.unlink()
            elif rows.exists():
                rows.replace(self.folder / "converted")
            for name in SIDE_FILES:
                self._place_side_file(name)
            if (self.folder / "converted").exists():
                (self.folder / "converted").replace(self.path)
            (self.folder / "run.json").replace(beside(self.path, "run.json"))
            _sync(self.path.parent)
            shutil.rmtree(self.folder, ignore_errors=True)

    def discard(self) -> None:
        """Give up a result that holds nothing, and keep the list of what failed.

        Raises:
            OutputError: a file cannot be written.
        """
        with self._writing():
            self._record()
            self._close_streams()
            self._place_side_file("errors.jsonl")
            shutil.rmtree(self.folder, ignore_errors=True)

    def _close_streams(self) -> None:
        streams, self._streams = self._streams, {}
        with ExitStack() as stack:
            for stream in streams.values():
                stack.callback(stream.close)

    def _refuse_existing(self) -> None:
        if self.path.exists():
            raise OutputError(f"{self.path} exists already; choose another name or use --force")
        if self.folder.exists():
            raise OutputError(
                f"an unfinished run lies in {self.folder}; --resume goes on with it, "
                "--force starts anew"
            )

    def _clear(self) -> None:
        for file in self.folder.iterdir():
            file.unlink()

    def _start(self) -> None:
        self._started = True
        for name in _FILES:
            self._streams[name] = (self.folder / name).open("wb")
        self._record()

    def _read_progress(self) -> bool:
        """Take up the recorded progress; False where there is none and nothing is lost."""
        journal = self.folder / "run.json"
        if not journal.exists() and self.path.exists():
            journal = beside(self.path, "run.json")
            self._placed = True
            if not journal.is_file():
                raise OutputError(
                    f"{self.path} exists and nothing says how it was made, so it cannot be gone "
                    "on with; use --force to label anew"
                )
        if not journal.exists():
            return False
        record = self._read_record(journal)
        require_same(self._settings, record["settings"], self.path)
        self.progress = Progress(**record["progress"])
        if not self.progress.complete:
            self._cut(record["bytes"])
        return True

    def _read_record(self, journal: Path) -> dict[str, Any]:
        try:
            record = read_json(journal)
            lengths = record["bytes"]
            if (
                record["format"] == _FORMAT
                and all(isinstance(found, dict) for found in record["settings"].values())
                and record["progress"].keys() == vars(Progress()).keys()
                and isinstance(record["progress"]["documents"], int)
                and (lengths.keys() == set(_FILES) or record["progress"]["complete"])
                and all(isinstance(length, int) and length >= 0 for length in lengths.values())
            ):
                return dict(record)
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise OutputError(f"{journal} is not the record of a run; use --force to label anew")

    def _cut(self, lengths: Mapping[str, int]) -> None:
        for name, length in lengths.items():
            file = self.folder / name
            found = file.stat().st_size if file.exists() else 0
            if found < length:
                raise OutputError(
                    f"{file} has {found:,} bytes, fewer than the {length:,} that were written; "
                    "use --force to label anew"
                )
            stream = file.open("r+b")
            stream.truncate(length)
            stream.seek(length)
            self._streams[name] = stream

    def _record(self) -> None:
        lengths = {}
        for name, stream in self._streams.items():
            stream.flush()
            os.fsync(stream.fileno())
            lengths[name] = stream.tell()
        record = {
            "format": _FORMAT,
            "settings": self._settings,
            "progress": vars(self.progress),
            "bytes": lengths,
        }
        journal = self.folder / "run.json"
        fresh = journal.with_name("run.json.new")
        # People read the last one; the others are written while the model waits.
        indent = 1 if self.progress.complete else None
        fresh.write_text(json.dumps(record, ensure_ascii=False, indent=indent), encoding="utf-8")
        _sync(fresh)
        fresh.replace(journal)
        _sync(self.folder)

    def _place_side_file(self, name: str) -> None:
        written, target = self.folder / name, beside(self.path, name)
        if written.exists() and written.stat().st_size:
            written.replace(target)
        elif written.exists():
            target.unlink(missing_ok=True)
            written.unlink()

    def _writing(self) -> AbstractContextManager[None]:
        advice = "nothing that was done is lost: put it right, then go on with --resume"
        return writing(self.path, advice=advice)


def beside(output: Path, suffix: str) -> Path:
    """Return the path of a file that belongs to a result: ``out.jsonl.errors.jsonl``."""
    return output.with_name(f"{output.name}.{suffix}")


def require_same(now: Mapping[str, Any], then: Mapping[str, Any], output: Path) -> None:
    """Raise ``OutputError`` where a result was begun with other settings than those of now."""
    for what, settings in now.items():
        before = then.get(what, {})
        for name, value in settings.items():
            if json.loads(json.dumps(value)) != before.get(name):
                old, new = (str(found)[:60] for found in (before.get(name), value))
                raise OutputError(
                    f"cannot go on with {output}: the {what} changed ({name} was {old}, now it is "
                    f"{new}); make it as it was, or use --force to label anew"
                )


def _sync(path: Path) -> None:
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


def acquire(folder: Path, output: Path) -> int:
    """Make the folder of an unfinished run, where it is missing, and lock it for this process.

    Args:
        folder: the folder, which holds no links.
        output: what the run is to make.

    Returns:
        A handle; closing it, or ending the process, lets go of the folder.

    Raises:
        OutputError: the folder is a link or holds one, or another run has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if link := next(filter(Path.is_symlink, (folder, *folder.iterdir())), None):
        raise OutputError(f"{link} is a link, which no run makes; remove it")
    handle = lock(folder)
    if handle is None:
        raise OutputError(f"another run is writing {output}; wait for it to end")
    return handle


def lock(folder: Path) -> int | None:
    """Lock a folder for this process; None where another holds it. A dead process holds none.

    Where the file system has no such locks, two runs at once go unnoticed.
    """
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ModuleNotFoundError:  # Windows has none.
        return os.open(os.devnull, os.O_RDONLY)
    handle = os.open(folder, os.O_RDONLY)
    try:
        flock(handle, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError as error:
        if error.errno not in _NOT_OFFERED:
            os.close(handle)
            raise
    return handle
