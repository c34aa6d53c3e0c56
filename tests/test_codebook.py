import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.codebook import STATES, Codebook, Frame, format_labels, parse_labels
from stance.errors import CodebookError

BOOK = Codebook((Frame("cooperation", "Working together.", "It is good."), Frame("rivalry")))

names = st.from_regex(r"[a-z][a-z0-9_.-]{0,20}", fullmatch=True)
labels = st.dictionaries(names, st.sampled_from([*STATES[1:], None]), max_size=6)


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
    "notation", ["cooperation:favor;cooperation:against", ":favor", ";", "a:b"]
)
def test_notation_refuses(notation):
    with pytest.raises(CodebookError):
        parse_labels(notation)


@pytest.mark.parametrize(
    "frames", [(), ("a", "a"), ("",), ("a:b",), ("a;b",), ("1a",), ("x" * 65,), tuple("ab") * 200]
)
def test_codebook_refuses_names(frames):
    with pytest.raises(CodebookError):
        Codebook(tuple(Frame(name) for name in frames))


@pytest.mark.parametrize("data", [{}, [], {"frames": "x"}, {"frames": [1]}, {"frames": [{}]}, None])
def test_from_dict_refuses_other_structures(data):
    with pytest.raises(CodebookError):
        Codebook.from_dict(data)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b"[" * 100_000, b""])
def test_load_refuses_damaged_files(tmp_path, content):
    (tmp_path / "book.json").write_bytes(content)
    with pytest.raises(CodebookError, match=r"book\.json"):
        Codebook.load(tmp_path / "book.json")
