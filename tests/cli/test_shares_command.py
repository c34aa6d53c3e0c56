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
    rows = [
        {"id": id, "text": f"Sentence {5 * (id[0] == 'b') + int(id[-1])}.", "frames": frames}
        for id, frames in labels.items()
    ]
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


def test_a_second_sample_can_leave_out_the_first(run, result, tmp_path):
    first, rest = tmp_path / "first.csv", tmp_path / "rest.jsonl"
    run("sample", result, "-o", first, "--n", 4)
    outcome = run("sample", result, "-o", rest, "--n", 10, "--exclude", first)
    assert outcome.out == f"6 sentences drawn: {rest}\n"
    with first.open(encoding="utf-8-sig", newline="") as file:
        ids = [row["id"] for row in csv.DictReader(file)]
    ids += [json.loads(line)["id"] for line in rest.read_text("utf-8").splitlines()]
    assert len(set(ids)) == 10
    again = run("sample", result, "-o", first, "--exclude", first, "--force")
    assert (again.code, "is read and would be replaced" in again.err) == (2, True)


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
    labels = {"a:0": {}, "a:1": {"trade": "favor"}, "b:1": {}, "b:2": {}, "b:3": {}}
    gold = write_gold(tmp_path / "gold.jsonl", labels)
    found = json.loads(run("shares", result, "--by", "outlet", "--gold", gold, "--json").out)
    corrected = {name: group["corrected"] for name, group in found["groups"].items()}
    shares = {name: use["frames"]["trade"]["share"]["value"] for name, use in corrected.items()}
    assert shares == pytest.approx({"Daily": 0.5, "Weekly": 0.2})
    # Each outlet has half of the sentences, though three fifths of the sample are of one.
    assert found["corrected"]["frames"]["trade"]["share"]["value"] == pytest.approx(0.35)


def test_a_share_that_none_can_be_is_doubted(run, result, tmp_path):
    # The sample is of where the model errs, and a hundredth of the rest.
    with result.open("a", encoding="utf-8") as file:
        for number in range(5, 95):
            row = {"document": "a", "index": number, "text": f"Sentence {number}.", "frames": {}}
            file.write(
                json.dumps(row | {"probabilities": {"trade": 0.1}, "outlet": "Daily"}) + "\n"
            )
    labels = {"a:0": {}, "a:1": {}, "a:2": {}, "b:0": {}}
    gold = write_gold(tmp_path / "gold.jsonl", labels | {"a:3": {"trade": "favor"}})
    outcome = run("shares", result, "--gold", gold)
    assert outcome.code == 0
    assert "the corrected share of trade is no share; was the sample drawn at random" in outcome.err


def test_a_share_beyond_1_is_doubted_where_it_has_no_interval(run, result, tmp_path):
    # Two sentences in which the model misses the frame; it finds it in most others.
    labels = {id: {"trade": "favor"} for id in ("b:1", "b:2")}
    outcome = run("shares", result, "--gold", write_gold(tmp_path / "gold.jsonl", labels))
    assert "0.60" in outcome.out
    assert "1.60  " in outcome.out
    assert "the corrected share of trade is no share; was the sample drawn at random" in outcome.err


@pytest.mark.parametrize("found", [True, False])
def test_a_share_of_all_or_none_is_not_doubted(run, result, tmp_path, found):
    frames = {"trade": "favor"} if found else {}
    labels = {f"{'ab'[n // 5]}:{n % 5}": frames for n in range(10)}
    gold = write_gold(tmp_path / "gold.jsonl", labels)
    outcome = run("shares", result, "--gold", gold)
    assert (outcome.code, outcome.err) == (0, "")


def test_a_group_without_a_sample_is_named(run, result, tmp_path):
    gold = write_gold(tmp_path / "gold.jsonl", {"a:0": {}, "a:1": {}})
    outcome = run("shares", result, "--by", "outlet", "--gold", gold)
    assert (outcome.code, outcome.out) == (2, "")
    assert "the sample has 0 of 5 sentences of 'Weekly'; code two or more" in outcome.err


def test_a_group_without_a_frame_has_a_share_of_nought_and_what_all_rows_tell_counts(
    run, result, tmp_path
):
    rows = [
        {"document": "c", "index": n, "text": "x.", "frames": {"trade": "favor"}, "outlet": "City"}
        | {"probabilities": {"trade": 0.9}}
        for n in range(2)
    ]
    rows += [
        {"document": "d", "index": n, "text": "y.", "frames": {}, "outlet": "City"}
        | {"probabilities": {"order": 0.1}}
        for n in range(3)
    ]
    other = tmp_path / "other.jsonl"
    other.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = json.loads(run("shares", result, other, "--by", "outlet", "--json").out)["groups"]
    city = found["City"]["frames"]
    assert list(city) == list(found["Weekly"]["frames"]) == ["trade", "order"]
    # Of the first document's sentences, nobody knows whether they carry the second frame.
    assert (city["trade"]["judged"], city["order"]["judged"]) == (2, 3)
    assert city["trade"]["share"]["value"] == 1


def test_documents_of_one_name_are_not_sampled_or_corrected(run, result, tmp_path):
    other = tmp_path / "other.jsonl"
    other.write_bytes(result.read_bytes())
    gold = write_gold(tmp_path / "gold.jsonl", {"a:0": {}, "a:1": {}})
    for words in (("sample", "-o", tmp_path / "s.csv"), ("shares", "--gold", gold)):
        outcome = run(words[0], result, other, *words[1:])
        assert outcome.code == 2
        assert "two sentences have the id 'a:0'; expected documents with names" in outcome.err


def test_several_results_are_added_up(run, result, tmp_path):
    other = tmp_path / "other.jsonl"
    other.write_bytes(result.read_bytes())
    found = json.loads(run("shares", result, other, "--json", "--resamples", 0).out)
    assert (found["sentences"], found["documents"]) == (20, 4)


def test_documents_of_one_sentence_in_several_results_are_counted_each(run, tmp_path):
    row = {"document": "posts.csv:1", "index": 0, "text": "A.", "frames": {"trade": "favor"}}
    years = [tmp_path / "2020.jsonl", tmp_path / "2021.jsonl"]
    for year in years:
        year.write_text(json.dumps(row) + "\n", encoding="utf-8")
    found = json.loads(run("shares", *years, "--json", "--resamples", 0).out)
    assert (found["sentences"], found["documents"]) == (2, 2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sample", "RESULT", "-o", "sheet.xlsx"), "sheet.xlsx is no sheet"),
        (("sample", "RESULT", "-o", "RESULT"), "is read and would be replaced"),
        (("sample", "RESULT", "-o", "sheet.csv", "--by", "paper"), "has no 'paper'"),
        (("sample", "RESULT", "-o", "sheet.csv", "--n", 0), "the number of sentences is 0"),
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


def test_a_result_that_is_named_twice_is_added_up_once(run, result, monkeypatch):
    monkeypatch.chdir(result.parent)
    once = run("shares", result.name)
    assert run("shares", result.name, result, f"./{result.name}").out == once.out
    other = result.with_name("other.jsonl")
    other.write_text(result.read_text("utf-8").replace('"a"', '"c"').replace('"b"', '"d"'))
    drawn = []
    for given in ((result, other), (result, other, result)):
        assert run("sample", *given, "-o", "s.csv", "--n", 3, "--force").code == 0
        drawn.append((result.parent / "s.csv").read_bytes())
    assert drawn[0] == drawn[1]
    sheet = result.parent / "sheet.csv"
    assert run("sample", result, result.name, "-o", sheet, "--n", 3).code == 0
    refused = run("sample", result, "-o", sheet, "--seed", -1, "--force")
    assert (refused.code, "seed is -1" in refused.err) == (2, True)
