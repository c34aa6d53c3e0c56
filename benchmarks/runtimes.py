"""Which runtime runs the encoder fastest on this machine, and what each changes in the labels.

    python benchmarks/runtimes.py [--rounds 5] [--sentences 1152]
        [--to docs/runtimes.md]

The same weights and the same token batches, the encoder alone, on all processors: ONNX Runtime in
8 bits (as shipped) and in float32, PyTorch in float32 and bfloat16, OpenVINO in float32 and
bfloat16. Runtimes take turns; the figures are medians. Float32 in PyTorch is what the labels are
compared with. Needs the extra train; openvino where it is installed. Writes a page.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe_machine, describe_model

import stance
from stance.backends.base import Batch
from stance.backends.onnx import OnnxBackend, available_threads
from stance.store import ModelFolder
from stance.tokens import WindowTokenizer, pack

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "models" / "default"
PAGE = ROOT / "docs" / "runtimes.md"

Run = Callable[[Sequence[Batch]], list[np.ndarray]]


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sentences", type=int, default=1152)
    parser.add_argument("--to", type=Path, default=PAGE)
    arguments = parser.parse_args()
    gold = (ROOT / "seeds" / "labels.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in gold]
    texts = [texts[index % len(texts)] for index in range(arguments.sentences)]
    with tempfile.TemporaryDirectory() as scratch:
        runs = runtimes(Path(scratch))
        lines = report(runs, texts, arguments.rounds)
    arguments.to.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def runtimes(scratch: Path) -> dict[str, tuple[int, Run]]:
    """Return name → (tokens a batch, how to run some batches)."""
    import torch

    from stance.backends.first_token import narrow_last_layer
    from stance.finetuning.export import export_onnx
    from stance.finetuning.training import load_classifier

    folder = ModelFolder.read(FOLDER)
    model = load_classifier(FOLDER, codebook=folder.codebook).model.eval()
    exact = scratch / "float32.onnx"
    export_onnx(model, exact, quantize=False)
    narrow_last_layer(model)  # As the torch backend does.
    torch.set_num_threads(available_threads())
    found = {
        "PyTorch, float32": (2048, torch_run(model)),
        "ONNX Runtime, 8 bits (shipped)": (384, OnnxBackend(FOLDER / "model.onnx").logits),
        "ONNX Runtime, float32": (384, OnnxBackend(exact).logits),
        "PyTorch, bfloat16": (2048, torch_run(model, torch.bfloat16)),
    }
    if find_spec("openvino"):
        for kind in ("f32", "bf16"):
            found[f"OpenVINO, {kind}"] = (384, openvino_run(exact, kind))
    else:
        print("openvino is not installed, so not measured", file=sys.stderr)
    return found


def torch_run(model: Any, kind: Any = None) -> Run:
    """Run in PyTorch, products in ``kind``."""
    import torch

    def run(batches: Sequence[Batch]) -> list[np.ndarray]:
        found = []
        with torch.inference_mode(), torch.autocast("cpu", kind, enabled=kind is not None):
            for batch in batches:
                logits = model(
                    input_ids=torch.from_numpy(batch.input_ids),
                    attention_mask=torch.from_numpy(batch.attention_mask),
                ).logits
                found.append(logits.float().numpy())
        return found

    return run


def openvino_run(path: Path, kind: str) -> Run:
    """Run in OpenVINO, a request a processor, as its documentation advises for throughput."""
    import openvino

    settings = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": kind}
    compiled = openvino.Core().compile_model(str(path), "CPU", settings)
    workers = ThreadPoolExecutor(available_threads())

    def one(batch: Batch) -> np.ndarray:
        request = compiled.create_infer_request()
        request.infer({"input_ids": batch.input_ids, "attention_mask": batch.attention_mask})
        return np.array(request.get_output_tensor(0).data, dtype=np.float32)

    return lambda batches: list(workers.map(one, batches))


def report(runs: dict[str, tuple[int, Run]], texts: list[str], rounds: int) -> list[str]:
    """Time the runtimes in turns, compare their labels with the first's, and return the lines."""
    model = stance.load()
    tokenizer = WindowTokenizer(FOLDER / "tokenizer.json", max_length=model.folder.max_length)
    ids = tokenizer.windows(texts).ids
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    logits: dict[str, np.ndarray] = {}
    for turn in range(rounds + 1):
        for name, (size, run) in runs.items():
            packed = list(pack(ids, batch_tokens=size, padding_id=tokenizer.padding_id))
            started = time.perf_counter()
            results = run([batch for _, batch in packed])
            if turn:  # the first is to warm up
                seconds[name].append(time.perf_counter() - started)
            found = np.empty((len(ids), results[0].shape[1]), np.float32)
            for (positions, _), values in zip(packed, results, strict=True):
                found[positions] = values
            logits[name] = found
    exact = model.decision.probabilities(next(iter(logits.values())))
    shipped = statistics.median(seconds["ONNX Runtime, 8 bits (shipped)"])
    lines = [
        "# Runtimes",
        "",
        f"The encoder alone on {len(texts):,} sentences (the labelled ones of the five articles, "
        "repeated), "
        f"{describe_model(FOLDER)}, {describe_machine()}, medians of {rounds} rounds in turn. "
        "Labels are compared with PyTorch's in float32. Made by `python benchmarks/runtimes.py`.",
        "",
        "| runtime | sentences per second | against the shipped form | largest change of "
        "P(frame) | decisions changed |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name in runs:
        took = statistics.median(seconds[name])
        probabilities = model.decision.probabilities(logits[name])
        change = np.abs(probabilities[..., 0] - exact[..., 0]).max()
        states = model.decision.states(probabilities) != model.decision.states(exact)
        lines.append(
            f"| {name} | {len(texts) / took:,.0f} | {shipped / took:.2f} × | {change:.4f} | "
            f"{states.mean():.2%} |"
        )
    return lines


if __name__ == "__main__":
    main()
