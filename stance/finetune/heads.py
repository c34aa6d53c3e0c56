"""The head of a base classifier → that of another codebook: known outputs keep their weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stance.codebook import Codebook

__all__ = ["take_over_head"]


def take_over_head(model: Any, base: str | Path, codebook: Codebook) -> None:
    """Give a freshly loaded classifier what its base knows of the codebook's outputs, in place.

    Outputs are matched by their labels, ``frame:state``. Those of new frames start at random, even
    where the base has as many outputs and transformers has taken over weights of other frames.

    Args:
        model: a classifier of ``codebook``'s outputs, as transformers loaded it from ``base``.
        base: the folder or Hub id.
        codebook: the frames.
    """
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    config = AutoConfig.from_pretrained(base, trust_remote_code=False)
    before = {str(label): int(index) for index, label in config.id2label.items()}
    labels = codebook.labels
    kept = [label for label in labels if label in before]
    if tuple(before) == labels or (not kept and len(before) != len(labels)):
        return
    head = _output_layer(model, len(labels))
    new = [index for index, label in enumerate(labels) if label not in before]
    with torch.no_grad():
        spread = float(getattr(config, "initializer_range", 0.02))
        head.weight[new] = torch.randn(len(new), head.in_features) * spread
        head.bias[new] = 0
        if not kept:
            return
        source = AutoModelForSequenceClassification.from_pretrained(
            base, trust_remote_code=False, weights_only=True, dtype=torch.float32
        )
        known = _output_layer(source, len(before))
        rows = [labels.index(label) for label in kept]
        head.weight[rows] = known.weight[[before[label] for label in kept]]
        head.bias[rows] = known.bias[[before[label] for label in kept]]


def _output_layer(model: Any, outputs: int) -> Any:
    """Return the last linear layer with so many outputs: encoders call it by different names."""
    from torch.nn import Linear

    layers = [module for module in model.modules() if isinstance(module, Linear)]
    return [layer for layer in layers if layer.out_features == outputs][-1]
