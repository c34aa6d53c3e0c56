"""`stance finetune`: what it prints, what it makes, and one line for what is wrong."""

import json
import os
import subprocess
import sys

import pytest

import stance


@pytest.fixture
def data(tmp_path):
    file = tmp_path / "rows.jsonl"
    frames = [{"weather": "favor"}, {"harvest": None}, {}]
    rows = [
        {"document": "ab"[n % 2], "text": f"the world {chr(97 + n)}", "frames": frames[n % 3]}
        for n in range(18)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def test_rows_that_are_all_in_the_evaluation_data_are_refused(run, data, tiny_folder, tmp_path):
    words = ("--output", tmp_path / "m", "--base", tiny_folder, "--eval", data)
    outcome = run("finetune", data, *words)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "are in the evaluation data too" in outcome.err


def test_the_settings_the_findings_and_the_figures_are_printed(run, data, tiny_folder, tmp_path):
    outcome = run(
        "finetune", data, "--output", tmp_path / "m", "--base", tiny_folder, "--epochs", 1
    )
    assert (outcome.code, outcome.err) == (0, "")
    for word in ("only 6 rows carry weather", "learning rate", "macro-F1", "written: "):
        assert word in outcome.out
    assert stance.load(tmp_path / "m").codebook.names == ("harvest", "weather")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"body": "a", "frames": {}}', "no column 'text'"),
        ('{"text": "a", "frames": {"weather": "good"}}', "the stance of weather is str 'good'"),
        ('{"text": " ", "frames": {}}', "has no text"),
        ("{", "is not JSON"),
    ],
)
def test_wrong_rows_are_one_line_with_the_file_and_the_line(run, data, tiny_folder, line, words):
    data.write_text(f"{data.read_text()}{line}\n", encoding="utf-8")
    outcome = run("finetune", data, "--output", data.with_name("m"), "--base", tiny_folder)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert f"{data} line 19" in outcome.err
    assert words in outcome.err
    assert {file.name for file in data.parent.iterdir()} == {data.name}


def test_a_language_that_is_no_code_is_one_line(run, data, tiny_folder, tmp_path):
    words = ("--output", tmp_path / "m", "--base", tiny_folder, "--language", "german")
    outcome = run("finetune", data, *words)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "language is 'german'; expected a code of two letters" in outcome.err


def test_the_output_has_to_be_named(run, data):
    outcome = run("finetune", data)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "--output" in outcome.err


def test_an_export_is_read_and_named(run, tiny_folder, tmp_path):
    path = tmp_path / "all.jsonl"
    labels = [["weather:favor"], ["harvest"], []]
    lines = [
        {"id": n, "text": f"the world {chr(97 + n)}", "label": labels[n % 3]} for n in range(9)
    ]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    words = ("--output", tmp_path / "m", "--base", tiny_folder, "--epochs", 1)
    outcome = run("finetune", path, *words)
    assert outcome.code == 0
    assert "all.jsonl is read as an export of doccano: 9 labelled sentences" in outcome.out


def test_lines_reach_stdout_where_only_stderr_is_a_terminal(data, tmp_path):
    pty = pytest.importorskip("pty", reason="needs the terminals of Unix")
    code = """
from stance.cli.finetune import _reporter
from stance.finetuning.fitting import FinetuneProgress
with _reporter() as report:
    report(FinetuneProgress("training", 0.5, 1.0, ("only 6 rows carry weather", "macro-F1 0.5")))
"""
    near, far = pty.openpty()
    try:
        with (tmp_path / "run.log").open("w") as log:
            subprocess.run([sys.executable, "-c", code], stdout=log, stderr=far, check=True)
        shown = os.read(near, 2**16).decode()
    finally:
        os.close(near)
        os.close(far)
    assert (tmp_path / "run.log").read_text() == "only 6 rows carry weather\nmacro-F1 0.5\n"
    assert "training" in shown
    assert "weather" not in shown
