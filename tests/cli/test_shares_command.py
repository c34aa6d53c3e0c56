"""`stance sample` and `stance shares`: sheets for coders, and what a corpus adds up to."""

import csv
import json

import pytest


@pytest.fixture
def result(tmp_path):
    """Ten sentences of two outlets; the model finds trade in six of them."""
    path = tmp_path / "labelled.jsonl"
    rows = [
        {
            "document": "ab"[number // 5],
            "index": number % 5,
            "text": f"Sentence {number}.",
            "frames": {"trade": "favor"} if number < 6 else {},
            "probabilities": {"trade": 0.9 if number < 6 else 0.1},
            "outlet": ["Daily", "Weekly"][number // 5],
        }
        for number in range(10)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_gold(path, labels):
    rows = [{"id": id, "text": "A sentence.", "frames": frames} for id, frames in labels.items()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_every_coder_gets_the_same_sentences(run, result, tmp_path):
    anna, ben = tmp_path / "anna.csv", tmp_path / "ben.csv"
    outcome = run("sample", result, "-o", anna, "-o", ben, "--n", 4)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == f"4 sentences drawn: {anna}, {ben}\n"
    assert anna.read_bytes() == ben.read_bytes()
    with anna.open(encoding="utf-8-sig", newline="") as file:
        assert {row["frames"] for row in csv.DictReader(file)} == {"?"}


def test_a_sheet_that_was_coded_corrects_the_shares(run, result, tmp_path):
    sheet = tmp_path / "anna.csv"
    run("sample", result, "-o", sheet, "--n", 10, "--alone")
    # In gold, only the first sentence of each outlet carries the frame.
    text = sheet.read_text("utf-8-sig")
    rows = list(csv.reader(text.splitlines()))
    for row in rows[1:]:
        row[-1] = "trade:favor" if row[0].endswith(":0") else ""
    sheet.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    outcome = run("shares", result, "--gold", sheet, "--json")
    corrected = json.loads(outcome.out)["corrected"]
    assert corrected["sample"] == 10
    assert corrected["frames"]["trade"]["model"] == 0.6
    assert corrected["frames"]["trade"]["share"]["value"] == pytest.approx(0.2)
    assert corrected["frames"]["trade"]["invented"] == 4


def test_the_shares_of_all_and_of_each_group_are_printed(run, result):
    outcome = run("shares", result, "--by", "outlet")
    lines = outcome.out.splitlines()
    headings = [line for line in lines if line in ("all", "outlet: Daily", "outlet: Weekly")]
    assert headings == ["all", "outlet: Daily", "outlet: Weekly"]
    shares = [line.split()[2] for line in lines if line.startswith("trade")]
    assert shares == ["0.60", "1.00", "0.20"]
    assert (
        lines[-1]
        == "10 sentences of 2 documents; 95% intervals from 1,000 resamples of the documents"
    )


def test_each_group_is_corrected_by_its_own_part_of_the_sample(run, result, tmp_path):
    labels = {"a:0": {}, "a:1": {"trade": "favor"}, "b:1": {}}
    gold = write_gold(tmp_path / "gold.jsonl", labels)
    found = json.loads(run("shares", result, "--by", "outlet", "--gold", gold, "--json").out)
    corrected = {name: group["corrected"] for name, group in found["groups"].items()}
    shares = {name: use["frames"]["trade"]["share"]["value"] for name, use in corrected.items()}
    assert shares == pytest.approx({"Daily": 0.5, "Weekly": 0.2})
    # Each outlet has half of the sentences, though two thirds of the sample are of one.
    assert found["corrected"]["frames"]["trade"]["share"]["value"] == pytest.approx(0.35)


def test_a_group_without_a_sample_is_named(run, result, tmp_path):
    gold = write_gold(tmp_path / "gold.jsonl", {"a:0": {}})
    outcome = run("shares", result, "--by", "outlet", "--gold", gold)
    assert (outcome.code, outcome.out) == (2, "")
    assert "the sample has no sentence of 'Weekly'; code some, or correct without" in outcome.err


def test_several_results_are_added_up(run, result, tmp_path):
    other = tmp_path / "other.jsonl"
    other.write_bytes(result.read_bytes())
    found = json.loads(run("shares", result, other, "--json", "--resamples", 0).out)
    assert (found["sentences"], found["documents"]) == (20, 4)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sample", "RESULT", "-o", "sheet.xlsx"), "sheet.xlsx is no sheet"),
        (("sample", "RESULT", "-o", "RESULT"), "is read and would be replaced"),
        (("sample", "RESULT", "-o", "sheet.csv", "--by", "paper"), "has no 'paper'"),
        (("sample", "RESULT", "-o", "sheet.csv", "--n", 0), "0 sentences were asked for"),
        (("shares", "RESULT", "--by", "paper"), "row 1 has no 'paper'"),
        (("shares", "RESULT", "--seed", -1), "seed is -1"),
        (("shares", "missing.jsonl"), "missing.jsonl"),
    ],
)
def test_what_cannot_be_done_is_one_line(run, result, monkeypatch, words, message):
    monkeypatch.chdir(result.parent)
    outcome = run(*(result if word == "RESULT" else word for word in words))
    assert (outcome.code, outcome.err.count("\n"), outcome.out) == (2, 1, "")
    assert message in outcome.err
    assert {path.name for path in result.parent.iterdir()} == {"labelled.jsonl"}


def test_a_sentence_that_the_result_lacks_is_named(run, result, tmp_path):
    gold = write_gold(tmp_path / "gold.jsonl", {"c:0": {}})
    outcome = run("shares", result, "--gold", gold)
    assert (outcome.code, outcome.out) == (2, "")
    assert "the sample has the sentence 'c:0', which the result has not" in outcome.err


def test_a_sheet_that_is_there_is_kept(run, result, tmp_path):
    sheet = tmp_path / "anna.csv"
    sheet.write_text("mine")
    outcome = run("sample", result, "-o", tmp_path / "ben.csv", "-o", sheet)
    assert outcome.code == 2
    assert sheet.read_text() == "mine"
    assert not (tmp_path / "ben.csv").exists()
    assert run("sample", result, "-o", sheet, "--force").code == 0
