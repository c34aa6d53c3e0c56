"""The runtimes that can run the encoder, each imported only where it is chosen."""

from __future__ import annotations

from pathlib import Path

from stance.backends.base import Backend, Batch
from stance.errors import InputError

__all__ = ["BACKENDS", "Backend", "Batch", "open_backend", "runtime_of"]

BACKENDS = ("auto", "onnx", "torch")


def open_backend(
    folder: Path,
    *,
    backend: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
) -> Backend:
    """Open the encoder of a checked model folder.

    ``auto`` takes torch for a GPU or where the folder has no ONNX file, and onnx otherwise.

    Raises:
        InputError: an unknown backend or device, or a backend that cannot serve the device.
    """
    if backend not in BACKENDS:
        raise InputError(f"unknown backend {backend!r}; expected one of {', '.join(BACKENDS)}")
    if device != "cpu" and not device.startswith("cuda"):
        raise InputError(f"unknown device {device!r}; expected cpu or cuda")
    if threads is not None and threads < 1:
        raise InputError(f"threads is {threads}; expected 1 or more")
    onnx_file = folder / "model.onnx"
    if backend == "auto":
        backend = "onnx" if device == "cpu" and onnx_file.is_file() else "torch"
    if backend == "torch":
        from stance.backends.torch import TorchBackend

        return TorchBackend(folder, device=device, threads=threads)
    if device != "cpu":
        raise InputError("the onnx backend runs on the CPU; use --backend torch with --device cuda")
    if not onnx_file.is_file():
        raise InputError(f"{folder} has no model.onnx; use --backend torch")
    from stance.backends.onnx import OnnxBackend

    return OnnxBackend(onnx_file, threads=threads)


def runtime_of(backend: str, device: str) -> str:
    """Name what runs a model, as far as it tells in the rows: two GPUs are alike.

    >>> runtime_of("torch", "cuda:1")
    'torch (cuda)'
    """
    return f"{backend} ({device.partition(':')[0]})"
