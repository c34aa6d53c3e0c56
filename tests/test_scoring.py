import json
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.errors import InputError
from stance.figures import Evaluation, Figure
from stance.scoring import NOT_CODED, _check, _statistics, difference, reliability, score

FRAMES = ["balance", "poles", "hegemony"]


def draw(seed=0, *, sentences=240, documents=12, frames=3, not_coded=0.0):
    """Gold states, probabilities that are right more often than not, decisions and documents."""
    rng = np.random.default_rng(seed)
    gold = rng.choice(4, size=(sentences, frames), p=[0.6, 0.2, 0.12, 0.08])
    probabilities = rng.dirichlet([2, 1, 1, 1], size=gold.shape) + np.eye(4)[gold] / 2
    # Two decimals, so that scores tie as those of a saturated model do.
    probabilities = (probabilities / 1.5).round(2)
    predicted = np.where(probabilities[..., 0] <= 0.5, probabilities[..., 1:].argmax(-1) + 1, 0)
    hidden = (gold > 0) & (rng.random(gold.shape) < not_coded)
    groups = [f"d{number}" for number in rng.integers(documents, size=sentences)]
    return np.where(hidden, NOT_CODED, gold), probabilities, predicted, groups


def figures(result):
    """Every Figure in a tree of dataclasses and mappings."""
    if isinstance(result, Figure):
        yield result
    elif is_dataclass(result):
        for field in fields(result):
            yield from figures(getattr(result, field.name))
    elif isinstance(result, dict):
        for value in result.values():
            yield from figures(value)


@pytest.fixture(scope="module")
def metrics():
    return pytest.importorskip("sklearn.metrics")


@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_presence_equals_scikit_learn(metrics, name):
    gold, probabilities, predicted, documents = draw(not_coded=0.2)
    result = score(gold, probabilities, predicted, documents, frames=FRAMES, resamples=0)
    expected = getattr(metrics, f"{name}_score")(gold != 0, predicted != 0, average=None)
    found = [getattr(result.frames[frame], name).value for frame in FRAMES]
    assert found == pytest.approx(expected.tolist())
    assert getattr(result, f"macro_{name}").value == pytest.approx(expected.mean())


def test_average_precision_equals_scikit_learn(metrics):
    gold, probabilities, predicted, documents = draw()
    result = score(gold, probabilities, predicted, documents, frames=FRAMES, resamples=0)
    expected = metrics.average_precision_score(
        gold != 0, 1 - probabilities[..., 0], average="macro"
    )
    assert result.macro_average_precision.value == pytest.approx(expected)
    one = metrics.average_precision_score(gold[:, 1] != 0, 1 - probabilities[:, 1, 0])
    assert result.frames["poles"].average_precision.value == pytest.approx(one)


def test_a_frame_that_is_ranked_last_still_counts():
    gold, predicted = np.array([[1], [0], [1]]), np.zeros((3, 1), dtype=int)
    probabilities = [[[0.1, 0.9, 0, 0]], [[0.5, 0.5, 0, 0]], [[0.9, 0.1, 0, 0]]]
    result = score(gold, probabilities, predicted, "abc", frames=["poles"], resamples=0)
    # Precision 1 at the first, 2/3 at the last; each adds half of the recall.
    assert result.macro_average_precision.value == pytest.approx((1 + 2 / 3) / 2)


def test_a_frame_that_occurs_once_has_all_its_figures():
    gold, predicted = np.array([[1], [0], [0]]), np.array([[1], [0], [0]])
    frame = score(
        gold, np.eye(4)[predicted], predicted, "abc", frames=["poles"], resamples=0
    ).frames["poles"]
    found = (frame.precision, frame.recall, frame.f1, frame.average_precision, frame.stance_f1)
    assert [figure.value for figure in found] == [1, 1, 1, 1, 1]


def test_exact_match_equals_scikit_learn(metrics):
    gold, probabilities, predicted, documents = draw()
    result = score(gold, probabilities, predicted, documents, frames=FRAMES, resamples=0)
    assert result.exact_match.value == pytest.approx(
        metrics.accuracy_score(gold != 0, predicted != 0)
    )


def test_stance_where_the_frame_is_found_equals_scikit_learn(metrics):
    gold, probabilities, predicted, documents = draw(not_coded=0.2)
    result = score(gold, probabilities, predicted, documents, frames=FRAMES, resamples=0)
    found = (gold > 0) & (predicted > 0)
    expected = metrics.f1_score(gold[found], predicted[found], average=None, labels=[1, 2, 3])
    assert [figure.value for figure in result.stance.f1.values()] == pytest.approx(
        expected.tolist()
    )
    assert result.stance.macro_f1.value == pytest.approx(expected.mean())


def test_stance_end_to_end_equals_scikit_learn(metrics):
    gold, probabilities, predicted, documents = draw(not_coded=0.2)
    result = score(gold, probabilities, predicted, documents, frames=FRAMES, resamples=0)
    coded = gold != NOT_CODED
    expected = metrics.f1_score(gold[coded], predicted[coded], average="macro", labels=[1, 2, 3])
    assert result.stance.end_to_end_macro_f1.value == pytest.approx(expected)


def test_stance_of_one_frame_equals_scikit_learn(metrics):
    gold, probabilities, predicted, documents = draw()
    result = score(gold, probabilities, predicted, documents, frames=FRAMES, resamples=0)
    options = {"average": "macro", "labels": [1, 2, 3]}
    found = (gold[:, 1] > 0) & (predicted[:, 1] > 0)
    frame = result.frames["poles"]
    assert frame.stance_f1.value == pytest.approx(
        metrics.f1_score(gold[found, 1], predicted[found, 1], **options)
    )
    assert frame.end_to_end_f1.value == pytest.approx(
        metrics.f1_score(gold[:, 1], predicted[:, 1], **options)
    )


def test_resampled_figures_equal_scikit_learn_with_sample_weights(metrics):
    gold, probabilities, predicted, _ = draw()
    weights = np.random.default_rng(1).integers(4, size=(3, len(gold))).astype(float)
    drawn = _statistics(_check(gold, probabilities, predicted, 3), weights)
    for row, weight in enumerate(weights):
        options = {"average": "macro", "sample_weight": weight}
        present, called = gold != 0, predicted != 0
        ranking = metrics.average_precision_score(present, 1 - probabilities[..., 0], **options)
        assert drawn["macro_f1"][row] == pytest.approx(metrics.f1_score(present, called, **options))
        assert drawn["macro_average_precision"][row] == pytest.approx(ranking)
        assert drawn["exact_match"][row] == pytest.approx(
            metrics.accuracy_score(present, called, sample_weight=weight)
        )


def test_resampled_calibration_error_equals_that_of_the_repeated_sentences():
    gold, probabilities, predicted, documents = draw()
    times = np.random.default_rng(1).integers(4, size=len(gold))
    drawn = _statistics(_check(gold, probabilities, predicted, 3), times[None].astype(float))
    again = [np.repeat(array, times, axis=0) for array in (gold, probabilities, predicted)]
    names = np.repeat(documents, times).tolist()
    expected = score(*again, names, frames=FRAMES, resamples=0)
    assert drawn["macro_ece"][0] == pytest.approx(expected.ece.value)


def test_calibration_error_is_the_weighted_gap_of_the_reliability_diagram():
    gold, probabilities, predicted, documents = draw()
    result = score(gold, probabilities, predicted, documents, frames=FRAMES, resamples=0)
    diagram = reliability(gold, probabilities, frames=FRAMES)["hegemony"]
    gaps = [one.sentences * abs(one.mean_probability - one.share_present) for one in diagram]
    assert result.frames["hegemony"].ece.value == pytest.approx(sum(gaps) / len(gold))


def test_calibration_error_of_a_worked_case():
    # Two bins: P = 0.9 with one of two present (gap 0.4), P = 0.2 with none of two (gap 0.2).
    gold = [[1], [0], [0], [0]]
    probabilities = [[[0.1, 0.9, 0, 0]]] * 2 + [[[0.8, 0.2, 0, 0]]] * 2
    result = score(gold, probabilities, [[1], [1], [0], [0]], "abcd", frames=["poles"])
    assert result.ece.value == pytest.approx(0.3)


def test_reliability_equals_scikit_learn():
    calibration = pytest.importorskip("sklearn.calibration")
    gold, probabilities, _, _ = draw()
    diagram = reliability(gold, probabilities, frames=FRAMES)["poles"]
    shares, means = calibration.calibration_curve(
        gold[:, 1] != 0, 1 - probabilities[:, 1, 0], n_bins=15
    )
    assert [one.share_present for one in diagram] == pytest.approx(shares.tolist())
    assert [one.mean_probability for one in diagram] == pytest.approx(means.tolist())


def test_a_bin_holds_its_upper_edge_and_not_its_lower_one():
    edges = [0, 1 / 15, 0.2, 0.2000001, 1]
    probabilities = np.array([[[1 - p, p, 0, 0]] for p in edges])
    # One minus one minus a number is not always the number: the edge is put in its place.
    probabilities[2, 0, 0] = 1 - np.linspace(0, 1, 16)[3]
    [diagram] = reliability(np.zeros((5, 1), int), probabilities, frames=["poles"]).values()
    assert [one.sentences for one in diagram] == [2, 1, 1, 1]
    assert [one.low for one in diagram] == pytest.approx([0, 2 / 15, 3 / 15, 14 / 15])
    assert [one.high for one in diagram] == pytest.approx([1 / 15, 3 / 15, 4 / 15, 1])


def test_reliability_speaks_of_each_frame_by_its_name():
    gold = [[1, 0], [1, 0], [NOT_CODED, 3]]
    probabilities = [[[0.5, 0.5, 0, 0], [0.9, 0, 0.1, 0]]] * 3
    diagrams = reliability(gold, probabilities, frames=["one", "two"])
    assert list(diagrams) == ["one", "two"]
    [[one], [two]] = diagrams.values()
    assert (one.sentences, one.mean_probability, one.share_present) == (3, 0.5, 1)
    assert two.mean_probability == pytest.approx(0.1)
    assert two.share_present == pytest.approx(1 / 3)


def test_reliability_names_wrong_gold():
    with pytest.raises(InputError, match=r"^gold \(int64\) holds values that are no state; exp"):
        reliability(np.full((2, 1), 4), np.full((2, 1, 4), 0.25), frames=["poles"])


def test_reliability_bins_hold_every_sentence():
    gold, probabilities, _, _ = draw()
    diagrams = reliability(gold, probabilities, frames=FRAMES)
    assert {sum(one.sentences for one in diagram) for diagram in diagrams.values()} == {len(gold)}


def test_bootstrap_draws_whole_documents():
    # One document is all right, the other all wrong: a resample may hold either alone.
    gold = np.array([[1]] * 50 + [[0]] * 50)
    predicted = np.ones_like(gold)
    result = score(gold, np.eye(4)[predicted], predicted, "a" * 50 + "b" * 50, frames=["poles"])
    assert result.resampled == "documents"
    assert (result.exact_match.low, result.exact_match.high) == (0, 1)


def test_one_document_is_resampled_by_sentence():
    gold, probabilities, predicted, _ = draw()
    result = score(gold, probabilities, predicted, ["d"] * len(gold), frames=FRAMES)
    assert (result.resampled, result.documents) == ("sentences", 1)
    assert result.exact_match.low < result.exact_match.value < result.exact_match.high


def test_interval_of_a_share_is_that_of_the_binomial():
    right = np.arange(400) < 300
    gold, predicted = np.ones((400, 1), dtype=int), right[:, None].astype(int)
    result = score(gold, np.eye(4)[predicted], predicted, range(400), frames=["poles"])
    reach = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert result.exact_match.low == pytest.approx(0.75 - reach, abs=0.01)
    assert result.exact_match.high == pytest.approx(0.75 + reach, abs=0.01)


def test_intervals_are_percentiles_over_documents_drawn_again():
    gold, probabilities, predicted, documents = draw(sentences=30, documents=5)
    result = score(gold, probabilities, predicted, documents, frames=FRAMES, resamples=40, seed=7)
    names = list(dict.fromkeys(documents))
    drawn = np.random.default_rng(7).integers(len(names), size=(40, len(names)))
    right = ((gold != 0) == (predicted != 0)).all(axis=1)
    of_name = [right[np.array(documents) == name] for name in names]
    shares = [np.concatenate([of_name[number] for number in one]).mean() for one in drawn]
    expected = np.percentile(shares, [2.5, 97.5])
    assert [result.exact_match.low, result.exact_match.high] == pytest.approx(expected.tolist())


def test_how_many_resamples_are_held_at_once_changes_nothing(monkeypatch):
    data = draw(sentences=40)
    whole = score(*data, frames=FRAMES, resamples=25)
    for held in (1, 80, 400):
        monkeypatch.setattr("stance.resampling._CHUNK", held)
        assert score(*data, frames=FRAMES, resamples=25) == whole


def test_a_thousand_resamples_are_drawn_with_the_first_seed_unless_said_otherwise():
    data = draw(sentences=24)
    result = score(*data, frames=FRAMES)
    assert result.resamples == 1000
    assert result == score(*data, frames=FRAMES, resamples=1000, seed=0)
    assert result != score(*data, frames=FRAMES, resamples=1000, seed=1)


def test_one_resample_is_an_interval_of_one_point():
    result = score(*draw(), frames=FRAMES, resamples=1)
    assert result.exact_match.low == result.exact_match.high


def test_resamples_without_the_frame_are_left_out_of_its_interval():
    gold, predicted = np.array([[1], [0], [0], [0]]), np.array([[1], [0], [0], [0]])
    result = score(gold, np.eye(4)[predicted], predicted, "abcd", frames=["poles"], resamples=50)
    gold, predicted = np.array([[1], [1], [0], [0]]), np.array([[1], [0], [0], [0]])
    result = score(gold, np.eye(4)[predicted], predicted, "abcd", frames=["poles"], resamples=500)
    assert result.frames["poles"].recall == Figure(0.5, 0, 1)


def test_a_figure_that_no_resample_changes_has_no_interval():
    # All that recall counts is in document a: every resample that has it has the same.
    gold, predicted = np.array([[1], [1], [0], [0]]), np.array([[1], [0], [0], [1]])
    result = score(gold, np.eye(4)[predicted], predicted, "aabc", frames=["poles"])
    assert result.frames["poles"].recall == Figure(0.5, None, None)
    assert result.exact_match.low is not None
    found = difference(gold, gold * 0, gold, "aabc")
    assert found.macro_f1 == Figure(1, None, None)


def test_a_resample_that_lacks_a_frame_has_its_mean_over_the_others():
    # Frame "poles" is in one document of six, and is missed there; "balance" is always right.
    gold = np.array([[1, 1], [1, 0], [1, 0], [1, 0], [1, 0], [1, 0]])
    predicted = gold * [1, 0]
    found = score(gold, np.eye(4)[predicted], predicted, "abcdef", frames=["balance", "poles"])
    assert found.macro_f1 == Figure(0.5, 0.5, 1)
    assert found.frames["poles"].f1 == Figure(0, None, None)


def test_stances_that_the_figure_of_a_frame_leaves_out_are_named():
    gold = np.array([[1, 3], [3, 3], [2, 0]])
    predicted = np.array([[1, 3], [0, 3], [3, 0]])
    frames = score(
        gold, np.eye(4)[predicted], predicted, "abc", frames=["balance", "poles"], resamples=0
    ).frames
    assert frames["balance"].stance_left_out == ("against",)
    assert frames["poles"].stance_left_out == ("favor", "neutral")


def test_frames_are_counted_in_gold_and_as_given():
    gold, probabilities, predicted, documents = draw(not_coded=0.3)
    result = score(gold, probabilities, predicted, documents, frames=FRAMES, resamples=0)
    counted = [(frame.support, frame.predicted) for frame in result.frames.values()]
    expected = zip((gold != 0).sum(axis=0), (predicted != 0).sum(axis=0), strict=True)
    assert counted == list(expected)
    assert result.stance.support == (gold > 0).sum()


def test_stances_stand_in_the_order_of_the_states():
    gold = np.array([[1], [2], [3], [3]])
    predicted = np.array([[1], [2], [3], [2]])
    stance = score(
        gold, np.eye(4)[predicted], predicted, "abcd", frames=["poles"], resamples=0
    ).stance
    values = {name: figure.value for name, figure in stance.f1.items()}
    assert values == pytest.approx({"favor": 1, "neutral": 2 / 3, "against": 2 / 3})
    assert {name: figure.value for name, figure in stance.end_to_end_f1.items()} == values


def test_a_frame_missed_misses_its_stance_end_to_end_only():
    gold, predicted = np.array([[1], [1], [0]]), np.array([[1], [0], [1]])
    stance = score(
        gold, np.eye(4)[predicted], predicted, "abc", frames=["poles"], resamples=0
    ).stance
    assert stance.f1["favor"].value == 1
    assert stance.end_to_end_f1["favor"].value == pytest.approx(0.5)
    assert stance.macro_f1.value == 1
    assert stance.f1["against"].value is None


def test_a_stance_whose_frames_were_all_missed_is_named():
    gold = np.array([[1]] * 10 + [[3]] * 5)
    predicted = np.array([[1]] * 10 + [[0]] * 5)
    stance = score(gold, np.eye(4)[predicted], predicted, range(15), frames=["poles"]).stance
    assert (str(stance.macro_f1), stance.left_out) == ("1.00", ("neutral", "against"))
    assert stance.end_to_end_f1["against"].value == 0


def test_no_stance_is_left_out_where_each_was_found():
    states = np.array([[1], [2], [3]])
    result = score(states, np.eye(4)[states], states, "abc", frames=["poles"], resamples=0)
    assert result.stance.left_out == ()


def test_an_interval_of_gaps_begins_below_its_figure_by_how_far_resamples_move_them():
    values = np.array([0.1, *np.linspace(0.11, 0.15, 401)])
    assert Figure.of(values).low > 0.1
    found = Figure.of_gaps(values, np.array([0, *np.linspace(0.02, 0.06, 401)]))
    assert (found.value, found.low) == (0.1, pytest.approx(0.1 - 0.059))
    assert found.high == pytest.approx(0.1 + 0.149 - 0.13)


@pytest.mark.parametrize(("value", "low", "high"), [(0.1, 0, 0.29), (0.9, 0.61, 1)])
def test_an_interval_of_gaps_stays_within_0_and_1(value, low, high):
    resampled = np.linspace(-0.2, 0.2, 401)
    moved = np.linspace(0, 0.4, 401) * 0.29 / 0.39
    found = Figure.of_gaps(np.array([value, *(value + resampled)]), np.array([0, *moved]))
    assert [found.low, found.high] == pytest.approx([low, high])


def test_gaps_without_resamples_have_no_interval():
    assert Figure.of_gaps(np.array([0.1]), np.array([0.0])) == Figure(0.1, None, None)
    nothing = np.array([np.nan, 0.1])
    assert Figure.of_gaps(nothing, nothing) == Figure(None, None, None)


def test_calibration_error_of_right_probabilities_is_not_told_from_none():
    reach_none = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        present = rng.beta(0.7, 1.5, size=(300, 1))
        gold = (rng.random((300, 1)) < present).astype(int)
        probabilities = np.stack([1 - present, present, 0 * present, 0 * present], axis=-1)
        result = score(gold, probabilities, gold, range(300), frames=["poles"], resamples=200)
        for figure in (result.ece, result.frames["poles"].ece):
            assert figure.low <= figure.value <= figure.high
            reach_none.append(figure.low == 0)
    assert np.mean(reach_none) >= 0.85


def test_calibration_error_of_wrong_probabilities_is():
    rng = np.random.default_rng(0)
    present = rng.beta(0.7, 1.5, size=(300, 1))
    gold = (rng.random((300, 1)) < present**2).astype(int)
    probabilities = np.stack([1 - present, present, 0 * present, 0 * present], axis=-1)
    result = score(gold, probabilities, gold, range(300), frames=["poles"], resamples=200)
    truth = (present - present**2).mean()
    assert 0.02 < result.ece.low < truth < result.ece.high


def test_a_frame_of_one_document_has_no_intervals():
    gold, predicted = np.zeros((2, 120, 1), dtype=int)
    gold[5], predicted[::4], predicted[5] = 1, 1, 1
    documents = np.arange(120) // 10
    for size, units in ((120, 1), (10, 1)):  # Of a single document, a frame of one sentence.
        result = score(
            gold[:size], np.eye(4)[predicted[:size]], predicted[:size], documents[:size],
            frames=["poles"], resamples=200,
        )  # fmt: skip
        frame = result.frames["poles"]
        assert frame.units == units
        figures = (frame.precision, frame.recall, frame.f1, frame.average_precision)
        assert all(figure.value is not None and figure.low is None for figure in figures)


def test_units_are_the_documents_that_carry_a_frame():
    gold = np.array([[1, 0], [1, 2], [0, 0], [3, 0]])
    frames = score(gold, np.eye(4)[gold], gold, "aabc", frames=["one", "two"], resamples=0).frames
    assert [frames[name].units for name in ("one", "two")] == [2, 1]


def test_the_difference_is_that_of_two_evaluations():
    gold, probabilities, first, documents = draw(not_coded=0.2)
    _, others, second, _ = draw(1)
    found = difference(gold, first, second, documents, resamples=50, seed=3)
    one = score(gold, probabilities, first, documents, frames=FRAMES, resamples=0)
    two = score(gold, others, second, documents, frames=FRAMES, resamples=0)
    assert found.macro_f1.value == pytest.approx(two.macro_f1.value - one.macro_f1.value)
    for name, of_stance in (
        ("stance_macro_f1", "macro_f1"),
        ("end_to_end_macro_f1", "end_to_end_macro_f1"),
    ):
        expected = getattr(two.stance, of_stance).value - getattr(one.stance, of_stance).value
        assert getattr(found, name).value == pytest.approx(expected)
    assert (found.sentences, found.documents, found.resampled) == (240, 12, "documents")


def test_both_are_scored_on_the_same_resamples():
    gold, _, first, documents = draw()
    same = difference(gold, first, first, documents, resamples=50)
    assert same.macro_f1 == same.stance_macro_f1 == Figure(0, None, None)
    # One more frame right: never worse, whatever the documents drawn.
    second = first.copy()
    row = np.flatnonzero((gold[:, 0] == 1) & (first[:, 0] == 0))[0]
    second[row, 0] = 1
    better = difference(gold, first, second, documents, resamples=200).macro_f1
    assert 0 <= better.low < better.value < better.high < 0.02


def test_the_difference_turns_round_with_the_models():
    gold, _, first, documents = draw()
    second = draw(1)[2]
    there = difference(gold, first, second, documents, resamples=50).macro_f1
    back = difference(gold, second, first, documents, resamples=50).macro_f1
    expected = (-there.value, -there.high, -there.low)
    assert (back.value, back.low, back.high) == pytest.approx(expected)


def test_a_stance_that_one_of_them_never_found_is_not_compared():
    gold = np.array([[1], [1], [3], [3]])
    first, second = np.array([[1], [1], [0], [0]]), np.array([[1], [1], [3], [1]])
    found = difference(gold, first, second, "abcd", resamples=0)
    assert found.stance_macro_f1.value == pytest.approx(0.8 - 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gold": np.zeros(3, int)}, r"^gold is an array of shape \(3,\); expected \(sentences, "),
        ({"gold": np.zeros((0, 1), int)}, r"^gold is an array of shape \(0, 1\);"),
        (
            {"first": np.zeros((3, 2), int)},
            r"^first is an array of shape \(3, 2\); expected \(3, 1",
        ),
        ({"second": np.full((3, 1), NOT_CODED)}, "^second .*integers from 0 to 3$"),
        ({"documents": "ab"}, "^there are 2 documents' names for 3 sentences"),
        ({"resamples": -1}, "^resamples is -1; expected 0 or more"),
    ],
)
def test_what_cannot_be_compared_is_named(change, message):
    nothing = np.zeros((3, 1), int)
    data = {"gold": nothing, "first": nothing, "second": nothing, "documents": "abc"} | change
    with pytest.raises(InputError, match=message):
        difference(**data)


def test_the_seed_fixes_the_intervals():
    data = draw()
    first, second = (score(*data, frames=FRAMES, resamples=50, seed=3) for _ in range(2))
    assert first == second


def test_without_resamples_there_are_no_intervals():
    result = score(*draw(), frames=FRAMES, resamples=0)
    assert {(one.low, one.high) for one in figures(result)} == {(None, None)}


def test_a_frame_that_never_occurs_is_left_out_of_the_mean():
    gold, probabilities, predicted, documents = draw()
    gold[:, 1] = 0
    result = score(gold, probabilities, predicted, documents, frames=FRAMES)
    assert result.left_out == ("poles",)
    assert result.frames["poles"].f1 == Figure(None, None, None)
    others = [result.frames[name].f1.value for name in ("balance", "hegemony")]
    assert result.macro_f1.value == pytest.approx(sum(others) / 2)


def test_calibration_error_of_a_frame_that_never_occurs_is_left_out_of_the_mean():
    gold, probabilities, predicted, documents = draw()
    gold[:, 1] = 0
    result = score(gold, probabilities, predicted, documents, frames=FRAMES)
    others = [result.frames[name].ece.value for name in ("balance", "hegemony")]
    assert result.ece.value == pytest.approx(sum(others) / 2)


def test_a_frame_never_given_has_precision_zero():
    gold, probabilities, predicted, documents = draw()
    result = score(gold, probabilities, np.zeros_like(predicted), documents, frames=FRAMES)
    assert result.frames["poles"].precision.value == 0


def test_a_stance_not_coded_counts_for_presence_only():
    gold, predicted = np.array([[NOT_CODED], [2]]), np.array([[3], [2]])
    result = score(gold, np.eye(4)[predicted], predicted, "ab", frames=["poles"], resamples=0)
    assert result.macro_f1.value == 1
    assert (result.stance.support, result.stance.end_to_end_macro_f1.value) == (1, 1)
    assert result.exact_match_with_stance.value == 1


def test_a_wrong_stance_is_no_exact_match_with_stance():
    gold, predicted = np.array([[1], [2]]), np.array([[3], [2]])
    result = score(gold, np.eye(4)[predicted], predicted, "ab", frames=["poles"], resamples=0)
    assert (result.exact_match.value, result.exact_match_with_stance.value) == (1, 0.5)


def test_no_frame_at_all_leaves_the_figures_undefined():
    nothing = np.zeros((4, 1), dtype=int)
    result = score(nothing, np.eye(4)[nothing], nothing, "aabb", frames=["poles"])
    assert result.macro_f1.value is None
    assert result.ece.value is None


def test_json_has_the_promised_keys():
    data = score(*draw(), frames=FRAMES, resamples=10).to_dict()
    assert data["macro_f1"].keys() == {"value", "low", "high"}
    assert list(data["frames"]) == FRAMES
    assert (data["sentences"], data["documents"]) == (240, 12)
    assert {"stance", "ece"} <= data.keys()


@settings(max_examples=40, deadline=None)
@given(
    gold=st.lists(st.lists(st.integers(-1, 3), min_size=2, max_size=2), min_size=1, max_size=8),
    seed=st.integers(0, 1000),
    groups=st.integers(1, 4),
)
def test_every_figure_is_none_or_a_share_in_valid_json(gold, seed, groups):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet([1, 1, 1, 1], size=(len(gold), 2))
    predicted = probabilities.argmax(-1)
    documents = [number % groups for number in range(len(gold))]
    result = score(gold, probabilities, predicted, documents, frames=FRAMES[:2], resamples=20)
    for one in figures(result):
        assert one.value is None or 0 <= one.value <= 1
        assert one.low is None or 0 <= one.low <= one.high <= 1
    json.dumps(result.to_dict(), allow_nan=False)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_order_of_sentences_does_not_matter(seed):
    gold, probabilities, predicted, documents = draw(seed, sentences=40, not_coded=0.2)
    order = np.random.default_rng(seed).permutation(40)
    first = score(gold, probabilities, predicted, documents, frames=FRAMES, resamples=0)
    second = score(
        gold[order],
        probabilities[order],
        predicted[order],
        [documents[i] for i in order],
        frames=FRAMES,
        resamples=0,
    )
    values = [[one.value for one in figures(result)] for result in (first, second)]
    assert values[0] == pytest.approx(values[1])


def test_a_perfect_prediction_scores_one():
    gold, _, _, documents = draw()
    result = score(gold, np.eye(4)[gold], gold, documents, frames=FRAMES, resamples=0)
    assert result.macro_f1.value == result.stance.macro_f1.value == result.exact_match.value == 1
    assert result.ece.value == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"gold": np.zeros((3, 2), dtype=int)},
            r"^gold is an array of shape \(3, 2\); expected \(3, 1\), as the others are$",
        ),
        ({"gold": np.full((3, 1), 4)}, r"^gold \(int64\) .*; expected integers from -1 to 3$"),
        ({"gold": np.full((3, 1), -2)}, r"gold \(int64\) holds values that are no state; "),
        ({"gold": np.zeros((3, 1))}, r"gold \(float64\)"),
        ({"predicted": np.full((3, 1), NOT_CODED)}, r"^predicted .*integers from 0 to 3$"),
        ({"predicted": np.full((3, 1), 4)}, r"^predicted .*integers from 0 to 3$"),
        (
            {"probabilities": np.full((3, 1, 4), 2.0)},
            "^some probabilities are not between 0 and 1; pass calibrated ones$",
        ),
        ({"probabilities": np.full((3, 1, 4), -0.1)}, "not between 0 and 1"),
        ({"probabilities": np.full((3, 1, 4), np.nan)}, "not between 0 and 1"),
        ({"probabilities": np.zeros((3, 4))}, r"^probabilities is an array of shape \(3, 4\);"),
        ({"probabilities": np.zeros((3, 2, 4))}, r"expected \(sentences, 1, 4\) with at least"),
        ({"probabilities": np.zeros((0, 1, 4))}, "at least one sentence"),
        ({"probabilities": np.zeros((3, 1, 3))}, r"expected \(sentences, 1, 4\)"),
        (
            {"documents": "ab"},
            "^there are 2 documents' names for 3 sentences; expected one a sentence$",
        ),
        ({"resamples": -1}, "^resamples is -1; expected 0 or more"),
    ],
)
def test_wrong_input_is_named(change, message):
    data = {
        "gold": np.zeros((3, 1), dtype=int),
        "probabilities": np.full((3, 1, 4), 0.25),
        "predicted": np.zeros((3, 1), dtype=int),
        "documents": "abc",
        "frames": ["poles"],
    }
    with pytest.raises(InputError, match=message):
        score(**(data | change))


def test_an_evaluation_cannot_be_changed():
    result = score(*draw(), frames=FRAMES, resamples=0)
    assert isinstance(result, Evaluation)
    with pytest.raises(AttributeError):
        result.sentences = 1
