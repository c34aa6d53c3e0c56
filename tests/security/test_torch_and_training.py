"""What transformers is let to load: as a backend, and as the base of a fine-tuning."""

import json
import pickle

import pytest
from spoiling import (
    DATA,
    Payload,
    charsmap,
    content,
    edit,
    link,
    safetensors,
    seal,
    template,
)

import stance
from stance.codebook import Codebook, Frame
from stance.finetuning.bases import open_base
from stance.finetuning.training import load_classifier

BOOK = Codebook((Frame("weather"),))
HEADER = json.dumps({"w": {"dtype": "F32", "shape": [10**9, 10**9], "data_offsets": [0, 8]}})


@pytest.fixture(scope="module", autouse=True)
def _imported():
    """Load a sound model first: what torch's own import writes is no attack."""
    load_classifier(DATA / "format-1", codebook=BOOK)


def encoder(folder):
    """Leave of the folder what transformers knows, without stance's own file."""
    (folder / "stance.json").unlink()


BASES = {
    "base: code in auto_map": (
        edit("config.json", auto_map={"AutoConfig": "evil.Evil"}),
        "asks to run code",
    ),
    "base: attention kernel under another name": (
        edit("config.json", attribute_map={"x": "_attn_implementation"}, x="evil/kernel"),
        "asks to run code",
    ),
    "base: unknown model with code": (
        edit("config.json", model_type="evil", auto_map={"AutoConfig": "evil.Evil"}),
        "asks to run code",
    ),
    "base: unknown model": (
        edit("config.json", model_type="evil"),
        "no model that transformers can load",
    ),
    "base: tokenizer with code": (
        edit("tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.Evil", None]}),
        "asks to run code",
    ),
    "base: attention kernel from the Hub": (
        edit("config.json", attn_implementation="evil/kernel"),
        "asks to run code",
    ),
    "base: adapter of a model of the Hub": (content("adapter_config.json", b"{}"), "adapter"),
    "base: config nested without end": (
        content("config.json", b"[" * 500_000),
        "nested too deeply",
    ),
    "base: types that transformers chokes on": (
        edit("config.json", model_type=["bert"]),
        "no model that transformers can load",
    ),
    "base: a second model from the Hub": (
        edit("config.json", model_type="dpt", backbone="evil/evil", use_pretrained_backbone=True),
        "asks to run code",
    ),
    "base: a model of images": (edit("config.json", model_type="dpt"), "to classify texts"),
    "base: a model of no kind": (edit("config.json", model_type=None), "no model_type"),
    "base: a billion labels": (edit("config.json", num_labels=10**9), "1000000000 labels"),
    "base: a link to a tokenizer outside": (link("tokenizer.json", "../secret.txt"), "is a link"),
    "base: a link to weights outside": (link("model.safetensors", "../secret.txt"), "is a link"),
    "base: a link to a vocabulary outside": (link("vocab.txt", "../secret.txt"), "is a link"),
    "base: a link to a folder outside": (link("1_Pooling", ".."), "is a link"),
    "base: a link to itself": (link("tokenizer.json", "tokenizer.json"), "tokenizer"),
    "base: a tokenizer for each version": (
        edit("tokenizer_config.json", fast_tokenizer_files=["../tokenizer.4.0.json"]),
        "asks to run code",
    ),
    "base: a tokenizer that panics": (template("B"), "cannot cut every text"),
    "base: a tokenizer that breaks off": (charsmap(b"\0\0\0"), "not a tokenizer"),
    "base: a header that overflows": (
        safetensors(HEADER.encode(), data=b"\0" * 8),
        "cannot load the base model",
    ),
}


@pytest.mark.parametrize("attack", BASES)
def test_a_spoilt_base_is_refused(attempt, folder, attack):
    spoil, reason = BASES[attack]
    encoder(folder)
    spoil(folder)

    def load():
        base = open_base(folder)
        load_classifier(base.path, codebook=BOOK)

    assert reason in attempt(attack, load, kind="training").line


def test_a_pickle_for_weights_runs_nothing(attempt, folder):
    encoder(folder)
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"w": Payload()}))
    attempt(
        "base: pickled weights that run a command",
        lambda: load_classifier(folder, codebook=BOOK),
        kind="training",
    )


def test_a_tokenizer_class_of_its_own_is_only_a_name(attempt, folder):
    encoder(folder)
    edit("tokenizer_config.json", tokenizer_class="os.system")(folder)
    name = "base: tokenizer class that is a function"
    attempt(name, lambda: open_base(folder), kind="training", refused=False)


BACKEND = {
    "torch: weights that lack a layer": (edit("config.json", num_hidden_layers=2), "lacks"),
    "torch: a vocabulary of a billion": (edit("config.json", vocab_size=10**9), "cannot load"),
    "torch: a header that overflows": (safetensors(HEADER.encode(), data=b"\0" * 8), "cannot load"),
    "torch: an activation of its own": (edit("config.json", hidden_act="evil"), "cannot load"),
    "torch: a second model from the Hub": (
        edit("config.json", model_type="dpt", backbone="evil/evil", use_pretrained_backbone=True),
        "asks to run code",
    ),
    "torch: a model of images": (edit("config.json", model_type="dpt"), "to classify texts"),
    "torch: a size that is a word": (edit("config.json", hidden_size="evil"), "cannot load"),
}


@pytest.mark.parametrize("attack", BACKEND)
def test_spoilt_weights_are_refused(attempt, folder, attack):
    spoil, reason = BACKEND[attack]
    spoil(folder)
    seal(folder)
    assert reason in attempt(attack, lambda: stance.load(folder, backend="torch")).line


@pytest.mark.parametrize(
    ("index", "elsewhere"),
    [
        ("model.safetensors.index.json", "../secret.safetensors"),
        ("model.safetensors.index.json", "weights"),
        ("pytorch_model.bin.index.json", "../pytorch_model.bin"),
        ("pytorch_model.bin.index.json", "other.bin"),
    ],
)
def test_a_base_whose_shards_are_elsewhere_is_refused(attempt, folder, index, elsewhere):
    encoder(folder)
    (folder / "model.safetensors").unlink()
    data = json.dumps({"metadata": {}, "weight_map": {"w": elsewhere}})
    (folder / index).write_text(data, encoding="utf-8")
    name = f"base: shards of weights that are called {elsewhere}"
    line = attempt(name, lambda: open_base(folder), kind="training").line
    assert "expected files beside it" in line


def test_shards_outside_the_folder_are_not_looked_at(attempt, folder):
    (folder / "model.safetensors").unlink()
    data = json.loads((folder / "stance.json").read_text(encoding="utf-8"))
    del data["files"]["model.safetensors"]
    (folder / "stance.json").write_text(json.dumps(data), encoding="utf-8")
    index = {"metadata": {}, "weight_map": {"w": "../secret.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    name = "torch: shards of weights outside the folder"
    assert (
        "no model.safetensors" in attempt(name, lambda: stance.load(folder, backend="torch")).line
    )
