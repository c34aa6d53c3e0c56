"""Several coders' codings of the same sentences: how far they agree, and where they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.codebook import STANCES, STATES, Codebook, Frame, Labels
from stance.errors import InputError
from stance.figures import Figure
from stance.gold import Coding, Sentences, by_sentence, majority, majority_of
from stance.krippendorff import MISSING, krippendorff_alpha, terms_of, weighted_alphas
from stance.resampling import draw

__all__ = [
    "Agreement",
    "Coding",
    "Dispute",
    "FrameAgreement",
    "PairAgreement",
    "StanceAgreement",
    "Tendency",
    "agreement",
    "krippendorff_alpha",
    "majority",
]

_STANCE_NUMBERS = range(1, len(STATES))
_NOT_CODED = "not_coded"


@dataclass(frozen=True)
class FrameAgreement:
    """Agreement on whether one frame is present.

    Attributes:
        alpha: Krippendorff's alpha, nominal; 1 is full agreement, 0 what chance gives, and ``None``
            where there was only one value to choose.
        f1: mean over the pairs of coders, 0 to 1; ``None`` where no pair used the frame.
        given: how many codings have the frame.
        units: in how many documents (or sentences, see ``Agreement``) somebody gave it. Of fewer
            than five the interval is too narrow.
        interval: 95% interval of alpha, low and high; ``None`` where alpha is not defined, the
            same in every resample, as where all agree, or rests on one document alone.
    """

    alpha: float | None
    f1: float | None
    given: int
    units: int
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class StanceAgreement:
    """Agreement on the stance of the frames that two coders or more see in a sentence.

    Attributes:
        alpha: Krippendorff's alpha, nominal, all frames pooled.
        f1: macro-F1 over the stances, mean over the pairs of coders.
        interval: 95% interval of alpha, as for a frame.
    """

    alpha: float | None
    f1: float | None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class PairAgreement:
    """F1 between two coders, the same whichever of them is taken as gold.

    Attributes:
        coders: the two.
        sentences: how many both coded.
        frames: frame → F1 of its presence; ``None`` where neither used it.
        stance: macro-F1 over the stances that occur, in frames that both see.
    """

    coders: tuple[str, str]
    sentences: int
    frames: Mapping[str, float | None]
    stance: float | None


@dataclass(frozen=True)
class Tendency:
    """How one coder uses the codebook: frame → stance (or ``not_coded``) → number of sentences."""

    sentences: int
    frames: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Dispute:
    """A sentence on which coders differ.

    Attributes:
        id: the sentence.
        over: the frames whose presence or stance is in dispute.
        codings: coder → what that coder saw.
        majority: what the majority makes of it, for the adjudicator to confirm or change.
    """

    id: str
    over: tuple[str, ...]
    codings: Mapping[str, Labels]
    majority: Labels


@dataclass(frozen=True)
class Agreement:
    """How far coders agree.

    Attributes:
        coders: in order of name.
        sentences: how many at least one coder coded.
        shared: how many at least two coded; every figure but the tendencies is about these.
        resampled: what the intervals draw anew, ``documents``, or ``sentences`` where the shared
            ones are of one document, or no coding names any.
        units: how many of those there are.
        same_frames: share of the shared sentences to which all gave the same set of frames.
        frames: frame → agreement on its presence.
        stance: agreement on stances.
        pairs: each two coders against each other.
        tendencies: coder → how they use the codebook, in all sentences that they coded.
        disputes: the shared sentences on which coders differ, in the order of the codings.
    """

    coders: tuple[str, ...]
    sentences: int
    shared: int
    resampled: str
    units: int
    same_frames: float
    frames: Mapping[str, FrameAgreement]
    stance: StanceAgreement
    pairs: tuple[PairAgreement, ...]
    tendencies: Mapping[str, Tendency]
    disputes: tuple[Dispute, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON data; ``None`` (null) is what is not defined, never NaN."""
        return asdict(self)


def agreement(
    codings: Iterable[Coding],
    *,
    codebook: Codebook | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Agreement:
    """Compare what two or more coders saw in the same sentences.

    The intervals of alpha are percentiles of a bootstrap (Zapf, Castell, Morawietz and Karch 2016,
    Measuring inter-rater reliability for nominal data, BMC Medical Research Methodology 16:93),
    which draws whole documents, as sentences of one resemble each other.

    Args:
        codings: one a sentence and coder, in any order; a coder may have left sentences out.
        codebook: the frames to report; by default those that the codings name, by name.
        resamples: how often the bootstrap draws; 0 for no intervals.
        seed: the same seed gives the same intervals.

    Raises:
        InputError: fewer than two coders, no sentence that two of them coded, a coder who coded a
            sentence twice, or ``resamples`` below 0.
        CodebookError: a frame that the codebook lacks, or an unknown stance.

    >>> both = [Coding("s1", "A", {"cooperation": "favor"}), Coding("s1", "B", {})]
    >>> result = agreement(both)
    >>> result.same_frames, [dispute.id for dispute in result.disputes]
    (0.0, ['s1'])
    """
    codings = list(codings)
    sentences, codebook = _read(codings, codebook)
    coders = tuple(sorted({coder for coded in sentences.values() for coder in coded}))
    shared = _shared(sentences, coders)
    presence, stances = _tables(shared, coders, codebook.names)
    drawn = draw(_documents(codings, shared), len(shared), resamples, seed)
    terms = [terms_of(table) for table in presence.values()]
    # A sentence is drawn with all its frames, so their terms are added up.
    terms.append(terms_of(stances).reshape(len(presence), len(shared), -1).sum(axis=0))
    *alphas, stance_alpha = _alphas(terms, drawn.weights)
    pairs = _pairs(shared, coders, presence, stances)
    seen = np.array([(table == 1).any(axis=0) for table in presence.values()])
    alike = [len(set(map(frozenset, coded.values()))) == 1 for coded in shared.values()]
    return Agreement(
        coders=coders,
        sentences=len(sentences),
        shared=len(shared),
        resampled=drawn.resampled,
        units=drawn.documents if drawn.resampled == "documents" else len(shared),
        same_frames=sum(alike) / len(shared),
        frames=_by_frame(presence, alphas, pairs, drawn.units_with(seen.T)),
        stance=StanceAgreement(
            alpha=stance_alpha.value,
            f1=_mean(pair.stance for pair in pairs),
            interval=_interval(stance_alpha),
        ),
        pairs=pairs,
        tendencies={coder: _tendency(sentences, coder, codebook) for coder in coders},
        disputes=_disputes(shared, codebook),
    )


_Table = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


def _read(
    codings: Iterable[Coding], codebook: Codebook | None
) -> tuple[dict[str, dict[str, Labels]], Codebook]:
    """Group the codings by sentence, with every frame and stance known to the codebook."""
    sentences = by_sentence(codings)
    if codebook is None:
        every = (labels for coded in sentences.values() for labels in coded.values())
        names = sorted({name for labels in every for name in labels})
        if not names:
            raise InputError("no coding names a frame; expected some, or a codebook to compare by")
        codebook = Codebook(tuple(map(Frame, names)))
    for coded in sentences.values():
        coded.update({coder: codebook.check(labels) for coder, labels in coded.items()})
    return sentences, codebook


def _shared(sentences: Sentences, coders: Sequence[str]) -> Sentences:
    """Return the sentences that two coders or more coded."""
    shared = {id: coded for id, coded in sentences.items() if len(coded) > 1}
    if not shared:
        raise InputError(
            f"no sentence was coded twice: {len(sentences):,} sentences by {', '.join(coders)}; "
            "expected two coders or more with the same sentence ids"
        )
    return shared


def _tables(
    sentences: Sentences, coders: Sequence[str], frames: Sequence[str]
) -> tuple[dict[str, _Table], _Table]:
    """Tabulate presence, frame → ``(coders, sentences)``, and the stances, all frames in a row."""
    states = {name: _states(sentences, coders, name) for name in frames}
    pooled = np.hstack(list(states.values()))
    stances = np.where(np.isin(pooled, list(_STANCE_NUMBERS)), pooled, MISSING)
    return {name: np.minimum(table, 1) for name, table in states.items()}, stances


def _states(sentences: Sentences, coders: Sequence[str], frame: str) -> _Table:
    """Tabulate one frame, ``(coders, sentences)``: the number of its state.

    Beside the four states stand 4, present with a stance not coded, and -1, sentence not coded.
    """

    def state(labels: Labels) -> int:
        stance = labels.get(frame, STATES[0])
        return len(STATES) if stance is None else STATES.index(stance)

    return np.array(
        [
            [state(coded[coder]) if coder in coded else MISSING for coded in sentences.values()]
            for coder in coders
        ]
    )


def _documents(codings: Iterable[Coding], shared: Sentences) -> list[object]:
    """Return the document of each sentence; of one that no coding names, the sentence itself.

    Where none is named all are of one document, of which the bootstrap draws the sentences.
    """
    known = {coding.id: coding.document for coding in codings if coding.document is not None}
    return [known.get(id, (id,) if known else None) for id in shared]


def _alphas(terms: Sequence[_Floats], weights: Iterable[_Floats]) -> list[Figure]:
    """Return alpha of each table of terms, ``(sentences, 1 + values)``, with its interval."""
    drawn = [[weighted_alphas(table, draws) for table in terms] for draws in weights]
    return [Figure.of(np.concatenate(alphas)) for alphas in zip(*drawn, strict=True)]


def _by_frame(
    presence: Mapping[str, _Table],
    alphas: Sequence[Figure],
    pairs: Sequence[PairAgreement],
    units: Sequence[int],
) -> dict[str, FrameAgreement]:
    return {
        name: FrameAgreement(
            alpha=alpha.value,
            f1=_mean(pair.frames[name] for pair in pairs),
            given=int((table == 1).sum()),
            units=number,
            interval=_interval(alpha),
        )
        for (name, table), alpha, number in zip(presence.items(), alphas, units, strict=True)
    }


def _interval(figure: Figure) -> tuple[float, float] | None:
    return None if figure.low is None or figure.high is None else (figure.low, figure.high)


def _pairs(
    shared: Sentences, coders: Sequence[str], presence: Mapping[str, _Table], stances: _Table
) -> tuple[PairAgreement, ...]:
    return tuple(
        PairAgreement(
            coders=(coders[a], coders[b]),
            sentences=sum(coders[a] in coded and coders[b] in coded for coded in shared.values()),
            frames={name: _f1(table[a], table[b], 1) for name, table in presence.items()},
            stance=_mean(_f1(stances[a], stances[b], value) for value in _STANCE_NUMBERS),
        )
        for a, b in combinations(range(len(coders)), 2)
    )


def _f1(first: _Table, second: _Table, value: int) -> float | None:
    """F1 of one value in what both coded; ``None`` where neither chose it."""
    both = (first != MISSING) & (second != MISSING)
    one, other = first[both] == value, second[both] == value
    chosen = int(one.sum() + other.sum())
    return 2 * int((one & other).sum()) / chosen if chosen else None


def _mean(values: Iterable[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None


def _tendency(sentences: Sentences, coder: str, codebook: Codebook) -> Tendency:
    own = [coded[coder] for coded in sentences.values() if coder in coded]
    counts = Counter((name, stance) for labels in own for name, stance in labels.items())
    return Tendency(
        sentences=len(own),
        frames={
            name: {stance or _NOT_CODED: counts[name, stance] for stance in (*STANCES, None)}
            for name in codebook.names
        },
    )


def _disputes(shared: Sentences, codebook: Codebook) -> tuple[Dispute, ...]:
    disputes = []
    for id, coded in shared.items():
        over = tuple(name for name in codebook.names if _differ(list(coded.values()), name))
        if over:
            disputes.append(Dispute(id, over, coded, majority_of(coded)))
    return tuple(disputes)


def _differ(every: Sequence[Labels], frame: str) -> bool:
    """Whether presence or stance differ; a stance that was not coded contradicts none."""
    stances = {labels.get(frame) for labels in every} - {None}
    return len({frame in labels for labels in every}) > 1 or len(stances) > 1
