"""How much memory labelling takes, of a thousand sentences and of a million, killed on the way too.

    python benchmarks/memory.py SPEECHES

SPEECHES is what training/un_text.py takes. A few of them, a tenth, all, and all several times over
are labelled, each in a process of its own; the tenth also, and the larger ones only, with a kill
half-way and `resume`. The peak is what Linux calls the high-water mark of the resident set. Writes
docs/memory.md and, beside it, a plot of the same name.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Run:
    """What labelling so many speeches took, a killed run and its resumption added up."""

    speeches: int
    sentences: int
    killed: bool
    seconds: float
    peak: float
    target: Path


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
    """Label growing numbers of speeches; return the lines of the page."""
    runs: list[Run] = []
    for count, kill in corpora(len(texts)):
        source = scratch / f"{count}.jsonl"
        write_speeches(source, texts, count)
        killed_after = runs[-1].seconds * count / runs[-1].speeches / 2 if kill else None
        runs.append(measure(source, count, killed_after))
        print(f"{count:,} speeches: {runs[-1].seconds:,.0f} s", file=sys.stderr, flush=True)
    plot(runs, PAGE.with_suffix(".svg"))
    undisturbed, killed = (
        run.target.read_bytes() for run in runs if run.speeches == len(texts) // 10
    )
    return [
        "# Memory",
        "",
        f"Speeches of the UN General Debate, {len(texts):,} of them and these over and over, from "
        "one file to one file; killed with `SIGKILL`, then resumed with `--resume`. "
        f"{describe_model(FOLDER)}; {describe_machine()}. "
        "Made by `python benchmarks/memory.py SPEECHES`.",
        "",
        "| speeches | sentences | peak memory |",
        "| --- | --- | --- |",
        *(
            f"| {run.speeches:,}{', killed half-way and resumed' if run.killed else ''} | "
            f"{run.sentences:,} | {run.peak:,.0f} MB |"
            for run in runs
        ),
        "",
        "The tenth that was killed and resumed is, byte for byte, the file of the undisturbed run: "
        f"{'yes' if undisturbed == killed else 'NO'}.",
        "",
        f"![peak memory of a run, over its sentences]({PAGE.with_suffix('.svg').name})",
    ]


def corpora(speeches: int) -> list[tuple[int, bool]]:
    """Return how many speeches to label, and whether to kill the run half-way."""
    tenth, million = speeches // 10, speeches * 49 // 10
    return [
        (speeches // 150, False),
        (tenth, False),
        (tenth, True),
        (speeches, True),
        (million, True),
    ]


def write_speeches(target: Path, texts: list[tuple[str, str]], count: int) -> None:
    """Write so many speeches, the first ones again, under other names, after the last."""
    with target.open("w", encoding="utf-8") as lines:
        for turn in range(count):
            name, text = texts[turn % len(texts)]
            lines.write(json.dumps({"id": f"{name}-{turn // len(texts)}", "text": text}) + "\n")


def measure(source: Path, speeches: int, killed_after: float | None) -> Run:
    """Label a file, killed after so many seconds and resumed, or undisturbed."""
    target = source.with_name(f"{speeches}-{killed_after is not None}-labelled.jsonl")
    pieces = []
    if killed_after is not None:
        pieces.append(label_in_child(source, target, kill_after=killed_after))
        if target.exists():
            raise SystemExit(f"{source.name} was labelled before the run could be killed")
    pieces.append(label_in_child(source, target))
    sentences = int(target.with_name("sentences.txt").read_text("utf-8"))
    return Run(
        speeches,
        sentences,
        killed_after is not None,
        sum(seconds for seconds, _ in pieces),
        max(peak for _, peak in pieces),
        target,
    )


def plot(runs: Sequence[Run], target: Path) -> None:
    """Draw the peak memory over the number of sentences."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "stance"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 3), layout="constrained")
    axes.plot([run.sentences for run in runs], [run.peak for run in runs], "o-", color="#0072b2")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("sentences (log scale)")
    axes.set_ylabel("peak memory, MB")
    figure.savefig(target, metadata={"Date": None})


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
