"""Trained weights: nothing trained twice, and what was cut off ends as if it had not been."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

pytest.importorskip("torch", reason="needs the extra train")

import recipe
import trained_weights as module
from corpus import Row

from stance.finetuning.recipe import Watch

ROWS = [
    Row(f"w9-{n}-1", "authored", f"w9-{n}", f"Text {n}.", {"cooperation": "favor"} if n % 2 else {})
    for n in range(8)
]


@pytest.fixture(autouse=True)
def checkpoints(monkeypatch, tmp_path):
    """Return where the checkpoints are kept."""
    monkeypatch.setattr(module, "CHECKPOINTS", tmp_path / "checkpoints")
    return module.CHECKPOINTS


def test_weights_that_are_there_are_not_trained_again(
    checkpoints, tiny_folder, tmp_path, monkeypatch
):
    folder = tmp_path / "weights"
    minutes = module.train_weights(ROWS, str(tiny_folder), folder)
    assert minutes is not None
    assert not list(checkpoints.iterdir())
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert {"model.safetensors", "tokenizer.json"} <= before.keys()

    def train(*_, **__):
        raise AssertionError("trained twice")

    monkeypatch.setattr(module, "train", train)
    assert module.train_weights(ROWS, str(tiny_folder), folder) == minutes
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    with pytest.raises(AssertionError, match="trained twice"):
        module.train_weights(ROWS[1:], str(tiny_folder), folder)


def test_a_training_that_was_cut_off_ends_with_the_same_weights(
    checkpoints, tiny_folder, monkeypatch
):
    small = replace(recipe.RECIPE, batch_size=2)
    alone = recipe.train(ROWS, str(tiny_folder), recipe=small)

    def cut_off(**fields):
        def after_step(step, _):
            if step == 3:
                raise KeyboardInterrupt

        return Watch(**{**fields, "after_step": after_step})

    monkeypatch.setattr(recipe, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(recipe, "Watch", cut_off)
    with pytest.raises(KeyboardInterrupt):
        recipe.train(ROWS, str(tiny_folder), recipe=small, checkpoints=checkpoints)
    assert list(checkpoints.glob("*/checkpoint-2"))
    monkeypatch.setattr(recipe, "Watch", Watch)
    again = recipe.train(ROWS, str(tiny_folder), recipe=small, checkpoints=checkpoints)
    assert not list(checkpoints.iterdir())
    for name, values in alone.model.state_dict().items():
        assert values.equal(again.model.state_dict()[name]), name
