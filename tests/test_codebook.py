import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.codebook import (
    MAX_FRAMES,
    STATES,
    Codebook,
    Frame,
    format_labels,
    parse_labels,
    read_labels,
)
from stance.errors import CodebookError

BOOK = Codebook((Frame("cooperation", "Working together.", "It is good."), Frame("rivalry")))

names = st.from_regex(r"[a-z][a-z0-9_.-]{0,20}", fullmatch=True)
labels = st.dictionaries(names, st.sampled_from([*STATES[1:], None]), max_size=6)


@pytest.mark.parametrize("name", ["Sécurité", "संघर्ष", "சமாதானம்", "การค้า", "مُقاومة"])
def test_a_name_is_the_same_however_its_accents_were_typed(name):
    typed = unicodedata.normalize("NFD", name)
    name = unicodedata.normalize("NFC", name)
    book = Codebook((Frame(typed),))
    assert book.names == (name,)
    assert Codebook.from_dict({"frames": [{"name": typed}]}) == book
    for labels in (parse_labels(f"{typed}:favor"), read_labels({typed: "favor"})):
        assert labels == {name: "favor"}
    assert book.check({typed: "favor"}) == {name: "favor"}


def test_a_name_that_two_typed_otherwise_is_there_twice():
    with pytest.raises(CodebookError, match="names 'é' twice"):
        Codebook((Frame("\u00e9"), Frame("e\u0301")))


@given(labels)
def test_notation_round_trips(frames):
    assert dict(parse_labels(format_labels(frames))) == frames


@given(st.lists(names, min_size=1, max_size=8, unique=True), st.text(), st.text())
def test_codebook_round_trips_through_json(frame_names, definition, version):
    book = Codebook(
        tuple(Frame(name, definition, definition) for name in frame_names), version=version
    )
    assert Codebook.from_dict(json.loads(json.dumps(book.to_dict()))) == book


def test_codebook_round_trips_through_a_file(tmp_path):
    BOOK.save(tmp_path / "book.json")
    assert Codebook.load(tmp_path / "book.json") == BOOK


def test_a_codebook_is_given_as_one_as_its_file_or_as_what_that_holds(tmp_path):
    BOOK.save(tmp_path / "book.json")
    given = (BOOK, BOOK.to_dict(), tmp_path / "book.json", str(tmp_path / "book.json"))
    assert [Codebook.of(one) for one in given] == [BOOK] * 4
    with pytest.raises(CodebookError, match=r"^not a codebook: expected"):
        Codebook.of(["cooperation"])


def test_a_codebook_file_is_text_that_people_can_read(tmp_path):
    path = tmp_path / "book.json"
    Codebook((Frame("poles", "Größe, 力"),), name="Häfen").save(path)
    text = path.read_bytes().decode("utf-8")
    assert "Größe, 力" in text
    assert text.startswith('{\n  "name": "Häfen",\n')
    assert text.endswith("}\n")
    assert Codebook.load(path).name == "Häfen"


def test_what_a_codebook_does_not_say_is_empty_but_for_its_own_name_and_version():
    book = Codebook.from_dict({"frames": [{"name": "poles"}]})
    assert book == Codebook((Frame("poles", "", ""),), name="codebook", version="1")


def test_a_codebook_keeps_its_name_and_version_as_text():
    book = Codebook.from_dict({"name": 7, "version": 2, "frames": [{"name": "poles"}]})
    assert (book.name, book.version) == ("7", "2")


def test_a_frame_keeps_its_definition_and_proposition():
    frame = {"name": "poles", "definition": "Several powers.", "proposition": "It is good."}
    assert Codebook.from_dict({"frames": [frame]}).frames == (
        Frame("poles", "Several powers.", "It is good."),
    )


def test_labels_go_frame_by_frame_in_the_order_of_states():
    assert BOOK.labels == tuple(f"{f}:{s}" for f in ("cooperation", "rivalry") for s in STATES)


@given(st.text(max_size=60))
def test_any_notation_is_read_or_refused(text):
    try:
        parsed = parse_labels(text)
    except CodebookError:
        return
    assert dict(parse_labels(format_labels(parsed))) == dict(parsed)


def test_check_suggests_the_frame_that_was_meant():
    with pytest.raises(CodebookError, match="did you mean 'cooperation'"):
        BOOK.check({"co-operation": "favor"})


def test_check_suggests_the_stance_that_was_meant():
    with pytest.raises(CodebookError, match="did you mean 'favor'"):
        BOOK.check({"cooperation": "favour"})


def test_check_takes_a_frame_without_a_stance():
    assert BOOK.check({"cooperation": None}) == {"cooperation": None}


@pytest.mark.parametrize(
    ("notation", "message"),
    [
        ("cooperation:favor;cooperation:against", "^'cooperation:favor;.*' names the frame 'coop"),
        (":favor", "^':favor' is not a list of frames; expected e.g. 'multipolarity:favor;coop"),
        (";", "is not a list of frames; .*, or nothing where there is no frame$"),
        ("a:b", "^unknown stance 'b'; expected favor, neutral, against$"),
        ("a:absent", "unknown stance 'absent'"),
        ("a:favor:neutral", "unknown stance 'favor:neutral'"),
        (" ? ", "^'\\?' is a row not labelled yet; label it, or take it out of the file$"),
    ],
)
def test_notation_refuses(notation, message):
    with pytest.raises(CodebookError, match=message):
        parse_labels(notation)


@pytest.mark.parametrize("notation", ["", "  ", "\n"])
def test_no_notation_is_no_frame(notation):
    assert parse_labels(notation) == {}


def test_white_space_around_frames_and_stances_says_nothing():
    assert parse_labels(" a : favor ; b ") == {"a": "favor", "b": None}


def test_what_is_wrong_is_quoted_no_longer_than_a_line():
    with pytest.raises(CodebookError) as notation:
        parse_labels("a;a" + " " * 300)
    with pytest.raises(CodebookError) as stance:
        parse_labels("a:" + "x" * 300)
    with pytest.raises(CodebookError) as frame:
        BOOK.check({"y" * 300: "favor"})
    with pytest.raises(CodebookError) as name:
        Codebook((Frame("9" * 300),))
    assert "x" * 80 in str(stance.value)
    assert "y" * 80 in str(frame.value)
    assert "9" * 80 in str(name.value)
    assert max(len(str(error.value)) for error in (notation, stance, frame, name)) < 240


def test_a_frame_that_is_unknown_is_named_with_those_that_are_known():
    message = "^unknown frame 'weather'; the codebook has cooperation, rivalry$"
    with pytest.raises(CodebookError, match=message):
        BOOK.check({"weather": "favor"})


def test_one_frame_is_suggested_even_where_several_are_near():
    book = Codebook((Frame("power_a"), Frame("power_b")))
    with pytest.raises(CodebookError, match=r"\(did you mean 'power_[ab]'\?\); the codebook has"):
        book.check({"power_c": "favor"})


def test_a_codebook_may_have_the_most_frames_and_no_more():
    frames = tuple(Frame(f"f{number}") for number in range(MAX_FRAMES + 1))
    assert len(Codebook(frames[:-1]).names) == MAX_FRAMES
    with pytest.raises(CodebookError, match="has 257 frames; at most 256 are supported"):
        Codebook(frames)


@pytest.mark.parametrize("name", ["a", "Ü", "力", "a1_.-", "x" * 64])
def test_names_are_letters_and_what_may_follow_them(name):
    assert Codebook((Frame(name),)).names == (name,)


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ((), "^the codebook has no frames; expected at least one$"),
        (("b", "a", "b", "a"), "^the codebook names 'a' twice; name each frame once$"),
        (("\u0301a",), "is not a frame's name"),
        (("",), "^'' is not a frame's name; expected a letter, then letters, digits, '_',"),
        (("a:b",), r"^'a:b' is not a frame's name; .*'\.' or '-', 64 characters at most$"),
        (("a;b",), "'a;b' is not"),
        (("1a",), "'1a' is not"),
        (("a\n",), "is not"),
        (("x" * 65,), "is not"),
        ((7,), "'7' is not"),
    ],
)
def test_codebook_refuses_names(frames, message):
    with pytest.raises(CodebookError, match=message):
        Codebook(tuple(Frame(name) for name in frames))


@pytest.mark.parametrize("data", [{}, [], {"frames": "x"}, {"frames": [1]}, None])
def test_from_dict_refuses_other_structures(data):
    with pytest.raises(
        CodebookError, match=r"^not a codebook: expected {\"frames\": \[.* \.\.\.\]}$"
    ):
        Codebook.from_dict(data)


def test_from_dict_refuses_a_frame_without_a_name():
    with pytest.raises(CodebookError, match=r"^'' is not a frame's name"):
        Codebook.from_dict({"frames": [{}]})


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b"[" * 100_000, b""])
def test_load_refuses_damaged_files(tmp_path, content):
    (tmp_path / "book.json").write_bytes(content)
    with pytest.raises(CodebookError, match=r"book\.json"):
        Codebook.load(tmp_path / "book.json")


def test_load_names_a_file_that_is_missing(tmp_path):
    with pytest.raises(CodebookError, match=r"book\.json: No such file .*expected a JSON file$"):
        Codebook.load(tmp_path / "book.json")


def test_what_is_null_in_a_codebook_is_not_there():
    frame = {"name": "a", "definition": None, "proposition": None}
    found = Codebook.from_dict({"name": None, "version": None, "frames": [frame]})
    assert found == Codebook((Frame("a"),))


@pytest.mark.parametrize(
    "made",
    [
        lambda: Codebook((Frame("jobs", "work \ud83d"),)),
        lambda: Codebook((Frame("jobs", proposition="\udc00"),)),
        lambda: Codebook((Frame("jobs"),), name="\ud83d"),
    ],
)
def test_half_a_character_is_refused_before_anything_is_written(made):
    with pytest.raises(CodebookError, match="holds half a character"):
        made()


@given(labels)
def test_labels_are_read_from_a_mapping_and_from_the_notation(frames):
    assert dict(read_labels(frames)) == dict(read_labels(format_labels(frames))) == frames


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (None, "the row is not labelled: its frames are null; expected an object"),
        (3, "its frames are int '3'"),
        ({"trade": "good"}, "the stance of trade is str 'good'; expected favor, neutral, against"),
        ({"trade": 1}, "the stance of trade is int '1'"),
        ("trade:good", "good"),
    ],
)
def test_a_cell_without_labels_is_refused(cell, message):
    with pytest.raises(CodebookError, match=message):
        read_labels(cell)


@pytest.mark.parametrize("cell", ["", " ", "none", " none ", {}, {"none": None}])
def test_what_stands_for_no_frame_is_none(cell):
    assert read_labels(cell) == {}


@pytest.mark.parametrize("cell", ["NA", "N/A", "nan", " NaN "])
def test_what_programs_write_into_an_empty_cell_is_a_row_that_nobody_labelled(cell):
    with pytest.raises(CodebookError, match="is a row not labelled yet, as R and pandas write it"):
        parse_labels(cell)


def test_no_frame_is_called_by_what_stands_for_none():
    with pytest.raises(CodebookError, match="stands for no frame"):
        Codebook((Frame("none"),))
    with pytest.raises(CodebookError, match="names 'none' as a frame; expected it alone"):
        parse_labels("none;cooperation:favor")
