"""What a training needs: whether it fits into the GPU's memory, how many fit side by side."""

from __future__ import annotations

import unicodedata

from stance.finetuning.bases import Base
from stance.finetuning.recipe import Recipe

__all__ = ["needs_gradient_checkpointing", "tokens_of", "trainings_that_fit"]

# Weights, gradients and AdamW's two moments, in float32.
_BYTES_A_PARAMETER = 16
# Of a layer, in 16 bits, attention scores aside (Korthikanti et al. 2022, Reducing Activation
# Recomputation in Large Transformer Models, section 4).
_BYTES_AN_ACTIVATION = 34
_USABLE = 0.8
# Of English, about.
_CHARACTERS_A_TOKEN = 4.5
# Of a process that has loaded torch and transformers, whatever it trains.
_BYTES_A_PROCESS = 700_000_000


def needs_gradient_checkpointing(base: Base, recipe: Recipe) -> bool:
    """Say whether the activations have to be computed twice rather than kept. Never on the CPU."""
    import torch

    if not torch.cuda.is_available():
        return False
    total = torch.cuda.get_device_properties(0).total_memory
    return training_bytes(base, recipe) > _USABLE * total


def trainings_that_fit(base: Base, recipe: Recipe) -> int:
    """Return how many trainings fit beside one another into the memory that is free; 1 at least."""
    import psutil

    free = _USABLE * psutil.virtual_memory().available
    return max(1, int(free / (_BYTES_A_PROCESS + training_bytes(base, recipe))))


def training_bytes(base: Base, recipe: Recipe) -> int:
    """Estimate what a training holds in memory.

    The weights are counted by the size of their files, which hold 2 or 4 bytes each.
    """
    weights = sum(file.stat().st_size for file in base.weights) // 2
    tokens = recipe.batch_size * recipe.max_length
    return (
        _BYTES_A_PARAMETER * weights
        + _BYTES_AN_ACTIVATION * tokens * base.hidden_size * base.layers
    )


def tokens_of(text: str) -> float:
    """Estimate how many tokens a text has, without a tokenizer.

    A letter of Chinese, Japanese or Korean is a token, more or less; so are 4.5 of English.

    >>> tokens_of("cooperate"), tokens_of("贸易")
    (2.0, 2.0)
    """
    wide = 0
    if not text.isascii():
        wide = sum(c.isalpha() and unicodedata.east_asian_width(c) in "FW" for c in text)
    return (len(text) - wide) / _CHARACTERS_A_TOKEN + wide
