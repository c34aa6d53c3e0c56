"""What a model was trained on is known again, and nothing else is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import ModelError
from stance.trained_on import TRAINED_ON, checksums_of, count_known, read_checksums, write_checksums

SEEN = ["The two sides agreed to deepen their partnership.", "Multipolarity is gaining ground."]


def test_another_copy_of_a_sentence_is_known(tmp_path):
    write_checksums(tmp_path, checksums_of(SEEN))
    known = read_checksums(tmp_path)
    copies = ["the two sides agreed -- to deepen  their partnership", "Multipolarity is gaining!"]
    assert count_known(copies, known) == 1
    assert count_known(SEEN, known) == 2


def test_what_many_texts_share_is_not_known(tmp_path):
    short = ["Mr. President,", "Ladies and gentlemen,", "* * *", ""]
    write_checksums(tmp_path, checksums_of([*SEEN, *short]))
    known = read_checksums(tmp_path)
    assert (len(known), count_known(short, known)) == (2, 0)


def test_eight_characters_of_a_script_without_spaces_are_enough():
    assert checksums_of(["多极化趋势日益增强"]).all()


def test_the_file_does_not_tell_the_order_or_the_number_of_copies(tmp_path):
    write_checksums(tmp_path, checksums_of([*SEEN, *SEEN]))
    once = (tmp_path / TRAINED_ON).read_bytes()
    write_checksums(tmp_path, checksums_of(SEEN[::-1]))
    assert (tmp_path / TRAINED_ON).read_bytes() == once


def test_a_model_may_have_seen_no_long_sentence(tmp_path):
    write_checksums(tmp_path, checksums_of(["No."]))
    assert count_known(SEEN, read_checksums(tmp_path)) == 0


def test_a_folder_may_not_say(tmp_path):
    assert read_checksums(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"no list", b"\x80\x04 a pickle", "cut off", "too long"])
def test_a_damaged_file_is_named(tmp_path, content):
    write_checksums(tmp_path, checksums_of(SEEN))
    whole = (tmp_path / TRAINED_ON).read_bytes()
    spoilt = {"cut off": whole[:-3], "too long": whole + b"x"}.get(content, content)
    (tmp_path / TRAINED_ON).write_bytes(spoilt)
    with pytest.raises(ModelError, match=r"holds no list of checksums; fetch the model again, or"):
        read_checksums(tmp_path)


@given(st.lists(st.text(max_size=60)), st.lists(st.text(max_size=60)))
def test_every_long_text_is_known_again_in_any_company(texts, others):
    found = checksums_of(texts)
    known = np.setdiff1d(checksums_of([*others, *texts]), [0])
    assert count_known(texts, known) == np.count_nonzero(found)
