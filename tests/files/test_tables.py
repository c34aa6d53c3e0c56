"""Tables give their rows one by one, and a bad row costs only itself."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import InputError
from stance.files.tables import BadRow, Row, TableFile, has_column, missing_column


def rows(path, kind, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(TableFile(path, kind))


def values(found):
    return [row.values if isinstance(row, Row) else row.reason for row in found]


def test_jsonl_rows_carry_their_line_numbers(tmp_path):
    found = rows(tmp_path / "a", "jsonl", '{"text": "a"}\n\n{"text": "b"}')
    assert [(row.number, row.place) for row in found] == [(1, "line 1"), (3, "line 3")]


def test_a_bad_json_line_costs_only_itself(tmp_path):
    found = rows(tmp_path / "a", "jsonl", b'{"text": 1}\n{"te\n[1]\n\xff\n{"text": 2}\n')
    assert [type(row) for row in found] == [Row, BadRow, BadRow, BadRow, Row]


def test_deeply_nested_json_is_a_bad_row(tmp_path):
    found = rows(tmp_path / "a", "jsonl", "[" * 100_000 + "\n" + '{"text": "b"}')
    assert [type(row) for row in found] == [BadRow, Row]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    assert values(rows(tmp_path / "a", "csv", b"\xef\xbb\xbftext\r\na\r\n")) == [{"text": "a"}]
    assert values(rows(tmp_path / "a", "jsonl", b'\xef\xbb\xbf{"text": 1}')) == [{"text": 1}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_csv_is_taken_from_its_header(tmp_path, delimiter):
    data = f'id{delimiter}text\n1{delimiter}"a,b;c"\n'
    assert values(rows(tmp_path / "a", "csv", data)) == [{"id": "1", "text": "a,b;c"}]


def test_cells_may_hold_line_ends_and_be_long(tmp_path):
    long = "x" * 300_000
    found = rows(tmp_path / "a", "csv", f'text,id\n"a\r\nb\n",1\n{long},2\n')
    assert [row.values["text"] for row in found] == ["a\r\nb\n", long]
    assert [row.place for row in found] == ["line 2", "line 5"]


def test_a_row_with_another_number_of_cells_is_bad_and_the_rest_is_read(tmp_path):
    found = rows(tmp_path / "a", "csv", "text,id\na,1,2\nb\n\nc,3\n")
    assert [type(row) for row in found] == [BadRow, BadRow, Row]
    assert [row.number for row in found] == [1, 2, 3]


def test_a_quote_that_is_never_closed_is_a_bad_row(tmp_path):
    [good, bad] = rows(tmp_path / "a", "csv", 'text,id\na,1\n"b,2\n')
    assert isinstance(good, Row)
    assert "CSV" in bad.reason


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "utf-16"])
def test_csv_is_read_in_its_own_encoding(tmp_path, encoding):
    text = "Россия и Китай подписали соглашение о сотрудничестве"
    found = rows(tmp_path / "a", "csv", f"text,id\n{text},1\n".encode(encoding))
    assert values(found) == [{"text": text, "id": "1"}]


def test_an_older_encoding_that_shows_only_at_the_end_is_found(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"text,id\n" + b"plain,1\n" * 200_000 + "café,2\n".encode("cp1252"))
    table = TableFile(path, "csv")
    assert [row.values["text"] for row in table][-1] == "café"
    assert table.guessed == "cp1252"


@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_an_empty_table_is_refused(tmp_path, kind):
    with pytest.raises(InputError, match="is empty"):
        rows(tmp_path / "a", kind, "")


def test_a_column_named_twice_is_refused(tmp_path):
    with pytest.raises(InputError, match="twice"):
        rows(tmp_path / "a", "csv", "text,text\na,b\n")


def test_compressed_tables_are_read(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"text": "a"}\n'))
    assert values(TableFile(path, "jsonl")) == [{"text": "a"}]


def test_a_compressed_table_cut_off_is_refused_after_its_whole_rows(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    data = gzip.compress(b"".join(b'{"text": "%d"}\n' % n for n in range(50_000)))
    path.write_bytes(data[: len(data) // 2])
    found = []
    with pytest.raises(InputError, match="damaged"):
        found.extend(TableFile(path, "jsonl"))
    assert found


def test_what_is_not_compressed_as_named_is_refused(tmp_path):
    for suffix in (".gz", ".bz2", ".xz"):
        path = tmp_path / f"a.jsonl{suffix}"
        path.write_bytes(b"plain text")
        with pytest.raises(InputError, match="compressed"):
            list(TableFile(path, "jsonl"))


def test_parquet_rows_are_read_with_the_columns_asked_for(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    parquet.write_table(arrow.table({"text": ["a", None], "n": [1, 2]}), path)
    assert values(TableFile(path, "parquet", columns=["text"])) == [{"text": "a"}, {"text": None}]


def test_a_damaged_parquet_file_is_refused(tmp_path):
    pytest.importorskip("pyarrow")
    with pytest.raises(InputError, match="not a readable Parquet"):
        rows(tmp_path / "a.parquet", "parquet", b"PAR1 nothing PAR1")


@given(data=st.binary(max_size=300), kind=st.sampled_from(["csv", "tsv", "jsonl"]))
def test_any_bytes_give_rows_or_an_input_error(tmp_path, data, kind):
    try:
        found = rows(tmp_path / "a", kind, data)
    except InputError:
        return
    assert all(isinstance(row, (Row, BadRow)) for row in found)


def test_a_missing_column_is_named_with_what_was_perhaps_meant():
    assert missing_column("text", ["texts"]) == (
        "has no column 'text' (did you mean 'texts'?); it has texts"
    )


def test_the_columns_of_an_unreadable_table_are_not_known(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"")
    assert not has_column(path, "csv", "frames")
