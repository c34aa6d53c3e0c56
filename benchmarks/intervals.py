"""How often a 95% interval holds the truth, in sets that are drawn from a world that is known.

    python benchmarks/intervals.py [--sets 300]

Prints the three tables of docs/method.md. Documents differ, each with a mixture of its own.

Stance macro-F1: three stances, two of them rare, and a model that errs in a known way. Of each set
in which all three occur, the interval is computed with the resamples that lack a stance counted
over the others (as stance does), left out, or counted with F1 0 where the model gave the stance.

A rare frame: by how many documents of 20 carry it on average, of a model that finds most of it and
invents some, and of two coders who each miss some of it. Sets without an interval do not count.

Calibration error: of probabilities that are right, and of some that are off, with percentiles, with
these mirrored at the figure (the basic bootstrap), and as stance does.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from stance.agreement import Coding, agreement
from stance.confusion import count_states, stance_figures
from stance.figures import Figure
from stance.resampling import draw, ratio
from stance.scoring import BINS, score

Floats = npt.NDArray[np.float64]

SHARES = np.array([0.9, 0.06, 0.04])
#: A document's mixture is drawn from a Dirichlet distribution: the smaller, the less alike.
CONCENTRATION = 3
#: Of the gold stances (rows), how the model judges them.
MODELS = {
    "good": [[0.96, 0.02, 0.02], [0.10, 0.88, 0.02], [0.10, 0.02, 0.88]],
    "middling": [[0.95, 0.03, 0.02], [0.35, 0.60, 0.05], [0.40, 0.10, 0.50]],
    "poor": [[0.97, 0.02, 0.01], [0.60, 0.35, 0.05], [0.70, 0.10, 0.20]],
}
SIZES = ((10, 20), (20, 10), (40, 5))
RESAMPLES = 600
NOTHING = Figure(None, None, None)


def over_the_others(confusion: Floats) -> Floats:
    """Return the mean as stance computes it."""
    counts = np.zeros((len(confusion), 1, 5, 4))
    counts[:, 0, 1:4, 1:4] = confusion
    return stance_figures(counts)["stance_macro"]


def left_out(confusion: Floats) -> Floats:
    """Return the mean over all three; NaN where gold lacks one."""
    lacking = (confusion.sum(axis=-1) == 0).any(axis=-1)
    return np.where(lacking, np.nan, over_the_others(confusion))


def zero_where_given(confusion: Floats) -> Floats:
    """Return the mean over all three, 0 for one that was only given; NaN where it was not."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    return ratio(2 * hits, confusion.sum(axis=-1) + confusion.sum(axis=-2)).mean(axis=-1)


RULES: dict[str, Callable[[Floats], Floats]] = {
    "over the others": over_the_others,
    "left out": left_out,
    "0 where given": zero_where_given,
}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", type=int, default=300)
    arguments = parser.parse_args()
    generator = np.random.default_rng(0)
    print_stances(generator, arguments.sets)
    print_rare_frames(generator, arguments.sets)
    print_calibration(generator, arguments.sets)


def print_stances(generator: np.random.Generator, sets: int) -> None:
    """Print how often intervals of stance macro-F1 hold it."""
    print_head("model", "documents", "sentences of each", *RULES)
    for name, errors in MODELS.items():
        for documents, each in SIZES:
            held = coverage(generator, np.array(errors), documents, each, sets)
            print_row(name, documents, each, *map(percent, held))


def print_head(*names: str) -> None:
    """Print the head of a table."""
    print("\n| " + " | ".join(names) + " |")
    print("| --- " * len(names) + "|", flush=True)


def print_row(*cells: object) -> None:
    """Print a row of it."""
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def percent(share: float) -> str:
    """Write a share."""
    return f"{100 * share:.0f}%"


def coverage(
    generator: np.random.Generator, errors: Floats, documents: int, each: int, sets: int
) -> Floats:
    """Return, of each rule, the share of sets whose interval holds the truth."""
    truth = over_the_others((SHARES[:, None] * errors)[None])[0]
    names = np.repeat(np.arange(documents), each)
    held = np.zeros((sets, len(RULES)))
    number = 0
    while number < sets:
        gold, predicted = draw_set(generator, errors, documents, each)
        if len(np.unique(gold)) < len(SHARES):
            continue
        seed = int(generator.integers(2**31))
        weights = np.concatenate(list(draw(names, len(names), RESAMPLES, seed).weights))[1:]
        confusion = count_states(gold[:, None], predicted[:, None], weights)[:, 0, 1:4, 1:4]
        for place, rule in enumerate(RULES.values()):
            values = rule(confusion)
            low, high = np.nanpercentile(values, (2.5, 97.5))
            held[number, place] = low <= truth <= high
        number += 1
    return held.mean(axis=0)


def draw_set(
    generator: np.random.Generator, errors: Floats, documents: int, each: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Draw the gold and predicted stances of all sentences, 1 to 3, document by document."""
    mixtures = generator.dirichlet(SHARES * CONCENTRATION, size=documents)
    gold = np.concatenate([generator.choice(3, size=each, p=mixture) for mixture in mixtures])
    predicted = np.array([generator.choice(3, p=errors[one]) for one in gold])
    return gold + 1, predicted + 1


def print_rare_frames(generator: np.random.Generator, sets: int) -> None:
    """Print how often intervals of a rare frame's figures hold them."""
    print_head("documents of 20 with the frame", "F1", "average precision", "alpha")
    for carriers in (2, 3, 4, 6, 10):
        truth = figures_of(*draw_rare(generator, 10_000, carriers / 20), resamples=0)
        held = []
        for _ in range(sets):
            found = figures_of(*draw_rare(generator, 20, carriers / 20), resamples=300)
            held.append(list(map(holds, found, truth)))
        print_row(carriers, *map(percent, np.nanmean(held, axis=0)))


def holds(found: Figure, truth: Figure) -> float:
    """Return whether an interval holds the truth, 0 or 1; NaN where there is none."""
    if found.low is None or found.high is None or truth.value is None:
        return float("nan")
    return float(found.low <= truth.value <= found.high)


def draw_rare(
    generator: np.random.Generator, documents: int, share: float
) -> tuple[npt.NDArray[np.int64], Floats, npt.NDArray[np.int64]]:
    """Draw gold, P(frame) and two codings; such a share of the documents carries the frame."""
    carries = np.repeat(generator.random(documents) < share, 10)
    first = np.arange(10 * documents) % 10 == 0
    gold = (carries & (first | (generator.random(len(first)) < 0.15))).astype(np.int64)
    probabilities = 1 / (1 + np.exp(-generator.normal(3 * gold - 2, 1.2)))
    coders = gold * (generator.random((2, len(gold))) < 0.7)
    return gold, probabilities, coders


def figures_of(
    gold: npt.NDArray[np.int64],
    probabilities: Floats,
    coders: npt.NDArray[np.int64],
    *,
    resamples: int,
) -> list[Figure]:
    """Return F1, average precision and alpha, as stance computes them."""
    names = [f"d{row // 10}" for row in range(len(gold))]
    states = np.zeros((len(gold), 1, 4))
    states[:, 0, 0], states[:, 0, 1] = 1 - probabilities, probabilities
    predicted = (probabilities >= 0.5).astype(np.int64)[:, None]
    scored = score(gold[:, None], states, predicted, names, frames=["x"], resamples=resamples)
    codings = [
        Coding(str(row), "ab"[coder], {"x": "favor"} if there else {}, names[row])
        for coder, coding in enumerate(coders)
        for row, there in enumerate(coding)
    ]
    if not coders.any():
        return [scored.frames["x"].f1, scored.frames["x"].average_precision, NOTHING]
    alike = agreement(codings, resamples=resamples).frames["x"]
    low, high = alike.interval or (None, None)
    alpha = Figure(alike.alpha, low, high)
    return [scored.frames["x"].f1, scored.frames["x"].average_precision, alpha]


def print_calibration(generator: np.random.Generator, sets: int) -> None:
    """Print how often intervals of the calibration error hold it."""
    print_head(
        "probabilities", "documents", "sentences of each", "error", "percentiles", "mirrored",
        "as stance does",
    )  # fmt: skip
    for name, shift in {"right": 0.0, "off": 0.5, "far off": 1.0}.items():
        truth = np.abs(gaps(*draw_probabilities(generator, 20_000, 20, shift)).mean(axis=0)).sum()
        for documents, each in ((10, 20), (20, 10), (40, 5), (100, 20)):
            held = np.zeros(3)
            for _ in range(sets):
                found = calibration_intervals(generator, documents, each, shift)
                held += [low <= truth <= high for low, high in found]
            print_row(name, documents, each, f"{truth:.3f}", *map(percent, held / sets))


def calibration_intervals(
    generator: np.random.Generator, documents: int, each: int, shift: float
) -> list[tuple[float, float]]:
    """Draw a set; return the interval of its calibration error by each way."""
    open_ = gaps(*draw_probabilities(generator, documents, each, shift))
    names = np.repeat(np.arange(documents), each)
    weights = np.concatenate(list(draw(names, len(names), RESAMPLES, 0).weights))
    by_bin = weights @ open_ / weights.sum(axis=1, keepdims=True)
    values = np.abs(by_bin).sum(axis=1)
    low, high = np.percentile(values[1:], (2.5, 97.5))
    found = Figure.of_gaps(values, np.abs(by_bin - by_bin[0]).sum(axis=1))
    mirrored = (max(0, min(values[0], 2 * values[0] - high)), max(values[0], 2 * values[0] - low))
    return [(low, high), mirrored, (found.low or 0, found.high or 1)]


def draw_probabilities(
    generator: np.random.Generator, documents: int, each: int, shift: float
) -> tuple[Floats, Floats]:
    """Draw P(frame), and whether the frame is there: by those odds, times e to the shift."""
    odds = np.repeat(generator.normal(-1.5, 0.7, size=documents), each)
    odds = odds + generator.normal(0, 1.5, size=len(odds))
    present = generator.random(len(odds)) < 1 / (1 + np.exp(-odds - shift))
    return 1 / (1 + np.exp(-odds)), present.astype(float)


def gaps(probabilities: Floats, present: Floats) -> Floats:
    """Return P(frame) − presence of each sentence, in the column of its bin."""
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    return np.eye(BINS)[bins] * (probabilities - present)[:, None]


if __name__ == "__main__":
    main()
