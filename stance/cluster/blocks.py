"""What the machines of a cluster do: read their share of the inputs, and label blocks of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stance.cluster.shards import Record, Shards
from stance.cluster.workers import Worker, loaded
from stance.errors import InputError, ModelError, OutputError, StanceError
from stance.files.documents import Document, DocumentReader, Failure
from stance.files.resuming import inputs_changed
from stance.files.sources import Inputs, Source, Unusable
from stance.job import windows, write_documents
from stance.model import StanceModel
from stance.settings import model_settings, program_settings

__all__ = ["Labeller", "Task", "deal_out", "read_blocks"]


@dataclass(frozen=True)
class Task:
    """What the tasks of a job have in common; goes to every machine.

    Attributes:
        shards: where the rows go.
        options: as ``stance.settings.checked_options``.
        worker: how to load the model.
        model: which model that has to be, as ``stance.settings.model_settings``.
        program: which program it all has to be, as ``stance.settings.program_settings``.
        block_characters: a block holds about so many.
    """

    shards: Shards
    options: Mapping[str, Any]
    worker: Worker
    model: Mapping[str, Any]
    program: Mapping[str, str]
    block_characters: int


def deal_out(inputs: Inputs, size: int | None) -> list[str]:
    """Deal the inputs out, in order, into shares of about ``size`` bytes; each as JSON.

    Args:
        inputs: what ``find_sources`` found.
        size: None for a single share.

    Raises:
        InputError: standard input is among them.
    """
    shares: list[str] = []
    share: list[Source | Unusable] = []
    filled = 0
    for source in inputs.sources:
        share.append(_placed(source))
        filled += source.size if isinstance(source, Source) else 0
        if size is not None and filled >= size:
            shares.append(_as_json(share))
            share, filled = [], 0
    if share:
        shares.append(_as_json(share))
    return shares


def _as_json(share: Iterable[Source | Unusable]) -> str:
    return json.dumps([vars(source) for source in share], default=str)


def read_blocks(batch: Any, task: Task) -> Iterator[Any]:
    """Read shares: a row a block. A block that is done goes without its text.

    However many blocks are done, there are as many rows: Ray counts on it when it reads again.

    Raises:
        OutputError: this machine has another version of the program.
    """
    import pyarrow as arrow

    _require_same_program(task)
    for share in batch.to_pylist():
        reader = DocumentReader(
            Inputs(tuple(map(_source, json.loads(share["sources"])))),
            text_column=task.options["text_column"],
            id_column=task.options["id_column"],
            keep_columns=task.options["keep_columns"],
        )
        before = 0
        for number, documents in enumerate(windows(reader, task.block_characters)):
            block = f"{share['share']:06}-{number:06}"
            done = task.shards.record(block) is not None
            row = {
                "block": block,
                "bytes": reader.bytes_read - before,
                "digest": _digest(documents),
                "documents": "" if done else json.dumps([vars(found) for found in documents]),
            }
            before = reader.bytes_read
            yield arrow.Table.from_pylist([row])


class Labeller:
    """A worker: labels one block at a time."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def __call__(self, batch: Any) -> Any:
        """Return what became of the block that the batch holds."""
        import pyarrow as arrow

        return arrow.Table.from_pylist([self._done(row) for row in batch.to_pylist()])

    def _done(self, row: Mapping[str, Any]) -> dict[str, Any]:
        done: dict[str, Any] = {"block": row["block"], "bytes": row["bytes"], "problem": ""}
        record = self._task.shards.record(row["block"])
        try:
            if record is None:
                record = self._label(row)
            elif record.digest != row["digest"]:
                raise inputs_changed(self._task.shards.folder)
        except (StanceError, OSError) as error:
            return {**done, "documents": 0, "labelled": 0, "sentences": 0, "problem": str(error)}
        tally = record.tally
        labelled = tally["documents"]
        documents = labelled + tally["failed"]
        return {
            **done,
            "documents": documents,
            "labelled": labelled,
            "sentences": tally["sentences"],
        }

    def _label(self, row: Mapping[str, Any]) -> Record:
        task, documents = self._task, [_document(found) for found in json.loads(row["documents"])]
        _require_same_program(task)
        with task.shards.work(row["block"]) as path:
            tally = write_documents(documents, path, model=self._model(), options=task.options)
            size = path.stat().st_size if path.exists() else 0
            record = Record(row["digest"], tally.to_dict(), size)
            task.shards.place(row["block"], path, record)
        return record

    def _model(self) -> StanceModel:
        model, expected = loaded(self._task.worker), self._task.model
        decided = replace(model.folder, decision=model.decision)
        if model_settings(decided, expected["backend"]) != expected:
            raise ModelError(
                f"{model.folder.path} on a machine of the cluster is not the model that this job "
                "began with; install the same version of stance, or put the same folder there"
            )
        return model


def _require_same_program(task: Task) -> None:
    """Raise ``OutputError`` where this machine would read or split texts in another way."""
    here = program_settings()
    if here != task.program:
        found, expected = (
            " with ".join(f"{package} {version}" for package, version in versions.items())
            for versions in (here, task.program)
        )
        raise OutputError(
            f"a machine of the cluster has {found}, and this job began with {expected}; install "
            "the same versions on every machine"
        )


def _source(data: dict[str, Any]) -> Source | Unusable:
    if "reason" in data:
        return Unusable(**data)
    return Source(**{**data, "path": Path(data["path"])})


def _document(data: dict[str, Any]) -> Document | Failure:
    return Failure(**data) if "reason" in data else Document(**data)


def _digest(documents: Iterable[Document | Failure]) -> str:
    digest = hashlib.sha256()
    for found in documents:
        digest.update(repr(found).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def _placed(source: Source | Unusable) -> Source | Unusable:
    """Name a file so that it is found from any folder."""
    if isinstance(source, Unusable):
        return source
    if source.path is None:
        raise InputError("standard input cannot be read on a cluster; name files")
    return replace(source, path=source.path.absolute())
