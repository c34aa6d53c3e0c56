"""What a training starts from: the shipped model, a model folder, or an encoder of transformers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.backends.torch import no_network, require_text_model
from stance.backends.weights import check_safetensors
from stance.codebook import Codebook
from stance.decision import Decision
from stance.errors import InputError, MissingExtraError, ModelError, reason_of
from stance.finetuning.pooling import POOLING_FILE
from stance.store import ModelFolder, default_folder, find_folder, sha256_of
from stance.tokenizer_checks import PROBE, check_tokenizer, tokenizing
from stance.untrusted import check_settings, is_panic, read_object, stays_inside

__all__ = ["USUAL_LENGTH", "Base", "TokenCounts", "count_tokens", "open_base"]

#: In tokens: sentences that are longer are rare.
USUAL_LENGTH = 128

# So many rows tell how long the texts of any number are.
_COUNTED_ROWS = 3_000
# So many characters are more tokens than an encoder reads, of whatever script.
_COUNTED_CHARACTERS = 4_000
# Encoders of the RoBERTa family number their positions from 2.
_RESERVED_POSITIONS = 2
# What is read of an encoder beside its weights: settings, and whatever its tokenizer is kept in.
_SETTINGS = ("*.json", "*.model", "vocab.txt", "merges.txt")
# The weights, or what says which of several files holds them and how these are called. transformers
# takes the first that is there.
_WEIGHTS = {
    "model.safetensors": None,
    "model.safetensors.index.json": "*.safetensors",
    "pytorch_model.bin": None,
    "pytorch_model.bin.index.json": "pytorch_model*.bin",
}
# The codes of two letters of ISO 639. The splitter of sentences knows most languages by these alone
# (de, not deu), and takes English for what it does not know, so that a slip would not be seen.
_LANGUAGE = re.compile(
    "a[abefkmnrsvyz]|b[aegimnors]|c[aehorsuvy]|d[aevz]|e[elnostu]|f[afijory]|g[adlnuv]"
    "|h[aeiortuyz]|i[adegikostu]|j[av]|k[agijklmnorsuvwy]|l[abginotuv]|m[ghiklnrsty]"
    "|n[abdeglnorvy]|o[cjmrs]|p[ailst]|q[u]|r[mnouw]|s[acdeghiklmnoqrstuvw]|t[aeghiklnorstwy]"
    "|u[gkrz]|v[eio]|w[ao]|x[h]|y[io]|z[ahu]"
)


@dataclass(frozen=True)
class Base:
    """A base model.

    Attributes:
        path: its folder, on this machine.
        name: for people.
        hub_id: its id on the Hub, where it came from there.
        folder: what ``stance.json`` says of it; None for an encoder that stance did not make.
        hidden_size: width of the encoder.
        layers: its number of layers.
        max_length: tokens that it reads at once.
        language: of the texts to be labelled: ISO 639 code, or empty where that is not known.
    """

    path: Path
    name: str
    hub_id: str | None
    folder: ModelFolder | None
    hidden_size: int
    layers: int
    max_length: int
    language: str

    @property
    def codebook(self) -> Codebook | None:
        """The frames that it knows."""
        return None if self.folder is None else self.folder.codebook

    @property
    def decision(self) -> Decision | None:
        """Its calibration and thresholds."""
        return None if self.folder is None else self.folder.decision

    @property
    def weights(self) -> list[Path]:
        """The files of its weights, as transformers takes them."""
        return _weight_files(self.path)

    def checksums(self) -> dict[str, dict[str, Any]]:
        """Return by what the same base is known again: its card and the like may change.

        Raises:
            ModelError: a file cannot be read.
        """
        if self.folder is not None:  # It was held against them as it was opened.
            return {name: dict(entry) for name, entry in self.folder.files.items()}
        settings = [file for pattern in _SETTINGS for file in self.path.glob(pattern)]
        files = filter(Path.is_file, sorted([*settings, *self.weights]))
        try:
            return {file.name: {"sha256": sha256_of(file)} for file in files}
        except OSError as error:
            raise ModelError(f"{self.path} cannot be read: {error.strerror or error}") from error


@dataclass(frozen=True)
class TokenCounts:
    """What a base makes of some texts.

    Attributes:
        rows: int array of shape (m,), the positions of the texts that were counted.
        tokens: int array of shape (m,), how many each text has, with those at its two ends.
        unknown: share of the tokens within the texts for which the base has no piece, 0 to 1.
    """

    rows: NDArray[np.int64]
    tokens: NDArray[np.int64]
    unknown: float


def count_tokens(base: Base, texts: Sequence[str]) -> TokenCounts:
    """Count the tokens of texts; of more than 3,000, those of so many, always the same ones.

    Raises:
        ModelError: the tokenizer cannot be loaded.
    """
    found = _load_tokenizer(base.path)
    rows = np.arange(len(texts))
    if len(texts) > _COUNTED_ROWS:
        rows = np.sort(np.random.default_rng(0).permutation(len(texts))[:_COUNTED_ROWS])
    # One by one: a batch would be split among threads, and warn of processes started after it.
    plain = found.backend_tokenizer
    plain.no_truncation()
    plain.no_padding()
    with tokenizing(base.path):
        ids = [
            plain.encode(texts[row][:_COUNTED_CHARACTERS], add_special_tokens=False).ids
            for row in rows.tolist()
        ]
    lengths = np.array([len(those) for those in ids], dtype=np.int64)
    unknown = sum(those.count(found.unk_token_id) for those in ids)
    return TokenCounts(
        rows=rows,
        tokens=lengths + found.num_special_tokens_to_add(),
        unknown=unknown / max(1, int(lengths.sum())),
    )


def open_base(source: str | Path | None, *, language: str | None = None) -> Base:
    """Find and check a base.

    Args:
        source: None for the shipped model; a model folder; or the folder or Hub id of an encoder.
        language: of the texts to be labelled; by default what the base says.

    Raises:
        InputError: the language is no code of two letters of ISO 639.
        ModelError: it is not there, is no model that transformers knows, or asks to run code.
        MissingExtraError: the extra ``train`` is not installed.
    """
    if language is not None and not _LANGUAGE.fullmatch(language):
        raise InputError(
            f"language is {language!r:.40}; expected a code of two letters of ISO 639, such as de "
            "for German"
        )
    if source is None and not default_folder().is_dir():
        raise ModelError(
            "the shipped model is not part of this installation; name a base, such as a folder or "
            "the Hub id microsoft/deberta-v3-base"
        )
    hub_id = source if isinstance(source, str) and not Path(source).exists() else None
    path = find_folder(source) if hub_id is None else _from_hub(hub_id)
    folder = None
    if (path / "stance.json").is_file():
        folder = ModelFolder.read(path)
        folder.verify()
    _check_files(path)
    config = _read_config(path)
    _load_tokenizer(path)  # A base without a fast one is refused before anything is done.
    positions = int(getattr(config, "max_position_embeddings", None) or 0)
    return Base(
        path=path,
        name=hub_id or (folder.name if folder else path.resolve().name),
        hub_id=hub_id,
        folder=folder,
        hidden_size=int(getattr(config, "hidden_size", 768)),
        layers=int(getattr(config, "num_hidden_layers", 12)),
        max_length=folder.max_length if folder else _max_length(positions),
        language=language or (folder.language if folder else ""),
    )


def _max_length(positions: int) -> int:
    """Return how many tokens an encoder of so many positions reads at once.

    Encoders of relative positions have none to be counted, or -1 (XLNet).
    """
    return max(8, (positions if positions > 0 else 512) - _RESERVED_POSITIONS)


def _from_hub(source: str) -> Path:
    """Fetch what an encoder needs: it may have a vocabulary where stance has ``tokenizer.json``."""
    found = find_folder(source)
    if (found / "stance.json").is_file():
        return found
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    safe = (found / "model.safetensors").is_file()
    wanted = [*_SETTINGS, "*.safetensors" if safe else "pytorch_model.bin"]
    try:
        # The one file of a subfolder that is read, which no pattern spares from "*/*": without it
        # a sentence encoder of the Hub would be trained otherwise than the same one in a folder.
        snapshot_download(source, allow_patterns=[POOLING_FILE])
        return Path(snapshot_download(source, allow_patterns=wanted, ignore_patterns=["*/*"]))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = reason_of(error)
        raise ModelError(f"the Hub does not give {source}: {reason}") from error


def _check_files(path: Path) -> None:
    """See that a folder keeps to itself, and asks for nothing that an encoder has no need of."""
    weights = _weight_files(path)
    settings = [file for pattern in (*_SETTINGS, "*.jinja") for file in path.glob(pattern)]
    try:
        for file in sorted({*settings, *weights, path / POOLING_FILE}):
            if not file.name.startswith(".") and not stays_inside(file, path):
                raise ModelError(
                    f"{file} is a link to a file outside its own folder; copy the folder with what "
                    f"its links stand for (cp -rL {path} COPY), and name the copy"
                )
        for file in weights:
            if file.suffix == ".safetensors":
                check_safetensors(file)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    if not (path / "config.json").exists():
        raise _no_model(path, "it has no config.json")
    check_settings(path)
    if (path / "tokenizer.json").exists():
        check_tokenizer(path / "tokenizer.json")


def _weight_files(path: Path) -> list[Path]:
    """Return the files of weights that transformers will read."""
    for name, pattern in _WEIGHTS.items():
        if not (path / name).exists():
            continue
        if pattern is None:
            return [path / name]
        return [path / part for part in _parts_of(path / name, pattern)]
    return []


def _parts_of(index: Path, pattern: str) -> list[str]:
    parts = read_object(index).get("weight_map")
    if not isinstance(parts, dict):
        raise ModelError(f"{index} has no weight_map; fetch the base again")
    names = sorted(set(map(str, parts.values())))
    for name in names:
        if Path(name).name != name or not fnmatchcase(name, pattern):
            raise ModelError(
                f"{index} takes weights from {name[:80]!r}; expected files beside it that are "
                f"called {pattern}: fetch the base again"
            )
    return names


def _read_config(path: Path) -> Any:
    try:
        from transformers import AutoConfig
    except ModuleNotFoundError as error:
        raise MissingExtraError("training", extra="train") from error
    require_text_model(path)
    try:
        with no_network():
            return AutoConfig.from_pretrained(path, trust_remote_code=False, local_files_only=True)
    except Exception as error:  # whatever it meets in files that somebody else wrote
        raise _no_model(path, reason_of(error)) from error


def _load_tokenizer(path: Path) -> Any:
    from transformers import AutoTokenizer

    try:
        with no_network():
            tokenizer = AutoTokenizer.from_pretrained(
                path, trust_remote_code=False, local_files_only=True, use_fast=True
            )
    except BaseException as error:  # whatever it meets in files that somebody else wrote
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        raise _no_model(path, reason_of(Exception(str(error)))) from error
    if not tokenizer.is_fast:
        raise ModelError(
            f"{path} has no fast tokenizer (tokenizer.json); choose a base that has one"
        )
    if tokenizer.pad_token_id is None:
        raise ModelError(
            f"{path} has a tokenizer without a padding token; choose an encoder such as BERT, or "
            "name one in its tokenizer_config.json (pad_token)"
        )
    with tokenizing(path):
        tokenizer.backend_tokenizer.encode(PROBE)
    return tokenizer


def _no_model(path: Path, reason: str) -> ModelError:
    return ModelError(
        f"{path} is no model that transformers can load: {reason}; expected a folder with "
        "config.json, model.safetensors and a tokenizer"
    )
