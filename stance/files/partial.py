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
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from stance.errors import OutputError
from stance.files.output import already_there, require_file
from stance.files.resuming import (
    SIDE_FILES,
    acquire,
    beside,
    no_record,
    refuse_both,
    refuse_unfinished,
    require_same,
    sync,
    writing_resumably,
)
from stance.strict_json import read_json

__all__ = ["PartialOutput", "Progress"]

_FORMAT = 1
_FILES = ("rows", *SIDE_FILES)
_MADE = (*_FILES, "run.json", "run.json.new", "converted")
# What a finished result is recorded by.
_RESULT = "result"


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
        self._result: int | None = None  # How long the finished result is.
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
                are not as they were left, or among others; or they cannot be written.
        """
        run = cls(output, settings)
        refuse_both(resume=resume, force=force)
        try:
            with writing_resumably(output):
                require_file(output)
                run._require_names()
                if not (resume or force):
                    run._refuse_existing()
                run._lock = acquire(run.folder, output, _MADE)
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
        """Let go of the files. What was recorded last stays, to be resumed."""
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
        with writing_resumably(self.path):
            self._streams[to].write(data)

    def checkpoint(self) -> None:
        """Make all that was written, and ``progress``, last: a run can go on from here.

        Raises:
            OutputError: the disk is full, or the file cannot be written.
        """
        with writing_resumably(self.path):
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
        with writing_resumably(self.path):
            self.progress.complete = True
            self._record()
            self._close_streams()
            if convert is not None and rows.exists():
                converted = self.folder / "converted"
                convert(rows, converted)
                sync(converted)
                rows.unlink()
            elif rows.exists():
                rows.replace(self.folder / "converted")
            result = self.folder / "converted"
            if result.exists():
                self._result = result.stat().st_size
                self._record()
            elif self._result is not None:  # Cut off when it had been placed already.
                self._require_whole()
            for name in SIDE_FILES:
                self._place_side_file(name)
            if result.exists():
                result.replace(self.path)
            (self.folder / "run.json").replace(beside(self.path, "run.json"))
            sync(self.path.parent)
            shutil.rmtree(self.folder, ignore_errors=True)

    def discard(self) -> None:
        """Give up a result that holds nothing, and keep the list of what failed.

        Raises:
            OutputError: a file cannot be written.
        """
        with writing_resumably(self.path):
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
            raise already_there(self.path)
        if self.folder.exists():
            refuse_unfinished(self.folder, self.path, _MADE)

    def _require_names(self) -> None:
        """See that the files beside the result may be called so: at the end it is late to know."""
        for name in ("partial", "run.json", *SIDE_FILES):
            try:
                beside(self.path, name).lstat()
            except FileNotFoundError:
                continue
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG:
                    raise
                raise OutputError(
                    f"{self.path} has too long a name: files beside it are called so as well, with "
                    f".{name} behind; choose a shorter one"
                ) from error

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
        self._result = record["bytes"].get(_RESULT)
        if self._placed and self._result is not None:
            self._require_whole()
        return True

    def _require_whole(self) -> None:
        found = self.path.stat().st_size if self.path.exists() else 0
        if found != self._result:
            raise OutputError(
                f"{self.path} has {found:,} bytes, and {self._result:,} were written: it was "
                "changed since; move it away and label anew, or use --force"
            )

    def _read_record(self, journal: Path) -> dict[str, Any]:
        try:
            record = read_json(journal)
            lengths = record["bytes"]
            if (
                record["format"] == _FORMAT
                and all(isinstance(found, dict) for found in record["settings"].values())
                and _is_progress(record["progress"])
                and (lengths.keys() == set(_FILES) or record["progress"]["complete"])
                and all(map(_is_count, lengths.values()))
            ):
                return dict(record)
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise no_record(journal)

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
        lengths = {} if self._result is None else {_RESULT: self._result}
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
        sync(fresh)
        fresh.replace(journal)
        sync(self.folder)

    def _place_side_file(self, name: str) -> None:
        written, target = self.folder / name, beside(self.path, name)
        if written.exists() and written.stat().st_size:
            written.replace(target)
        elif written.exists():
            target.unlink(missing_ok=True)
            written.unlink()


def _is_progress(found: Mapping[str, Any]) -> bool:
    """Say whether JSON data is what ``_record`` writes of a ``Progress``."""
    return (
        found.keys() == vars(Progress()).keys()
        and _is_count(found["documents"])
        and isinstance(found["digest"], str)
        and isinstance(found["complete"], bool)
        and isinstance(found["tally"], dict)
    )


def _is_count(found: object) -> bool:
    return type(found) is int and 0 <= found <= sys.maxsize
