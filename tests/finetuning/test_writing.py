"""The files of a trained model."""

import dataclasses
import itertools
import shutil

import numpy as np
import onnx
import pytest

from stance.codebook import Codebook, Frame
from stance.files import LabelledRow
from stance.finetuning import quantized_graph, writing
from stance.finetuning.bases import Base
from stance.finetuning.training import load_classifier
from stance.finetuning.writing import add_onnx, write_trained_on, write_weights
from stance.model import load
from stance.store import ModelFolder
from stance.trained_on import TRAINED_ON, count_known, read_checksums

NAMES = ("Oslo", "Lima", "Cairo", "Hanoi", "Quito", "Dakar", "Perth", "Minsk", "Accra", "Turin")
ROWS = [
    LabelledRow(id=f"{n}", text=f"{one} and {other} agree.", document="d", frames={})
    for n, (one, other) in enumerate(itertools.permutations(NAMES, 2))
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


def test_what_the_base_was_trained_on_counts_as_well(folder, tmp_path):
    def sentences(*ids):
        texts = {n: f"The sides signed the treaty number {n}." for n in ids}
        return [LabelledRow(str(n), "d", text, {}) for n, text in texts.items()]

    encoder = Base(folder.path, "encoder", None, None, 384, 6, 512, "en")
    write_trained_on(folder.path, sentences(1, 2), encoder)
    new = tmp_path / "new"
    new.mkdir()
    write_trained_on(new, sentences(2, 3), dataclasses.replace(encoder, folder=folder))
    texts = [row.text for row in sentences(1, 2, 3, 4)]
    known = read_checksums(new)
    assert [count_known([text], known) for text in texts] == [1, 1, 1, 0]
    (folder.path / TRAINED_ON).unlink()
    (new / TRAINED_ON).unlink()
    write_trained_on(new, sentences(2, 3), dataclasses.replace(encoder, folder=folder))
    assert read_checksums(new) is None


@pytest.fixture
def small_matrices_count(monkeypatch):
    """Let the tiny model's matrices be large enough for 8 bits."""
    monkeypatch.setattr(quantized_graph, "_MIN_WEIGHTS", 100)


@pytest.fixture
def whole(folder):
    return load_classifier(folder.path, codebook=folder.codebook)


def operators(folder):
    return {node.op_type for node in onnx.load(folder.path / "model.onnx").graph.node}


@pytest.mark.usefixtures("small_matrices_count")
def test_the_onnx_file_gives_what_the_weights_give(whole, folder):
    assert add_onnx(whole, folder, ROWS) is None
    assert "MatMulIntegerToFloat" in operators(folder)
    assert "ReduceMax" not in operators(folder)
    texts = [row.text for row in ROWS]
    with load(folder.path, backend="onnx") as small, load(folder.path, backend="torch") as full:
        difference = np.abs(small.predict_proba(texts) - full.predict_proba(texts)).max()
    assert 0 < difference < 0.2


@pytest.mark.usefixtures("small_matrices_count")
def test_where_fixed_scales_fail_every_token_has_its_own(whole, folder, monkeypatch):
    forms = []
    export = writing.export_onnx

    def distorted_where_fixed(model, file, *, examples):
        export(model, file, examples=examples)
        forms.append(operators(folder))
        if examples:
            graph = onnx.load(file)
            (head,) = (t for t in graph.graph.initializer if t.name.endswith("classifier.weight"))
            turned = -onnx.numpy_helper.to_array(head)
            head.CopyFrom(onnx.numpy_helper.from_array(turned, head.name))
            onnx.save(graph, file)

    monkeypatch.setattr(writing, "export_onnx", distorted_where_fixed)
    assert add_onnx(whole, folder, ROWS) is None
    assert ["ReduceMax" in form for form in forms] == [False, True]
    assert operators(folder) == forms[1]


def test_a_file_that_is_wrong_in_either_form_goes(whole, folder, monkeypatch):
    monkeypatch.setattr(writing, "_MAX_DIFFERENCE", -1.0)
    reason = add_onnx(whole, folder, ROWS)
    assert reason.startswith("its probabilities differ by 0.00 from")
    assert "model.onnx" not in ModelFolder.read(folder.path).files


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
