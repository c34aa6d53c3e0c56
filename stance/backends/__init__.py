"""The runtimes that can run the encoder, each imported only where it is chosen."""

from __future__ import annotations

from pathlib import Path

from stance.backends.base import Backend, Batch
from stance.errors import InputError

__all__ = ["BACKENDS", "Backend", "Batch", "choose_backend", "open_backend", "runtime_of"]

BACKENDS = ("auto", "onnx", "torch")


def open_backend(
    folder: Path,
    *,
    backend: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
) -> Backend:
    """Open the encoder of a checked model folder.

    Raises:
        InputError: as ``choose_backend``.
    """
    chosen = choose_backend(folder, backend=backend, device=device)
    if chosen == "torch":
        from stance.backends.torch import TorchBackend

        return TorchBackend(folder, device=device, threads=threads)
    from stance.backends.onnx import OnnxBackend

    return OnnxBackend(folder / "model.onnx", threads=threads)


def choose_backend(folder: Path, *, backend: str, device: str) -> str:
    """Return ``onnx`` or ``torch``.

    ``auto`` takes torch for a GPU or where the folder has no ONNX file, and onnx otherwise.

    Raises:
        InputError: an unknown backend or device, or a backend that cannot serve the device.
    """
    if backend not in BACKENDS:
        raise InputError(f"unknown backend {backend!r}; expected one of {', '.join(BACKENDS)}")
    if not isinstance(device, str) or (device != "cpu" and not device.startswith("cuda")):
        raise InputError(f"unknown device {device!r}; expected cpu or cuda")
    has_onnx = (folder / "model.onnx").is_file()
    if backend == "auto":
        return "onnx" if device == "cpu" and has_onnx else "torch"
    if backend == "onnx" and device != "cpu":
        raise InputError("the onnx backend runs on the CPU; use --backend torch with --device cuda")
    if backend == "onnx" and not has_onnx:
        raise InputError(f"{folder} has no model.onnx; use --backend torch")
    return backend


def runtime_of(backend: str, device: str) -> str:
    """Name what runs a model, as far as it tells in the rows: two GPUs are alike.

    >>> runtime_of("torch", "cuda:1")
    'torch (cuda)'
    """
    return f"{backend} ({device.partition(':')[0]})"
