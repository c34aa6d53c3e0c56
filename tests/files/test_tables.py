"""Tables give their rows one by one, and a bad row costs only itself."""

import gzip
import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import InputError, MissingExtraError
from stance.files.cells import is_missing, missing_column
from stance.files.tables import BadRow, Row, TableFile, first_columns
from stance.files.text import DAMAGED_UTF8


def rows(path, kind, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(TableFile(path, kind))


def values(found):
    return [row.values if isinstance(row, Row) else row.reason for row in found]


def test_jsonl_rows_carry_their_line_numbers(tmp_path):
    found = rows(tmp_path / "a", "jsonl", '{"text": "a"}\n\n{"text": "b"}')
    assert [(row.number, row.place) for row in found] == [(1, "line 1"), (3, "line 3")]


def test_a_byte_order_mark_within_files_put_together_costs_nothing(tmp_path):
    found = rows(tmp_path / "a", "jsonl", b'{"text": 1}\n\xef\xbb\xbf{"text": 2}\n')
    assert values(found) == [{"text": 1}, {"text": 2}]


def test_a_bad_json_line_costs_only_itself(tmp_path):
    found = rows(tmp_path / "a", "jsonl", b'{"text": 1}\n{"te\n[1]\n\xff\n{"text": 2}\n')
    assert [type(row) for row in found] == [Row, BadRow, BadRow, BadRow, Row]


def test_what_is_wrong_with_a_json_line_is_said_with_its_number(tmp_path):
    _, *bad = rows(tmp_path / "a", "jsonl", b'{"text": 1}\nnope\n[1]\n\xff\n')
    assert bad == [
        BadRow(2, "line 2", "is not JSON (Expecting value); expected one object a line"),
        BadRow(3, "line 3", "holds a JSON list; expected one object a line"),
        BadRow(4, "line 4", "is not UTF-8, which JSON has to be"),
    ]


def test_a_number_that_python_does_not_read_is_a_bad_row(tmp_path):
    [bad] = rows(tmp_path / "a", "jsonl", '{"n": ' + "9" * 5000 + "}")
    assert bad.reason.startswith("is not JSON (Exceeds the limit (4300")


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("jsonl", '{"text": "a"}\n{"text": "%s"}\n'),
        ("csv", "text\na\n%s\n"),
        ("csv", "text\na\n%s\nb\n"),
    ],
)
def test_a_line_past_the_limit_is_refused(tmp_path, monkeypatch, kind, data):
    monkeypatch.setattr("stance.files.tables.MAX_TEXT_BYTES", 2**20)
    found = []
    (tmp_path / "a").write_text(data % ("x" * 2**20), encoding="utf-8")
    with pytest.raises(InputError, match=r"^line [23] is longer than 1 MiB; split it into docum"):
        found.extend(TableFile(tmp_path / "a", kind))
    assert values(found) == [{"text": "a"}]


def test_a_cell_of_many_lines_past_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("stance.files.tables.MAX_TEXT_BYTES", 2**20)
    with pytest.raises(InputError, match=r"^line 2 is longer than 1 MiB; split it into documents$"):
        rows(tmp_path / "a", "csv", 'text\n"' + "xyz\n" * 2**19 + '"\nb\n')


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


@pytest.mark.parametrize(
    "head",
    [
        "id;text;Source (outlet, date, place, country)",
        'id;text;"Source, date, place, country"',
        "sep=;\r\nid;text;a,b,c,d,e",
        "\ufeffSEP=;\nid;text;a,b,c,d,e",
    ],
)
def test_commas_in_names_of_columns_delimit_nothing(tmp_path, head):
    found = rows(tmp_path / "a", "csv", f"{head}\n1;One, two.;x\n2;Three\n")
    assert found[0].values["text"] == "One, two."
    line = head.count("\n") + 3
    assert found[1] == BadRow(2, f"line {line}", "has 2 cells; the header has 3")


def test_a_table_of_one_column_needs_no_delimiter(tmp_path):
    assert values(rows(tmp_path / "a", "csv", "XtextX\na\n")) == [{"XtextX": "a"}]


def test_tsv_is_cut_at_tabs_only(tmp_path):
    data = "id\ttext, in full\n1\ta,b;c\n"
    assert values(rows(tmp_path / "a", "tsv", data)) == [{"id": "1", "text, in full": "a,b;c"}]


def test_cells_may_hold_line_ends_and_be_long(tmp_path):
    long = "x" * 300_000
    found = rows(tmp_path / "a", "csv", f'text,id\n"a\r\nb\n",1\n{long},2\n')
    assert [row.values["text"] for row in found] == ["a\r\nb\n", long]
    assert [row.place for row in found] == ["line 2", "line 5"]


def test_a_row_with_another_number_of_cells_is_bad_and_the_rest_is_read(tmp_path):
    found = rows(tmp_path / "a", "csv", "text,id\na,1,2\nb\n\nc,3\n")
    assert [type(row) for row in found] == [BadRow, BadRow, Row]
    assert [row.number for row in found] == [1, 2, 3]
    assert [row.place for row in found] == ["line 2", "line 3", "line 5"]
    assert found[0].reason == "has 3 cells; the header has 2"


def test_a_quote_that_is_never_closed_is_a_bad_row(tmp_path):
    [good, bad] = rows(tmp_path / "a", "csv", 'text,id\na,1\n"b,2\n')
    assert isinstance(good, Row)
    assert "CSV" in bad.reason


@pytest.mark.parametrize(
    ("data", "lines", "after"),
    [
        ('text,id\na,1\n"b,2\nc,3\nd,4\n', "3 to 5", []),
        ('text,id\na,1\n"b,2\nc,3\n"d",4\ne,5\n', "3 to 5", [{"text": "e", "id": "5"}]),
        ('text,id\r\na,1\r\n"b,2\r\nc,3', "3 to 4", []),
    ],
)
def test_the_lines_that_an_open_quote_costs_are_said(tmp_path, data, lines, after):
    first, bad, *rest = rows(tmp_path / "a", "csv", data)
    assert values([first, *rest]) == [{"text": "a", "id": "1"}, *after]
    assert bad.place == "line 3"
    assert bad.reason.startswith("is not well-formed CSV: ")
    assert bad.reason.endswith(
        f"; a quote is probably not closed, which costs the lines {lines}: close it, or write it "
        "twice where it is part of the text"
    )


def test_where_one_line_is_lost_it_is_the_one_that_is_named(tmp_path):
    [bad, _] = rows(tmp_path / "a", "csv", 'text,id\n"a"b,1\nc,2\n')
    assert bad == BadRow(1, "line 2", "is not well-formed CSV: ',' expected after '\"'")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "utf-16"])
def test_csv_is_read_in_its_own_encoding(tmp_path, encoding):
    text = "Россия и Китай подписали соглашение о сотрудничестве"
    found = rows(tmp_path / "a", "csv", f"text,id\n{text},1\n".encode(encoding))
    assert values(found) == [{"text": text, "id": "1"}]


def test_a_byte_that_the_guessed_encoding_lacks_costs_one_character(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("text\nLe café est à l’heure — naïve résumé. \n".encode("cp1252") + b"\x81\n")
    table = TableFile(path, "csv", encoding="cp1252")
    assert [row.values["text"] for row in table][-1] == "\ufffd"


def test_utf_16_that_is_cut_off_is_refused(tmp_path):
    with pytest.raises(InputError, match="is not valid UTF-8; convert it first"):
        rows(tmp_path / "a", "csv", "text\nabc\n".encode("utf-16")[:-1])


def test_utf_8_that_is_cut_off_in_its_last_character_is_read_to_there(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("text\nРоссия и Китай подписали соглашение о дружбе\n".encode()[:-2])
    table = TableFile(path, "csv")
    [row] = table
    assert row.values["text"].startswith("Россия и Китай подписали")
    assert table.guessed == DAMAGED_UTF8


def test_rows_that_are_no_csv_are_counted(tmp_path):
    found = rows(tmp_path / "a", "csv", 'text,id\n"a"b,1\nc,2\n"d"e,3\nf,4\n')
    assert [(row.number, type(row)) for row in found] == [
        (1, BadRow),
        (2, Row),
        (3, BadRow),
        (4, Row),
    ]
    assert found[0].reason.startswith("is not well-formed CSV: ")


def test_an_older_encoding_that_shows_only_at_the_end_is_found(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"text,id\n" + b"plain,1\n" * 200_000 + "café,2\n".encode("cp1252"))
    table = TableFile(path, "csv")
    assert [row.values["text"] for row in table][-1] == "café"
    assert table.guessed == "cp1252"


def test_one_damaged_byte_far_on_does_not_change_the_encoding(tmp_path):
    path = tmp_path / "a.csv"
    data = "text,id\n" + "Größe,1\n" * 100_000 + "plain,2\n" * 50_000
    path.write_bytes(data.encode() + b"stray \xe9,3\n" + "naïve,4\n".encode())
    table = TableFile(path, "csv")
    texts = [row.values["text"] for row in table]
    assert (texts[0], texts[-2:]) == ("Größe", ["stray \ufffd", "naïve"])
    assert table.guessed == DAMAGED_UTF8


@pytest.mark.parametrize("before", [0, 200_000])
def test_a_byte_order_mark_decides_for_utf_8_where_bytes_are_damaged(tmp_path, before):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbftext,id\n" + b"plain,1\n" * before + b"caf\xe9 \xff,2\n")
    table = TableFile(path, "csv")
    assert [row.values["text"] for row in table][-1] == "caf\ufffd \ufffd"
    assert table.guessed == DAMAGED_UTF8


def test_an_older_encoding_throughout_a_long_table_is_found(tmp_path):
    path = tmp_path / "a.csv"
    text = "Der Präsident sagte: Die Größe zählt."
    path.write_bytes(("text\n" + f"{text}\n" * 30_000).encode("cp1252"))
    table = TableFile(path, "csv")
    assert {row.values["text"] for row in table} == {text}
    assert table.guessed == "cp1252"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "utf-32-be"])
def test_json_in_another_unicode_is_refused_and_never_half_read(tmp_path, encoding):
    data = '\ufeff{"text": "They waited \u2026"}\n{"text": "and then agreed."}\n'.encode(encoding)
    with pytest.raises(InputError, match="save it as UTF-8"):
        rows(tmp_path / "a", "jsonl", data)


@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_an_empty_table_is_refused(tmp_path, kind):
    for nothing in ("", "\n", "sep=;\n"):
        with pytest.raises(InputError, match="is empty"):
            rows(tmp_path / "a", kind, nothing)


def test_a_column_named_twice_is_refused(tmp_path):
    with pytest.raises(InputError, match="twice"):
        rows(tmp_path / "a", "csv", "text,text\na,b\n")


@pytest.mark.parametrize("columns", [["text"], None])
def test_a_column_named_twice_is_refused_in_parquet_too(tmp_path, columns):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    names = ["text", "note", "note", "text"]
    table = arrow.table([arrow.array(["a"])] * 4, names=names)
    parquet.write_table(table, path)
    with pytest.raises(InputError, match=r"^names the column '(text|note)' twice$"):
        list(TableFile(path, "parquet", columns=columns))
    parquet.write_table(table.remove_column(3), path)
    assert values(TableFile(path, "parquet", columns=["text"])) == [{"text": "a"}]


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


def test_a_column_that_parquet_lacks_is_said_once_with_all_that_it_has(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    parquet.write_table(arrow.table({"url": ["a"], "texts": ["b"], "body": ["c"]}), path)
    with pytest.raises(InputError) as raised:
        list(TableFile(path, "parquet", columns=["text", "url"]))
    assert str(raised.value) == (
        "has no column 'text' (did you mean 'texts'?); it has url, texts, body"
    )


def test_parquet_rows_are_counted_through_all_groups(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    parquet.write_table(arrow.table({"text": [f"{n}" for n in range(1200)]}), path)
    table = TableFile(path, "parquet")
    seen = [(row.number, row.place, row.values["text"], table.bytes_read) for row in table]
    assert seen[0][:3] == (1, "row 1", "0")
    assert seen[-1] == (1200, "row 1200", "1199", path.stat().st_size)
    assert [number for number, *_ in seen] == list(range(1, 1201))
    assert seen[599][3] == path.stat().st_size // 2


@pytest.mark.parametrize(
    ("kind", "data"),
    [("csv", "url,body\na,b\nc,d\n"), ("tsv", "url\tbody\n"), ("csv", "url;body\n")],
)
def test_a_column_that_a_header_lacks_is_said_once(tmp_path, kind, data):
    (tmp_path / "a").write_text(data, encoding="utf-8")
    found = []
    with pytest.raises(InputError, match=r"^has no column 'text'; it has url, body$"):
        found.extend(TableFile(tmp_path / "a", kind, columns=["text", "url"]))
    assert found == []


def test_rows_of_jsonl_are_given_whatever_they_have(tmp_path):
    (tmp_path / "a").write_text('{"body": "a"}\n{"text": "b"}\n', encoding="utf-8")
    assert values(TableFile(tmp_path / "a", "jsonl", columns=["text"])) == [
        {"body": "a"},
        {"text": "b"},
    ]


@pytest.mark.parametrize(
    ("encoding", "guessed"),
    [("cp1252", "cp1252"), ("cp1251", "cp1251"), ("utf-16", None), ("utf-8-sig", None)],
)
@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_a_table_from_standard_input_is_read_as_a_file_is(
    tmp_path, monkeypatch, kind, encoding, guessed
):
    word = "соглашение о сотрудничестве" if encoding == "cp1251" else "Größe"
    data = f"text\nplain\n{word}\n".encode(encoding)
    by_name = rows(tmp_path / "a", kind, data)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    table = TableFile(None, kind)
    assert list(table) == by_name
    assert by_name[-1].values == {"text": word}
    assert table.guessed == guessed


def test_a_damaged_byte_of_standard_input_costs_one_character(monkeypatch):
    data = "text\nРоссия и Китай подписали соглашение\n".encode() + b"caf\xe9\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    table = TableFile(None, "csv")
    assert [row.values["text"] for row in table][-1] == "caf\ufffd"
    assert table.guessed == DAMAGED_UTF8


def test_jsonl_of_standard_input_is_read_as_it_comes(monkeypatch):
    class Coming(io.RawIOBase):
        asked = 0

        def readable(self):
            return True

        def readinto(self, buffer):
            self.asked += 1
            line = b'{"text": "a"}\n'
            buffer[: len(line)] = line
            return len(line)

    coming = Coming()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(coming)))
    assert next(iter(TableFile(None, "jsonl"))).values == {"text": "a"}
    assert coming.asked == 1


def test_parquet_cannot_come_from_standard_input():
    with pytest.raises(InputError, match=r"^is Parquet, which cannot come from .*; name a file$"):
        list(TableFile(None, "parquet"))


def test_without_the_extra_parquet_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "a.parquet").touch()
    with pytest.raises(MissingExtraError, match=r'^reading Parquet needs .*"stance\[parquet\]"$'):
        list(TableFile(tmp_path / "a.parquet", "parquet"))


def test_a_damaged_parquet_file_is_refused(tmp_path):
    pytest.importorskip("pyarrow")
    with pytest.raises(InputError, match="not a readable Parquet"):
        rows(tmp_path / "a.parquet", "parquet", b"PAR1 nothing PAR1")


@pytest.mark.parametrize("above", [b"\n", b"\r\n \r\n", b"sep=,\n\n", b"\n\nsep=,\n", b',\n"",;\n'])
def test_empty_lines_above_a_table_are_passed_over(tmp_path, above):
    data = above + b"id,text\n1,One.\n2\n"
    one, bad = rows(tmp_path / "a.csv", "csv", data)
    assert one.values == {"id": "1", "text": "One."}
    assert (one.place, bad.place) == (f"line {above.count(10) + 2}", f"line {above.count(10) + 3}")


def test_a_value_of_parquet_that_python_cannot_hold_costs_its_row(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    days = arrow.array([0, 10**12, 1], arrow.timestamp("s"))  # In the year 33,658.
    parquet.write_table(arrow.table({"text": ["a", "b", "c"], "day": days}), path)
    one, bad, two = TableFile(path, "parquet")
    assert (one.values["text"], two.values["text"], two.number) == ("a", "c", 3)
    assert (bad.place, bad.reason) == ("row 2", "cannot be read: date value out of range")
    assert len(values(TableFile(path, "parquet", columns=["text"]))) == 3


def test_text_of_parquet_that_is_no_utf8_costs_its_row(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    spoilt = arrow.array([b"a", b"caf\xe9", b"c"]).view(arrow.string())
    parquet.write_table(arrow.table({"text": spoilt}), path)
    found = list(TableFile(path, "parquet"))
    assert [isinstance(row, BadRow) for row in found] == [False, True, False]
    assert found[1].reason.startswith("cannot be read: 'utf-8' codec can't decode")


@given(data=st.binary(max_size=300), kind=st.sampled_from(["csv", "tsv", "jsonl"]))
def test_any_bytes_give_rows_or_an_input_error(tmp_path, data, kind):
    try:
        found = rows(tmp_path / "a", kind, data)
    except InputError:
        return
    assert all(isinstance(row, (Row, BadRow)) for row in found)


def test_what_pandas_puts_into_an_empty_cell_is_missing():
    pandas = pytest.importorskip("pandas")
    assert all(map(is_missing, (None, float("nan"), pandas.NA, pandas.NaT)))
    assert not any(map(is_missing, ("", 0, False, [], {}, [float("nan")], pandas.Timestamp(0))))


def test_a_missing_column_is_named_with_what_was_perhaps_meant():
    assert missing_column("text", ["texts"]) == (
        "has no column 'text' (did you mean 'texts'?); it has texts"
    )


@pytest.mark.parametrize(
    ("column", "found", "guess"),
    [
        ("body", ["Url", "Body"], "Body"),
        ("TEXT", ["texts", "Texte"], "texts"),
        ("dat", ["text", "date"], "date"),
        ("text", ["url", "outlet", "date"], None),
        ("text", ["title"], None),
    ],
)
def test_a_column_is_guessed_by_its_letters_and_not_by_a_few_of_them(column, found, guess):
    said = missing_column(column, found)
    expected = "" if guess is None else f" (did you mean {guess!r}?)"
    assert said == f"has no column {column!r}{expected}; it has {', '.join(found)}"


def test_of_many_columns_a_few_are_named():
    message = missing_column("text", [f"column {number}" for number in range(200)])
    assert message.startswith("has no column 'text'; it has column 0, column 1, ")
    assert len(message) < 250


def test_a_table_without_columns_says_so():
    assert missing_column("text", []) == "has no column 'text'; it has none"


@pytest.mark.parametrize(
    ("data", "known"), [(b"\xef\xbb\xbfframes,text\n,a\n", True), (b"text\n\xff\n", False)]
)
def test_a_column_is_looked_for_in_the_first_row(tmp_path, data, known):
    (tmp_path / "a.csv").write_bytes(data)
    assert ("frames" in first_columns(tmp_path / "a.csv", "csv")) is known


def test_the_columns_of_an_unreadable_table_are_not_known(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"")
    assert first_columns(path, "csv") == ()
