"""How numbers of a matrix product are brought to 8 bits: weights by column, activations by input.

All of one input's activations share a scale and a zero point, read from example sentences. Where a
few channels are far larger than the others, as after GELU, their share of the range is first moved
into the weights, as in SmoothQuant (Xiao et al. 2023): x / c and c · W have the same product. How
far is tried out on the examples, one input at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["WEIGHT_LEVELS", "Activations", "Steps", "choose_steps", "columns_in_8_bits"]

#: The weights of matrix products use 7 of their 8 bits: processors without 8-bit dot products add
#: pairs of products in 16 bits, which larger weights would overflow, and such a processor would
#: give other labels. So every processor gives the same sums, at full speed.
WEIGHT_LEVELS = 63.0
# SmoothQuant's alpha: how much of a channel's range goes into the weights.
_ALPHAS = (0.5, 0.7, 0.85)
# Moving ranges costs a multiplication, so it has to save this share of the error.
_WORTH_IT = 0.1
_LEAST = 1e-5
# Channels are evened out by powers of the fourth root of 2: on so coarse a grid what two processors
# read is seldom different.
_QUARTERS = 4


@dataclass(frozen=True)
class Activations:
    """What was seen of one input.

    Attributes:
        low: the least value of each channel, of shape (width,).
        high: the greatest, of shape (width,).
        sample: some tokens' values, of shape (tokens, width).
    """

    low: NDArray[np.float32]
    high: NDArray[np.float32]
    sample: NDArray[np.float32]


@dataclass(frozen=True)
class Steps:
    """Activations x are held as the integer nearest to ``x / channels / scale + zero``, 0 to 255.

    Attributes:
        scale: of all activations, above 0.
        zero: the integer that stands for 0.
        channels: of each channel, of shape (width,); None: 1 for all.
    """

    scale: float
    zero: int
    channels: NDArray[np.float32] | None = None

    def scaled(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the weights that these activations are multiplied with, of shape (width, n)."""
        return weights if self.channels is None else weights * self.channels[:, None]

    def rounded(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return ``values / channels`` as they come back from 8 bits."""
        if self.channels is not None:
            values = values / self.channels
        integers = np.clip(np.round(values / self.scale) + self.zero, 0, 255)
        restored: NDArray[np.float32] = ((integers - self.zero) * self.scale).astype(np.float32)
        return restored


def choose_steps(
    given: Activations, weights: Sequence[NDArray[np.float32]], *, may_move: bool = True
) -> Steps:
    """Return the steps that change the products of ``given`` with ``weights`` least.

    Args:
        given: the activations.
        weights: the matrices that they are multiplied with, each of shape (width, n).
        may_move: whether ranges of channels may be moved into the weights.
    """
    plain = _steps(given, None)
    least, chosen = (1 - _WORTH_IT) * _error(given, weights, plain), plain
    for alpha in _ALPHAS if may_move else ():
        moved = _steps(given, _channels(given, weights, alpha))
        error = _error(given, weights, moved)
        if error < least:
            least, chosen = error, moved
    return chosen


def columns_in_8_bits(
    weights: NDArray[np.float32], levels: float
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return the integers of a matrix and the scale of each of its columns."""
    scales = np.maximum(np.abs(weights).max(axis=0), 1e-12) / levels
    return np.round(weights / scales).astype(np.int8), scales.astype(np.float32)


def _steps(given: Activations, channels: NDArray[np.float32] | None) -> Steps:
    low, high = given.low.astype(np.float64), given.high.astype(np.float64)
    if channels is not None:
        low, high = low / channels, high / channels
    # 0 has to be among the values: it is what padding and GELU give most.
    least, greatest = min(low.min(), 0.0), max(high.max(), 0.0)
    # A grid of three digits: the last bits of what was read differ from processor to processor.
    step = max(greatest - least, _LEAST) / 255
    unit = 10.0 ** (np.floor(np.log10(step)) - 2)
    scale = float(np.ceil(step / unit) * unit)
    return Steps(scale, int(np.clip(round(-least / scale), 0, 255)), channels)


def _channels(
    given: Activations, weights: Sequence[NDArray[np.float32]], alpha: float
) -> NDArray[np.float32]:
    activations = np.maximum(np.maximum(np.abs(given.low), np.abs(given.high)), _LEAST)
    largest = np.maximum(np.max([np.abs(matrix).max(axis=1) for matrix in weights], axis=0), _LEAST)
    wanted = activations.astype(np.float64) ** alpha / largest.astype(np.float64) ** (1 - alpha)
    quarters = np.round(_QUARTERS * np.log2(wanted / np.exp(np.log(wanted).mean())))
    channels: NDArray[np.float32] = np.exp2(quarters / _QUARTERS).astype(np.float32)
    return channels


def _error(given: Activations, weights: Sequence[NDArray[np.float32]], steps: Steps) -> float:
    """Return how far the products of the sample move: the root of their summed mean squares."""
    rounded = steps.rounded(given.sample)
    total = 0.0
    for matrix in weights:
        integers, scales = columns_in_8_bits(steps.scaled(matrix), WEIGHT_LEVELS)
        difference = rounded @ (integers * scales) - given.sample @ matrix
        total += float(np.square(difference, dtype=np.float64).mean())
    return float(np.sqrt(total))
