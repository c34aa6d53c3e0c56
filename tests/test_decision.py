import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stance.codebook import Codebook, Frame
from stance.decision import UNCERTAIN, Decision
from stance.errors import CodebookError, InputError

BOOK = Codebook((Frame("one"), Frame("two")))
PLAIN = Decision.plain(2)
logits = arrays(np.float32, (3, 8), elements=st.floats(-50, 50, width=32))


@given(logits, st.floats(0.05, 20), st.floats(-10, 10))
def test_probabilities_of_a_frame_sum_to_one(values, temperature, offset):
    decision = Decision((temperature,) * 2, (offset,) * 2, (0.5,) * 2, {})
    probabilities = decision.probabilities(values)
    assert probabilities.shape == (3, 2, 4)
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-5)


# Beyond these, float32 has no room left between the stances of a frame that is surely absent.
moderate = arrays(np.float32, (3, 8), elements=st.floats(-5, 5, width=32))


@given(moderate, st.floats(0.5, 20))
def test_temperature_never_changes_the_likeliest_stance(values, temperature):
    warm = Decision((temperature,) * 2, (0.0,) * 2, (0.0,) * 2, {}).probabilities(values)
    plain = PLAIN.probabilities(values)
    likeliest = np.take_along_axis(plain[..., 1:], warm[..., 1:].argmax(-1)[..., None], -1)[..., 0]
    np.testing.assert_allclose(likeliest, plain[..., 1:].max(-1), rtol=1e-3, atol=1e-7)


@given(logits, st.floats(0.01, 10))
def test_a_higher_offset_makes_a_frame_less_likely(values, offset):
    shifted = Decision((1.0,) * 2, (offset,) * 2, (0.5,) * 2, {}).probabilities(values)
    assert (shifted[..., 0] >= PLAIN.probabilities(values)[..., 0] - 1e-6).all()


@given(logits, st.floats(0, 1), st.floats(0, 1))
def test_a_higher_threshold_finds_no_more_frames(values, one, other):
    low, high = sorted((one, other))
    probabilities = PLAIN.probabilities(values)
    few = Decision((1.0,) * 2, (0.0,) * 2, (high,) * 2, {}).states(probabilities) > 0
    many = Decision((1.0,) * 2, (0.0,) * 2, (low,) * 2, {}).states(probabilities) > 0
    assert (many | ~few).all()


def probabilities_of(*present):
    return np.array([[[1 - p, p, 0, 0], [1, 0, 0, 0]] for p in present], dtype=np.float32)


def test_a_frame_at_its_threshold_is_present():
    assert PLAIN.states(probabilities_of(0.5))[0].tolist() == [1, 0]


def test_the_stance_is_the_likeliest_of_the_three():
    probabilities = np.array([[[0.4, 0.1, 0.2, 0.3], [0.9, 0.05, 0.05, 0]]], dtype=np.float32)
    assert PLAIN.states(probabilities).tolist() == [[3, 0]]


def test_inside_the_band_a_frame_is_uncertain():
    decision = Decision((1.0,) * 2, (0.0,) * 2, (0.5,) * 2, {0.05: ((0.4, 0.6), (0.4, 0.6))})
    states = decision.states(probabilities_of(0.3, 0.45, 0.55, 0.65), abstain=0.05)
    assert states[:, 0].tolist() == [0, UNCERTAIN, UNCERTAIN, 1]


def test_without_a_band_for_the_share_the_error_names_the_known_ones():
    decision = Decision((1.0,), (0.0,), (0.5,), {0.1: ((0.4, 0.6),)})
    with pytest.raises(InputError, match=r"0\.2; the model has 0\.1"):
        decision.states(probabilities_of(0.5)[:, :1], abstain=0.2)


def test_thresholds_change_for_the_frames_named():
    assert PLAIN.with_thresholds({"two": 0.9}, BOOK).thresholds == (0.5, 0.9)


def test_a_threshold_for_an_unknown_frame_is_refused():
    with pytest.raises(CodebookError, match="three"):
        PLAIN.with_thresholds({"three": 0.5}, BOOK)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_threshold_outside_zero_to_one_is_refused(value):
    with pytest.raises(InputError, match="expected 0 to 1"):
        PLAIN.with_thresholds({"one": value}, BOOK)
