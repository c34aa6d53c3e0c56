"""Encoders that are meant to be read by the mean of their tokens, made to give it at the first one.

transformers' classifiers read the first token. A sentence encoder trained for the mean of its
tokens (Reimers and Gurevych 2019, Sentence-BERT) never learnt to say much there, and few rows do
not teach it. One more layer of the encoder's own kind, set up to do nothing but to average, brings
the mean to the first token: the classifier stays one that any tool loads, and can learn on.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from stance.backends.builds import BERT_BUILDS
from stance.strict_json import read_json

__all__ = [
    "POOLING_FILE",
    "add_mean_layer",
    "drop_upper_layers",
    "takes_mean_layer",
    "wants_mean_layer",
]

#: Where sentence-transformers, of whichever version, says how an encoder is to be read.
POOLING_FILE = "1_Pooling/config.json"

# What sentence-transformers wrote before its version 6.
_OLD_NAME = "pooling_mode_mean_tokens"
# How much more the mean counts than the first token, which a layer adds to whatever it makes.
_MEAN_SHARE = 20.0
# The pooler's tanh is all but straight below this, for features of unit variance.
_STRAIGHT = 0.3


def wants_mean_layer(base: Path) -> bool:
    """Say whether a folder holds an encoder that is to be read by the mean, and can have the layer.

    It says so in its ``POOLING_FILE``.
    """
    pooling = _read(base / POOLING_FILE)
    old = [name for name, on in pooling.items() if name.startswith("pooling_mode_") and on]
    by_mean = pooling.get("pooling_mode") in ("mean", ["mean"]) or old == [_OLD_NAME]
    return by_mean and takes_mean_layer(base)


def takes_mean_layer(base: Path) -> bool:
    """Say whether a folder holds an encoder of the build that can have the layer."""
    return _read(base / "config.json").get("model_type") in BERT_BUILDS


def drop_upper_layers(model: Any, number: int) -> None:
    """Take so many of the encoder's upper layers away, in place; at least one stays.

    What a classifier's upper layers hold is its own frames; the lower ones still hold the language
    (Zhang et al. 2021, Revisiting Few-sample BERT Fine-tuning).

    Args:
        model: a classifier of transformers, from a folder that ``takes_mean_layer``.
        number: of layers, 0 to one less than it has.
    """
    encoder = model.base_model.encoder
    encoder.layer = encoder.layer[: len(encoder.layer) - number]
    model.config.num_hidden_layers = len(encoder.layer)


def add_mean_layer(model: Any) -> None:
    """Add the layer to a sequence classifier, in place; its pooler passes on what it is given.

    All weights of the layer are trained like others. It takes the time of one layer.

    Args:
        model: a classifier of transformers, its head untrained, from a folder that
            ``takes_mean_layer``.
    """
    import torch

    encoder = model.base_model.encoder
    layer = copy.deepcopy(encoder.layer[-1])
    attention, unit = layer.attention, torch.eye(model.config.hidden_size)
    with torch.no_grad():
        # No key is liked better than another: every token attends to all alike. The queries and
        # the inner weights of the last layer stay, or gradients could not change the zeros.
        for zero in (attention.self.key, attention.self.value, attention.output.dense):
            zero.weight.zero_()
            zero.bias.zero_()
        attention.self.value.weight.copy_(unit)
        attention.output.dense.weight.copy_(_MEAN_SHARE * unit)
        layer.output.dense.weight.zero_()
        layer.output.dense.bias.zero_()
        for norm in (attention.output.LayerNorm, layer.output.LayerNorm):
            norm.weight.fill_(1.0)
            norm.bias.zero_()
        pooler = _pooler(model)
        pooler.weight.copy_(_STRAIGHT * unit)
        pooler.bias.zero_()
    encoder.layer.append(layer)
    model.config.num_hidden_layers += 1


def _pooler(model: Any) -> Any:
    """Return the linear layer, followed by a tanh, between the first token and the outputs."""
    if model.config.model_type == "bert":
        return model.bert.pooler.dense
    return model.classifier.dense


def _read(path: Path) -> dict[str, Any]:
    try:
        found = read_json(path)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
