"""The format of model folders: those of today load for ever."""

import json

import numpy as np
import pytest
from spoiling import DATA

import stance
from stance.store import FORMAT_VERSION, ModelFolder

STORED = json.loads((DATA / "format-1.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_a_folder_of_format_1_gives_the_probabilities_that_it_gave(backend):
    with stance.load(DATA / "format-1", backend=backend) as model:
        found = model.predict_proba(STORED["texts"])
    assert np.abs(found - np.array(STORED["probabilities"])).max() < 1e-4


def test_a_folder_of_format_1_says_what_it_said():
    folder = ModelFolder.read(DATA / "format-1")
    stored = json.loads((DATA / "format-1" / "stance.json").read_text(encoding="utf-8"))
    assert folder.to_dict() == stored
    assert folder.decision.bands[0.1] == ((0.4, 0.6),) * 4


def test_every_format_so_far_has_its_folder():
    kept = sorted(path.name for path in DATA.iterdir() if path.is_dir())
    assert kept == [f"format-{number}" for number in range(1, FORMAT_VERSION + 1)]
