"""What tells one 8-bit form of a classifier from another."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

pytest.importorskip("torch", reason="needs the extra train")

import eight_bits as module
import onnx

from stance.finetuning import export, quantization


@pytest.fixture(autouse=True)
def nothing_kept():
    """Compute each form anew, and leave none behind that a test changed."""
    module.form.cache_clear()
    yield
    module.form.cache_clear()


def test_the_form_is_the_same_whenever_it_is_asked_for():
    first = module.form()
    module.form.cache_clear()
    assert module.form() == first


def test_another_form_has_another_checksum(monkeypatch):
    before = module.form()
    module.form.cache_clear()
    monkeypatch.setattr(quantization, "_WORTH_IT", 0.9)
    assert module.form() != before


def test_all_layers_of_the_small_encoder_are_in_8_bits(tmp_path):
    generator = np.random.default_rng(0)
    model = module.small_encoder(generator)
    examples = [generator.integers(1, 200, 12).tolist() for _ in range(20)]
    export.export_onnx(model, tmp_path / "model.onnx", examples=examples)
    graph = onnx.load(tmp_path / "model.onnx").graph
    large = [t for t in graph.initializer if np.prod(t.dims) >= 128 * 128]
    others = {t.name for t in large if t.data_type != onnx.TensorProto.INT8}
    assert others == {"classifier.bert.pooler.dense.weight"}  # Used once a row.
    assert len(large) > 10
    # Ranges are moved into the weights for some inputs and not for others.
    shares = [t for t in graph.initializer if t.name.endswith("_share")]
    steps = [t for t in graph.initializer if t.name.endswith("_step")]
    assert 0 < len(shares) < len(steps)
