"""What a classifier's outputs start from: those of a base for known frames, a fit for new ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.codebook import STATES, Codebook
from stance.finetuning.classifier import Classifier, run_batches
from stance.finetuning.recipe import Recipe

__all__ = ["fit_new_frames", "inputs_of", "output_layer", "take_over_head"]

# On the squared weights, beside the summed loss of the rows of a frame. Found on authored rows, 35
# to 500 of them, whose features were of unit variance.
_RIDGE = 100.0
_MOST_FITTED = 2_000


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
    from transformers import AutoModelForSequenceClassification

    before = _outputs_of(base)
    labels = codebook.labels
    kept = [label for label in labels if label in before]
    if tuple(before) == labels or (not kept and len(before) != len(labels)):
        return
    head = output_layer(model, len(labels))
    new = [index for index, label in enumerate(labels) if label not in before]
    with torch.no_grad():
        spread = float(getattr(model.config, "initializer_range", 0.02))
        head.weight[new] = torch.randn(len(new), head.in_features) * spread
        head.bias[new] = 0
        if not kept:
            return
        source = AutoModelForSequenceClassification.from_pretrained(
            base, trust_remote_code=False, weights_only=True, dtype=torch.float32
        )
        known = output_layer(source, len(before))
        rows = [labels.index(label) for label in kept]
        head.weight[rows] = known.weight[[before[label] for label in kept]]
        head.bias[rows] = known.bias[[before[label] for label in kept]]


def fit_new_frames(
    classifier: Classifier,
    texts: Sequence[str],
    states: NDArray[np.int64],
    *,
    codebook: Codebook,
    base: str | Path,
    recipe: Recipe,
) -> None:
    """Fit the outputs of new frames to the encoder as it is, in place.

    A ridge-penalised logistic regression over the four states of each frame, on what the output
    layer reads. Trained from there, the encoder is not bent to a head of random weights first
    (Kumar et al. 2022, Fine-Tuning can Distort Pretrained Features).

    Args:
        classifier: freshly loaded.
        texts: n sentences; of more than 2,000, so many are taken from all over.
        states: int array of shape (n, F), as ``train_classifier`` takes them.
        codebook: the F frames.
        base: what it was loaded from; frames whose outputs were taken over from there stay.
        recipe: its class weights, label smoothing and length hold here too.
    """
    import torch

    known, count = _outputs_of(base), len(STATES)
    labels = [
        codebook.labels[start : start + count] for start in range(0, len(codebook.labels), count)
    ]
    new = [frame for frame, outputs in enumerate(labels) if not known.keys() >= set(outputs)]
    if not new:
        return
    head = output_layer(classifier.model, len(codebook.labels))
    # Rows of one kind may stand together in the file.
    fitted = np.linspace(0, len(texts) - 1, min(len(texts), _MOST_FITTED)).astype(int)
    features = _read_by(head, classifier, [texts[row] for row in fitted], recipe.max_length)
    outputs = [frame * count + state for frame in new for state in range(count)]
    weight, bias = _logistic_fit(features, torch.from_numpy(states[fitted][:, new]), recipe)
    with torch.no_grad():
        head.weight[outputs] = weight.to(head.weight.dtype)
        head.bias[outputs] = bias.to(head.bias.dtype)


def _read_by(layer: Any, classifier: Classifier, texts: Sequence[str], max_length: int) -> Any:
    """Return what a layer is given for each text, a float64 tensor of shape (n, width)."""
    import torch

    classifier.model.eval()
    with inputs_of(layer) as given:
        batches = run_batches(classifier, texts, max_length=max_length)
        order = [row for rows, _ in batches for row in rows]
    features = torch.empty(len(texts), layer.in_features, dtype=torch.float64)
    features[order] = torch.cat(given).double().cpu()
    return features


@contextmanager
def inputs_of(layer: Any) -> Iterator[list[Any]]:
    """Collect what a layer is given, one tensor each time that it runs."""
    given: list[Any] = []
    hook = layer.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
    try:
        yield given
    finally:
        hook.remove()


def _logistic_fit(features: Any, states: Any, recipe: Recipe) -> tuple[Any, Any]:
    """Return weights (F * 4, width) and biases (F * 4)."""
    import torch

    from stance.finetuning.loss import frame_loss

    outputs = states.shape[1] * len(STATES)
    centre = features.mean(dim=0)
    spread = (features - centre).std().clamp(min=1e-6)
    scaled = (features - centre) / spread
    weight = torch.zeros(outputs, features.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(outputs, dtype=torch.float64, requires_grad=True)
    state_weights = torch.tensor(recipe.state_weights)
    optimizer: Any = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def step() -> Any:
        optimizer.zero_grad()
        logits = scaled @ weight.T + bias
        loss = frame_loss(
            logits,
            states,
            state_weights=state_weights,
            label_smoothing=recipe.label_smoothing,
        )
        loss = loss + _RIDGE / states.numel() * (weight**2).sum()
        loss.backward()
        return loss

    optimizer.step(step)
    weight, bias = weight.detach() / spread, bias.detach()
    return weight, bias - weight @ centre


def _outputs_of(base: str | Path) -> dict[str, int]:
    """Return the outputs of a base by their labels."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(base, trust_remote_code=False)
    return {str(label): int(index) for index, label in config.id2label.items()}


def output_layer(model: Any, outputs: int) -> Any:
    """Return the last linear layer with so many outputs: encoders call it by different names."""
    from torch.nn import Linear

    layers = [module for module in model.modules() if isinstance(module, Linear)]
    return [layer for layer in layers if layer.out_features == outputs][-1]
