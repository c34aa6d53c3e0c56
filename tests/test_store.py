import json
import pickle
import shutil
from dataclasses import replace

import pytest

import stance
from stance.errors import InputError, ModelError, OutputError
from stance.store import ModelFolder, default_folder, find_folder


@pytest.fixture
def folder(tiny_folder, tmp_path):
    copy = tmp_path / "model"
    shutil.copytree(tiny_folder, copy)
    return copy


def edit(folder, change, name="stance.json"):
    data = json.loads((folder / name).read_text(encoding="utf-8"))
    change(data)
    (folder / name).write_text(json.dumps(data), encoding="utf-8")


def refused(folder):
    with pytest.raises(ModelError) as caught:
        stance.load(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_written_is_read_back(tiny_folder):
    folder = ModelFolder.read(tiny_folder)
    stored = json.loads((tiny_folder / "stance.json").read_text(encoding="utf-8"))
    assert folder.to_dict() == stored


@pytest.mark.parametrize(
    "name", ["config.json", "tokenizer.json", "tokenizer_config.json", "model.onnx", "stance.json"]
)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert name in refused(folder)


def test_labels_other_than_the_codebooks_are_refused(folder):
    edit(folder, lambda data: data["codebook"]["frames"].reverse())
    assert "must agree" in refused(folder)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "head.pkl", "notes.dat"])
def test_a_pickle_is_refused(folder, name):
    (folder / name).write_bytes(pickle.dumps({"a": 1}))
    assert "can run code" in refused(folder)


def test_a_changed_byte_is_noticed(folder):
    content = bytearray((folder / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.onnx").write_bytes(content)
    assert "checksum" in refused(folder)


def test_a_shortened_file_is_noticed(folder):
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[:-1])
    assert "bytes" in refused(folder)


def test_a_newer_format_asks_for_an_upgrade(folder):
    edit(folder, lambda data: data.update(format_version=99))
    assert "upgrade stance" in refused(folder)


def test_code_asked_for_by_the_configuration_is_refused(folder):
    edit(folder, lambda data: data.update(auto_map={"AutoModel": "x.Y"}), "config.json")
    (folder / "stance.json").write_text(json.dumps(with_right_sizes(folder)), encoding="utf-8")
    assert "run code" in refused(folder)


def with_right_sizes(folder):
    data = json.loads((folder / "stance.json").read_text(encoding="utf-8"))
    for name, entry in data["files"].items():
        entry["bytes"] = (folder / name).stat().st_size
    return data


@pytest.mark.parametrize("name", ["../outside.json", "/etc/passwd", "sub/file.json"])
def test_a_file_outside_the_folder_is_refused(folder, name):
    edit(folder, lambda data: data["files"].update({name: {"bytes": 1, "sha256": ""}}))
    assert "outside" in refused(folder)


def test_a_link_out_of_the_folder_is_refused(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    shutil.move(folder / "model.onnx", tmp_path / "elsewhere" / "model.onnx")
    (folder / "model.onnx").symlink_to(tmp_path / "elsewhere" / "model.onnx")
    assert "outside" in refused(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.pop("codebook"),
        lambda data: data.pop("files"),
        lambda data: data.update(states=["absent", "present"]),
        lambda data: data.update(max_length="long"),
        lambda data: data.update(decision={}),
        lambda data: data["decision"]["cooperation"].update(temperature=0),
        lambda data: data["decision"]["cooperation"].update(threshold="high"),
        lambda data: data.update(files=[]),
    ],
)
def test_a_damaged_stance_json_is_refused(folder, change):
    edit(folder, change)
    assert "stance.json" in refused(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"[" * 100_000, b"\xff\xfe\x00"])
def test_stance_json_that_is_no_json_is_refused(folder, content):
    (folder / "stance.json").write_bytes(content)
    assert "stance.json" in refused(folder)


def test_a_source_that_is_nothing_is_refused(tmp_path):
    assert "no folder" in refused(tmp_path / "missing")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "found an empty name, expected a model folder or a Hub id .*None for the shipped"),
        (5, "found a int, expected a model folder"),
    ],
)
def test_a_source_that_names_nothing_is_refused(source, message):
    with pytest.raises(InputError, match=message):
        find_folder(source)


@pytest.mark.parametrize("read", [find_folder, ModelFolder.read])
def test_a_name_that_no_folder_can_have_is_refused(read):
    with pytest.raises(ModelError, match=r"^x{300} (cannot be read: File name too long|is no)"):
        read("x" * 300)


def test_a_file_is_no_model_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    assert "not a folder" in refused(tmp_path / "file")


def test_copy_refuses_a_folder_in_use(tiny_folder, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(OutputError, match="exists already"):
        ModelFolder.read(tiny_folder).copy(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"


def test_a_model_whose_own_folder_is_gone_says_so(folder, tmp_path):
    model = ModelFolder.read(folder)
    shutil.rmtree(folder)
    with pytest.raises(ModelError, match=f"{folder}, the folder of this model, is gone"):
        model.copy(tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("force", [False, True])
def test_a_model_is_not_saved_onto_a_file(tiny_folder, tmp_path, force):
    (tmp_path / "notes.txt").write_text("precious")
    with pytest.raises(OutputError, match="is a file; expected the name of a folder"):
        ModelFolder.read(tiny_folder).copy(tmp_path / "notes.txt", force=force)
    assert (tmp_path / "notes.txt").read_text() == "precious"


def test_a_place_that_cannot_be_written_is_one_line(tiny_folder, tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(OutputError, match=r"cannot write .*model: Not a directory"):
        ModelFolder.read(tiny_folder).copy(tmp_path / "notes.txt" / "model")


def test_a_settings_file_that_cannot_be_replaced_is_one_line(folder):
    model = ModelFolder.read(folder)
    (folder / "stance.json").unlink()
    (folder / "stance.json").mkdir()
    with pytest.raises(OutputError, match="cannot write"):
        model.write()


def test_a_changed_decision_survives_writing(folder):
    model = ModelFolder.read(folder)
    decision = replace(
        model.decision,
        temperatures=(1.5,) * 4,
        bands={0.05: ((0.4, 0.6),) * 4, 0.1: ((0.3, 0.7),) * 4},
    )
    replace(model, decision=decision).write()
    assert ModelFolder.read(folder).decision == decision


def test_no_source_is_the_shipped_model():
    assert find_folder(None) == default_folder()


def test_a_model_saved_onto_its_own_folder_stays_with_its_changed_thresholds(folder):
    with stance.load(folder) as model:
        model.with_thresholds({"cooperation": 0.9}).save(folder, force=True)
    assert ModelFolder.read(folder).decision.thresholds[-1] == 0.9
    with stance.load(folder) as saved:
        assert saved.decision.thresholds[-1] == 0.9


def test_a_model_is_saved_onto_its_own_folder_by_another_name(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    ModelFolder.read(folder).copy(tmp_path / "link", force=True).verify()


def test_a_save_over_another_model_leaves_none_of_its_weights(folder, tiny_folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(tiny_folder, other)
    (folder / "model.safetensors").unlink()
    edit(folder, lambda data: data["files"].pop("model.safetensors"))
    ModelFolder.read(folder).copy(other, force=True).verify()
    assert sorted(path.name for path in other.glob("model.*")) == ["model.onnx"]


def test_a_folder_with_code_is_refused_before_anything_in_it_is_replaced(tiny_folder, tmp_path):
    (tmp_path / "train.py").write_text("1")
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(OutputError, match=r"train\.py can run code .* or save to another folder"):
        ModelFolder.read(tiny_folder).copy(tmp_path, force=True)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["README.md", "train.py"]
    assert (tmp_path / "README.md").read_text() == "mine"
