import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stance.codebook import Codebook, Frame
from stance.decision import NOT_CODED, UNCERTAIN, Decision, states_of
from stance.errors import CodebookError, InputError

BOOK = Codebook((Frame("one"), Frame("two")))
PLAIN = Decision.plain(2)
logits = arrays(np.float32, (3, 8), elements=st.floats(-50, 50, width=32))


@given(logits, st.floats(0.05, 20), st.floats(-10, 10))
def test_probabilities_of_a_frame_sum_to_one(values, temperature, offset):
    decision = Decision((temperature,) * 2, (offset,) * 2, (0.5,) * 2, {})
    probabilities = decision.probabilities(values)
    assert probabilities.shape == (3, 2, 4)
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-5)


@given(
    st.tuples(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)),
    st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.dictionaries(
        st.sampled_from([0.05, 0.1, 0.25]),
        st.tuples(*[st.tuples(st.floats(0, 1), st.floats(0, 1))] * 2),
    ),
)
def test_a_decision_comes_back_from_json_as_it_was(temperatures, offsets, thresholds, bands):
    decision = Decision(temperatures, offsets, thresholds, bands)
    written = json.loads(json.dumps(decision.to_dict(BOOK)))
    assert Decision.from_dict(written, BOOK) == decision


def test_calibration_divides_by_the_temperature_and_subtracts_the_offset_of_present_states():
    decision = Decision((2.0, 0.5), (1.0, -3.0), (0.5,) * 2, {})
    values = np.array([[0, 1, 2, 3, 1, 0, -1, 2]], dtype=np.float32)
    exponentials = np.exp([[0, 0.5 - 1, 1 - 1, 1.5 - 1], [2, 0 + 3, -2 + 3, 4 + 3]])
    expected = exponentials / exponentials.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(decision.probabilities(values)[0], expected, rtol=1e-6)


def test_a_decision_that_was_never_calibrated_leaves_the_logits_as_they_are():
    assert Decision.plain(2) == Decision((1.0, 1.0), (0.0, 0.0), (0.5, 0.5), {})


def test_logits_of_any_size_give_probabilities_in_single_precision():
    values = np.array([[1e4, -1e4, 0, 0, -1e4, -1e4, -1e4, -1e4]], dtype=np.float32)
    probabilities = PLAIN.probabilities(values)
    assert probabilities.dtype == np.float32
    assert probabilities.tolist() == [[[1, 0, 0, 0], [0.25] * 4]]


# Beyond these, float32 has no room left between the stances of a frame that is surely absent.
moderate = arrays(np.float32, (3, 8), elements=st.floats(-5, 5, width=32))


@given(moderate, st.floats(0.5, 20))
def test_temperature_never_changes_the_likeliest_stance(values, temperature):
    warm = Decision((temperature,) * 2, (0.0,) * 2, (0.0,) * 2, {}).probabilities(values)
    plain = PLAIN.probabilities(values)
    likeliest = np.take_along_axis(plain[..., 1:], warm[..., 1:].argmax(-1)[..., None], -1)[..., 0]
    np.testing.assert_allclose(likeliest, plain[..., 1:].max(-1), rtol=1e-3, atol=1e-7)


@given(logits, st.floats(0.01, 10))
def test_a_higher_offset_makes_a_frame_less_likely(values, offset):
    shifted = Decision((1.0,) * 2, (offset,) * 2, (0.5,) * 2, {}).probabilities(values)
    assert (shifted[..., 0] >= PLAIN.probabilities(values)[..., 0] - 1e-6).all()


@given(logits, st.floats(0, 1), st.floats(0, 1))
def test_a_higher_threshold_finds_no_more_frames(values, one, other):
    low, high = sorted((one, other))
    probabilities = PLAIN.probabilities(values)
    few = Decision((1.0,) * 2, (0.0,) * 2, (high,) * 2, {}).states(probabilities) > 0
    many = Decision((1.0,) * 2, (0.0,) * 2, (low,) * 2, {}).states(probabilities) > 0
    assert (many | ~few).all()


shares = st.floats(0.01, 1)


@given(logits, st.tuples(*[st.tuples(shares, shares, shares)] * 2))
def test_stance_priors_divide_the_stances_and_leave_the_frame_alone(values, priors):
    plain = PLAIN.probabilities(values).astype(np.float64)
    adjusted = replace(PLAIN, stance_priors=priors).probabilities(values)
    np.testing.assert_allclose(adjusted[..., 0], plain[..., 0], rtol=1e-5, atol=1e-6)
    divided = plain[..., 1:] / np.array(priors)
    # Beyond this, float32 has no room left for the stances of a frame that is surely absent.
    there = plain[..., 1:].sum(axis=-1) > 1e-30
    expected = divided / np.maximum(divided.sum(axis=-1), 1e-300)[..., None]
    found = adjusted[..., 1:] / np.maximum(1e-30, adjusted[..., 1:].sum(axis=-1))[..., None]
    np.testing.assert_allclose(found[there], expected[there], rtol=1e-3, atol=1e-6)


def test_a_stance_that_was_common_in_training_needs_more_to_be_the_likeliest():
    values = np.log([[0.2, 0.5, 0.3, 0.1, 0.2, 0.5, 0.3, 0.1]]).astype(np.float32)
    decision = replace(PLAIN, stance_priors=((0.8, 0.1, 0.1), (1.0, 1.0, 1.0)))
    assert decision.states(decision.probabilities(values)).tolist() == [[2, 1]]


@given(st.tuples(*[st.tuples(shares, shares, shares)] * 2))
def test_stance_priors_come_back_from_json(priors):
    decision = replace(PLAIN, stance_priors=priors)
    written = json.loads(json.dumps(decision.to_dict(BOOK)))
    assert Decision.from_dict(written, BOOK) == decision
    del written["one"]["stance_priors"]
    assert Decision.from_dict(written, BOOK).stance_priors == ((1, 1, 1), priors[1])


@pytest.mark.parametrize("priors", [[1, 1], [1, 1, 0], [1, 1, "1"], [1, 1, float("nan")], 3])
def test_stance_priors_are_three_positive_numbers(priors):
    written = PLAIN.to_dict(BOOK)
    written["two"]["stance_priors"] = priors
    with pytest.raises((ValueError, TypeError)):
        Decision.from_dict(written, BOOK)


@given(st.tuples(st.booleans(), st.booleans()))
def test_frames_whose_stance_was_never_learnt_come_back_from_json(learnt):
    decision = replace(PLAIN, stance_learnt=() if all(learnt) else learnt)
    written = json.loads(json.dumps(decision.to_dict(BOOK)))
    assert Decision.from_dict(written, BOOK) == decision
    assert decision.stanced == learnt
    written["one"]["stance_learnt"] = 1
    with pytest.raises(ValueError, match="'1' is neither true nor false"):
        Decision.from_dict(written, BOOK)


def test_parts_of_a_decision_that_are_not_known_are_refused():
    written = PLAIN.to_dict(BOOK)
    written["two"]["sharpness"] = 2
    with pytest.raises(
        ValueError, match=r"it has \['sharpness'\], which this version does not know"
    ):
        Decision.from_dict(written, BOOK)


def probabilities_of(*present):
    return np.array([[[1 - p, p, 0, 0], [1, 0, 0, 0]] for p in present], dtype=np.float32)


def test_a_frame_at_its_threshold_is_present():
    assert PLAIN.states(probabilities_of(0.5))[0].tolist() == [1, 0]


def test_a_threshold_is_met_in_the_precision_of_the_probabilities():
    decision = Decision((1.0,) * 2, (0.0,) * 2, (0.7,) * 2, {})
    assert decision.states(probabilities_of(np.float32(0.7)))[0, 0] == 1


def test_the_stance_is_the_likeliest_of_the_three():
    probabilities = np.array([[[0.4, 0.1, 0.2, 0.3], [0.9, 0.05, 0.05, 0]]], dtype=np.float32)
    assert PLAIN.states(probabilities).tolist() == [[3, 0]]


def test_inside_the_band_a_frame_is_uncertain():
    decision = Decision((1.0,) * 2, (0.0,) * 2, (0.5,) * 2, {0.05: ((0.4, 0.6), (0.4, 0.6))})
    states = decision.states(probabilities_of(0.3, 0.45, 0.55, 0.65), abstain=0.05)
    assert states[:, 0].tolist() == [0, UNCERTAIN, UNCERTAIN, 1]


def test_a_band_holds_its_lower_end_and_not_its_upper_one():
    decision = Decision((1.0,) * 2, (0.0,) * 2, (0.3,) * 2, {0.05: ((0.25, 0.5), (0.25, 0.5))})
    states = decision.states(probabilities_of(0.25, 0.5), abstain=0.05)
    assert states[:, 0].tolist() == [UNCERTAIN, 1]


def test_the_ends_of_a_band_are_met_in_the_precision_of_the_probabilities():
    decision = Decision((1.0,) * 2, (0.0,) * 2, (0.8,) * 2, {0.05: ((0.7, 0.9), (0.7, 0.9))})
    states = decision.states(probabilities_of(np.float32(0.7)), abstain=0.05)
    assert states[0, 0] == UNCERTAIN


def test_each_frame_has_its_own_band():
    decision = Decision((1.0,) * 2, (0.0,) * 2, (0.5,) * 2, {0.05: ((0.4, 0.6), (0.0, 0.1))})
    assert decision.states(probabilities_of(0.2), abstain=0.05).tolist() == [[0, UNCERTAIN]]


@pytest.mark.parametrize(
    ("threshold", "states"),
    [
        (0.8, [0, UNCERTAIN, UNCERTAIN, UNCERTAIN, 1]),
        (0.5, [0, UNCERTAIN, UNCERTAIN, 1, 1]),
        (0.1, [UNCERTAIN, UNCERTAIN, UNCERTAIN, 1, 1]),
    ],
)
def test_a_band_reaches_to_a_threshold_that_was_moved_away(threshold, states):
    decision = Decision((1.0,) * 2, (0.0,) * 2, (0.37, 0.5), {0.05: ((0.2563, 0.7437),) * 2})
    moved = decision.with_thresholds({"one": threshold}, BOOK)
    found = moved.states(probabilities_of(0.2, 0.3, 0.6, 0.77, 0.82), abstain=0.05)
    assert found[:, 0].tolist() == states


def test_a_frame_without_a_band_has_none_with_another_threshold_either():
    decision = Decision((1.0,) * 2, (0.0,) * 2, (0.5,) * 2, {0.05: ((0.5, 0.5),) * 2})
    moved = decision.with_thresholds({"one": 0.8}, BOOK)
    assert moved.states(probabilities_of(0.6, 0.8), abstain=0.05)[:, 0].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("bands", "known"), [({}, "none"), ({0.05: ((0, 1),), 0.1: ((0, 1),)}, "0.05, 0.1")]
)
def test_the_shares_that_a_model_can_withhold_are_listed(bands, known):
    decision = Decision((1.0,), (0.0,), (0.5,), bands)
    with pytest.raises(InputError, match=f"for 0.2; the model has {known}$"):
        decision.states(probabilities_of(0.5)[:, :1], abstain=0.2)


def test_without_a_band_for_the_share_the_error_names_the_known_ones():
    decision = Decision((1.0,), (0.0,), (0.5,), {0.1: ((0.4, 0.6),)})
    with pytest.raises(InputError, match=r"0\.2; the model has 0\.1"):
        decision.states(probabilities_of(0.5)[:, :1], abstain=0.2)


def test_thresholds_change_for_the_frames_named():
    assert PLAIN.with_thresholds({"two": 0.9}, BOOK).thresholds == (0.5, 0.9)


def test_a_threshold_for_an_unknown_frame_is_refused():
    with pytest.raises(CodebookError, match=r"no frame 'three' .*; the model has one, two$"):
        PLAIN.with_thresholds({"three": 0.5}, BOOK)


@pytest.mark.parametrize("value", [0, 1])
def test_a_threshold_may_be_zero_or_one(value):
    assert PLAIN.with_thresholds({"one": value}, BOOK).thresholds == (value, 0.5)


def test_thresholds_are_not_set_by_the_codebook_of_another_model():
    with pytest.raises(ValueError, match="longer"):
        Decision.plain(3).with_thresholds({"one": 0.5}, BOOK)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_threshold_outside_zero_to_one_is_refused(value):
    with pytest.raises(InputError, match="expected 0 to 1"):
        PLAIN.with_thresholds({"one": value}, BOOK)


def test_labels_become_states_row_by_row_and_frame_by_frame():
    labels = [{"two": "against", "one": "favor"}, {}, {"two": None}, {"one": "neutral"}]
    states = states_of(labels, BOOK)
    assert states.tolist() == [[1, 3], [0, 0], [0, NOT_CODED], [2, 0]]
    assert states.dtype == np.int64


def test_no_labels_are_no_states():
    assert states_of([], BOOK).shape == (0, 2)


def test_labels_that_the_codebook_lacks_are_refused():
    with pytest.raises(CodebookError, match="'three'"):
        states_of([{"three": "favor"}], BOOK)


def test_a_threshold_that_is_no_number_is_refused():
    book = Codebook((Frame("x"),))
    with pytest.raises(InputError, match="is 'half'; expected 0 to 1"):
        Decision.plain(1).with_thresholds({"x": "half"}, book)


@pytest.mark.parametrize("given_thresholds", [0.5, [0.5], None, "one"])
def test_thresholds_that_name_no_frame_are_refused(given_thresholds):
    kind = type(given_thresholds).__name__
    with pytest.raises(InputError) as raised:
        PLAIN.with_thresholds(given_thresholds, BOOK)
    assert str(raised.value) == (
        f"the thresholds are of the type {kind}; expected frame → threshold, such as "
        "{'cooperation': 0.6}"
    )


def test_a_share_to_withhold_is_found_as_the_bands_name_it():
    decision = replace(Decision.plain(1), bands={0.05: ((0.2, 0.8),)})
    assert decision.share_of(None) is None
    assert decision.share_of(np.float32(0.05)) == 0.05
    probabilities = np.array([[[0.5, 0.5, 0, 0]]], dtype=np.float32)
    assert decision.states(probabilities, abstain=np.float32(0.05)).item() == UNCERTAIN


@pytest.mark.parametrize(
    ("abstain", "message"),
    [(0.1, "no abstention band for 0.1; the model has 0.05"), ("0.05", "abstain is '0.05'")],
)
def test_a_share_that_there_is_no_band_for_is_refused(abstain, message):
    decision = replace(Decision.plain(1), bands={0.05: ((0.2, 0.8),)})
    with pytest.raises(InputError, match=message):
        decision.share_of(abstain)
