"""What a model was trained on is known again, and nothing else is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import ModelError
from stance.trained_on import TRAINED_ON, checksums_of, count_known, read_checksums, write_checksums

# A header of 4 GB of checksums, and none of them.
CUT_OFF = (
    np.lib.format.magic(1, 0)
    + b"\x76\x00"
    + (b"{'descr': '<u4', 'fortran_order': False, 'shape': (1000000000,), }".ljust(117) + b"\n")
)
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


@pytest.mark.parametrize(
    "content", [b"", b"no array", np.lib.format.magic(1, 0), b"PK\x03\x04 an archive", CUT_OFF]
)
def test_a_damaged_file_is_named(tmp_path, content):
    (tmp_path / TRAINED_ON).write_bytes(content)
    with pytest.raises(ModelError, match=rf"{TRAINED_ON} cannot be read: .*; fetch"):
        read_checksums(tmp_path)


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((2, 2), np.uint32)])
def test_another_array_is_refused(tmp_path, array):
    np.save(tmp_path / TRAINED_ON, array)
    with pytest.raises(ModelError, match="holds no list of checksums"):
        read_checksums(tmp_path)


def test_an_object_is_never_unpickled(tmp_path):
    np.save(tmp_path / TRAINED_ON, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ModelError, match="cannot be read"):
        read_checksums(tmp_path)


@given(st.lists(st.text(max_size=60)), st.lists(st.text(max_size=60)))
def test_every_long_text_is_known_again_in_any_company(texts, others):
    found = checksums_of(texts)
    known = np.setdiff1d(checksums_of([*others, *texts]), [0])
    assert count_known(texts, known) == np.count_nonzero(found)
