"""What a training says of itself."""

import numpy as np
import pytest

from stance.finetuning.card import _limits, figure_lines
from stance.scoring import score


def figures_of(stances, found=None, resamples=0):
    """Return the figures of one frame, where other stances may be found than there are."""
    gold = np.array(stances)[:, None]
    predicted = gold if found is None else np.array(found)[:, None]
    probabilities = np.full((len(stances), 1, 4), 0.02, np.float32)
    probabilities[np.arange(len(stances)), 0, predicted[:, 0]] = 0.94
    groups = [str(n) for n in range(len(stances))]
    return score(gold, probabilities, predicted, groups, frames=["trade"], resamples=resamples)


def lines_of(stances):
    return figure_lines(figures_of(stances), "held out")


def test_stances_without_a_figure_are_named():
    assert lines_of([0, 0, 1, 1, 3])[-1] == (
        "  not in stance macro-F1, since no rightly found frame is labelled so: neutral"
    )


def test_where_each_has_one_nothing_more_is_said():
    assert lines_of([0, 1, 2, 3])[-1].startswith("  trade: F1 1.00")


@pytest.mark.parametrize(
    ("found", "interval", "weak"),
    [
        ([0, 1, 2, 3] * 10, False, False),
        ([0, 0, 0, 0] * 10, False, True),
        ([0, 1, 2, 0] * 10, True, False),
        ([3, 0, 0, 3] * 10, True, True),
    ],
    ids=["all", "none", "most", "few"],
)
def test_a_frame_without_an_interval_is_weak_by_its_figure(found, interval, weak):
    figures = figures_of([0, 1, 2, 3] * 10, found, resamples=200)
    assert (figures.frames["trade"].f1.low is not None) is interval
    limits = _limits(figures, {"not_judged": []})
    assert ("Not shown to be found reliably (F1 may be below one half): trade." in limits) is weak
