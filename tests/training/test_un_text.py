import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

TRAINING = Path(__file__).parent.parent.parent / "training"
sys.path.insert(0, str(TRAINING))

import un_text  # noqa: E402

SPEECH = "Mr. President, we thank you. Our peoples must work\ntogether for peace. That is all."
SENTENCE = "Our peoples must work together for peace."


def pointer(**changes):
    start = SPEECH.index("Our")
    row = {"id": "un-1", "speech": "ABC_70_2015", "start": start, "end": start + len(SENTENCE)}
    return {**row, "sha256": un_text.checksum(SENTENCE), "frames": {}, **changes}


def test_the_sentence_is_found_by_its_offsets():
    assert [row["text"] for row in un_text.fill([pointer()], {"ABC_70_2015": SPEECH})] == [SENTENCE]


def test_the_sentence_is_found_where_the_offsets_have_moved():
    moved = {"ABC_70_2015": "\ufeff\n\n" + SPEECH.replace(" That", "  That")}
    assert [row["text"] for row in un_text.fill([pointer()], moved)] == [SENTENCE]


@pytest.mark.parametrize("speeches", [{}, {"ABC_70_2015": "Something else was said."}])
def test_what_is_not_there_is_left_out(speeches):
    assert list(un_text.fill([pointer()], speeches)) == []


@pytest.mark.parametrize("kind", ["folder", "jsonl", "jsonl.gz"])
def test_speeches_are_read_from_a_folder_and_from_one_file(tmp_path, kind):
    if kind == "folder":
        source = tmp_path / "Session 70"
        source.mkdir()
        (source / "ABC_70_2015.txt").write_text(SPEECH, encoding="utf-8")
    else:
        source = tmp_path / f"speeches.{kind}"
        content = (json.dumps({"speech": "ABC_70_2015", "text": SPEECH}) + "\n").encode()
        source.write_bytes(gzip.compress(content) if kind.endswith("gz") else content)
    assert un_text.read_speeches(source) == {"ABC_70_2015": SPEECH}


def test_what_was_not_found_is_said(tmp_path):
    source = tmp_path / "speeches.jsonl"
    source.write_text(json.dumps({"speech": "ABC_70_2015", "text": SPEECH}) + "\n")
    code = "import un_text, pathlib, sys; un_text.read_un_rows(pathlib.Path(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(source)],
        cwd=TRAINING,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "0 of 30,269 found in 1 speeches" in done.stdout
    assert "speeches not found" in done.stdout
