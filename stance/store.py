"""The model folder: find it, check it, read it, write it.

A folder holds ``config.json``, ``tokenizer.json``, ``tokenizer_config.json`` and
``model.safetensors`` as Hugging Face tools know them, beside ``model.onnx``, the model card
``README.md`` and ``stance.json``, which names the size and the SHA-256 of the others. Nothing in it
is a pickle, and reading it runs no code of its own.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stance.codebook import STATES, Codebook
from stance.decision import Decision
from stance.errors import CodebookError, ModelError, OutputError

__all__ = ["FORMAT_VERSION", "ModelFolder", "default_folder", "find_folder"]

FORMAT_VERSION = 1
WEIGHTS = ("model.onnx", "model.safetensors")
REQUIRED = ("config.json", "tokenizer.json", "tokenizer_config.json")
MAX_JSON_BYTES = 32 * 2**20

_CODE_SUFFIXES = frozenset(
    {".bin", ".ckpt", ".dill", ".joblib", ".pickle", ".pkl", ".pt", ".pth", ".py", ".pyc", ".so"}
)
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_PICKLE_START = re.compile(rb"\x80[\x02-\x05]")


@dataclass(frozen=True)
class ModelFolder:
    """What ``stance.json`` says of a model.

    Attributes:
        path: the folder.
        name, version, language: as the model's makers call them; ``language`` is an ISO 639 code.
        codebook: the frames, in the order of the outputs.
        decision: calibration, thresholds and abstention bands.
        max_length: tokens, special ones included, that the encoder reads at once.
        training: what the model was trained on and how, for people and for the card.
        figures: what was measured of it.
        files: file name → {"bytes", "sha256"}.
    """

    path: Path
    name: str
    version: str
    language: str
    codebook: Codebook
    decision: Decision
    max_length: int
    training: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str | Path) -> ModelFolder:
        """Read and check a folder, all but the checksums (see ``verify``).

        Raises:
            ModelError: a file is missing, damaged or could run code, the format is newer than this
                package, or the model's labels are not those of its codebook.
        """
        folder = Path(path)
        if not folder.is_dir():
            raise ModelError(f"{folder} is not a folder; expected a model folder with stance.json")
        _refuse_code(folder)
        data = _read_json(folder / "stance.json")
        version = data.get("format_version")
        if version != FORMAT_VERSION:
            raise ModelError(
                f"{folder}/stance.json has format version {version!r}, and this stance reads "
                f"{FORMAT_VERSION}; upgrade stance or fetch a matching model"
            )
        try:
            model = cls._from_dict(folder, data)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            detail = (
                error if isinstance(error, CodebookError) else f"{type(error).__name__}: {error}"
            )
            raise ModelError(f"{folder}/stance.json is not well formed: {detail}") from error
        model._check_files()
        model._check_labels()
        return model

    @classmethod
    def _from_dict(cls, folder: Path, data: Mapping[str, Any]) -> ModelFolder:
        codebook = Codebook.from_dict(data["codebook"])
        if list(data["states"]) != list(STATES):
            raise ValueError(f"states are {data['states']!r}, expected {list(STATES)}")
        max_length = data["max_length"]
        if not isinstance(max_length, int) or not 8 <= max_length <= 65_536:
            raise ValueError(f"max_length is {max_length!r}, expected 8 to 65536")
        return cls(
            path=folder,
            name=str(data["name"]),
            version=str(data["version"]),
            language=str(data.get("language", "")),
            codebook=codebook,
            decision=_decision_from_dict(data["decision"], codebook),
            max_length=max_length,
            training=dict(data.get("training", {})),
            figures=dict(data.get("figures", {})),
            files={str(name): dict(entry) for name, entry in data["files"].items()},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the contents of ``stance.json``."""
        return {
            "format_version": FORMAT_VERSION,
            "name": self.name,
            "version": self.version,
            "language": self.language,
            "codebook": self.codebook.to_dict(),
            "states": list(STATES),
            "max_length": self.max_length,
            "decision": _decision_to_dict(self.decision, self.codebook),
            "training": dict(self.training),
            "figures": dict(self.figures),
            "files": {name: dict(entry) for name, entry in self.files.items()},
        }

    def write(self) -> ModelFolder:
        """Write ``stance.json`` with the size and checksum of every other file of the folder.

        Returns:
            The folder as read back, so that what was written is known to load.
        """
        files = {
            file.name: {"bytes": file.stat().st_size, "sha256": _sha256(file)}
            for file in sorted(self.path.iterdir())
            if file.is_file() and file.name in (*REQUIRED, *WEIGHTS)
        }
        text = json.dumps({**self.to_dict(), "files": files}, ensure_ascii=False, indent=2)
        (self.path / "stance.json").write_text(text + "\n", encoding="utf-8")
        return ModelFolder.read(self.path)

    def verify(self) -> None:
        """Compare every file with its checksum.

        Raises:
            ModelError: a file is not the one that ``stance.json`` speaks of.
        """
        for name in self.files:
            found = _sha256(self.path / name)
            expected = self.files[name]["sha256"]
            if found != expected:
                raise ModelError(
                    f"{self.path / name} has the checksum {found[:16]}…, expected "
                    f"{str(expected)[:16]}…: it was changed or damaged; fetch the model again"
                )

    def copy(self, target: str | Path, *, force: bool = False) -> ModelFolder:
        """Copy the model to another folder, its card included.

        Raises:
            OutputError: the target exists and is not empty, unless ``force``.
        """
        folder = Path(target)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not force:
            raise OutputError(f"{folder} exists already; choose another name or use force")
        folder.mkdir(parents=True, exist_ok=True)
        for name in (*self.files, "README.md", "stance.json"):
            if (self.path / name).is_file():
                shutil.copyfile(self.path / name, folder / name)
        return ModelFolder.read(folder)

    def _check_files(self) -> None:
        for name in (*REQUIRED, *self.files):
            if name not in self.files:
                raise ModelError(f"{self.path}/stance.json lists no {name}; fetch the model again")
            file = self.path / name
            if Path(name).name != name or (
                file.is_symlink() and not _stays_inside(file, self.path)
            ):
                raise ModelError(f"{self.path}/stance.json names {name!r}, outside its own folder")
            if not file.is_file():
                raise ModelError(f"{file} is missing; fetch the model again")
            size, expected = file.stat().st_size, self.files[name].get("bytes")
            if size != expected:
                raise ModelError(
                    f"{file} has {size:,} bytes, expected {expected!r}: it was changed or damaged; "
                    "fetch the model again"
                )
        if not any(name in self.files for name in WEIGHTS):
            raise ModelError(f"{self.path} has no weights; expected {' or '.join(WEIGHTS)}")

    def _check_labels(self) -> None:
        config = _read_json(self.path / "config.json")
        if "auto_map" in config:
            raise ModelError(f"{self.path}/config.json asks to run code of its own; refused")
        names = config.get("id2label", {})
        found = [names.get(str(index)) for index in range(len(names))]
        if found != list(self.codebook.labels):
            raise ModelError(
                f"{self.path}/config.json labels its outputs {', '.join(map(str, found[:5]))}…, "
                f"stance.json {', '.join(self.codebook.labels[:5])}…; they must agree"
            )


def default_folder() -> Path:
    """Return the shipped model's folder: inside the installed package, or in the repository."""
    package = Path(__file__).resolve().parent
    installed = package / "models" / "default"
    return installed if installed.is_dir() else package.parent / "models" / "default"


def find_folder(source: str | Path | None) -> Path:
    """Return the folder of a model: the shipped one, a folder, or a Hugging Face Hub id.

    Only a source that is no folder and reads like ``owner/name`` opens the network.

    Raises:
        ModelError: there is no such folder, or the Hub does not give it.
    """
    if source is None:
        return default_folder()
    folder = Path(source)
    if folder.exists():
        return folder
    if not isinstance(source, str) or not _HUB_ID.fullmatch(source):
        raise ModelError(f"{source} is no folder; expected a model folder or a Hub id 'owner/name'")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        wanted = [*REQUIRED, *WEIGHTS, "stance.json", "README.md"]
        return Path(snapshot_download(source, allow_patterns=wanted))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"no folder {source}, and the Hub does not give it: {reason}") from error


def _decision_from_dict(data: Mapping[str, Any], codebook: Codebook) -> Decision:
    if set(data) != set(codebook.names):
        raise ValueError(f"decision is for {sorted(data)}, the codebook has {list(codebook.names)}")
    rows = [data[name] for name in codebook.names]
    shares = sorted({float(share) for row in rows for share in row.get("bands", {})})
    return Decision(
        temperatures=tuple(_number(row["temperature"], 1e-3, 1e3) for row in rows),
        offsets=tuple(_number(row.get("offset", 0.0), -50, 50) for row in rows),
        thresholds=tuple(_number(row["threshold"], 0, 1) for row in rows),
        bands={
            share: tuple(
                (_number(low, 0, 1), _number(high, 0, 1))
                for low, high in (row["bands"][f"{share:g}"] for row in rows)
            )
            for share in shares
        },
    )


def _decision_to_dict(decision: Decision, codebook: Codebook) -> dict[str, Any]:
    return {
        name: {
            "temperature": decision.temperatures[index],
            "offset": decision.offsets[index],
            "threshold": decision.thresholds[index],
            "bands": {f"{share:g}": list(band[index]) for share, band in decision.bands.items()},
        }
        for index, name in enumerate(codebook.names)
    }


def _number(value: object, low: float, high: float) -> float:
    if isinstance(value, (int, float)) and low <= value <= high:
        return float(value)
    raise ValueError(f"{value!r} is not a number from {low:g} to {high:g}")


def _refuse_code(folder: Path) -> None:
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


def _stays_inside(file: Path, folder: Path) -> bool:
    # The Hub's own cache keeps a snapshot's files as links into its store, two folders up.
    target = file.resolve()
    store = folder.resolve().parent.parent
    return target.is_relative_to(folder.resolve()) or target.is_relative_to(store / "blobs")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise ModelError(f"{path} is larger than {MAX_JSON_BYTES >> 20} MiB; refused")
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{path} is missing; expected a model folder made by stance") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read: {str(error)[:160]}; fetch it again") from error
    if not isinstance(data, dict):
        raise ModelError(f"{path} holds {type(data).__name__}, expected a JSON object")
    return data


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()
