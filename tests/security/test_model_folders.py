"""Model folders from strangers: refused in one line, with nothing run and nothing written."""

import json
import pickle
import subprocess
import sys

import pytest
from spoiling import (
    ADDED,
    Payload,
    charsmap,
    content,
    decision,
    drawn_out,
    edit,
    link,
    onnx_graph,
    pipe,
    replace,
    safetensors,
    seal,
    template,
    tensor,
    tensor_elsewhere,
)

import stance
from stance.cli import main

PICKLE = pickle.dumps(Payload())
NAN = [[float("nan")]]


def header(**changes):
    entry = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]} | changes
    return json.dumps({"w": entry}).encode()


#: Name → (what spoils the folder, a part of the line that refuses it).
ATTACKS = {
    "pickle as pytorch_model.bin": (content("pytorch_model.bin", PICKLE), "can run code"),
    "pickle as head.pt": (content("head.pt", PICKLE), "can run code"),
    "pickle as head.joblib": (content("head.joblib", PICKLE), "can run code"),
    "pickle under a harmless name": (content("notes.txt", PICKLE), "can run code"),
    "Python beside the weights": (content("modeling_evil.py", b"import os"), "can run code"),
    "native library beside the weights": (content("kernel.so", b"\x7fELF"), "can run code"),
    "file list: path out of the folder": (
        edit("stance.json", files={"../secret.txt": {"bytes": 8}}),
        "outside its own folder",
    ),
    "file list: absolute path": (
        edit("stance.json", files={"/etc/passwd": {"bytes": 8}}),
        "outside its own folder",
    ),
    "file list: NUL in a name": (
        edit("stance.json", files={"config.json\0": {"bytes": 8}}),
        "outside its own folder",
    ),
    "file list: terminal escape in a name": (
        edit("stance.json", files={"\x1b[2J\n": {"bytes": 8}}),
        "outside its own folder",
    ),
    "file list: a name of a megabyte": (
        edit("stance.json", files={"x" * 2**20: {"bytes": 8}}),
        "outside its own folder",
    ),
    "file list: weights left out": (
        replace("stance.json", '"model.safetensors": {', '"README.md": {'),
        "no file of a model",
    ),
    "file list: no weights at all": (edit("stance.json", files={}), "lists no"),
    "link: weights to a file outside": (
        link("model.onnx", "../secret.txt"),
        "link to a file outside",
    ),
    "link: card to a file outside, to be shared": (
        link("README.md", "../secret.txt"),
        "link to a file outside",
    ),
    "link: stance.json round in a circle": (
        link("stance.json", "stance.json"),
        "levels of symbolic links",
    ),
    "device as config.json": (link("config.json", "/dev/zero"), "link to a file outside"),
    "pipe as stance.json": (pipe("stance.json"), "not a regular file"),
    "pipe as model.onnx": (pipe("model.onnx"), "missing"),
    "safetensors: header of 2^62 bytes": (safetensors(b"{}", length=2**62), "announces a header"),
    "safetensors: header of 200 MB announced": (
        safetensors(b"{}", length=200 * 2**20),
        "announces a header",
    ),
    "safetensors: more weights than bytes": (
        safetensors(header(data_offsets=[0, 2**40])),
        "describes 1,099,511,627,776 bytes",
    ),
    "safetensors: bytes that nothing describes": (
        safetensors(header(), data=b"\0" * 4096),
        "describes 16 bytes",
    ),
    "safetensors: header that is no JSON": (safetensors(b"["), "no safetensors header"),
    "safetensors: header nested without end": (
        safetensors(b"[" * 200_000),
        "no safetensors header",
    ),
    "safetensors: offsets that are words": (
        safetensors(header(data_offsets=["a", "b"])),
        "no safetensors header",
    ),
    "safetensors: empty file": (content("model.safetensors", b""), "announces a header"),
    "ONNX: weights in a file outside": (
        onnx_graph(ADDED, tensors=[tensor_elsewhere("../secret.txt")]),
        "takes weights from another file",
    ),
    "ONNX: weights in /etc/passwd": (
        onnx_graph(ADDED, tensors=[tensor_elsewhere("/etc/passwd")]),
        "takes weights from another file",
    ),
    "ONNX: weights in an unlisted file inside": (
        onnx_graph(ADDED, tensors=[tensor_elsewhere("config.json")]),
        "takes weights from another file",
    ),
    "ONNX: weights at an address in memory": (
        onnx_graph(ADDED, tensors=[tensor_elsewhere("*/_ORT_MEM_ADDR_/*")]),
        "takes weights from another file",
    ),
    "ONNX: weights elsewhere, length drawn out": (drawn_out, "takes weights from another file"),
    "ONNX: operator of an unknown domain": (
        onnx_graph([("Evil", ["input_ids"], ["logits"], {"domain": "evil"})], domains=["evil"]),
        "not a registered function/op",
    ),
    "ONNX: unknown operator of com.microsoft": (
        onnx_graph(
            [("Evil", ["input_ids"], ["logits"], {"domain": "com.microsoft"})],
            domains=["com.microsoft"],
        ),
        "cannot be run",
    ),
    "ONNX: operator of Python": (
        onnx_graph(
            [("PyOp", ["input_ids"], ["logits"], {"domain": "pyopmulti"})], domains=["pyopmulti"]
        ),
        "not a registered function/op",
    ),
    "ONNX: no ONNX at all": (content("model.onnx", b"\x08" * 4096), "cannot be run"),
    "ONNX: outputs of another shape": (
        onnx_graph(ADDED, tensors=[tensor([[1.0, 2.0]])]),
        "expected finite numbers of shape",
    ),
    "ONNX: outputs that are no numbers": (
        onnx_graph(ADDED, tensors=[tensor([[float("nan")] * 16])]),
        "expected finite numbers",
    ),
    "JSON: nested without end": (content("stance.json", b"[" * 500_000), "nested too deeply"),
    "JSON: nested 500 levels deep": (
        edit("stance.json", training=json.loads('{"a":' * 500 + "1" + "}" * 500)),
        "nested",
    ),
    "JSON: a number of a million digits": (
        content("stance.json", b'{"format_version": ' + b"9" * 10**6 + b"}"),
        "1,000,000 digits",
    ),
    "JSON: a name twice": (
        replace("stance.json", '"format_version": 1', '"format_version": 2, "format_version": 1'),
        "stands there twice",
    ),
    "JSON: a name twice in config.json": (
        replace("config.json", "{", '{"auto_map": {}, "auto_map": null, '),
        "stands there twice",
    ),
    "JSON: 33 MB of spaces": (content("config.json", b" " * (33 * 2**20)), "larger than 32 MiB"),
    "JSON: NaN": (
        replace("stance.json", '"max_length": 32', '"max_length": NaN'),
        "not a finite number",
    ),
    "JSON: an exponent that overflows": (
        replace("stance.json", '"temperature": 0.8', '"temperature": 1e999'),
        "not a finite number",
    ),
    "JSON: not UTF-8": (content("stance.json", b'{"name": "\xff"}'), "not UTF-8"),
    "tokenizer: code in auto_map": (
        edit("tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.Evil", None]}),
        "asks to run code",
    ),
    "tokenizer: of an unknown kind": (
        edit("tokenizer.json", model={"type": "Evil"}),
        "not a tokenizer",
    ),
    "tokenizer: a pattern that does not close": (
        edit(
            "tokenizer.json",
            pre_tokenizer={
                "type": "Split",
                "pattern": {"Regex": "(("},
                "behavior": "Isolated",
                "invert": False,
            },
        ),
        "not a tokenizer",
    ),
    "tokenizer: numbers that no embedding has": (
        replace("tokenizer.json", '"the": 4', '"the": 2147483647'),
        "cannot run a batch",
    ),
    "tokenizer: windows longer than the encoder": (
        template(*["[CLS]"] * 50, "A"),
        "adds 50 special tokens",
    ),
    "tokenizer: windows with room for a few tokens": (
        template(*["[CLS]"] * 27, "A"),
        "expected 23 at most",
    ),
    "tokenizer: a special token of many": (
        template("[CLS]", "A", ids=[2] * 30),
        "adds 30 special tokens",
    ),
    "tokenizer: windows without a token": (template(), "makes a window of 0 tokens"),
    "tokenizer: a second text, of which there is none": (template("B"), "cannot cut every text"),
    "tokenizer: a special token that it does not know": (
        template("[XX]", "A"),
        "tokenizer.json cannot",
    ),
    "tokenizer: a map of characters that breaks off": (charsmap(b"\0\0\0"), "not a tokenizer"),
    "tokenizer: a map of characters that leads outside": (
        charsmap(b"\x10\0\0\0" + b"\xff" * 16 + b"abc\0"),
        "tokenizer.json cannot",
    ),
    "tokenizer: words without one for the unknown": (
        edit("tokenizer.json", model={"type": "WordLevel", "vocab": {"a": 4}, "unk_token": "[Z]"}),
        "tokenizer.json cannot",
    ),
    "tokenizer: pieces without one for the unknown": (
        edit("tokenizer.json", model={"type": "Unigram", "unk_id": None, "vocab": [["a", 0.0]]}),
        "tokenizer.json cannot",
    ),
    "tokenizer: letters as continuing marks": (
        edit(
            "tokenizer.json",
            model={
                "type": "BPE",
                "vocab": {"a": 0, "b": 1, "ab": 2},
                "merges": [["a", "b"]],
                "continuing_subword_prefix": "éé",
            },
        ),
        "tokenizer.json",
    ),
    "tokenizer: a name twice": (
        replace("tokenizer.json", "{", '{"normalizer": null, '),
        "stands there twice",
    ),
    "config: code in auto_map": (
        edit("config.json", auto_map={"AutoConfig": "evil--evil.Evil"}),
        "asks to run code",
    ),
    "config: code in a part's auto_map": (
        edit("config.json", text_config={"auto_map": {"AutoModel": "evil.Evil"}}),
        "asks to run code",
    ),
    "config: attention kernel from the Hub": (
        edit("config.json", attn_implementation="evil/kernel"),
        "asks to run code",
    ),
    "config: attention kernel under another name": (
        edit("config.json", attribute_map={"x": "_attn_implementation"}, x="evil/kernel"),
        "asks to run code",
    ),
    "config: another package unpacks the weights": (
        edit("config.json", quantization_config={"quant_method": "evil"}),
        "asks to run code",
    ),
    "config: weights in another file": (
        edit("config.json", transformers_weights="../secret.safetensors"),
        "asks to run code",
    ),
    "config: adapter of another model": (
        content("adapter_config.json", b'{"base_model_name_or_path": "evil/evil"}'),
        "adapter for another model",
    ),
    "config: a billion labels": (edit("config.json", num_labels=10**9), "1000000000 labels"),
    "config: many labels": (
        edit("config.json", id2label={str(number): "x" for number in range(100_001)}),
        "100001 labels",
    ),
    "config: a second model of the Hub": (
        edit("config.json", parts=[{"backbone": "evil/evil"}]),
        "asks to run code",
    ),
    "config: a billion layers": (
        edit("config.json", num_hidden_layers=10**9),
        "num_hidden_layers 1000000000",
    ),
    "config: labels of another type": (edit("config.json", id2label=["a", "b"]), "must agree"),
    "codebook: a million frames": (
        replace("stance.json", '"frames": [', '"frames": [' + '{"name": "x"}, ' * 10**6),
        "1,000,004 frames",
    ),
    "codebook: a frame named with escapes": (
        edit("stance.json", codebook={"frames": [{"name": "\x1b[2J\n"}]}),
        "not a frame's name",
    ),
    "codebook: frames that are no objects": (
        edit("stance.json", codebook={"frames": [1, [], None]}),
        "not a codebook",
    ),
    "max_length: a billion": (edit("stance.json", max_length=10**9), "expected 8 to 65536"),
    "max_length: more than the encoder reads": (
        edit("stance.json", max_length=65_536),
        "must agree",
    ),
    "max_length: minus one": (edit("stance.json", max_length=-1), "expected 8 to 65536"),
    "decision: temperature 0": (decision(temperature=0), "not a number from 0.001 to 1000"),
    "decision: temperature of 100 digits": (decision(temperature=10**99), "not a number from"),
    "decision: threshold as text": (decision(threshold="\x1b[2J"), "not a number from 0 to 1"),
    "decision: offset as a list": (decision(offset=[0]), "not a number from -50 to 50"),
    "decision: band for a share of nan": (
        decision(bands={"nan": [0, 1]}),
        "not a number from 0 to 1",
    ),
    "format: a newer version": (edit("stance.json", format_version=2), "upgrade stance"),
    "format: a version with escapes": (
        edit("stance.json", format_version="\x1b[2J\n" * 99),
        "upgrade stance",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_spoilt_folder_is_refused(attempt, folder, attack):
    spoil, reason = ATTACKS[attack]
    spoil(folder)
    seal(folder)

    def label():
        with stance.load(folder, threads=1) as model:
            model.predict(["The two powers agreed to trade."])

    assert reason in attempt(attack, label).line


@pytest.mark.parametrize("attack", ["wrong checksum", "no checksum", "wrong size"])
def test_a_file_other_than_the_listed_one_is_refused(attempt, folder, attack):
    data = json.loads((folder / "stance.json").read_text(encoding="utf-8"))
    entry = data["files"]["model.onnx"]
    entry.update({"bytes": 1} if attack == "wrong size" else {"sha256": "0" * 64})
    if attack == "no checksum":
        del entry["sha256"]
    (folder / "stance.json").write_text(json.dumps(data), encoding="utf-8")
    assert "changed or damaged" in attempt(f"file list: {attack}", lambda: stance.load(folder)).line


@pytest.mark.parametrize("attack", ["JSON: nested without end", "format: a version with escapes"])
def test_the_command_line_says_the_same(attempt, folder, command, attack):
    ATTACKS[attack][0](folder)
    attempt(f"{attack} (stance info)", lambda: command("info", "--model", folder))


def test_a_sound_folder_is_loaded(attempt, folder):
    attempt("none: the same folder, not spoilt", lambda: stance.load(folder), refused=False)


def test_names_with_escapes_do_nothing_to_the_terminal(folder, capsys):
    edit("stance.json", name="\x1b[2Jname", version="1\x07", language="\x1b]0;x\x07")(folder)
    data = json.loads((folder / "stance.json").read_text(encoding="utf-8"))
    data["codebook"] |= {"name": "\x1b[2J", "version": "\x9b2J"}
    data["codebook"]["frames"][0]["definition"] = "a\x1b[31m\r\nb"
    data["training"] = {"\x1b[2J": "\x1b[2J"}
    (folder / "stance.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["info", "--model", str(folder)])
    assert capsys.readouterr().out.replace("\n", "").isprintable()


def test_saving_never_writes_through_a_link(folder, sandbox):
    target = sandbox / "out"
    (target / "stance.json").symlink_to(sandbox / "secret.txt")
    (target / "model.onnx").symlink_to(sandbox / "secret.txt")
    with stance.load(folder) as model:
        model.save(target, force=True)
    assert (sandbox / "secret.txt").read_text(encoding="utf-8") == "precious"
    assert not (target / "stance.json").is_symlink()


BOMBS = {
    "a text put in again and again": {
        "type": "Sequence",
        "normalizers": [{"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 100}] * 5,
    },
    "room for a map of 8 GB": {"type": "Precompiled", "precompiled_charsmap": "/////w=="},
}
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30,) * 2)
import stance
try:
    stance.load(sys.argv[1], threads=1).predict(["a"])
except stance.StanceError as error:
    print(error)
"""


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_tokenizer_that_would_fill_the_memory_is_refused(attempt, folder, bomb):
    pytest.importorskip("resource", reason="memory cannot be limited here")
    edit("tokenizer.json", normalizer=BOMBS[bomb])(folder)
    seal(folder)
    command = [sys.executable, "-c", LIMITED, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert not done.stderr
    assert "tokenizer.json" in done.stdout
    # Known to be refused, it can be listed with the others.
    attempt(f"tokenizer: {bomb}", lambda: stance.load(folder))


def test_a_pattern_that_gives_up_is_one_line(attempt, folder):
    pattern = {"Regex": "(a|a|aa)+$"}
    split = {"type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": False}
    edit("tokenizer.json", pre_tokenizer=split)(folder)
    seal(folder)
    with stance.load(folder) as model:
        line = attempt(
            "tokenizer: a pattern that gives up", lambda: model.predict(["a" * 60 + "b"])
        ).line
    assert "tokenizer.json cannot cut every text" in line
