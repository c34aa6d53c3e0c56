"""The corpus is what its README says."""

import json
from pathlib import Path

import pytest

from stance.codebook import Codebook

SEEDS = Path(__file__).parent.parent / "seeds"
CODEBOOK = Codebook.load(SEEDS.parent / "training" / "codebook.json")


def lines(name):
    return [json.loads(line) for line in (SEEDS / name).read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def articles():
    return {file.name: file.read_bytes().decode("utf-8") for file in sorted(SEEDS.glob("*.txt"))}


def test_every_label_is_a_stretch_of_its_article(articles):
    rows = lines("labels.jsonl")
    assert len(rows) == 288
    for row in rows:
        assert articles[row["document"]][row["start"] : row["end"]] == row["text"], row["id"]


def test_labels_keep_to_the_codebook():
    for row in lines("labels.jsonl"):
        assert CODEBOOK.check(row["frames"]) == row["frames"]


def test_three_coders_coded_every_sentence():
    ids = [row["id"] for row in lines("labels.jsonl")]
    codings = lines("codings.jsonl")
    for coder in "ABC":
        assert [row["id"] for row in codings if row["coder"] == coder] == ids
    assert len(codings) == 3 * len(ids)
