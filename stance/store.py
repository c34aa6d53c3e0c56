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
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

from stance.backends.weights import check_onnx, check_safetensors
from stance.codebook import STATES, Codebook
from stance.decision import Decision
from stance.errors import CodebookError, InputError, ModelError, OutputError, reason_of, writing
from stance.strict_json import MAX_JSON_BYTES
from stance.tokenizer_checks import MAX_TOKENIZER_BYTES
from stance.trained_on import TRAINED_ON
from stance.untrusted import check_settings, read_object, refuse_code, stays_inside

__all__ = ["BESIDE", "FORMAT_VERSION", "ModelFolder", "default_folder", "find_folder", "sha256_of"]

FORMAT_VERSION = 1
WEIGHTS = ("model.onnx", "model.safetensors")
REQUIRED = ("config.json", "tokenizer.json", "tokenizer_config.json")

#: What a folder holds that stance.json has no checksum of.
BESIDE = ("README.md", "calibration.svg", "stance.json", TRAINED_ON)
_HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
#: Where the figures say what the thresholds were that they were measured with.
_FORMER = "former_thresholds"
_CHANGED = re.compile(rb"^> Thresholds changed to .*\n\n", re.MULTILINE)
_FRONT_MATTER = re.compile(rb"\A---\r?\n.*?^---\r?\n\s*", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class ModelFolder:
    """What ``stance.json`` says of a model.

    Attributes:
        path: the folder.
        name, version, language: as the model's makers call them; ``language`` is an ISO 639 code.
        codebook: the frames, in the order of the outputs.
        decision: calibration, thresholds, abstention bands and stance priors.
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
        try:
            return cls._read(Path(path))
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error

    @classmethod
    def _read(cls, folder: Path) -> ModelFolder:
        if not folder.is_dir():
            raise ModelError(f"{folder} is not a folder; expected a model folder with stance.json")
        refuse_code(folder)
        data = read_object(folder / "stance.json")
        version = data.get("format_version")
        if version != FORMAT_VERSION:
            raise ModelError(
                f"{folder}/stance.json has format version {str(version)[:20]!r}, and this stance "
                f"reads {FORMAT_VERSION}; upgrade stance or fetch a matching model"
            )
        try:
            model = cls._from_dict(folder, data)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            said = type(error) in (CodebookError, ValueError)
            detail = error if said else f"{type(error).__name__}: {error}"
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
            decision=Decision.from_dict(data["decision"], codebook),
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
            "decision": self.decision.to_dict(self.codebook),
            "training": dict(self.training),
            "figures": dict(self.figures),
            "files": {name: dict(entry) for name, entry in self.files.items()},
        }

    def write(self) -> ModelFolder:
        """Write ``stance.json`` with the size and checksum of every other file of the folder.

        Returns:
            The folder as read back, so that what was written is known to load.

        Raises:
            OutputError: it cannot be written.
            ModelError: what was written cannot be loaded.
        """
        with writing(self.path):
            files = {
                file.name: {"bytes": file.stat().st_size, "sha256": sha256_of(file)}
                for file in sorted(self.path.iterdir())
                if file.is_file() and file.name in (*REQUIRED, *WEIGHTS)
            }
            text = json.dumps({**self.to_dict(), "files": files}, ensure_ascii=False, indent=2)
            target = self.path / "stance.json"
            target.unlink(missing_ok=True)  # It may be a link, or have other names.
            target.write_text(text + "\n", encoding="utf-8")
        return ModelFolder.read(self.path)

    def decide(self, decision: Decision) -> ModelFolder:
        """Write another decision; beside the figures and in the card, that it is not theirs.

        Raises:
            OutputError, ModelError: as ``write``.
        """
        former = self.figures.get(_FORMER)
        measured = dict(zip(self.codebook.names, self.decision.thresholds, strict=True))
        measured |= former if isinstance(former, dict) else {}
        now = dict(zip(self.codebook.names, decision.thresholds, strict=True))
        changed = {name: measured[name] for name in now if measured[name] != now[name]}
        figures = {name: value for name, value in self.figures.items() if name != _FORMER}
        figures = {_FORMER: changed, **figures} if changed else figures
        with writing(self.path):
            _say_in_card(self.path / "README.md", {name: now[name] for name in changed})
        return replace(self, decision=decision, figures=figures).write()

    def verify(self) -> None:
        """Compare every file with its checksum.

        Raises:
            ModelError: a file is not the one that ``stance.json`` speaks of.
        """
        for name in self.files:
            found = sha256_of(self.path / name)
            expected = self.files[name].get("sha256")
            if found != expected:
                raise ModelError(
                    f"{self.path / name} has the checksum {found[:16]}…, expected "
                    f"{str(expected)[:16]}…: it was changed or damaged; fetch the model again"
                )

    def copy(self, target: str | Path, *, force: bool = False) -> ModelFolder:
        """Copy the model to another folder, its card included.

        Raises:
            OutputError: the target is a file; it is not empty, unless ``force``; it holds code,
                which no model's folder may; or it cannot be written.
            ModelError: the model's own folder is gone, or holds another model by now.
        """
        self.require_unchanged()
        folder = Path(target)
        with writing(folder):
            if folder.exists() and not folder.is_dir():
                raise OutputError(f"{folder} is a file; expected the name of a folder")
            if folder.exists() and any(folder.iterdir()) and not force:
                raise OutputError(f"{folder} exists already; choose another name or use force")
            folder.mkdir(parents=True, exist_ok=True)
            if folder.samefile(self.path):
                return ModelFolder.read(folder)
            try:
                refuse_code(folder)
            except ModelError as error:
                raise OutputError(f"{error}; or save to another folder") from error
            for name in (*REQUIRED, *WEIGHTS, *BESIDE):
                # What is there is another model's, or a link to somewhere else.
                (folder / name).unlink(missing_ok=True)
                if (self.path / name).is_file():
                    shutil.copyfile(self.path / name, folder / name)
        return ModelFolder.read(folder)

    def require_unchanged(self) -> None:
        """Raise ``ModelError`` where the folder is gone, or holds another model by now."""
        if not (self.path / "stance.json").is_file():
            raise ModelError(
                f"{self.path}, the folder of this model, is gone; put it back, or load the model "
                "from where it is now"
            )
        if ModelFolder.read(self.path).files != self.files:
            raise ModelError(
                f"{self.path} holds another model than the one that was loaded from it; load it "
                "instead, or put the former back"
            )

    def _check_files(self) -> None:
        known = (*REQUIRED, *WEIGHTS)
        for name in self.files:
            if name not in known:
                raise ModelError(
                    f"{self.path}/stance.json names {name[:80]!r}, which is outside its own folder "
                    f"or no file of a model; expected {', '.join(known)}"
                )
        for name in (*known, *BESIDE):
            if (self.path / name).is_symlink() and not stays_inside(self.path / name, self.path):
                raise ModelError(f"{self.path / name} is a link to a file outside its own folder")
        for name in (*REQUIRED, *(name for name in WEIGHTS if (self.path / name).exists())):
            if name not in self.files:
                raise ModelError(f"{self.path}/stance.json lists no {name}; fetch the model again")
        for name, entry in self.files.items():
            self._check_file(self.path / name, entry.get("bytes"))
        if not any(name in self.files for name in WEIGHTS):
            raise ModelError(f"{self.path} has no weights; expected {' or '.join(WEIGHTS)}")

    def _check_file(self, file: Path, expected: object) -> None:
        if not file.is_file():
            raise ModelError(f"{file} is missing; fetch the model again")
        size = file.stat().st_size
        if size != expected:
            raise ModelError(
                f"{file} has {size:,} bytes, expected {str(expected)[:20]}: it was changed or "
                "damaged; fetch the model again"
            )
        most = MAX_TOKENIZER_BYTES if file.name == "tokenizer.json" else MAX_JSON_BYTES
        if file.suffix == ".json" and size > most:
            raise ModelError(f"{file} is larger than {most >> 20} MiB; refused")
        if file.suffix == ".onnx":
            check_onnx(file)
        if file.suffix == ".safetensors":
            check_safetensors(file)

    def _check_labels(self) -> None:
        config = check_settings(self.path)
        names = config.get("id2label")
        names = names if isinstance(names, dict) else {}
        found = [names.get(str(index)) for index in range(len(names))]
        if found != list(self.codebook.labels):
            shown = ", ".join(str(name)[:80] for name in found[:5])
            raise ModelError(
                f"{self.path}/config.json labels its outputs {shown}…, "
                f"stance.json {', '.join(self.codebook.labels[:5])}…; they must agree"
            )
        positions = config.get("max_position_embeddings")
        if isinstance(positions, int) and self.max_length > positions > 0:
            raise ModelError(
                f"{self.path}/stance.json has the max_length {self.max_length}, and the encoder "
                f"reads {positions} tokens at once (config.json); they must agree"
            )


def _say_in_card(card: Path, thresholds: Mapping[str, float]) -> None:
    """Say at the head of a model card that thresholds are not those of its figures."""
    if not card.is_file():
        return
    text = _CHANGED.sub(b"", card.read_bytes(), count=1)
    front = _FRONT_MATTER.match(text)
    head = text[: front.end()] if front else b""
    changed = ", ".join(f"`{name}` {threshold:.3g}" for name, threshold in thresholds.items())
    line = f"> Thresholds changed to {changed}; the figures are of the former ones.\n\n"
    card.unlink()  # It may be a link, or have other names.
    card.write_bytes(head + (line.encode() if changed else b"") + text[len(head) :])


def default_folder() -> Path:
    """Return the shipped model's folder: inside the installed package, or in the repository."""
    package = Path(__file__).resolve().parent
    installed = package / "models" / "default"
    return installed if installed.is_dir() else package.parent / "models" / "default"


def find_folder(source: str | Path | None) -> Path:
    """Return the folder of a model: the shipped one, a folder, or a Hugging Face Hub id.

    Only a source that is no folder and reads like ``owner/name`` opens the network.

    Raises:
        InputError: the source is empty, or no name at all.
        ModelError: there is no such folder, or the Hub does not give it.
    """
    if source is None:
        return default_folder()
    if source == "" or not isinstance(source, (str, PathLike)):
        found = "an empty name" if source == "" else f"a {type(source).__name__}"
        raise InputError(
            f"found {found}, expected a model folder or a Hub id 'owner/name' (None for the "
            "shipped model)"
        )
    folder = Path(source)
    try:
        if folder.exists():
            return folder
    except OSError as error:
        raise ModelError(f"{folder} cannot be read: {error.strerror or error}") from error
    if not isinstance(source, str) or not _HUB_ID.fullmatch(source):
        raise ModelError(f"{source} is no folder; expected a model folder or a Hub id 'owner/name'")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        wanted = [*REQUIRED, *WEIGHTS, "stance.json", "README.md", TRAINED_ON]
        return Path(snapshot_download(source, allow_patterns=wanted))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = reason_of(error)
        raise ModelError(f"no folder {source}, and the Hub does not give it: {reason}") from error


def sha256_of(path: Path) -> str:
    """Return the checksum of a file as ``stance.json`` writes it."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()
