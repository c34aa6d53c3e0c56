"""How to train, and what goes on beside a training."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from stance.finetuning.classifier import Classifier

__all__ = ["NOT_JUDGED", "Recipe", "Watch"]

#: The target of a frame that nobody looked for in this sentence: it is not trained.
NOT_JUDGED = -2


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: passes over the rows.
        learning_rate: the highest, reached after warm-up; it falls linearly to 0.
        batch_size: rows a step.
        state_weights: weights of absent, favor, neutral and against in the loss.
        label_smoothing: share of the target's mass spread over the four states, 0 to 1.
        warmup: share of the steps in which the learning rate rises.
        weight_decay: AdamW's, on matrices only.
        dropout: of the encoder while it trains, 0 to 1. On few epochs over short texts it costs
            accuracy, and on a CPU it costs as much time as the matrix products.
        max_length: tokens of a sentence that are read.
        seed: of the head's start, the order of the rows and dropout.
    """

    epochs: float = 3
    learning_rate: float = 1.2e-4
    batch_size: int = 32
    state_weights: tuple[float, float, float, float] = (1.0, 2.0, 2.5, 2.5)
    label_smoothing: float = 0.05
    warmup: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.0
    max_length: int = 128
    seed: int = 13


@dataclass(frozen=True)
class Watch:
    """What goes on beside a training, and where it can be resumed.

    Attributes:
        folder: holds its checkpoints. A training that finds one there goes on from it, and ends
            with the weights of one that was never cut off.
        checkpoint_seconds: a checkpoint is written when so many seconds have passed since the last.
        after_step: called with the steps done and the steps of the whole recipe.
        after_epoch: called with the epochs done and the classifier as it is; true: that is enough.
        gradient_checkpointing: compute activations twice rather than keep them, to save memory.
        writing: what a checkpoint is written in; it may say what errors mean.
    """

    folder: Path
    checkpoint_seconds: float
    after_step: Callable[[int, int], None]
    after_epoch: Callable[[int, Classifier], bool]
    gradient_checkpointing: bool = False
    writing: Callable[[], AbstractContextManager[None]] = nullcontext
