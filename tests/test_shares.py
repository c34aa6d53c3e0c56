"""Results added up, as a whole and by groups, with and without a sample."""

import json

import pytest

from stance.correction import correct
from stance.errors import InputError
from stance.files.rows import LabelledRow
from stance.shares import add_up
from stance.summary import summarize


def row(number, frames, outlet="x", document=None):
    return {
        "document": document or f"d{number // 4}",
        "index": number % 4,
        "text": f"Sentence {number}.",
        "frames": frames,
        "outlet": outlet,
    }


ROWS = [row(n, {"trade": "favor"} if n % 3 else {}, "xy"[n // 20]) for n in range(40)]
GOLD = [
    LabelledRow(f"d{n // 4}:{n % 4}", f"d{n // 4}", f"Sentence {n}.", frames)
    for n in range(0, 40, 4)
    for frames in ({"trade": "favor"} if n % 8 else {},)
]


def test_the_whole_and_each_group_are_summarized_by_themselves():
    found = add_up(ROWS, by="outlet", resamples=50)
    assert found.whole.summary == summarize(ROWS, typical=0, resamples=50)
    assert list(found.groups) == ["x", "y"]
    assert found.groups["y"].summary == summarize(ROWS[20:], typical=0, resamples=50)
    assert found.whole.corrected is None


def test_each_group_is_corrected_by_its_own_part_of_the_sample():
    found = add_up(ROWS, GOLD, by="outlet", resamples=50)
    assert found.whole.corrected == correct(ROWS, GOLD, by="outlet", resamples=50)
    assert found.groups["x"].corrected == correct(ROWS[:20], GOLD[:5], resamples=50)


def test_a_frame_that_a_group_lacks_has_a_share_of_none_there():
    rows = [row(0, {"trade": "favor"}), row(1, {}, "y")]
    share = add_up(rows, by="outlet", resamples=0).groups["y"].summary.frames["trade"].share
    assert share.value == 0


def test_without_groups_there_is_the_whole_alone():
    found = add_up(ROWS, resamples=0)
    assert (found.groups, found.by) == ({}, None)
    assert found.to_dict() == found.whole.summary.to_dict()


def test_documents_of_one_name_in_rows_put_together_are_told_apart():
    again = [row(n, {}, document="d0") for n in range(4)]
    assert add_up([*ROWS[:4], *again], resamples=0).whole.summary.documents == 2


def test_it_is_json():
    data = json.loads(json.dumps(add_up(ROWS, GOLD, by="outlet").to_dict(), allow_nan=False))
    assert (data["by"], sorted(data["groups"])) == ("outlet", ["x", "y"])
    assert data["groups"]["x"]["corrected"]["sample"] == 5


def test_results_of_label_are_added_up(tiny_model):
    documents = [("a", "The states trade."), ("a", "It rained. They met.")]
    summary = add_up(tiny_model.label_many(documents), resamples=0).whole.summary
    assert (summary.documents, summary.sentences) == (2, 3)


@pytest.mark.parametrize(
    ("rows", "message"),
    [([], "found no row"), ([{"document": "a"}], "row 1 has no document or no frames")],
)
def test_what_cannot_be_added_up_is_named(rows, message):
    with pytest.raises(InputError, match=message):
        add_up(rows)
    with pytest.raises(InputError, match="row 1 has no 'paper'"):
        add_up(ROWS, by="paper")
