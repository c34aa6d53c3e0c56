"""What a run's rows depend on."""

from dataclasses import replace

import pytest

from stance.codebook import Codebook, Frame
from stance.decision import Decision
from stance.settings import checksum_of, model_settings
from stance.store import ModelFolder


@pytest.fixture(scope="module")
def model(tiny_folder):
    return ModelFolder.read(tiny_folder)


def test_what_was_measured_of_a_model_makes_it_no_other(model):
    told = replace(model, figures={"held_out": {}}, training={"minutes": 3})
    assert checksum_of(told) == checksum_of(model)


def test_thresholds_are_told_beside_the_checksum(model):
    thresholds = dict.fromkeys(model.codebook.names, 0.9)
    moved = model.decision.with_thresholds(thresholds, model.codebook)
    other = replace(model, decision=moved)
    assert checksum_of(other) == checksum_of(model)
    assert (
        model_settings(other, "onnx")["thresholds"] != model_settings(model, "onnx")["thresholds"]
    )


@pytest.mark.parametrize(
    "change",
    [
        {"max_length": 12},
        {"language": "de"},
        {"files": {"model.onnx": {"bytes": 1, "sha256": "0" * 64}}},
        {
            "codebook": Codebook((Frame("weather"),)),
            "decision": Decision.plain(1),
        },
    ],
)
def test_what_changes_rows_changes_the_checksum(model, change):
    assert checksum_of(replace(model, **change)) != checksum_of(model)
