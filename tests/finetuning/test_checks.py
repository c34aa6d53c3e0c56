"""What is said about the data before they are trained on."""

import numpy as np
import pytest

from stance.codebook import Codebook, Frame
from stance.files import LabelledRow
from stance.finetuning.checks import check_rows, find_label_issues, usable_rows

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
            n,
            f"text number {n}",
            dict.fromkeys(BOOK.names if n < 36 else (), stances[n % 3]),
            f"d{n % 5}",
        )
        for n in range(48)
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
        ([row(90, "...", {}, "d1"), row(91, "---", {}, "d2")], "empty"),
    ],
)
def test_what_is_wrong_is_found_with_its_rows(extra, kind):
    findings = [f for f in check_rows([*enough(), *extra], BOOK) if f.kind == kind]
    assert len(findings) == 1
    assert set(findings[0].rows) <= {"r90", "r91"}
    assert findings[0].rows[-1] in findings[0].message


def test_rows_of_the_evaluation_data_are_leaks():
    held_out = [row(80, "TEXT number 3", {}, "elsewhere")]
    assert kinds(enough(), held_out=held_out) == ["leaks"]


def test_texts_without_words_are_no_copies_of_those_in_the_evaluation_data():
    rows = [*enough(), *(row(90 + n, text, {}, f"d{n}") for n, text in enumerate(("---", "...")))]
    assert kinds(rows, held_out=[row(80, "***", {}, "elsewhere")]) == ["empty"]


def test_documents_of_the_evaluation_data_are_leaks():
    assert kinds(enough(), held_out=[row(80, "another", {}, "d3")]) == ["leaks"]


def test_frames_written_alike_are_asked_about():
    book = Codebook((*BOOK.frames, Frame("weathr")))
    findings = check_rows([*enough(), row(90, "x", {"weathr": None}, "d1")], book)
    assert "did you mean 'weather'?" in findings[0].message
    assert [finding.kind for finding in findings] == ["frame_names", "few_rows", "few_rows"]


def names_found(**counts):
    """Return what is said of the names of frames that so many rows carry each."""
    rows = [
        row(f"{name}{n}", f"{name} {n}", {name: "favor"})
        for name, number in counts.items()
        for n in range(number)
    ]
    book = Codebook(tuple(map(Frame, counts)))
    return [found.message for found in check_rows(rows, book) if found.kind == "frame_names"]


@pytest.mark.parametrize(
    ("counts", "rare", "common"),
    [
        ({"Jobs": 4, "jobs": 30}, "Jobs", "jobs"),
        ({"trade": 5, "TRADE": 5}, "TRADE", "trade"),
        ({"weather": 5, "weathr": 5}, "weathr", "weather"),
        ({"cutbacks": 6, "Cut_Backs": 5}, "Cut_Backs", "cutbacks"),
    ],
)
def test_a_slip_is_noticed_once_whatever_its_case_or_its_number(counts, rare, common):
    (message,) = names_found(**counts)
    assert message.startswith(f"the frame {rare!r} ({counts[rare]} rows)")
    assert message.endswith(f"did you mean {common!r}?")


def test_frames_that_are_written_unlike_are_not_asked_about():
    assert names_found(jobs=5, prices=5, trade=30) == []


def test_rare_frames_and_stances_are_named():
    rows = [row(n, f"text {n}", FAVOR if n < 5 else {}, f"d{n % 3}") for n in range(20)]
    messages = [finding.message for finding in check_rows(rows, BOOK)]
    assert messages[0].startswith("only 5 rows carry weather")
    assert messages[1].endswith("favor 5, neutral 0, against 0")


def test_stances_are_counted_for_each_frame():
    frames = [{"weather": "favor"}, {"trade": None}, {}]
    rows = [row(n, f"text {n}", frames[n % 3], f"d{n % 5}") for n in range(60)]
    [uncoded, rare] = check_rows(rows, BOOK)
    assert uncoded.message.startswith("no row says which stance it takes in trade: what the rows")
    assert rare.message == "stances with fewer than 10 labels: weather neutral 0, against 0"


def test_a_frame_that_no_row_is_without_is_named():
    rows = [row(n, f"text {n}", {"weather": None}, f"d{n % 3}") for n in range(12)]
    messages = [found.message for found in check_rows(rows, BOOK)]
    assert messages[0].startswith("every row carries weather: there is nothing to tell it from")
    assert messages[0].endswith("null says that it is there: leave it out where it is absent")
    rows += [row(90, "Another one.", {}, "d1")]
    found = check_rows(rows, BOOK)[0]
    assert (found.kind, found.rows) == ("few_rows", ("r90",))
    assert found.message.startswith("only 1 rows are without weather; label at least 10")


def test_what_every_row_was_coded_for_is_named_without_a_word_on_null():
    rows = [row(n, f"text {n}", FAVOR, f"d{n % 3}") for n in range(12)]
    assert "null" not in check_rows(rows, BOOK)[0].message


def test_frames_and_documents_are_counted_in_the_rows_that_are_trained_on():
    rows = [row(n, f"text {n}", FAVOR if n < 12 else {}, f"d{n % 3}") for n in range(40)]
    separate = [row(f"e{n}", f"text {n}", FAVOR, "e") for n in range(4)]
    found = [finding.message for finding in check_rows(rows, BOOK, held_out=separate)]
    assert found[1].startswith("only 8 rows carry weather")
    empty = [row(n, "...", {}, f"d{n}") for n in range(40)]
    single = [row(40 + n, f"text {n}", dict.fromkeys(BOOK.names, "favor")) for n in range(12)]
    assert kinds([*empty, *single])[-1] == "documents"


def test_rows_without_documents_are_said_to_be_held_out_one_by_one():
    rows = [row(n, found.text, found.frames) for n, found in enumerate(enough())]
    assert kinds(rows) == ["documents"]


@pytest.mark.parametrize(
    ("text", "usable"), [("…", False), (" - ", False), ("a.", True), ("7", True)]
)
def test_a_text_without_words_is_not_trained_on(text, usable):
    assert bool(usable_rows([row(1, text)], [])) is usable


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
    issues = find_label_issues(states, probabilities.astype(np.float32), BOOK, (0.5, 0.5))
    assert [(issue.row, issue.frame, issue.given) for issue in issues[:2]] == [
        (0, "weather", "absent"),
        (1, "weather", "present"),
    ]


WEATHER = Codebook((Frame("weather"),))


def issues_of(present, gold, threshold):
    """Return which labels are likely wrong, of rows with such a P(frame) each."""
    present = np.array(present, np.float32)
    probabilities = np.zeros((len(present), 1, 4), np.float32)
    probabilities[:, 0, 0], probabilities[:, 0, 1] = 1 - present, present
    states = np.array(gold, np.int64)[:, None]
    found = find_label_issues(states, probabilities, WEATHER, (threshold,))
    return [(issue.row, issue.given) for issue in found]


def test_right_labels_are_left_alone():
    assert issues_of([1, 0] * 10, [1, 0] * 10, 0.5) == []


@pytest.mark.parametrize("number", [5, 4])
def test_a_frame_that_nearly_every_row_or_none_carries_has_no_likely_errors(number):
    present = [0.9] * number + [0.1] * 19 + [0.95]
    gold = [1] * number + [0] * 20
    assert issues_of(present, gold, 0.5) == [(number + 19, "absent")] * (number > 4)
    turned = [1 - value for value in present], [1 - state for state in gold]
    assert issues_of(*turned, 0.5) == [(number + 19, "present")] * (number > 4)


def test_what_the_model_does_not_decide_against_is_no_likely_error():
    """P(frame) is low in all rows of a frame that no model learnt: means alone do not tell."""
    present, gold = [0.04] * 6 + [0.09] + [0.02] * 13, [1] * 6 + [0] * 14
    assert issues_of(present, gold, 0.05) == [(6, "absent")]
    assert issues_of(present, gold, 0.5) == []
    present, gold = [0.98] * 13 + [0.91] + [0.95] * 6, [1] * 14 + [0] * 6
    assert issues_of(present, gold, 0.93) == [(13, "present")]
    assert issues_of(present, gold, 0.5) == []
