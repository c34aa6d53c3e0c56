"""The result of a cluster's job: a folder of shards, one a block of documents, each placed whole.

    OUT/part-000002-000017.jsonl     the rows of block 17 of share 2 of the inputs
    OUT/_blocks/000002-000017.json   the record that it is done: of what text, and its totals
    OUT/_blocks/000002-000017.skipped.jsonl, and .errors.jsonl where documents failed
    OUT/_work/                       what is being written
    OUT/_manifest.json               what made it all; once all is done, also the totals

A block is written in a folder of its own under ``_work`` and then moved to its place, its record
last. So a worker that dies leaves no half block behind; and where a cluster gives up a worker that
lives and hands its block to another, both write the same bytes. What reads a folder of shards
(Arrow, Spark, Ray) passes over names that begin with an underscore.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import uuid4

from stance.errors import OutputError
from stance.files.output import already_there
from stance.files.report import Tally
from stance.files.resuming import (
    SIDE_FILES,
    beside,
    lock,
    no_record,
    refuse_both,
    refuse_links,
    require_same,
    unfinished,
    writing_resumably,
)
from stance.strict_json import read_json

__all__ = ["Record", "ShardedOutput", "Shards"]

_FORMAT = 1
_MANIFEST = "_manifest.json"
# So often a block may end its worker; Ray would try it for ever.
_TRIES = 8


@dataclass(frozen=True)
class Record:
    """That a block is done.

    Attributes:
        digest: of its documents.
        tally: its totals, as ``Tally.to_dict``.
        bytes: how long the file of its rows is; 0 where it has none.
    """

    digest: str
    tally: Mapping[str, Any]
    bytes: int


@dataclass(frozen=True)
class Shards:
    """The folder as workers see it: a place for each block.

    Attributes:
        folder: the result, at the same place on every machine.
        format: ``jsonl``, ``csv`` or ``parquet``.
    """

    folder: Path
    format: str

    def shard(self, block: str) -> Path:
        """Return the file of a block's rows."""
        return self.folder / f"part-{block}.{self.format}"

    def of_block(self, block: str, name: str) -> Path:
        """Return another file of a block."""
        return self.folder / "_blocks" / f"{block}.{name}"

    def record(self, block: str) -> Record | None:
        """Return the record of a block; None where it is not done, or its rows are not whole."""
        try:
            record = Record(**read_json(self.of_block(block, "json")))
            rows = record.tally["sentences"]
            whole = not rows or self.shard(block).stat().st_size == record.bytes
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return record if whole else None

    @contextmanager
    def work(self, block: str) -> Iterator[Path]:
        """Lend a path to write a block's rows to; remove what is left there afterwards.

        Raises:
            OutputError: many a worker has left its folder for this block behind, that is, died.
        """
        if len(list(self.folder.glob(f"_work/{block}-*"))) >= _TRIES:
            raise OutputError(
                f"{_TRIES} workers have died over one block; do they have the memory for a model "
                "and its documents? --resume tries again"
            )
        folder = self.folder / "_work" / f"{block}-{uuid4().hex}"
        folder.mkdir(parents=True)
        try:
            yield folder / f"rows.{self.format}"
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def place(self, block: str, rows: Path, record: Record) -> None:
        """Move what was written to its place, and record that the block is done."""
        for name in SIDE_FILES:
            if (written := beside(rows, name)).exists():
                written.replace(self.of_block(block, name))
        if rows.exists():
            rows.replace(self.shard(block))
        _write_json(rows.with_name("record.json"), vars(record), self.of_block(block, "json"))


class ShardedOutput:
    """The folder as the one who runs the job sees it. Open with ``ShardedOutput.open``.

    Attributes:
        done: the blocks that were done before.
    """

    def __init__(self, shards: Shards, settings: Mapping[str, Any]) -> None:
        self.shards = shards
        self.done: frozenset[str] = frozenset()
        self._folder = shards.folder
        self._settings = settings
        self._lock: int | None = None

    @classmethod
    def open(
        cls, shards: Shards, settings: Mapping[str, Any], *, resume: bool, force: bool
    ) -> ShardedOutput:
        """Start a job, or go on with one.

        Args:
            shards: where to.
            settings: all that the rows depend on, as JSON data of two levels.
            resume: go on with what is there; a new job where there is nothing.
            force: start anew and replace a result.

        Raises:
            OutputError: there is a result and neither was given; the folder is another's; another
                job is writing it; its settings were others; or it cannot be written.
        """
        job = cls(shards, settings)
        refuse_both(resume=resume, force=force)
        try:
            with writing_resumably(shards.folder):
                job._refuse_others()
                job._acquire()
                job._begin(resume=resume, force=force)
        except BaseException:
            job.close()
            raise
        return job

    def __enter__(self) -> ShardedOutput:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the folder. What is done stays, to be resumed."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def finish(self, blocks: Sequence[str]) -> Tally:
        """Sum up the blocks, in order: their totals, what was skipped, what failed, the manifest.

        Where no document could be labelled, only the list of what failed is left.

        Raises:
            OutputError: a block is not there, or a file cannot be written.
        """
        records = [self.shards.record(block) for block in blocks]
        if None in records:
            lost = blocks[records.index(None)]
            raise OutputError(
                f"block {lost} was labelled and is not in {self._folder}: every machine of the "
                "cluster has to see the same folder there"
            )
        tally = Tally.merged(Tally.from_dict(record.tally) for record in records if record)
        with writing_resumably(self._folder):
            shutil.rmtree(self._folder / "_work", ignore_errors=True)
            for name in SIDE_FILES if tally.documents else ("errors.jsonl",):
                self._gather(name, blocks)
            if tally.documents:
                counts = ("documents", "sentences", "failed")
                totals = {name: getattr(tally, name) for name in counts}
                self._write_manifest({"totals": {"blocks": len(blocks), **totals}})
            else:
                self._clear()
                self._folder.rmdir()
        return tally

    def _refuse_others(self) -> None:
        folder, manifest = self._folder, self._folder / _MANIFEST
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder} is a file; expected a folder, for a cluster writes shards")
        refuse_links(folder / name for name in ("", _MANIFEST, "_blocks", "_work"))
        begun = folder / f"{_MANIFEST}.new"  # A run was cut off while it wrote its first record.
        if folder.exists() and not manifest.exists() and {*folder.iterdir()} - {begun}:
            raise OutputError(f"{folder} holds something else; choose a new folder")

    def _acquire(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = lock(self._folder, self._folder)

    def _begin(self, *, resume: bool, force: bool) -> None:
        manifest = self._folder / _MANIFEST
        if force:
            self._clear()
        if manifest.exists():
            then = self._read_manifest(manifest)
            if not resume:
                raise already_there(self._folder) if "totals" in then else unfinished(self._folder)
            require_same(self._settings, then["settings"], self._folder)
        else:
            self._write_manifest({})
        shutil.rmtree(self._folder / "_work", ignore_errors=True)
        for name in ("_blocks", "_work"):
            (self._folder / name).mkdir(exist_ok=True)
        recorded = (path.stem for path in self._folder.glob("_blocks/*.json"))
        self.done = frozenset(name for name in recorded if self.shards.record(name))

    def _read_manifest(self, manifest: Path) -> Mapping[str, Any]:
        try:
            found = read_json(manifest)
            settings = found["settings"].values()
            if found["format"] == _FORMAT and all(isinstance(of, dict) for of in settings):
                return dict(found)
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise no_record(manifest)

    def _write_manifest(self, totals: Mapping[str, Any]) -> None:
        manifest = {"format": _FORMAT, "settings": self._settings, **totals}
        _write_json(self._folder / f"{_MANIFEST}.new", manifest, self._folder / _MANIFEST)

    def _gather(self, name: str, blocks: Sequence[str]) -> None:
        """Put the blocks' files of a kind together, beside the folder as beside a single file."""
        target = beside(self._folder, name)
        fresh = target.with_name(f"{target.name}.new")
        fresh.unlink(missing_ok=True)
        with fresh.open("xb") as whole:
            for file in (self.shards.of_block(block, name) for block in blocks):
                if file.exists():
                    with file.open("rb") as part:
                        shutil.copyfileobj(part, whole)
        if fresh.stat().st_size:
            fresh.replace(target)
        else:
            fresh.unlink()
            target.unlink(missing_ok=True)

    def _clear(self) -> None:
        for name in ("_blocks", "_work"):
            shutil.rmtree(self._folder / name, ignore_errors=True)
        for shard in self._folder.glob("part-*"):
            shard.unlink()
        (self._folder / _MANIFEST).unlink(missing_ok=True)


def _write_json(fresh: Path, data: Mapping[str, Any], target: Path) -> None:
    fresh.unlink(missing_ok=True)
    with fresh.open("x", encoding="utf-8") as stream:
        json.dump(data, stream, ensure_ascii=False, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(target)
