"""A hundred cases of every target; ``python -m tests.fuzzing`` runs as many as one likes."""

import pytest

from stance.store import ModelFolder

from .engines import fuzz
from .targets import MODEL_FILES, TARGETS, Target


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_any_input_is_taken_or_refused(target):
    done = fuzz(target, cases=100)
    assert not done.findings, "\n".join(done.findings)
    assert done.cases >= 100


def test_a_finding_is_reported():
    def refuse(case):
        raise KeyError(case)

    [split, *_] = TARGETS
    [finding] = fuzz(Target("x", split.cases, refuse), cases=10).findings
    assert "KeyError" in finding


def test_the_model_that_is_tampered_with_is_whole_before(tmp_path):
    for name, content in MODEL_FILES.items():
        (tmp_path / name).write_bytes(content)
    ModelFolder.read(tmp_path).verify()
