"""What labelling gives back: a ``SentenceResult`` a sentence, a ``DocumentResult`` an article."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stance.codebook import STANCES

__all__ = [
    "PROBABILITY",
    "STANCE",
    "DocumentResult",
    "FrameSummary",
    "SentenceResult",
    "SkippedText",
    "Word",
    "is_scored",
    "likeliest",
    "sentence_id",
    "telling_words",
    "top_words",
    "word_rows",
]

#: Before the name of a frame, in flat rows: the columns of P(frame) and of its likeliest stance.
PROBABILITY, STANCE = "p_", "stance_"
#: A word of less weight carries no frame by itself.
_LEAST_WEIGHT = 0.02


@dataclass(frozen=True)
class Word:
    """A word of a sentence, exactly ``sentence[start:end]``, and what it does for one frame.

    ``weight`` is the part of P(frame) that rests on the word, −1 to 1: above 0 the word speaks for
    the frame, below 0 against it.
    """

    text: str
    start: int
    end: int
    weight: float


def top_words(words: Iterable[Word], number: int) -> tuple[Word, ...]:
    """Return the words that speak most for a frame, the weightiest first."""
    speaking = [word for word in words if word.weight > 0]
    return tuple(sorted(speaking, key=lambda word: -word.weight)[:number])


def telling_words(words: Iterable[Word], number: int) -> tuple[Word, ...]:
    """Return those of the top words that carry the frame: none, where no single word does.

    Left out is what weighs under 0.02, or under a quarter of the weightiest word.

    >>> words = [Word("partners", 4, 12, 0.25), Word("met", 13, 16, 0.03)]
    >>> [word.text for word in telling_words(words, 5)]
    ['partners']
    """
    top = top_words(words, number)
    return tuple(word for word in top if word.weight >= max(_LEAST_WEIGHT, top[0].weight / 4))


def likeliest(stances: Mapping[str, float]) -> str:
    """Return the stance of the highest probability.

    >>> likeliest({"favor": 0.2, "neutral": 0.5, "against": 0.3})
    'neutral'
    """
    return max(stances, key=stances.__getitem__)


def is_scored(row: Iterable[str]) -> bool:
    """Say by its columns whether a model made a row: it has probabilities, nested or flat.

    >>> is_scored({"frames": "", "p_cooperation": 0.1}), is_scored({"frames": ""})
    (True, False)
    """
    return any(name == "probabilities" or name.startswith(PROBABILITY) for name in row)


def sentence_id(document: object, index: object) -> str:
    """Return the id by which codings and gold find a sentence of a result again.

    >>> sentence_id("article.txt", 12)
    'article.txt:12'
    """
    return f"{document}:{index}"


def word_rows(explanations: Mapping[str, Iterable[Word]]) -> dict[str, list[list[Any]]]:
    """Return explanations as a row of the result files holds them.

    >>> word_rows({"cooperation": [Word("partners", 4, 12, 0.25)]})
    {'cooperation': [[4, 12, 0.25]]}
    """
    return {
        frame: [[word.start, word.end, round(word.weight, 4)] for word in words]
        for frame, words in explanations.items()
    }


@dataclass(frozen=True)
class SentenceResult:
    """One labelled sentence.

    Attributes:
        text: the sentence, exactly ``document_text[start:end]``.
        start: offset of its first character in the document's text.
        end: offset after its last character.
        index: its position among the document's sentences, from 0.
        frames: frame → stance for the frames it carries (may be empty); None for a frame whose
            stance the model never learnt.
        probabilities: frame → calibrated P(frame), 0 to 1, for every frame.
        stances: frame → {favor, neutral, against} → probability given the frame, divided by the
            model's stance priors where it has them; sums to 1. Without the frames whose stance
            the model never learnt.
        uncertain: frames whose P(frame) lies inside the abstention band (empty unless one was asked
            for); such a frame is not in ``frames``.
        explanations: frame → the words of the sentence, for the frames it carries; None where no
            explanation was asked for.

    >>> import stance
    >>> [sentence] = stance.load().predict(["Their dialogue has brought results."])
    >>> sentence.frames, sentence.probabilities["cooperation"] > 0.5
    ({'cooperation': 'favor'}, True)
    """

    text: str
    start: int
    end: int
    index: int
    frames: Mapping[str, str | None]
    probabilities: Mapping[str, float]
    stances: Mapping[str, Mapping[str, float]]
    uncertain: tuple[str, ...] = ()
    explanations: Mapping[str, tuple[Word, ...]] | None = None

    def to_dict(self, *, document: str | None = None, index: int | None = None) -> dict[str, Any]:
        """Return the row that the JSONL files hold, ``document`` first where one is given.

        Args:
            document: the name of what the sentence is part of.
            index: its position there, for results of ``predict``, which know of no document; rows
                of one document and with one index would be taken for documents of one name.

        >>> import stance
        >>> found = stance.load().predict(["They met.", "They agreed to trade."])
        >>> [row.to_dict(document="a", index=n)["index"] for n, row in enumerate(found)]
        [0, 1]
        """
        row: dict[str, Any] = {} if document is None else {"document": document}
        row |= {
            "index": self.index if index is None else index,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "frames": dict(self.frames),
            "probabilities": dict(self.probabilities),
            "stances": {frame: dict(values) for frame, values in self.stances.items()},
        }
        if self.uncertain:
            row["uncertain"] = list(self.uncertain)
        if self.explanations is not None:
            row["explanations"] = word_rows(self.explanations)
        return row


@dataclass(frozen=True)
class SkippedText:
    """A stretch of a document that was not labelled, and why (``menu``, ``byline``, ...)."""

    text: str
    start: int
    end: int
    reason: str

    def to_dict(self, *, document: str) -> dict[str, Any]:
        """Return the row that ``OUT.skipped.jsonl`` holds."""
        return {
            "document": document,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class FrameSummary:
    """How one document uses one frame.

    Sentences whose decision was withheld count as not carrying it. With these settled, the share
    lies between ``share`` and ``share`` + ``uncertain`` / all sentences.

    Attributes:
        sentences: number of sentences that carry the frame.
        share: that number over all sentences, 0 to 1.
        favor, neutral, against: how many of them take each stance.
        uncertain: number of sentences whose decision on the frame was withheld.
    """

    sentences: int
    share: float
    favor: int
    neutral: int
    against: int
    uncertain: int = 0

    @property
    def balance(self) -> float | None:
        """How far favor outweighs against among the stances taken, −1 to 1; None where none is.

        >>> FrameSummary(sentences=4, share=0.5, favor=2, neutral=1, against=1).balance
        0.25
        """
        taken = self.favor + self.neutral + self.against
        return (self.favor - self.against) / taken if taken else None


@dataclass(frozen=True)
class DocumentResult:
    """One labelled document: its sentences in order, and the text that was skipped.

    ``frame_names`` are the codebook's frames, so that a document without sentences has shares too.
    """

    id: str
    sentences: tuple[SentenceResult, ...]
    frame_names: tuple[str, ...]
    skipped: tuple[SkippedText, ...] = field(default=())

    @property
    def shares(self) -> dict[str, float]:
        """Frame → share of the sentences that carry it, 0 to 1.

        Where decisions were withheld it is a lower bound: ``summary`` says how many.
        """
        return {frame: summary.share for frame, summary in self.summary().items()}

    def summary(self) -> dict[str, FrameSummary]:
        """Count sentences and stances per frame, every frame of the codebook included.

        >>> import stance
        >>> text = "Their dialogue has brought results, and should go on. It rained all day."
        >>> stance.load().label(text).summary()["cooperation"]
        FrameSummary(sentences=1, share=0.5, favor=1, neutral=0, against=0, uncertain=0)
        """
        total = len(self.sentences)
        summaries = {}
        for frame in self.frame_names:
            stances = [s.frames[frame] for s in self.sentences if frame in s.frames]
            favor, neutral, against = (stances.count(state) for state in STANCES)
            share = len(stances) / total if total else 0.0
            uncertain = sum(frame in s.uncertain for s in self.sentences)
            summaries[frame] = FrameSummary(len(stances), share, favor, neutral, against, uncertain)
        return summaries
