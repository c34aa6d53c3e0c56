"""The files of a trained model."""

import dataclasses
import shutil

import numpy as np
import onnx
import pytest

from stance.codebook import Codebook, Frame
from stance.files import LabelledRow
from stance.finetuning import writing
from stance.finetuning.training import load_classifier
from stance.finetuning.writing import add_onnx, write_weights
from stance.model import load
from stance.store import ModelFolder

ROWS = [
    LabelledRow(id=str(n), text=text, document="d", frames={})
    for n, text in enumerate(("the states agree", "a pact against the rivals", "no words"))
]


@pytest.fixture(scope="module")
def classifier(tiny_folder):
    return load_classifier(tiny_folder, codebook=Codebook((Frame("weather"),)))


@pytest.fixture
def folder(tiny_folder, tmp_path):
    """A model whose ONNX file is still to be written."""
    shutil.copytree(tiny_folder, tmp_path / "m")
    (tmp_path / "m" / "model.onnx").unlink()
    return dataclasses.replace(ModelFolder.read(tiny_folder), path=tmp_path / "m")


def test_whoever_may_read_the_settings_may_read_the_weights(classifier, tmp_path):
    write_weights(classifier, tmp_path / "m", name="m")
    modes = {file.name: file.stat().st_mode for file in (tmp_path / "m").iterdir()}
    assert modes["model.safetensors"] == modes["config.json"]


def test_the_onnx_file_gives_what_the_weights_give(folder, monkeypatch):
    whole = load_classifier(folder.path, codebook=folder.codebook)
    forms = []
    export = writing.export_onnx

    def watched(model, file, *, examples):
        forms.append(len(examples))
        export(model, file, examples=examples)

    monkeypatch.setattr(writing, "export_onnx", watched)
    assert add_onnx(whole, folder, ROWS) is None
    assert forms == [3]
    texts = [row.text for row in ROWS]
    with load(folder.path, backend="onnx") as small, load(folder.path, backend="torch") as full:
        np.testing.assert_allclose(small.predict_proba(texts), full.predict_proba(texts), atol=1e-3)


def test_where_fixed_scales_fail_every_token_has_its_own(folder, monkeypatch):
    whole = load_classifier(folder.path, codebook=folder.codebook)
    forms = []
    export = writing.export_onnx

    def distorted_where_fixed(model, file, *, examples):
        forms.append(len(examples))
        export(model, file, examples=examples)
        if examples:
            graph = onnx.load(file)
            (bias,) = (t for t in graph.graph.initializer if t.name.endswith("classifier.bias"))
            moved = onnx.numpy_helper.to_array(bias) + 9 * np.eye(1, *bias.dims, 0)[0]
            bias.CopyFrom(onnx.numpy_helper.from_array(moved.astype(np.float32), bias.name))
            onnx.save(graph, file)

    monkeypatch.setattr(writing, "export_onnx", distorted_where_fixed)
    assert add_onnx(whole, folder, ROWS) is None
    assert forms == [3, 0]
    assert (folder.path / "model.onnx").exists()


def test_why_there_is_no_onnx_file_is_one_short_line(classifier, folder, monkeypatch):
    def fail(model, file, *, examples):
        file.touch()
        raise NotImplementedError("no such\n operator " + "x" * 200)

    monkeypatch.setattr(writing, "export_onnx", fail)
    reason = add_onnx(classifier, folder, ROWS)
    assert reason.startswith("NotImplementedError: no such operator xx")
    assert len(reason) < 150
    assert not (folder.path / "model.onnx").exists()


def test_a_full_disk_is_no_fault_of_the_encoder(classifier, folder, full_disk):
    with full_disk(1_000), pytest.raises(OSError, match="too large"):
        add_onnx(classifier, folder, ROWS)
    assert not (folder.path / "model.onnx").exists()
