import numpy as np
import pytest

from stance.decision import UNCERTAIN, Decision
from stance.finetuning.calibration import (
    _best_threshold,
    _fit_bands,
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


def left_open(present, bands):
    low, high = np.array(bands).T
    return (present >= low) & (present < high)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.1, 0.5])
def test_bands_leave_open_the_share_asked_for(share):
    present = np.random.default_rng(0).beta(3, 2, size=(500, 3))
    bands = _fit_bands(present, [0.5, 0.3, 0.7], share)
    assert left_open(present, bands).mean() == pytest.approx(share, abs=0.002)


def test_ties_stay_decided():
    present = np.full((10, 1), 0.75)
    assert not left_open(present, _fit_bands(present, [0.5], 0.2)).any()


def test_bands_reach_from_the_riskiest_decisions_to_the_threshold():
    # Risks: 0.4 (given at 0.6), 0.3 (not given), 0.2 (given at 0.8), 0.1 (not given).
    present = np.array([[0.6], [0.3], [0.8], [0.1]])
    [(low, high)] = _fit_bands(present, [0.5], 0.5)
    assert left_open(present, [(low, high)]).ravel().tolist() == [True, True, False, False]
    assert 0.2 <= low <= 0.3
    assert 0.6 < high <= 0.8


def test_a_band_never_leaves_its_threshold():
    present = np.array([[0.05, 0.05], [0.95, 0.95]])
    bands = _fit_bands(present, [0.01, 0.99], 0.0)
    assert all(low <= limit <= high for (low, high), limit in zip(bands, [0.01, 0.99], strict=True))
