"""What a model folder from a stranger may hold: no code, no links out of it, nothing to fetch."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stance.errors import ModelError
from stance.strict_json import read_json

__all__ = ["check_settings", "is_panic", "read_object", "refuse_code", "stays_inside"]

_PICKLES = {".bin", ".ckpt", ".dill", ".joblib", ".pickle", ".pkl", ".pt", ".pth"}
_CODE_SUFFIXES = _PICKLES | {".dll", ".dylib", ".py", ".pyc", ".pyd", ".so"}
# What the settings of transformers may name: code of the folder's own, a kernel or another model of
# the Hub, a package that unpacks the weights, other files, a setting to stand for one of these.
_CODE_SETTINGS = (
    "auto_map", "custom_pipelines", "attn_implementation", "_attn_implementation",
    "experts_implementation", "kernel_config", "use_kernels", "quantization_config",
    "transformers_weights", "attribute_map", "_attn_implementation_internal",
    "_experts_implementation_internal", "backbone", "backbone_kwargs", "use_pretrained_backbone",
    "use_timm_backbone", "fast_tokenizer_files",
)  # fmt: skip
_MAX_LAYERS = 1000
# transformers makes a name for each before it looks at the weights.
_MAX_LABELS = 100_000
_CHECKSUM = re.compile("[0-9a-f]{64}")
_PICKLE_START = re.compile(rb"\x80[\x02-\x05]")


def refuse_code(folder: Path) -> None:
    """Raise ``ModelError`` where a file of a folder could run code, by its name or first bytes."""
    for file in sorted(folder.iterdir()):
        if not file.is_file():
            continue
        with file.open("rb") as stream:
            looks_pickled = _PICKLE_START.match(stream.read(2)) is not None
        if file.suffix.lower() in _CODE_SUFFIXES or looks_pickled:
            raise ModelError(
                f"{file} can run code when it is loaded; a model folder may hold only JSON, "
                "safetensors and ONNX files: remove it or fetch the model from its makers"
            )


def stays_inside(file: Path, folder: Path) -> bool:
    """Say whether a file, followed through links, lies in its folder or in the Hub's own cache."""
    target, home = Path(os.path.realpath(file)), Path(os.path.realpath(folder))
    if target.is_relative_to(home):
        return True
    # The cache keeps the files of models--OWNER--NAME/snapshots/REVISION as links into its blobs;
    # and huggingface_hub 2 keeps these as links into blobs/AB beside all models, where AB begins
    # the name, a checksum.
    repository = home.parent.parent
    if home.parent.name != "snapshots":
        return False
    shared = repository.parent / "blobs" / target.name[:2]
    of_all = target.parent == shared and _CHECKSUM.fullmatch(target.name) is not None
    return target.is_relative_to(repository / "blobs") or of_all


def is_panic(error: BaseException) -> bool:
    """Say whether a library written in Rust gave up: pyo3's error for that is no ``Exception``."""
    return type(error).__module__ == "pyo3_runtime"


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Raises:
        ModelError: it is missing, cannot be read, or holds something else.
    """
    try:
        data = read_json(path)
    except FileNotFoundError as error:
        raise ModelError(f"{path} is missing; expected a model folder made by stance") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise ModelError(f"{path} {error}; fetch it again") from error
    if not isinstance(data, dict):
        raise ModelError(f"{path} holds {type(data).__name__}, expected a JSON object")
    return data


def check_settings(folder: Path) -> dict[str, Any]:
    """Read ``config.json``, after a look at what it and the tokenizer's settings ask for.

    Args:
        folder: of a model, or of any encoder that transformers knows.

    Raises:
        ModelError: one of them asks to run code, to fetch something or for other files, or cannot
            be read; or another model is to be loaded first (``adapter_config.json``).
    """
    if (folder / "adapter_config.json").exists():
        raise ModelError(
            f"{folder} is an adapter for another model; expected a whole model, merge it first"
        )
    config = read_object(folder / "config.json")
    settings = {"config.json": config}
    if (folder / "tokenizer_config.json").exists():
        settings["tokenizer_config.json"] = read_object(folder / "tokenizer_config.json")
    for name, found in settings.items():
        _check_entries(folder / name, found)
    return config


def _check_entries(file: Path, found: object) -> None:
    for key, value in _entries(found):
        harmless = (None, False, ["tokenizer.json"] if key == "fast_tokenizer_files" else None)
        if key in _CODE_SETTINGS and value not in harmless:
            raise ModelError(
                f"{file} has {key!r}, which asks to run code of its own or to load something else; "
                "refused: take a model that works without"
            )
        if key.endswith("layers") and isinstance(value, int) and value > _MAX_LAYERS:
            raise ModelError(f"{file} has {key} {str(value)[:20]}; expected {_MAX_LAYERS} at most")
        labels = len(value) if key == "id2label" and isinstance(value, (dict, list)) else value
        if key in ("num_labels", "id2label") and isinstance(labels, int) and labels > _MAX_LABELS:
            raise ModelError(
                f"{file} has {str(labels)[:20]} labels ({key}); expected {_MAX_LABELS} at most: "
                "take another model"
            )


def _entries(data: object) -> Iterator[tuple[str, object]]:
    if isinstance(data, dict):
        yield from data.items()
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    for value in inner:
        yield from _entries(value)
