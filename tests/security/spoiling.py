"""Ways to spoil a model folder, and the seal that makes it look whole again."""

import base64
import copy
import hashlib
import json
import os
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent.parent / "data"
PAIR = [{"Sequence": {"id": name, "type_id": 0}} for name in "AB"]
NAMES = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "model.onnx",
    "model.safetensors",
)


class Payload:
    """Runs a command where it is unpickled."""

    def __reduce__(self):
        return (os.system, ("true",))


def seal(folder):
    """Put sizes and checksums of the spoilt files into ``stance.json``, as an attacker would."""
    file = folder / "stance.json"
    if not file.is_file() or file.stat().st_size > 2**20:
        return
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        text = (folder / "stance.json").read_text(encoding="utf-8")
        data = json.loads(text)
        before = copy.deepcopy(data["files"])
        for name in NAMES:
            if (folder / name).is_file() and name in data["files"]:
                content = (folder / name).read_bytes()
                digest = hashlib.sha256(content).hexdigest()
                data["files"][name] = {"bytes": len(content), "sha256": digest}
        if data["files"] != before:
            (folder / "stance.json").write_text(json.dumps(data), encoding="utf-8")


def edit(name, /, **changes):
    """Return what sets keys of a JSON file of the folder."""

    def spoil(folder):
        data = json.loads((folder / name).read_text(encoding="utf-8"))
        data.update(changes)
        (folder / name).write_text(json.dumps(data), encoding="utf-8")

    return spoil


def decision(**changes):
    """Return what sets keys of a frame's decision in ``stance.json``."""

    def spoil(folder):
        data = json.loads((folder / "stance.json").read_text(encoding="utf-8"))
        data["decision"]["cooperation"].update(changes)
        (folder / "stance.json").write_text(json.dumps(data), encoding="utf-8")

    return spoil


def replace(name, old, new):
    """Return what replaces text in a file of the folder."""

    def spoil(folder):
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil


def content(name, data):
    """Return what puts a file into the folder."""
    return lambda folder: (folder / name).write_bytes(data)


def link(name, target):
    """Return what turns a file of the folder into a link; the target is relative to it."""

    def spoil(folder):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)

    return spoil


def template(*pieces, ids=(2,)):
    """Return what makes a window of such pieces: "A" and "B" are texts, others special tokens."""
    single = [
        {"Sequence": {"id": piece, "type_id": 0}}
        if piece in "AB"
        else {"SpecialToken": {"id": piece, "type_id": 0}}
        for piece in pieces
    ]
    cls = {"id": "[CLS]", "ids": list(ids), "tokens": ["[CLS]"] * len(ids)}
    processor = {"type": "TemplateProcessing", "single": single, "pair": PAIR}
    return edit("tokenizer.json", post_processor=processor | {"special_tokens": {"[CLS]": cls}})


def charsmap(data):
    """Return what puts a map of characters into the tokenizer."""
    mapped = base64.b64encode(data).decode()
    return edit(
        "tokenizer.json", normalizer={"type": "Precompiled", "precompiled_charsmap": mapped}
    )


def pipe(name):
    """Return what turns a file of the folder into a pipe that nobody writes to."""

    def spoil(folder):
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return spoil


def safetensors(header, *, length=None, data=b""):
    """Return what writes weights with such a header, which may lie about its length."""

    def spoil(folder):
        start = struct.pack("<Q", len(header) if length is None else length)
        (folder / "model.safetensors").write_bytes(start + header + data)

    return spoil


def onnx_graph(nodes, *, tensors=(), domains=()):
    """Return what writes an ONNX file of ``input_ids`` → ``logits``."""

    def spoil(folder):
        from onnx import TensorProto, helper

        graph = helper.make_graph(
            [helper.make_node(*node, **options) for *node, options in nodes],
            "g",
            [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["rows", "tokens"])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)],
            initializer=[tensor() for tensor in tensors],
        )
        opsets = [helper.make_opsetid(domain, 1) for domain in domains]
        opsets.append(helper.make_opsetid("", 17))
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        (folder / "model.onnx").write_bytes(model.SerializeToString())

    return spoil


def tensor_elsewhere(location):
    """Return what makes a tensor whose values are in another file."""

    def make():
        from onnx import TensorProto

        tensor = TensorProto(name="w", data_type=1, dims=[4], data_location=TensorProto.EXTERNAL)
        for key, value in (("location", location), ("offset", "0"), ("length", "16")):
            tensor.external_data.add(key=key, value=value)
        return tensor

    return make


def tensor(values):
    """Return what makes a tensor of float32 values."""

    def make():
        from onnx import numpy_helper

        return numpy_helper.from_array(np.array(values, dtype=np.float32), "w")

    return make


def drawn_out(folder):
    """Write the length of the key ``location`` in two bytes, which a search for one would miss."""
    onnx_graph(ADDED, tensors=[tensor_elsewhere("../secret.txt")])(folder)
    file = folder / "model.onnx"
    whole = file.read_bytes()
    # (The lengths around it would have to grow too; the search comes before they are read.)
    assert whole.count(b"\x08location") == 1
    file.write_bytes(whole.replace(b"\x08location", b"\x88\x00location"))


#: Adds a tensor ``w`` to the sum of the tokens.
ADDED = [
    ("Cast", ["input_ids"], ["numbers"], {"to": 1}),
    ("ReduceSum", ["numbers"], ["sum"], {"keepdims": 0}),
    ("Add", ["sum", "w"], ["logits"], {}),
]
