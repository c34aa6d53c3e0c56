"""The batch job: files in, one file of labelled sentences out, nothing lost on the way.

Documents are read, labelled and written a window at a time, so that memory does not grow with the
corpus: while the model runs on one window, the next is read and tokenized, and the last written.
A run that was cut off goes on at the last whole window, and as a window depends on nothing
before it, the result is the same byte for byte as that of a run that was not.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from stance.ahead import ahead
from stance.backends import runtime_of
from stance.errors import InputError, OutputError
from stance.explain import explain_many
from stance.files.documents import Document, DocumentReader, Failure
from stance.files.formats import (
    csv_header,
    csv_rows,
    format_of,
    json_lines,
    jsonl_rows,
    write_parquet,
)
from stance.files.partial import PartialOutput
from stance.files.report import Labelled, LabelProgress, LabelReport, Tally
from stance.files.resuming import inputs_changed
from stance.files.sources import Inputs, find_sources
from stance.files.standard_output import Output, open_output
from stance.inference import PreparedDocuments
from stance.model import StanceModel, load
from stance.options import flag
from stance.results import DocumentResult, SentenceResult
from stance.settings import checked_options, columns_of, settings_of

__all__ = [
    "WINDOW_CHARACTERS",
    "LabelProgress",
    "LabelReport",
    "find_articles",
    "label_documents",
    "label_files",
    "windows",
    "write_documents",
]

#: Documents are labelled together until they hold so many characters, or are so many.
WINDOW_CHARACTERS = 2**19
WINDOW_DOCUMENTS = 4096


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
    explain: str | None = None,
    keep_all: bool = False,
    backend: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
    batch_size: int | None = None,
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
        output: ``.jsonl``, ``.csv`` or ``.parquet``; ``-`` for standard output, with nothing
            beside it; None to write nothing, for ``on_result``.
        model: a loaded model, or what ``stance.load`` takes; the shipped one by default.
        format: ``jsonl``, ``csv`` or ``parquet``; by the output's suffix by default.
        input_format: what standard input and files without a known suffix hold.
        text_column: where tables keep the text.
        id_column: where tables keep a document's id; ``FILE:ROW`` by default.
        keep_columns: columns of tables that the rows of the result carry too.
        resume: go on with an unfinished run.
        force: replace a result, or an unfinished run.
        thresholds: frame → threshold, 0 to 1, instead of the model's own.
        abstain: withhold this share of the decisions, as ``StanceModel.label``.
        explain: ``occlusion`` or ``gradients``, as ``StanceModel.explain``: also say which words
            carry the frames of each sentence. Takes several times as long.
        keep_all: label every line, skip nothing.
        backend: as ``stance.load``; this and the next three are not used with a loaded model.
        device: as ``stance.load``.
        threads: as ``stance.load``.
        batch_size: as ``stance.load``; a run may be resumed with another.
        progress: called after every window.
        on_result: called with every result of this run, in order.

    Raises:
        InputError: no input, an option that is not known or of another type, or no band for
            ``abstain``.
        OutputError: the output exists, cannot be written, or cannot be resumed.
        ModelError: the model cannot be loaded.
        MissingExtraError: Parquet without pyarrow, or the torch backend without torch.

    >>> import stance
    >>> report = stance.label_files(["seeds"], "out.jsonl")
    >>> report.documents, report.failed
    (5, 0)
    """
    resume, force = flag("resume", resume), flag("force", force)
    found = find_articles(inputs, input_format=input_format, output=output)
    options = checked_options(
        format=None if output is None else format_of(Path(output), given=format),
        text_column=text_column,
        id_column=id_column,
        keep_columns=keep_columns,
        abstain=abstain,
        explain=explain,
        keep_all=keep_all,
    )
    if not isinstance(model, StanceModel):
        model = load(model, backend=backend, device=device, threads=threads, batch_size=batch_size)
    if thresholds is not None:
        model = model.with_thresholds(thresholds)
    options["abstain"] = model.decision.share_of(abstain)
    reader = DocumentReader(
        found, text_column=text_column, id_column=id_column, keep_columns=keep_columns
    )
    job = _Job(model, reader, options, found)
    if output is None:
        return job.run(progress=progress, on_result=on_result)
    decided = replace(model.folder, decision=model.decision)
    runtime = runtime_of(model.backend.name, model.backend.device)
    settings = settings_of(decided, runtime, found, options)
    with open_output(Path(output), settings, resume=resume, force=force) as unfinished:
        return job.run(unfinished, progress=progress, on_result=on_result)


def find_articles(
    inputs: Iterable[str | Path], *, input_format: str | None, output: str | Path | None
) -> Inputs:
    """Find the files that inputs name, as ``find_sources``.

    Raises:
        InputError: there is none, or they are no list of paths.
    """
    found = find_sources(inputs, input_format=input_format, output=output)
    if not found.sources:
        left_out = ", ".join(f"{left.path} ({left.reason})" for left in found.left_out[:5])
        raise InputError(f"found no article to label{left_out and f'; left out {left_out}'}")
    return found


def label_documents(
    documents: Sequence[Document | Failure], *, model: StanceModel, options: Mapping[str, Any]
) -> Iterator[Labelled | Failure]:
    """Label documents that are in memory, one result each, in order."""
    for window in _Job(model, _Given(documents), options).labelled():
        yield from window.found


def write_documents(
    documents: Sequence[Document | Failure],
    output: Path,
    *,
    model: StanceModel,
    options: Mapping[str, Any],
) -> Tally:
    """Label documents that are in memory into a file and those beside it; return the totals."""
    job = _Job(model, _Given(documents), options)
    with PartialOutput.open(output, {}) as unfinished:
        job.run(unfinished)
    return job.tally


class _Given(tuple[Document | Failure, ...]):
    """Documents that need not be read, in the place of a reader."""

    bytes_read = 0


class _Prepared(NamedTuple):
    """A window of documents before the model, and how far the reading had come with it."""

    documents: list[Document | Failure]
    prepared: PreparedDocuments
    digest: str
    bytes_read: int


class _Window(NamedTuple):
    """A window as it is written: results and failures in their places."""

    found: list[Labelled | Failure]
    digest: str
    bytes_read: int


class _Job:
    def __init__(
        self,
        model: StanceModel,
        reader: DocumentReader | _Given,
        options: Mapping[str, Any],
        inputs: Inputs = Inputs(()),  # noqa: B008 - it cannot change
    ) -> None:
        self.tally = Tally(model.codebook.names)
        self._columns = columns_of(model.codebook, options)
        self._model = model
        self._inputs = inputs
        self._size = inputs.size
        self._options = options
        self._reader = reader
        self._started = time.perf_counter()
        self._digest = hashlib.sha256()

    def run(
        self,
        output: Output | None = None,
        *,
        progress: Callable[[LabelProgress], None] | None = None,
        on_result: Callable[[DocumentResult], None] | None = None,
    ) -> LabelReport:
        documents = self._digested()
        try:
            return self._run(documents, output, progress=progress, on_result=on_result)
        finally:
            # Or an error that is kept would keep its file open. A read that never ends keeps it.
            with suppress(ValueError):
                documents.close()

    def _run(
        self,
        documents: Iterator[Document | Failure],
        output: Output | None,
        *,
        progress: Callable[[LabelProgress], None] | None,
        on_result: Callable[[DocumentResult], None] | None,
    ) -> LabelReport:
        if output is not None:
            self._go_on(output, documents)
        first_byte, first_sentence = self._reader.bytes_read, self.tally.sentences
        resumed = self.tally.documents
        for window in ahead(self.labelled(documents)):
            for done in window.found:
                self.tally.add(done, language=self._model.folder.language)
                if output is not None:
                    self._write(output, done)
                if on_result is not None and not isinstance(done, Failure):
                    on_result(done[1])
            if output is not None:
                self._checkpoint(output, window)
            if progress is not None:
                progress(self._progress(window.bytes_read, first_byte, first_sentence))
        if output is not None:
            self._finish(output)
        return self.tally.report(
            None if output is None else output.path,
            left_out=self._inputs.left_out,
            resumed=resumed,
            seconds=time.perf_counter() - self._started,
        )

    def _prepared(self, documents: Iterable[Document | Failure]) -> Iterator[_Prepared]:
        # The first is short: the processors have work at once. A run that goes on is behind it.
        first = (
            WINDOW_CHARACTERS
            if self.tally.documents + self.tally.failed
            else WINDOW_CHARACTERS // 16
        )
        for window in windows(documents, WINDOW_CHARACTERS, first=first):
            pairs = [(found.id, found.text) for found in window if isinstance(found, Document)]
            prepared = self._model.prepare(pairs, keep_all=self._options["keep_all"])
            yield _Prepared(window, prepared, self._digest.hexdigest(), self._reader.bytes_read)

    def labelled(self, documents: Iterable[Document | Failure] | None = None) -> Iterator[_Window]:
        """Label documents, the reader's by default, while the next window is made ready."""
        for window in ahead(self._prepared(self._reader if documents is None else documents)):
            labelled = self._model.label_prepared(window.prepared, abstain=self._options["abstain"])
            results = iter(self._explained(labelled))
            found = [
                found if isinstance(found, Failure) else (found, next(results))
                for found in window.documents
            ]
            yield _Window(found, window.digest, window.bytes_read)

    def _explained(self, labelled: list[DocumentResult]) -> list[DocumentResult]:
        """Add the words that carry them to the frames of each sentence, where that was asked."""
        method = self._options["explain"]
        if method is None:
            return labelled
        texts = [s.text for result in labelled for s in result.sentences if s.frames]
        found = explain_many(self._model, texts, method=method)

        def explained(sentence: SentenceResult) -> SentenceResult:
            words = next(found).words if sentence.frames else {}
            return replace(sentence, explanations={name: words[name] for name in sentence.frames})

        return [
            replace(result, sentences=tuple(map(explained, result.sentences)))
            for result in labelled
        ]

    def _digested(self) -> Generator[Document | Failure]:
        for found in self._reader:
            self._digest.update(repr(found).encode("utf-8", "backslashreplace"))
            yield found

    def _go_on(self, output: Output, documents: Iterator[Document | Failure]) -> None:
        """Pass over what is done already, and see that it is what it was."""
        done = output.progress
        if not done.documents:
            if self._options["format"] == "csv":
                output.write(csv_header(self._columns))
            return
        read = sum(1 for _ in islice(documents, done.documents))
        same = read == done.documents and self._digest.hexdigest() == done.digest
        if not same or (done.complete and next(documents, None) is not None):
            raise inputs_changed(output.path)
        try:
            self.tally = Tally.from_dict(done.tally)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise OutputError(
                f"cannot go on with {output.path}: its record holds no totals; use --force to "
                "label anew"
            ) from error

    def _write(self, output: Output, done: Labelled | Failure) -> None:
        if isinstance(done, Failure):
            failed = {"document": done.id, "reason": done.reason}
            output.write(json_lines([failed]).encode(), to="errors.jsonl")
            return
        document, result = done
        if self._options["format"] == "csv":
            output.write(csv_rows(result, document.columns, self._columns))
        else:
            output.write(jsonl_rows(result, document.columns))
        for skipped in result.skipped:
            row = skipped.to_dict(document=result.id)
            output.write(json_lines([row]).encode(), to="skipped.jsonl")

    def _checkpoint(self, output: Output, window: _Window) -> None:
        output.progress.documents += len(window.found)
        output.progress.digest = window.digest
        output.progress.tally = self.tally.to_dict()
        output.checkpoint()

    def _finish(self, output: Output) -> None:
        if not self.tally.documents:
            output.discard()
        elif self._options["format"] == "parquet":
            output.finish(partial(write_parquet, columns=self._columns))
        else:
            output.finish()

    def _progress(self, read: int, first_byte: int, first_sentence: int) -> LabelProgress:
        return LabelProgress.of(
            documents=self.tally.documents + self.tally.failed,
            sentences=self.tally.sentences,
            before=(first_sentence, first_byte),
            read=read,
            size=self._size,
            seconds=time.perf_counter() - self._started,
        )


def windows(
    documents: Iterable[Document | Failure], characters: int, *, first: int | None = None
) -> Iterator[list[Document | Failure]]:
    """Cut documents, which stay whole, into lists of about so many characters.

    >>> from stance.files import Document
    >>> documents = [Document(str(number), "ten signs.") for number in range(5)]
    >>> [len(window) for window in windows(documents, 20, first=10)]
    [1, 2, 2]
    """
    window: list[Document | Failure] = []
    size, full = 0, characters if first is None else first
    for found in documents:
        window.append(found)
        size += len(found.text) if isinstance(found, Document) else 0
        if size >= full or len(window) >= WINDOW_DOCUMENTS:
            yield window
            window, size, full = [], 0, characters
    if window:
        yield window
