"""Where results go: never through a link, and never where a stranger's record says."""

import json

import pytest
from spoiling import DATA

from stance import job
from stance.codebook import Codebook, Frame
from stance.files.output import write_whole

SENTENCE = "The two powers agreed to trade."


@pytest.fixture
def label(sandbox, command):
    (sandbox / "a.txt").write_text(SENTENCE, encoding="utf-8")

    def call(output, *words):
        command("label", sandbox / "a.txt", "-o", output, "--model", DATA / "format-1", *words)

    return call


def precious(sandbox):
    return (sandbox / "secret.txt").read_text(encoding="utf-8") == "precious"


def test_an_output_that_links_to_a_file_is_refused(attempt, label, sandbox):
    out = sandbox / "out" / "out.jsonl"
    out.symlink_to(sandbox / "secret.txt")
    attempt("result: a link to another file", lambda: label(out), kind="output")


def test_force_replaces_the_link_and_not_its_target(attempt, label, sandbox):
    out = sandbox / "out" / "out.jsonl"
    out.symlink_to(sandbox / "secret.txt")
    name = "result: a link to another file, with --force"
    attempt(name, lambda: label(out, "--force"), kind="output", refused=False)
    assert precious(sandbox)
    assert not out.is_symlink()


def test_a_link_to_nothing_makes_nothing_there(attempt, label, sandbox):
    out = sandbox / "out" / "out.jsonl"
    out.symlink_to(sandbox / "new.txt")
    name = "result: a link to a file that is not there"
    attempt(name, lambda: label(out), kind="output", refused=False)
    assert not (sandbox / "new.txt").exists()


@pytest.mark.parametrize("option", ["--force", "--resume"])
def test_an_unfinished_run_that_is_a_link_is_refused(attempt, label, sandbox, option):
    (sandbox / "mine").mkdir()
    (sandbox / "mine" / "thesis.txt").write_text("precious", encoding="utf-8")
    out = sandbox / "out" / "out.jsonl"
    (sandbox / "out" / "out.jsonl.partial").symlink_to(sandbox / "mine")
    line = attempt(
        f"unfinished run: a link to a folder, with {option}",
        lambda: label(out, option),
        kind="output",
    ).line
    assert "is a link" in line


def unfinished(sandbox, label, **changes):
    """Leave an unfinished run, its record changed by a stranger."""
    out = sandbox / "out" / "out.jsonl"
    label(out)
    partial = out.with_name("out.jsonl.partial")
    partial.mkdir()
    record = json.loads(out.with_name("out.jsonl.run.json").read_text(encoding="utf-8"))
    record["progress"]["complete"] = False
    record["bytes"] = {"rows": 0, "skipped.jsonl": 0, "errors.jsonl": 0}
    record.update(changes)
    (partial / "run.json").write_text(json.dumps(record), encoding="utf-8")
    for name in ("rows", "skipped.jsonl", "errors.jsonl"):
        (partial / name).touch()
    out.unlink()
    return out, partial


PROGRESS = {"documents": 1, "digest": "", "complete": False, "tally": {}}
RECORDS = {
    "lengths of a file outside": {"bytes": {"../../secret.txt": 0}},
    "lengths of a file outside, beside its own": {
        "bytes": {"rows": 0, "skipped.jsonl": 0, "errors.jsonl": 0, "../../secret.txt": 0}
    },
    "lengths below zero": {"bytes": {"rows": -1, "skipped.jsonl": 0, "errors.jsonl": 0}},
    "progress of another shape": {"progress": {"evil": 1}},
    "settings that are a list": {"settings": [1]},
    "fewer documents than none": {"progress": PROGRESS | {"documents": -1}},
    "more documents than can be counted": {"progress": PROGRESS | {"documents": 10**50}},
    "totals that are a list": {"progress": PROGRESS | {"tally": [1]}},
}


@pytest.mark.parametrize("attack", RECORDS)
def test_a_record_by_a_stranger_is_refused(attempt, label, sandbox, attack):
    out, _ = unfinished(sandbox, label, **RECORDS[attack])
    attempt(f"unfinished run: {attack}", lambda: label(out, "--resume"), kind="output")
    assert precious(sandbox)


@pytest.mark.parametrize("count", [None, "many", -1, 10**50, [1]])
def test_totals_by_a_stranger_are_refused(attempt, label, sandbox, count):
    out, partial = unfinished(sandbox, label)
    record = json.loads((partial / "run.json").read_text(encoding="utf-8"))
    record["progress"]["tally"]["sentences"] = count
    (partial / "run.json").write_text(json.dumps(record), encoding="utf-8")
    name = f"unfinished run: {count!r:.9} sentences"
    assert "no totals" in attempt(name, lambda: label(out, "--resume"), kind="output").line


def test_rows_that_are_a_link_are_not_gone_on_with(attempt, label, sandbox):
    out, partial = unfinished(sandbox, label)
    (partial / "rows").unlink()
    (partial / "rows").symlink_to(sandbox / "secret.txt")
    attempt("unfinished run: rows that are a link", lambda: label(out, "--resume"), kind="output")
    assert precious(sandbox)


@pytest.mark.parametrize("option", [(), ("--force",)])
def test_a_device_is_no_output(attempt, label, option):
    words = ("--format", "jsonl", *option)
    name = f"result: a device{', with --force' if option else ''}"
    assert "device" in attempt(name, lambda: label("/dev/null", *words), kind="output").line


def test_a_small_result_is_never_written_through_a_link(attempt, sandbox):
    out = sandbox / "out" / "gold.jsonl"
    (sandbox / "out" / "gold.jsonl.new").symlink_to(sandbox / "secret.txt")
    name = "small result: a link where it is written first"
    attempt(name, lambda: write_whole(out, "text"), kind="output", refused=False)
    assert precious(sandbox)
    assert not out.is_symlink()


def test_nothing_is_written_where_nothing_is_asked_for(attempt, sandbox):
    (sandbox / "a.txt").write_text(SENTENCE, encoding="utf-8")
    attempt(
        "label without a result",
        lambda: job.label_files([sandbox / "a.txt"], None, model=DATA / "format-1"),
        kind="output",
        refused=False,
    )


def test_a_codebook_is_never_saved_through_a_link(sandbox):
    link = sandbox / "out" / "book.json"
    link.symlink_to(sandbox / "secret.txt")
    Codebook((Frame("weather"),)).save(link)
    assert precious(sandbox)
    assert not link.is_symlink()
