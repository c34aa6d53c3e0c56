import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.confusion import Classes, count_states, mean_over, presence_figures, stance_figures

FRAMES = 3


def draw(seed, sentences=40):
    """Gold states, predicted ones, and the weights of three resamples."""
    generator = np.random.default_rng(seed)
    gold = generator.choice([-1, 0, 1, 2, 3], size=(sentences, FRAMES), p=[0.1, 0.5, 0.2, 0.1, 0.1])
    predicted = generator.choice(4, size=gold.shape, p=[0.5, 0.2, 0.2, 0.1])
    weights = generator.integers(3, size=(3, sentences)).astype(float)
    return gold, predicted, weights


def test_counts_are_those_of_the_sentences():
    gold, predicted = np.array([[1, 0], [-1, 2], [1, 0]]), np.array([[1, 3], [0, 2], [2, 3]])
    counts = count_states(gold, predicted, np.array([[1.0, 1, 1], [0, 2, 3]]))
    assert counts.shape == (2, 2, 5, 4)
    assert counts.sum(axis=(2, 3)).tolist() == [[3, 3], [5, 5]]
    assert (counts[0, 0, 1, 1], counts[0, 0, 4, 0], counts[1, 0, 1, 2]) == (1, 1, 3)
    assert (counts[1, 1, 0, 3], counts[1, 1, 2, 2]) == (3, 2)


def test_classes_are_those_of_gold():
    gold, predicted = np.array([[1, 0], [3, 0], [-1, 0]]), np.array([[2, 1], [0, 1], [1, 1]])
    classes = Classes.of(gold, predicted)
    assert classes.present.tolist() == [True, False]
    assert classes.coded.tolist() == [[True, False, True], [False] * 3]
    assert classes.found.tolist() == [[True, False, False], [False] * 3]
    assert (classes.any_coded.tolist(), classes.any_found.tolist()) == (
        [True, False, True],
        [True, False, False],
    )


@pytest.mark.parametrize("seed", range(3))
def test_f1_equals_scikit_learn_on_every_resample(seed):
    metrics = pytest.importorskip("sklearn.metrics")
    gold, predicted, weights = draw(seed, sentences=12)
    figures = stance_figures(
        count_states(gold, predicted, weights), Classes.of(gold, predicted)
    ) | presence_figures(count_states(gold, predicted, weights), Classes.of(gold, predicted))
    options = {"average": None, "zero_division": np.nan}
    for row, weight in enumerate(weights):
        # Repeated, and not weighted: only so does scikit-learn know which classes are there.
        times = weight.astype(int)
        real, given_states = np.repeat(gold, times, axis=0), np.repeat(predicted, times, axis=0)
        for frame in range(FRAMES):
            one, other = real[:, frame], given_states[:, frame]
            expected = metrics.f1_score(one != 0, other != 0, labels=[True], **options)
            np.testing.assert_allclose(figures["f1"][row, frame], expected[0])
            coded = one != -1
            expected = metrics.f1_score(one[coded], other[coded], labels=[1, 2, 3], **options)
            mean = expected[Classes.of(gold, predicted).coded[frame]].mean()
            np.testing.assert_allclose(figures["frame_end_to_end"][row, frame], mean)


def test_a_mean_is_over_the_same_classes_in_every_resample():
    values = np.array([[1.0, 0.5, 0.2], [1.0, np.nan, 0.2], [np.nan, 0.5, 0.2]])
    means = mean_over(values, np.array([False, True, True]))
    np.testing.assert_allclose(means, [0.35, np.nan, 0.35])
    assert np.isnan(mean_over(values, np.zeros(3, dtype=bool))).all()


@given(seed=st.integers(0, 1000), frame=st.integers(0, FRAMES - 1))
def test_what_gold_lacks_has_no_figure(seed, frame):
    gold, predicted, weights = draw(seed, sentences=9)
    gold[:, frame] = 0
    counts, classes = count_states(gold, predicted, weights), Classes.of(gold, predicted)
    figures = presence_figures(counts, classes) | stance_figures(counts, classes)
    for name in ("precision", "recall", "f1", "frame_stance", "frame_end_to_end"):
        assert np.isnan(figures[name][:, frame]).all(), name
    for name, values in figures.items():
        assert np.all(np.isnan(values) | ((values >= 0) & (values <= 1))), name
