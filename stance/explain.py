"""Which words carry a frame.

By occlusion, each word is taken away in turn, and P(frame) is looked at again. That asks nothing of
a model but its probabilities, so it works on any backend (Zeiler and Fergus 2014, Visualizing and
Understanding Convolutional Networks; for text, Li, Monroe and Jurafsky 2016, Understanding Neural
Networks through Representation Erasure). By integrated gradients, a word has the sum of what its
tokens have (``stance.backends.gradients``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from unicodedata import category

import numpy as np
import numpy.typing as npt

from stance.codebook import Codebook
from stance.decision import Decision
from stance.errors import InputError
from stance.figures import Figure
from stance.inference import each_checked
from stance.options import whole_number
from stance.resampling import check_drawing, resample_weights
from stance.results import Word, top_words, word_rows
from stance.tokens import WindowTokenizer

if TYPE_CHECKING:
    from stance.backends.gradients import Gradients

__all__ = ["METHODS", "Explanation", "Faithfulness", "Word", "explain_many", "faithfulness"]

METHODS = ("occlusion", "gradients")

# Scripts that put no space between words: each of their letters counts as a word.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
# Accents, vowel signs and joiners, soft hyphens: what belongs to the letter before it. One of them
# stands for all, since patterns know no classes of Unicode.
_MARKS = frozenset({"Mn", "Mc", "Me", "Cf"})
_MARK, _ZERO_WIDTH_SPACE = "\u0301", "\u200b"
_LETTERS = rf"(?:[^\W{_UNSPACED}]{_MARK}*)+"
_WORD = re.compile(rf"(?=\w)[{_UNSPACED}]{_MARK}*|{_LETTERS}(?:['’.\-]{_LETTERS})*")
# A longer sentence loses neighbouring words together, so that the work grows with its length only.
_MAX_WORDS = 200
_BATCH = 2048

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Spans = list[tuple[int, int]]


class Explainable(Protocol):
    """What is asked of a model."""

    @property
    def codebook(self) -> Codebook:
        """The frames."""
        ...

    @property
    def decision(self) -> Decision:
        """What makes labels of probabilities."""
        ...

    @property
    def tokenizer(self) -> WindowTokenizer:
        """What cuts texts into tokens."""
        ...

    @property
    def gradients(self) -> Gradients:
        """The encoder with its gradients; asked for by the method ``gradients`` alone."""
        ...

    def predict_proba(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return calibrated probabilities of shape (n, F, 4)."""
        ...


@dataclass(frozen=True)
class Explanation:
    """Which words carry each frame of a sentence.

    Attributes:
        text: the sentence.
        frames: frame → stance, for the frames it carries; None for a stance that the model never
            learnt.
        probabilities: frame → P(frame) of the whole sentence, 0 to 1, for every frame.
        words: frame → its words in the order of the sentence, for every frame. A word's weight is,
            by occlusion, how far P(frame) falls when the word is taken away; by gradients, its part
            of what the words together add to P(frame). In a sentence of more than 200 words,
            neighbours stand together.
    """

    text: str
    frames: Mapping[str, str | None]
    probabilities: Mapping[str, float]
    words: Mapping[str, tuple[Word, ...]]

    def top(self, frame: str, number: int = 5) -> tuple[Word, ...]:
        """Return the words that speak most for a frame, the weightiest first.

        Raises:
            InputError: a frame that the model does not know.
        """
        if frame not in self.words:
            raise InputError(f"unknown frame {frame!r}; expected one of {', '.join(self.words)}")
        return top_words(self.words[frame], number)

    def to_dict(self) -> dict[str, list[list[Any]]]:
        """Return what a result's row holds as ``explanations``: frame → [[start, end, weight]].

        Only the frames that the sentence carries are in it.
        """
        return word_rows({frame: self.words[frame] for frame in self.frames})


@dataclass(frozen=True)
class Faithfulness:
    """Whether the words named are those the model needs, over sentences that carry a frame.

    Attributes:
        sentences: how many were tried.
        decisions: how many frames they carry.
        share: which share of the words was taken away, 0 to 1.
        top: mean fall of P(frame) when the weightiest words are taken away.
        random: mean fall when as many words, drawn at random, are.
        difference: ``top`` − ``random``. Above 0, the explanation is better than chance.
    """

    sentences: int
    decisions: int
    share: float
    top: Figure
    random: Figure
    difference: Figure


class _Case(NamedTuple):
    """A sentence and its words; its probabilities (F, 4), and the words' weights (n, F)."""

    text: str
    spans: Spans
    whole: npt.NDArray[np.float32]
    weights: Floats


def explain_many(
    model: Explainable, sentences: Iterable[str], *, method: str = "occlusion"
) -> Iterator[Explanation]:
    """Explain sentences, yielding one explanation each, in order.

    Occlusion is the work of labelling as many sentences as there are words, in full batches.

    Args:
        model: the model to explain.
        sentences: what to explain.
        method: ``occlusion``, or ``gradients``, which needs the extra of that name.

    Raises:
        InputError: ``sentences`` is one string or a table rather than several sentences, one is not
            a string, or the method is unknown.
        MissingExtraError: gradients without captum and torch.

    >>> import stance
    >>> from stance.explain import explain_many
    >>> sentences = ["Both sides praised their fruitful partnership."]
    >>> [explanation] = explain_many(stance.load(), sentences)
    >>> len(explanation.words["cooperation"])
    6
    """
    names = model.codebook.names
    for case in _cases(model, sentences, method):
        yield Explanation(
            text=case.text,
            frames=_frames(model, case),
            probabilities=dict(zip(names, _present(case.whole).tolist(), strict=True)),
            words={
                name: tuple(
                    Word(case.text[start:end], start, end, weight)
                    for (start, end), weight in zip(case.spans, weights, strict=True)
                )
                for name, weights in zip(names, case.weights.T.tolist(), strict=True)
            },
        )


def faithfulness(
    model: Explainable,
    sentences: Iterable[str],
    *,
    method: str = "occlusion",
    share: float = 0.2,
    draws: int = 10,
    resamples: int = 1000,
    seed: int = 0,
) -> Faithfulness:
    """Take the weightiest words away together, then as many random ones, and compare.

    This is the comprehensiveness of DeYoung et al. 2020 (ERASER: A Benchmark to Evaluate
    Rationalized NLP Models), held against chance. Sentences that carry no frame, or of which all
    words would be taken away, are left out. Intervals are percentiles of a bootstrap that draws
    sentences.

    Args:
        model: the model to explain.
        sentences: what to explain.
        method: as ``explain_many``.
        share: share of the words to take away, above 0 and under 1; one word at least.
        draws: number of random choices of words a sentence.
        resamples: number of resamples behind the intervals.
        seed: the same seed gives the same figures.

    Raises:
        InputError: no sentence is left, or an option is out of its range.
        MissingExtraError: gradients without captum and torch.

    >>> import stance
    >>> from stance.explain import faithfulness
    >>> found = faithfulness(stance.load(), ["Both sides praised their fruitful partnership."])
    >>> found.decisions
    1
    """
    given: object = share
    if not isinstance(given, Real) or not 0 < float(given) < 1:
        raise InputError(f"share is {share!r}; expected more than 0 and less than 1")
    draws = whole_number("draws", draws, 1)
    check_drawing(resamples, seed)
    generator = np.random.default_rng(seed)
    falls = []
    for case in _cases(model, sentences, method):
        carried = [model.codebook.names.index(frame) for frame in _frames(model, case)]
        number = max(1, round(share * len(case.spans)))
        if carried and number < len(case.spans):
            words = len(case.spans)
            randoms = [generator.permutation(words)[:number] for _ in range(draws)]
            falls.append(_falls(model, case, carried, randoms))
    if not falls:
        raise InputError(
            "no sentence of two words or more carries a frame; expected some that the model labels"
        )
    figures = _means(falls, resamples, seed)
    return Faithfulness(len(falls), sum(map(len, falls)), share, *figures)


def _frames(model: Explainable, case: _Case) -> dict[str, str | None]:
    [states] = model.decision.states(case.whole[None]).tolist()
    return model.decision.frames_of(states, model.codebook.names)


def _cases(model: Explainable, sentences: Iterable[str], method: str) -> Iterator[_Case]:
    """Weigh the words of every sentence, many sentences at once."""
    weigh = {"occlusion": _occluded, "gradients": _attributed}.get(method)
    if weigh is None:
        raise InputError(f"unknown method {method!r}; expected one of {', '.join(METHODS)}")
    waiting: list[tuple[str, Spans]] = []
    size = 0
    for sentence in each_checked(sentences, what="sentence"):
        spans = _spans(sentence)
        waiting.append((sentence, spans))
        size += 1 + len(spans)
        if size >= _BATCH:
            yield from weigh(model, waiting)
            waiting, size = [], 0
    yield from weigh(model, waiting)


def _occluded(model: Explainable, waiting: Sequence[tuple[str, Spans]]) -> Iterator[_Case]:
    """Weigh each word by how far P(frame) falls without it."""
    variants = [
        text for sentence, spans in waiting for text in (sentence, *_each_without(sentence, spans))
    ]
    probabilities = model.predict_proba(variants)
    start = 0
    for sentence, spans in waiting:
        stop = start + 1 + len(spans)
        whole = probabilities[start]
        falls = _present(whole) - _present(probabilities[start + 1 : stop])
        yield _Case(sentence, spans, whole, falls)
        start = stop


def _attributed(model: Explainable, waiting: Sequence[tuple[str, Spans]]) -> Iterator[_Case]:
    """Weigh each word by the integrated gradients of its tokens."""
    probabilities = model.predict_proba([sentence for sentence, _ in waiting])
    for (sentence, spans), whole in zip(waiting, probabilities, strict=True):
        weights = np.zeros((len(spans), len(whole)))
        likeliest = np.full(len(whole), -1.0)
        for window in model.tokenizer.located(sentence) if spans else ():
            found = model.gradients.attribute(window.ids, window.special)
            likelier = found.whole > likeliest
            sums = _parts(spans, window.offsets) @ found.tokens.T
            weights[:, likelier] = sums[:, likelier]
            likeliest = np.maximum(likeliest, found.whole)
        yield _Case(sentence, spans, whole, weights)


def _parts(spans: Spans, offsets: Sequence[tuple[int, int]]) -> Floats:
    """Return which part of each token lies in each word: (words, tokens), 0 to 1.

    A token over several words is shared out by characters; one in no word belongs to none.
    """
    words, tokens = np.array(spans), np.array(offsets)
    ends = np.minimum(words[:, None, 1], tokens[None, :, 1])
    starts = np.maximum(words[:, None, 0], tokens[None, :, 0])
    shared = np.maximum(0, ends - starts)
    parts: Floats = shared / np.maximum(1, shared.sum(axis=0))
    return parts


def _falls(model: Explainable, case: _Case, carried: Sequence[int], randoms: list[Ints]) -> Floats:
    """Return how far each P(frame) falls without the top words and without random ones.

    Of shape (carried, 2): a column for the top words, one for the mean over the random choices.
    """
    number = len(randoms[0])
    tops = [np.argsort(-case.weights[:, frame], kind="stable")[:number] for frame in carried]
    variants = [
        _without(case.text, [case.spans[word] for word in taken]) for taken in [*tops, *randoms]
    ]
    left = _present(model.predict_proba(variants))[:, carried]
    falls = _present(case.whole)[carried] - left
    return np.stack([falls[: len(tops)].diagonal(), falls[len(tops) :].mean(axis=0)], axis=1)


def _means(falls: Sequence[Floats], resamples: int, seed: int) -> tuple[Figure, Figure, Figure]:
    """Average over decisions; draw whole sentences, whose decisions resemble each other."""
    sums = np.array([[len(fall), *fall.sum(axis=0)] for fall in falls])
    drawn = resample_weights(np.arange(len(sums)), resamples, seed)
    totals = np.concatenate([weights @ sums for weights in drawn])
    top, chance = totals[:, 1] / totals[:, 0], totals[:, 2] / totals[:, 0]
    return Figure.of(top), Figure.of(chance), Figure.of(top - chance)


def _present(probabilities: npt.NDArray[np.float32]) -> Floats:
    return 1 - probabilities[..., 0].astype(np.float64)


def _spans(text: str) -> Spans:
    spans = [found.span() for found in _WORD.finditer("".join(map(_with_one_mark, text)))]
    run = -(-len(spans) // _MAX_WORDS)
    if run <= 1:
        return spans
    return [
        (spans[start][0], spans[min(start + run, len(spans)) - 1][1])
        for start in range(0, len(spans), run)
    ]


def _with_one_mark(character: str) -> str:
    """Return a character, or for a mark the one that stands for all.

    A space without width is in the same class, but parts words.
    """
    if category(character) in _MARKS and character != _ZERO_WIDTH_SPACE:
        return _MARK
    return character


def _each_without(text: str, spans: Spans) -> list[str]:
    return [_without(text, [span]) for span in spans]


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Take spans away, each with the blank after it where there is one before it too."""
    for start, end in sorted(spans, reverse=True):
        before, after = text[:start], text[end:]
        text = before + (after.lstrip() if not before or before[-1].isspace() else after)
    return text
