import json
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from stance.agreement import Coding, agreement, krippendorff_alpha, majority
from stance.codebook import Codebook, Frame
from stance.errors import CodebookError, InputError

SEEDS = Path(__file__).parent.parent / "seeds"

TABLES = arrays(
    np.int64, array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.integers(-1, 3)
)


def read(name):
    return [json.loads(line) for line in (SEEDS / name).read_text(encoding="utf-8").splitlines()]


def codings(*rows):
    """Sentence s1, s2, ... as coders A, B, C saw it; None where one did not code it."""
    return [
        Coding(f"s{number}", coder, frames)
        for number, row in enumerate(rows, start=1)
        for coder, frames in zip("ABC", row, strict=False)
        if frames is not None
    ]


@pytest.fixture(scope="module")
def seeds():
    return [Coding(**row) for row in read("codings.jsonl")]


@pytest.fixture(scope="module")
def report(seeds):
    return agreement(seeds)


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


@pytest.mark.parametrize(
    ("frame", "alpha"),
    [
        ("defensive_balancing", 0.926),
        ("multipolarity", 0.915),
        ("anti_hegemony", 0.988),
        ("cooperation", 0.853),
    ],
)
def test_alpha_of_the_seeds(report, frame, alpha):
    assert report.frames[frame].alpha == pytest.approx(alpha, abs=0.0005)


def test_alpha_of_the_stances_of_the_seeds(report):
    assert report.stance.alpha == pytest.approx(0.895, abs=0.0005)


def test_share_of_the_seeds_with_the_same_frames(report):
    assert report.same_frames == pytest.approx(0.84, abs=0.005)


def test_majority_of_the_seeds_is_their_gold(seeds):
    assert majority(seeds) == {row["id"]: row["frames"] for row in read("labels.jsonl")}


def test_pairwise_f1_equals_scikit_learn(seeds, report):
    metrics = pytest.importorskip("sklearn.metrics")
    given = {
        coder: ["cooperation" in one.frames for one in seeds if one.coder == coder]
        for coder in report.coders
    }
    expected = [metrics.f1_score(given[a], given[b]) for a, b in combinations("ABC", 2)]
    assert [pair.frames["cooperation"] for pair in report.pairs] == pytest.approx(expected)
    assert report.frames["cooperation"].f1 == pytest.approx(np.mean(expected))


def test_pairwise_f1_of_stances_equals_scikit_learn(seeds, report):
    metrics = pytest.importorskip("sklearn.metrics")
    coded = {(one.id, one.coder): one.frames for one in seeds}
    both = [
        (frames[name], coded[id, "B"][name])
        for (id, coder), frames in coded.items()
        for name in frames
        if coder == "A" and name in coded[id, "B"]
    ]
    expected = metrics.f1_score(*zip(*both, strict=True), average="macro")
    assert report.pairs[0].stance == pytest.approx(expected)


def test_pairs_count_the_sentences_that_both_coded():
    result = agreement(codings([{"x": None}, {}, None], [{"x": None}, {"x": None}, {}]))
    assert {pair.coders: pair.sentences for pair in result.pairs} == {
        ("A", "B"): 2,
        ("A", "C"): 1,
        ("B", "C"): 1,
    }


def test_sentences_of_one_coder_are_not_compared():
    result = agreement(codings([{"x": "favor"}, {"x": "favor"}], [{"x": "favor"}, None]))
    assert (result.sentences, result.shared, result.same_frames) == (2, 1, 1.0)


def test_tendencies_count_frames_and_stances():
    result = agreement(codings([{"x": "favor"}, {"x": None}], [{"x": "against"}, {}]))
    assert result.tendencies["A"].frames == {
        "x": {"favor": 1, "neutral": 0, "against": 1, "not_coded": 0}
    }
    assert result.tendencies["B"].frames["x"]["not_coded"] == 1


def test_disputes_name_the_frames_and_the_majority():
    row = [{"x": "favor", "y": "favor"}, {"x": "against", "y": "favor"}, {"y": "favor"}]
    (dispute,) = agreement(codings(row)).disputes
    assert (dispute.id, dispute.over) == ("s1", ("x",))
    assert dispute.majority == {"x": "neutral", "y": "favor"}


def test_a_stance_not_coded_disputes_none():
    assert agreement(codings([{"x": "favor"}, {"x": None}])).disputes == ()


def test_a_codebook_adds_the_frames_that_nobody_used():
    codebook = Codebook((Frame("z"), Frame("x")))
    result = agreement(codings([{"x": "favor"}, {}]), codebook=codebook)
    assert list(result.frames) == ["z", "x"]
    assert (result.frames["z"].alpha, result.frames["z"].f1) == (None, None)


@pytest.mark.parametrize(
    ("stances", "expected"),
    [
        (["favor", "favor", "against"], "favor"),
        (["favor", "neutral", "against"], "neutral"),
        (["favor", "against"], "neutral"),
        (["favor", None, None], "favor"),
        ([None, None], None),
    ],
)
def test_majority_stance(stances, expected):
    row = [{"x": stance} for stance in stances]
    assert majority(codings(row)) == {"s1": {"x": expected}}


@pytest.mark.parametrize(("votes", "kept"), [(1, False), (2, True), (3, True)])
def test_majority_frame_takes_more_than_half_of_the_coders(votes, kept):
    row = [{"x": "favor"}] * votes + [{}] * (3 - votes)
    assert ("x" in majority(codings(row))["s1"]) is kept


def test_the_report_is_valid_json(report):
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert data["frames"].keys() == report.frames.keys()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "there are no codings"),
        (codings([{"x": "favor"}]), "no sentence was coded twice"),
        (codings([{"x": "favor"}, {}]) * 2, "coder 'A' has two codings of sentence 's1'"),
        (codings([{}, {}]), "no coding names a frame"),
    ],
)
def test_codings_that_cannot_be_compared_are_named(rows, message):
    with pytest.raises(InputError, match=message):
        agreement(rows)


def test_an_unknown_stance_is_named():
    with pytest.raises(CodebookError, match="did you mean 'favor'"):
        agreement(codings([{"x": "favour"}, {}]))


def test_an_unknown_frame_is_named():
    with pytest.raises(CodebookError, match="unknown frame 'y'"):
        agreement(codings([{"y": None}, {}]), codebook=Codebook((Frame("x"),)))
