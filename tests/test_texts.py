import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.texts import LONE_SURROGATE, fold, is_wordless


@pytest.mark.parametrize(
    "other", ["they met  again", "THEY MET, AGAIN!", "«They met» – again", "\tThey\nmet again. "]
)
def test_copies_of_a_text_fold_alike(other):
    assert fold(other) == fold("They met again.")


@pytest.mark.parametrize("form", ["NFD", "NFC"])
def test_accents_apart_fold_as_accents_on_their_letters(form):
    assert fold(unicodedata.normalize(form, "Élevé à Łódź")) == "élevé à łódź"


@pytest.mark.parametrize(
    ("one", "other"), [("ราคาข้าว", "ราคาข่าว"), ("पिता", "पीता"), ("café", "cafe")]
)
def test_marks_tell_words_apart(one, other):
    assert fold(one) != fold(other)


def test_how_a_sign_is_drawn_is_no_difference():
    assert fold("Peace \u262e\ufe0f now 1\ufe0f\u20e3") == fold("peace \u262e now 1")


@given(st.text())
def test_folding_twice_changes_nothing_and_leaves_nothing_of_what_has_no_word(text):
    assert fold(fold(text)) == fold(text)
    assert (not fold(text)) == is_wordless(text)


def test_half_a_character_is_found_and_a_whole_one_is_not():
    assert LONE_SURROGATE.sub("?", "a\ud83d and \U0001f600") == "a? and \U0001f600"
