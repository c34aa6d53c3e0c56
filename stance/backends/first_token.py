"""The last layer of an encoder, computed for the one token that the classifier reads.

transformers' classifiers read the first token and leave the others of the last layer unread. One
token asks one question a head of all others: it is the question that is brought to them, and their
mean by its answer that is brought to the values, rather than every token to a key and a value. The
last layer then costs a row what a token costs elsewhere. The logits are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from stance.backends.builds import BERT_BUILDS

__all__ = ["narrow_last_layer", "narrowed_last_layer"]


class _FirstTokenAttention(torch.nn.Module):
    """Takes the place of the class of an attention block, whose modules it finds in itself."""

    def forward(
        self, hidden_states: Any, attention_mask: Any = None, *_: Any, **__: Any
    ) -> tuple[Any, None]:
        """Attend from the first token of (rows, tokens, width); return (rows, 1, width)."""
        block: Any = self.self
        output: Any = self.output
        first = hidden_states[:, :1]
        query = _by_head(block, block.query(first)).transpose(1, 2)
        # A head's question in the terms of the tokens themselves: (rows, heads, width).
        keys = _by_head(block, block.key.weight.t()).permute(1, 2, 0)
        asked = self._head_by_head(query, keys).flatten(1, 2)
        constant = query @ _by_head(block, block.key.bias).unsqueeze(-1)
        # In this order: the other way round, the number of tokens, padding included, would decide
        # how ONNX Runtime cuts the sums into parts, and so their last bit.
        scores = (hidden_states @ asked.transpose(1, 2)).transpose(1, 2).unsqueeze(2) + constant
        scores = scores * block.attention_head_size**-0.5
        if attention_mask is not None:
            scores = _masked(scores, attention_mask[:, :, :1])
        shares = block.dropout(scores.softmax(dim=-1))
        mean = (shares.flatten(1, 2) @ hidden_states).unsqueeze(2)
        values = _by_head(block, block.value.weight.t()).permute(1, 0, 2)
        found = self._head_by_head(mean, values)
        bias = _by_head(block, block.value.bias).unsqueeze(1)
        if self.training:
            # Dropout leaves shares that do not add up to 1. Elsewhere the sum is left out, as its
            # last bit would depend on where the row lies in memory.
            bias = shares.sum(dim=-1, keepdim=True) * bias
        found = found + bias
        return output(found.flatten(1).unsqueeze(1), first), None

    def _head_by_head(self, tokens: Any, matrices: Any) -> Any:
        """Multiply (rows, heads, 1, n) with (heads, n, m), each head with its own."""
        if torch.is_grad_enabled():
            # The way back of the other would make a gradient of all the matrices for each row.
            return (tokens.squeeze(2).transpose(0, 1) @ matrices).transpose(0, 1).unsqueeze(2)
        # In this order a row's sums do not depend on how many rows there are.
        return tokens @ matrices


def _by_head(block: Any, array: Any) -> Any:
    """Split the last dimension into (heads, width of a head)."""
    return array.unflatten(-1, (-1, block.attention_head_size))


def narrow_last_layer(model: Any) -> None:
    """Let the last layer compute its first token only, in place, where its build is known.

    Weights and their names stay; the last of ``hidden_states`` has one token.

    Args:
        model: a sequence classifier of transformers that reads the first token.
    """
    attention = _last_attention(model)
    if attention is not None:
        attention.__class__ = _FirstTokenAttention


@contextmanager
def narrowed_last_layer(model: Any) -> Iterator[None]:
    """Do so for a while: whatever happens to the model afterwards finds it as it was."""
    attention = _last_attention(model)
    if attention is None or type(attention) is _FirstTokenAttention:
        yield
        return
    built = type(attention)
    attention.__class__ = _FirstTokenAttention
    try:
        yield
    finally:
        attention.__class__ = built


def _last_attention(model: Any) -> Any:
    config = model.config
    if config.model_type not in BERT_BUILDS or config.is_decoder:
        return None
    # Others bring a mask of their own shape.
    if config._attn_implementation not in ("eager", "sdpa"):
        return None
    return model.base_model.encoder.layer[-1].attention


def _masked(scores: Any, mask: Any) -> Any:
    """Apply a mask that says which tokens count, or that is added."""
    if mask.dtype == torch.bool:
        return scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return scores + mask
