"""Which words carry a frame: each is taken away in turn, and P(frame) is looked at again.

Occlusion asks nothing of a model but its probabilities, so it works on any backend (Zeiler and
Fergus 2014, Visualizing and Understanding Convolutional Networks; for text, Li, Monroe and Jurafsky
2016, Understanding Neural Networks through Representation Erasure).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from stance.codebook import STATES
from stance.errors import InputError
from stance.figures import Figure
from stance.model import StanceModel

__all__ = ["Explanation", "Faithfulness", "Word", "explain", "explain_many", "faithfulness"]

# Scripts that put no space between words: each of their characters counts as a word.
_UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+(?:['’.\-][^\W{_UNSPACED}]+)*")
# A longer sentence loses neighbouring words together, so that the work grows with its length only.
_MAX_WORDS = 200
_BATCH = 2048

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Spans = list[tuple[int, int]]


@dataclass(frozen=True)
class Word:
    """A word of a sentence, exactly ``sentence[start:end]``, and what it does for one frame.

    ``weight`` is by how much P(frame) falls when the word is taken away, −1 to 1: above 0 the word
    speaks for the frame, below 0 against it.
    """

    text: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True)
class Explanation:
    """Which words carry each frame of a sentence.

    Attributes:
        text: the sentence.
        frames: frame → stance, for the frames it carries.
        probabilities: frame → P(frame) of the whole sentence, 0 to 1, for every frame.
        words: frame → its words in the order of the sentence, for every frame. In a sentence of
            more than 200 words, neighbours are taken away together and stand together here.
    """

    text: str
    frames: Mapping[str, str]
    probabilities: Mapping[str, float]
    words: Mapping[str, tuple[Word, ...]]

    def top(self, frame: str, number: int = 5) -> tuple[Word, ...]:
        """Return the words that speak most for a frame, the weightiest first.

        Raises:
            InputError: a frame that the model does not know.
        """
        if frame not in self.words:
            raise InputError(f"unknown frame {frame!r}; expected one of {', '.join(self.words)}")
        speaking = [word for word in self.words[frame] if word.weight > 0]
        return tuple(sorted(speaking, key=lambda word: -word.weight)[:number])

    def to_dict(self) -> dict[str, list[list[Any]]]:
        """Return what a result's row holds as ``explanations``: frame → [[start, end, weight]].

        Only the frames that the sentence carries are in it.
        """
        return {
            frame: [[word.start, word.end, round(word.weight, 4)] for word in self.words[frame]]
            for frame in self.frames
        }


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
    """A sentence and its words; its probabilities (F, 4), and P(frame) without each word (n, F)."""

    text: str
    spans: Spans
    whole: npt.NDArray[np.float32]
    without: npt.NDArray[np.float64]


def explain(model: StanceModel, sentence: str) -> Explanation:
    """Say which words of a sentence carry each frame.

    Every word is taken away in turn: the work of labelling as many sentences as there are words.

    Raises:
        InputError: ``sentence`` is not a string.

    >>> import stance
    >>> from stance.explain import explain
    >>> explanation = explain(stance.load(), "Both sides praised their fruitful partnership.")
    >>> explanation.frames
    {'cooperation': 'favor'}
    >>> len(explanation.words["cooperation"])
    6
    """
    return next(explain_many(model, [sentence]))


def explain_many(model: StanceModel, sentences: Iterable[str]) -> Iterator[Explanation]:
    """Explain sentences, yielding one explanation each, in order; they are run in full batches.

    Raises:
        InputError: ``sentences`` is one string rather than several, or one is not a string.
    """
    names = model.codebook.names
    for case in _cases(model, sentences):
        present = _present(case.whole)
        falls = (present - case.without).T.tolist()
        yield Explanation(
            text=case.text,
            frames=_frames(model, case),
            probabilities=dict(zip(names, present.tolist(), strict=True)),
            words={
                name: tuple(
                    Word(case.text[start:end], start, end, fall)
                    for (start, end), fall in zip(case.spans, frame_falls, strict=True)
                )
                for name, frame_falls in zip(names, falls, strict=True)
            },
        )


def faithfulness(
    model: StanceModel,
    sentences: Iterable[str],
    *,
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
        share: share of the words to take away, above 0 and under 1; one word at least.
        draws: number of random choices of words a sentence.
        resamples: number of resamples behind the intervals.
        seed: the same seed gives the same figures.

    Raises:
        InputError: no sentence is left, or an option is out of its range.

    >>> import stance
    >>> from stance.explain import faithfulness
    >>> found = faithfulness(stance.load(), ["Both sides praised their fruitful partnership."])
    >>> found.decisions
    1
    """
    if not 0 < share < 1 or draws < 1:
        raise InputError(
            f"share is {share} and draws is {draws}; expected 0 < share < 1 and draws of 1 or more"
        )
    generator = np.random.default_rng(seed)
    falls = []
    for case in _cases(model, sentences):
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
    figures = _means(falls, resamples, generator)
    return Faithfulness(len(falls), sum(map(len, falls)), share, *figures)


def _frames(model: StanceModel, case: _Case) -> dict[str, str]:
    [states] = model.decision.states(case.whole[None]).tolist()
    return {
        name: STATES[state]
        for name, state in zip(model.codebook.names, states, strict=True)
        if state > 0
    }


def _cases(model: StanceModel, sentences: Iterable[str]) -> Iterator[_Case]:
    """Run every sentence and its variants, many sentences at once."""
    if isinstance(sentences, str):
        raise InputError("found one string, expected several: explain(model, text) takes one")
    waiting: list[tuple[str, Spans]] = []
    size = 0
    for sentence in sentences:
        if not isinstance(sentence, str):
            raise InputError(f"a sentence is a {type(sentence).__name__}, expected a string")
        spans = _spans(sentence)
        waiting.append((sentence, spans))
        size += 1 + len(spans)
        if size >= _BATCH:
            yield from _run(model, waiting)
            waiting, size = [], 0
    yield from _run(model, waiting)


def _run(model: StanceModel, waiting: Sequence[tuple[str, Spans]]) -> Iterator[_Case]:
    variants = [
        text for sentence, spans in waiting for text in (sentence, *_each_without(sentence, spans))
    ]
    probabilities = model.predict_proba(variants)
    start = 0
    for sentence, spans in waiting:
        stop = start + 1 + len(spans)
        without = _present(probabilities[start + 1 : stop])
        yield _Case(sentence, spans, probabilities[start], without)
        start = stop


def _falls(model: StanceModel, case: _Case, carried: Sequence[int], randoms: list[Ints]) -> Floats:
    """Return how far each P(frame) falls without the top words and without random ones.

    Of shape (carried, 2): a column for the top words, one for the mean over the random choices.
    """
    number = len(randoms[0])
    tops = [np.argsort(case.without[:, frame], kind="stable")[:number] for frame in carried]
    variants = [
        _without(case.text, [case.spans[word] for word in taken]) for taken in [*tops, *randoms]
    ]
    left = _present(model.predict_proba(variants))[:, carried]
    falls = _present(case.whole)[carried] - left
    return np.stack([falls[: len(tops)].diagonal(), falls[len(tops) :].mean(axis=0)], axis=1)


def _means(
    falls: Sequence[Floats], resamples: int, generator: np.random.Generator
) -> tuple[Figure, Figure, Figure]:
    """Average over decisions; draw whole sentences, whose decisions resemble each other."""
    sums = np.array([[len(fall), *fall.sum(axis=0)] for fall in falls])
    units = len(sums)
    weights = generator.multinomial(units, np.full(units, 1 / units), size=resamples)
    totals = np.concatenate([sums.sum(axis=0, keepdims=True), weights @ sums])
    top, chance = totals[:, 1] / totals[:, 0], totals[:, 2] / totals[:, 0]
    return _figure(top), _figure(chance), _figure(top - chance)


def _figure(values: Floats) -> Figure:
    if len(values) == 1:
        return Figure(float(values[0]), None, None)
    low, high = np.percentile(values[1:], (2.5, 97.5))
    return Figure(float(values[0]), float(low), float(high))


def _present(probabilities: npt.NDArray[np.float32]) -> Floats:
    return 1 - probabilities[..., 0].astype(np.float64)


def _spans(text: str) -> Spans:
    spans = [found.span() for found in _WORD.finditer(text)]
    run = -(-len(spans) // _MAX_WORDS)
    if run <= 1:
        return spans
    return [
        (spans[start][0], spans[min(start + run, len(spans)) - 1][1])
        for start in range(0, len(spans), run)
    ]


def _each_without(text: str, spans: Spans) -> list[str]:
    return [_without(text, [span]) for span in spans]


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Take spans away, each with the blank after it where there is one before it too."""
    for start, end in sorted(spans, reverse=True):
        before, after = text[:start], text[end:]
        text = before + (after.lstrip() if not before or before[-1].isspace() else after)
    return text
