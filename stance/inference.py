"""Texts → calibrated probabilities → results: tokenized first, so that the parts can overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from stance.backends.base import Backend, Batch
from stance.codebook import STANCES, STATES
from stance.decision import UNCERTAIN, Decision
from stance.errors import InputError, ModelError
from stance.results import DocumentResult, SentenceResult
from stance.sentences import Split
from stance.texts import is_wordless
from stance.tokens import WindowTokenizer, pack

__all__ = [
    "CHUNK",
    "PreparedDocuments",
    "Tokenized",
    "checked_text",
    "checked_texts",
    "document_results",
    "document_windows",
    "each_checked",
    "probabilities",
    "sentence_results",
    "tokenize",
]

#: So many texts are tokenized at once: enough to fill batches of like length, little memory.
CHUNK = 4096
_CHARACTERS = CHUNK * 160


@dataclass(frozen=True)
class Tokenized:
    """Texts as batches that a backend can run.

    Attributes:
        texts: how many.
        text_index: for each window, the position of its text; int64 of shape (windows,).
        batches: (positions of the windows, their tokens), every window once.
        wordless: positions of the texts without a letter or a digit.
    """

    texts: int
    text_index: NDArray[np.int64]
    batches: tuple[tuple[NDArray[np.int64], Batch], ...]
    wordless: tuple[int, ...]


@dataclass(frozen=True)
class PreparedDocuments:
    """Documents split into sentences and tokenized: all that comes before the model.

    Attributes:
        ids: of the documents.
        splits: of each document, its sentences and what is skipped.
        spans: (text, start, end) of every sentence of all documents, in order.
        tokenized: the same sentences as batches.
    """

    ids: tuple[str, ...]
    splits: tuple[Split, ...]
    spans: tuple[tuple[str, int, int], ...]
    tokenized: Tokenized


def checked_text(text: object, what: str) -> str:
    """Return a text that is one.

    Raises:
        InputError: it is not a string.
    """
    if not isinstance(text, str):
        raise InputError(f"{what} is a {type(text).__name__}, expected a string")
    return str.__str__(text)  # NumPy's are another type.


def each_checked(texts: Iterable[str], *, what: str = "text", first: int = 0) -> Iterator[str]:
    """Yield texts as they are asked for; an error counts them from ``first``.

    Raises:
        InputError: they are one string, a table or no texts at all, or one of them is not a string.
    """
    if isinstance(texts, (str, bytes)):
        raise InputError(f"found one string, expected a list of {what}s: [text]")
    if isinstance(texts, Mapping) or hasattr(texts, "columns"):
        raise InputError(f"found a table, expected a list of {what}s: table['text']")
    # A column of pyarrow holds scalars of its own.
    given: object = texts.to_pylist() if hasattr(texts, "to_pylist") else texts
    if not isinstance(given, Iterable) or getattr(given, "ndim", 1) == 0:
        raise InputError(f"found a {type(given).__name__}, expected a list of {what}s")
    for number, text in enumerate(given, first):
        yield checked_text(text, f"{what} {number}")


def checked_texts(texts: Iterable[str], *, what: str = "text", first: int = 0) -> list[str]:
    """Return texts as a list, as ``each_checked`` yields them."""
    return list(each_checked(texts, what=what, first=first))


def document_windows(
    documents: Iterable[tuple[object, str]],
) -> Iterator[list[tuple[object, str]]]:
    """Cut (id, text) pairs into lists that fill batches, as they are read.

    What cannot be read is raised after the documents before it.

    Raises:
        InputError: a document is no pair of an id and a text, or a text is not a string.
    """
    given: object = documents
    if not isinstance(given, Iterable):
        raise InputError(
            f"found a {type(given).__name__}, expected pairs of an id and a text: [(id, text)]"
        )
    window: list[tuple[object, str]] = []
    size = 0
    try:
        for document in documents:
            # A mapping and a set of two things have a length too, but no order to go by.
            if not isinstance(document, (tuple, list)) or len(document) != 2:
                raise InputError(f"found {document!r:.60}, expected a pair of an id and a text")
            document_id, text = document
            window.append((document_id, checked_text(text, f"document {document_id!r}")))
            size += len(text)
            if size > _CHARACTERS or len(window) == CHUNK:
                yield window
                window, size = [], 0
    except Exception:
        if window:
            yield window
        raise
    if window:
        yield window


def tokenize(
    texts: Sequence[str],
    *,
    tokenizer: WindowTokenizer,
    batch_tokens: int,
    batch_size: int | None = None,
) -> Tokenized:
    """Cut texts into windows and pack windows of like length together."""
    wordless = tuple(index for index, text in enumerate(texts) if is_wordless(text))
    # What they say is known: that of a million dots need not be computed.
    emptied = set(wordless)
    windows = tokenizer.windows(
        ["" if index in emptied else text for index, text in enumerate(texts)]
    )
    packed = pack(
        windows.ids,
        batch_tokens=batch_tokens,
        padding_id=tokenizer.padding_id,
        batch_size=batch_size,
    )
    return Tokenized(len(texts), windows.text_index, tuple(packed), wordless)


def probabilities(
    tokenized: Tokenized, *, backend: Backend, decision: Decision
) -> NDArray[np.float32]:
    """Return calibrated probabilities, float32 of shape (texts, F, 4).

    A text of several windows has each frame from the window where it is likeliest; a text without
    a letter or a digit has no frame.

    Raises:
        ModelError: the model cannot run, or gives anything but finite numbers, a state each.
    """
    outputs = len(decision.thresholds) * len(STATES)
    logits = np.empty((len(tokenized.text_index), outputs), dtype=np.float32)
    results = backend.logits([batch for _, batch in tokenized.batches])
    for (positions, _), batch_logits in zip(tokenized.batches, results, strict=True):
        if batch_logits.shape != (len(positions), outputs) or not np.isfinite(batch_logits).all():
            raise ModelError(
                f"the model gave values of shape {batch_logits.shape}, expected finite numbers of "
                f"shape {(len(positions), outputs)}; fetch the model again"
            )
        logits[positions] = batch_logits
    merged = _merge_windows(
        decision.probabilities(logits), tokenized.text_index, texts=tokenized.texts
    )
    merged[list(tokenized.wordless)] = np.array([1, 0, 0, 0], dtype=np.float32)
    return merged


def sentence_results(
    spans: Sequence[tuple[str, int, int]],
    indices: Sequence[int],
    found: NDArray[np.float32],
    *,
    names: Sequence[str],
    decision: Decision,
    abstain: float | None = None,
) -> list[SentenceResult]:
    """Decide, and write probabilities and decisions out, a result a sentence.

    Args:
        spans: (text, start, end) of each.
        indices: position of each in its document.
        found: probabilities, of shape (n, F, 4).
        names: of the F frames.
        decision: what makes labels of probabilities.
        abstain: as ``Decision.states``.
    """
    states = decision.states(found, abstain=abstain)
    present = np.round(1 - found[..., 0].astype(np.float64), 6)
    stances = found[..., 1:].astype(np.float64)
    # So the shares of an impossible frame are defined too: a third each.
    stances += 1e-12
    stances = np.round(stances / stances.sum(axis=-1, keepdims=True), 6)
    return [
        SentenceResult(
            text=text,
            start=start,
            end=end,
            index=index,
            frames=decision.frames_of(row_states, names),
            probabilities=dict(zip(names, row_present, strict=True)),
            stances={
                name: dict(zip(STANCES, values, strict=True))
                for name, values, tells in zip(names, row_stances, decision.stanced, strict=True)
                if tells
            },
            uncertain=tuple(
                name for name, s in zip(names, row_states, strict=True) if s == UNCERTAIN
            ),
        )
        for (text, start, end), index, row_states, row_present, row_stances in zip(
            spans, indices, states.tolist(), present.tolist(), stances.tolist(), strict=True
        )
    ]


def document_results(
    prepared: PreparedDocuments,
    found: NDArray[np.float32],
    *,
    names: tuple[str, ...],
    decision: Decision,
    abstain: float | None = None,
) -> list[DocumentResult]:
    """Decide, and write all out as ``sentence_results`` does, a result a document."""
    indices = [n for parts in prepared.splits for n in range(len(parts.sentences))]
    results = iter(
        sentence_results(
            prepared.spans, indices, found, names=names, decision=decision, abstain=abstain
        )
    )
    return [
        DocumentResult(
            document_id, tuple(islice(results, len(parts.sentences))), names, parts.skipped
        )
        for document_id, parts in zip(prepared.ids, prepared.splits, strict=True)
    ]


def _merge_windows(
    found: NDArray[np.float32], text_index: NDArray[np.int64], *, texts: int
) -> NDArray[np.float32]:
    """Take, for each text and frame, the window where the frame is likeliest."""
    if len(found) == texts:
        return found
    merged = np.empty((texts, *found.shape[1:]), dtype=np.float32)
    starts = np.searchsorted(text_index, np.arange(texts + 1))
    for index in range(texts):
        windows = found[starts[index] : starts[index + 1]]
        likeliest = windows[..., 0].argmin(axis=0)
        merged[index] = windows[likeliest, np.arange(windows.shape[1])]
    return merged
