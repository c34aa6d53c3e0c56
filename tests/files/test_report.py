"""A job's totals add up, can be put aside, and are the same when they are taken up again."""

import json
from pathlib import Path

import pytest

from stance.errors import InputError
from stance.files.documents import Document, Failure
from stance.files.report import MAX_LISTED, DocumentSummary, Remarked, Tally
from stance.files.sources import LeftOut
from stance.results import DocumentResult, FrameSummary, SentenceResult, SkippedText

FRAMES = ("cooperation", "rivalry")


def sentence(*uncertain, **frames):
    return SentenceResult("They met.", 0, 9, 0, frames, {}, {}, uncertain)


def labelled(name, *sentences, skipped=(), guessed=None):
    stretches = tuple(SkippedText("x", 0, 1, reason) for reason in skipped)
    result = DocumentResult(name, sentences, FRAMES, stretches)
    return Document(name, "They met.", guessed=guessed), result


@pytest.fixture
def tally():
    tally = Tally(FRAMES)
    favor, against = sentence(cooperation="favor"), sentence(cooperation="against")
    tally.add(labelled("a", favor, against, skipped=["menu", "byline", "menu"]))
    tally.add(labelled("b", sentence(), favor, skipped=["menu"], guessed="cp1252"))
    tally.add(Failure("c", "holds no text"))
    return tally


def report(tally, output=None, **changes):
    return tally.report(output, **({"left_out": (), "resumed": 0, "seconds": 1.5} | changes))


def test_documents_sentences_and_failures_are_counted(tally):
    found = report(tally)
    assert (found.documents, found.sentences, found.failed) == (2, 4, 1)
    assert found.failures == (Failure("c", "holds no text"),)
    assert found.skipped == {"menu": 3, "byline": 1}
    assert found.remarks == {"not in UTF-8, read as cp1252": Remarked(1, ("b",))}


def test_frames_are_summed_over_all_sentences(tally):
    assert report(tally).frames == {
        "cooperation": FrameSummary(3, 0.75, 2, 0, 1),
        "rivalry": FrameSummary(0, 0.0, 0, 0, 0),
    }


def test_decisions_that_were_withheld_are_summed_too(tally):
    tally.add(labelled("c", sentence("rivalry", cooperation="favor"), sentence("rivalry")))
    again = Tally.from_dict(json.loads(json.dumps(tally.to_dict())))
    found = report(Tally.merged([again, tally]))
    assert found.frames["rivalry"] == FrameSummary(0, 0.0, 0, 0, 0, uncertain=4)
    assert found.frames["cooperation"].uncertain == 0
    assert found.summaries[2].frames["rivalry"].uncertain == 2


def test_each_document_is_summed_up(tally):
    first, second = report(tally).summaries
    assert (first.id, first.sentences) == ("a", 2)
    assert first.frames["cooperation"] == FrameSummary(2, 1.0, 1, 0, 1)
    assert second.frames["cooperation"].share == 0.5


def test_without_sentences_no_frame_has_a_share():
    assert report(Tally(FRAMES)).frames["rivalry"] == FrameSummary(0, 0.0, 0, 0, 0)


def test_what_only_the_run_knows_is_passed_on(tally):
    left_out = (LeftOut("README.md", "a note, not an article"),)
    found = report(tally, left_out=left_out, resumed=7, seconds=2.5)
    assert (found.left_out, found.resumed, found.seconds) == (left_out, 7, 2.5)


def test_side_files_lie_beside_the_output_where_they_hold_something(tally):
    found = report(tally, Path("out/o.csv"))
    assert found.output == Path("out/o.csv")
    assert found.errors_file == Path("out/o.csv.errors.jsonl")
    assert found.skipped_file == Path("out/o.csv.skipped.jsonl")
    nothing = report(Tally(FRAMES), Path("out/o.csv"))
    assert (nothing.errors_file, nothing.skipped_file) == (None, None)
    unwritten = report(tally)
    assert (unwritten.errors_file, unwritten.skipped_file) == (None, None)


def test_lists_end_where_nobody_reads_on_and_the_counts_go_on():
    tally = Tally(FRAMES)
    for number in range(MAX_LISTED + 1):
        tally.add(Failure(f"f{number}", "holds no text"))
        tally.add(labelled(f"d{number}", sentence()))
    found = report(tally)
    assert (found.failed, found.documents) == (MAX_LISTED + 1, MAX_LISTED + 1)
    assert [failure.id for failure in found.failures] == [f"f{n}" for n in range(MAX_LISTED)]
    assert [summary.id for summary in found.summaries] == [f"d{n}" for n in range(MAX_LISTED)]


def test_totals_are_the_same_when_they_were_kept_as_json(tally):
    again = Tally.from_dict(json.loads(json.dumps(tally.to_dict())))
    assert again == tally
    assert isinstance(again.summaries[0], DocumentSummary)
    again.add(labelled("d", sentence(), skipped=["menu"], guessed="cp1252"))
    assert again.skipped["menu"] == 4
    assert again.remarks == {"not in UTF-8, read as cp1252": Remarked(2, ("b", "d"))}


def test_parts_of_a_job_add_up_to_the_whole(tally):
    other = Tally(FRAMES)
    other.add(labelled("e", sentence(rivalry="neutral"), skipped=["menu"], guessed="cp1251"))
    other.add(Failure("f", "does not exist"))
    found = report(Tally.merged([tally, other]))
    assert (found.documents, found.sentences, found.failed) == (3, 5, 2)
    assert [failure.id for failure in found.failures] == ["c", "f"]
    assert [summary.id for summary in found.summaries] == ["a", "b", "e"]
    assert found.skipped == {"menu": 4, "byline": 1}
    assert found.remarks == {
        "not in UTF-8, read as cp1252": Remarked(1, ("b",)),
        "not in UTF-8, read as cp1251": Remarked(1, ("e",)),
    }
    assert found.frames["cooperation"].sentences == 3
    assert found.frames["rivalry"] == FrameSummary(1, 0.2, 0, 1, 0)


def test_the_lists_of_the_whole_are_no_longer_than_those_of_a_part():
    parts = []
    for part in "ab":
        tally = Tally(FRAMES)
        for number in range(60):
            tally.add(Failure(f"{part}{number}", "holds no text"))
            tally.add(labelled(f"{part}{number}", guessed="cp1252"))
        parts.append(tally)
    whole = Tally.merged(parts)
    assert (len(whole.failures), len(whole.summaries), whole.failed) == (MAX_LISTED,) * 2 + (120,)
    assert whole.failures[60].id == whole.summaries[60].id == "b0"
    first = tuple(f"a{number}" for number in range(10))
    assert whole.remarks == {"not in UTF-8, read as cp1252": Remarked(120, first)}


SUMMARY = {"id": "a", "sentences": 1, "frames": {}}
FRAME = {"sentences": 1, "share": 1.0, "favor": 1, "neutral": 0, "against": 0, "uncertain": 0}


@pytest.mark.parametrize(
    "change",
    [
        {"frame_names": [1]},
        {"frame_names": "rivalry"},
        {"documents": -1},
        {"sentences": "4"},
        {"failed": True},
        {"sentences": 10**50},
        {"failures": [{"id": "c"}]},
        {"failures": [{"id": 1, "reason": "holds no text"}]},
        {"skipped": {"menu": None}},
        {"states": ["rivalry:favor"]},
        {"remarks": 1},
        {"remarks": {"not in English": {"documents": 1}}},
        {"remarks": {"not in English": {"documents": 1, "first": "a"}}},
        {"summaries": {"a": 1}},
        {"summaries": [SUMMARY | {"id": 1}]},
        {"summaries": [SUMMARY | {"frames": {"rivalry": FRAME | {"favor": 0.5}}}]},
        {"summaries": [SUMMARY | {"frames": {"rivalry": FRAME | {"share": "all"}}}]},
        {"summaries": [SUMMARY | {"frames": {"rivalry": FRAME | {"evil": 1}}}]},
    ],
)
def test_totals_of_another_shape_are_refused(tally, change):
    data = json.loads(json.dumps(tally.to_dict()))
    with pytest.raises(InputError, match="holds no totals; use --force to label anew"):
        Tally.from_dict(data | change)
    assert Tally.from_dict(data | {"summaries": [SUMMARY | {"frames": {"rivalry": FRAME}}]})
