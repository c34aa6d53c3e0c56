"""What a file of weights claims, looked at without loading it: it must be whole in itself."""

from __future__ import annotations

import json
from pathlib import Path

from stance.errors import ModelError

__all__ = ["check_onnx", "check_safetensors"]

_MAX_HEADER_BYTES = 32 * 2**20
_BLOCK_BYTES = 2**22
# An ONNX tensor that is kept in another file names it under the key "location", which stands behind
# its own length, 8: as one byte, or drawn out to several, the last of them 0.
_EXTERNAL = (b"\x08location", b"\x00location")


def check_onnx(path: Path) -> None:
    """See that an ONNX file keeps its weights in itself.

    Weights elsewhere are not covered by the checksums, and not every version of ONNX Runtime keeps
    to the folder when it reads them. (Operators that ONNX Runtime does not bring along need no
    look: it refuses to load them.)

    Raises:
        ModelError: some weights are elsewhere.
    """
    rest = b""
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            if any(mark in rest + block for mark in _EXTERNAL):
                raise ModelError(
                    f"{path} takes weights from another file; expected all weights in itself: "
                    "fetch the model from its makers"
                )
            rest = block[-16:]


def check_safetensors(path: Path) -> None:
    """See that the header of a safetensors file describes the bytes behind it.

    Raises:
        ModelError: it is larger than the file or 32 MiB, or its tensors do not fill the file.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > min(size - 8, _MAX_HEADER_BYTES):
            raise ModelError(
                f"{path} announces a header of {length:,} bytes in a file of {size:,}; fetch the "
                "model again"
            )
        header = stream.read(length)
    try:
        tensors = json.loads(header)
        ends = [
            int(tensor["data_offsets"][1])
            for name, tensor in tensors.items()
            if name != "__metadata__"
        ]
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise ModelError(f"{path} has no safetensors header; fetch the model again") from error
    if max(ends, default=0) != size - 8 - length:
        raise ModelError(
            f"{path} describes {max(ends, default=0):,} bytes of weights and holds "
            f"{size - 8 - length:,}; fetch the model again"
        )
