import csv
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import InputError
from stance.files.rows import read_rows
from stance.sampling import draw_sample, write_sheet

ROWS = [
    {
        "document": document,
        "index": index,
        "text": f"{document} {index}.",
        "outlet": outlet,
        "frames": {},
    }
    for document, outlet in (("a", "Daily"), ("b", "Weekly"), ("c", "Daily"))
    for index in range(5)
]


def test_each_sentence_is_drawn_once_at_most_with_its_neighbours():
    drawn = draw_sample(ROWS, 12, seed=3)
    assert len({sentence.id for sentence in drawn}) == 12
    for sentence in drawn:
        document, index = sentence.id.split(":")
        place = int(index)
        assert sentence.text == f"{document} {place}."
        assert sentence.before == (f"{document} {place - 1}." if place else None)
        assert sentence.after == (f"{document} {place + 1}." if place < 4 else None)


def test_every_sentence_has_the_same_chance():
    times = dict.fromkeys((f"{row['document']}:{row['index']}" for row in ROWS), 0)
    for seed in range(600):
        for sentence in draw_sample(ROWS, 5, seed=seed):
            times[sentence.id] += 1
    # Five of fifteen, six hundred times: 200 each, with a standard deviation of 11.5.
    assert all(150 < number < 250 for number in times.values())


@given(st.integers(1, 30), st.integers(0, 50))
def test_the_seed_fixes_the_draw(n, seed):
    drawn = draw_sample(ROWS, n, seed=seed)
    assert drawn == draw_sample(iter(ROWS), n, seed=seed)
    assert len(drawn) == min(n, len(ROWS))


def test_so_many_are_drawn_of_each_group():
    drawn = draw_sample(ROWS, 7, by="outlet")
    assert [sentence.document for sentence in drawn].count("b") == 5
    assert len(drawn) == 12


def test_what_is_excluded_is_not_drawn_again():
    first = draw_sample(ROWS, 4)
    rest = draw_sample(ROWS, 100, exclude=(sentence.id for sentence in first))
    assert len(rest) == len(ROWS) - 4
    assert not {sentence.id for sentence in first} & {sentence.id for sentence in rest}
    assert {sentence.text for sentence in rest} | {s.text for s in first} == {
        row["text"] for row in ROWS
    }
    with pytest.raises(InputError, match=f"all {len(ROWS)} sentences are excluded"):
        draw_sample(ROWS, 1, exclude=[sentence.id for sentence in (*first, *rest)])


def test_documents_of_one_name_are_refused():
    with pytest.raises(InputError, match=r"^two sentences have the id 'a:0'; expected documents"):
        draw_sample([*ROWS[:5], *ROWS[:5]], 20)


def test_a_sheet_shows_no_label_of_the_model(tmp_path):
    drawn = draw_sample(ROWS, 4)
    write_sheet(tmp_path / "anna.csv", drawn)
    with (tmp_path / "anna.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "id",
        "document",
        "index",
        "before",
        "text",
        "after",
        "frames",
    ]
    assert [row["id"] for row in rows] == [sentence.id for sentence in drawn]
    assert {row["frames"] for row in rows} == {"?"}


def test_a_sheet_without_context_and_as_json_lines(tmp_path):
    write_sheet(tmp_path / "ben.jsonl", draw_sample(ROWS, 4), context=False)
    rows = [json.loads(line) for line in (tmp_path / "ben.jsonl").read_text("utf-8").splitlines()]
    assert [list(row) for row in rows] == [["id", "document", "index", "text", "frames"]] * 4
    assert {row["frames"] for row in rows} == {None}


@pytest.mark.parametrize("context", [True, False])
def test_a_sheet_is_read_back_as_it_was_whatever_a_spreadsheet_is_kept_from(tmp_path, context):
    drawn = draw_sample([ROWS[0] | {"document": "@a", "text": "=1+1"}], 1)
    write_sheet(tmp_path / "s.csv", drawn, context=context)
    sheet = (tmp_path / "s.csv").read_text("utf-8-sig")
    assert "'=1+1" in sheet
    assert "'@a:0" in sheet
    (tmp_path / "s.csv").write_text(sheet.replace("?", "trade:favor"), encoding="utf-8-sig")
    [row] = read_rows(tmp_path / "s.csv")
    assert (row.id, row.document, row.text) == ("@a:0", "@a", "=1+1")


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (ROWS, {"n": 0}, "the number of sentences is 0; expected 1 or more"),
        ([], {"n": 1}, "found no row; expected those of a result"),
        (ROWS, {"n": 1, "by": "paper"}, "row 1 has no 'paper'; carry it along"),
        ([{"document": "a", "text": "x", "frames": {}}], {"n": 1}, "row 1 has no 'index'"),
        ([{"document": "a", "index": 0, "frames": {}}], {"n": 1}, "row 1 has no 'text'"),
        ([{"index": 0, "text": "x", "frames": {}}], {"n": 1}, "row 1 has no document or no frames"),
    ],
)
def test_what_cannot_be_drawn_from_is_named(rows, options, message):
    with pytest.raises(InputError, match=message):
        draw_sample(rows, **options)


@pytest.mark.parametrize("missing", [None, float("nan")])
@pytest.mark.parametrize("seed", range(5))
def test_a_row_without_a_text_is_refused_whatever_is_drawn(missing, seed):
    rows = [*ROWS[:2], ROWS[2] | {"text": missing}, *ROWS[3:]]
    with pytest.raises(InputError, match=r"^row 3 has no 'text'"):
        draw_sample(rows, 1, seed=seed)


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"is no sheet; expected a name that ends in \.csv or"):
        write_sheet(tmp_path / "sheet.xlsx", draw_sample(ROWS, 1))


@pytest.mark.parametrize(
    ("exclude", "message"),
    [
        (["gold-1"], "1 of 1 excluded sentences are not among the rows, such as 'gold-1'"),
        ("a:0", "found one string, expected a list of excluded ids"),
    ],
)
def test_ids_that_exclude_nothing_are_named(exclude, message):
    with pytest.raises(InputError, match=message):
        draw_sample(ROWS, 1, exclude=exclude)
