"""A classifier of transformers, and what is done with it: batches, and order in its process."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Classifier",
    "bfloat16_on_cpu",
    "own_random_numbers",
    "predict_logits",
    "run_batches",
]


@dataclass(frozen=True)
class Classifier:
    """A sequence classifier of transformers in float32 on the CPU, and its tokenizer."""

    model: Any
    tokenizer: Any


def predict_logits(
    classifier: Classifier, texts: Sequence[str], *, max_length: int, batch_size: int = 64
) -> NDArray[np.float32]:
    """Return the logits of n texts, float32 of shape (n, F * 4).

    Computed in float32; inside a training, in the arithmetic of the training.
    """
    logits = np.empty((len(texts), classifier.model.config.num_labels), dtype=np.float32)
    for rows, found in run_batches(classifier, texts, max_length=max_length, batch_size=batch_size):
        logits[rows] = found
    return logits


def run_batches(
    classifier: Classifier, texts: Sequence[str], *, max_length: int, batch_size: int = 64
) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
    """Yield the positions and the logits of texts of like length, batch after batch."""
    import torch

    from stance.backends.first_token import narrowed_last_layer

    encoded = classifier.tokenizer(list(texts), truncation=True, max_length=max_length)["input_ids"]
    device = classifier.model.device
    order = sorted(range(len(texts)), key=lambda index: len(encoded[index]))
    with torch.inference_mode():
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            batch = classifier.tokenizer.pad(
                {"input_ids": [encoded[row] for row in rows]}, return_tensors="pt"
            ).to(device)
            with narrowed_last_layer(classifier.model):
                logits = classifier.model(**batch).logits
            yield rows, logits.float().cpu().numpy()


@contextmanager
def own_random_numbers() -> Iterator[None]:
    """Leave the caller's random numbers as they were: a training seeds those of the process."""
    import torch

    python, arrays, tensors = random.getstate(), np.random.get_state(), torch.get_rng_state()
    on_gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(arrays)
        torch.set_rng_state(tensors)
        torch.cuda.set_rng_state_all(on_gpus)


def bfloat16_on_cpu() -> bool:
    """Say whether this machine's processor multiplies bfloat16 faster than float32."""
    flags = ("avx512_bf16", "amx_bf16", "bf16")
    try:
        found = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        return False
    return any(flag in found for flag in flags)
