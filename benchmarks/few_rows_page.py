"""The page on few rows, from the results of few_rows.py."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

KNOWN = ("8", "16", "64", "500")
#: Sizes of other frames than the shipped model's → rows to train on.
OTHER = {"climate": 192, "easy": 180}
TEST_ROWS = 1_500
NAMES = {
    "stance": "this project",
    "setfit": "SetFit",
    "shipped": "this project, from the shipped model",
}

Row = dict[str, Any]


def page(results: Sequence[Row]) -> list[str]:
    """Return the lines of the page."""
    return [
        "# Few rows",
        "",
        "How much few labelled rows teach a raw sentence encoder, all-MiniLM-L6-v2: this project "
        f"with its defaults{against_setfit(results)}.",
        "",
        *table(results, KNOWN),
        "",
        "## Frames that the shipped model does not know",
        "",
        "Four frames on climate policy (responsibility, cost, urgency, technology), and two of an "
        "easy set. What is not said to start from the shipped model starts from the raw encoder.",
        "",
        *table(results, OTHER),
        "",
        *method_lines(results),
    ]


def table(results: Sequence[Row], sizes: Iterable[str]) -> list[str]:
    """Return the table of some sizes: a line for every contestant that was run at one."""
    runs: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in results:
        runs[row["rows"], row["contestant"]].append(row)
    return [
        "| rows to train on | | frames macro-F1: mean (lowest to highest) | average precision "
        "| seeds | minutes |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            line(size, name, runs[size, name])
            for size in sizes
            for name in NAMES
            if runs[size, name]
        ),
    ]


def against_setfit(results: Sequence[Row]) -> str:
    """Say how SetFit was run, or that it was not."""
    if not any(run["contestant"] == "setfit" for run in results):
        return " (not yet beside SetFit, which the same command runs where it is installed)"
    return (
        " against SetFit (Tunstall et al. 2022, Efficient Few-Shot Learning Without Prompts) with "
        "its own, one-vs-rest over the frames, on the same rows"
    )


def line(size: str, name: str, runs: Sequence[Row]) -> str:
    """Return a line of the table."""
    trained = range_of([run["trained"] for run in runs], "{:.0f}")
    what = (
        f"{trained}, {size}"
        if size in OTHER
        else f"{size} drawn at random"
        if size == "500"
        else f"{size} a frame, {size} without ({trained})"
    )
    minutes = statistics.mean(run["minutes"] for run in runs)
    precision = statistics.mean(run["average_precision"] for run in runs)
    return (
        f"| {what} | {NAMES[name]} | {spread(runs)} | {precision:.3f} | {len(runs)} "
        f"| {minutes:.1f} |"
    )


def method_lines(results: Sequence[Row]) -> list[str]:
    """Say what was measured, and where it falls short."""
    ours = [run for run in results if run["contestant"] != "setfit"]
    lines = [
        "## What was measured",
        "",
        f"Rows of `training/data/authored`, `benchmarks/data/climate_frames.jsonl` and "
        "`benchmarks/data/easy_frames.jsonl`, which a language model wrote and labelled. Tested on "
        f"are {TEST_ROWS:,} authored rows, or all others of the smaller files, of other documents "
        "than the training rows', drawn anew for every seed. The defaults were chosen on passages "
        "that are in neither, those for other frames on `benchmarks/data/asylum_frames.jsonl`. The "
        "minutes are those of the whole training; this project's hold the trainings behind its "
        "held-out figures, calibration and thresholds too, of which SetFit has none. "
        f"{setting(results)}.",
        *gap_lines(ours),
        *cut_lines(results),
    ]
    plans = {(run["rows"], run["contestant"]): run["plan"] for run in ours}
    lines += ["", "What this project chose:", ""]
    lines += [
        f"- {size}{', from the shipped model' if name == 'shipped' else ''}: {plan}"
        for (size, name), plan in plans.items()
    ]
    return [*lines, "", "Made by `python benchmarks/few_rows.py`."]


def setting(results: Sequence[Row]) -> str:
    """Say on which processors and with which versions the runs were made, where recorded."""
    processors = range_of([run["processors"] for run in results], "{:.0f}")
    machines = sorted({run["machine"] for run in results if "machine" in run})
    pythons = sorted({f"Python {run['python']}" for run in results if "python" in run})
    packages = sorted({f"{name} {v}" for run in results for name, v in run["versions"].items()})
    kind = f" ({', '.join(machines)})" if machines else ""
    return ", ".join([f"{processors} processors{kind}", *pythons, *packages])


def gap_lines(ours: Sequence[Row]) -> list[str]:
    """Say how far the held-out figures of the runs were from those on the rows tested on."""
    gaps = [run["held_out_macro_f1"] - run["macro_f1"] for run in ours]
    if not gaps:
        return []
    return [
        "",
        "What a run of this project says of itself, from rows held out, is off by "
        f"{statistics.mean(gaps):+.3f} on average ({min(gaps):+.3f} to {max(gaps):+.3f}) "
        "against the rows tested on.",
    ]


def cut_lines(results: Sequence[Row]) -> list[str]:
    """Say where SetFit was stopped before its end."""
    lines = []
    for size in (*KNOWN, *OTHER):
        stopped = [
            run
            for run in results
            if run["contestant"] == "setfit"
            and run["rows"] == size
            and run["steps"] < run["all_steps"]
        ]
        if stopped:
            steps = range_of([run["all_steps"] for run in stopped], "{:,.0f}")
            whole = [run["minutes"] * run["all_steps"] / run["steps"] for run in stopped]
            lines += [
                "",
                f"At {size}, SetFit was ended after {stopped[0]['steps']:,} of the {steps} steps "
                "that its defaults make of all pairs of rows, which would take "
                f"{range_of(whole, '{:,.0f}')} minutes.",
            ]
    return lines


def spread(runs: Sequence[Row]) -> str:
    """Return the mean and the range of the macro-F1; of one run, its own."""
    values = [run["macro_f1"] for run in runs]
    if len(values) == 1:
        return f"{values[0]:.3f}"
    return f"{statistics.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def range_of(values: Sequence[float], form: str) -> str:
    """Return one number, or the lowest and the highest."""
    ends = [form.format(min(values)), form.format(max(values))]
    return " to ".join(dict.fromkeys(ends))
