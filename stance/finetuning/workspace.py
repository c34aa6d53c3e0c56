"""The unfinished model: a folder ``OUTPUT.partial``, from which a run that was cut off goes on.

It holds what made it (``run.json``), the held-out logits of every epoch, the checkpoints of the
training under way, and at last the whole model, which takes its place in one step.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.errors import OutputError, reason_of
from stance.files.output import already_there, write_whole
from stance.files.resuming import (
    acquire,
    beside,
    no_record,
    refuse_both,
    refuse_unfinished,
)
from stance.strict_json import read_json

__all__ = ["Workspace"]

# A training each in part-1, part-2, ... and all; the rest is what comes of them.
_MADE = ("run.json*", "part-*", "all", "model", "replaced", "label-errors.jsonl")
# What the disk refuses is no OSError where safetensors and tokenizers write (in Rust), or torch.
_REFUSED = re.compile(r"\(os error \d+\)|inline_container\.cc")


class Workspace:
    """Where a training keeps what it has. From ``open`` to ``close`` no other run may use it.

    Args:
        output: the folder that the model shall be.

    Raises:
        OutputError: it has no name of its own, as ``.`` and ``..``: what is unfinished lies beside.
    """

    def __init__(self, output: Path) -> None:
        if output.name in ("", ".."):
            raise OutputError(f"{output} names no new folder; expected one such as models/mine")
        self.output = output
        self.folder = beside(output, "partial")
        self.model = self.folder / "model"
        self.label_errors = self.folder / "label-errors.jsonl"
        self._placed_label_errors = beside(output, "label-errors.jsonl")
        self._lock: int | None = None

    def check(self, *, resume: bool, force: bool) -> None:
        """See whether the output may be written, before anything is computed.

        Raises:
            OutputError: it exists, or its list of label errors, or an unfinished one, and neither
                option was given; it is no model, or a mount point; or both options were given.
        """
        refuse_both(resume=resume, force=force)
        if os.path.ismount(self.output):
            raise OutputError(
                f"{self.output} is a mount point, which a finished model cannot take the place of; "
                f"name a folder in it, such as {self.output / 'model'}"
            )
        if self.output.exists() and not self._is_model_or_empty():
            raise OutputError(f"{self.output} exists and is no model; choose another name")
        if self._holds_model() and not (resume or force):
            raise already_there(self.output)
        # Of a model that was moved away or renamed: somebody may be at work on it.
        going_on = resume and (self.folder.exists() or self._holds_model())
        if self._placed_label_errors.exists() and not (going_on or force):
            raise OutputError(
                f"{self._placed_label_errors} of an earlier model is there still; move it away, "
                "choose another name or use --force"
            )
        if self.folder.exists() and not (resume or force):
            refuse_unfinished(self.folder, self.output, _MADE, what="training")

    def finished(self, settings: Mapping[str, Any], *, resume: bool) -> bool:
        """Say whether a run to go on with is already done.

        Raises:
            OutputError: the output is a model of other data or settings, or does not say of which.
        """
        if not resume or self.folder.exists() or not self._holds_model():
            return False
        made = _read_settings(self.output / "stance.json", "training", "settings")
        _compare(settings, made, self.output)
        return True

    def open(self, settings: Mapping[str, Any], *, force: bool) -> None:
        """Start, or go on where the folder is there already.

        Args:
            settings: all that the result depends on, as JSON data.
            force: start anew.

        Raises:
            OutputError: another run is using the folder; it was made with other settings, or does
                not say with which; or it cannot be written.
        """
        record = self.folder / "run.json"
        with self.writing():
            self._lock = acquire(self.folder, self.output, _MADE)
            if record.exists() and not force:
                _compare(settings, _read_settings(record), self.output)
                return
            self._clear()
            write_whole(record, json.dumps(settings, indent=1))

    def close(self) -> None:
        """Let go of the folder. What is done stays, to be resumed."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def part(self, name: str) -> Path:
        """Return the folder of one training, made where it is missing."""
        folder = self.folder / name
        with self.writing():
            folder.mkdir(exist_ok=True)
        return folder

    def finish_part(self, name: str) -> None:
        """Remember that a training is done, and drop its checkpoints."""
        folder = self.folder / name
        with self.writing():
            (folder / "done").touch()
            for checkpoint in folder.glob("checkpoint-*"):
                shutil.rmtree(checkpoint)

    def is_finished(self, name: str) -> bool:
        """Say whether a training was done."""
        return (self.folder / name / "done").exists()

    def store(self, name: str, epoch: int, logits: NDArray[np.float32]) -> None:
        """Keep the held-out logits of an epoch (from 1)."""
        target = self.folder / name / f"epoch-{epoch:03}.npy"
        fresh = target.with_suffix(".new")
        with self.writing():
            with fresh.open("wb") as stream:
                np.save(stream, logits, allow_pickle=False)
            fresh.replace(target)

    def stored(self, name: str) -> list[NDArray[np.float32]]:
        """Return the held-out logits of a training, epoch by epoch."""
        files = sorted((self.folder / name).glob("epoch-*.npy"))
        return [np.load(file, allow_pickle=False) for file in files]

    def place(self) -> None:
        """Put the finished model in its place; the one that it replaces goes."""
        with self.writing():
            self.output.parent.mkdir(parents=True, exist_ok=True)
            if self.output.exists():
                self.output.replace(self.folder / "replaced")
            self.model.replace(self.output)
            self._placed_label_errors.unlink(missing_ok=True)
            if self.label_errors.exists():
                self.label_errors.replace(self._placed_label_errors)
            shutil.rmtree(self.folder)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Turn a full disk and the like into an error that says what to do."""
        try:
            yield
        except Exception as error:
            if isinstance(error, OSError):
                reason = error.strerror or str(error)
            elif _REFUSED.search(str(error)):
                reason = f"the disk is full, or refuses it ({reason_of(error, limit=100)})"
            else:
                raise
            raise OutputError(
                f"cannot write {self.output}: {reason}; put it right, then go on with --resume"
            ) from error

    def _clear(self) -> None:
        """Empty the folder, which stays: the lock is on it."""
        for found in self.folder.iterdir():
            if found.is_dir():
                shutil.rmtree(found)
            else:
                found.unlink()

    def _holds_model(self) -> bool:
        return (self.output / "stance.json").is_file()

    def _is_model_or_empty(self) -> bool:
        return self.output.is_dir() and (self._holds_model() or not any(self.output.iterdir()))


def _read_settings(record: Path, *names: str) -> Mapping[str, Any]:
    """Return the settings that a file of JSON records, under one name in the other."""
    with suppress(ValueError, LookupError, TypeError):
        found = read_json(record)
        for name in names:
            found = found[name]
        if isinstance(found, dict):
            return found
    raise no_record(record, anew="start anew")


def _compare(now: Mapping[str, Any], then: Mapping[str, Any], output: Path) -> None:
    for name, value in now.items():
        if json.loads(json.dumps(value)) != then.get(name):
            raise OutputError(
                f"cannot go on with {output}: the {name} changed since; make it as it was, or use "
                "--force to start anew"
            )
