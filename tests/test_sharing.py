"""Pushing a model: only whole ones, and a refusal is one line."""

import shutil
from types import SimpleNamespace

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


def test_an_error_of_the_hubs_http_client_is_one_line(tiny_folder, monkeypatch):
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HTTPError

    def broken(*_, **__):
        raise HTTPError("the server\nwent away")

    monkeypatch.setattr(HfApi, "create_repo", broken)
    with pytest.raises(OutputError, match="cannot upload to owner/name: the server went away"):
        push(ModelFolder.read(tiny_folder), "owner/name")


@pytest.fixture
def with_plot(tiny_folder, tmp_path):
    folder = shutil.copytree(tiny_folder, tmp_path / "m")
    (folder / "calibration.svg").write_text("<svg/>", encoding="utf-8")
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    return ModelFolder.read(folder)


def test_the_cards_plot_is_shared_and_what_else_lies_there_is_not(with_plot, monkeypatch):
    from huggingface_hub import HfApi

    asked = {}

    def upload(_, **options):
        asked.update(options)
        return SimpleNamespace(commit_url="https://hub/commit")

    monkeypatch.setattr(HfApi, "create_repo", lambda *_, **__: None)
    monkeypatch.setattr(HfApi, "upload_folder", upload)
    assert push(with_plot, "owner/name") == "https://hub/commit"
    beside = {"README.md", "calibration.svg", "stance.json", "trained_on.checksums"}
    assert set(asked["allow_patterns"]) == {*with_plot.files, *beside}


def test_a_copy_carries_the_cards_plot(with_plot, tmp_path):
    copy = with_plot.copy(tmp_path / "copy").path
    assert (copy / "calibration.svg").read_text(encoding="utf-8") == "<svg/>"
    assert not (copy / "notes.txt").exists()
