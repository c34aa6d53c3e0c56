"""The files of a trained model."""

import pytest

from stance.codebook import Codebook, Frame
from stance.finetuning import writing
from stance.finetuning.training import load_classifier
from stance.finetuning.writing import write_onnx, write_weights


@pytest.fixture(scope="module")
def classifier(tiny_folder):
    return load_classifier(tiny_folder, codebook=Codebook((Frame("weather"),)))


def test_whoever_may_read_the_settings_may_read_the_weights(classifier, tmp_path):
    write_weights(classifier, tmp_path / "m", name="m")
    modes = {file.name: file.stat().st_mode for file in (tmp_path / "m").iterdir()}
    assert modes["model.safetensors"] == modes["config.json"]


def test_why_there_is_no_onnx_file_is_one_short_line(classifier, tmp_path, monkeypatch):
    def fail(model, file):
        file.touch()
        raise NotImplementedError("no such\n operator " + "x" * 200)

    monkeypatch.setattr(writing, "export_onnx", fail)
    reason = write_onnx(classifier, tmp_path)
    assert reason.startswith("NotImplementedError: no such operator xx")
    assert len(reason) < 150
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_no_fault_of_the_encoder(classifier, tmp_path, full_disk):
    with full_disk(1_000), pytest.raises(OSError, match="too large"):
        write_onnx(classifier, tmp_path)
    assert not list(tmp_path.iterdir())
