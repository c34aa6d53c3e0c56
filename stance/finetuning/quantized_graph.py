"""A float32 ONNX graph → the same with its matrices and embeddings in 8 bits.

Dynamic quantization as ONNX Runtime's own tool does it takes one scale for a whole batch of
activations, so that a sentence's probabilities change with its neighbours (by up to 0.13 on the
shipped model). Here the scales are fixed, read from example sentences (``quantization``); without
examples every token has a scale of its own, as in LLM.int8() (Dettmers et al. 2022), which is a
little nearer to float32 and slower. Either way the products are of integers, and a row's result
depends on that row alone.

Only the keys and values of a last layer that computes one token (``backends.first_token``), used
once a row, are held in 8 bits and multiplied in float32.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.backends.onnx import open_session
from stance.finetuning.quantization import (
    WEIGHT_LEVELS,
    Activations,
    Steps,
    choose_steps,
    columns_in_8_bits,
)

__all__ = ["quantize_graph"]

# Smaller tables and matrices are left alone: they cost next to nothing.
_MIN_WEIGHTS = 16_384
_LEVELS = 127.0
_ACTIVATION_ZERO = 128
# Of each input, about what steps are chosen by.
_SAMPLE_TOKENS = 512


def quantize_graph(model: Any, examples: Sequence[Sequence[int]]) -> None:
    """Hold the matrices and embeddings of an ONNX model in 8 bits, in place.

    Args:
        model: an ``onnx.ModelProto`` with the inputs ``input_ids`` and ``attention_mask``.
        examples: token ids of sentences, whose activations fix the scales; none: a scale a token.
    """
    from onnx import helper

    _name_shared_tensors(model.graph)
    steps = _choose_all_steps(model, examples) if examples else {}
    _Quantizer(model.graph, steps).run()
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def _name_shared_tensors(graph: Any) -> None:
    """Let layers that share a tensor read it by its name; the exporter copies it for each."""
    tensors = {tensor.name for tensor in graph.initializer}
    shared = {
        node.output[0]: node.input[0]
        for node in graph.node
        if node.op_type == "Identity" and node.input[0] in tensors
    }
    nodes = [node for node in graph.node if node.output[0] not in shared]
    for node in nodes:
        for position, name in enumerate(node.input):
            node.input[position] = shared.get(name, name)
    del graph.node[:]
    graph.node.extend(nodes)


def _choose_all_steps(model: Any, examples: Sequence[Sequence[int]]) -> dict[str, Steps]:
    """Return the steps of each input of the matrix products that are to be in 8 bits."""
    from onnx import numpy_helper

    multiplied = {node.input[1] for node in model.graph.node if node.op_type == "MatMul"}
    matrices = {
        name: weights
        for name, tensor in _large_matrices(model.graph).items()
        if name in multiplied
        and not _loses_most(weights := numpy_helper.to_array(tensor), WEIGHT_LEVELS)
    }
    readers: dict[str, list[str]] = defaultdict(list)
    for node in model.graph.node:
        if node.op_type == "MatMul" and node.input[1] in matrices:
            readers[node.input[0]].append(node.input[1])
    if not readers:  # So small an encoder stays in float32.
        return {}
    uses = Counter(name for node in model.graph.node for name in node.input if name in matrices)
    seen = _read_activations(model, list(readers), examples)
    return {
        given: choose_steps(
            seen[given],
            [matrices[name] for name in names],
            # A matrix of several layers is held once, and their inputs have ranges of their own.
            may_move=all(uses[name] == 1 for name in names),
        )
        for given, names in readers.items()
    }


def _large_matrices(graph: Any) -> dict[str, Any]:
    """Return name → tensor of the float32 matrices that are worth 8 bits."""
    from onnx import TensorProto

    return {
        tensor.name: tensor
        for tensor in graph.initializer
        if tensor.data_type == TensorProto.FLOAT
        and len(tensor.dims) == 2
        and tensor.dims[0] * tensor.dims[1] >= _MIN_WEIGHTS
    }


def _read_activations(
    model: Any, names: Sequence[str], examples: Sequence[Sequence[int]]
) -> dict[str, Activations]:
    """Run the graph on each example and keep the ranges of the tensors ``names``."""
    from onnx import TensorProto, helper

    # Not on a copy: a large encoder's weights are there often enough already.
    outputs = model.graph.output
    outputs.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session = open_session(model.SerializeToString())
    del outputs[len(outputs) - len(names) :]
    seen = {name: _Seen(-(-_SAMPLE_TOKENS // len(examples))) for name in names}
    for ids in examples:
        row = np.array([ids], dtype=np.int64)
        found = session.run(names, {"input_ids": row, "attention_mask": np.ones_like(row)})
        for name, values in zip(names, found, strict=True):
            seen[name].add(values.reshape(-1, values.shape[-1]))
    return {name: each.activations() for name, each in seen.items()}


class _Seen:
    """Collects the ranges of one tensor, and of each example some tokens' values."""

    def __init__(self, tokens: int) -> None:
        self._tokens = tokens
        self._low: list[NDArray[np.float32]] = []
        self._high: list[NDArray[np.float32]] = []
        self._sample: list[NDArray[np.float32]] = []

    def add(self, values: NDArray[np.float32]) -> None:
        self._low.append(values.min(axis=0))
        self._high.append(values.max(axis=0))
        # Other places in each sentence: the first token is unlike all others.
        step = max(1, len(values) // self._tokens)
        self._sample.append(values[len(self._sample) % step :: step][: self._tokens].copy())

    def activations(self) -> Activations:
        low, high = np.min(self._low, axis=0), np.max(self._high, axis=0)
        return Activations(low, high, np.concatenate(self._sample))


class _Quantizer:
    """Rewrites a graph in place: matrix products and embedding look-ups in 8 bits."""

    def __init__(self, graph: Any, steps: Mapping[str, Steps]) -> None:
        from onnx import helper, numpy_helper

        self._graph = graph
        self._steps = steps
        self._node: Callable[..., Any] = helper.make_node
        self._to_array: Callable[[Any], NDArray[np.float32]] = numpy_helper.to_array
        self._from_array: Callable[..., Any] = numpy_helper.from_array
        self._matrices = _large_matrices(graph)
        self._biases = _biases_after_products(graph)
        self._constants: dict[str, Any] = {}
        self._made: set[str] = set()
        self._added: set[str] = set()

    def run(self) -> None:
        nodes: list[Any] = []
        for node in self._graph.node:
            if node.output[0] not in self._added:
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
        if rewrite is None or node.input[position] not in self._matrices:
            return [node]
        return rewrite(node, self._to_array(self._matrices[node.input[position]]))

    def _matmul(self, node: Any, weights: NDArray[np.float32]) -> list[Any]:
        steps = self._steps.get(node.input[0])
        held = self._hold(
            node.input[1], weights if steps is None else steps.scaled(weights), WEIGHT_LEVELS
        )
        if held is None:
            return [node]
        if steps is None:
            return self._product_by_token(node, *held)
        return self._product(node, *held, steps)

    def _product(self, node: Any, weight: str, scale: str, steps: Steps) -> list[Any]:
        """Multiply with fixed steps, and add the bias in the same pass."""
        given, output = node.input[0], node.output[0]
        step = self._constant(f"{given}_step", np.array(steps.scale, dtype=np.float32))
        zero = self._constant(f"{given}_zero", np.array(steps.zero, dtype=np.uint8))
        inputs = [f"{given}_uint8", weight, step, scale, zero]
        if output in self._biases:
            bias, output = self._biases[output]
            self._added.add(output)
            inputs += ["", bias]
        return [
            *self._quantize(given, step, zero, steps),
            self._node("MatMulIntegerToFloat", inputs, [output], domain="com.microsoft"),
        ]

    def _quantize(self, given: str, step: str, zero: str, steps: Steps) -> list[Any]:
        """Bring the activations to 8 bits; once an activation."""
        quantized = [f"{given}_uint8"]
        if not self._is_new(*quantized):
            return []
        if steps.channels is None:
            return [self._node("QuantizeLinear", [given, step, zero], quantized)]
        share = self._constant(f"{given}_share", 1 / steps.channels)
        return [
            self._node("Mul", [given, share], [f"{given}_even"]),
            self._node("QuantizeLinear", [f"{given}_even", step, zero], quantized),
        ]

    def _product_by_token(self, node: Any, weight: str, scale: str) -> list[Any]:
        given, output = node.input[0], node.output[0]
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
        if not self._is_new(f"{given}_uint8"):
            return []
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

    def _reshape(self, node: Any, weights: NDArray[np.float32]) -> list[Any]:
        """Only hold a matrix in 8 bits that is taken apart before it is multiplied with."""
        name = node.input[0]
        held = self._hold(name, weights, _LEVELS)
        if held is None:
            return [node]
        stored, scale = held
        node.input[0] = f"{name}_weights"
        if not self._is_new(node.input[0]):
            return [node]
        return [
            self._node("Cast", [stored], [f"{name}_float"], to=1),
            self._node("Mul", [f"{name}_float", scale], [f"{name}_weights"]),
            node,
        ]

    def _hold(
        self, name: str, weights: NDArray[np.float32], levels: float
    ) -> tuple[str, str] | None:
        """Hold a matrix in 8 bits, a scale a column; None where too much of it would be lost."""
        if _loses_most(weights, levels):
            return None
        integers, scales = columns_in_8_bits(weights, levels)
        kind = f"{name}_{levels:.0f}"
        return self._constant(f"{kind}_int8", integers), self._constant(f"{kind}_scale", scales)

    def _gather(self, node: Any, table: NDArray[np.float32]) -> list[Any]:
        name, positions, output = node.input[0], node.input[1], node.output[0]
        integers, scales = columns_in_8_bits(table.T, _LEVELS)
        stored = self._constant(f"{name}_rows_int8", np.ascontiguousarray(integers.T))
        scale = self._constant(f"{name}_rows_scale", scales[:, None])
        return [
            self._node("Gather", [stored, positions], [f"{output}_int8"]),
            self._node("Cast", [f"{output}_int8"], [f"{output}_float"], to=1),
            self._node("Gather", [scale, positions], [f"{output}_row_scale"]),
            self._node("Mul", [f"{output}_float", f"{output}_row_scale"], [output]),
        ]

    def _is_new(self, name: str) -> bool:
        """Say, the first time only, that nothing makes this value yet."""
        new = name not in self._made
        self._made.add(name)
        return new

    def _constant(self, name: str, array: NDArray[Any]) -> str:
        if name not in self._constants:
            self._constants[name] = self._from_array(array, name)
        return name


def _biases_after_products(graph: Any) -> dict[str, tuple[str, str]]:
    """Return a product's output → the vector that is added to it alone, and the sum's name."""
    shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    uses = Counter(name for node in graph.node for name in node.input)
    uses.update(output.name for output in graph.output)
    columns = {
        node.output[0]: shapes[node.input[1]][-1:]
        for node in graph.node
        if node.op_type == "MatMul" and node.input[1] in shapes and uses[node.output[0]] == 1
    }
    found = {}
    for node in graph.node:
        if node.op_type != "Add":
            continue
        for product, name in (node.input, node.input[::-1]):
            if product in columns and shapes.get(name) == columns[product]:
                found[product] = (name, node.output[0])
    return found


def _loses_most(weights: NDArray[np.float32], levels: float) -> bool:
    """Say whether most weights would become 0: beside a large one, what was learnt is a trifle.

    So it is in the layer of ``pooling``, whose output matrix starts as a multiple of the identity.
    """
    integers, _ = columns_in_8_bits(weights, levels)
    return bool(np.count_nonzero(integers) < np.count_nonzero(weights) / 2)
