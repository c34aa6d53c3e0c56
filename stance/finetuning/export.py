"""A trained encoder → one ONNX file with 8-bit weights, for fast use on CPUs.

Dynamic quantization as ONNX Runtime's own tool does it takes one scale for a whole batch of
activations, so that a sentence's probabilities change with its neighbours (by up to 0.13 on this
model). Here every token has a scale of its own, as in LLM.int8() (Dettmers et al. 2022): integer
matrix products all the same, and a row's result depends on that row alone. Only the keys and values
of a last layer that computes one token (``backends.first_token``), used once a row, are held in 8
bits and multiplied in float32.

The weights of matrix products use 7 of their 8 bits: processors without 8-bit dot products add
pairs of products in 16 bits, which larger weights would overflow, and such a processor would give
other labels. So every processor gives the same sums, at full speed.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from stance.errors import MissingExtraError

__all__ = ["export_onnx"]

_OPSET = 17
# Smaller tables and matrices are left alone: they cost next to nothing.
_MIN_WEIGHTS = 16_384
_LEVELS = 127.0
_WEIGHT_LEVELS = 63.0
_ACTIVATION_ZERO = 128


def export_onnx(model: Any, path: str | Path, *, quantize: bool = True) -> None:
    """Write a sequence classifier of transformers as ONNX.

    Args:
        model: the classifier, in float32 on the CPU.
        path: the file to write. Inputs ``input_ids`` and ``attention_mask``, int64 of shape
            (rows, tokens); output ``logits``, float32 of shape (rows, outputs).
        quantize: hold matrices and embeddings in 8 bits.

    Raises:
        MissingExtraError: torch or onnx is not installed.
    """
    try:
        import onnx
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
    with warnings.catch_warnings(), narrowed_last_layer(model):
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
    graph_model = onnx.load_from_string(buffer.getvalue())
    if quantize:
        _Quantizer(graph_model.graph).run()
        graph_model.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    onnx.checker.check_model(graph_model)
    onnx.save_model(graph_model, str(path))


class _Quantizer:
    """Rewrites a graph in place: matrix products and embedding look-ups in 8 bits."""

    def __init__(self, graph: Any) -> None:
        from onnx import helper, numpy_helper

        self._graph = graph
        self._node: Callable[..., Any] = helper.make_node
        self._to_array: Callable[[Any], np.ndarray] = numpy_helper.to_array
        self._from_array: Callable[..., Any] = numpy_helper.from_array
        self._weights = {tensor.name: tensor for tensor in graph.initializer}
        self._constants: dict[str, Any] = {}
        self._quantized_inputs: set[str] = set()

    def run(self) -> None:
        nodes: list[Any] = []
        for node in self._graph.node:
            nodes.extend(self._rewrite(node))
        used = {name for node in nodes for name in node.input}
        kept = [tensor for tensor in self._graph.initializer if tensor.name in used]
        kept += [tensor for name, tensor in self._constants.items() if name in used]
        del self._graph.node[:]
        self._graph.node.extend(nodes)
        del self._graph.initializer[:]
        self._graph.initializer.extend(kept)

    def _rewrite(self, node: Any) -> Iterable[Any]:
        rewritings = {
            "MatMul": (1, self._matmul),
            "Gather": (0, self._gather),
            "Reshape": (0, self._reshape),
        }
        position, rewrite = rewritings.get(node.op_type, (0, None))
        if rewrite is None or node.input[position] not in self._weights:
            return [node]
        array = self._to_array(self._weights[node.input[position]])
        if array.ndim != 2 or array.dtype != np.float32 or array.size < _MIN_WEIGHTS:
            return [node]
        return rewrite(node, array)

    def _matmul(self, node: Any, weights: np.ndarray) -> list[Any]:
        given, name, output = node.input[0], node.input[1], node.output[0]
        held = self._hold(name, weights, _WEIGHT_LEVELS)
        if held is None:
            return [node]
        weight, scale = held
        zero = self._constant("activation_zero", np.array(_ACTIVATION_ZERO, dtype=np.uint8))
        one = self._constant("one", np.array(1, dtype=np.float32))
        # One pass over the products instead of two: the operator comes with every ONNX Runtime.
        return [
            *self._quantize_tokens(given),
            self._node(
                "MatMulIntegerToFloat",
                [f"{given}_uint8", weight, one, scale, zero],
                [f"{output}_columns"],
                domain="com.microsoft",
            ),
            self._node("Mul", [f"{output}_columns", f"{given}_token_scale"], [output]),
        ]

    def _quantize_tokens(self, given: str) -> list[Any]:
        """Bring the activations to 8 bits, each token with its own scale; once an activation."""
        if given in self._quantized_inputs:
            return []
        self._quantized_inputs.add(given)
        one = self._constant("one", np.array(1, dtype=np.float32))
        step = self._constant("activation_step", np.array(1 / _LEVELS, dtype=np.float32))
        least = self._constant("activation_least", np.array(1e-12, dtype=np.float32))
        zero = self._constant("activation_zero", np.array(_ACTIVATION_ZERO, dtype=np.uint8))
        return [
            self._node("Abs", [given], [f"{given}_abs"]),
            self._node("ReduceMax", [f"{given}_abs"], [f"{given}_max"], axes=[-1], keepdims=1),
            self._node("Max", [f"{given}_max", least], [f"{given}_range"]),
            self._node("Mul", [f"{given}_range", step], [f"{given}_token_scale"]),
            self._node("Reciprocal", [f"{given}_token_scale"], [f"{given}_token_steps"]),
            self._node("Mul", [given, f"{given}_token_steps"], [f"{given}_steps"]),
            self._node("QuantizeLinear", [f"{given}_steps", one, zero], [f"{given}_uint8"]),
        ]

    def _reshape(self, node: Any, weights: np.ndarray) -> list[Any]:
        """Only hold a matrix in 8 bits that is taken apart before it is multiplied with."""
        name = node.input[0]
        held = self._hold(name, weights, _LEVELS)
        if held is None:
            return [node]
        stored, scale = held
        node.input[0] = f"{name}_weights"
        return [
            self._node("Cast", [stored], [f"{name}_float"], to=1),
            self._node("Mul", [f"{name}_float", scale], [f"{name}_weights"]),
            node,
        ]

    def _hold(self, name: str, weights: np.ndarray, levels: float) -> tuple[str, str] | None:
        """Hold a matrix in 8 bits, a scale a column; None where too much of it would be lost."""
        scales = np.maximum(np.abs(weights).max(axis=0), 1e-12) / levels
        integers = np.round(weights / scales).astype(np.int8)
        if _loses_most(weights, integers):
            return None
        stored = self._constant(f"{name}_int8", integers)
        return stored, self._constant(f"{name}_scale", scales.astype(np.float32))

    def _gather(self, node: Any, table: np.ndarray) -> list[Any]:
        name, positions, output = node.input[0], node.input[1], node.output[0]
        scales = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-12) / _LEVELS
        integers = self._constant(f"{name}_int8", np.round(table / scales).astype(np.int8))
        scale = self._constant(f"{name}_scale", scales.astype(np.float32))
        return [
            self._node("Gather", [integers, positions], [f"{output}_int8"]),
            self._node("Cast", [f"{output}_int8"], [f"{output}_float"], to=1),
            self._node("Gather", [scale, positions], [f"{output}_row_scale"]),
            self._node("Mul", [f"{output}_float", f"{output}_row_scale"], [output]),
        ]

    def _constant(self, name: str, array: np.ndarray) -> str:
        if name not in self._constants:
            self._constants[name] = self._from_array(array, name)
        return name


def _loses_most(weights: np.ndarray, integers: np.ndarray) -> bool:
    """Say whether most weights became 0: beside a large one, what was learnt is a trifle.

    So it is in the layer of ``pooling``, whose output matrix starts as a multiple of the identity.
    """
    return bool(np.count_nonzero(integers) < np.count_nonzero(weights) / 2)
