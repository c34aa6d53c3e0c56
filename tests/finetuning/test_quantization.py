"""Numbers of a matrix product in 8 bits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stance.finetuning.quantization import (
    WEIGHT_LEVELS,
    Activations,
    choose_steps,
    columns_in_8_bits,
)

SMALL = st.floats(-100, 100, width=32)


def seen(sample):
    return Activations(sample.min(axis=0), sample.max(axis=0), sample)


def matrix(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@given(arrays(np.float32, (5, 3), elements=SMALL))
def test_what_was_seen_comes_back_within_a_step(sample):
    steps = choose_steps(seen(sample), [matrix(0, 3, 4)])
    channels = 1 if steps.channels is None else steps.channels
    assert np.abs(steps.rounded(sample) - sample / channels).max() <= steps.scale * 1.01
    assert 0 <= steps.zero <= 255


@given(arrays(np.float32, (5, 3), elements=SMALL))
def test_nothing_comes_back_as_nothing(sample):
    """Padding and GELU give 0 more often than anything else."""
    steps = choose_steps(seen(sample), [matrix(0, 3, 4)])
    assert np.all(steps.rounded(np.zeros((1, 3), np.float32)) == 0)


def test_even_channels_are_left_as_they_are():
    # The noise of rounding decides little here, so a multiplication is not worth it.
    assert choose_steps(seen(matrix(1, 400, 32)), [matrix(2, 32, 16)]).channels is None


def test_the_range_of_a_large_channel_is_moved_into_the_weights():
    sample = matrix(1, 400, 32)
    sample[:, 3] *= 60
    weights = matrix(2, 32, 16)
    steps = choose_steps(seen(sample), [weights])
    assert steps.channels.argmax() == 3
    exact = sample @ weights
    np.testing.assert_allclose(
        (sample / steps.channels) @ steps.scaled(weights), exact, rtol=1e-3, atol=1e-3
    )
    plain = choose_steps(seen(sample), [weights], may_move=False)
    assert plain.channels is None
    errors = [np.abs(each.rounded(sample) @ each.scaled(weights) - exact).mean()
              for each in (steps, plain)]  # fmt: skip
    assert errors[0] < errors[1] / 2


def test_values_beyond_what_was_seen_are_cut_off():
    steps = choose_steps(seen(matrix(1, 400, 4)), [matrix(2, 4, 4)])
    far = steps.rounded(np.full((1, 4), 1e6, np.float32))
    assert np.all(far == (255 - steps.zero) * np.float32(steps.scale))


def test_the_last_bits_of_what_was_seen_seldom_matter():
    sample = matrix(1, 400, 32)
    sample[:, 3] *= 60
    weights = matrix(2, 32, 16)
    one = choose_steps(seen(sample), [weights])
    other = choose_steps(seen(np.nextafter(sample, np.inf, dtype=np.float32)), [weights])
    assert (one.scale, one.zero) == (other.scale, other.zero)
    assert np.array_equal(one.channels, other.channels)


@pytest.mark.parametrize("levels", [WEIGHT_LEVELS, 127.0])
def test_each_column_of_weights_uses_all_its_levels(levels):
    weights = matrix(3, 20, 5) * np.array([1e-3, 1, 10, 1e3, 0], np.float32)
    integers, scales = columns_in_8_bits(weights, levels)
    assert integers.dtype == np.int8
    assert list(np.abs(integers).max(axis=0)) == [levels, levels, levels, levels, 0]
    assert np.all(np.abs(integers * scales - weights) <= scales * 0.501)
