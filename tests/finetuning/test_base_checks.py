"""What is said about the base before rows are trained on it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stance.codebook import Codebook, Frame
from stance.decision import Decision
from stance.files import LabelledRow
from stance.finetuning.base_checks import check_base, check_texts
from stance.finetuning.bases import Base, TokenCounts
from stance.store import ModelFolder
from stance.trained_on import checksums_of, write_checksums

BOOK = Codebook((Frame("weather"), Frame("trade")))


def base_of(*frames, language="en", **training):
    book = Codebook(frames)
    plain = Decision.plain(len(frames))
    folder = ModelFolder(Path(), "old", "1", "en", book, plain, 128, training=training)
    return Base(Path(), "old", None, folder, 384, 6, 512, language)


ENCODER = Base(Path(), "encoder", None, None, 384, 6, 512, "de")


def test_a_base_has_nothing_to_be_said_about():
    assert check_base(BOOK, ENCODER, [], []) == []
    assert check_base(BOOK, base_of(Frame("weather", "rain"), Frame("cooperation")), [], []) == []


@pytest.mark.parametrize("name", ["Cooperation", "COOPERATION", "co_operation", "coperation"])
def test_a_frame_written_much_like_one_of_the_base_is_named(name):
    (found,) = check_base(Codebook((Frame(name),)), base_of(Frame("cooperation")), [], [])
    assert found.kind == "frame_names"
    assert "did you mean 'cooperation'?" in found.message


def test_a_frame_of_the_same_name_and_another_definition_is_named():
    book = Codebook((Frame("trade", "goods", "Trade is good."),))
    (found,) = check_base(book, base_of(Frame("trade", "swaps", "Trade is good.")), [], [])
    assert "with another definition;" in found.message


def test_rows_of_the_base_may_be_held_out_ones():
    (found,) = check_base(BOOK, base_of(Frame("weather"), rows=200), [], [])
    assert (found.kind, "200 rows; if" in found.message) == ("leaks", True)


def test_rows_of_each_source_of_the_base_may_be_held_out_ones():
    (found,) = check_base(
        BOOK, base_of(Frame("weather"), rows={"seeds": 288, "un": 14_769}), [], []
    )
    assert found.kind == "leaks"
    assert found.message.startswith(
        "old was itself trained on 15,057 rows (288 of seeds, 14,769 of un); if yours are among "
    )


def test_rows_that_the_base_was_trained_on_are_counted_where_it_says_which(tmp_path):
    rows = [LabelledRow(str(n), "d", f"The sides signed treaty number {n}.", {}) for n in range(5)]
    base = base_of(Frame("weather"), rows=200)
    base = replace(base, path=tmp_path, folder=replace(base.folder, path=tmp_path))
    write_checksums(tmp_path, checksums_of(row.text for row in rows[:3]))
    assert check_base(BOOK, base, rows[3:], []) == []
    train, apart = check_base(BOOK, base, rows[1:], rows[:1])
    assert (train.kind, apart.kind) == ("leaks", "leaks")
    assert train.message.startswith("old was itself trained on 2 of the 4 rows, so the figures ")
    assert apart.message.startswith("old was itself trained on 1 of the 1 evaluation rows, so ")


@pytest.mark.parametrize("rows", [{}, {"seeds": "many"}, "many", None])
def test_a_base_may_say_nothing_of_its_rows(rows):
    assert check_base(BOOK, base_of(Frame("weather"), rows=rows), [], []) == []


def test_texts_in_another_language_than_the_bases_are_named():
    (found,) = check_base(BOOK, base_of(Frame("weather"), language="ru"), [], [])
    assert found.kind == "language"
    assert found.message.startswith("the texts are in ru, those of old in en;")


def rows_of(number):
    return [LabelledRow(f"r{n}", f"d{n}", f"text {n}", {}) for n in range(number)]


def counts_of(*tokens, unknown=0.0):
    return TokenCounts(np.arange(len(tokens)), np.array(tokens), unknown)


def test_texts_of_usual_length_in_a_script_that_the_base_reads_are_left_alone():
    assert check_texts(rows_of(3), ENCODER, counts_of(8, 128, 20, unknown=0.05)) == []


def test_texts_of_many_tokens_are_named():
    (found,) = check_texts(rows_of(3), ENCODER, counts_of(8, 129, 254))
    assert (found.kind, found.rows) == ("long", ("r1", "r2"))
    assert found.message.startswith("2 texts have more than 128 tokens and may be cut in training")


def test_long_texts_among_those_that_were_drawn_are_named():
    counts = TokenCounts(np.array([1, 4]), np.array([400, 20]), 0.0)
    (found,) = check_texts(rows_of(9), ENCODER, counts)
    assert found.rows == ("r1",)
    assert found.message.startswith("1 texts of 2 drawn at random have more than 128 tokens")


def test_a_script_that_the_base_does_not_know_is_named():
    (found,) = check_texts(rows_of(2), ENCODER, counts_of(8, 9, unknown=0.41))
    assert found.kind == "language"
    assert found.message.startswith("41% of the tokens are unknown to encoder, which does not know")
