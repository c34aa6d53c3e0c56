"""The shipped model's files: weights as they were trained, and the ONNX file made of them."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

pytest.importorskip("torch", reason="needs the extra train")

import train_default as module
from corpus import Row

from stance.backends.onnx import OnnxBackend
from stance.decision import NOT_CODED, Decision
from stance.finetuning.classifier import predict_logits
from stance.tokens import WindowTokenizer, pack

ROWS = [
    Row(f"w9-{n}-1", "authored", f"w9-{n}", f"Text {n}.", {"cooperation": "favor"} if n % 2 else {})
    for n in range(8)
]


def test_stance_priors_are_the_shares_of_the_rows_as_the_loss_weighs_them():
    column = module.CODEBOOK.names.index("cooperation")
    states = np.zeros((20, 4), np.int64)
    # With one more of each: ten of favor, three of neutral, one of against.
    states[:9, column], states[9:11, column], states[11, column] = 1, 2, NOT_CODED
    priors = module.with_stance_priors(Decision.plain(4), states).stance_priors
    weighed = np.array([10, 3, 1]) * np.array(module.RECIPE.state_weights[1:])
    np.testing.assert_allclose(priors[column], weighed / weighed.sum(), atol=1e-4)
    assert len(priors) == 4


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
