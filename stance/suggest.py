"""Which sentences of a corpus to label next: those that a model is unsure of, and no two alike.

A sentence is worth its label twice over: by how much the label would tell that the model does not
know (uncertainty sampling by entropy; Settles 2009, Active Learning Literature Survey), and by how
little it repeats what is labelled or chosen already (the greedy choice of the farthest point, by
which core-sets are made; Sener and Savarese 2018, Active Learning for Convolutional Neural
Networks). What is chosen next has the greatest product of the two.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.codebook import STANCES, STATES, format_labels
from stance.errors import InputError
from stance.files.annotations import SUGGESTED_COLUMN, label_studio_config, label_studio_task
from stance.files.formats import csv_lines, json_lines
from stance.files.output import require_new, write_whole
from stance.files.resuming import beside
from stance.flat_rows import uniquely_named
from stance.inference import checked_texts
from stance.model import StanceModel
from stance.options import whole_number
from stance.results import DocumentResult, SentenceResult, sentence_id
from stance.texts import fold, is_wordless

__all__ = ["Suggestion", "SuggestionFile", "suggest"]

#: How suggestions can be written, and the suffix that stands for each.
FORMATS = {".jsonl": "jsonl", ".csv": "csv", ".json": "label-studio"}

#: So many of the most uncertain sentences are kept to choose from, whatever the corpus's size.
POOL = 10_000
#: A sentence at least so like one that is excluded or chosen is never chosen.
NEAR_DUPLICATE = 0.7

_SURE = dict.fromkeys(STANCES, 0.0) | {STANCES[0]: 1.0}
_DIMENSIONS = 1024
_GRAM = 4
_BLOCK = 1024

_Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Suggestion:
    """A sentence that is worth labelling.

    Attributes:
        document: the document's id.
        sentence: the sentence, and what the model makes of it.
        uncertainty: bits that its label would tell, as far as the model knows; 0 to 2.59 a frame.
        frame: the frame that the model is least sure of.
        novelty: 1 − its likeness to the likest sentence that was excluded or chosen before it,
            0.3 to 1.
    """

    document: str
    sentence: SentenceResult
    uncertainty: float
    frame: str
    novelty: float

    @property
    def id(self) -> str:
        """The sentence's id: ``DOCUMENT:INDEX``."""
        return sentence_id(self.document, self.sentence.index)


def suggest(
    model: StanceModel,
    documents: Iterable[tuple[str, str]],
    *,
    n: int = 100,
    exclude: Iterable[str] = (),
    seed: int = 0,
    on_result: Callable[[DocumentResult], None] | None = None,
) -> list[Suggestion]:
    """Choose the sentences to label next, the most useful first.

    Memory is bounded: the documents are read as they are needed, and the 10,000 most uncertain
    sentences are kept (or ``2 * n``), each text once. The texts that are chosen do not depend on
    the order of the documents.

    Args:
        model: says what it is unsure of.
        documents: (id, text) pairs.
        n: how many sentences; fewer come back where the corpus has no more that differ.
        exclude: sentences that are labelled already, or on another list to be: neither they nor
            their near-duplicates are chosen, and what is less like them comes first.
        seed: another one settles ties between equally useful sentences in another way.
        on_result: called with every document's labels, in order.

    Raises:
        InputError: ``n`` is not positive, ``exclude`` is one string, or it or a document holds a
            text that is not a string.

    >>> import stance
    >>> text = "Trade between them may grow. It may also shrink. Trade between them may grow!"
    >>> len(suggest(stance.load(), [("a1", text)], n=5))
    2
    """
    n = whole_number("n", n, 1)
    excluded = checked_texts(exclude, what="excluded sentence")
    pool = _Pool(max(POOL, 2 * n), seed)
    for result in uniquely_named(model.label_many(documents)):
        if on_result is not None:
            on_result(result)
        for sentence, bits in zip(result.sentences, _uncertainties(model, result), strict=True):
            pool.add(result.id, sentence, bits)
    return _choose(pool.sorted(), excluded, n, model.codebook.names)


class SuggestionFile:
    """The file of sentences to label: JSONL, CSV, or tasks for Label Studio.

    In JSONL ``frames`` is null and in CSV it is ``?``, to be replaced by the labels; until then the
    row is refused as one that nobody labelled. What the model would say is in ``predicted``. Label
    Studio shows it as a prediction; the set-up of its project is written beside, as
    ``OUTPUT.config.xml``.

    Args:
        output: the file.
        format: ``jsonl``, ``csv`` or ``label-studio``; by the suffix by default.
        force: replace files that exist.
        inputs: files that are read, none of which is ever replaced.

    Raises:
        InputError: the format is not known.
        OutputError: a file exists, or its folder does not.
    """

    def __init__(
        self,
        output: str | Path,
        *,
        format: str | None = None,
        force: bool = False,
        inputs: Collection[Path] = (),
    ) -> None:
        self.path = Path(output)
        found = format or FORMATS.get(self.path.suffix.lower(), "")
        if found not in FORMATS.values():
            what = f"the format {format!r}" if format else f"what to write to {self.path}"
            raise InputError(
                f"{what} is not known; expected a name in .jsonl, .csv or .json (Label Studio), "
                "or --format jsonl, csv or label-studio"
            )
        self.format = found
        self.config = beside(self.path, "config.xml") if found == "label-studio" else None
        for path in filter(None, (self.path, self.config)):
            require_new(path, force=force, inputs=inputs)

    def write(self, suggestions: Iterable[Suggestion], model: StanceModel) -> None:
        """Write the suggestions of a model.

        Raises:
            OutputError: a file cannot be written.
        """
        if self.config is not None:
            tasks = [_task(suggestion, model) for suggestion in suggestions]
            write_whole(self.config, label_studio_config(model.codebook) + "\n")
            write_whole(self.path, json.dumps(tasks, ensure_ascii=False, indent=1) + "\n")
            return
        rows = [_row(suggestion) for suggestion in suggestions]
        write_whole(self.path, _csv(rows) if self.format == "csv" else json_lines(rows))


@dataclass(frozen=True)
class _Candidate:
    document: str
    sentence: SentenceResult
    bits: NDArray[np.float64]
    uncertainty: float


class _Pool:
    """The most uncertain sentences seen so far, each text once."""

    def __init__(self, size: int, seed: int) -> None:
        self._size = size
        self._salt = str(seed).encode()
        self._heap: list[tuple[float, bytes, _Candidate]] = []
        self._digests: set[bytes] = set()

    def add(self, document: str, sentence: SentenceResult, bits: NDArray[np.float64]) -> None:
        text = sentence.text.encode("utf-8", "backslashreplace")
        digest = hashlib.blake2b(text, digest_size=16, key=self._salt).digest()
        if digest in self._digests or is_wordless(sentence.text):
            return
        uncertainty = float(bits.sum())
        # A digest is the second key, so that candidates themselves are never compared.
        entry = (uncertainty, digest, _Candidate(document, sentence, bits, uncertainty))
        self._digests.add(digest)
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, entry)
        else:
            self._digests.remove(heapq.heappushpop(self._heap, entry)[1])

    def sorted(self) -> list[_Candidate]:
        return [candidate for _, _, candidate in sorted(self._heap, reverse=True)]


def _uncertainties(model: StanceModel, result: DocumentResult) -> NDArray[np.float64]:
    """Return the bits that the label of each sentence would tell, of shape (sentences, frames).

    The entropy of a frame's four states is that of its presence, and that of its stance where it is
    present. Presence is as uncertain as can be at the threshold, where the model would change its
    mind, rather than at one half.
    """
    names = model.codebook.names
    present = np.array([[s.probabilities[name] for name in names] for s in result.sentences])
    # Where the model tells no stance, none is uncertain.
    stances = np.array(
        [[[*s.stances.get(name, _SURE).values()] for name in names] for s in result.sentences]
    )
    present = present.reshape(-1, len(names))
    stances = stances.reshape(-1, len(names), len(STATES) - 1)
    threshold = np.clip(np.array(model.decision.thresholds), 1e-6, 1 - 1e-6)
    below = 0.5 * present / threshold
    above = 1 - 0.5 * (1 - present) / (1 - threshold)
    leaning = np.where(present < threshold, below, above)
    presence = _entropy(np.stack([leaning, 1 - leaning], axis=-1))
    return np.asarray(presence + present * _entropy(stances))


def _entropy(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the entropy, in bits, over the last axis."""
    positive = np.clip(probabilities, 1e-12, 1)
    return np.asarray(-(positive * np.log2(positive)).sum(axis=-1))


def _choose(
    candidates: Sequence[_Candidate], exclude: Sequence[str], n: int, frames: Sequence[str]
) -> list[Suggestion]:
    """Choose greedily, each time the greatest uncertainty × novelty; at equality the first."""
    if not candidates:
        return []
    vectors, weights = _vectors([candidate.sentence.text for candidate in candidates])
    likeness = np.zeros(len(candidates), dtype=np.float32)
    for start in range(0, len(exclude), _BLOCK):
        block = _hashed(exclude[start : start + _BLOCK])
        np.maximum(likeness, (vectors @ _weighted(block, weights).T).max(axis=1), out=likeness)
    uncertainty = np.array([candidate.uncertainty for candidate in candidates])
    chosen: list[Suggestion] = []
    while len(chosen) < n:
        worth = np.where(likeness < NEAR_DUPLICATE, uncertainty * (1 - likeness), -1.0)
        best = int(worth.argmax())
        if worth[best] < 0:
            break
        found = candidates[best]
        chosen.append(
            Suggestion(
                document=found.document,
                sentence=found.sentence,
                uncertainty=round(found.uncertainty, 6),
                frame=frames[int(found.bits.argmax())],
                novelty=round(1 - float(likeness[best]), 6),
            )
        )
        np.maximum(likeness, vectors @ vectors[best], out=likeness)
        likeness[best] = 1
    return chosen


def _vectors(texts: Sequence[str]) -> tuple[_Vectors, _Vectors]:
    """Return unit vectors of shape (texts, 1024), and the weight of each dimension.

    Words, pairs of words and four-character stretches are counted once a text, hashed with signs
    (Weinberger et al. 2009), and weighted by how few of the texts have them.
    """
    counts = _hashed(texts)
    weights = np.log((1 + len(texts)) / (1 + (counts != 0).sum(axis=0))) + 1
    weights = weights.astype(np.float32)
    return _weighted(counts, weights), weights


def _hashed(texts: Sequence[str]) -> _Vectors:
    vectors = np.zeros((len(texts), _DIMENSIONS), dtype=np.float32)
    for row, text in enumerate(texts):
        hashes = np.array([zlib.crc32(gram.encode("utf-8", "replace")) for gram in _grams(text)])
        signs = np.where(hashes // _DIMENSIONS % 2, 1, -1)
        np.add.at(vectors[row], hashes % _DIMENSIONS, signs)
    return vectors


def _weighted(counts: _Vectors, weights: _Vectors) -> _Vectors:
    weighted = counts * weights
    return np.asarray(weighted / np.maximum(np.linalg.norm(weighted, axis=1, keepdims=True), 1e-9))


def _grams(text: str) -> Iterator[str]:
    """Yield what a text is made of, each thing once, in a stable order."""
    key = fold(text)
    words = key.split() or [text]
    pairs = (f"{one} {other}" for one, other in pairwise(words))
    stretches = (key[start : start + _GRAM] for start in range(max(1, len(key) - _GRAM + 1)))
    yield from dict.fromkeys([*words, *pairs, *(f"~{stretch}" for stretch in stretches)])


def _source(suggestion: Suggestion) -> dict[str, Any]:
    sentence = suggestion.sentence
    return {
        "id": suggestion.id,
        "document": suggestion.document,
        "index": sentence.index,
        "start": sentence.start,
        "end": sentence.end,
        "text": sentence.text,
    }


def _row(suggestion: Suggestion) -> dict[str, Any]:
    return _source(suggestion) | {
        "frames": None,
        "predicted": dict(suggestion.sentence.frames),
        SUGGESTED_COLUMN: suggestion.frame,
        "uncertainty": suggestion.uncertainty,
        "novelty": suggestion.novelty,
    }


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    flat = [row | {"frames": "?", "predicted": format_labels(row["predicted"])} for row in rows]
    return csv_lines([*flat[:1], *(row.values() for row in flat)])  # Keys name the columns.


def _task(suggestion: Suggestion, model: StanceModel) -> dict[str, Any]:
    most = len(model.codebook.names) * (1 + float(np.log2(len(STATES) - 1)))
    return label_studio_task(
        _source(suggestion),
        suggestion.sentence.frames,
        model.codebook,
        confidence=round(1 - suggestion.uncertainty / most, 6),
        model_version=f"{model.folder.name} {model.folder.version}",
    )
