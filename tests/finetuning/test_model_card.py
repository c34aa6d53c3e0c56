"""What a training says of itself."""

import numpy as np

from stance.finetuning.card import figure_lines
from stance.scoring import score


def lines_of(stances):
    states = np.array(stances)[:, None]
    probabilities = np.full((len(stances), 1, 4), 0.02, np.float32)
    probabilities[np.arange(len(stances)), 0, stances] = 0.94
    groups = [str(n) for n in range(len(stances))]
    return figure_lines(
        score(states, probabilities, states, groups, frames=["trade"], resamples=0), "held out"
    )


def test_stances_without_a_figure_are_named():
    assert lines_of([0, 0, 1, 1, 3])[-1] == (
        "  not in stance macro-F1, since no frame with it was rightly found: neutral"
    )


def test_where_each_has_one_nothing_more_is_said():
    assert lines_of([0, 1, 2, 3])[-1].startswith("  trade: F1 1.00")
