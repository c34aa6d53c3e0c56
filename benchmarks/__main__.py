"""Speed, the machine's ceiling, cold start and memory, one after the other; an idle machine helps.

    python benchmarks SPEECHES

SPEECHES is what training/un_text.py takes. Runs speed.py and memory.py, which write
docs/benchmarks.md and docs/memory.md with their plots.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Run both; one that fails ends the run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("speeches", type=Path)
    speeches = parser.parse_args().speeches
    for words in (["speed.py"], ["memory.py", str(speeches)]):
        done = subprocess.run([sys.executable, str(HERE / words[0]), *words[1:]], check=False)
        if done.returncode:
            raise SystemExit(f"{words[0]} failed")


if __name__ == "__main__":
    main()
