"""Numbers that options have to be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import InputError
from stance.options import flag, whole_number


@given(st.integers(0, 2**31 - 1), st.sampled_from([int, np.int64, np.uint32]))
def test_whole_numbers_of_any_kind_are_those_of_python(number, kind):
    found = whole_number("n", kind(number), 0)
    assert (found, type(found)) == (number, int)


@pytest.mark.parametrize("value", ["3", 3.0, None, [], np.float64(3)])
def test_what_is_no_whole_number_is_named(value):
    with pytest.raises(InputError, match=r"^n is .*; expected 1 or more \(a whole number\)$"):
        whole_number("n", value, 1)


@pytest.mark.parametrize("value", [0, 11, -1])
def test_a_number_out_of_range_is_named(value):
    with pytest.raises(InputError, match=f"^n is {value}; expected a whole number from 1 to 10$"):
        whole_number("n", value, 1, 10)


@pytest.mark.parametrize("value", [True, False, np.True_, np.False_, 1, 0])
def test_yes_and_no_are_those_of_python(value):
    assert flag("force", value) is bool(value)


@pytest.mark.parametrize("value", ["false", "no", "", None, 2, [], np.array([True, False])])
def test_what_is_neither_yes_nor_no_is_named(value):
    with pytest.raises(InputError, match=r"^force is .*; expected True or False$"):
        flag("force", value)
