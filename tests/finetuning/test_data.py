"""Rows from whatever holds them, and the codebook that they ask for."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.codebook import Codebook, Frame
from stance.errors import CodebookError, InputError
from stance.files import LabelledRow
from stance.finetuning.data import choose_codebook, digest, distinct_ids, read_data

COLUMNS = ("text", "frames", "document")
ROWS = [
    {"id": "1", "document": "a", "text": "It rained.", "frames": {"weather": "favor"}},
    {"id": "2", "document": "b", "text": "They met.", "frames": {}},
]


def labelled(*frames):
    return [LabelledRow(str(i), "a", f"text {i}", found) for i, found in enumerate(frames)]


def read(data, columns=COLUMNS):
    return [(row.document, row.text, dict(row.frames)) for row in read_data(data, columns)]


EXPECTED = [("a", "It rained.", {"weather": "favor"}), ("b", "They met.", {})]


def test_mappings_are_rows():
    assert read(ROWS) == EXPECTED


def test_labelled_rows_are_taken_as_they_are():
    rows = labelled({"weather": None})
    assert read_data(rows, COLUMNS) == rows


def test_a_file_and_a_list_of_files_are_read(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    assert read(file) == read(str(file)) == EXPECTED
    assert read([file, str(file)]) == EXPECTED * 2


def test_rows_of_two_files_of_one_name_are_of_different_documents(tmp_path):
    rows = [{"text": "x", "frames": {}}, *[{"id": "s", "text": "y", "frames": {}}] * 2]
    files = [tmp_path / folder / "rows.jsonl" for folder in "ab"]
    for file in files:
        file.parent.mkdir()
        file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = read_data(files, COLUMNS)
    again = [f"{name} (file 2)" for name in ("rows.jsonl:1", "s", "s")]
    assert [row.document for row in found] == ["rows.jsonl:1", "s", "s", *again]
    assert [row.id for row in found] == [row.document for row in found]


def test_a_document_that_goes_on_in_another_file_is_one(tmp_path):
    row = {"id": "1", "document": "a", "text": "x", "frames": {}}
    files = [tmp_path / name for name in ("a.jsonl", "b.jsonl")]
    for file in files:
        file.write_text(json.dumps(row), encoding="utf-8")
    assert {row.document for row in read_data(files, COLUMNS)} == {"a"}


def test_a_dataset_is_read():
    datasets = pytest.importorskip("datasets")
    rows = [*ROWS, {**ROWS[1], "frames": {"trade": "against"}}]
    found = read(datasets.Dataset.from_list(rows))
    assert found == [*EXPECTED, ("b", "They met.", {"trade": "against"})]


def test_a_dataset_of_the_notation_keeps_stances_that_were_not_coded():
    datasets = pytest.importorskip("datasets")
    rows = [{**row, "frames": "weather;trade:favor"} for row in ROWS]
    assert read(datasets.Dataset.from_list(rows))[0][2] == {"weather": None, "trade": "favor"}


def test_several_splits_are_refused():
    datasets = pytest.importorskip("datasets")
    splits = datasets.DatasetDict({"train": datasets.Dataset.from_list(ROWS)})
    with pytest.raises(InputError, match="one split"):
        read_data(splits, COLUMNS)


def test_a_pandas_frame_is_read():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(
        {"document": ["a", None], "text": ["x", "y"], "frames": ["weather:favor", None]}
    )
    assert read(table) == [("a", "x", {"weather": "favor"}), ("row 2", "y", {})]


def test_stances_that_were_not_coded_stay_so_in_a_pandas_frame_of_objects():
    pandas = pytest.importorskip("pandas")
    frames = [{"jobs": None}, {"jobs": "favor"}, {}]
    rows = [{"text": text, "frames": found} for text, found in zip("abc", frames, strict=True)]
    notes = []
    found = read_data(pandas.DataFrame(rows), COLUMNS, note=notes.append)
    assert found == read_data(rows, COLUMNS)
    assert [dict(row.frames) for row in found] == frames
    assert notes[0].startswith("1 rows of the table have None for a frame; the rows name different")


STRUCTS = [
    {"jobs": None, "trade": "favor"},
    {"jobs": None, "trade": None},
    {"jobs": "against", "trade": None},
]
READ_AS_ABSENT = [{"trade": "favor"}, {}, {"jobs": "against"}]


def structs_of_pandas(_):
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame({"text": ["a", "b", "c"], "frames": STRUCTS})


def structs_in_parquet(folder):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    file = folder / "rows.parquet"
    parquet.write_table(arrow.table({"text": ["a", "b", "c"], "frames": STRUCTS}), file)
    return file


@pytest.mark.parametrize(
    ("table", "name"), [(structs_of_pandas, "the table"), (structs_in_parquet, "rows.parquet")]
)
def test_none_in_a_struct_is_an_absent_frame_and_that_is_said(tmp_path, table, name):
    notes = []
    found = read_data(table(tmp_path), COLUMNS, note=notes.append)
    assert [dict(row.frames) for row in found] == READ_AS_ABSENT
    (note,) = notes
    assert note.startswith(f"3 rows of {name} have None for a frame; all rows name the same")


def test_parquet_of_the_notation_is_read_without_a_word(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    notes, file = [], tmp_path / "rows.parquet"
    parquet.write_table(arrow.table({"text": ["a", "b"], "frames": ["jobs", ""]}), file)
    assert [dict(row.frames) for row in read_data(file, COLUMNS, note=notes.append)] == [
        {"jobs": None},
        {},
    ]
    assert notes == []


def test_a_table_of_pyarrow_is_read():
    arrow = pytest.importorskip("pyarrow")
    assert read(arrow.Table.from_pylist(ROWS)) == EXPECTED
    assert read(arrow.RecordBatch.from_pylist(ROWS)) == EXPECTED


def as_file(rows, folder):
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return folder / "rows.jsonl"


@pytest.mark.parametrize("given", [lambda rows, _: rows, as_file], ids=["list", "file"])
def test_null_for_every_frame_of_every_row_is_a_stance_that_was_not_coded_and_that_is_said(
    given, tmp_path
):
    rows = [{"text": "abc"[n], "frames": frames} for n, frames in enumerate(STRUCTS)]
    notes = []
    found = read_data(given(rows, tmp_path), COLUMNS, note=notes.append)
    assert [dict(row.frames) for row in found] == STRUCTS
    (note,) = notes
    assert note.startswith("3 rows have a frame without a stance (null in JSON), and all rows name")
    for other in ({"jobs": None}, {}):
        found = read_data([*rows, {"text": "d", "frames": other}], COLUMNS, note=notes.append)
        assert dict(found[3].frames) == other
    assert len(notes) == 1


def test_null_of_the_only_frame_needs_no_word():
    notes = []
    rows = [{"text": text, "frames": {"jobs": None}} for text in "ab"]
    read_data(rows, COLUMNS, note=notes.append)
    assert notes == []


def as_pandas(rows):
    return pytest.importorskip("pandas").DataFrame(rows)


def as_dataset(rows):
    return pytest.importorskip("datasets").Dataset.from_list(rows)


def as_arrow(rows):
    return pytest.importorskip("pyarrow").Table.from_pylist(rows)


TABLES = [as_pandas, as_dataset, as_arrow]


@pytest.mark.parametrize("table", [*TABLES, list])
@pytest.mark.parametrize(
    "labels", [({"jobs": "favor"}, None), ({"jobs": "favor"}, {}, None)], ids=["one", "two"]
)
def test_a_row_that_is_not_labelled_is_refused(table, labels):
    rows = [{"text": "abc"[n], "frames": found} for n, found in enumerate(labels)]
    with pytest.raises(
        InputError, match=f"row {len(rows)}: the row is not labelled: its frames are null;"
    ):
        read_data(table(rows), COLUMNS)


@pytest.mark.parametrize("table", TABLES)
def test_an_empty_cell_of_text_is_no_frame_and_that_is_said(table):
    rows = [{"text": "a", "frames": "jobs:favor"}, *({"text": t, "frames": None} for t in "bc")]
    notes = []
    found = read_data(table(rows), COLUMNS, note=notes.append)
    assert [dict(row.frames) for row in found] == [{"jobs": "favor"}, {}, {}]
    (note,) = notes
    assert note.startswith("2 rows of the table have an empty cell for their labels; it is read as")


@pytest.mark.parametrize("table", TABLES)
def test_in_a_list_of_suggestions_an_empty_cell_is_a_row_that_is_not_labelled(table):
    rows = [{"text": t, "frames": f, "unsure_of": "jobs"} for t, f in (("a", "jobs"), ("b", None))]
    with pytest.raises(InputError, match=r'row 2: the row is not labelled.* or "" where there is'):
        read_data(table(rows), COLUMNS)
    rows[1]["frames"] = ""
    assert [dict(row.frames) for row in read_data(table(rows), COLUMNS)] == [{"jobs": None}, {}]


def test_a_table_without_the_column_of_labels_is_refused():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(InputError, match="row 1 has no column 'frames'"):
        read_data(pandas.DataFrame({"text": ["a"]}), COLUMNS)


def test_other_columns_can_be_named():
    rows = [{"body": "x", "codes": "weather", "outlet": "n"}]
    assert read(rows, ("body", "codes", "outlet")) == [("n", "x", {"weather": None})]


def test_a_group_column_that_no_row_has_is_refused():
    with pytest.raises(InputError, match="no row has a value in 'outlet'"):
        read_data(ROWS, ("text", "frames", "outlet"))


def test_a_group_by_id_is_row_by_row(tmp_path):
    columns = ("text", "frames", "id")
    file = tmp_path / "rows.csv"
    file.write_text("document,text,frames\na,x,weather\na,y,\n", encoding="utf-8")
    assert [row.document for row in read_data(ROWS, columns)] == ["1", "2"]
    assert [row.document for row in read_data(read_data(ROWS, COLUMNS), columns)] == ["1", "2"]
    assert [row.document for row in read_data(file, columns)] == ["rows.csv:1", "rows.csv:2"]


def test_labelled_rows_have_no_other_column_to_group_by():
    with pytest.raises(InputError, match="a LabelledRow has no 'outlet' to group by"):
        read_data(labelled({}), ("text", "frames", "outlet"))


def test_what_no_file_can_hold_is_replaced_as_in_files():
    row = {
        "id": "1\ud800",
        "document": "a\udfff",
        "text": "x\ud800y\0",
        "frames": {"weather": None},
    }
    given = LabelledRow(row["id"], row["document"], row["text"], row["frames"])
    expected = [LabelledRow("1\ufffd", "a\ufffd", "x\ufffdy\ufffd", {"weather": None})]
    assert read_data([row], COLUMNS) == read_data([given], COLUMNS) == expected
    assert len(digest(expected)) == 64


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("a sentence", "is missing|does not exist|is not a table"),
        (5, "expected column"),
        ({"texts": "a", "frames": {}}, "did you mean 'texts'"),
        ({"text": None, "frames": {}}, "has no text"),
        (
            {"text": "a", "frames": None},
            "the row is not labelled: its frames are null; expected an object",
        ),
        ({"text": "a", "frames": 3}, "its frames are int '3'; expected an object"),
        ({"text": "a", "frames": "weather:good"}, "unknown stance 'good'"),
    ],
)
def test_a_row_that_is_wrong_is_refused(item, words):
    with pytest.raises(InputError, match=words):
        read_data([item], COLUMNS)


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_bytes(json.dumps(ROWS[0]).encode() + b'\n{"text": "\xe9t\xe9", "frames": {}}')
    with pytest.raises(InputError, match="line 2 is not UTF-8"):
        read_data(file, COLUMNS)


def test_the_bases_codebook_is_taken_where_it_has_all_frames():
    base = Codebook((Frame("weather", "rain"), Frame("trade")))
    assert choose_codebook(labelled({"trade": "favor"}), None, base) is base


def test_other_frames_make_a_codebook_of_the_rows():
    base = Codebook((Frame("weather", "rain"), Frame("trade")))
    book = choose_codebook(labelled({"sport": "favor"}, {"weather": None}), None, base)
    assert book.frames == (Frame("sport"), Frame("weather", "rain"))


def test_a_row_whose_frame_can_be_none_is_named():
    with pytest.raises(CodebookError, match=r"row 1: 'trade\+' is not a frame's name"):
        choose_codebook(labelled({"trade": "favor"}, {"trade+": None}), None, None)


def test_a_given_codebook_is_held_against_every_row():
    with pytest.raises(CodebookError, match=r"row 1: unknown frame 'trad'.*did you mean 'trade'"):
        choose_codebook(labelled({}, {"trad": "favor"}), Codebook((Frame("trade"),)), None)


def test_ids_are_made_different():
    rows = [row for row in labelled({}) for _ in range(3)]
    assert [row.id for row in distinct_ids(rows)] == ["0", "0 (2)", "0 (3)"]


def test_an_id_that_is_made_is_none_that_another_row_has():
    rows = [LabelledRow(name, "d", "x", {}) for name in ("a", "a", "a (2)", "a", "a (2)")]
    found = [row.id for row in distinct_ids(rows)]
    assert found == ["a", "a (3)", "a (2)", "a (4)", "a (2) (2)"]


@given(st.lists(st.sampled_from(["a", "a (2)", "a (3)", "a (2) (2)", "b"])))
def test_ids_that_differ_stay(names):
    found = [row.id for row in distinct_ids([LabelledRow(n, "d", "x", {}) for n in names])]
    assert len(set(found)) == len(names)
    assert set(names) <= set(found)


def test_the_digest_knows_labels_and_order():
    first, second = labelled({"a": None}, {}), labelled({"a": "favor"}, {})
    assert len({digest(first), digest(second), digest(first[::-1])}) == 3


@pytest.mark.parametrize("dtype", ["string", "object"])
def test_the_na_of_pandas_is_an_empty_cell(dtype):
    pandas = pytest.importorskip("pandas")
    columns = {"id": "7", "document": "a", "text": "x", "frames": "weather:favor"}
    cells = {name: [value, pandas.NA] for name, value in columns.items()} | {"text": ["x", "y"]}
    rows = read_data(pandas.DataFrame(cells, dtype=dtype), COLUMNS)
    assert [row.id for row in rows] == ["7", "row 2"]
    assert read(rows) == [("a", "x", {"weather": "favor"}), ("row 2", "y", {})]


def test_the_na_of_pandas_in_a_mapping_is_an_empty_cell():
    pandas = pytest.importorskip("pandas")
    [row] = read_data([{**ROWS[0], "id": pandas.NA, "document": pandas.NA}], COLUMNS)
    assert (row.id, row.document) == ("row 1", "row 1")


def test_the_na_of_pandas_in_an_object_of_frames_is_an_absent_frame():
    pandas = pytest.importorskip("pandas")
    frames = [{"weather": "favor", "trade": pandas.NA}]
    table = pandas.DataFrame({"document": ["a"], "text": ["x"], "frames": frames})
    assert read(table) == [("a", "x", {"weather": "favor"})]
