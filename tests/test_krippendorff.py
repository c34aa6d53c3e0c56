from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from stance.errors import InputError
from stance.krippendorff import krippendorff_alpha, terms_of, weighted_alphas

TABLES = arrays(
    np.int64, array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.integers(-1, 3)
)


def published(*coders):
    """A table as Krippendorff prints it: a row a coder, a dot where a value is missing."""
    return [[-1 if value == "." else int(value) for value in row.split()] for row in coders]


# Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, examples A, B and C.
BINARY = published("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
NOMINAL = published("1 1 2 2 4 3 3 3 5 4 4 1", "2 1 2 2 2 3 3 3 5 4 4 4")
INCOMPLETE = published(
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


@pytest.mark.parametrize(
    ("table", "expected"), [(BINARY, 0.095), (NOMINAL, 0.692), (INCOMPLETE, 0.743)]
)
def test_alpha_of_the_published_examples(table, expected):
    assert krippendorff_alpha(table) == pytest.approx(expected, abs=0.0005)


def pairs_alpha(table):
    """Alpha by its definition: disagreeing pairs within units over those of all values."""
    units = [[value for value in unit if value >= 0] for unit in np.transpose(table).tolist()]
    units = [unit for unit in units if len(unit) > 1]
    values = [value for unit in units for value in unit]
    expected = sum(one != other for one, other in permutations(values, 2))
    within = [
        sum(one != other for one, other in permutations(unit, 2)) / (len(unit) - 1)
        for unit in units
    ]
    return 1 - (len(values) - 1) * sum(within) / expected if expected else None


@given(TABLES)
def test_alpha_equals_its_definition(table):
    assert krippendorff_alpha(table) == pytest.approx(pairs_alpha(table))


@given(TABLES)
def test_alpha_equals_the_package(table):
    package = pytest.importorskip("krippendorff")
    alpha = krippendorff_alpha(table)
    if alpha is not None:
        data = np.where(table < 0, np.nan, table)
        expected = package.alpha(reliability_data=data, level_of_measurement="nominal")
        assert alpha == pytest.approx(expected)


@given(TABLES, st.randoms(use_true_random=False))
def test_alpha_ignores_the_order_of_coders_and_the_names_of_values(table, random):
    names = np.array([*random.sample(range(4), 4), -1])
    shuffled = names[table][random.sample(range(len(table)), len(table))]
    assert krippendorff_alpha(shuffled) == pytest.approx(krippendorff_alpha(table))


@pytest.mark.parametrize("table", [[[0, 0], [0, 0]], [[0, 1], [-1, -1]], [[-1], [-1]]])
def test_alpha_is_undefined_without_two_values_to_compare(table):
    assert krippendorff_alpha(table) is None


@pytest.mark.parametrize("table", [[0, 1], [[0.5]], [[-2]]])
def test_alpha_refuses_what_is_no_table_of_values(table):
    with pytest.raises(InputError, match=r"expected \(coders, units\)"):
        krippendorff_alpha(table)


@given(TABLES, st.integers(0, 2**32 - 1))
def test_weights_count_a_unit_so_many_times(table, seed):
    times = np.random.default_rng(seed).integers(0, 3, table.shape[1])
    (weighted,) = weighted_alphas(terms_of(table), times[None].astype(float))
    repeated = krippendorff_alpha(np.repeat(table, times, axis=1))
    assert weighted == pytest.approx(np.nan if repeated is None else repeated, nan_ok=True)
