"""`stance info`: what a model is, and that its files are whole."""

import json
import shutil
from dataclasses import replace

import pytest

from stance.store import ModelFolder


def test_the_codebook_and_the_files_are_shown(run, tiny_folder):
    outcome = run("info", "--model", tiny_folder)
    folder = ModelFolder.read(tiny_folder)
    assert outcome.code == 0
    for word in (*folder.codebook.names, *folder.files, "threshold 0.5", "checksums verified"):
        assert word in outcome.out


def test_json_is_what_the_folder_says(run, tiny_folder):
    outcome = run("info", "--model", tiny_folder, "--json")
    data = json.loads(outcome.out)
    assert data["codebook"] == ModelFolder.read(tiny_folder).codebook.to_dict()
    assert data["verified"] is True


@pytest.mark.parametrize(
    ("language", "shown"),
    [("de", "language de, reads 32"), ("", "language unknown (sentences are split as English")],
)
def test_the_language_by_which_articles_are_split_is_shown(
    run, tiny_folder, tmp_path, language, shown
):
    replace(ModelFolder.read(tiny_folder).copy(tmp_path / "m"), language=language).write()
    assert shown in " ".join(run("info", "--model", tmp_path / "m").out.split())


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_damaged_model_is_one_line_and_code_2(run, tiny_folder, tmp_path, damage):
    folder = shutil.copytree(tiny_folder, tmp_path / "model")
    weights = folder / "model.safetensors"
    if damage == "missing":
        weights.unlink()
    else:
        data = weights.read_bytes()
        weights.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    outcome = run("info", "--model", folder)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "model.safetensors" in outcome.err


def test_the_checksum_is_that_of_a_results_record(run, tiny_folder, tmp_path):
    (tmp_path / "a.txt").write_text("They agreed.")
    words = ("--model", tiny_folder, "--threshold", "cooperation=0.125")
    run("label", tmp_path / "a.txt", "-o", tmp_path / "out.jsonl", *words)
    record = json.loads((tmp_path / "out.jsonl.run.json").read_text("utf-8"))["settings"]
    assert record["model"]["thresholds"]["cooperation"] == 0.125
    data = json.loads(run("info", "--model", tiny_folder, "--json").out)
    assert data["sha256"] == record["model"]["sha256"]
    assert data["sha256"] in run("info", "--model", tiny_folder).out
