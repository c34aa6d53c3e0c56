import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.texts import LONE_SURROGATE, fold, is_wordless


@pytest.mark.parametrize(
    "other", ["they met  again", "THEY MET, AGAIN!", "«They met» – again", "\tThey\nmet again. "]
)
def test_copies_of_a_text_fold_alike(other):
    assert fold(other) == fold("They met again.")


@given(st.text())
def test_folding_twice_changes_nothing_and_leaves_nothing_of_what_has_no_word(text):
    assert fold(fold(text)) == fold(text)
    assert (not fold(text)) == is_wordless(text)


def test_half_a_character_is_found_and_a_whole_one_is_not():
    assert LONE_SURROGATE.sub("?", "a\ud83d and \U0001f600") == "a? and \U0001f600"
