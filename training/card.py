"""The model card, its calibration plot, results/tables.md, and the figures in README.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agreement import coded_again, f1, two_decimals
from project_files import DATA, RESULTS, ROOT, read_json_lines
from recipe import CODEBOOK
from tables import (
    KEPT_APART_NAMES,
    NAMES,
    abstention_table,
    baseline_table,
    by_source_table,
    calibration_table,
    judged,
    per_frame_table,
    per_stance_table,
    precision_table,
    setfit_tables,
    shown,
    stances_table,
    transfer_section,
    transfer_table,
    transfer_title,
)

from stance.codebook import STATES
from stance.store import ModelFolder

TABLES_HEAD = """# Every measured figure of the shipped model

Written by `training/evaluate_default.py`. Brackets are 95% intervals, from resampled documents.
The first three sets are kept apart from all training, and scored by the model as it is shipped; the
other three are its training rows, each scored by a model that was trained without its article,
passage or speech. "With it" counts the sentences that carry a frame by their label, "given it"
those that the model gives it to. "End to end" counts a frame that was missed or invented as a wrong
stance. What it all means: [the model card](../../models/default/README.md#figures).
"""
#: Of one core, assumed.
WATTS = 15
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")


def write_tables(figures: dict[str, Any]) -> None:
    """Write results/tables.md, and the figures between the marks of README.md."""
    tables = [
        ("Frames and stance by source", by_source_table(figures)),
        ("Per frame", per_frame_table(figures)),
        ("Per stance", per_stance_table(figures)),
        ("Against baselines", baseline_table(figures)),
        *setfit_tables(figures),
        *([(transfer_title(figures), transfer_table(figures))] if figures["slow"] else []),
        ("Abstention", abstention_table(figures)),
        ("Stances as trained, and divided by their priors", stances_table(figures)),
        ("8 bits against 32", precision_table(figures)),
        ("Calibration error, before and after", calibration_table(figures)),
    ]
    text = "".join(f"\n## {title}\n\n{table}\n" for title, table in tables)
    (RESULTS / "tables.md").write_text(TABLES_HEAD + text, encoding="utf-8")
    readme = ROOT / "README.md"
    if readme.exists():
        text = readme.read_text("utf-8")
        for mark, content in {
            "in short": in_short(figures),
            "figures": f"\n{by_source_table(figures)}\n",
            "weakest": weakest_frame(figures),
            "keywords": shown(figures["baselines"]["keywords"]["seeds"]["macro_f1"]),
        }.items():
            text = between_marks(text, mark, content)
        readme.write_text(text, encoding="utf-8")


def between_marks(text: str, mark: str, content: str) -> str:
    """Return a text with other content between its marks of this name."""
    marked = re.compile(f"(<!-- {mark} -->).*?(<!-- /{mark} -->)", re.DOTALL)
    return marked.sub(lambda found: f"{found[1]}{content}{found[2]}", text)


def in_short(figures: dict[str, Any]) -> str:
    """Return macro-F1 on each source: frames (stances where found, stances end to end)."""
    found = dict(judged(figures))
    real = [KEPT_APART_NAMES["speeches"], NAMES["seeds"], NAMES["un"]]
    parts = {
        name: f"{name} {found[name]['macro_f1']['value']:.2f} "
        f"({found[name]['stance']['macro_f1']['value']:.2f}, "
        f"{found[name]['stance']['end_to_end_macro_f1']['value']:.2f})"
        for name in [*real, *(name for name in found if name not in real)]
    }
    authored = [part for name, part in parts.items() if name not in real]
    texts = ", ".join(parts[name] for name in real)
    return f"{texts}; of sentences that a large language model wrote: {', '.join(authored)}"


def weakest_frame(figures: dict[str, Any]) -> str:
    """Return the frame of the lowest F1 in the speeches kept apart, with what its F1 is made of."""
    frames = figures["kept_apart"]["speeches"]["frames"]
    name, found = min(frames.items(), key=lambda item: item[1]["f1"]["value"])
    return f"`{name}` (precision {shown(found['precision'])}, recall {shown(found['recall'])})"


def failure_list(figures: dict[str, Any]) -> str:
    """Return the surest mistakes on authored sentences, as a list."""
    lines = [
        f"- `{row['frame']}` {row['kind']} (P {row['probability']:.2f}): {row['text']}"
        for row in figures["failures"]
    ]
    return "\n".join(lines)


def training_cost(minutes: float | None) -> str:
    """Return what six trainings, two at a time on two processors, cost, as the card says it."""
    if minutes is None:
        return "This one was cut off and resumed, so that its time is not known."
    energy = 3 * minutes / 60 * 2 * WATTS / 1000
    return (
        f"This one took {minutes:.0f} minutes, all of them up to three times as long: "
        f"at an assumed {WATTS} W a core, about {energy:.2f} kWh."
    )


def write_card(folder: ModelFolder, figures: dict[str, Any]) -> None:
    """Write the model card and its calibration plot into the model's folder."""
    plot_calibration(folder, figures)
    template = (Path(__file__).parent / "card_template.md").read_text(encoding="utf-8")
    cost = figures["precision"]
    values = {
        "version": folder.version,
        "rows": f"{sum(folder.training['rows'].values()):,}",
        **{f"rows_{source}": f"{count:,}" for source, count in folder.training["rows"].items()},
        **{f"rows_{s}": f"{found['sentences']:,}" for s, found in figures["kept_apart"].items()},
        "stances_seeds": stance_counts(read_json_lines(ROOT / "seeds" / "labels.jsonl")),
        "stances_un": stance_counts(read_json_lines(DATA / "un.jsonl")),
        **recoded(),
        "cost": training_cost(folder.training["minutes"]),
        "int8_megabytes": f"{folder.files['model.onnx']['bytes'] / 1e6:.1f}",
        "fp16_megabytes": f"{folder.files['model.safetensors']['bytes'] / 1e6:.1f}",
        "by_source": by_source_table(figures),
        "per_frame": per_frame_table(figures),
        "per_stance": per_stance_table(figures),
        "baselines": baseline_table(figures),
        "setfit": "".join(f"### {title}\n\n{table}\n\n" for title, table in setfit_tables(figures)),
        "transfer": transfer_section(figures),
        "abstention": abstention_table(figures),
        "calibration": calibration_table(figures),
        "stances": stances_table(figures),
        "failures": failure_list(figures),
        "largest_difference": f"{cost['largest_difference']:.3f}",
        "labels_changed": f"{cost['labels_changed']:.1%}",
        "precision": precision_table(figures),
        "thresholds": ", ".join(
            f"{name} {threshold:g}"
            for name, threshold in zip(
                folder.codebook.names, folder.decision.thresholds, strict=True
            )
        ),
    }
    text = re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], template)
    (folder.path / "README.md").write_text(text, encoding="utf-8")


def stance_counts(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return how many labels favor, are neutral and are against: ``128, 99 and 14``."""
    counts = Counter(stance for row in rows for stance in row["frames"].values())
    return listed([f"{counts[stance]:,}" for stance in STATES[1:]])


def recoded() -> dict[str, str]:
    """Return how many authored rows were coded again blind, and the F1 of every frame there."""
    again = {row["id"]: row["frames"] for row in read_json_lines(DATA / "authored_recoded.jsonl")}
    pairs = coded_again("authored", again)
    f1s = [two_decimals(f1(pairs, frame)) for frame in CODEBOOK.names]
    return {"recoded": f"{len(pairs):,}", "recoded_f1": listed(f1s)}


def listed(words: Sequence[str]) -> str:
    """Return ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def plot_calibration(folder: ModelFolder, figures: dict[str, Any]) -> None:
    """Draw the reliability diagram of each frame, as an SVG file."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "stance"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 4, figsize=(12, 3.4), sharey=True)
    for axis, colour, (name, bins) in zip(
        axes, COLOURS, figures["reliability"].items(), strict=True
    ):
        axis.plot([0, 1], [0, 1], color="0.6", linewidth=1)
        axis.plot([b[0] for b in bins], [b[1] for b in bins], "o-", color=colour, markersize=4)
        axis.set_title(name)
        axis.set_xlabel("P(frame)")
    axes[0].set_ylabel("share that carry it")
    figure.tight_layout()
    figure.savefig(folder.path / "calibration.svg", metadata={"Date": None})
    pyplot.close(figure)
