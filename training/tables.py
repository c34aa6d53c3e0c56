"""The measured figures as Markdown tables, for results/tables.md, README.md and the model card."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from agreement import two_decimals
from project_files import RESULTS

from stance.codebook import STATES

NAMES = {"seeds": "five articles", "authored": "authored passages", "un": "UN speeches"}
KEPT_APART_NAMES = {
    "unseen": "passages kept apart",
    "contrast": "claims and their denials",
    "speeches": "speeches kept apart",
}
_WAYS = ("before", "after")
_SHOWN = ("macro_f1", "macro_average_precision")
_SHOWN_AS = "frames macro-F1, average precision"


def judged(figures: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the names and figures of all that the model was scored on, the cleanest first."""
    found = {**figures["kept_apart"], **figures["shipped"]}
    return [(name, found[source]) for source, name in {**KEPT_APART_NAMES, **NAMES}.items()]


def by_source_table(figures: dict[str, Any]) -> str:
    """Return the shipped model's main figures, a row a source."""
    rows = [
        [
            name,
            f"{found['sentences']:,}",
            shown(found["macro_f1"]),
            shown(found["macro_average_precision"]),
            shown(found["stance"]["macro_f1"]),
            shown(found["stance"]["end_to_end_macro_f1"]),
            shown(found["ece"]),
        ]
        for name, found in judged(figures)
    ]
    head = [
        "held out",
        "sentences",
        "frames macro-F1",
        "average precision",
        "stance macro-F1, frame found",
        "stance macro-F1, end to end",
        "ECE",
    ]
    return markdown(head, rows)


def per_frame_table(figures: dict[str, Any]) -> str:
    """Return every frame's figures on every source."""
    columns = ("precision", "recall", "f1", "average_precision", "ece", "stance_f1")
    rows = [
        [
            held_out,
            f"`{name}`",
            f"{frame['support']:,}",
            f"{frame['predicted']:,}",
            *(shown(frame[figure]) for figure in columns),
        ]
        for held_out, found in judged(figures)
        for name, frame in found["frames"].items()
    ]
    head = [
        "held out",
        "frame",
        "with it",
        "given it",
        "precision",
        "recall",
        "F1",
        "average precision",
        "ECE",
        "stance macro-F1, frame found",
    ]
    return markdown(head, rows)


def per_stance_table(figures: dict[str, Any]) -> str:
    """Return the F1 of every stance on every source."""
    rows = [
        [held_out, stance, *(shown(found["stance"][f][stance]) for f in ("f1", "end_to_end_f1"))]
        for held_out, found in judged(figures)
        for stance in STATES[1:]
    ]
    return markdown(["held out", "stance", "F1, frame found", "F1, end to end"], rows)


def baseline_table(figures: dict[str, Any]) -> str:
    """Return how well every baseline finds the frames, beside the shipped model."""
    named = dict(figures["baselines"])
    if figures["slow"]:
        frozen = f"frozen encoder + logistic regression{of_earlier_rows(figures)}"
        named[frozen] = figures["slow"]["frozen"]
    named["this model"] = figures["shipped"]
    rows = [
        [name, *(", ".join(shown(found[source][of]) for of in _SHOWN) for source in NAMES)]
        for name, found in named.items()
    ]
    return markdown([_SHOWN_AS, *NAMES.values()], rows)


def of_earlier_rows(figures: dict[str, Any]) -> str:
    """Return of which rows the slow figures are, where they are not those of the others."""
    slow = figures["slow"]
    if slow["fingerprint"] == figures["fingerprint"]:
        return ""
    return f", on the {slow['rows']:,} rows of stance-default {slow['version']}"


def setfit_tables(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the title and the table of what setfit_baseline.py measured, where it did."""
    file = RESULTS / "setfit.json"
    if not file.exists():
        return []
    measured = json.loads(file.read_text("utf-8"))
    setfit = (
        f"SetFit {measured['versions']['setfit']}: {measured['steps']:,} steps on pairs of "
        f"{measured['paired_rows']:,} rows, regressions on all"
    )
    rows = [
        [name, *(", ".join(shown(found[at][of]) for of in _SHOWN) for at in KEPT_APART_NAMES)]
        for name, found in (
            ("TF-IDF + logistic regression", measured["tfidf"]),
            (setfit, measured["setfit"]),
            ("this model", figures["kept_apart"]),
        )
    ]
    table = markdown([_SHOWN_AS, *KEPT_APART_NAMES.values()], rows)
    return [(f"Against SetFit, trained on {measured['rows']:,} rows", table)]


def transfer_title(figures: dict[str, Any]) -> str:
    """Return the title of the transfer table."""
    rows = of_earlier_rows(figures)
    return f"Trained on one source, scored on another (thresholds of one half{rows})"


def transfer_table(figures: dict[str, Any]) -> str:
    """Return what one source teaches about the others."""
    rows = [
        [
            NAMES[source],
            NAMES[other],
            shown(result["macro_f1"]),
            shown(result["macro_average_precision"]),
        ]
        for source, found in figures["slow"]["transfer"].items()
        for other, result in found.items()
    ]
    return markdown(["trained on", "scored on", "frames macro-F1", "average precision"], rows)


def transfer_section(figures: dict[str, Any]) -> str:
    """Return the transfer table under its title; nothing where there was no whole run yet."""
    if not figures["slow"]:
        return ""
    return f"### {transfer_title(figures)}\n\n{transfer_table(figures)}\n\n"


def abstention_table(figures: dict[str, Any]) -> str:
    """Return how many wrong decisions the abstention bands remove."""
    rows = [
        [
            f"{float(share):.0%}",
            NAMES[source],
            in_percent(point["left_open"], ".1%"),
            f"{in_percent(point['removed'], '.0%')} of {point['errors']:,}",
        ]
        for share, found in figures["abstention"].items()
        for source, point in found.items()
    ]
    return markdown(
        ["asked for", "held out", "decisions left open", "wrong decisions removed"], rows
    )


def calibration_table(figures: dict[str, Any]) -> str:
    """Return the calibration error of every frame before and after calibration."""
    rows = []
    for source, found in figures["shipped"].items():
        before = figures["before_calibration"][source]
        for name, frame in found["frames"].items():
            rows.append([NAMES[source], f"`{name}`", shown(before[name]), shown(frame["ece"])])
        rows.append([NAMES[source], "mean", shown(before["mean"]), shown(found["ece"])])
    return markdown(["held out", "frame", "ECE before", "ECE after"], rows)


def stances_table(figures: dict[str, Any]) -> str:
    """Return what the stance priors do to the stances, and to how they add up."""
    rows = [
        [
            NAMES[source],
            *(shown(found[way][figure]) for figure in ("macro_f1", "right") for way in _WAYS),
            *(shown(found[way]["balance"]) for way in ("gold", *_WAYS)),
        ]
        for source, found in figures["stances"].items()
    ]
    head = [
        "held out",
        *(f"{figure}, {way}" for figure in ("macro-F1", "right") for way in ("without", "with")),
        *(f"balance, {way}" for way in ("gold", "without", "with")),
    ]
    return markdown(head, rows)


def precision_table(figures: dict[str, Any]) -> str:
    """Return what the frames' macro-F1 loses to 8-bit arithmetic."""
    lost = figures["precision"]["macro_f1_lost"]
    rows = [
        [name, "{value:+.3f} [{low:+.3f}, {high:+.3f}]".format(**lost[source])]
        for source, name in {**KEPT_APART_NAMES, **NAMES}.items()
    ]
    return markdown(["held out", "macro-F1 of float32 minus that of 8 bits"], rows)


def shown(figure: dict[str, float | None]) -> str:
    """Return ``0.71 [0.65, 0.77]``, or what stands for a figure that is not defined."""
    value, low, high = (figure[name] for name in ("value", "low", "high"))
    if value is None or low is None:
        return two_decimals(value)
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def in_percent(figure: dict[str, float], form: str) -> str:
    """Return ``71% [65%, 77%]``, each number in a form such as ``.0%``."""
    value, low, high = (format(figure[name], form) for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
