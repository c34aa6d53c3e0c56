import json

import numpy as np
import pytest

from stance.codebook import Codebook, Frame
from stance.decision import UNCERTAIN, Decision
from stance.finetuning.calibration import (
    _THRESHOLDS,
    _best_threshold,
    _fit_bands,
    _middle_of_longest_run,
    equal_weights,
    fit_calibration,
    fit_decision,
)


def simulated(rows=4_000, seed=0, sharpness=1.0, shift=0.0):
    """Return logits of one frame and states drawn from the probabilities they truly mean."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 2, (rows, 4))
    logits[:, 0] += 1
    probabilities = Decision.plain(1).probabilities(logits.astype(np.float32))[:, 0]
    states = np.array(
        [generator.choice(4, p=row / row.sum()) for row in probabilities.astype(float)]
    )
    logits = logits * sharpness
    logits[:, 1:] += shift
    return logits.astype(np.float32), states[:, None]


def test_right_probabilities_are_left_alone():
    decision = fit_decision(*simulated())
    assert decision.temperatures[0] == pytest.approx(1, abs=0.1)
    assert decision.offsets[0] == pytest.approx(0, abs=0.15)


def test_overconfidence_is_undone():
    assert fit_decision(*simulated(sharpness=3)).temperatures[0] == pytest.approx(3, abs=0.3)


def test_a_shift_towards_presence_is_undone():
    assert fit_decision(*simulated(shift=1.5)).offsets[0] == pytest.approx(1.5, abs=0.2)


def test_the_calibration_of_a_decision_can_be_had_by_itself():
    logits, states = simulated(rows=300)
    whole, alone = fit_decision(logits, states), fit_calibration(logits, states)
    assert (alone.temperatures, alone.offsets) == (whole.temperatures, whole.offsets)
    assert (alone.thresholds, alone.bands) == ((0.5,), {})


@pytest.mark.parametrize("share", [0.05, 0.1])
def test_the_band_withholds_its_share(share):
    logits, states = simulated()
    decision = fit_decision(logits, states)
    decided = decision.states(decision.probabilities(logits), abstain=share)
    assert np.mean(decided == UNCERTAIN) == pytest.approx(share, abs=0.01)


def test_the_band_holds_more_than_its_share_of_the_errors():
    logits, states = simulated()
    decision = fit_decision(logits, states)
    probabilities = decision.probabilities(logits)
    wrong = (decision.states(probabilities) > 0) != (states > 0)
    withheld = decision.states(probabilities, abstain=0.1) == UNCERTAIN
    assert wrong[withheld].mean() > 1.5 * wrong.mean()


def test_the_threshold_beats_one_half_where_the_frame_is_rare():
    logits, states = simulated(shift=-3)
    plain = Decision.plain(1)
    fitted = fit_decision(logits, states)

    def f1(decision):
        called = decision.states(decision.probabilities(logits)) > 0
        return 2 * np.sum(called & (states > 0)) / (np.sum(called) + np.sum(states > 0))

    assert f1(fitted) > f1(plain)


def test_a_frame_that_never_occurs_keeps_one_half():
    logits, states = simulated(rows=200)
    assert fit_decision(logits, np.zeros_like(states)).thresholds == (0.5,)


def test_the_same_seed_gives_the_same_decision():
    assert fit_decision(*simulated(rows=500)) == fit_decision(*simulated(rows=500))


def test_sources_count_alike():
    weights = equal_weights(["a"] * 90 + ["b"] * 10)
    assert weights[:90].sum() == pytest.approx(weights[90:].sum())
    assert weights.mean() == pytest.approx(1)


def test_well_separated_rows_have_their_threshold_in_the_middle():
    present = np.concatenate([np.linspace(0.01, 0.09, 30), np.linspace(0.61, 0.99, 10)])
    gold = present > 0.5
    found = _best_threshold(present, gold, np.ones(40), np.random.default_rng(0))
    assert 0.3 < found < 0.45


def test_between_two_optima_lies_none():
    best = np.zeros((3, len(_THRESHOLDS)), bool)
    best[0, [3, 4, 60, 61, 62]] = True
    best[1, [10, 11, 12, 90]] = True
    best[2] = True
    found = _middle_of_longest_run(best)
    np.testing.assert_allclose(found, [_THRESHOLDS[61], _THRESHOLDS[11], 0.5])


def test_a_decision_on_well_separated_rows_leaves_room_on_both_sides():
    states = np.array([0] * 30 + [1] * 10)
    logits = np.zeros((40, 4), np.float32)
    logits[:, 0], logits[:, 1] = np.where(states, 0, 6), np.where(states, 6, 0)
    decision = fit_decision(logits, states[:, None])
    present = 1 - decision.probabilities(logits)[:, 0, 0]
    assert present[:30].max() + 0.2 < decision.thresholds[0] < present[30:].min() - 0.2


def test_a_single_row_with_the_frame_is_enough():
    states = np.zeros((12, 1), np.int64)
    states[3] = 1
    logits = np.tile(np.array([3, 0, 0, 0], np.float32), (12, 1))
    logits[3] = [0, 3, 0, 0]
    decision = fit_decision(logits, states)
    assert decision.states(decision.probabilities(logits)).tolist() == states.tolist()


def test_a_rare_frame_that_is_told_apart_badly_has_its_threshold_where_it_is_likely():
    generator = np.random.default_rng(0)
    present = generator.uniform(0.02, 0.11, 4_000).astype(np.float32)
    gold = generator.random(4_000) < np.where(present > 0.08, 0.15, 0.03)
    found = _best_threshold(present, gold, np.ones(4_000), generator)
    assert 0.06 < found < 0.1


def fit_bands(present, thresholds, share, weights=None):
    present = np.asarray(present, np.float32)
    weights = np.ones(len(present)) if weights is None else weights
    return _fit_bands(present, thresholds, weights, share)


def left_open(present, bands):
    """Say which decisions are left open, as ``Decision.states`` does: in float32."""
    low, high = np.array(bands, np.float32).T
    present = np.asarray(present, np.float32)
    return (present >= low) & (present < high)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.1, 0.5])
def test_bands_leave_open_the_share_asked_for(share):
    present = np.random.default_rng(0).beta(3, 2, size=(500, 3))
    bands = fit_bands(present, [0.5, 0.3, 0.7], share)
    assert left_open(present, bands).mean() == pytest.approx(share, abs=0.002)


@pytest.mark.parametrize("share", [0.05, 0.1])
@pytest.mark.parametrize("threshold", [0.36, 0.39, 0.5])
def test_bands_of_a_model_that_is_sure_leave_open_their_share(threshold, share):
    # Risks of about 1e-5, of decisions that were taken and of some that were not.
    risks = np.random.default_rng(0).uniform(0.5e-5, 1.5e-5, (5_000, 1))
    present = np.where(np.arange(5_000)[:, None] % 3, risks, 1 - risks)
    bands = fit_bands(present, [threshold], share)
    # The risks of what is given are steps of 6e-8: some are alike.
    assert share - 0.01 <= left_open(present, bands).mean() <= share


@pytest.mark.parametrize("tie", [0.75, 0.75007, 0.24993, 1e-5, 0.99999, 0.36])
def test_ties_stay_decided(tie):
    present = np.full((10, 1), tie)
    assert not left_open(present, fit_bands(present, [0.36], 0.2)).any()


@pytest.mark.parametrize("rows", [7, 60, 400])
def test_no_more_than_the_share_is_left_open(rows):
    for seed in range(30):
        present = np.random.default_rng(seed).beta(0.05, 0.1, (rows, 2)).astype(np.float32)
        for share in (0.05, 0.1):
            assert left_open(present, fit_bands(present, [0.36, 0.39], share)).mean() <= share


def test_bands_leave_open_their_share_of_the_weight():
    generator = np.random.default_rng(0)
    present = np.concatenate([generator.beta(2, 2, (100, 2)), generator.beta(0.3, 0.3, (900, 2))])
    weights = equal_weights(["few"] * 100 + ["many"] * 900)
    found = left_open(present, fit_bands(present, [0.5, 0.4], 0.1, weights))
    assert np.average(found.mean(axis=1), weights=weights) == pytest.approx(0.1, abs=0.005)
    assert found.mean() < 0.08


def test_bands_are_stored_as_they_are():
    book = Codebook((Frame("weather"), Frame("trade")))
    present = np.random.default_rng(0).uniform(0, 1e-4, (500, 2))
    decision = Decision(
        (1.0,) * 2, (0.0,) * 2, (0.5,) * 2, {0.05: fit_bands(present, [0.5, 0.5], 0.05)}
    )
    stored = json.loads(json.dumps(decision.to_dict(book)))
    assert Decision.from_dict(stored, book) == decision


def test_bands_reach_from_the_riskiest_decisions_to_the_threshold():
    # Risks: 0.4 (given at 0.6), 0.3 (not given), 0.2 (given at 0.8), 0.1 (not given).
    present = np.array([[0.6], [0.3], [0.8], [0.1]])
    [(low, high)] = fit_bands(present, [0.5], 0.5)
    assert left_open(present, [(low, high)]).ravel().tolist() == [True, True, False, False]
    assert 0.2 <= low <= 0.3
    assert 0.6 < high <= np.float32(0.8)


def test_a_band_never_leaves_its_threshold():
    present = np.array([[0.05, 0.05], [0.95, 0.95]])
    bands = fit_bands(present, [0.01, 0.99], 0.0)
    assert all(low <= limit <= high for (low, high), limit in zip(bands, [0.01, 0.99], strict=True))
