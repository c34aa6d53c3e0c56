"""Few rows: the encoder first learns which sentences are alike; only then is a head fitted to it.

A handful of rows says little about four states of a frame, but much about pairs: each two rows
carry the same frames or others. So SetFit begins (Tunstall et al. 2022, Efficient Few-Shot
Learning Without Prompts), by cosine similarity (Reimers and Gurevych 2019, Sentence-BERT). Here all
pairs of a batch count, not one pair at a time, so that a few steps are enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.finetuning.classifier import Classifier, bfloat16_on_cpu
from stance.finetuning.heads import inputs_of, output_layer
from stance.finetuning.recipe import NOT_JUDGED, Recipe

__all__ = ["pull_together"]

# Pairs of sentences drawn from one frame, or from those without any.
_PAIRS = 8
# The start of a long text tells enough, and all of it would take twice the memory of a training.
_MOST_TOKENS = 128
_LEARNING_RATE = 5e-5  # for a width of 384


def pull_together(
    classifier: Classifier,
    texts: Sequence[str],
    states: NDArray[np.int64],
    *,
    steps: int,
    recipe: Recipe,
) -> None:
    """Train an encoder so that what it says of sentences of the same frames is alike, in place.

    Two sentences should have the cosine similarity that their frames have: of all that one of them
    carries, the share that both carry, and 0 where neither carries any. Nothing is drawn from the
    random numbers of torch.

    Args:
        classifier: freshly loaded; its output layer stays as it is.
        texts: n sentences.
        states: int array of shape (n, F), as ``train_classifier`` takes them.
        steps: so many batches of 16 sentences.
        recipe: its warm-up, weight decay and seed hold here too; its length up to 128 tokens.
    """
    import torch

    from stance.backends.first_token import narrowed_last_layer
    from stance.finetuning.embedding_gradient import reused_embedding_gradient

    model = classifier.model
    layer = output_layer(model, model.config.num_labels)
    weights = [weight for weight in model.base_model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=0.0, weight_decay=recipe.weight_decay)
    carried = (states != 0) & (states != NOT_JUDGED)
    generator = np.random.default_rng(recipe.seed)
    highest = _LEARNING_RATE * (384 / layer.in_features) ** 2
    fast = bfloat16_on_cpu()
    length = min(recipe.max_length, _MOST_TOKENS)
    encoded = classifier.tokenizer(list(texts), truncation=True, max_length=length)["input_ids"]
    model.eval()
    with inputs_of(layer) as given, reused_embedding_gradient(model):
        for step in range(steps):
            rows = _draw(carried, generator)
            batch = classifier.tokenizer.pad(
                {"input_ids": [encoded[row] for row in rows]}, return_tensors="pt"
            )
            with torch.autocast("cpu", torch.bfloat16, enabled=fast), narrowed_last_layer(model):
                model(**batch)
            loss = _loss(given.pop().float(), carried, rows)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            for group in optimizer.param_groups:
                group["lr"] = highest * _share_of_rate(step, steps, recipe.warmup)
            optimizer.step()
    model.zero_grad()


def _draw(carried: NDArray[np.bool_], generator: np.random.Generator) -> list[int]:
    """Return the rows of a batch: of each group as many pairs, so that rare frames are heard."""
    groups = [np.flatnonzero(column) for column in (*carried.T, ~carried.any(axis=1))]
    filled = [group for group in groups if len(group)]
    rows: list[int] = []
    for _ in range(_PAIRS):
        group = filled[generator.integers(len(filled))]
        rows.extend(generator.choice(group, 2, replace=len(group) < 2).tolist())
    return rows


def _loss(features: Any, carried: NDArray[np.bool_], rows: Sequence[int]) -> Any:
    """Return the mean squared distance of the cosine similarities from what they should be."""
    import torch
    from torch.nn.functional import normalize

    frames = torch.from_numpy(carried[list(rows)]).float()
    both = frames @ frames.T
    either = frames.sum(dim=1)[:, None] + frames.sum(dim=1) - both
    wanted = both / either.clamp(min=1)
    # A row drawn twice is no pair.
    other = torch.tensor(rows)[:, None] != torch.tensor(rows)
    units = normalize(features, dim=1)
    return ((units @ units.T - wanted) ** 2)[other].sum() / other.sum().clamp(min=1)


def _share_of_rate(step: int, steps: int, share: float) -> float:
    """Return the part of the learning rate at a step: it grows for a share of them, then falls."""
    warmup = max(1, round(share * steps))
    return min((step + 1) / warmup, (steps - step) / max(1, steps - warmup))
