"""The PyTorch backend: the reference on the CPU, and the fast path on a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.backends.base import Batch
from stance.errors import InputError, MissingExtraError, ModelError

__all__ = ["TorchBackend"]


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
            from transformers import AutoModelForSequenceClassification
        except ModuleNotFoundError as error:
            raise MissingExtraError("the torch backend", extra="train") from error
        if device.startswith("cuda") and not torch.cuda.is_available():
            raise InputError("no CUDA device was found; use --device cpu, or install a CUDA torch")
        if threads is not None:
            torch.set_num_threads(threads)
        on_cpu = device == "cpu"
        try:
            model = AutoModelForSequenceClassification.from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.float32 if on_cpu else torch.bfloat16,
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ModelError(f"transformers cannot load {folder}: {reason}") from error
        self._torch: Any = torch
        self._model: Any = model.to(device).eval()
        self._device = device
        self.batch_tokens = 1024 if on_cpu else 65_536

    def logits(self, batches: Sequence[Batch]) -> list[NDArray[np.float32]]:
        """Return one float32 array of shape (rows, outputs) a batch, in order."""
        if self._model is None:
            raise ModelError("this model is closed; load it again with stance.load()")
        with self._torch.inference_mode():
            return [self._run(batch) for batch in batches]

    def close(self) -> None:
        """Release the model's memory."""
        self._model = None

    def _run(self, batch: Batch) -> NDArray[np.float32]:
        output = self._model(
            input_ids=self._torch.from_numpy(batch.input_ids).to(self._device),
            attention_mask=self._torch.from_numpy(batch.attention_mask).to(self._device),
        )
        logits: NDArray[np.float32] = output.logits.float().cpu().numpy()
        return logits
