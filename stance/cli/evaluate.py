"""``stance evaluate``: a model against labelled rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stance.cli._shared import ExitCode, console, in_few_units, plain_table, plural, print_json, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console
    from rich.table import Table

    from stance.figures import Evaluation, Figure

__all__ = ["evaluate"]

_HEADINGS = {
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "average_precision": "av. precision",
    "stance_f1": "stance F1",
    "ece": "ECE",
}


def evaluate(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="Labelled rows (.jsonl .csv .tsv .parquet), or an export of Label Studio or "
            "doccano.",
        ),
    ],
    *,
    model: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Model folder or Hub id; the shipped model by default."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    text_column: Annotated[str, typer.Option(metavar="C", help="Where the sentence is.")] = "text",
    frames_column: Annotated[
        str, typer.Option(metavar="C", help="Where the labels are.")
    ] = "frames",
    document_column: Annotated[
        str, typer.Option(metavar="C", help="Where the document's name is; it may be missing.")
    ] = "document",
    resamples: Annotated[
        int, typer.Option(metavar="N", help="Resamples behind each interval; 0: no intervals.")
    ] = 1000,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of the resamples.")] = 0,
) -> int:
    """Score a model on labelled rows that it was not trained on, with 95% intervals."""
    from stance.evaluation import evaluate as run

    evaluation = run(
        model,
        data,
        text_column=text_column,
        frames_column=frames_column,
        document_column=document_column,
        resamples=resamples,
        seed=seed,
        note=say,
    )
    if as_json:
        print_json(evaluation.to_dict())
    else:
        _print(evaluation)
    return ExitCode.DONE


def _print(evaluation: Evaluation) -> None:
    out = console()
    mean = {
        "precision": evaluation.macro_precision,
        "recall": evaluation.macro_recall,
        "f1": evaluation.macro_f1,
        "average_precision": evaluation.macro_average_precision,
        "ece": evaluation.ece,
    }
    # Two tables, because one with all intervals would not fit a terminal of 80 columns.
    stance = evaluation.stance
    out.print(_table(evaluation, mean, ("precision", "recall", "f1")))
    out.print()
    table = _table(evaluation, mean, ("average_precision", "stance_f1", "ece"))
    table.add_row("all frames pooled", "", "", str(stance.macro_f1), "")
    out.print(table)
    out.print(
        f"\nstance, frame and state both right, pooled: macro-F1 {stance.end_to_end_macro_f1}\n"
        f"sentences whose frames are all right: {evaluation.exact_match}\n"
        f"and their stances too: {evaluation.exact_match_with_stance}\n"
        f"{plural(evaluation.sentences, 'sentence')} of "
        f"{plural(evaluation.documents, 'document')}; {_intervals(evaluation)}"
    )
    _print_left_out(out, evaluation)


def _print_left_out(out: Console, evaluation: Evaluation) -> None:
    """Say what the figures are not over, and which intervals claim too much."""
    stance = evaluation.stance
    if evaluation.resamples:
        units = {name: frame.units for name, frame in evaluation.frames.items()}
        if note := in_few_units(units, evaluation.resampled):
            out.print(note)
    if evaluation.left_out:
        names = [
            f"{name} (given {plural(evaluation.frames[name].predicted, 'time')})"
            if evaluation.frames[name].predicted
            else name
            for name in evaluation.left_out
        ]
        out.print(f"never in the data, so without figures: {', '.join(names)}")
    if stance.left_out:
        out.print(
            "not in stance F1, since no rightly found frame is labelled so: "
            f"{', '.join(stance.left_out)}"
        )
    for name, frame in evaluation.frames.items():
        missed = [one for one in frame.stance_left_out if one not in stance.left_out]
        if frame.stance_f1.value is not None and missed:
            out.print(
                f"stance F1 of {name}: no rightly found sentence is labelled {', '.join(missed)}"
            )


def _intervals(evaluation: Evaluation) -> str:
    if not evaluation.resamples:
        return "no intervals"
    return f"95% intervals from {evaluation.resamples:,} resamples of the {evaluation.resampled}"


def _table(evaluation: Evaluation, mean: Mapping[str, Figure], names: Sequence[str]) -> Table:
    table = plain_table(gap=1)
    table.add_column("", overflow="fold")
    table.add_column("rows", justify="right")
    for name in names:
        table.add_column(_HEADINGS[name], no_wrap=True)
    for frame, scores in evaluation.frames.items():
        figures = (str(getattr(scores, name)) for name in names)
        table.add_row(frame, f"{scores.support:,}", *figures)
    means = (str(mean.get(name, "")) for name in names)
    table.add_row("mean", f"{evaluation.sentences:,}", *means)
    return table
