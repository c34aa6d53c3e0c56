"""What a model folder from a stranger may hold: no code, no links out of it, nothing to fetch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stance.errors import ModelError
from stance.strict_json import read_json

__all__ = ["check_settings", "read_object", "refuse_code", "stays_inside"]

_PICKLES = {".bin", ".ckpt", ".dill", ".joblib", ".pickle", ".pkl", ".pt", ".pth"}
_CODE_SUFFIXES = _PICKLES | {".dll", ".dylib", ".py", ".pyc", ".pyd", ".so"}
# What the settings of transformers may name: code of the folder's own, a kernel of the Hub, a
# package that unpacks the weights, other files, another setting to stand for one of these.
_CODE_SETTINGS = (
    "auto_map", "custom_pipelines", "attn_implementation", "_attn_implementation",
    "experts_implementation", "kernel_config", "use_kernels", "quantization_config",
    "transformers_weights", "attribute_map", "_attn_implementation_internal",
    "_experts_implementation_internal",
)  # fmt: skip
_MAX_LAYERS = 1000
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
    # The Hub's own cache keeps a snapshot's files as links into its store, two folders up.
    target = file.resolve()
    store = folder.resolve().parent.parent
    return target.is_relative_to(folder.resolve()) or target.is_relative_to(store / "blobs")


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
        for key, value in _entries(found):
            if key in _CODE_SETTINGS and value is not None:
                raise ModelError(
                    f"{folder / name} has {key!r}, which asks to run code of its own or to load "
                    "something else; refused: take a model that works without"
                )
            if key.endswith("layers") and isinstance(value, int) and value > _MAX_LAYERS:
                raise ModelError(
                    f"{folder / name} has {key} {str(value)[:20]}; expected {_MAX_LAYERS} at most"
                )
    return config


def _entries(data: object) -> Iterator[tuple[str, object]]:
    if isinstance(data, dict):
        yield from data.items()
    for value in data.values() if isinstance(data, dict) else ():
        yield from _entries(value)
