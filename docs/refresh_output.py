"""Run the snippets of the pages, and write what they print into the pages.

    python docs/refresh_output.py                 # README.md and every page that shows output
    python docs/refresh_output.py docs/method.md  # one

The blocks of a page run from top to bottom in one folder, which looks like a clone of the project.
A block titled with a file's name is written there as that file. A block titled "Output" (or
"Output, first 9 lines") shows what the block before it printed. What would install something, or
needs a network or a GPU, does not run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Block", "blocks", "make_clone", "refreshed", "run", "run_python"]

ROOT = Path(__file__).resolve().parent.parent
#: A block with one of these does not run.
NOT_RUN = ("pip install", ".ci/run", "cuda", "push_to_hub", "hf auth")

_FENCE = re.compile(r'^```(\w+)(?: title="([^"]*)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_OUTPUT = re.compile(r"Output(?:, first (\d+) lines)?")
_FILE = re.compile(r"[\w/-]+\.\w+")
_SHELL = """set -euo pipefail
stance() { python -c 'from stance.cli import main; main()' "$@"; }
"""
_TEXT = "The two sides praised their fruitful partnership. The summit began at noon.\n"
_FILES = {
    "article.txt": _TEXT,
    "articles/one.txt": _TEXT,
    "table.csv": f'url,body\nhttp://a.example,"{_TEXT.strip()}"\n',
    "gold.jsonl": '{"text": "They met as partners.", "frames": {"cooperation": "favor"}}\n',
}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, its title, its content, and where that stands."""

    language: str
    title: str
    content: str
    start: int

    @property
    def runs(self) -> bool:
        """Whether it is a snippet that can be run anywhere."""
        snippet = self.language in ("sh", "python") and not self.title
        return snippet and not any(phrase in self.content for phrase in NOT_RUN)

    @property
    def shows_output(self) -> bool:
        """Whether it shows what the block before it printed."""
        return _OUTPUT.fullmatch(self.title) is not None


def blocks(page: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    for found in _FENCE.finditer(page):
        yield Block(found[1], found[2] or "", found[3], found.start(3))


def make_clone(folder: Path) -> None:
    """Make a folder look like a clone of the project, with an article and a table beside it."""
    (folder / "docs" / "notebooks").mkdir(parents=True)
    (folder / "seeds").symlink_to(ROOT / "seeds")
    (folder / "docs" / "examples").symlink_to(ROOT / "docs" / "examples")
    for name, content in _FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")


def run(block: Block, folder: Path) -> str:
    """Run a snippet, or write a file; return what is printed.

    Raises:
        RuntimeError: the snippet failed; the message holds it and what it printed.
    """
    if _FILE.fullmatch(block.title):
        (folder / block.title).parent.mkdir(parents=True, exist_ok=True)
        (folder / block.title).write_text(block.content, encoding="utf-8")
    if not block.runs:
        return ""
    if block.language == "python":
        return run_python(block.content, folder)
    return _run(["bash", "-c", _SHELL + block.content], folder)


def run_python(code: str, folder: Path) -> str:
    """Run Python code with warnings as errors; return what it prints."""
    return _run([sys.executable, "-W", "error", "-c", code], folder)


def refreshed(page: str, folder: Path) -> str:
    """Return a page with the output of its snippets, which run in ``folder``."""
    pieces, end, printed = [], 0, ""
    for block in blocks(page):
        if not block.shows_output:
            printed = run(block, folder)
            continue
        lines = _OUTPUT.fullmatch(block.title)[1]
        shown = printed.rstrip().splitlines()[: int(lines) if lines else None]
        pieces += [page[end : block.start], *(f"{line.rstrip()}\n" for line in shown)]
        end = block.start + len(block.content)
    return "".join([*pieces, page[end:]])


def _run(command: list[str], folder: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # One thread a product: as fast on so few rows, and calm on a busy machine.
    own = {"PATH": path, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHONUNBUFFERED": "1"}
    done = subprocess.run(  # noqa: S603  (the project's own pages)
        command,
        cwd=folder,
        env=os.environ | own | {"HF_HUB_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
        timeout=1800,
    )
    if done.returncode:
        raise RuntimeError(f"exit code {done.returncode} of:\n{command[-1]}\n{done.stdout}")
    return done.stdout.replace(f"{ROOT}/", "").replace(f"{folder}/", "")


def main() -> None:
    """Refresh the pages named on the command line, or README.md and all that show output."""
    named = [Path(name) for name in sys.argv[1:]]
    for page in named or [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        if not any(block.shows_output for block in blocks(text)):
            continue
        with tempfile.TemporaryDirectory() as folder:
            make_clone(Path(folder))
            try:
                page.write_text(refreshed(text, Path(folder)), encoding="utf-8")
            except RuntimeError as error:
                sys.exit(f"{page}: {error}")
        sys.stdout.write(f"{page}\n")


if __name__ == "__main__":
    main()
