"""`stance suggest`: the files to label, what is said of them, the exit codes."""

import json
from pathlib import Path

import pytest

SEEDS = Path(__file__).parents[2] / "seeds"


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def suggest(run, tiny_folder):
    def call(*words):
        return run("suggest", *words, "--model", tiny_folder)

    return call


def test_the_sentences_of_the_seeds_are_written(suggest, tmp_path):
    output = tmp_path / "todo.jsonl"
    outcome = suggest(SEEDS, "-o", output, "--n", 20)
    assert (outcome.code, outcome.err) == (0, "")
    assert len({row["id"] for row in rows(output)}) == 20
    assert all(row["frames"] is None for row in rows(output))
    assert f"20 sentences to label, of 333 in 5 documents: {output}" in outcome.out


def test_the_output_is_plain_text_of_80_columns_in_a_pipe(suggest, tmp_path, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    outcome = suggest(SEEDS, "-o", tmp_path / "todo.jsonl")
    lines = outcome.out.split("to label")[0].splitlines()
    assert "\x1b" not in outcome.out
    assert max(map(len, lines)) <= 80


def test_the_same_call_writes_the_same_file(suggest, tmp_path):
    for name in ("a.jsonl", "b.jsonl"):
        suggest(SEEDS, "-o", tmp_path / name)
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_label_studio_gets_tasks_and_a_set_up(suggest, tmp_path):
    output = tmp_path / "todo.json"
    outcome = suggest(SEEDS, "-o", output, "--n", 3)
    assert len(json.loads(output.read_text(encoding="utf-8"))) == 3
    assert f"{output}.config.xml" in outcome.out.replace("\n", "")


def test_the_second_list_has_other_sentences(suggest, tmp_path):
    first, second = tmp_path / "first.jsonl", tmp_path / "second.json"
    suggest(SEEDS, "-o", first)
    suggest(SEEDS, "-o", second, "--exclude", first)
    texts = {task["data"]["text"] for task in json.loads(second.read_text(encoding="utf-8"))}
    assert texts
    assert texts.isdisjoint(row["text"] for row in rows(first))


def test_where_all_is_labelled_already_nothing_is_left(suggest, tmp_path):
    gold = SEEDS / "labels.jsonl"
    outcome = suggest(SEEDS, "-o", tmp_path / "todo.jsonl", "--exclude", gold)
    assert outcome.code == 2
    assert "found nothing to label in 5 documents, 333 sentences" in outcome.err


def test_what_was_labelled_in_label_studio_is_compared_and_made_gold(run, suggest, tmp_path):
    todo, export, gold = (tmp_path / name for name in ("todo.json", "export.json", "gold.jsonl"))
    suggest(SEEDS, "-o", todo, "--n", 5)
    tasks = json.loads(todo.read_text(encoding="utf-8"))
    for number, task in enumerate(tasks, start=1):
        result = task["predictions"][0]["result"]
        both = ({"completed_by": coder, "result": result} for coder in (1, 2))
        task.update(id=number, annotations=list(both))
    export.write_text(json.dumps(tasks), encoding="utf-8")
    outcome = run("agreement", export, "--gold", gold)
    assert "the same frames by all: 100% of 5 sentences" in outcome.out
    assert [row["text"] for row in rows(gold)] == [task["data"]["text"] for task in tasks]


def test_some_failures_are_named_and_give_code_1(suggest, tmp_path):
    output = tmp_path / "todo.jsonl"
    outcome = suggest(SEEDS, tmp_path / "no.txt", "-o", output)
    assert (outcome.code, output.exists()) == (1, True)
    assert outcome.err == f"stance: {tmp_path}/no.txt does not exist\n"


def test_a_folder_without_articles_is_said_before_a_model_is_loaded(suggest, tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "out.skipped.jsonl").write_text("{}\n")
    outcome = suggest(folder, "-o", tmp_path / "todo.jsonl")
    assert outcome.code == 2
    assert outcome.err.startswith("stance: found no article to label")


def test_where_nothing_is_to_be_labelled_nothing_is_written(suggest, tmp_path):
    (tmp_path / "a.txt").write_text("...")
    outcome = suggest(tmp_path / "a.txt", "-o", tmp_path / "todo.jsonl")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "found nothing to label in 1 document" in outcome.err
    assert not (tmp_path / "todo.jsonl").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--output"),
        (["-o", "todo.xlsx"], "expected a name in .jsonl, .csv or .json"),
        (["-o", "todo.jsonl", "--format", "xml"], "'xml' is not known"),
        (["-o", "todo.jsonl", "--n", "0"], "expected 1 or more"),
        (["-o", "todo.jsonl", "--exclude", "none.jsonl"], "none.jsonl does not exist"),
        (["-o", "todo.jsonl", "--input-format", "docx"], "unknown input format"),
        (["-o", "there.jsonl"], "exists already"),
    ],
)
def test_wrong_options_are_one_line_and_code_2(suggest, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.jsonl").write_text("mine")
    outcome = suggest(SEEDS, *words)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert message in outcome.err
    assert (tmp_path / "there.jsonl").read_text() == "mine"


@pytest.mark.parametrize("name", ["todo.jsonl", "todo.json.config.xml"])
def test_a_list_that_is_excluded_is_never_replaced(suggest, tmp_path, name):
    labelled = tmp_path / name
    labelled.write_bytes((SEEDS / "labels.jsonl").read_bytes())
    output = tmp_path / name.removesuffix(".config.xml")
    outcome = suggest(SEEDS, "-o", output, "--exclude", labelled, "--force")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "is read and would be replaced" in outcome.err
    assert labelled.read_bytes() == (SEEDS / "labels.jsonl").read_bytes()
