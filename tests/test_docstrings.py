"""The examples in docstrings run, and say what they say."""

import doctest
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import stance

SEEDS = Path(__file__).parent.parent / "seeds"
MODULES = sorted(room.name for room in pkgutil.walk_packages(stance.__path__, "stance."))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name, tmp_path, monkeypatch):
    # They name the corpus as it lies in a clone, and write beside it.
    (tmp_path / "seeds").symlink_to(SEEDS)
    monkeypatch.chdir(tmp_path)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        pytest.skip(f"needs an extra: {error}")
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("name", stance.__all__)
def test_a_public_name_has_an_example(name):
    public = getattr(stance, name)
    methods = [method for _, method in inspect.getmembers(public) if callable(method)]
    assert any(">>>" in (inspect.getdoc(part) or "") for part in (public, *methods))
