"""Codings are read as they were given, whatever the kind of file adds."""

import gzip
import json

import pytest

from stance.errors import InputError
from stance.files.codings import read_codings, read_texts


def write(path, *rows):
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_struct_of_parquet_has_null_for_absent_frames(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    frames = [{"a": "favor", "b": None}, {"a": None, "b": "neutral"}, {"a": None, "b": None}]
    table = {"id": ["1", "2", "3"], "coder": ["A"] * 3, "frames": frames}
    parquet.write_table(arrow.table(table), tmp_path / "a.parquet")
    found = [dict(row.frames) for row in read_codings(tmp_path / "a.parquet")]
    assert found == [{"a": "favor"}, {"b": "neutral"}, {}]


@pytest.mark.parametrize(
    ("name", "coder"),
    [
        ("anna.jsonl", "anna"),
        ("round1.anna.jsonl", "round1.anna"),
        ("a.b@c.org.JSONL", "a.b@c.org"),
    ],
)
def test_a_file_is_named_after_its_coder_up_to_its_suffix(tmp_path, name, coder):
    [row] = read_codings(write(tmp_path / name, {"id": 1, "frames": {}}))
    assert row.coder == coder


def test_a_compressed_file_has_two_suffixes(tmp_path):
    path = tmp_path / "round1.anna.csv.gz"
    path.write_bytes(gzip.compress(b"id,frames\n1,\n"))
    assert next(read_codings(path)).coder == "round1.anna"


def test_the_codings_of_several_files_follow_each_other(tmp_path):
    files = [write(tmp_path / f"{name}.jsonl", {"id": 1, "frames": {}}) for name in ("b", "a")]
    assert [row.coder for row in read_codings(*files)] == ["b", "a"]


def test_two_files_that_would_give_their_coders_one_name_are_refused(tmp_path):
    anna = write(tmp_path / "anna" / "codings.jsonl", {"id": 1, "frames": {}})
    ben = write(tmp_path / "ben" / "codings.jsonl", {"id": 2, "frames": {}})
    with pytest.raises(InputError) as raised:
        list(read_codings(anna, ben))
    assert str(raised.value) == (
        f"{anna} and {ben} name no coder, so that both would be by 'codings'; rename each file "
        "after its coder, or add a column 'coder'"
    )


def test_files_that_name_their_coders_may_have_one_name(tmp_path):
    anna = write(tmp_path / "one" / "c.jsonl", {"id": 1, "coder": "anna", "frames": {}})
    both = [{"id": number, "coder": coder, "frames": {}} for number, coder in [(1, "c"), (2, "a")]]
    ben = write(tmp_path / "two" / "c.jsonl", *both)
    assert [row.coder for row in read_codings(anna, ben)] == ["anna", "c", "a"]


def test_a_coder_who_codes_a_sentence_in_two_files_is_refused_with_both(tmp_path):
    row = {"id": 1, "coder": "anna", "frames": {}}
    one, two = write(tmp_path / "1.jsonl", row), write(tmp_path / "2.jsonl", row)
    with pytest.raises(InputError) as raised:
        list(read_codings(one, two))
    assert str(raised.value) == (
        f"{two} line 1 is a second coding of '1' by 'anna' (the first: {one} line 1); remove one, "
        "say in a column 'coder' who it is by, or in a column 'id' which sentence it is"
    )


def result(index, **more):
    at = {"document": "a.txt", "index": index, "start": 7 * index, "end": 7 * index + 6}
    return at | {"text": "Again.", "frames": {}} | more


def test_a_sentence_that_a_result_holds_twice_is_two_sentences(tmp_path):
    path = write(tmp_path / "anna.jsonl", result(0), result(1))
    assert [row.id for row in read_codings(path)] == ["a.txt:0", "a.txt:1"]
    assert read_texts(path) == {f"a.txt:{index}": ("Again.", "a.txt") for index in (0, 1)}


def test_a_result_in_csv_has_the_same_ids(tmp_path):
    path = tmp_path / "anna.csv"
    path.write_text("document,index,start,end,text,frames\na.txt,3,0,6,Again.,\n", "utf-8")
    assert [row.id for row in read_codings(path)] == ["a.txt:3"]


def test_the_id_of_a_row_comes_before_its_place(tmp_path):
    assert next(read_codings(write(tmp_path / "a.jsonl", result(3, id="s1")))).id == "s1"


@pytest.mark.parametrize("scores", [{"probabilities": {"order": 0.1}}, {"p_order": 0.1}])
def test_an_id_that_a_result_carries_along_is_that_of_its_document(tmp_path, scores):
    rows = [result(index, id="7", **scores) for index in (0, 1)]
    found = read_codings(write(tmp_path / "a.jsonl", *rows))
    assert [row.id for row in found] == ["a.txt:0", "a.txt:1"]


@pytest.mark.parametrize("missing", ["document", "index", "start"])
def test_a_row_that_is_no_result_goes_by_its_text(tmp_path, missing):
    row = {name: value for name, value in result(3).items() if name != missing}
    assert next(read_codings(write(tmp_path / "a.jsonl", row))).id == "Again."


def test_decisions_that_a_model_withheld_are_no_coding(tmp_path):
    path = write(tmp_path / "a.jsonl", result(0, uncertain=[]), result(1, uncertain=["order"]))
    with pytest.raises(InputError, match=r"a\.jsonl.*2.*withheld.*without --abstain"):
        list(read_codings(path))
    # A coder may have a column of that name.
    own = write(tmp_path / "b.jsonl", {"id": "1", "text": "One.", "frames": {}, "uncertain": "yes"})
    assert next(read_codings(own)).frames == {}


def test_names_that_differ_in_white_space_or_in_how_accents_are_typed_are_one(tmp_path):
    rows = [
        {"id": "s1 ", "coder": "Jos\u00e9", "frames": {}},
        {"id": "s1", "coder": "anna", "frames": {}},
        {"id": "s2", "coder": "Jose\u0301", "frames": {}},
    ]
    found = [(row.id, row.coder) for row in read_codings(write(tmp_path / "c.jsonl", *rows))]
    assert found == [("s1 ", "Jos\u00e9"), ("s1 ", "anna"), ("s2", "Jos\u00e9")]
    again = {"id": "s2", "coder": " Jos\u00e9", "frames": {}}
    with pytest.raises(InputError, match="second coding of 's2' by 'Jos\u00e9'"):
        list(read_codings(write(tmp_path / "c.jsonl", *rows, again)))
