"""The batch job: files in, one file of labelled sentences out, nothing lost on the way.

Documents are read, labelled and written a window at a time, so that memory does not grow with the
corpus. A run that was cut off goes on at the last whole window, and as a window depends on nothing
before it, the result is the same byte for byte as that of a run that was not.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from stance.errors import InputError, OutputError
from stance.files.documents import Document, DocumentReader, Failure
from stance.files.formats import (
    FlatColumns,
    csv_header,
    csv_rows,
    format_of,
    jsonl_rows,
    require_parquet,
    to_json,
    write_parquet,
)
from stance.files.partial import PartialOutput
from stance.files.report import Labelled, LabelProgress, LabelReport, Tally
from stance.files.sources import Inputs, find_sources
from stance.model import StanceModel, load
from stance.results import DocumentResult

__all__ = ["LabelProgress", "LabelReport", "label_documents", "label_files"]

#: Documents are labelled together until they hold so many characters, or are so many.
WINDOW_CHARACTERS = 2**19
WINDOW_DOCUMENTS = 4096


def label_documents(
    documents: Iterable[Document | Failure],
    model: StanceModel,
    *,
    abstain: float | None = None,
    keep_all: bool = False,
) -> Iterator[list[Labelled | Failure]]:
    """Label documents a window at a time, in order; failures stay in their places."""
    for window in _windows(documents):
        readable = [document for document in window if isinstance(document, Document)]
        pairs = [(document.id, document.text) for document in readable]
        results = model.label_many(pairs, abstain=abstain, keep_all=keep_all)
        yield [found if isinstance(found, Failure) else (found, next(results)) for found in window]


def label_files(
    inputs: Iterable[str | Path],
    output: str | Path | None,
    *,
    model: StanceModel | str | Path | None = None,
    format: str | None = None,
    input_format: str | None = None,
    text_column: str = "text",
    id_column: str | None = None,
    keep_columns: Sequence[str] = (),
    resume: bool = False,
    force: bool = False,
    thresholds: Mapping[str, float] | None = None,
    abstain: float | None = None,
    keep_all: bool = False,
    backend: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
    progress: Callable[[LabelProgress], None] | None = None,
    on_result: Callable[[DocumentResult], None] | None = None,
) -> LabelReport:
    """Label files, folders or standard input; write one row a sentence.

    ``output`` appears when all is done. Until then, what is done lies in the folder
    ``OUTPUT.partial``, from which ``resume`` goes on after whatever cut the run off, to the same
    file byte for byte. Text that is no argument (menus, bylines, ...) goes to
    ``OUTPUT.skipped.jsonl``, documents that could not be labelled to ``OUTPUT.errors.jsonl``, and
    how the result was made to ``OUTPUT.run.json``.

    Args:
        inputs: files (``.txt .md .html .csv .tsv .jsonl .parquet``, also compressed), folders,
            patterns, or ``-`` for standard input.
        output: ``.jsonl``, ``.csv`` or ``.parquet``; None to write nothing, for ``on_result``.
        model: a loaded model, or what ``stance.load`` takes; the shipped one by default.
        format: ``jsonl``, ``csv`` or ``parquet``, whatever the output's suffix.
        input_format: what standard input and files without a known suffix hold.
        text_column: where tables keep the text.
        id_column: where tables keep a document's id; ``FILE:ROW`` by default.
        keep_columns: columns of tables that the rows of the result carry too.
        resume: go on with an unfinished run.
        force: replace a result, or an unfinished run.
        thresholds: frame → threshold, 0 to 1, instead of the model's own.
        abstain: withhold this share of the decisions, as ``StanceModel.label``.
        keep_all: label every line, skip nothing.
        backend: as ``stance.load``; this and the next two are not used with a loaded model.
        device: as ``stance.load``.
        threads: as ``stance.load``.
        progress: called after every window.
        on_result: called with every result of this run, in order.

    Raises:
        InputError: no input, or an option that is not known.
        OutputError: the output exists, cannot be written, or cannot be gone on with.
        ModelError: the model cannot be loaded.
        MissingExtraError: Parquet without pyarrow, or the torch backend without torch.

    >>> import stance
    >>> report = stance.label_files(["seeds"], "out.jsonl")
    >>> report.documents, report.failed
    (5, 0)
    """
    if isinstance(inputs, (str, Path)):
        raise InputError("found one input, expected a list of them: label_files([path], output)")
    found = find_sources(inputs, input_format=input_format, output=output)
    if not found.sources:
        names = ", ".join(left.path for left in found.left_out[:5])
        raise InputError(f"found no article to label{f'; left out {names}' if names else ''}")
    options = {
        "format": None if output is None else format_of(Path(output), given=format),
        "text_column": text_column,
        "id_column": id_column,
        "keep_columns": list(keep_columns),
        "abstain": abstain,
        "keep_all": keep_all,
    }
    if options["format"] == "parquet":
        require_parquet()
    if not isinstance(model, StanceModel):
        model = load(model, backend=backend, device=device, threads=threads)
    model = model.with_thresholds(thresholds or {})
    job = _Job(model, found, options)
    if output is None:
        return job.run(progress=progress, on_result=on_result)
    settings = _settings(model, found, options)
    with PartialOutput.open(Path(output), settings, resume=resume, force=force) as unfinished:
        return job.run(unfinished, progress=progress, on_result=on_result)


class _Job:
    def __init__(self, model: StanceModel, inputs: Inputs, options: Mapping[str, Any]) -> None:
        kept = tuple(options["keep_columns"])
        abstains = options["abstain"] is not None
        self._columns = FlatColumns(model.codebook.names, kept, uncertain=abstains)
        self._model = model
        self._inputs = inputs
        self._options = options
        self._reader = DocumentReader(
            inputs,
            text_column=options["text_column"],
            id_column=options["id_column"],
            keep_columns=kept,
        )
        self._started = time.perf_counter()
        self._digest = hashlib.sha256()
        self._tally = Tally(model.codebook.names)

    def run(
        self,
        output: PartialOutput | None = None,
        *,
        progress: Callable[[LabelProgress], None] | None = None,
        on_result: Callable[[DocumentResult], None] | None = None,
    ) -> LabelReport:
        documents = self._digested()
        if output is not None:
            self._go_on(output, documents)
        first_byte, first_sentence = self._reader.bytes_read, self._tally.sentences
        resumed = self._tally.documents + self._tally.failed
        windows = label_documents(
            documents,
            self._model,
            abstain=self._options["abstain"],
            keep_all=self._options["keep_all"],
        )
        for window in windows:
            for done in window:
                self._tally.add(done)
                if output is not None:
                    self._write(output, done)
                if on_result is not None and not isinstance(done, Failure):
                    on_result(done[1])
            if output is not None:
                self._checkpoint(output, len(window))
            if progress is not None:
                progress(self._progress(first_byte, first_sentence))
        if output is not None:
            self._finish(output)
        return self._tally.report(
            None if output is None else output.path,
            left_out=self._inputs.left_out,
            resumed=resumed,
            seconds=time.perf_counter() - self._started,
        )

    def _digested(self) -> Iterator[Document | Failure]:
        for found in self._reader:
            self._digest.update(repr(found).encode("utf-8", "backslashreplace"))
            yield found

    def _go_on(self, output: PartialOutput, documents: Iterator[Document | Failure]) -> None:
        """Pass over what is done already, and see that it is what it was."""
        done = output.progress
        if not done.documents:
            if self._options["format"] == "csv":
                output.write(csv_header(self._columns))
            return
        read = sum(1 for _ in islice(documents, done.documents))
        same = read == done.documents and self._digest.hexdigest() == done.digest
        if not same or (done.complete and next(documents, None) is not None):
            raise OutputError(
                f"cannot go on with {output.path}: the inputs changed (their text is not what was "
                "read before); make them as they were, or use --force to label anew"
            )
        self._tally = Tally.from_dict(done.tally)

    def _write(self, output: PartialOutput, done: Labelled | Failure) -> None:
        if isinstance(done, Failure):
            output.write(_line({"document": done.id, "reason": done.reason}), to="errors.jsonl")
            return
        document, result = done
        if self._options["format"] == "csv":
            output.write(csv_rows(result, document.columns, self._columns))
        else:
            output.write(jsonl_rows(result, document.columns))
        for skipped in result.skipped:
            row = {
                "document": result.id,
                "start": skipped.start,
                "end": skipped.end,
                "text": skipped.text,
                "reason": skipped.reason,
            }
            output.write(_line(row), to="skipped.jsonl")

    def _checkpoint(self, output: PartialOutput, documents: int) -> None:
        output.progress.documents += documents
        output.progress.digest = self._digest.hexdigest()
        output.progress.tally = self._tally.to_dict()
        output.checkpoint()

    def _finish(self, output: PartialOutput) -> None:
        if not self._tally.documents:
            output.discard()
        elif self._options["format"] == "parquet":
            output.finish(partial(write_parquet, columns=self._columns))
        else:
            output.finish()

    def _progress(self, first_byte: int, first_sentence: int) -> LabelProgress:
        seconds = time.perf_counter() - self._started
        size, read = self._inputs.size, self._reader.bytes_read
        known = size > 0 and read > first_byte
        return LabelProgress(
            documents=self._tally.documents + self._tally.failed,
            sentences=self._tally.sentences,
            seconds=seconds,
            rate=(self._tally.sentences - first_sentence) / max(seconds, 1e-9),
            share=min(1.0, read / size) if known else None,
            seconds_left=seconds * max(0, size - read) / (read - first_byte) if known else None,
        )


def _windows(
    documents: Iterable[Document | Failure],
) -> Iterator[list[Document | Failure]]:
    window: list[Document | Failure] = []
    size = 0
    for found in documents:
        window.append(found)
        size += len(found.text) if isinstance(found, Document) else 0
        if size >= WINDOW_CHARACTERS or len(window) >= WINDOW_DOCUMENTS:
            yield window
            window, size = [], 0
    if window:
        yield window


def _line(row: Mapping[str, Any]) -> bytes:
    return f"{to_json(row)}\n".encode()


def _settings(
    model: StanceModel, inputs: Inputs, options: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return all that a result depends on, the text of the documents aside."""
    decided = replace(model.folder, decision=model.decision).to_dict()
    text = json.dumps(decided, ensure_ascii=False, sort_keys=True)
    return {
        "model": {
            "name": model.folder.name,
            "version": model.folder.version,
            "backend": model.backend.name,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        },
        "inputs": {
            "files": len(inputs.sources),
            "bytes": inputs.size,
            "sha256": inputs.fingerprint(),
        },
        "options": dict(options),
    }
