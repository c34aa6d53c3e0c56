"""``StanceModel``: text → sentences → tokens → logits → probabilities → labels."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stance.backends import Backend, open_backend, runtime_of
from stance.codebook import STATES, Codebook
from stance.dataset_columns import add_columns
from stance.decision import Decision
from stance.errors import ModelError
from stance.explain import Explanation, explain_many
from stance.inference import (
    CHUNK,
    PreparedDocuments,
    Tokenized,
    checked_text,
    checked_texts,
    document_results,
    document_windows,
    probabilities,
    sentence_results,
    tokenize,
)
from stance.options import flag, whole_number
from stance.results import DocumentResult, SentenceResult
from stance.sentences import split
from stance.store import ModelFolder, find_folder
from stance.tokens import WindowTokenizer

if TYPE_CHECKING:
    from stance.backends.gradients import Gradients

__all__ = ["StanceModel", "load"]


class StanceModel:
    """A loaded model. Make one with ``stance.load()``.

    One model may serve several threads, and goes on working in a forked process; a pickle or a deep
    copy of it loads its folder again. Results depend on the text alone: a sentence gets the same
    probabilities by itself, in any batch and in any order.
    """

    def __init__(
        self,
        folder: ModelFolder,
        *,
        backend: Backend,
        tokenizer: WindowTokenizer,
        decision: Decision,
        batch_size: int | None = None,
        threads: int | None = None,
    ) -> None:
        self.folder = folder
        self.backend = backend
        self.decision = decision
        self.tokenizer = tokenizer
        self.batch_size = batch_size
        self.threads = threads

    def __repr__(self) -> str:
        return (
            f"StanceModel({self.folder.name} {self.folder.version}, "
            f"frames={list(self.codebook.names)}, backend={self.backend.name})"
        )

    def __enter__(self) -> StanceModel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return _load_again, (self.folder, self.decision, self.options)

    @property
    def codebook(self) -> Codebook:
        """The frames that the model knows, in the order of its outputs."""
        return self.folder.codebook

    @property
    def options(self) -> dict[str, Any]:
        """What ``stance.load`` takes beside the folder, to run it as this model runs."""
        return {
            "backend": self.backend.name,
            "device": self.backend.device,
            "threads": self.threads,
            "batch_size": self.batch_size,
        }

    @cached_property
    def gradients(self) -> Gradients:
        """The float32 encoder with its gradients, read when it is first asked for.

        Raises:
            MissingExtraError: captum, torch or transformers is not installed.
            ModelError: the folder that the model was loaded from holds another one by now.
        """
        from stance.backends.gradients import Gradients

        self.folder.require_unchanged()
        return Gradients(
            self.folder.path,
            temperatures=self.decision.temperatures,
            offsets=self.decision.offsets,
            device=self.backend.device,
        )

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
            InputError: ``text`` is not a string, ``keep_all`` neither True nor False, or the model
                has no band for ``abstain``.

        >>> import stance
        >>> doc = stance.load().label("The two sides agreed to deepen their partnership.")
        >>> doc.sentences[0].start, doc.sentences[0].end
        (0, 49)
        """
        prepared = self.prepare([(id, checked_text(text, f"document {id!r}"))], keep_all=keep_all)
        return self.label_prepared(prepared, abstain=abstain)[0]

    def label_many(
        self,
        documents: Iterable[tuple[object, str]],
        *,
        abstain: float | None = None,
        keep_all: bool = False,
    ) -> Iterator[DocumentResult]:
        """Label (id, text) pairs, yielding one result each, in order.

        Documents are read as they are needed, and their sentences run together in full batches. An
        id that is a number becomes text.

        Raises:
            InputError: a document is no pair of an id and a text, a text is not a string, or the
                model has no band for ``abstain``; after the results of the documents before it.

        >>> import stance
        >>> documents = [("one", "They met. They agreed to trade."), ("two", "It rained.")]
        >>> [(doc.id, len(doc.sentences)) for doc in stance.load().label_many(documents)]
        [('one', 2), ('two', 1)]
        """
        share = self.decision.share_of(abstain)
        for window in document_windows(documents):
            prepared = self.prepare(window, keep_all=keep_all)
            yield from self.label_prepared(prepared, abstain=share)

    def prepare(
        self, documents: Sequence[tuple[object, str]], *, keep_all: bool = False
    ) -> PreparedDocuments:
        """Split and tokenize (id, text) pairs; ``label_prepared`` does the rest.

        The two halves of ``label_many``, for callers who prepare some documents while others run.
        """
        keep_all = flag("keep_all", keep_all)
        documents, language = list(documents), self.folder.language
        splits = tuple(split(text, language=language, keep_all=keep_all) for _, text in documents)
        spans = tuple(
            (text[span.start : span.end], span.start, span.end)
            for (_, text), parts in zip(documents, splits, strict=True)
            for span in parts.sentences
        )
        tokenized = self._tokenize([text for text, _, _ in spans])
        return PreparedDocuments(tuple(str(id) for id, _ in documents), splits, spans, tokenized)

    def label_prepared(
        self, prepared: PreparedDocuments, *, abstain: float | None = None
    ) -> list[DocumentResult]:
        """Return one result a document, in order.

        Raises:
            InputError: the model has no band for ``abstain``.
        """
        share = self.decision.share_of(abstain)
        found = probabilities(prepared.tokenized, backend=self.backend, decision=self.decision)
        names = self.codebook.names
        return document_results(prepared, found, names=names, decision=self.decision, abstain=share)

    def predict(
        self, texts: Iterable[str], *, abstain: float | None = None
    ) -> list[SentenceResult]:
        """Label single sentences: one result a text, in the texts' order, each with the index 0.

        A text longer than the encoder reads at once is read in overlapping windows, and each frame
        is taken from the window where it is likeliest. A text without a letter or a digit carries
        no frame.

        Raises:
            InputError: ``texts`` is no list of texts (one string, a table, None, ...), holds
                something that is not a string, or the model has no band for ``abstain``.

        >>> import stance
        >>> text = "Their dialogue has brought results, and should go on."
        >>> [result] = stance.load().predict([text])
        >>> result.frames
        {'cooperation': 'favor'}
        """
        share = self.decision.share_of(abstain)
        listed = checked_texts(texts)
        found = self.predict_proba(listed)
        spans = [(text, 0, len(text)) for text in listed]
        names, indices = self.codebook.names, [0] * len(spans)
        return sentence_results(
            spans, indices, found, names=names, decision=self.decision, abstain=share
        )

    def predict_proba(self, texts: Iterable[str]) -> NDArray[np.float32]:
        """Return the probabilities of the states, float32 of shape (n, F, 4).

        P(frame), which is 1 - P(absent), is calibrated; for the stances see ``Decision``. Frames
        stand in the order of ``codebook.names``, states in the order absent, favor, neutral,
        against; every four sum to 1.

        Raises:
            InputError: as ``predict``.

        >>> import stance
        >>> stance.load().predict_proba(["One sentence.", "Another."]).shape
        (2, 4, 4)
        """
        texts = checked_texts(texts)
        found = np.zeros((len(texts), len(self.codebook.frames), len(STATES)), dtype=np.float32)
        for start in range(0, len(texts), CHUNK):
            tokenized = self._tokenize(texts[start : start + CHUNK])
            found[start : start + CHUNK] = probabilities(
                tokenized, backend=self.backend, decision=self.decision
            )
        return found

    def explain(self, sentence: str, *, method: str = "occlusion") -> Explanation:
        """Say which words of a sentence carry each frame.

        Args:
            sentence: what to explain; for many, ``stance.explain.explain_many`` is faster.
            method: ``occlusion`` takes each word away in turn: the work of labelling as many
                sentences as there are words. ``gradients`` integrates the gradients of the float32
                encoder, and needs the extra ``gradients``.

        Raises:
            InputError: ``sentence`` is not a string, or the method is unknown.
            MissingExtraError: gradients without captum and torch.

        >>> import stance
        >>> explanation = stance.load().explain("Both sides praised their fruitful partnership.")
        >>> explanation.frames
        {'cooperation': 'favor'}
        """
        return next(explain_many(self, [sentence], method=method))

    def label_dataset(self, dataset: Any, *, text_column: str = "text") -> Any:
        """Label every row of a ``datasets.Dataset`` as one sentence.

        Args:
            dataset: a ``datasets.Dataset``; an ``IterableDataset``; or a batch of columns, so that
                ``dataset.map(model.label_dataset, batched=True)`` does the same.
            text_column: where it keeps the sentences.

        Returns:
            The dataset with the columns ``frames`` (``multipolarity:favor;cooperation:neutral``),
            and ``p_<frame>`` and ``stance_<frame>`` (the likeliest) for every frame; its format is
            as before. The rows of a stream are labelled as they are read, and have no format. Of a
            batch, the new columns.

        Raises:
            InputError: the dataset has no such column, or a row of it is not a string; it has a
                column of a name that would be added; or it is several splits rather than one.

        >>> import stance
        >>> from datasets import Dataset
        >>> rows = Dataset.from_dict({"text": ["Their dialogue has brought results."]})
        >>> stance.load().label_dataset(rows)["frames"][:]
        ['cooperation:favor']
        """
        identity = json.dumps(self.folder.to_dict(), sort_keys=True) + repr(self.decision)
        runtime = runtime_of(self.backend.name, self.backend.device)
        return add_columns(
            dataset,
            self.predict,
            self.codebook.names,
            text_column=text_column,
            identity=f"{identity}{runtime}",
        )

    def with_thresholds(self, thresholds: Mapping[str, float]) -> StanceModel:
        """Return a model that decides by other thresholds; the encoder is shared, not copied.

        Raises:
            CodebookError: an unknown frame.
            InputError: a threshold outside 0 to 1.

        >>> import stance
        >>> careful = stance.load().with_thresholds({"cooperation": 0.99})
        >>> careful.predict(["They may meet again."])[0].frames
        {}
        """
        return StanceModel(
            self.folder,
            backend=self.backend,
            tokenizer=self.tokenizer,
            decision=self.decision.with_thresholds(thresholds, self.codebook),
            batch_size=self.batch_size,
            threads=self.threads,
        )

    def save(self, folder: str | Path, *, force: bool = False) -> None:
        """Copy the model's folder, its card included; ``stance.load`` reads it back.

        Thresholds changed by ``with_thresholds`` are saved as changed. The card then says that its
        figures are of the former ones, and ``stance.json`` what these were.

        Raises:
            OutputError: the folder exists and is not empty, unless ``force``; it is a file, or
                cannot be written.
            ModelError: the folder that the model was loaded from is gone, or holds another model.

        >>> import stance
        >>> stance.load().with_thresholds({"cooperation": 0.99}).save("careful")
        >>> stance.load("careful").decision.thresholds[-1]
        0.99
        """
        copied = self.folder.copy(folder, force=force)
        if self.decision != copied.decision:
            copied.decide(self.decision)

    def push_to_hub(self, repo_id: str, *, private: bool = True) -> str:
        """Upload the model, as ``save`` writes it, to the Hugging Face Hub.

        Args:
            repo_id: ``owner/name``; the repository is made where it is missing.
            private: a repository that is made can be seen by its owner alone.

        Returns:
            The address of the commit.

        Raises:
            OutputError: the Hub refuses, or cannot be reached.
        """
        from stance.sharing import push

        with tempfile.TemporaryDirectory() as scratch:
            # A copy, so that thresholds changed by with_thresholds go there as changed.
            self.save(scratch)
            return push(ModelFolder.read(Path(scratch)), repo_id, private=private)

    def close(self) -> None:
        """Release the encoder's memory and threads."""
        self.backend.close()
        vars(self).pop("gradients", None)

    def _tokenize(self, texts: Sequence[str]) -> Tokenized:
        return tokenize(
            texts,
            tokenizer=self.tokenizer,
            batch_tokens=self.backend.batch_tokens,
            batch_size=self.batch_size,
        )


def load(
    source: str | Path | None = None,
    *,
    backend: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
    batch_size: int | None = None,
) -> StanceModel:
    """Load a model: the shipped one, a folder, or a Hugging Face Hub id.

    Its files are compared with their checksums first. Only a Hub id opens the network.

    Args:
        source: None for the shipped model.
        backend: ``auto``, ``onnx`` (CPU) or ``torch`` (GPU, and the float32 reference on the CPU;
            needs the extra ``train``).
        device: ``cpu``, ``cuda``, ``cuda:1``, ...
        threads: processors to use; all that are available by default. PyTorch keeps one number for
            the whole process: on the torch backend it holds for all that computes there.
        batch_size: the most sentences in a batch, for a GPU of little memory; by default as many as
            are fast. Results do not depend on it, but for what PyTorch rounds otherwise.

    Raises:
        ModelError: the folder is missing, damaged, contradicts itself or could run code.
        InputError: ``source`` is empty or of another kind, an unknown backend or device, or
            ``threads`` or ``batch_size`` is no whole number or below 1.
        MissingExtraError: the torch backend without torch.

    >>> import stance
    >>> stance.load().codebook.names
    ('defensive_balancing', 'multipolarity', 'anti_hegemony', 'cooperation')
    """
    threads = None if threads is None else whole_number("threads", threads, 1)
    batch_size = None if batch_size is None else whole_number("batch_size", batch_size, 1)
    # Wherever the program goes from here, a copy of the model finds its folder again.
    folder = ModelFolder.read(find_folder(source).absolute())
    folder.verify()
    opened = open_backend(folder.path, backend=backend, device=device, threads=threads)
    tokenizer = WindowTokenizer(folder.path / "tokenizer.json", max_length=folder.max_length)
    return StanceModel(
        folder,
        backend=opened,
        tokenizer=tokenizer,
        decision=folder.decision,
        batch_size=batch_size,
        threads=threads,
    )


def _load_again(folder: ModelFolder, decision: Decision, options: dict[str, Any]) -> StanceModel:
    """Load the model of a pickle, whose encoder stayed in its folder."""
    model = load(folder.path, **options)
    if model.folder.files != folder.files:
        raise ModelError(
            f"{folder.path} holds another model than the one that was pickled; load it instead, or "
            "put the former back"
        )
    model.decision = decision
    return model
