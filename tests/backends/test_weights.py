"""What a file of weights claims, against what it holds."""

import struct

import pytest

from stance.backends.weights import check_onnx, check_safetensors
from stance.errors import ModelError
from stance.store import default_folder


@pytest.mark.parametrize("mark", [b"\x08location", b"\x88\x00location", b"\x88\x80\x00location"])
@pytest.mark.parametrize("before", [0, 1, 2**22 - 10, 2**22 - 3, 2**22, 2**23 - 1])
def test_weights_elsewhere_are_found_wherever_they_are_named(tmp_path, mark, before):
    (tmp_path / "model.onnx").write_bytes(b"x" * before + mark + b"x" * 20)
    with pytest.raises(ModelError, match="takes weights from another file"):
        check_onnx(tmp_path / "model.onnx")


def test_the_word_alone_is_harmless(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"\x0aallocation of a location")
    check_onnx(tmp_path / "model.onnx")


def test_the_files_of_a_model_are_sound(tiny_folder):
    check_onnx(tiny_folder / "model.onnx")
    check_safetensors(tiny_folder / "model.safetensors")
    check_onnx(default_folder() / "model.onnx")
    check_safetensors(default_folder() / "model.safetensors")


@pytest.mark.parametrize("header", [b"{}", b'{"__metadata__": {"format": "pt"}}'])
def test_weights_without_tensors_are_sound(tmp_path, header):
    (tmp_path / "m.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    check_safetensors(tmp_path / "m.safetensors")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "announces a header"),
        (b"\x02\0\0", "announces a header"),
        (struct.pack("<Q", 3) + b"{}", "announces a header of 3 bytes"),
        (struct.pack("<Q", 2) + b"{}x", "holds 1"),
        (struct.pack("<Q", 2) + b"[]", "no safetensors header"),
        (struct.pack("<Q", 9) + b'{"w": {}}', "no safetensors header"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path, content, reason):
    (tmp_path / "m.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match=reason):
        check_safetensors(tmp_path / "m.safetensors")
