import logging

import pytest

from stance.errors import InputError
from stance.files.records import read_table


def values(file, **options):
    return [dict(row.values) for row in read_table(file, **options)]


@pytest.mark.parametrize(
    ("header", "row", "found"),
    [
        ("id,over,text", "a,x,'=1", "=1"),
        ("document,index,start,end,text,frames", "a,0,0,2,'=1,", "=1"),
        ("id,text", "a,'=1", "'=1"),
    ],
    ids=["disputes", "result", "other"],
)
def test_cells_are_as_they_were_where_stance_wrote_the_file(tmp_path, header, row, found):
    (tmp_path / "a.csv").write_text(f"{header}\n{row}\n")
    assert [row["text"] for row in values(tmp_path / "a.csv")] == [found]


def test_a_parquet_struct_holds_the_frames_of_its_row(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="needs the extra parquet")
    from pyarrow import parquet

    rows = [{"labels": {"x": "favor", "y": None}}, {"labels": {"x": None, "y": "neutral"}}]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "a.parquet")
    found = values(tmp_path / "a.parquet", frames_column="labels")
    assert found == [{"labels": {"x": "favor"}}, {"labels": {"y": "neutral"}}]


def test_a_file_of_another_type_is_refused_in_the_callers_words(tmp_path):
    with pytest.raises(InputError, match=r"a\.txt is no such thing$"):
        values(tmp_path / "a.txt", refusal="is no such thing")


def test_a_bad_row_is_named_with_its_file_and_line(tmp_path):
    (tmp_path / "a.jsonl").write_text("{}\n{\n")
    with pytest.raises(InputError, match=r"a\.jsonl line 2 "):
        values(tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("text\nDer Gärtner grüßt schön.\n".encode("cp1252"), "cp1252"),
        (
            b"text\n" + "Größe und schöne Grüße.\n".encode() * 40 + b"\xe9\n",
            "utf-8 with damaged",
        ),
    ],
)
def test_another_encoding_is_told_once_the_file_is_read(tmp_path, caplog, content, encoding):
    (tmp_path / "a.csv").write_bytes(content)
    with caplog.at_level(logging.WARNING, "stance.files"):
        values(tmp_path / "a.csv")
    [message] = caplog.messages
    assert f"a.csv is not in UTF-8, read as {encoding}" in message
    caplog.clear()
    (tmp_path / "a.csv").write_bytes("text\nschön\n".encode())
    values(tmp_path / "a.csv")
    assert caplog.messages == []
