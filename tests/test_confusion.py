import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.confusion import count_states, mean_of_defined, presence_figures, stance_figures

FRAMES = 3


def draw(seed, sentences=40):
    """Gold states, predicted ones, and the weights of three resamples."""
    generator = np.random.default_rng(seed)
    gold = generator.choice([-1, 0, 1, 2, 3], size=(sentences, FRAMES), p=[0.1, 0.5, 0.2, 0.1, 0.1])
    predicted = generator.choice(4, size=gold.shape, p=[0.5, 0.2, 0.2, 0.1])
    weights = generator.integers(3, size=(3, sentences)).astype(float)
    return gold, predicted, weights


def all_figures(gold, predicted, weights):
    counts = count_states(gold, predicted, weights)
    return presence_figures(counts) | stance_figures(counts)


def test_counts_are_those_of_the_sentences():
    gold, predicted = np.array([[1, 0], [-1, 2], [1, 0]]), np.array([[1, 3], [0, 2], [2, 3]])
    counts = count_states(gold, predicted, np.array([[1.0, 1, 1], [0, 2, 3]]))
    assert counts.shape == (2, 2, 5, 4)
    assert counts.sum(axis=(2, 3)).tolist() == [[3, 3], [5, 5]]
    assert (counts[0, 0, 1, 1], counts[0, 0, 4, 0], counts[1, 0, 1, 2]) == (1, 1, 3)
    assert (counts[1, 1, 0, 3], counts[1, 1, 2, 2]) == (3, 2)


@pytest.mark.parametrize("seed", range(3))
def test_a_resample_has_the_figures_of_its_sentences(seed):
    gold, predicted, weights = draw(seed, sentences=12)
    drawn = all_figures(gold, predicted, weights)
    for number, weight in enumerate(weights):
        times = weight.astype(int)
        rows = (np.repeat(gold, times, axis=0), np.repeat(predicted, times, axis=0))
        alone = all_figures(*rows, np.ones((1, times.sum())))
        for name, values in alone.items():
            np.testing.assert_allclose(drawn[name][number], values[0], err_msg=name)


def test_a_mean_is_over_what_is_defined():
    values = np.array([[1.0, 0.5], [1.0, np.nan], [np.nan, np.nan]])
    np.testing.assert_allclose(mean_of_defined(values), [0.75, 1.0, np.nan])


@given(seed=st.integers(0, 1000), frame=st.integers(0, FRAMES - 1))
def test_what_gold_lacks_has_no_figure(seed, frame):
    gold, predicted, weights = draw(seed, sentences=9)
    gold[:, frame] = 0
    figures = all_figures(gold, predicted, weights)
    for name in ("precision", "recall", "f1", "frame_stance", "frame_end_to_end"):
        assert np.isnan(figures[name][:, frame]).all(), name
    for name, values in figures.items():
        assert np.all(np.isnan(values) | ((values >= 0) & (values <= 1))), name
