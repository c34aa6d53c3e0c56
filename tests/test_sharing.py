"""Pushing a model: only whole ones, and a refusal is one line."""

import shutil

import pytest

from stance.errors import ModelError, OutputError
from stance.sharing import push
from stance.store import ModelFolder


def test_a_damaged_model_is_not_shared(tiny_folder, tmp_path):
    folder = ModelFolder.read(shutil.copytree(tiny_folder, tmp_path / "m"))
    weights = tmp_path / "m" / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelError, match="checksum"):
        push(folder, "owner/name")


def test_a_hub_that_cannot_be_reached_is_one_line(tiny_folder):
    with pytest.raises(OutputError, match="cannot upload to owner/name") as raised:
        push(ModelFolder.read(tiny_folder), "owner/name")
    assert "\n" not in str(raised.value)


def test_a_name_that_is_none_is_refused(tiny_folder):
    with pytest.raises(OutputError, match="cannot upload"):
        push(ModelFolder.read(tiny_folder), "not a name/at all/")
