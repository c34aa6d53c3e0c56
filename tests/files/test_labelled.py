"""Labelled rows from whatever file holds them: a table, or the export of an annotation tool."""

import csv
import json

import pytest

from stance.codebook import Codebook, Frame
from stance.errors import CodebookError, InputError
from stance.files import read_labelled
from stance.files.tables import TableFile
from stance.results import SentenceResult
from stance.suggest import Suggestion, SuggestionFile


def task(number, *coders, **data):
    choice = {
        "from_name": "cooperation",
        "type": "choices",
        "value": {"choices": ["favor"]},
    }
    annotations = [{"completed_by": coder, "result": [choice]} for coder in coders]
    return {"id": number, "data": {"text": f"Text {number}.", **data}, "annotations": annotations}


def write(path, data):
    lines = data if path.suffix == ".jsonl" else [data]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def read(path, **options):
    rows = read_labelled(path, **options).rows
    return [(row.id, row.document, row.text, dict(row.frames)) for row in rows]


def test_a_table_of_rows_is_read_without_a_note(tmp_path):
    path = write(tmp_path / "rows.jsonl", [{"id": "1", "text": "a", "frames": {"x": "favor"}}])
    assert read(path) == [("1", "1", "a", {"x": "favor"})]
    assert read_labelled(path).note == ""


def test_an_export_of_label_studio_is_read(tmp_path):
    path = write(tmp_path / "export.json", [task(1, 7, id="s1", document="a.txt"), task(2)])
    assert read(path) == [("s1", "a.txt", "Text 1.", {"cooperation": "favor"})]


def test_the_case_of_a_files_suffix_says_nothing(tmp_path):
    path = write(tmp_path / "export.JSON", [task(1, 7)])
    assert read(path) == [("1", "1", "Text 1.", {"cooperation": "favor"})]
    (tmp_path / "b.JSON").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"b\.JSON is not JSON"):
        read_labelled(tmp_path / "b.JSON")


@pytest.mark.parametrize(
    ("name", "data", "note"),
    [
        (
            "e.json",
            [task(1, 7), task(2)],
            "e.json is read as an export of Label Studio: 1 labelled sentences; "
            "1 tasks without an annotation are left out",
        ),
        (
            "e.json",
            [task(1, 7)],
            "e.json is read as an export of Label Studio: 1 labelled sentences",
        ),
        (
            "e.jsonl",
            [{"id": 1, "text": "a", "label": ["x"]}],
            "e.jsonl is read as an export of doccano: 1 labelled sentences; "
            "what has no label counts as labelled with no frame",
        ),
    ],
)
def test_the_note_is_a_sentence(tmp_path, name, data, note):
    assert read_labelled(write(tmp_path / name, data)).note == note


def test_the_note_says_what_was_read_and_what_was_left_out(tmp_path):
    note = read_labelled(write(tmp_path / "export.json", [task(1, 7), task(2), task(3)])).note
    for words in ("export.json", "Label Studio", "1 labelled sentences", "2 tasks"):
        assert words in note


@pytest.mark.parametrize("name", ["export.jsonl", "export.json"])
def test_an_export_of_doccano_is_read(tmp_path, name):
    records = [{"id": 1, "text": "a", "label": ["x:favor"]}, {"id": 2, "text": "b", "label": []}]
    path = write(tmp_path / name, records)
    assert read(path) == [("1", "1", "a", {"x": "favor"}), ("2", "2", "b", {})]
    assert "doccano" in read_labelled(path).note


def test_a_table_export_of_doccano_is_read(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("id,text,label\n1,a,x:favor#y\n", encoding="utf-8")
    assert read(path) == [("1", "1", "a", {"x": "favor", "y": None})]


def test_other_columns_of_an_export_can_be_named(tmp_path):
    path = write(tmp_path / "export.json", [task(1, 7, body="The body.", outlet="n")])
    found = read(path, text_column="body", document_column="outlet")
    assert found == [("1", "n", "The body.", {"cooperation": "favor"})]


def test_rows_with_the_column_of_labels_are_no_export(tmp_path):
    record = {"id": "1", "text": "a", "label": "spam", "frames": {"x": "favor"}}
    assert read(write(tmp_path / "rows.jsonl", [record])) == [("1", "1", "a", {"x": "favor"})]


@pytest.mark.parametrize("listed", ["todo.jsonl", "todo.csv"])
@pytest.mark.parametrize("exported", ["export.jsonl", "export.csv"])
def test_a_list_of_what_to_label_comes_back_from_doccano(tmp_path, listed, exported):
    sentences = [
        SentenceResult(text, 0, 9, index, {}, {"x": 0.5}, {})
        for index, text in enumerate(["They met.", "It rained."])
    ]
    suggested = [Suggestion("a", sentence, 1.0, "x", 1.0) for sentence in sentences]
    SuggestionFile(tmp_path / listed).write(suggested, None)
    kind = listed.partition(".")[2]
    rows = [dict(row.values) for row in TableFile(tmp_path / listed, kind)]
    path = tmp_path / exported
    if path.suffix == ".csv":
        labelled = [
            row | {"label": label} for row, label in zip(rows, ["x:favor", ""], strict=True)
        ]
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, labelled[0])
            writer.writeheader()
            writer.writerows(labelled)
    else:
        write(path, [rows[0] | {"label": ["x:favor"]}, rows[1] | {"label": []}])
    assert read(path) == [
        ("a:0", "a", "They met.", {"x": "favor"}),
        ("a:1", "a", "It rained.", {}),
    ]
    assert "doccano" in read_labelled(path).note


def test_a_table_whose_first_rows_have_no_frame_is_no_export(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("id,text,label,frames\n1,a,news,\n2,b,news,\n", encoding="utf-8")
    assert read(path) == [("1", "1", "a", {}), ("2", "2", "b", {})]
    assert read_labelled(path).note == ""


@pytest.mark.parametrize("column", ["label", "codes"])
def test_a_column_of_labels_that_is_named_makes_a_table_even_where_it_is_empty(tmp_path, column):
    path = write(tmp_path / "rows.jsonl", [{"text": "a", "label": "news", column: None}])
    with pytest.raises(CodebookError, match="line 1: the row is not labelled"):
        read_labelled(path, frames_column=column)


def test_a_column_of_labels_named_like_doccanos_is_read_as_a_table(tmp_path):
    path = write(tmp_path / "rows.jsonl", [{"text": "a", "label": {"x": "favor"}}])
    assert read(path, frames_column="label")[0][3] == {"x": "favor"}


@pytest.mark.parametrize("name", ["min.json", "min.csv"])
def test_an_export_of_label_studio_without_groups_says_what_it_is(tmp_path, name):
    path = tmp_path / name
    row = {"text": "They met.", "frames": "?", "cooperation": "favor", "annotation_id": 1}
    table = ",".join(row) + "\n" + ",".join(map(str, row.values())) + "\n"
    path.write_text(json.dumps([row]) if name.endswith("json") else table)
    with pytest.raises(InputError, match=r"export the project as JSON \(not JSON-MIN or CSV\)"):
        read_labelled(path)


def test_several_annotators_make_no_rows_without_gold(tmp_path):
    path = write(tmp_path / "export.json", [task(1, 7, 8)])
    with pytest.raises(InputError, match=r"several coders \(7, 8\).*stance agreement"):
        read_labelled(path)


def test_a_task_without_a_text_is_named(tmp_path):
    path = write(tmp_path / "export.json", [task(1, 7)])
    with pytest.raises(InputError, match="task 1 has no text in 'body'"):
        read_labelled(path, text_column="body")


def test_json_of_another_kind_is_refused(tmp_path):
    with pytest.raises(InputError, match="no export of Label Studio or doccano"):
        read_labelled(write(tmp_path / "a.json", [{"a": 1}]))


def test_a_codebook_checks_the_labels_of_an_export(tmp_path):
    path = write(tmp_path / "export.json", [task(1, 7)])
    with pytest.raises(CodebookError, match="task 1: unknown frame 'cooperation'"):
        read_labelled(path, codebook=Codebook((Frame("trade"),)))


def test_a_broken_table_is_told_as_the_reader_of_tables_tells_it(tmp_path):
    (tmp_path / "a.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="line 1 is not JSON"):
        read_labelled(tmp_path / "a.jsonl")


def test_a_result_of_stance_is_read_with_a_warning(tmp_path):
    row = {"text": "a", "frames": {"x": "favor"}, "probabilities": {"x": 0.9}}
    assert "is a result of stance label" in read_labelled(write(tmp_path / "o.jsonl", [row])).note
    (tmp_path / "o.csv").write_text("text,frames,p_x\na,x:favor,0.9\n")
    assert "is a result of stance label" in read_labelled(tmp_path / "o.csv").note


def test_a_column_of_documents_that_is_named_must_be_there(tmp_path):
    path = write(tmp_path / "rows.jsonl", [{"text": "a", "frames": {}, "document": "d"}])
    with pytest.raises(InputError, match="has no column 'documnt'"):
        read_labelled(path, document_column="documnt")
    path = write(tmp_path / "export.json", [task(1, 7, body="The body.", outlet="n")])
    with pytest.raises(InputError, match="has nothing in 'outlt', the column of documents"):
        read_labelled(path, text_column="body", document_column="outlt")
