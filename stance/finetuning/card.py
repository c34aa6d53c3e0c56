"""The model card of a fine-tuned model, written from what the run found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stance.figures import Evaluation, Figure
from stance.finetuning.checks import Finding
from stance.store import ModelFolder

__all__ = ["figure_lines", "write_card"]

_CARD = """---
pipeline_tag: text-classification
library_name: stance
tags: [framing, stance-detection, content-analysis]{hub_base}
---

# {name}

Says of a sentence which frames it carries ({frames}), which stance it takes in each (favor,
neutral, against), and how sure that is. Fine-tuned from {base} with stance {stance_version}.

```python
import stance

model = stance.load("path/to/{name}")
[result] = model.predict(["One sentence."])
print(result.frames, result.probabilities)
```

The folder also loads in `transformers.pipeline("text-classification")`, whose labels are
`frame:state`: take a softmax over the four states of each frame. Calibration and thresholds are in
`stance.json`, and are not applied there.{no_onnx}

## Data

{rows:,} sentences of {documents:,} documents (SHA-256 of the rows: {fingerprint}…).

{data_table}

**Not known to this card, and to be added by whoever shares the model:** what the texts are, their
language and years; who labelled them, how many coders there were and how well they agreed; whether
the texts may be used so; the model's licence.

## Figures

{how_measured} Brackets are 95% intervals from {resamples:,} resamples of the {resampled}.

{figures}
{evaluation}
The figures measure agreement with the labels, whatever is wrong in these, and hold for texts like
those of the data. Overlapping intervals do not tell two models apart.

## Found in the data

{findings}

## Limits

{limits}

## How it was made

{plan}. The last training was ended after {epochs} epochs. A temperature, an offset and a threshold
a frame were fitted on held-out logits of the full weights; the 8-bit ONNX file, where there is one,
moves P(frame) a little. Versions: {versions}. The last run took {minutes} minutes; where it went on
from one that was cut off, those before are not counted.
"""


def write_card(
    folder: ModelFolder,
    held_out: Evaluation,
    evaluation: Evaluation | None,
    findings: Sequence[Finding],
) -> None:
    """Write ``README.md``."""
    training = folder.training
    text = _CARD.format(
        name=folder.name,
        base=training["base"],
        hub_base=f"\nbase_model: {training['base_hub_id']}" if training["base_hub_id"] else "",
        frames=", ".join(folder.codebook.names),
        stance_version=training["versions"]["stance"],
        no_onnx=""
        if "model.onnx" in folder.files
        else '\nThere is no ONNX file: this model needs `pip install "stance[train]"`.',
        rows=training["rows"],
        documents=training["documents"],
        fingerprint=str(training["settings"]["rows"])[:16],
        data_table=_data_table(training["frames"]),
        how_measured=training["measured"],
        resamples=held_out.resamples,
        resampled=held_out.resampled,
        figures=_table(held_out),
        evaluation=_separate(evaluation),
        findings="\n".join(f"- {finding.message}." for finding in findings) or "Nothing.",
        limits=_limits(held_out, training),
        plan=str(training["plan"]).capitalize(),
        epochs=training["epochs"],
        versions=", ".join(f"{name} {value}" for name, value in training["versions"].items()),
        minutes=training["minutes_of_last_run"],
    )
    (folder.path / "README.md").write_text(text, encoding="utf-8")


def figure_lines(evaluation: Evaluation, what: str) -> list[str]:
    """Return the main figures as lines of plain text."""
    lines = [
        f"{what}: frames macro-F1 {evaluation.macro_f1}, stance macro-F1 where the frame is found "
        f"{evaluation.stance.macro_f1}, calibration error {evaluation.ece} "
        f"({evaluation.sentences:,} sentences of {evaluation.documents:,} documents)"
    ]
    lines += [
        f"  {name}: F1 {frame.f1}, precision {frame.precision}, recall {frame.recall}, "
        f"in {frame.support:,} rows"
        for name, frame in evaluation.frames.items()
    ]
    if evaluation.stance.left_out:
        lines.append(
            "  not in stance macro-F1, since no rightly found frame is labelled so: "
            f"{', '.join(evaluation.stance.left_out)}"
        )
    return lines


def _table(evaluation: Evaluation) -> str:
    head = ["", "with it", "precision", "recall", "F1", "av. precision", "stance F1", "ECE"]
    rows = [
        [
            f"`{name}`",
            f"{frame.support:,}",
            *map(
                str,
                (
                    frame.precision,
                    frame.recall,
                    frame.f1,
                    frame.average_precision,
                    frame.stance_f1,
                    frame.ece,
                ),
            ),
        ]
        for name, frame in evaluation.frames.items()
    ]
    overall = (
        evaluation.macro_precision,
        evaluation.macro_recall,
        evaluation.macro_f1,
        evaluation.macro_average_precision,
        "",
        evaluation.ece,
    )
    rows.append(["mean", f"{evaluation.sentences:,}", *map(str, overall)])
    rows.append(["all frames pooled", *[""] * 5, str(evaluation.stance.macro_f1), ""])
    return _markdown(head, rows)


def _separate(evaluation: Evaluation | None) -> str:
    if evaluation is None:
        return ""
    return (
        "\nOf the model as it is, on a separate labelled set "
        f"({evaluation.sentences:,} sentences of {evaluation.documents:,} documents):\n\n"
        f"{_table(evaluation)}\n"
    )


def _data_table(frames: Mapping[str, Mapping[str, int]]) -> str:
    head = ["frame", "favor", "neutral", "against", "stance not coded"]
    return _markdown(
        head, [[f"`{name}`", *map(str, counts.values())] for name, counts in frames.items()]
    )


def _limits(held_out: Evaluation, training: Mapping[str, Any]) -> str:
    weak = [name for name, frame in held_out.frames.items() if _at_least(frame.f1) < 0.5]
    lines = ["For describing corpora, not for verdicts on single sentences, authors or persons."]
    if weak:
        lines.append(
            f"Not shown to be found reliably (F1 may be below one half): {', '.join(weak)}."
        )
    if training["not_judged"]:
        kept = ", ".join(training["not_judged"])
        lines.append(f"No row carried {kept}: as the base left them, not measured here.")
    if held_out.stance.support < 100:
        lines.append("Fewer than 100 stances were labelled: stance figures are rough.")
    return "\n".join(f"- {line}" for line in lines)


def _at_least(figure: Figure) -> float:
    """Return the low end of a figure's interval; the figure where resampling tells of none."""
    found = figure.value if figure.low is None else figure.low
    return found or 0.0


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
