"""Labelled rows are read from every format, and what is wrong is said with its line."""

import json
import pickle
from pathlib import Path

import pytest

from stance.codebook import Codebook, Frame
from stance.errors import CodebookError, InputError
from stance.files.rows import LabelledRow, read_rows

SEEDS = Path(__file__).parents[2] / "seeds"


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_gold_labels_are_read():
    rows = list(read_rows(SEEDS / "labels.jsonl"))
    assert len(rows) == 288
    assert rows[0].frames == {"defensive_balancing": "favor"}


def test_jsonl_rows_may_lack_an_id_and_a_document(tmp_path):
    path = write(tmp_path / "a.jsonl", {"text": "One.", "frames": {"cooperation": None}})
    assert list(read_rows(path)) == [
        LabelledRow("a.jsonl:1", "a.jsonl:1", "One.", {"cooperation": None})
    ]


@pytest.mark.parametrize("empty", [None, "", " ", float("nan")])
def test_an_empty_id_or_document_is_none(tmp_path, empty):
    about = {"id": empty, "document": empty}
    path = write(tmp_path / "a.jsonl", {"text": "One.", "frames": {}} | about)
    assert list(read_rows(path)) == [LabelledRow("a.jsonl:1", "a.jsonl:1", "One.", {})]


def test_csv_rows_hold_frames_in_the_notation(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,frames\nOne.,cooperation:favor;rivalry\nTwo.,\n", encoding="utf-8")
    assert [dict(row.frames) for row in read_rows(path)] == [
        {"cooperation": "favor", "rivalry": None},
        {},
    ]


def test_only_result_files_are_unescaped(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,frames\n'=not escaped,\n", encoding="utf-8")
    assert next(read_rows(path)).text == "'=not escaped"


def test_a_struct_of_parquet_has_null_for_absent_frames(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    frames = [{"a": "favor", "b": None}]
    path = tmp_path / "a.parquet"
    parquet.write_table(arrow.table({"text": ["One."], "frames": frames}), path)
    assert next(read_rows(path)).frames == {"a": "favor"}


def test_another_column_may_say_what_belongs_together(tmp_path):
    path = write(tmp_path / "a.jsonl", {"text": "One.", "frames": {}, "speech": 4})
    assert next(read_rows(path, document_column="speech")).document == "4"


def test_an_id_of_zero_is_an_id(tmp_path):
    first, second = {"id": 0, "document": 0}, {"id": 1, "document": 0}
    given = [row | {"text": "One.", "frames": {}} for row in (first, second)]
    found = list(read_rows(write(tmp_path / "a.jsonl", *given)))
    assert [(row.id, row.document) for row in found] == [("0", "0"), ("1", "0")]


@pytest.mark.parametrize("empty", ["", None])
def test_an_id_that_is_empty_is_none(tmp_path, empty):
    given = {"id": empty, "document": empty, "text": "One.", "frames": {}}
    [row] = read_rows(write(tmp_path / "a.jsonl", given))
    assert (row.id, row.document) == ("a.jsonl:1", "a.jsonl:1")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"texts": "a", "frames": {}}, r"line 2 has no column 'text' \(did you mean 'texts'\?\)"),
        ({"text": "a"}, "line 2 has no column 'frames'"),
        ({"text": "", "frames": {}}, "line 2 has no text"),
        ({"text": "a", "frames": None}, "line 2: the row is not labelled: its frames are null"),
        ({"text": "a", "frames": ["cooperation"]}, "line 2: the row is not labelled"),
        ({"text": "a", "frames": {"cooperation": "good"}}, "line 2: the stance of cooperation"),
        ({"text": "a", "frames": {"cooperation": 1}}, "line 2: the stance of cooperation is int"),
        ({"text": "a", "frames": "cooperation:good"}, "line 2: unknown stance 'good'"),
    ],
)
def test_a_row_that_is_not_labelled_is_named_with_its_file_and_line(tmp_path, row, message):
    path = write(tmp_path / "a.jsonl", {"text": "One.", "frames": {}}, row)
    with pytest.raises(InputError, match=rf"a\.jsonl {message}"):
        list(read_rows(path))


def test_frames_are_checked_by_the_codebook(tmp_path):
    path = write(tmp_path / "a.jsonl", {"text": "One.", "frames": {"cooperatoin": "favor"}})
    with pytest.raises(CodebookError, match=r"line 1: unknown frame .*did you mean 'cooperation'"):
        list(read_rows(path, codebook=Codebook((Frame("cooperation"),))))


def test_a_file_that_is_no_table_is_refused(tmp_path):
    with pytest.raises(InputError, match="not a table"):
        next(read_rows(tmp_path / "a.txt"))


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(InputError, match=r"a\.jsonl does not exist"):
        next(read_rows(tmp_path / "a.jsonl"))


def test_rows_of_a_table_go_to_another_process(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("text,frames\nOne.,cooperation:favor\n")
    rows = list(read_rows(path))
    assert pickle.loads(pickle.dumps(rows)) == rows
