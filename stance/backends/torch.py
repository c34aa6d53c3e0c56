"""The PyTorch backend: the reference on the CPU, and the fast path on a GPU."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.ahead import while_wanted
from stance.backends.base import Batch
from stance.errors import InputError, MissingExtraError, ModelError, reason_of
from stance.untrusted import read_object

__all__ = [
    "TorchBackend",
    "leave_threads_of_parent",
    "load_encoder",
    "no_network",
    "quiet_transformers",
    "require_text_model",
]

# That which loaded this module: what uses torch here loads it first.
_PROCESS = os.getpid()
# How transformers spoke before, once for each that keeps it quiet now: threads may load at once.
_BEFORE: list[tuple[int, bool]] = []
_QUIET_LOCK = Lock()
# Whether this thread loads a folder, and how many do.
_LOADING: ContextVar[bool] = ContextVar("_LOADING", default=False)
_LOADERS: list[bool] = []
_NETWORK_LOCK = Lock()


class TorchBackend:
    """Runs the ``model.safetensors`` of a folder with transformers.

    Args:
        folder: a checked model folder. Nothing but its ``config.json`` and safetensors is read, no
            code of its own is run, and the network is not touched.
        device: ``cpu`` (float32) or ``cuda``, ``cuda:1``, ... (bfloat16).
        threads: PyTorch's threads on the CPU; its own choice by default.

    Raises:
        MissingExtraError: torch or transformers is not installed.
        InputError: the device is not there.
        ModelError: transformers cannot build the model.
    """

    name = "torch"

    def __init__(self, folder: Path, *, device: str = "cpu", threads: int | None = None) -> None:
        try:
            import torch
            import transformers  # noqa: F401
        except ModuleNotFoundError as error:
            raise MissingExtraError("the torch backend", extra="train") from error
        if threads is not None:
            torch.set_num_threads(threads)
        on_cpu = device == "cpu"
        dtype = torch.float32 if on_cpu else torch.bfloat16
        self._torch: Any = torch
        self._model: Any = load_encoder(folder, device=device, dtype=dtype)
        self.device = device
        self.batch_tokens = 1024 if on_cpu else 65_536

    def logits(self, batches: Sequence[Batch]) -> list[NDArray[np.float32]]:
        """Return one float32 array of shape (rows, outputs) a batch, in order.

        Raises:
            ModelError: the model is closed, or its weights cannot run a batch.
        """
        model = self._model  # Another thread may close it in the middle.
        if model is None:
            raise ModelError("this model is closed; load it again with stance.load()")
        leave_threads_of_parent()
        run = while_wanted(partial(self._run, model))
        with self._torch.inference_mode():
            return [run(batch) for batch in batches]

    def close(self) -> None:
        """Release the model's memory."""
        self._model = None

    def _run(self, model: Any, batch: Batch) -> NDArray[np.float32]:
        try:
            output = model(
                input_ids=self._torch.from_numpy(batch.input_ids).to(self.device),
                attention_mask=self._torch.from_numpy(batch.attention_mask).to(self.device),
            )
        except (IndexError, RuntimeError) as error:
            reason = reason_of(error)
            raise ModelError(f"the weights cannot run a batch: {reason}") from error
        logits: NDArray[np.float32] = output.logits.float().cpu().numpy()
        return logits


def leave_threads_of_parent() -> None:
    """Compute on one thread where this process was forked from one that may have used torch.

    The threads of torch stay behind in the parent, and it would wait for them for good.
    """
    import torch

    if os.getpid() != _PROCESS:
        torch.set_num_threads(1)


def load_encoder(folder: Path, *, device: str, dtype: Any) -> Any:
    """Load a folder's ``config.json`` and safetensors, in evaluation mode: a torch module.

    Args:
        folder: a checked model folder.
        device: where to.
        dtype: the torch type of its weights.

    Raises:
        InputError: the device is not there.
        ModelError: transformers cannot build the model.
    """
    import torch
    from transformers import AutoModelForSequenceClassification

    from stance.backends.first_token import narrow_last_layer

    if device.startswith("cuda") and not torch.cuda.is_available():
        raise InputError("no CUDA device was found; use --device cpu, or install a CUDA torch")
    if not (folder / "model.safetensors").is_file():
        raise ModelError(f"{folder} has no model.safetensors; use --backend onnx")
    require_text_model(folder)
    try:
        with quiet_transformers(), no_network():
            model, found = AutoModelForSequenceClassification.from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=dtype,
                output_loading_info=True,
            )
    except Exception as error:  # whatever it meets in files that somebody else wrote
        reason = reason_of(error)
        raise ModelError(f"transformers cannot load {folder}: {reason}") from error
    if missing := sorted(found["missing_keys"]):
        raise ModelError(
            f"{folder}/model.safetensors lacks {missing[0]!r}, which config.json asks for; fetch "
            "the model again"
        )
    narrow_last_layer(model)
    try:
        return model.to(device).eval()
    except RuntimeError as error:  # no such GPU, or no room on it
        raise InputError(f"the device {device} cannot be used: {reason_of(error)}") from error


def require_text_model(folder: Path) -> None:
    """See that a folder holds a model of texts, before transformers builds its settings.

    Those of models for images and sounds may name further models, and some look for these on the
    Hub. (Some that it knows for texts read images too; ``check_settings`` and ``no_network`` stand
    before these.)

    Raises:
        ModelError: transformers knows no classifier of texts of its kind.
    """
    from transformers import CONFIG_MAPPING, MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING

    kind = read_object(folder / "config.json").get("model_type")
    settings: Any = CONFIG_MAPPING
    known = isinstance(kind, str) and kind in settings
    if kind is None:
        raise ModelError(
            f"{folder} is no model that transformers can load: config.json has no model_type; "
            "fetch the model again"
        )
    if not known or settings[kind] not in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING:
        raise ModelError(
            f"{folder} is no model that transformers can load to classify texts: config.json has "
            f"the model_type {kind!r:.40}; take one such as bert or deberta-v2, or upgrade "
            "transformers"
        )


class _Offline:
    """Stands for the Hub's own switch while folders are loaded: on for the threads that do."""

    def __init__(self, before: object) -> None:
        self.before = before

    def __bool__(self) -> bool:
        return bool(self.before) or _LOADING.get()


@contextmanager
def no_network() -> Iterator[None]:
    """Keep this thread from the Hub, whatever a folder asks for; others may go on to fetch."""
    from huggingface_hub import constants

    theirs: Any = constants
    with _NETWORK_LOCK:
        _LOADERS.append(True)
        if not isinstance(theirs.HF_HUB_OFFLINE, _Offline):
            theirs.HF_HUB_OFFLINE = _Offline(theirs.HF_HUB_OFFLINE)
    token = _LOADING.set(True)
    try:
        yield
    finally:
        _LOADING.reset(token)
        with _NETWORK_LOCK:
            _LOADERS.pop()
            if not _LOADERS and isinstance(theirs.HF_HUB_OFFLINE, _Offline):
                theirs.HF_HUB_OFFLINE = theirs.HF_HUB_OFFLINE.before


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers' own bars and notes from the terminal, until all who asked are done."""
    from transformers.utils import logging as transformers_logging

    theirs: Any = transformers_logging
    with _QUIET_LOCK:
        now = theirs.get_verbosity(), theirs.is_progress_bar_enabled()
        _BEFORE.append(_BEFORE[0] if _BEFORE else now)
        theirs.set_verbosity_error()
        theirs.disable_progress_bar()
    try:
        yield
    finally:
        with _QUIET_LOCK:
            verbosity, bars = _BEFORE.pop()
            if not _BEFORE:
                theirs.set_verbosity(verbosity)
                if bars:
                    theirs.enable_progress_bar()
