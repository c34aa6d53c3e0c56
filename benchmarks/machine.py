"""What a benchmark says of its machine and model, and of the work that it gave them."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path

#: Instruction sets that decide how fast products are, the names of /proc/cpuinfo first.
_INSTRUCTIONS = {
    "amx_int8": "AMX",
    "avx512_vnni": "AVX-512 VNNI",
    "avx_vnni": "AVX-VNNI",
    "avx512f": "AVX-512",
    "avx2": "AVX2",
}


def describe_machine() -> str:
    """Return its processors, their instructions for products, and the Python."""
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        flags = set()
    found = [name for flag, name in _INSTRUCTIONS.items() if flag in flags]
    kind = ", ".join([platform.machine(), *found])
    return f"{os.cpu_count()} processors ({kind}), Python {platform.python_version()}"


def describe_model(folder: Path) -> str:
    """Return the name and version of the model that was measured."""
    said = json.loads((folder / "stance.json").read_text("utf-8"))
    return f"{said['name']} {said['version']}"


def operations_of(config: Mapping[str, int], tokens: float) -> float:
    """Return the operations in the encoder's matrix products of a sentence of so many tokens.

    The last layer works on the first token only (``stance.backends.first_token``).
    """
    width, inner = config["hidden_size"], config["intermediate_size"]
    layer = 2 * (4 * width * width + 2 * width * inner)
    return layer * ((config["num_hidden_layers"] - 1) * tokens + 1)
