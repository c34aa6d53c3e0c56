"""What is said about the data before they are trained on."""

from pathlib import Path

import numpy as np
import pytest

from stance.codebook import Codebook, Frame
from stance.decision import Decision
from stance.files import LabelledRow
from stance.finetuning.checks import check_base, check_rows, find_label_issues, is_empty
from stance.store import ModelFolder

BOOK = Codebook((Frame("weather"), Frame("trade")))
FAVOR = {"weather": "favor"}


def row(number, text, frames=None, document=None):
    name = f"r{number}"
    return LabelledRow(name, document or name, text, {} if frames is None else frames)


def enough():
    """Rows that nothing is to be said about."""
    stances = ["favor", "neutral", "against"]
    return [
        row(
            n, f"text number {n}", {"weather": stances[n % 3], "trade": stances[n % 3]}, f"d{n % 5}"
        )
        for n in range(30)
    ]


def kinds(rows, **options):
    return [finding.kind for finding in check_rows(rows, BOOK, **options)]


def test_sound_rows_have_no_findings():
    assert kinds(enough()) == []


@pytest.mark.parametrize(
    ("extra", "kind"),
    [
        ([row(90, "Twice!", {}, "d1"), row(91, "twice", {}, "d1")], "duplicates"),
        ([row(90, "Twice!", FAVOR, "d1"), row(91, "twice", {}, "d1")], "contradictions"),
        ([row(90, "Same.", {}, "d1"), row(91, "Same.", {}, "d2")], "leaks"),
        ([row(90, "...", {}, "d1")], "empty"),
        ([row(90, "long " * 200, {}, "d1")], "long"),
    ],
)
def test_what_is_wrong_is_found_with_its_rows(extra, kind):
    findings = [f for f in check_rows([*enough(), *extra], BOOK) if f.kind == kind]
    assert len(findings) == 1
    assert set(findings[0].rows) <= {"r90", "r91"}
    assert findings[0].rows[-1] in findings[0].message


def test_a_long_text_of_fewer_characters_is_explained():
    message = (
        "1 texts have more than 600 characters (a Chinese, Japanese or Korean one counts as 4.5)"
    )
    findings = check_rows([*enough(), row(90, "贸易" * 67, {}, "d1")], BOOK)
    assert [finding.message.startswith(message) for finding in findings] == [True]
    assert kinds([*enough(), row(90, "贸易" * 66, {}, "d1")]) == []


def test_rows_of_the_evaluation_data_are_leaks():
    held_out = [row(80, "TEXT number 3", {}, "elsewhere")]
    assert kinds(enough(), held_out=held_out) == ["leaks"]


def test_documents_of_the_evaluation_data_are_leaks():
    assert kinds(enough(), held_out=[row(80, "another", {}, "d3")]) == ["leaks"]


def test_frames_written_alike_are_asked_about():
    book = Codebook((*BOOK.frames, Frame("weathr")))
    findings = check_rows([*enough(), row(90, "x", {"weathr": None}, "d1")], book)
    assert "did you mean 'weather'?" in findings[0].message
    assert [finding.kind for finding in findings] == ["frame_names", "few_rows"]


def test_rare_frames_and_stances_are_named():
    rows = [row(n, f"text {n}", FAVOR if n < 5 else {}, f"d{n % 3}") for n in range(20)]
    messages = [finding.message for finding in check_rows(rows, BOOK)]
    assert messages[0].startswith("only 5 rows carry weather")
    assert messages[1].endswith("favor 5, neutral 0, against 0")


def test_rows_without_documents_are_said_to_be_held_out_one_by_one():
    rows = [row(n, found.text, found.frames) for n, found in enumerate(enough())]
    assert kinds(rows) == ["documents"]


@pytest.mark.parametrize(
    ("text", "empty"), [("…", True), (" - ", True), ("a.", False), ("7", False)]
)
def test_a_text_without_words_is_empty(text, empty):
    assert is_empty(text) is empty


def test_wrong_labels_are_found_likeliest_first():
    generator = np.random.default_rng(0)
    states = np.zeros((200, 2), np.int64)
    states[::2, 0] = 1
    states[::4, 1] = 3
    present = np.clip(
        np.where(states > 0, 0.9, 0.1) + generator.normal(0, 0.05, states.shape), 0, 1
    )
    states[0, 0], states[1, 0] = 0, 2
    present[0, 0], present[1, 0] = 0.99, 0.05
    probabilities = np.stack([1 - present, present, 0 * present, 0 * present], axis=-1)
    issues = find_label_issues(states, probabilities.astype(np.float32), BOOK)
    assert [(issue.row, issue.frame, issue.given) for issue in issues[:2]] == [
        (0, "weather", "absent"),
        (1, "weather", "present"),
    ]


def test_right_labels_are_left_alone():
    states = np.array([[1], [0]] * 10)
    probabilities = np.eye(4, dtype=np.float32)[states]
    assert find_label_issues(states, probabilities, Codebook((Frame("weather"),))) == []


def test_a_frame_that_every_row_carries_has_no_likely_errors():
    states = np.ones((5, 1), np.int64)
    probabilities = np.full((5, 1, 4), 0.25, np.float32)
    assert find_label_issues(states, probabilities, Codebook((Frame("weather"),))) == []


def base_of(*frames, **training):
    book = Codebook(frames)
    plain = Decision.plain(len(frames))
    return ModelFolder(Path(), "old", "1", "en", book, plain, 128, training=training)


def test_a_base_has_nothing_to_be_said_about():
    assert check_base(BOOK, None) == []
    assert check_base(BOOK, base_of(Frame("weather", "rain"), Frame("cooperation"))) == []


@pytest.mark.parametrize("name", ["Cooperation", "co_operation", "coperation"])
def test_a_frame_written_much_like_one_of_the_base_is_named(name):
    (found,) = check_base(Codebook((Frame(name),)), base_of(Frame("cooperation")))
    assert found.kind == "frame_names"
    assert "did you mean 'cooperation'?" in found.message


def test_a_frame_of_the_same_name_and_another_definition_is_named():
    book = Codebook((Frame("trade", "goods", "Trade is good."),))
    (found,) = check_base(book, base_of(Frame("trade", "swaps", "Trade is good.")))
    assert "with another definition;" in found.message


def test_rows_of_the_base_may_be_held_out_ones():
    (found,) = check_base(BOOK, base_of(Frame("weather"), rows=200))
    assert (found.kind, "200 rows; if" in found.message) == ("leaks", True)


def test_rows_of_each_source_of_the_base_may_be_held_out_ones():
    (found,) = check_base(BOOK, base_of(Frame("weather"), rows={"seeds": 288, "un": 14_769}))
    assert found.kind == "leaks"
    assert found.message.startswith(
        "old was itself trained on 15,057 rows (288 of seeds, 14,769 of un); if yours are among "
    )


@pytest.mark.parametrize("rows", [{}, {"seeds": "many"}, "many", None])
def test_a_base_may_say_nothing_of_its_rows(rows):
    assert check_base(BOOK, base_of(Frame("weather"), rows=rows)) == []
