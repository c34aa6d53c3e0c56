"""Shares corrected by a sample that people coded: what the model finds, and how far off it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.codebook import STANCES, STATES, Labels, composed
from stance.errors import InputError
from stance.figures import Figure
from stance.files.rows import LabelledRow
from stance.flat_rows import Row, by_id, checked_rows, frame_names, group_of, models_of
from stance.resampling import check_drawing, ratio, resample_weights
from stance.tabulation import tabulate
from stance.texts import fold

__all__ = ["CorrectedUse", "Correction", "correct"]

Floats = npt.NDArray[np.float64]

# What is counted of a frame: that it is there, each of its stances, and that its stance was not
# coded.
_PARTS = 2 + len(STANCES)
_STANCES = slice(1, 1 + len(STANCES))


@dataclass(frozen=True)
class CorrectedUse:
    """How a corpus uses one frame, by the model and corrected.

    Attributes:
        model: the share of sentences in which the model finds the frame, 0 to 1.
        share: the same, corrected. Of a rare frame the interval may reach below 0.
        favor, neutral, against: corrected shares of all sentences that carry the frame with that
            stance. Stances that were not coded are taken to be as those that were; the intervals
            hold that few were.
        balance: (favor − against) / (favor + neutral + against) of these, −1 to 1.
        missed: sentences of the sample that carry the frame and were not given it.
        invented: those that were given it and do not carry it.
    """

    model: float
    share: Figure
    favor: Figure
    neutral: Figure
    against: Figure
    balance: Figure
    missed: int
    invented: int


@dataclass(frozen=True)
class Correction:
    """The corrected shares of all frames. ``print`` shows them as a table.

    Attributes:
        sentences: of the corpus.
        sample: how many of them were coded.
        resamples: behind each interval.
        frames: frame → its use.
    """

    sentences: int
    sample: int
    resamples: int
    frames: Mapping[str, CorrectedUse]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON data; ``None`` (null) is what is not defined, never NaN."""
        return asdict(self)

    def __str__(self) -> str:
        head = ("frame", "model", "corrected", "balance", "missed", "invented")
        body = [
            (
                name,
                Figure(use.model, None, None).as_share(),
                use.share.as_share(),
                str(use.balance),
                f"{use.missed:,}",
                f"{use.invented:,}",
            )
            for name, use in self.frames.items()
        ]
        return tabulate(head, body)


def correct(
    rows: Iterable[Row],
    gold: Iterable[LabelledRow],
    *,
    by: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Correction:
    """Correct the shares that a model found by its errors in a random sample.

    To the mean of what the model finds in all sentences, the mean of gold − model in the sample is
    added (prediction-powered inference: Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023,
    Science 382, 669-674). The interval draws the sample again, sentence by sentence, as wide as a
    sample without replacement makes it (Rao and Wu 1988, Journal of the American Statistical
    Association 83, 231-241). It holds the model's errors in this corpus, and not how another corpus
    might differ. Where all errors are alike, drawing tells nothing, and there is no interval.

    Args:
        rows: the rows of a result, with ``document``, ``index`` and ``frames``, and mostly
            ``text``.
        gold: the sample, drawn at random from these, with ids ``document:index``; see
            ``stance.sampling``. A frame with the stance None is there, its stance not coded.
        by: the column of whose values the sample holds so many sentences each, where it was drawn
            so: each value then counts by its sentences in the corpus, and is drawn by itself.
        resamples: number of resamples; 0 gives no intervals.
        seed: the same seed gives the same intervals.

    Raises:
        InputError: there is no row; two rows have one id; a sentence of the sample is not among the
            rows, has another text there, or is there twice; the sample has fewer than two sentences
            of some value of ``by``; the rows are of models with different frames; or ``resamples``
            or ``seed`` is below 0.

    >>> rows = [{"document": "a", "index": n, "frames": {"trade": "favor"}} for n in range(4)]
    >>> gold = [LabelledRow("a:0", "a", "They trade.", {}),
    ...         LabelledRow("a:2", "a", "They trade too.", {"trade": "favor"})]
    >>> str(correct(rows, gold).frames["trade"].share)
    '0.50 [0.00, 1.00]'
    """
    check_drawing(resamples, seed)
    found = by_id(checked_rows(rows))
    if len(models_of(found.values())) > 1:
        raise InputError(
            "the rows are of models that look for different frames; correct each result by itself"
        )
    coded = _sample(gold, found)
    names = frame_names([*found.values(), *({"frames": frames} for frames in coded.values())])
    model = _parts([row["frames"] for row in found.values()], names).mean(axis=0)
    given = _parts([found[id]["frames"] for id in coded], names)
    true = _parts(list(coded.values()), names)
    errors = true - given
    groups = {
        id: "" if by is None else group_of(row, by, number)
        for number, (id, row) in enumerate(found.items(), 1)
    }
    mean_errors, seen = _means(
        errors, true, [groups[id] for id in coded], groups, resamples=resamples, seed=seed
    )
    corrected = model + mean_errors
    return Correction(
        sentences=len(found),
        sample=len(coded),
        resamples=resamples,
        frames={
            name: _use(model[place], corrected[:, place], seen[:, place], errors[:, place, 0])
            for place, name in enumerate(names)
        },
    )


def _sample(gold: Iterable[LabelledRow], found: Mapping[str, Row]) -> dict[str, Labels]:
    coded: dict[str, Labels] = {}
    for row in gold:
        shown = repr(row.id[:60])
        if row.id not in found:
            raise InputError(
                f"the sample has the sentence {shown}, which the result has not; expected ids such "
                "as article.txt:12, of a sample that was drawn from this result"
            )
        text = found[row.id].get("text")
        if isinstance(text, str) and fold(text) != fold(row.text):
            raise InputError(
                f"the sentence {shown} has another text in the sample than in the result; expected "
                "the result that the sample was drawn from"
            )
        if row.id in coded:
            raise InputError(f"the sample has the sentence {shown} twice; remove one")
        if wrong := [stance for stance in row.frames.values() if stance not in (*STANCES, None)]:
            raise InputError(
                f"the sentence {shown} of the sample has the stance {wrong[0]!r}; expected "
                f"{', '.join(STANCES)}, or None for one that was not coded"
            )
        coded[row.id] = {composed(frame): stance for frame, stance in row.frames.items()}
    return coded


def _parts(labels: Sequence[Labels], names: Sequence[str]) -> Floats:
    """Return ``(n, F, 5)``: 1 where the frame is there, has each stance, has one not coded."""
    parts = np.zeros((len(labels), len(names), _PARTS))
    places = {name: place for place, name in enumerate(names)}
    for row, frames in enumerate(labels):
        for name, stance in frames.items():
            parts[row, places[name], 0] = 1
            parts[row, places[name], -1 if stance is None else STATES.index(stance)] = 1
    return parts


def _means(
    errors: Floats,
    true: Floats,
    of: Sequence[str],
    groups: Mapping[str, str],
    *,
    resamples: int,
    seed: int,
) -> tuple[Floats, Floats]:
    """Return the mean errors and what was coded, each ``(1 + resamples, F, 5)``.

    ``of`` is the group of each row of the sample; ``groups`` that of each sentence of the corpus,
    by which they are weighted.
    """
    sizes = Counter(groups.values())
    total: Floats = np.zeros((1 + resamples, *errors.shape[1:]))
    seen = np.zeros_like(total)
    seeds = np.random.SeedSequence(seed).generate_state(len(sizes))
    for (name, size), own in zip(sorted(sizes.items()), seeds, strict=True):
        mine = [row for row, group in enumerate(of) if group == name]
        if len(mine) < min(2, size):
            where = f" of {name!r}" if name else ""
            raise InputError(
                f"the sample has {len(mine)} of {size:,} sentences{where}; code two or more"
                f"{', or correct without groups' if name else ''}"
            )
        drawn = resample_weights(np.arange(len(mine)), resamples, int(own))
        both = np.stack([errors[mine], true[mine]], axis=1)
        sums = np.concatenate([np.tensordot(weights, both, axes=1) for weights in drawn])
        means, coded = sums[:, 0] / len(mine), sums[:, 1] / len(mine)
        # Drawing with replacement is too narrow for few sentences, and too wide for most of all.
        scale = np.sqrt((1 - len(mine) / size) * len(mine) / max(1, len(mine) - 1))
        total += size / sizes.total() * (means[0] + scale * (means - means[0]))
        seen += size / sizes.total() * coded
    return total, seen


def _use(model: Floats, draws: Floats, seen: Floats, errors: Floats) -> CorrectedUse:
    """Put together the use of one frame: of the model, as corrected, as seen in the sample."""
    # Stances that were not coded are shared out as those were that were, in each resample anew.
    coded = seen[:, _STANCES]
    usual = ratio(coded, np.repeat(coded.sum(axis=1, keepdims=True), coded.shape[1], axis=1))
    left = draws[:, -1:]
    shared_out = np.where(np.isclose(left, 0, atol=1e-12), 0, left * usual)
    favor, neutral, against = (draws[:, _STANCES] + shared_out).T
    taken = favor + neutral + against
    return CorrectedUse(
        model=float(model[0]),
        share=Figure.of(draws[:, 0]),
        favor=Figure.of(favor),
        neutral=Figure.of(neutral),
        against=Figure.of(against),
        # Where errors in a small sample leave a share below 0, the balance ends at 1 or −1.
        balance=Figure.of(np.clip(ratio(favor - against, taken), -1, 1)),
        missed=int((errors > 0).sum()),
        invented=int((errors < 0).sum()),
    )
