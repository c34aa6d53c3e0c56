"""Disputes go out for somebody to settle, and come back as gold rows."""

import csv
import json

import pytest

from stance.errors import InputError
from stance.files.adjudication import write_disputes, write_gold
from stance.files.codings import read_codings

TEXTS = {"s1": ("=They met.", "a.txt"), "s2": ("It rained.", None)}
DISPUTES = [
    {
        "id": "s1",
        "over": ("cooperation", "rivalry"),
        "codings": {"B": {"cooperation": "favor"}, "A": {}},
        "majority": {"cooperation": "favor"},
    },
    {"id": "s2", "over": ("rivalry",), "codings": {"A": {"rivalry": None}}, "majority": {}},
]


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_gold_is_a_row_a_sentence_with_what_is_known_of_it(tmp_path):
    write_gold(tmp_path / "gold.jsonl", {"s1": {"x": "favor"}, "s2": {}}, TEXTS)
    assert lines(tmp_path / "gold.jsonl") == [
        {"id": "s1", "document": "a.txt", "text": "=They met.", "frames": {"x": "favor"}},
        {"id": "s2", "text": "It rained.", "frames": {}},
    ]


def test_gold_is_written_without_texts_where_none_are_known(tmp_path):
    write_gold(tmp_path / "gold.jsonl", {"s1": {"x": None}}, None)
    assert lines(tmp_path / "gold.jsonl") == [{"id": "s1", "frames": {"x": None}}]


def test_a_sentence_without_a_text_is_named(tmp_path):
    long = "s" * 100
    with pytest.raises(InputError, match=r"^no text is known for the sentence 's{60}'; expected"):
        write_gold(tmp_path / "gold.jsonl", {long: {}}, TEXTS)
    assert list(tmp_path.iterdir()) == []


def test_disputes_say_over_what_and_who_saw_what(tmp_path):
    write_disputes(tmp_path / "todo.jsonl", DISPUTES, ["A", "B"], TEXTS)
    first, second = lines(tmp_path / "todo.jsonl")
    assert first == {
        "id": "s1",
        "document": "a.txt",
        "text": "=They met.",
        "over": ["cooperation", "rivalry"],
        "codings": {"B": {"cooperation": "favor"}, "A": {}},
        "frames": {"cooperation": "favor"},
    }
    assert second["frames"] == {}


def test_disputes_as_csv_have_a_column_for_each_coder(tmp_path):
    write_disputes(tmp_path / "todo.CSV", DISPUTES, ["A", "B"], TEXTS)
    with (tmp_path / "todo.CSV").open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream)) == [
            ["id", "document", "text", "over", "coder A", "coder B", "frames"],
            [
                "s1",
                "a.txt",
                "'=They met.",
                "cooperation;rivalry",
                "none",
                "cooperation:favor",
                "cooperation:favor",
            ],
            ["s2", "", "It rained.", "rivalry", "rivalry", "not coded", ""],
        ]


def test_disputes_as_csv_may_have_no_texts(tmp_path):
    write_disputes(tmp_path / "todo.csv", DISPUTES[1:], ["A"], None)
    [row] = csv.DictReader((tmp_path / "todo.csv").read_text(encoding="utf-8").splitlines())
    assert (row["document"], row["text"]) == ("", "")


@pytest.mark.parametrize("name", ["todo.csv", "todo.jsonl"])
def test_settled_disputes_are_read_as_codings(tmp_path, name):
    write_disputes(tmp_path / name, DISPUTES, ["A", "B"], TEXTS)
    found = [(row.id, row.text, dict(row.frames)) for row in read_codings(tmp_path / name)]
    assert found == [("s1", "=They met.", {"cooperation": "favor"}), ("s2", "It rained.", {})]
