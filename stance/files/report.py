"""What a labelling job tells of itself: totals as it goes on, and a report at the end."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from stance.codebook import STANCES
from stance.errors import InputError
from stance.files.documents import Document, Failure
from stance.files.resuming import beside
from stance.files.sources import LeftOut
from stance.remarks import remarks_on
from stance.results import DocumentResult, FrameSummary

__all__ = ["MAX_LISTED", "DocumentSummary", "LabelProgress", "LabelReport", "Labelled", "Tally"]

#: A document and its result.
Labelled: TypeAlias = tuple[Document, DocumentResult]

# Of each frame; names of ``FrameSummary``.
_COUNTED = (*STANCES, "uncertain")

#: A report lists so many documents and failures one by one; all of them are in the files.
MAX_LISTED = 100
_MAX_REMARKED = 10


@dataclass(frozen=True)
class DocumentSummary:
    """How one document uses the frames: its number of sentences, and frame → summary."""

    id: str
    sentences: int
    frames: Mapping[str, FrameSummary]


@dataclass(frozen=True)
class LabelProgress:
    """How far a job is.

    Attributes:
        documents, sentences: how many are done, those of the run that is resumed included.
        seconds: since the start of this run.
        rate: sentences a second in this run.
        share: how much of the input has been read, 0 to 1; None where its size is not known.
        seconds_left: estimated from the bytes read so far; None where that says nothing yet.
    """

    documents: int
    sentences: int
    seconds: float
    rate: float
    share: float | None
    seconds_left: float | None

    @classmethod
    def of(
        cls,
        *,
        documents: int,
        sentences: int,
        before: tuple[int, int],
        read: int,
        size: int,
        seconds: float,
    ) -> LabelProgress:
        """Compute rate and share from what is done.

        Args:
            documents: how many are done, an earlier run's among them.
            sentences: the same.
            before: sentences and bytes of the earlier run.
            read: bytes read, the earlier run's among them.
            size: bytes there are; 0 where that is not known.
            seconds: that this run has taken.
        """
        fresh = read - before[1]
        known = size > 0 and fresh > 0
        return cls(
            documents=documents,
            sentences=sentences,
            seconds=seconds,
            rate=(sentences - before[0]) / max(seconds, 1e-9),
            share=min(1.0, read / size) if known else None,
            seconds_left=seconds * max(0, size - read) / fresh if known else None,
        )


@dataclass(frozen=True)
class Remarked:
    """The documents of which something should be known.

    Attributes:
        documents: how many they are.
        first: the ids of the first ten.
    """

    documents: int = 0
    first: tuple[str, ...] = ()

    def __add__(self, more: Remarked) -> Remarked:
        first = self.first + more.first[: _MAX_REMARKED - len(self.first)]
        return Remarked(self.documents + more.documents, first)


@dataclass(frozen=True)
class LabelReport:
    """What a job did.

    Attributes:
        output: the result file; None where no document could be labelled, where nothing was to be
            written, or to standard output.
        errors_file: where all failures are listed, if there are any.
        skipped_file: where all skipped text is kept, if there is any.
        documents, sentences: how many were labelled.
        failed: how many documents could not be.
        failures: those, with their reasons: the first 100. All are in ``errors_file``.
        skipped: reason → number of stretches of text that were not labelled; they are in
            ``skipped_file``.
        left_out: files of the input folders that are no articles.
        resumed: how many documents an earlier run had done.
        remarks: what should be known of some documents, such as the encoding that was guessed →
            of which.
        frames: frame → its summary over all sentences.
        summaries: the first 100 documents, one by one.
        seconds: what this run took.
    """

    output: Path | None
    errors_file: Path | None
    skipped_file: Path | None
    documents: int
    sentences: int
    failed: int
    failures: tuple[Failure, ...]
    skipped: Mapping[str, int]
    left_out: tuple[LeftOut, ...]
    resumed: int
    remarks: Mapping[str, Remarked]
    frames: Mapping[str, FrameSummary]
    summaries: tuple[DocumentSummary, ...]
    seconds: float


@dataclass
class Tally:
    """The totals of a job as it goes on."""

    frame_names: tuple[str, ...]
    documents: int = 0
    sentences: int = 0
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    remarks: dict[str, Remarked] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)
    summaries: list[DocumentSummary] = field(default_factory=list)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Tally:
        """Read back ``to_dict``.

        Raises:
            InputError: it is something else.
        """
        try:
            return cls(
                tuple(map(_name, _listed(data["frame_names"]))),
                _count(data["documents"]),
                _count(data["sentences"]),
                _count(data["failed"]),
                [Failure(_name(of["id"]), _name(of["reason"])) for of in data["failures"]],
                _counter(data["skipped"]),
                {remark: _remarked(of) for remark, of in data["remarks"].items()},
                _counter(data["states"]),
                [_summary(summary) for summary in data["summaries"]],
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                "the record of a run holds no totals; use --force to label anew"
            ) from error

    @classmethod
    def merged(cls, parts: Iterable[Tally]) -> Tally:
        """Put the totals of the parts of a job together, in their order."""
        whole = cls(())
        for part in parts:
            whole.frame_names = part.frame_names
            whole.documents += part.documents
            whole.sentences += part.sentences
            whole.failed += part.failed
            whole.failures += part.failures[: MAX_LISTED - len(whole.failures)]
            whole.skipped += part.skipped
            for remark, remarked in part.remarks.items():
                whole._remark(remark, remarked)
            whole.states += part.states
            whole.summaries += part.summaries[: MAX_LISTED - len(whole.summaries)]
        return whole

    def to_dict(self) -> dict[str, Any]:
        """Return the totals as JSON data."""
        data = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in vars(self).items()
        }
        listed = {name: [asdict(item) for item in data[name]] for name in ("failures", "summaries")}
        remarks = {remark: asdict(remarked) for remark, remarked in self.remarks.items()}
        return data | listed | {"remarks": remarks}

    def add(self, done: Labelled | Failure, *, language: str = "") -> None:
        """Count a document, and what should be known of it; ``language`` is the model's."""
        if isinstance(done, Failure):
            self.failed += 1
            if len(self.failures) < MAX_LISTED:
                self.failures.append(done)
            return
        document, result = done
        self.documents += 1
        self.sentences += len(result.sentences)
        self.skipped.update(skipped.reason for skipped in result.skipped)
        remarks = remarks_on([one.text for one in result.sentences], language=language)
        if document.guessed is not None:
            remarks.append(f"not in UTF-8, read as {document.guessed}")
        for remark in remarks:
            self._remark(remark, Remarked(1, (document.id,)))
        summary = result.summary()
        for frame, counted in summary.items():
            for state in _COUNTED:
                self.states[f"{frame}:{state}"] += getattr(counted, state)
            taken = counted.favor + counted.neutral + counted.against
            if taken < counted.sentences:
                self.states[f"{frame}:not told"] += counted.sentences - taken
        if len(self.summaries) < MAX_LISTED:
            self.summaries.append(DocumentSummary(result.id, len(result.sentences), summary))

    def _remark(self, remark: str, remarked: Remarked) -> None:
        self.remarks[remark] = self.remarks.get(remark, Remarked()) + remarked

    def report(
        self,
        output: Path | None,
        *,
        left_out: tuple[LeftOut, ...],
        resumed: int,
        seconds: float,
    ) -> LabelReport:
        """Return the totals for good; ``output`` is where the result was to be written."""
        return LabelReport(
            output=output if self.documents else None,
            errors_file=beside(output, "errors.jsonl") if output and self.failed else None,
            skipped_file=beside(output, "skipped.jsonl") if output and self.skipped else None,
            documents=self.documents,
            sentences=self.sentences,
            failed=self.failed,
            failures=tuple(self.failures),
            skipped=dict(self.skipped),
            left_out=left_out,
            resumed=resumed,
            remarks=dict(self.remarks),
            frames=self._frames(),
            summaries=tuple(self.summaries),
            seconds=seconds,
        )

    def _frames(self) -> dict[str, FrameSummary]:
        summaries = {}
        for frame in self.frame_names:
            favor, neutral, against, uncertain = (
                self.states[f"{frame}:{state}"] for state in _COUNTED
            )
            sentences = favor + neutral + against + self.states[f"{frame}:not told"]
            share = sentences / self.sentences if self.sentences else 0.0
            summaries[frame] = FrameSummary(sentences, share, favor, neutral, against, uncertain)
        return summaries


def _summary(data: Mapping[str, Any]) -> DocumentSummary:
    frames = {_name(frame): _frame_summary(**of) for frame, of in data["frames"].items()}
    return DocumentSummary(_name(data["id"]), _count(data["sentences"]), frames)


def _remarked(data: Mapping[str, Any]) -> Remarked:
    return Remarked(_count(data["documents"]), tuple(map(_name, _listed(data["first"]))))


def _frame_summary(share: object, **counts: object) -> FrameSummary:
    if not isinstance(share, (int, float)) or not 0 <= share <= 1:
        raise ValueError("not a share")
    return FrameSummary(share=share, **{name: _count(found) for name, found in counts.items()})


def _counter(data: Mapping[str, Any]) -> Counter[str]:
    return Counter({name: _count(found) for name, found in data.items()})


def _listed(found: object) -> list[object]:
    if not isinstance(found, list):
        raise TypeError("not a list")
    return found


def _name(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError("not a text")
    return found


def _count(found: object) -> int:
    if type(found) is not int or not 0 <= found <= sys.maxsize:
        raise ValueError("not a number of things")
    return found
