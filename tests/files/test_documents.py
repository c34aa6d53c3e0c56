"""Documents come one by one, and one that cannot be used is a failure in its place."""

import datetime
import gzip
import io
import json
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.files.documents import Document, DocumentReader, Failure
from stance.files.sources import find_sources


def read(path, **options):
    return list(DocumentReader(find_sources([path]), **options))


def test_a_text_file_is_one_document_as_it_stands(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffOne.\r\nTwo — three.\r".encode())
    [document] = read(path)
    assert document.text == "One.\r\nTwo — three.\r"


@pytest.mark.parametrize("declared", ["iso-8859-2", "ISO_8859-2", "utf-16", "nonsense", "zlib"])
def test_a_page_is_read_in_the_encoding_that_it_declares(tmp_path, declared):
    pytest.importorskip("trafilatura")
    said = "Rządy w Łodzi i Gdańsku współpracują ze sobą, a ich dialog przynosi skutki. " * 5
    page = f'<html><head><meta charset="{declared}"></head><body><p>{said}</p></body></html>'
    path = tmp_path / "a.html"
    path.write_bytes(page.encode("iso-8859-2"))
    [found] = read(path)
    if declared.lower().startswith("iso"):
        assert (found.text.strip(), found.guessed) == (said.strip(), None)
    else:
        assert "is not text in an encoding that can be recognised" in found.reason


@pytest.mark.parametrize("declared", ["iso-8859-2", "windows-1251"])
def test_a_page_that_is_utf8_but_for_a_byte_is_read_as_utf8(tmp_path, declared):
    pytest.importorskip("trafilatura")
    said = "Le président a déclaré que la coopération entre les États était utile. " * 5
    page = f'<meta charset="{declared}"><p>{said}</p>'.encode().replace(b"utile", b"utile\xe9", 1)
    (tmp_path / "a.html").write_bytes(page)
    [document] = read(tmp_path / "a.html")
    assert document.text.startswith("Le président a déclaré que la coopération")
    assert document.guessed is not None


@pytest.mark.parametrize("declared", ["iso-8859-9", "iso-8859-2", "iso-8859-15", "latin5"])
def test_the_quotation_marks_of_windows_are_read_whatever_iso_a_page_declares(tmp_path, declared):
    pytest.importorskip("trafilatura")
    said = "The West’s “order” is over — and it won’t come back, the minister said… " * 5
    page = f"<html><head><meta charset={declared}></head><body><p>{said}</p></body></html>"
    (tmp_path / "a.html").write_bytes(page.encode("cp1252"))
    [document] = read(tmp_path / "a.html")
    assert document.text.strip() == said.strip()


def test_a_template_that_declares_latin_1_says_nothing(tmp_path):
    pytest.importorskip("trafilatura")
    said = "Стороны договорились о сотрудничестве и продолжат переговоры. " * 8
    page = f'<meta charset="iso-8859-1"><p>{said}</p>'
    (tmp_path / "a.html").write_bytes(page.encode("cp1251"))
    [document] = read(tmp_path / "a.html")
    assert (document.text.strip(), document.guessed) == (said.strip(), "cp1251")


def test_a_page_that_is_utf8_is_read_so_whatever_it_declares(tmp_path):
    pytest.importorskip("trafilatura")
    said = "Both sides praised their partnership in Łódź. " * 5
    path = tmp_path / "a.html"
    path.write_text(f'<meta charset="iso-8859-2"><p>{said}</p>', encoding="utf-8")
    [document] = read(path)
    assert (document.text.strip(), document.guessed) == (said.strip(), None)


def test_a_text_that_is_missing_in_r_is_a_failure(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('"url","text"\n"u1","Rain."\n"u2",NA\n"NA","Snow."\n', encoding="utf-8")
    rain, missing, snow = read(path, id_column="url")
    assert (rain.text, snow.id, snow.text) == ("Rain.", "NA", "Snow.")
    assert missing.reason == "(line 3) holds NA in 'text', as R writes a missing text"


@pytest.mark.parametrize("data", [b"", b" \r\n\t ", b"\xef\xbb\xbf"])
def test_a_file_without_text_is_a_failure(tmp_path, data):
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    [failure] = read(path)
    assert failure == Failure(path.as_posix(), "holds no text")


def test_a_binary_file_is_a_failure_and_the_next_is_read(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\x7fELF\0\1")
    (tmp_path / "b.txt").write_text("Text.", encoding="utf-8")
    assert [type(found) for found in read(tmp_path)] == [Failure, Document]


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read_is_a_failure(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("Text.", encoding="utf-8")
    path.chmod(0)
    [failure] = read(path)
    assert "cannot be read" in failure.reason


def test_a_file_that_is_gone_when_its_turn_comes_is_a_failure(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("Text.", encoding="utf-8")
    inputs = find_sources([path])
    path.unlink()
    assert list(DocumentReader(inputs)) == [Failure(path.as_posix(), "does not exist")]


def test_an_input_that_names_nothing_is_a_failure(tmp_path):
    path = (tmp_path / "no.txt").as_posix()
    assert read(path) == [Failure(path, "does not exist")]


@pytest.mark.parametrize("suffix", [".bz2", ".gz", ".xz"])
def test_a_file_that_is_not_compressed_as_named_is_a_failure(tmp_path, suffix):
    path = tmp_path / f"a.txt{suffix}"
    path.write_bytes(b"plain text")
    [failure] = read(path)
    assert failure.reason.startswith("is damaged or not compressed as its name says: ")


def test_standard_input_is_one_document(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO("Größe zählt.".encode("cp1252") * 5))
    monkeypatch.setattr(sys, "stdin", stream)
    assert read("-") == [Document("stdin", "Größe zählt." * 5, guessed="cp1252")]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("csv", "\ufefftext,year\nGröße.,1990\n"),
        ("tsv", "text\tyear\nGröße.\t1990\n"),
        ("jsonl", '{"text": "Größe.", "year": "1990"}\n'),
    ],
)
def test_standard_input_may_be_a_table(monkeypatch, kind, data):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data.encode())))
    reader = DocumentReader(find_sources(["-"], input_format=kind), keep_columns=["year"])
    assert list(reader) == [Document("stdin:1", "Größe.", {"year": "1990"})]
    sys.stdin.buffer.read()  # It is still open.


@pytest.mark.parametrize("kind", ["text", "csv", "jsonl"])
def test_a_standard_input_that_is_closed_is_a_failure(monkeypatch, kind):
    monkeypatch.setattr(sys, "stdin", None)
    found = list(DocumentReader(find_sources(["-"], input_format=kind)))
    assert found == [Failure("stdin", "is closed: there is no standard input")]


def test_a_damaged_compressed_file_is_a_failure(tmp_path):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(os.urandom(5000))[:3000])
    [failure] = read(path)
    assert "damaged" in failure.reason


def test_rows_of_a_table_are_documents_by_their_number(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,n\nOne.,1\nTwo.,2\n", encoding="utf-8")
    assert [found.id for found in read(tmp_path)] == ["a.csv:1", "a.csv:2"]


def test_a_column_may_hold_the_ids_and_others_be_carried_along(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"body": "One.", "key": 7, "year": 1990}\n', encoding="utf-8")
    found = read(path, text_column="body", id_column="key", keep_columns=["year"])
    assert found == [Document("7", "One.", {"year": 1990})]


def test_a_second_document_of_the_same_id_is_a_failure(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "One.", "id": 1}\n{"text": "Two.", "id": "1"}\n', encoding="utf-8")
    first, second = read(path, id_column="id")
    assert isinstance(first, Document)
    assert "earlier document" in second.reason


def test_an_id_of_zero_is_an_id(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "One.", "key": 0}\n', encoding="utf-8")
    assert read(path, id_column="key") == [Document("0", "One.")]


@pytest.mark.parametrize("value", [None, "", float("nan")])
def test_a_row_without_an_id_is_a_failure(tmp_path, value):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "One.", "key": value}) + "\n", encoding="utf-8")
    [failure] = read(path, id_column="key")
    assert failure == Failure(f"{path.as_posix()}:1", "(line 1) has no id in 'key'")


def test_a_file_has_the_id_of_an_earlier_row_only_once(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "One.", "id": "b.txt"}\n', encoding="utf-8")
    (tmp_path / "b.txt").write_text("Two.", encoding="utf-8")
    _, second = read(tmp_path, id_column="id")
    assert second == Failure("b.txt", "has the id of an earlier document; ids must differ")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"texts": "a"}, "did you mean 'texts'"),
        ({"text": None}, "holds nothing"),
        ({"text": 3}, "holds a int"),
        ({"text": "  "}, "no text"),
        ({"\ud800": "a"}, "it has \\ud800"),
    ],
)
def test_a_row_without_text_is_a_failure_that_says_where(tmp_path, row, reason):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    [failure] = read(path)
    assert reason in failure.reason
    assert failure.id.endswith("a.jsonl:1")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (1990, 1990),
        (True, True),
        (float("nan"), None),
        ("a\ud800", "a\ufffd"),
        ({"a": [1, "\ud800"]}, {"a": [1, "\ufffd"]}),
    ],
)
def test_carried_values_are_such_as_json_can_hold(tmp_path, value, expected):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "a", "kept": value}) + "\n", encoding="utf-8")
    [document] = read(path, keep_columns=["kept"])
    assert document.columns["kept"] == expected


def test_values_nested_too_deeply_are_a_failure(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"text": "a", "kept": {"[" * 700 + "]" * 700}}}\n', encoding="utf-8")
    [failure] = read(path, keep_columns=["kept"])
    assert "nested" in failure.reason or "recursion" in failure.reason


def test_dates_of_parquet_are_carried_as_text(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    day = datetime.date(1990, 10, 3)
    parquet.write_table(arrow.table({"text": ["a"], "day": [day]}), path)
    [document] = read(path, keep_columns=["day"])
    assert document.columns == {"day": "1990-10-03"}


def test_parquet_with_another_column_of_texts_is_one_failure(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    parquet.write_table(arrow.table({"url": ["u", "v"], "body": ["One.", "Two."]}), path)
    assert read(path, id_column="url") == [
        Failure(path.as_posix(), "has no column 'text'; it has url, body")
    ]


@pytest.mark.parametrize("options", [{}, {"id_column": "id"}, {"keep_columns": ["id"]}])
def test_a_table_with_another_column_of_texts_is_one_failure(tmp_path, options):
    (tmp_path / "a.txt").write_text("One.", encoding="utf-8")
    (tmp_path / "metadata.csv").write_text("id,outlet\n" + "1,Daily\n" * 300, encoding="utf-8")
    assert read(tmp_path, **options) == [
        Document("a.txt", "One."),
        Failure("metadata.csv", "has no column 'text'; it has id, outlet"),
    ]


def test_a_table_without_a_column_to_keep_is_one_failure(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,Date\nOne.,2020\nTwo.,2021\n", encoding="utf-8")
    reason = "has no column 'date' (did you mean 'Date'?); it has text, Date"
    assert read(path, keep_columns=["date"]) == [Failure(path.as_posix(), reason)]


def test_a_key_that_a_row_of_jsonl_lacks_is_nothing_in_it(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = [{"text": "One."}, {"text": "Two.", "date": 2020}, {"text": "Three.", "date": None}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = read(path, keep_columns=["date"])
    assert [(d.text, d.columns) for d in found] == [
        ("One.", {"date": None}),
        ("Two.", {"date": 2020}),
        ("Three.", {"date": None}),
    ]


def test_a_key_that_no_row_of_jsonl_has_is_said_once_and_costs_no_article(tmp_path):
    rows = [{"text": "One."}, {"text": "Two.", "date": 2020}]
    for name in ("a.jsonl", "b.jsonl"):
        content = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / name).write_text(content, encoding="utf-8")
        rows.append({"text": "Three.", "dat": 2020})
    found = read(tmp_path, keep_columns=["dat"])
    assert [item.id for item in found if isinstance(item, Document)] == [
        *("a.jsonl:1", "a.jsonl:2"),
        *("b.jsonl:1", "b.jsonl:2", "b.jsonl:3"),
    ]
    reason = (
        "has no column 'dat' (did you mean 'date'?); it has text, date; its articles are labelled "
        "without it"
    )
    assert found[2] == Failure("a.jsonl", reason)
    assert [item for item in found if isinstance(item, Failure)] == [found[2]]


def test_of_an_empty_jsonl_nothing_is_said(tmp_path):
    (tmp_path / "a.jsonl").write_text("\n", encoding="utf-8")
    assert read(tmp_path, keep_columns=["date"]) == []


def test_lone_surrogates_and_nul_of_json_become_replacement_characters(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a\\ud800b\\u0000c \\ud83d\\ude00"}\n', encoding="utf-8")
    [document] = read(path)
    assert document.text == "a\ufffdb\ufffdc 😀"


def test_the_article_of_a_web_page_is_read_without_its_menus(tmp_path):
    pytest.importorskip("trafilatura")
    body = "The two sides agreed to deepen their partnership in trade and security. " * 5
    path = tmp_path / "a.html"
    path.write_text(
        f"<html><body><nav><a href='/'>Home</a> <a href='/x'>Sport</a></nav><article><h1>A title"
        f"</h1><p>{body}</p><p>{body}</p></article><footer>Contact</footer></body></html>",
        encoding="utf-8",
    )
    [document] = read(path)
    assert "deepen their partnership" in document.text
    assert "Sport" not in document.text


def test_what_readers_comment_is_no_part_of_the_article(tmp_path):
    pytest.importorskip("trafilatura")
    body = "The two sides agreed to deepen their partnership in trade and security. " * 5
    path = tmp_path / "a.html"
    path.write_text(
        f"<html><body><article><p>{body}</p><p>{body}</p></article><section id='comments'>"
        "<div class='comment'><p>I disagree with all of this, said a reader of the page.</p></div>"
        "</section></body></html>",
        encoding="utf-8",
    )
    [document] = read(path)
    assert "I disagree" not in document.text


def test_without_the_extra_a_web_page_is_a_failure_that_says_which(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    path = tmp_path / "a.html"
    path.write_text("<html><body></body></html>", encoding="utf-8")
    [failure] = read(path)
    assert failure.reason == (
        'reading HTML needs packages that are not installed: pip install "stance[html]"'
    )


def test_a_web_page_without_an_article_is_a_failure(tmp_path):
    pytest.importorskip("trafilatura")
    path = tmp_path / "a.html"
    path.write_text("<html><body></body></html>", encoding="utf-8")
    [failure] = read(path)
    assert failure.reason == ("holds no article that can be told from its menus; expected HTML")


@given(
    data=st.binary(max_size=400),
    suffix=st.sampled_from([".txt", ".csv", ".tsv", ".jsonl", ".txt.gz", ".csv.xz", ".jsonl.bz2"]),
)
def test_any_file_gives_documents_and_failures_only(tmp_path, data, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    found = read(path)
    assert all(isinstance(item, (Document, Failure)) for item in found)


def test_the_bytes_read_grow_to_the_size_of_the_inputs(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name * 10, encoding="utf-8")
    inputs = find_sources([tmp_path])
    reader = DocumentReader(inputs)
    seen = []
    for _ in reader:
        seen.append(reader.bytes_read)
    assert seen == sorted(seen)
    assert reader.bytes_read == inputs.size


def test_a_kept_column_that_no_row_has_is_told_in_one_line_whatever_the_others_are_called(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "They met.", "a\\u2028b": 1}\n', encoding="utf-8")
    *_, failure = DocumentReader(find_sources([path]), keep_columns=["date"])
    assert "has no column 'date'; it has text, a\\u2028b; its articles" in failure.reason
    assert len(failure.reason.splitlines()) == 1


def test_a_folder_that_is_gone_stops_the_run_and_a_file_only_fails(tmp_path):
    folder = tmp_path / "drive"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.txt").write_text("They met.", encoding="utf-8")
    found = iter(DocumentReader(find_sources([folder])))
    assert next(found).id == "a.txt"
    (folder / "b.txt").unlink()
    assert next(found) == Failure("b.txt", "does not exist")
    folder.rename(tmp_path / "away")
    with pytest.raises(FileNotFoundError, match="the folder was there and is gone") as error:
        next(found)
    assert error.value.filename == str(folder)
