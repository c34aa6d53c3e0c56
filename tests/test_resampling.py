import numpy as np
import pytest

from stance.errors import InputError
from stance.resampling import check_drawing, draw, ratio, resample_weights


def test_the_data_as_they_are_come_first():
    weights = np.concatenate(list(resample_weights(np.array([0, 0, 1]), 20, 0)))
    assert weights.shape == (21, 3)
    assert weights[0].tolist() == [1, 1, 1]


def test_rows_of_one_unit_are_drawn_together_and_as_many_units_as_there_are():
    units = np.array([0, 0, 1, 2])
    weights = np.concatenate(list(resample_weights(units, 200, 1)))
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 1:].sum(axis=1) == 3).all()
    assert set(weights[1:, 2]) == {0, 1, 2, 3}


def test_documents_are_drawn_or_the_sentences_of_one():
    several, one = (draw(names, 3, 0, 0) for names in ("aab", "aaa"))
    assert (several.documents, several.resampled) == (2, "documents")
    assert (one.documents, one.resampled) == (1, "sentences")


def test_the_seed_fixes_what_is_drawn():
    first, again, other = (
        np.concatenate(list(resample_weights(np.arange(9), 10, seed))) for seed in (3, 3, 4)
    )
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("name", ["resamples", "seed"])
def test_numbers_below_0_are_refused(name):
    numbers = {"resamples": 1, "seed": 1} | {name: -1}
    with pytest.raises(InputError, match=f"^{name} is -1; expected 0 or more"):
        check_drawing(**numbers)
    with pytest.raises(InputError, match=f"^{name} is -1; expected 0 or more"):
        draw("ab", 2, **numbers)


def test_a_share_of_nothing_is_not_defined():
    shares = ratio(np.array([1.0, 0.0]), np.array([4.0, 0.0]))
    np.testing.assert_array_equal(shares, [0.25, np.nan])
