"""`stance agreement`: the figures, the files for adjudication and gold, the exit codes."""

import csv
import json
import re
from pathlib import Path

import pytest

from stance.files.rows import read_rows

SEEDS = Path(__file__).parents[2] / "seeds"
CODINGS = SEEDS / "codings.jsonl"
LABELS = SEEDS / "labels.jsonl"


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path, *coded):
    path.write_text("".join(json.dumps(row) + "\n" for row in coded), encoding="utf-8")
    return path


@pytest.fixture
def two(tmp_path):
    """Two assistants' files: they agree on the first sentence and differ on the other two."""
    anna = [("a", {"x": "favor"}), ("b", {"x": "favor"}), ("c", {})]
    ben = [("a", {"x": "favor"}), ("b", {"x": "against"}), ("c", {"y": None})]
    files = []
    for name, coded in (("anna", anna), ("ben", ben)):
        each = ({"id": id, "text": f"={id}.", "frames": frames} for id, frames in coded)
        files.append(write(tmp_path / f"{name}.jsonl", *each))
    return files


def test_the_figures_of_the_seeds_are_those_of_their_readme(run):
    data = json.loads(run("agreement", CODINGS, "--json").out)
    readme = " ".join((SEEDS / "README.md").read_text(encoding="utf-8").split())
    stated = dict(re.findall(r"(\w+) (0\.\d\d)", readme.split("Agreement, as")[1]))
    found = {name: frame["alpha"] for name, frame in data["frames"].items()}
    found["stance"] = data["stance"]["alpha"]
    for name, alpha in found.items():
        assert f"{alpha:.2f}" == stated[name], name
    assert f"{data['same_frames']:.0%} of the sentences" in readme


def test_the_table_shows_those_figures_in_80_columns(run, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    outcome = run("agreement", CODINGS)
    assert outcome.code == 0
    interval = r"\[0\.\d\d, 0\.\d\d\]"
    assert re.search(rf"^cooperation +0\.85 {interval} +0\.91 +331$", outcome.out, re.MULTILINE)
    assert "95% intervals, from resamples of 288 sentences.\n" in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 80
    assert "from 0.667 tentatively so (Krippendorff 2004). F1: mean over" in outcome.out


def test_frames_of_few_sentences_are_named(run, two):
    told = run("agreement", *two).out
    assert "\nin fewer than five sentences, so intervals may be too narrow: x\n" in told


def test_intervals_go_by_the_documents_that_codings_or_texts_name(run, tmp_path):
    said = "95% intervals, from resamples of 5 documents."
    assert said in run("agreement", CODINGS, "--texts", LABELS).out
    documents = {row["id"]: row["document"] for row in rows(LABELS)}
    named = [row | {"document": documents[row["id"]]} for row in rows(CODINGS)]
    assert said in run("agreement", write(tmp_path / "codings.jsonl", *named)).out


def test_long_names_fold_in_80_columns(run, monkeypatch, tmp_path):
    monkeypatch.delenv("COLUMNS", raising=False)
    frames = {"a" * 64: "favor"}
    coders = ("first.person@university.example", "second.person@university.example")
    path = write(
        tmp_path / "c.jsonl", *({"id": 1, "coder": coder, "frames": frames} for coder in coders)
    )
    outcome = run("agreement", path)
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_every_coder_and_pair_is_shown(run, two):
    out = run("agreement", *two).out
    assert "anna – ben" in out
    assert re.search(r"^x +anna +2 +67% +2 +0 +0$", out, re.MULTILINE)
    assert re.search(r"^x +ben +2 +67% +1 +0 +1$", out, re.MULTILINE)
    assert "in dispute: 2" in out


def test_gold_of_the_seeds_is_their_labels(run, tmp_path):
    gold = tmp_path / "gold.jsonl"
    assert run("agreement", CODINGS, "--gold", gold, "--texts", LABELS).code == 0
    kept = ("id", "document", "text", "frames")
    assert rows(gold) == [{name: row[name] for name in kept} for row in rows(LABELS)]


def test_gold_has_the_texts_of_the_codings_themselves(run, two, tmp_path):
    gold = tmp_path / "gold.jsonl"
    run("agreement", *two, "--gold", gold)
    assert [(row.text, dict(row.frames)) for row in read_rows(gold)] == [
        ("=a.", {"x": "favor"}),
        ("=b.", {"x": "neutral"}),
        ("=c.", {}),
    ]


def test_gold_without_texts_has_ids(run, tmp_path):
    gold = tmp_path / "gold.jsonl"
    run("agreement", CODINGS, "--gold", gold)
    assert rows(gold)[0] == {"id": "000-001", "frames": {"defensive_balancing": "favor"}}


def test_disputes_hold_what_each_saw_and_the_majority(run, two, tmp_path):
    disputes = tmp_path / "disputes.jsonl"
    assert f"to adjudicate: {disputes}" in run("agreement", *two, "--disputes", disputes).out
    assert rows(disputes)[0] == {
        "id": "b",
        "text": "=b.",
        "over": ["x"],
        "codings": {"anna": {"x": "favor"}, "ben": {"x": "against"}},
        "frames": {"x": "neutral"},
    }


@pytest.mark.parametrize("name", ["disputes.jsonl", "disputes.csv"])
def test_what_was_adjudicated_goes_into_the_gold(run, two, tmp_path, name):
    disputes, gold = tmp_path / name, tmp_path / "gold.jsonl"
    run("agreement", *two, "--disputes", disputes)
    text = disputes.read_text(encoding="utf-8")
    settled = text.replace('"x": "neutral"', '"x": "against"').replace("x:neutral", "x:against")
    disputes.write_text(settled, encoding="utf-8")
    assert run("agreement", *two, "--gold", gold, "--adjudicated", disputes).code == 0
    assert [row["frames"] for row in rows(gold)] == [{"x": "favor"}, {"x": "against"}, {}]


def test_disputes_in_csv_have_a_column_for_each_coder(run, two, tmp_path):
    disputes = tmp_path / "disputes.csv"
    run("agreement", *two, "--disputes", disputes)
    with disputes.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [(row["coder anna"], row["coder ben"]) for row in found] == [
        ("x:favor", "x:against"),
        ("none", "y"),
    ]
    assert found[0]["text"] == "'=b."


def test_one_coder_makes_gold_but_no_agreement(run, two, tmp_path):
    gold = tmp_path / "gold.jsonl"
    outcome = run("agreement", two[0], "--gold", gold)
    assert outcome.code == 0
    assert "no agreement" in outcome.out
    assert len(rows(gold)) == 3


@pytest.mark.parametrize(
    "words",
    [
        ("--gold", "gold.jsonl", "--json"),
        ("--gold", "gold.jsonl", "--disputes", "disputes.jsonl"),
        ("--disputes", "disputes.csv", "--json"),
    ],
)
def test_one_coder_leaves_no_file_where_figures_are_asked_for(run, two, monkeypatch, words):
    folder = two[0].parent
    monkeypatch.chdir(folder)
    outcome = run("agreement", two[0], *words)
    assert (outcome.code, outcome.err.count("\n"), outcome.out) == (2, 1, "")
    assert "no sentence was coded twice" in outcome.err
    assert sorted(folder.iterdir()) == sorted(two)


def test_exports_of_label_studio_are_read(run, tmp_path):
    def annotation(coder, stance):
        chosen = {"type": "choices", "from_name": "x", "value": {"choices": [stance]}}
        return {"completed_by": coder, "result": [chosen]}

    answers = [annotation(1, "favor"), annotation(2, "against")]
    path = tmp_path / "export.json"
    path.write_text(json.dumps([{"id": 1, "data": {"text": "a"}, "annotations": answers}]))
    outcome = run("agreement", path)
    assert (outcome.code, "1 – 2" in outcome.out) == (0, True)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"id": 1, "coder": "A", "frames": {"x": "good"}},
            "codings.jsonl line 2: the stance of x is str",
        ),
        ({"id": 1, "coder": "A"}, "codings.jsonl line 2 has no column 'frames'"),
        ({"id": 0, "coder": "A", "frames": {}}, "codings.jsonl line 2 is a second coding of '0'"),
        ({"id": 1, "coder": "A", "frames": {}}, "no sentence was coded twice"),
    ],
)
def test_codings_that_cannot_be_used_are_one_line_and_code_2(run, tmp_path, row, message):
    first = {"id": 0, "coder": "A", "frames": {"x": None}}
    outcome = run("agreement", write(tmp_path / "codings.jsonl", first, row))
    assert (outcome.code, outcome.err.count("\n"), outcome.out) == (2, 1, "")
    assert message in outcome.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--gold", "gold.csv"], "expected a name in .jsonl"),
        (["--disputes", "d.xlsx"], "expected a name in .jsonl or .csv"),
        (["--gold", "none/gold.jsonl"], "does not exist; make it first"),
        (["--adjudicated", "d.csv"], "--gold FILE"),
        (["--codebook", "none.json"], "cannot read the codebook"),
        (["--texts", "none.jsonl"], "none.jsonl does not exist"),
    ],
)
def test_wrong_options_are_one_line_and_code_2(run, two, monkeypatch, words, message):
    monkeypatch.chdir(two[0].parent)
    outcome = run("agreement", *two, *words)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert message in outcome.err


def test_an_existing_file_is_not_touched_unless_forced(run, two, tmp_path):
    gold = tmp_path / "gold.jsonl"
    gold.write_text("mine")
    assert run("agreement", *two, "--gold", gold).code == 2
    assert gold.read_text() == "mine"
    assert run("agreement", *two, "--gold", gold, "--force").code == 0
    assert gold.read_text() != "mine"


def test_a_sentence_without_a_text_leaves_nothing_half_written(run, two, tmp_path):
    texts = write(tmp_path / "texts.jsonl", {"id": "a", "text": "=a."})
    gold = tmp_path / "gold.jsonl"
    outcome = run("agreement", *two, "--texts", texts, "--gold", gold)
    assert "no text is known for the sentence 'b'" in outcome.err
    assert not gold.exists()


def test_a_stray_settlement_is_named(run, two, tmp_path):
    settled = write(tmp_path / "settled.jsonl", {"id": "z", "frames": {}})
    outcome = run("agreement", *two, "--gold", tmp_path / "g.jsonl", "--adjudicated", settled)
    assert "settles 'z', which no coder coded" in outcome.err


def test_an_adjudicator_may_write_none_as_the_table_of_disputes_does(run, two, tmp_path):
    disputes, gold = tmp_path / "d.csv", tmp_path / "gold.jsonl"
    run("agreement", *two, "--disputes", disputes)
    text = disputes.read_text(encoding="utf-8")
    assert "x:neutral" in text
    disputes.write_text(text.replace("x:neutral", "none"), encoding="utf-8")
    assert run("agreement", *two, "--gold", gold, "--adjudicated", disputes).code == 0
    assert [row["frames"] for row in rows(gold)] == [{"x": "favor"}, {}, {}]


def test_an_adjudicators_slip_in_the_name_of_a_frame_is_named(run, two, tmp_path):
    settled = write(tmp_path / "settled.jsonl", {"id": "b", "frames": {"xx": "favor"}})
    settle = ("agreement", *two, "--gold", tmp_path / "g.jsonl", "--adjudicated", settled)
    outcome = run(*settle)
    assert (outcome.code, outcome.out) == (2, "")
    assert "settles 'b' with 'xx', a frame that no coder gave; expected x, y" in outcome.err
    codebook = tmp_path / "codebook.json"
    codebook.write_text('{"frames": [{"name": "x"}, {"name": "y"}, {"name": "xx"}]}')
    assert run(*settle, "--codebook", codebook).code == 0


def test_disputes_that_are_left_open_are_counted(run, two, tmp_path):
    settled = write(tmp_path / "settled.jsonl", {"id": "b", "frames": {"x": "favor"}})
    outcome = run("agreement", *two, "--gold", tmp_path / "g.jsonl", "--adjudicated", settled)
    assert (outcome.code, "leaves 1 dispute to the majority" in outcome.err) == (0, True)


def test_one_id_for_two_sentences_is_refused(run, two, tmp_path):
    other = [{"id": id, "text": text, "frames": {}} for id, text in (("a", "=b."), ("b", "=a."))]
    carl = write(tmp_path / "carl.jsonl", *other)
    outcome = run("agreement", *two, carl)
    assert outcome.code == 2
    assert "the id 'a' stands for two sentences: '=a.' by 'anna', '=b.' by 'carl'" in outcome.err
    # What programs do to a text is not told apart.
    for same in (" =a.\n", "=A", "=\uff41."):
        write(carl, {"id": "a", "text": same, "frames": {}})
        assert run("agreement", *two, carl).code == 0


def test_texts_that_programs_spoilt_can_be_given_anew_and_no_others(run, tmp_path):
    spoilt = "Au Caf\u00c3\u00a9 on s\u00e2\u20ac\u2122est dit"
    anna = [{"id": "e\u0301 1", "text": spoilt, "frames": {"x": "favor"}}]
    ben = [{"id": "\u00e9 1 ", "text": "Au Cafe on s'est dit au revoir.", "frames": {}}]
    files = [write(tmp_path / "anna.jsonl", *anna), write(tmp_path / "ben.jsonl", *ben)]
    assert "stands for two sentences" in run("agreement", *files).err
    right = {"id": "\u00e9 1", "text": "Au Caf\u00e9 on s\u2019est dit au revoir."}
    texts, gold = write(tmp_path / "texts.jsonl", right), tmp_path / "gold.jsonl"
    assert run("agreement", *files, "--texts", texts, "--gold", gold).code == 0
    assert rows(gold)[0]["text"] == right["text"]
    settled = write(tmp_path / "s.jsonl", {"id": "\u00e9 1", "frames": {"x": "favor"}})
    options = ("--texts", texts, "--gold", gold, "--force", "--adjudicated", settled)
    assert run("agreement", *files, *options).code == 0
    assert rows(gold)[0]["frames"] == {"x": "favor"}
    write(texts, {"id": "\u00e9 1", "text": "Another sentence."})
    outcome = run("agreement", *files, "--texts", texts)
    assert outcome.code == 2
    assert "and for 'Another sentence.' in " in outcome.err


def test_gold_has_the_document_that_any_coder_names(run, two, tmp_path):
    gold = tmp_path / "gold.jsonl"
    write(two[1], *({**row, "document": "d1"} for row in rows(two[1])))
    assert run("agreement", *two, "--gold", gold).code == 0
    assert {row["document"] for row in rows(gold)} == {"d1"}


def test_a_dispute_is_settled_once(run, two, tmp_path):
    once = {"id": "b", "coder": "carl", "frames": {"x": "favor"}}
    settled = write(tmp_path / "s.jsonl", once, {**once, "coder": "dora", "frames": {}})
    outcome = run("agreement", *two, "--gold", tmp_path / "g.jsonl", "--adjudicated", settled)
    assert outcome.code == 2
    assert "settles 'b' a second time, by 'dora'; leave the row in that counts" in outcome.err


def test_open_disputes_are_told_of_beside_json(run, two, tmp_path):
    settled = write(tmp_path / "s.jsonl", {"id": "b", "frames": {"x": "favor"}})
    files = ("--gold", tmp_path / "g.jsonl", "--adjudicated", settled)
    outcome = run("agreement", *two, *files, "--json")
    assert json.loads(outcome.out)["coders"] == ["anna", "ben"]
    assert "leaves 1 dispute to the majority's label" in outcome.err


def test_a_codebook_finds_misspelt_frames(run, two, tmp_path):
    codebook = tmp_path / "codebook.json"
    codebook.write_text('{"frames": [{"name": "x"}, {"name": "z"}]}')
    outcome = run("agreement", *two, "--codebook", codebook)
    assert "ben.jsonl line 3: unknown frame 'y'" in outcome.err


@pytest.mark.parametrize("option", ["--disputes", "--gold"])
def test_codings_are_never_replaced(run, two, option):
    before = two[1].read_bytes()
    outcome = run("agreement", *two, option, two[1], "--force")
    assert (outcome.code, two[1].read_bytes()) == (2, before)
    assert "is read and would be replaced" in outcome.err


def test_gold_and_disputes_are_two_files(run, two, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ("--gold", "x.jsonl", "--disputes", tmp_path / "x.jsonl", "--force")
    outcome = run("agreement", *two, *words)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "both name x.jsonl" in outcome.err
    assert not (tmp_path / "x.jsonl").exists()
