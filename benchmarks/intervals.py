"""How often a 95% interval of macro-F1 holds the truth, by what a resample does that lacks a class.

    python benchmarks/intervals.py [--sets 300]

Sets of documents are drawn from a world that is known: three stances, two of them rare, each
document with a mixture of its own, and a model that errs in a known way. Of each set in which all
three occur, the interval of stance macro-F1 is computed, with the resamples that lack a stance
counted over the others (as stance does), left out, or counted with F1 0 where the model gave the
stance. Prints the table in docs/method.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from stance.confusion import count_states, stance_figures
from stance.resampling import draw, ratio

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
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", type=int, default=300)
    arguments = parser.parse_args()
    print("| model | documents | sentences of each | " + " | ".join(RULES) + " |")
    print("| --- " * (3 + len(RULES)) + "|")
    generator = np.random.default_rng(0)
    for name, errors in MODELS.items():
        for documents, each in SIZES:
            held = coverage(generator, np.array(errors), documents, each, arguments.sets)
            cells = (f"{100 * share:.0f}%" for share in held)
            print(f"| {name} | {documents} | {each} | " + " | ".join(cells) + " |", flush=True)


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


if __name__ == "__main__":
    main()
