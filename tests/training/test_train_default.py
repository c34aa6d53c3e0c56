"""The shipped model's files: weights as they were trained, and the ONNX file made of them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

pytest.importorskip("torch", reason="needs the extra train")

import train_default as module
from corpus import Row

from stance.backends.onnx import OnnxBackend
from stance.finetuning.classifier import predict_logits
from stance.tokens import WindowTokenizer, pack

ROWS = [
    Row(f"w9-{n}-1", "authored", f"w9-{n}", f"Text {n}.", {"cooperation": "favor"} if n % 2 else {})
    for n in range(8)
]


def test_the_onnx_file_computes_what_the_weights_do(tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("trained_weights.CHECKPOINTS", tmp_path / "checkpoints")
    folder = tmp_path / "weights"
    module.train_weights(ROWS, str(tiny_folder), folder)
    module.write_onnx(folder, ROWS)
    texts = [row.text for row in ROWS]
    expected = predict_logits(module.read_weights(folder), texts, max_length=16)
    windows = WindowTokenizer(folder / "tokenizer.json", max_length=16).windows(texts)
    ((positions, batch),) = pack(windows.ids, batch_tokens=1000, padding_id=0)
    (found,) = OnnxBackend(folder / "model.onnx", threads=1).logits([batch])
    assert abs(found - expected[positions]).max() < 0.1
