"""How much memory labelling takes, of a few speeches and of thousands, killed on the way and not.

    python benchmarks/memory.py SPEECHES

SPEECHES is what training/un_text.py takes. A hundredth, a tenth and the whole of them are labelled,
each in a process of its own; a tenth and the whole also with a kill half-way and `resume`. The peak
is what Linux calls the high-water mark of the resident set. Writes docs/memory.md.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import describe_machine, describe_model

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "models" / "default"
PAGE = ROOT / "docs" / "memory.md"
LOOK_SECONDS = 0.2
LABEL = (
    "import stance, sys;"
    "r = stance.label_files([sys.argv[1]], sys.argv[2], id_column='id', resume=True);"
    "print(r.sentences, file=open(sys.argv[3], 'w'))"
)


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("speeches", type=Path)
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT / "training"))
    from un_text import read_speeches

    texts = list(read_speeches(arguments.speeches).items())
    with tempfile.TemporaryDirectory() as scratch:
        lines = report(texts, Path(scratch))
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def report(texts: list[tuple[str, str]], scratch: Path) -> list[str]:
    """Label growing shares of the speeches; return the lines of the page."""
    lines = [
        "# Memory",
        "",
        "Whole speeches of the UN General Debate, from one file to one file; killed with "
        "`SIGKILL`, then resumed with `--resume`. "
        f"{describe_model(FOLDER)}; {describe_machine()}. "
        "Made by `python benchmarks/memory.py SPEECHES`.",
        "",
        "| speeches | sentences | peak memory |",
        "| --- | --- | --- |",
    ]
    files: list[Path] = []
    seconds = 0.0
    for share, kill in ((100, False), (10, False), (10, True), (1, True)):
        count = len(texts) // share
        source, target = scratch / f"{count}.jsonl", scratch / f"{count}-{kill}-labelled.jsonl"
        rows = (json.dumps({"id": name, "text": text}) for name, text in texts[:count])
        source.write_text("\n".join(rows) + "\n", encoding="utf-8")
        half = seconds * 10 / share / 2
        runs = [label_in_child(source, target, kill_after=half)] if kill else []
        if target.exists():
            raise SystemExit(f"{count} speeches were labelled before the run could be killed")
        runs.append(label_in_child(source, target))
        seconds = seconds if kill else runs[0][0]
        what = f"{count:,}, killed half-way and resumed" if kill else f"{count:,}"
        sentences = int((scratch / "sentences.txt").read_text("utf-8"))
        lines.append(f"| {what} | {sentences:,} | {max(peak for _, peak in runs):,.0f} MB |")
        files.append(target)
    same = files[1].read_bytes() == files[2].read_bytes()
    return [
        *lines,
        "",
        "The tenth that was killed and resumed is, byte for byte, the file of the undisturbed run: "
        f"{'yes' if same else 'NO'}.",
    ]


def label_in_child(
    source: Path, target: Path, *, kill_after: float | None = None
) -> tuple[float, float]:
    """Label in a fresh process; return its seconds and its peak memory in MB."""
    said = str(target.with_name("sentences.txt"))
    command = [sys.executable, "-c", LABEL, str(source), str(target), said]
    started, peak = time.perf_counter(), 0.0
    with subprocess.Popen(command) as child:
        while child.poll() is None:
            # Not from getrusage, where a child begins with the peak of its parent.
            peak = max(peak, high_water(child.pid))
            time.sleep(LOOK_SECONDS)
            if kill_after is not None and time.perf_counter() - started > kill_after:
                child.kill()
    if child.returncode and kill_after is None:
        raise SystemExit(f"labelling {source.name} failed")
    return time.perf_counter() - started, peak


def high_water(process: int) -> float:
    """Return the most memory that a process has had resident so far, in MB; 0 if it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    main()
