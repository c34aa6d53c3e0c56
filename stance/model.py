"""``StanceModel``: text → sentences → tokens → logits → probabilities → labels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.backends import Backend, open_backend
from stance.codebook import STATES, Codebook, format_labels
from stance.decision import UNCERTAIN, Decision
from stance.errors import InputError
from stance.results import DocumentResult, SentenceResult
from stance.sentences import split
from stance.store import ModelFolder, find_folder
from stance.tokens import WindowTokenizer, pack

__all__ = ["StanceModel", "load"]

# So many texts are tokenized at once: enough to fill batches of like length, little memory.
CHUNK = 4096


class StanceModel:
    """A loaded model. Make one with ``stance.load()``.

    One model may serve several threads, and goes on working in a forked process. Results depend on
    the text alone: a sentence gets the same probabilities by itself, in any batch and in any order.
    """

    def __init__(
        self,
        folder: ModelFolder,
        *,
        backend: Backend,
        tokenizer: WindowTokenizer,
        decision: Decision,
    ) -> None:
        self.folder = folder
        self.backend = backend
        self.decision = decision
        self._tokenizer = tokenizer

    def __repr__(self) -> str:
        return (
            f"StanceModel({self.folder.name} {self.folder.version}, "
            f"frames={list(self.codebook.names)}, backend={self.backend.name})"
        )

    def __enter__(self) -> StanceModel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def codebook(self) -> Codebook:
        """The frames that the model knows, in the order of its outputs."""
        return self.folder.codebook

    def label(
        self,
        text: str,
        *,
        id: str = "document",
        abstain: float | None = None,
        keep_all: bool = False,
    ) -> DocumentResult:
        """Split one document into sentences and label each.

        Args:
            text: the document. Menus, bylines, reference lists and the like are not labelled; they
                are in ``skipped``.
            id: the name that its results carry.
            abstain: withhold this share of the decisions, those nearest to being wrong: one of the
                shares the model was calibrated for, such as 0.05.
            keep_all: label every line, skip nothing.

        Raises:
            InputError: ``text`` is not a string, or the model has no band for ``abstain``.

        >>> import stance
        >>> doc = stance.load().label("The two sides agreed to deepen their partnership.")
        >>> doc.sentences[0].start, doc.sentences[0].end
        (0, 49)
        """
        return next(self.label_many([(id, text)], abstain=abstain, keep_all=keep_all))

    def label_many(
        self,
        documents: Iterable[tuple[str, str]],
        *,
        abstain: float | None = None,
        keep_all: bool = False,
    ) -> Iterator[DocumentResult]:
        """Label (id, text) pairs, yielding one result each, in order.

        Documents are read as they are needed, and their sentences run together in full batches.

        Raises:
            InputError: a text is not a string, or the model has no band for ``abstain``.
        """
        window: list[tuple[str, str]] = []
        size = 0
        for document_id, text in documents:
            _require_text(text, f"document {document_id!r}")
            window.append((document_id, text))
            size += len(text)
            if size > CHUNK * 160:
                yield from self._label_window(window, abstain=abstain, keep_all=keep_all)
                window, size = [], 0
        yield from self._label_window(window, abstain=abstain, keep_all=keep_all)

    def predict(
        self, texts: Sequence[str], *, abstain: float | None = None
    ) -> list[SentenceResult]:
        """Label single sentences: one result a text, in the texts' order.

        A text longer than the encoder reads at once is read in overlapping windows, and each frame
        is taken from the window where it is likeliest. A text without a letter or a digit carries
        no frame.

        Raises:
            InputError: ``texts`` is one string rather than a list of them, holds something that is
                not a string, or the model has no band for ``abstain``.

        >>> import stance
        >>> text = "Their dialogue has brought results, and should go on."
        >>> [result] = stance.load().predict([text])
        >>> result.frames
        {'cooperation': 'favor'}
        """
        probabilities = self.predict_proba(texts)
        spans = [(text, 0, len(text)) for text in texts]
        indices = [0] * len(spans)
        return self._results(spans, indices, probabilities, abstain=abstain)

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return calibrated probabilities, float32 of shape (n, F, 4).

        Frames stand in the order of ``codebook.names``, states in the order absent, favor, neutral,
        against; every four sum to 1.

        Raises:
            InputError: as ``predict``.

        >>> import stance
        >>> stance.load().predict_proba(["One sentence.", "Another."]).shape
        (2, 4, 4)
        """
        texts = _require_texts(texts)
        frames = len(self.codebook.frames)
        probabilities = np.zeros((len(texts), frames, len(STATES)), dtype=np.float32)
        for start in range(0, len(texts), CHUNK):
            chunk = texts[start : start + CHUNK]
            probabilities[start : start + CHUNK] = self._chunk_probabilities(chunk)
        return probabilities

    def label_dataset(self, dataset: Any, *, text_column: str = "text") -> Any:
        """Label every row of a ``datasets.Dataset`` as one sentence.

        Args:
            dataset: a ``datasets.Dataset``.
            text_column: where it keeps the sentences.

        Returns:
            The dataset with the columns ``frames`` (``multipolarity:favor;cooperation:neutral``),
            and ``p_<frame>`` and ``stance_<frame>`` (the likeliest) for every frame.

        Raises:
            InputError: the dataset has no such column, or a row of it is not a string.
        """
        if text_column not in dataset.column_names:
            found = ", ".join(dataset.column_names)
            raise InputError(f"the dataset has no column {text_column!r}; it has {found}")
        identity = json.dumps(self.folder.to_dict(), sort_keys=True) + repr(self.decision)
        start = f"{dataset._fingerprint}{text_column}{identity}"
        return dataset.map(
            lambda rows: self._columns(rows[text_column]),
            batched=True,
            batch_size=CHUNK,
            # The function holds a session, which cannot be hashed; what it computes can.
            new_fingerprint=hashlib.sha256(start.encode()).hexdigest()[:16],
        )

    def with_thresholds(self, thresholds: Mapping[str, float]) -> StanceModel:
        """Return a model that decides by other thresholds; the encoder is shared, not copied.

        Raises:
            CodebookError: an unknown frame.
            InputError: a threshold outside 0 to 1.
        """
        return StanceModel(
            self.folder,
            backend=self.backend,
            tokenizer=self._tokenizer,
            decision=self.decision.with_thresholds(thresholds, self.codebook),
        )

    def save(self, folder: str | Path, *, force: bool = False) -> None:
        """Copy the model's folder, its card included; ``stance.load`` reads it back.

        Thresholds changed by ``with_thresholds`` are saved as changed.

        Raises:
            OutputError: the folder exists and is not empty, unless ``force``.
        """
        copied = self.folder.copy(folder, force=force)
        if self.decision != self.folder.decision:
            replace(copied, decision=self.decision).write()

    def push_to_hub(self, repo_id: str, *, private: bool = True) -> str:
        """Upload the model's folder to the Hugging Face Hub; returns the commit's address.

        Args:
            repo_id: ``owner/name``; the repository is made where it is missing.
            private: a repository that is made can be seen by its owner alone.

        Raises:
            OutputError: the Hub refuses, or cannot be reached.
        """
        from stance.sharing import push

        return push(self.folder, repo_id, private=private)

    def close(self) -> None:
        """Release the encoder's memory and threads."""
        self.backend.close()

    def _columns(self, texts: Sequence[str]) -> dict[str, list[Any]]:
        results = self.predict(texts)
        columns: dict[str, list[Any]] = {"frames": [format_labels(r.frames) for r in results]}
        for name in self.codebook.names:
            columns[f"p_{name}"] = [result.probabilities[name] for result in results]
            columns[f"stance_{name}"] = [
                max(result.stances[name].items(), key=itemgetter(1))[0] for result in results
            ]
        return columns

    def _chunk_probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        windows = self._tokenizer.windows(texts)
        packed = list(
            pack(
                windows.ids,
                batch_tokens=self.backend.batch_tokens,
                padding_id=self._tokenizer.padding_id,
            )
        )
        outputs = len(self.codebook.labels)
        logits = np.empty((len(windows.ids), outputs), dtype=np.float32)
        results = self.backend.logits([batch for _, batch in packed])
        for (positions, _), batch_logits in zip(packed, results, strict=True):
            logits[positions] = batch_logits
        probabilities = self.decision.probabilities(logits)
        merged = _merge_windows(probabilities, windows.text_index, len(texts))
        wordless = [index for index, text in enumerate(texts) if not any(map(str.isalnum, text))]
        merged[wordless] = np.array([1, 0, 0, 0], dtype=np.float32)
        return merged

    def _label_window(
        self, documents: Sequence[tuple[str, str]], *, abstain: float | None, keep_all: bool
    ) -> Iterator[DocumentResult]:
        splits = [split(text, keep_all=keep_all) for _, text in documents]
        spans = [
            (text[span.start : span.end], span.start, span.end)
            for (_, text), parts in zip(documents, splits, strict=True)
            for span in parts.sentences
        ]
        indices = [index for parts in splits for index in range(len(parts.sentences))]
        probabilities = self.predict_proba([text for text, _, _ in spans])
        results = self._results(spans, indices, probabilities, abstain=abstain)
        start = 0
        for (document_id, _), parts in zip(documents, splits, strict=True):
            stop = start + len(parts.sentences)
            sentences = tuple(results[start:stop])
            yield DocumentResult(document_id, sentences, self.codebook.names, parts.skipped)
            start = stop

    def _results(
        self,
        spans: Sequence[tuple[str, int, int]],
        indices: Sequence[int],
        probabilities: NDArray[np.float32],
        *,
        abstain: float | None,
    ) -> list[SentenceResult]:
        states = self.decision.states(probabilities, abstain=abstain)
        present = np.round(1 - probabilities[..., 0].astype(np.float64), 6)
        stances = probabilities[..., 1:].astype(np.float64)
        # The smallest positive float keeps the shares of an impossible frame defined: a third each.
        stances = (stances + 1e-12) / (stances + 1e-12).sum(axis=-1, keepdims=True)
        stances = np.round(stances, 6)
        names = self.codebook.names
        return [
            SentenceResult(
                text=text,
                start=start,
                end=end,
                index=index,
                frames={n: STATES[s] for n, s in zip(names, row_states, strict=True) if s > 0},
                probabilities=dict(zip(names, row_present, strict=True)),
                stances={
                    name: dict(zip(STATES[1:], values, strict=True))
                    for name, values in zip(names, row_stances, strict=True)
                },
                uncertain=tuple(
                    name for name, s in zip(names, row_states, strict=True) if s == UNCERTAIN
                ),
            )
            for (text, start, end), index, row_states, row_present, row_stances in zip(
                spans, indices, states.tolist(), present.tolist(), stances.tolist(), strict=True
            )
        ]


def load(
    source: str | Path | None = None,
    *,
    backend: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
) -> StanceModel:
    """Load a model: the shipped one, a folder, or a Hugging Face Hub id.

    Its files are compared with their checksums first. Only a Hub id opens the network.

    Args:
        source: None for the shipped model.
        backend: ``auto``, ``onnx`` (CPU) or ``torch`` (GPU, and the float32 reference on the CPU;
            needs the extra ``train``).
        device: ``cpu``, ``cuda``, ``cuda:1``, ...
        threads: processors to use; all that are available by default.

    Raises:
        ModelError: the folder is missing, damaged, contradicts itself or could run code.
        InputError: an unknown backend or device.
        MissingExtraError: the torch backend without torch.

    >>> import stance
    >>> stance.load().codebook.names
    ('defensive_balancing', 'multipolarity', 'anti_hegemony', 'cooperation')
    """
    folder = ModelFolder.read(find_folder(source))
    folder.verify()
    opened = open_backend(folder.path, backend=backend, device=device, threads=threads)
    tokenizer = WindowTokenizer(folder.path / "tokenizer.json", max_length=folder.max_length)
    return StanceModel(folder, backend=opened, tokenizer=tokenizer, decision=folder.decision)


def _merge_windows(
    probabilities: NDArray[np.float32], text_index: NDArray[np.int64], texts: int
) -> NDArray[np.float32]:
    """Take, for each text and frame, the window where the frame is likeliest."""
    if len(probabilities) == texts:
        return probabilities
    merged = np.empty((texts, *probabilities.shape[1:]), dtype=np.float32)
    starts = np.searchsorted(text_index, np.arange(texts + 1))
    for index in range(texts):
        windows = probabilities[starts[index] : starts[index + 1]]
        likeliest = windows[..., 0].argmin(axis=0)
        merged[index] = windows[likeliest, np.arange(windows.shape[1])]
    return merged


def _require_text(text: object, what: str) -> None:
    if not isinstance(text, str):
        raise InputError(f"{what} is a {type(text).__name__}, expected a string")


def _require_texts(texts: Sequence[str]) -> list[str]:
    if isinstance(texts, (str, bytes)):
        raise InputError("found one string, expected a list of them: predict([text])")
    listed = list(texts)
    for index, text in enumerate(listed):
        _require_text(text, f"text {index}")
    return listed
