"""A trained encoder → one ONNX file, as a rule with 8-bit weights, for fast use on CPUs."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stance.errors import MissingExtraError

__all__ = ["EXAMPLES", "example_ids", "export_onnx"]

#: How many sentences the scales of activations are read from, at most.
EXAMPLES = 300
_OPSET = 17


def example_ids(tokenizer: Any, texts: Sequence[str], *, max_length: int) -> list[list[int]]:
    """Return the token ids of every second text, or fewer: ``EXAMPLES`` at most, evenly drawn.

    Args:
        tokenizer: a fast tokenizer of transformers.
        texts: sentences like those that the model was trained on.
        max_length: tokens of a sentence that the model reads.
    """
    drawn = texts[:: max(2, -(-len(texts) // EXAMPLES))]
    ids: list[list[int]] = tokenizer(list(drawn), truncation=True, max_length=max_length).input_ids
    return ids


def export_onnx(
    model: Any,
    path: str | Path,
    *,
    quantize: bool = True,
    examples: Sequence[Sequence[int]] = (),
) -> None:
    """Write a sequence classifier of transformers as ONNX.

    Args:
        model: the classifier, in float32 on the CPU.
        path: the file to write. Inputs ``input_ids`` and ``attention_mask``, int64 of shape
            (rows, tokens); output ``logits``, float32 of shape (rows, outputs).
        quantize: hold matrices and embeddings in 8 bits; otherwise ``examples`` are not read.
        examples: token ids of sentences (``example_ids``), whose activations fix the scales of the
            8-bit products; none: every token has a scale of its own, which takes a sixth longer.

    Raises:
        MissingExtraError: torch or onnx is not installed.
    """
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise MissingExtraError("writing an ONNX file", extra="train") from error
    from stance.finetuning.quantized_graph import quantize_graph

    graph_model = onnx.load_from_string(_traced(model))
    if quantize:
        quantize_graph(graph_model, examples)
    onnx.checker.check_model(graph_model)
    onnx.save_model(graph_model, str(path))


def _traced(model: Any) -> bytes:
    """Return the float32 graph of a classifier, as torch's tracing exporter writes it."""
    try:
        import torch
    except ModuleNotFoundError as error:
        raise MissingExtraError("writing an ONNX file", extra="train") from error
    from stance.backends.first_token import narrowed_last_layer

    class Logits(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.classifier = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.classifier(input_ids=input_ids, attention_mask=attention_mask).logits

    # The plainest attention has the simplest graph, and the same results.
    model.set_attn_implementation("eager")
    example = torch.ones(2, 9, dtype=torch.int64)
    rows_and_tokens = {0: "rows", 1: "tokens"}
    buffer: Any = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad(), narrowed_last_layer(model):
        # The tracing exporter is the one that needs no further package; it warns of its own end.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Logits().eval(),
            (example, example),
            buffer,
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={
                "input_ids": rows_and_tokens,
                "attention_mask": rows_and_tokens,
                "logits": {0: "rows"},
            },
            opset_version=_OPSET,
            dynamo=False,
        )
    written: bytes = buffer.getvalue()
    return written
