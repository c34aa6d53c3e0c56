"""No network: every command works with sockets blocked, and only a Hub id reaches for one.

In all other tests too a socket to elsewhere is an error: ``no_network`` in ``tests/conftest.py``.
"""

import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from spoiling import DATA, edit, seal

import stance
from stance.backends.torch import no_network
from stance.codebook import Codebook, Frame
from stance.errors import ModelError
from stance.finetuning.bases import open_base
from stance.finetuning.training import load_classifier
from stance.job import label_files

MODEL = DATA / "format-1"


@pytest.fixture
def online(monkeypatch):
    """Let the libraries of Hugging Face believe that there is a network."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_a_socket_to_elsewhere_is_blocked(sockets):
    with pytest.raises(OSError, match="the network is blocked"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    assert [attempt.split()[1] for attempt in sockets()] == ["192.0.2.1"]


def test_a_process_that_a_test_starts_is_blocked_too(sockets):
    code = "import socket; socket.getaddrinfo('example.org', 80)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "the network is blocked" in done.stderr
    assert sockets() == ["socket.getaddrinfo example.org"]


PREDICT = f"import stance; stance.load({str(MODEL)!r}).predict(['They agreed.'])"
QUANTIZE = """
import numpy as np
from onnx import TensorProto, helper, numpy_helper
from stance.finetuning.quantized_graph import quantize_graph

ids, mask = (
    helper.make_tensor_value_info(name, TensorProto.INT64, ["rows", "tokens"])
    for name in ("input_ids", "attention_mask")
)
logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)
nodes = [
    helper.make_node("Gather", ["table", "input_ids"], ["values"]),
    helper.make_node("MatMul", ["values", "weights"], ["logits"]),
]
values = np.eye(128, dtype=np.float32) + 1
tensors = [numpy_helper.from_array(values, name) for name in ("table", "weights")]
graph = helper.make_graph(nodes, "graph", [ids, mask], [logits], tensors)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
quantize_graph(model, [[1, 2, 3]])
assert "QuantizeLinear" in {node.op_type for node in model.graph.node}
"""


@pytest.mark.parametrize("code", [PREDICT, QUANTIZE], ids=["predict", "quantize"])
def test_the_runtime_reports_nothing_to_its_makers(tmp_path, code):
    """Its telemetry reaches out in native code, which no hook sees, and leaves files at home."""
    if code == QUANTIZE:
        pytest.importorskip("onnx", reason="needs the extra train")
    home = {name: str(tmp_path) for name in ("HOME", "USERPROFILE", "XDG_CACHE_HOME")}
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | home)
    assert not list(tmp_path.rglob("*"))


def test_this_machine_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


@pytest.mark.parametrize("load", [stance.load, open_base], ids=["load", "base"])
def test_a_hub_id_reaches_for_the_hub_and_for_nothing_else(online, sockets, monkeypatch, load):
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # The library tries again, and waits.
    with pytest.raises(ModelError, match="the Hub does not give it"):
        load("owner/name")
    assert sockets()
    assert {attempt.split()[1] for attempt in sockets()} == {"huggingface.co"}


@pytest.mark.parametrize("source", [None, MODEL, str(MODEL)])
def test_a_folder_reaches_for_nothing(online, source):
    stance.load(source, threads=1).close()


@pytest.mark.parametrize("source", ["no folder", "./model", "../model", "owner/", "a/b/c"])
def test_what_is_neither_folder_nor_id_reaches_for_nothing(online, source):
    with pytest.raises(ModelError, match="is no folder"):
        stance.load(source)


def test_torch_and_training_read_their_files_and_nothing_else(online):
    stance.load(MODEL, backend="torch").close()
    base = open_base(MODEL)
    load_classifier(base.path, codebook=base.codebook)


def test_a_folder_that_asks_for_a_model_of_the_hub_reaches_for_nothing(
    online, attempt, folder, monkeypatch, sockets
):
    """Even where its settings are not looked at: transformers would ask for the backbone."""
    edit("config.json", model_type="dpt", backbone="evil/evil", use_pretrained_backbone=True)(
        folder
    )
    seal(folder)
    loads = {
        "load": lambda: stance.load(folder, backend="torch"),
        "base": lambda: open_base(folder),
        "classifier": lambda: load_classifier(folder, codebook=Codebook((Frame("weather"),))),
    }
    for name, load in loads.items():
        attempt(f"backbone of the Hub: {name}", load, kind="network")
    monkeypatch.setattr("stance.untrusted._CODE_SETTINGS", ())
    for module in (
        "stance.backends.torch",
        "stance.finetuning.bases",
        "stance.finetuning.training",
    ):
        monkeypatch.setattr(f"{module}.require_text_model", lambda folder: None)
    for load in loads.values():
        with suppress(ModelError):  # Versions of transformers differ in when they ask.
            load()
    assert not sockets()


def test_a_thread_that_loads_a_folder_has_no_network_and_others_have(online, sockets):
    from huggingface_hub import HfApi, constants

    with ThreadPoolExecutor(1) as others:
        others.submit(bool).result()
        with no_network(), no_network():
            with pytest.raises(Exception, match="offline"):
                HfApi().model_info("owner/name")
            assert not others.submit(lambda: bool(constants.HF_HUB_OFFLINE)).result()
        assert constants.HF_HUB_OFFLINE is False
    assert not sockets()


@pytest.fixture
def labelled(sandbox):
    """Results, labelled rows and codings, to give to the commands."""
    texts = ["The two powers agreed to trade.", "Sanctions divide the world.", "Rain."] * 4
    rows = [
        {
            "id": str(n),
            "document": str(n),
            "text": text,
            "coder": coder,
            "frames": {"cooperation": "favor"} if n % 3 else {},
        }
        for n, text in enumerate(texts)
        for coder in "ab"
    ]
    (sandbox / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (sandbox / "a.txt").write_text(" ".join(texts))
    label_files([sandbox / "a.txt"], sandbox / "result.jsonl", model=MODEL)
    return sandbox


COMMANDS = {
    "label": ["label", "a.txt", "-o", "out/out.jsonl", "--model", MODEL],
    "info": ["info", "--model", MODEL],
    "evaluate": ["evaluate", "rows.jsonl", "--model", MODEL],
    "report": ["report", "result.jsonl", "--output", "out/report.html"],
    "agreement": ["agreement", "rows.jsonl"],
    "suggest": ["suggest", "a.txt", "-o", "out/todo.jsonl", "--model", MODEL],
}


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_needs_no_network(attempt, command, labelled, monkeypatch, name):
    monkeypatch.chdir(labelled)
    attempt(
        f"stance {name}, no network",
        lambda: command(*COMMANDS[name]),
        kind="network",
        refused=False,
    )
