"""Label Studio and doccano: what is written for them, and what comes back as codings."""

import json
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.codebook import STATES, Codebook, Frame
from stance.errors import CodebookError, InputError
from stance.files.annotations import (
    doccano_labels,
    label_studio_annotations,
    label_studio_config,
    label_studio_task,
)
from stance.files.codings import CodedRow, read_codings, read_sentences, read_texts
from stance.files.formats import SHEET_COLUMNS
from stance.files.labelled import read_labelled

CODEBOOK = Codebook(
    (Frame("cooperation", "Working <together>", 'It is "good" & works.'), Frame("multi.polar-ity"))
)


def choices(name, *chosen):
    return {
        "from_name": name,
        "to_name": "text",
        "type": "choices",
        "value": {"choices": [*chosen]},
    }


def annotation(coder, *results, **more):
    return {"completed_by": coder, "result": list(results), **more}


def task(number, *annotations, **data):
    return {
        "id": number,
        "data": {"text": f"Sentence {number}.", **data},
        "annotations": [*annotations],
    }


def write(path, data):
    lines = data if path.suffix == ".jsonl" else [data]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def read(path, **options):
    return [(row.id, row.coder, dict(row.frames)) for row in read_codings(path, **options)]


def test_the_set_up_has_a_choice_for_every_frame_and_stance():
    view = ElementTree.fromstring(label_studio_config(CODEBOOK))
    groups = {
        group.get("name"): [one.get("value") for one in group] for group in view.iter("Choices")
    }
    assert groups == {name: list(STATES[1:]) for name in CODEBOOK.names}


def test_the_set_up_is_one_that_label_studio_reads():
    assert (
        label_studio_config(Codebook((Frame("text", "A text."),)))
        == """<View>
  <Text name="text_" value="$text" />
  <Header value="text" size="4" />
  <Header value="A text." size="5" />
  <Choices name="text" toName="text_" choice="single" showInline="true">
    <Choice value="favor" />
    <Choice value="neutral" />
    <Choice value="against" />
  </Choices>
</View>"""
    )


def test_the_set_up_may_be_in_any_script():
    assert "力 — Größe" in label_studio_config(Codebook((Frame("a", "力 — Größe"),)))


def test_a_task_is_one_that_label_studio_reads():
    asked = label_studio_task(
        {"text": "They met."},
        {"cooperation": "favor"},
        CODEBOOK,
        confidence=0.75,
        model_version="m 1",
    )
    choice = {
        "id": "cooperation",
        "from_name": "cooperation",
        "to_name": "text",
        "type": "choices",
        "value": {"choices": ["favor"]},
    }
    prediction = {"model_version": "m 1", "score": 0.75, "result": [choice]}
    assert asked == {"data": {"text": "They met."}, "predictions": [prediction]}


def test_the_set_up_shows_the_definitions():
    view = ElementTree.fromstring(label_studio_config(CODEBOOK))
    headings = [header.get("value") for header in view.iter("Header")]
    assert headings[:3] == ["cooperation", "Working <together>", 'It is "good" & works.']


def test_no_frame_has_the_name_of_the_text():
    view = ElementTree.fromstring(label_studio_config(Codebook((Frame("text"), Frame("text_")))))
    names = [element.get("name") for element in view if element.get("name")]
    assert len(set(names)) == 3


def test_what_xml_cannot_hold_is_replaced():
    config = label_studio_config(Codebook((Frame("a", "one\x00two\x1b"),)))
    assert "one two " in [header.get("value") for header in ElementTree.fromstring(config)]


@given(st.dictionaries(st.sampled_from(CODEBOOK.names), st.sampled_from(STATES[1:])))
def test_a_prediction_that_is_accepted_comes_back_as_it_was(frames):
    asked = label_studio_task({}, frames, CODEBOOK, confidence=0.5, model_version="m 1")
    result = asked["predictions"][0]["result"]
    answered = asked | {"annotations": [annotation(1, *result)]}
    assert list(label_studio_annotations(answered)) == [("1", frames)]


def test_an_export_of_several_annotators_is_codings(tmp_path):
    first = task(1, annotation(4, choices("cooperation", "favor")), annotation(5), id="s1")
    path = write(
        tmp_path / "export.json", [first, task(2, annotation({"email": "a@b.c", "id": 9}))]
    )
    assert read(path) == [
        ("s1", "4", {"cooperation": "favor"}),
        ("s1", "5", {}),
        ("2", "a@b.c", {}),
    ]


@pytest.mark.parametrize(
    ("completed_by", "coder"),
    [
        (7, "7"),
        (None, "unknown"),
        ({"email": "a@b.c", "id": 9}, "a@b.c"),
        ({"email": "", "id": 9}, "9"),
        ({"first_name": "Ann"}, "unknown"),
    ],
)
def test_a_coder_is_known_by_email_or_number(completed_by, coder):
    answered = {"data": {}, "annotations": [annotation(completed_by)]}
    assert list(label_studio_annotations(answered)) == [(coder, {})]


def test_skipped_and_unlabelled_tasks_are_left_out(tmp_path):
    skipped = annotation(4, choices("cooperation", "favor"), was_cancelled=True)
    assert read(write(tmp_path / "export.json", [task(1, skipped), task(2)])) == []


def test_predictions_are_not_taken_for_labels(tmp_path):
    predicted = task(1) | {"predictions": [annotation(0, choices("cooperation", "favor"))]}
    assert read(write(tmp_path / "export.json", [predicted])) == []


@pytest.mark.parametrize(
    ("results", "frames"),
    [
        ([choices("cooperation", "Against ")], {"cooperation": "against"}),
        ([choices("cooperation", "absent")], {}),
        (
            [choices("frames", "cooperation:favor", "rivalry")],
            {"cooperation": "favor", "rivalry": None},
        ),
        (
            [choices("frames", "cooperation"), choices("cooperation", "favor")],
            {"cooperation": "favor"},
        ),
        ([{"type": "textarea", "value": {"text": ["unclear"]}}], {}),
    ],
)
def test_other_set_ups_of_choices_are_read(results, frames):
    answered = {"data": {}, "annotations": [annotation(1, *results)]}
    assert list(label_studio_annotations(answered)) == [("1", frames)]


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([{"type": "labels", "value": {"labels": ["x"]}}], "result of type 'labels'"),
        (["x"], "result of type 'None'"),
        ([choices("frames", "a:favor", "a:against")], "a is labelled both favor and against"),
        ([{"type": "choices", "value": {"choices": ["favor"]}}], "of type 'choices'"),
        ([choices("frames", "a:good")], "unknown stance 'good'"),
    ],
)
def test_a_task_that_cannot_be_read_is_named(tmp_path, results, message):
    path = write(tmp_path / "export.json", [task(1), task(2, annotation(1, *results))])
    with pytest.raises(InputError, match=rf"export\.json task 2:? .*{message}"):
        read(path)


@pytest.mark.parametrize(
    "record", [{"annotation_id": 3, "cooperation": "favor"}, {"annotations": 1, "data": {}}]
)
def test_an_export_that_lost_the_groups_says_which_to_make(tmp_path, record):
    with pytest.raises(InputError, match=r"task 1 .*export the project as JSON"):
        read(write(tmp_path / "export.json", [record]))


def test_an_annotation_without_results_is_refused():
    with pytest.raises(InputError, match=r"^has an annotation without a list 'result'; expected a"):
        list(label_studio_annotations({"data": {}, "annotations": [{"result": None}]}))


def test_an_export_without_groups_says_what_it_is():
    message = (
        "^is of a Label Studio export that does not say which choice belongs to which group; export"
    )
    with pytest.raises(InputError, match=message):
        list(label_studio_annotations({"annotation_id": 3}))


@pytest.mark.parametrize(
    ("frames", "coder", "found"),
    [({"rivalry": "favor"}, "A", {"rivalry": "favor"}), ("", "A", {}), ({}, "A", {})],
)
def test_rows_that_have_frames_are_no_export_of_doccano(tmp_path, frames, coder, found):
    record = {"text": "They met.", "label": "x", "frames": frames, "coder": "A"}
    assert read(write(tmp_path / "c.jsonl", [record])) == [("They met.", coder, found)]


@pytest.mark.parametrize("label", [[], ["rivalry:against"], "rivalry:against#cooperation:favor"])
def test_rows_that_came_back_from_doccano_with_frames_are_refused(tmp_path, label):
    record = {"text": "They met.", "label": label, "frames": {"rivalry": "favor"}}
    path = write(tmp_path / "c.jsonl", [record])
    for reader in (read, read_labelled):
        with pytest.raises(InputError, match=r"line 1 has labels in 'label', as doccano writes"):
            reader(path)


@pytest.mark.parametrize("choice", ["favor", "cooperation", "cooperation:against"])
def test_a_frame_is_absent_or_present(choice):
    both = annotation(7, choices("cooperation", "absent", choice))
    with pytest.raises(CodebookError, match=r"^cooperation is labelled both absent and present;"):
        list(label_studio_annotations(task(1, both)))
    alone = annotation(7, choices("cooperation", "absent"))
    assert list(label_studio_annotations(task(1, alone))) == [("7", {})]
    assert doccano_labels({"text": "", "label": ["cooperation:absent"]}) == {}
    with pytest.raises(CodebookError, match="unknown stance 'absent'"):
        doccano_labels({"text": "", "label": ["rivalry:favor;cooperation:absent"]})


def test_numbers_in_a_column_called_label_are_none_of_doccanos(tmp_path):
    record = {"id": "1", "text": "They met.", "label": [0, 1], "frames": {"rivalry": "favor"}}
    path = write(tmp_path / "c.jsonl", [record])
    assert read(path) == [("1", "c", {"rivalry": "favor"})]
    assert read_labelled(path).rows[0].frames == {"rivalry": "favor"}


def test_cells_that_were_made_safe_for_spreadsheets_are_as_they_were(tmp_path):
    sheet = dict.fromkeys(SHEET_COLUMNS, "")
    data = {**sheet, "id": "'-a.txt:0", "text": "'- We agreed.", "document": "'-a.txt"}
    path = tmp_path / "c.json"
    path.write_text(json.dumps([{**task(1, annotation(7)), "data": data}]))
    assert [(row.id, row.text, row.document) for row in read_codings(path)] == [
        ("-a.txt:0", "- We agreed.", "-a.txt")
    ]
    record = {**data, "frames": "?", "label": ["cooperation"]}
    assert read(write(tmp_path / "c.jsonl", [record]))[0][0] == "-a.txt:0"


@pytest.mark.parametrize("first", ["cooperation:favor", ""])
def test_rows_of_a_table_that_have_a_label_and_no_frame_have_no_frame(tmp_path, first):
    path = tmp_path / "anna.csv"
    path.write_text(f"id,text,label,frames\ns1,They met.,news,{first}\ns2,It rained.,news,\n")
    assert [frames for *_, frames in read(path)][1] == {}
    assert read(path)[1] == ("s2", "anna", {})


def test_a_row_of_a_table_that_nobody_has_labelled_is_not_labelled_by_its_label(tmp_path):
    rows = [{"text": "a", "label": "news", "frames": frames} for frames in (None, {"x": "favor"})]
    with pytest.raises(CodebookError, match=r"c\.jsonl line 1: the row is not labelled"):
        read(write(tmp_path / "c.jsonl", rows))


def test_doccano_may_name_the_coder(tmp_path):
    record = {"text": "They met.", "label": [], "username": "ann"}
    assert read(write(tmp_path / "c.jsonl", [record])) == [("They met.", "ann", {})]


def test_who_labelled_may_be_added_to_exports_of_doccano(tmp_path):
    rows = [{"id": 1, "text": "They met.", "label": ["x"], "coder": coder} for coder in "AB"]
    assert [coder for _, coder, _ in read(write(tmp_path / "both.jsonl", rows))] == ["A", "B"]


def test_doccano_files_are_named_after_their_coders(tmp_path):
    record = {
        "id": 3,
        "text": "They met.",
        "label": ["cooperation:favor", "rivalry"],
        "Comments": [],
    }
    assert read(write(tmp_path / "anna.jsonl", [record])) == [
        ("3", "anna", {"cooperation": "favor", "rivalry": None})
    ]


def test_doccano_gives_back_the_columns_of_what_was_suggested(tmp_path):
    record = {"id": "a:3", "text": "They met.", "frames": None, "document": "a", "label": []}
    assert list(read_codings(write(tmp_path / "anna.jsonl", [record]))) == [
        CodedRow("a:3", "anna", {}, "They met.", "a", "line 1")
    ]


@pytest.mark.parametrize("frames", ["", "?"])
def test_doccano_gives_back_what_was_suggested_in_csv_too(tmp_path, frames):
    path = tmp_path / "anna.csv"
    path.write_text(
        f"id,text,label,frames,unsure_of\na:3,They met.,x:favor,{frames},x\na:4,It.,,{frames},x\n"
    )
    assert read(path) == [("a:3", "anna", {"x": "favor"}), ("a:4", "anna", {})]


def test_doccano_joins_labels_in_csv(tmp_path):
    path = tmp_path / "anna.csv"
    path.write_text(
        "id,text,label\n1,They met.,cooperation:favor#rivalry\n2,It rained.,\n", "utf-8"
    )
    assert [frames for _, _, frames in read(path)] == [
        {"cooperation": "favor", "rivalry": None},
        {},
    ]


def test_doccano_exports_json_too(tmp_path):
    path = write(tmp_path / "ben.json", [{"id": 1, "text": "They met.", "label": ["rivalry"]}])
    assert read(path) == [("1", "ben", {"rivalry": None})]


@pytest.mark.parametrize("labels", [[[0, 4, "PER"]], [7], 7, None])
def test_labels_without_names_are_refused(labels):
    message = r"^has the labels .*; expected names such as .*, from a doccano project of text class"
    with pytest.raises(InputError, match=message):
        doccano_labels({"text": "They met.", "label": labels})


def test_labelled_rows_are_codings_of_the_coder_they_are_named_after(tmp_path):
    path = tmp_path / "anna.csv"
    path.write_text("text,frames\nThey met.,cooperation:favor\nIt rained.,\n", "utf-8")
    assert read(path) == [
        ("They met.", "anna", {"cooperation": "favor"}),
        ("It rained.", "anna", {}),
    ]


def test_a_file_of_codings_names_the_coders(tmp_path):
    rows = [{"id": 7, "coder": coder, "frames": {"cooperation": None}} for coder in "AB"]
    assert [coder for _, coder, _ in read(write(tmp_path / "x.jsonl", rows))] == ["A", "B"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "2", "coder": "A"}, "line 2 has no column 'frames'"),
        (
            {"id": "2", "frames": None},
            "line 2: the row is not labelled: its frames are null; expected an object such as "
            '{"cooperation": "favor"} or the text cooperation:favor, and {} or "" where there is '
            "no frame$",
        ),
        ({"id": "2", "frames": [1]}, r"line 2: the row is not labelled: its frames are list"),
        ({"id": "2", "frames": "?"}, r"line 2: '\?' is a row not labelled yet"),
        (
            {"id": "2", "frames": {"a": "favour"}},
            "line 2: the stance of a is str 'favour' .did you mean",
        ),
        ({"coder": "A", "frames": {}}, "line 2 has neither an 'id' nor a 'text'"),
        (
            {"id": "1", "coder": "A", "frames": {}},
            "line 2 is a second coding of '1' by 'A' .*line 1",
        ),
        ([], "line 2 holds a JSON list"),
    ],
)
def test_a_row_that_is_no_coding_is_named_with_its_line(tmp_path, row, message):
    path = write(tmp_path / "c.jsonl", [{"id": "1", "coder": "A", "frames": {}}, row])
    with pytest.raises(InputError, match=rf"c\.jsonl {message}"):
        read(path)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.json", b"{", "is not JSON"),
        ("a.json", b'{"a": 1}', "holds a JSON dict; expected a list of tasks"),
        ("a.json", b"[1]", "task 1 is a int"),
        ("a.json", b"\x00", "is not text"),
        ("a.txt", b"", "is of a type that is not read"),
        ("a.jsonl", b"\xff\n", "is not UTF-8"),
    ],
)
def test_a_file_that_holds_no_codings_is_named(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=rf"{name} .*{message}"):
        read(tmp_path / name)


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(InputError, match=r"a\.json does not exist"):
        read(tmp_path / "a.json")


def test_a_codebook_checks_the_frames(tmp_path):
    path = write(tmp_path / "e.json", [task(1, annotation(1, choices("cooperatoin", "favor")))])
    with pytest.raises(CodebookError, match=r"task 1: unknown frame .*did you mean 'cooperation'"):
        read(path, codebook=CODEBOOK)


def test_texts_are_read_by_id_whether_labelled_or_not(tmp_path):
    rows = [{"id": 1, "text": "a", "document": "d"}, {"id": "2", "text": "b", "frames": None}]
    assert read_texts(write(tmp_path / "t.jsonl", rows)) == {"1": ("a", "d"), "2": ("b", None)}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "a"}, "has no column 'id'"),
        ({"id": "2"}, "has no column 'text'"),
        ({"id": "2", "text": " "}, "has nothing in 'text'"),
        ({"id": "1", "text": "b"}, "has another text for the id '1'"),
    ],
)
def test_texts_need_ids_that_differ(tmp_path, row, message):
    path = write(tmp_path / "t.jsonl", [{"id": "1", "text": "a"}, row])
    with pytest.raises(InputError, match=f"line 2 {message}"):
        read_texts(path)


def test_sentences_are_read_from_rows_and_from_tasks(tmp_path):
    rows = write(tmp_path / "t.jsonl", [{"text": "a"}])
    tasks = write(tmp_path / "t.json", [task(1)])
    assert [*read_sentences(rows), *read_sentences(tasks)] == ["a", "Sentence 1."]


def test_sentences_need_a_text(tmp_path):
    with pytest.raises(InputError, match="line 1 has no column 'text'"):
        list(read_sentences(write(tmp_path / "t.jsonl", [{"id": 1}])))
