"""What rows depend on: the options of a job, and the record of all that made a result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from stance.codebook import Codebook
from stance.errors import InputError
from stance.explain import METHODS
from stance.files.formats import FlatColumns, require_parquet
from stance.files.sources import Inputs
from stance.options import flag
from stance.store import ModelFolder
from stance.texts import LONE_SURROGATE

__all__ = [
    "checked_options",
    "checksum_of",
    "columns_of",
    "model_settings",
    "program_settings",
    "settings_of",
    "versions_of",
]


def checked_options(**options: Any) -> dict[str, Any]:
    """Return the options on which rows depend, ready for JSON, once they are found to be possible.

    Raises:
        InputError: one is not known, or of another type.
        MissingExtraError: Parquet without pyarrow.
    """
    if options["explain"] not in (None, *METHODS):
        raise InputError(f"explain is {options['explain']!r}; expected {' or '.join(METHODS)}")
    if options["format"] == "parquet":
        require_parquet()
    columns = options["keep_columns"]
    if isinstance(columns, str):
        raise InputError(f"keep_columns is one string, expected a list of them: [{columns!r}]")
    if not isinstance(columns, Iterable):
        raise InputError(f"keep_columns is {columns!r}; expected a list of columns' names")
    columns = list(columns)
    named = [options["text_column"], *columns]
    if options["id_column"] is not None:
        named.append(options["id_column"])
    if wrong := [
        name for name in named if not isinstance(name, str) or LONE_SURROGATE.search(name)
    ]:
        raise InputError(f"{wrong[0]!r} is no column; expected its name, as text")
    keep_all = flag("keep_all", options["keep_all"])
    return {**options, "keep_columns": columns, "keep_all": keep_all}


def columns_of(codebook: Codebook, options: Mapping[str, Any]) -> FlatColumns:
    """Return the columns of a flat result.

    Raises:
        InputError: a column that is to be kept has the name of a result's column.
    """
    return FlatColumns(
        codebook.names,
        tuple(options["keep_columns"]),
        uncertain=options["abstain"] is not None,
        explained=options["explain"] is not None,
    )


def checksum_of(model: ModelFolder) -> str:
    """Return a checksum of all that a model's rows depend on, but the thresholds.

    What was measured of the model, or noted of its training, is none of that.
    """
    data = model.to_dict()
    del data["figures"], data["training"]
    for frame in data["decision"].values():
        del frame["threshold"]
    text = json.dumps(data, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def model_settings(model: ModelFolder, runtime: str) -> dict[str, Any]:
    """Return which model it is that decides, thresholds included, and on what runtime."""
    thresholds = zip(model.codebook.names, model.decision.thresholds, strict=True)
    return {
        "name": model.name,
        "version": model.version,
        "backend": runtime,
        "thresholds": dict(thresholds),
        "sha256": checksum_of(model),
    }


def program_settings() -> dict[str, str]:
    """Return the versions of the program, and of the library that tells where a sentence ends."""
    return versions_of("stance", "sentencex")


def versions_of(*packages: str) -> dict[str, str]:
    """Return the versions of installed packages."""

    def found(package: str) -> str:
        try:
            return version(package)
        except PackageNotFoundError:
            return "from source"

    return {package: found(package) for package in packages}


def settings_of(
    model: ModelFolder, runtime: str, inputs: Inputs, options: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return all that a result depends on, the text of the documents aside."""
    return {
        "program": program_settings(),
        "model": model_settings(model, runtime),
        "inputs": {
            "files": len(inputs.sources),
            "bytes": inputs.size,
            "sha256": inputs.fingerprint(),
        },
        "options": dict(options),
    }
