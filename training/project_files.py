"""Where the rows and the results lie, and how a file of rows is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
DATA = ROOT / "training" / "data"
RESULTS = ROOT / "training" / "results"


def read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSONL file."""
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)
