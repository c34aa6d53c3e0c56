import math

import pytest

torch = pytest.importorskip("torch", reason="needs the extra train")

from stance.finetuning.loss import frame_loss  # noqa: E402

EVEN = torch.ones(4)


def loss(logits, states, *, weights=EVEN, smoothing=0.0):
    return float(
        frame_loss(
            torch.tensor(logits),
            torch.tensor(states),
            state_weights=weights,
            label_smoothing=smoothing,
        )
    )


def test_even_weights_give_the_plain_cross_entropy():
    logits = torch.randn(6, 8, generator=torch.Generator().manual_seed(0))
    states = torch.tensor([[0, 1], [2, 3], [0, 0], [1, 1], [3, 0], [0, 2]])
    expected = torch.nn.functional.cross_entropy(logits.view(-1, 4), states.view(-1))
    assert loss(logits.tolist(), states.tolist()) == pytest.approx(float(expected), rel=1e-5)


def test_weights_and_smoothing_equal_pytorchs_own_where_they_mean_the_same():
    logits = torch.randn(6, 8, generator=torch.Generator().manual_seed(0))
    states = torch.tensor([[0, 1], [2, 3], [0, 0], [1, 1], [3, 0], [0, 2]])
    weights = torch.tensor([1.0, 2.0, 2.5, 2.5])
    expected = torch.nn.functional.cross_entropy(
        logits.view(-1, 4), states.view(-1), weight=weights
    )
    found = loss(logits.tolist(), states.tolist(), weights=weights)
    assert found == pytest.approx(float(expected), rel=1e-5)
    smooth = torch.nn.functional.cross_entropy(
        logits.view(-1, 4), states.view(-1), label_smoothing=0.1
    )
    found = loss(logits.tolist(), states.tolist(), smoothing=0.1)
    assert found == pytest.approx(float(smooth), rel=1e-5)


def test_a_stance_that_was_not_coded_asks_for_presence_only():
    logits = [[0.0, 1.0, 2.0, 3.0]]
    present = 1 - 1 / (1 + math.e + math.e**2 + math.e**3)
    assert loss(logits, [[-1]]) == pytest.approx(-math.log(present), rel=1e-5)
