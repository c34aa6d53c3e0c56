"""What a backend is: token batches in, logits out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Backend", "Batch"]


@dataclass(frozen=True)
class Batch:
    """Texts as tokens, padded to the longest: two int64 arrays of shape (rows, tokens)."""

    input_ids: NDArray[np.int64]
    attention_mask: NDArray[np.int64]


class Backend(Protocol):
    """A runtime that holds the encoder.

    A row's logits depend on that row alone: neither on the other rows of its batch nor on the
    padding. Backends may be called from several threads at once.

    Attributes:
        name: what ``stance info`` and the results' metadata call it.
        device: where it runs: ``cpu``, ``cuda``, ...
        batch_tokens: number of tokens, padding included, that a batch should hold for best speed.
    """

    name: str
    device: str
    batch_tokens: int

    def logits(self, batches: Sequence[Batch]) -> list[NDArray[np.float32]]:
        """Return one float32 array of shape (rows, outputs) a batch, in their order.

        Raises:
            ModelError: the backend is closed, or its weights cannot run a batch.
        """
        ...

    def close(self) -> None:
        """Release threads and memory; the backend cannot be used afterwards."""
        ...
