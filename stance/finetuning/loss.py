"""The loss, and the Trainer that uses it.

This module imports torch and transformers as it loads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch.nn.functional import log_softmax
from torch.utils.data import Sampler
from transformers import Trainer

from stance.codebook import STATES
from stance.finetuning.recipe import NOT_JUDGED

__all__ = ["LengthSampler", "frame_loss", "frame_trainer"]


def frame_loss(
    logits: torch.Tensor,
    states: torch.Tensor,
    *,
    state_weights: torch.Tensor,
    label_smoothing: float,
) -> torch.Tensor:
    """Return the weighted mean cross-entropy over rows and frames, a scalar.

    Args:
        logits: float tensor of shape (n, F * 4).
        states: int64 tensor of shape (n, F); -1 is a frame that is present with its stance not
            coded, whose loss is that of "not absent"; -2 is a frame nobody looked for: no loss.
        state_weights: float tensor of shape (4,).
        label_smoothing: share of the mass that goes to all four states alike.
    """
    log_probabilities = log_softmax(logits.float().view(*states.shape, len(STATES)), dim=-1)
    known = states.clamp(min=0)
    right = log_probabilities.gather(-1, known.unsqueeze(-1)).squeeze(-1)
    present = log_probabilities[..., 1:].logsumexp(dim=-1)
    right = torch.where(states < 0, present, right)
    smooth = log_probabilities.mean(dim=-1)
    loss = -(1 - label_smoothing) * right - label_smoothing * smooth
    weights = torch.where(states < 0, state_weights[1:].mean(), state_weights[known])
    weights = weights * (states > NOT_JUDGED)
    return (loss * weights).sum() / weights.sum().clamp(min=1e-8)


class LengthSampler(Sampler[int]):
    """Yields rows in a new random order each epoch, rows of like length in the same batch.

    Twenty batches at a time are drawn, sorted by length and cut up, and the batches shuffled:
    hardly any padding, and next to no order. transformers' own sampler pads half as much again.

    Args:
        lengths: of the rows, in tokens.
        batch_size: rows a batch.
        seed: of the order.
        epochs_done: begin with the order of a later epoch.
    """

    def __init__(
        self, lengths: Sequence[int], batch_size: int, *, seed: int, epochs_done: int = 0
    ) -> None:
        self._lengths = lengths
        self._batch_size = batch_size
        self._generator = torch.Generator().manual_seed(seed)
        for _ in range(epochs_done):
            deque(self, maxlen=0)

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        order = torch.randperm(len(self), generator=self._generator).tolist()
        size, window = self._batch_size, 20 * self._batch_size
        batches: list[list[int]] = []
        for start in range(0, len(order), window):
            drawn = sorted(order[start : start + window], key=self._lengths.__getitem__)
            batches += [drawn[at : at + size] for at in range(0, len(drawn), size)]
        # A short batch anywhere but at the end would shift the rows of all that follow it.
        last = [batches.pop()] if batches and len(batches[-1]) < size else []
        shuffled = torch.randperm(len(batches), generator=self._generator).tolist()
        for batch in [*(batches[index] for index in shuffled), *last]:
            yield from batch


class _FrameTrainer(Trainer):
    def __init__(
        self,
        state_weights: tuple[float, ...],
        label_smoothing: float,
        **arguments: Any,
    ) -> None:
        super().__init__(**arguments)
        self._state_weights = torch.tensor(state_weights)
        self._label_smoothing = label_smoothing
        self.epochs_done = 0
        self.writing: Callable[[], AbstractContextManager[None]] = nullcontext

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthSampler:
        rows: Any = self.train_dataset if train_dataset is None else train_dataset
        lengths = [len(ids) for ids in rows["input_ids"]]
        return LengthSampler(
            lengths,
            self.args.train_batch_size,
            seed=self.args.seed,
            epochs_done=self.epochs_done,
        )

    def _save_checkpoint(self, *arguments: Any, **named: Any) -> None:
        with self.writing():
            super()._save_checkpoint(*arguments, **named)

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        outputs = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])
        loss = frame_loss(
            outputs.logits,
            inputs["labels"],
            state_weights=self._state_weights.to(outputs.logits.device),
            label_smoothing=self._label_smoothing,
        )
        return (loss, outputs) if return_outputs else loss


def frame_trainer(
    state_weights: tuple[float, ...],
    label_smoothing: float,
    **arguments: Any,
) -> Trainer:
    """Return transformers' Trainer with ``frame_loss``; ``arguments`` are the Trainer's own."""
    return _FrameTrainer(state_weights, label_smoothing, **arguments)
