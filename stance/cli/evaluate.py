"""``stance evaluate``: a model against labelled rows."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from stance.cli._shared import ExitCode, console, plural

if TYPE_CHECKING:
    from stance.figures import Evaluation

__all__ = ["evaluate"]


def evaluate(
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="Labelled rows: JSONL, CSV, TSV or Parquet.")
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
    )
    if as_json:
        sys.stdout.write(json.dumps(evaluation.to_dict(), indent=2, allow_nan=False) + "\n")
    else:
        _print(evaluation)
    return ExitCode.DONE


def _print(evaluation: Evaluation) -> None:
    from rich.table import Table

    out = console()
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for title in ("", "rows", "precision", "recall", "F1", "av. precision", "stance F1", "ECE"):
        table.add_column(title, justify="left" if not title else "right")
    for name, frame in evaluation.frames.items():
        figures = (
            frame.precision,
            frame.recall,
            frame.f1,
            frame.average_precision,
            frame.stance_f1,
            frame.ece,
        )
        table.add_row(name, str(frame.support), *_in_two_lines(figures))
    overall = (
        evaluation.macro_precision,
        evaluation.macro_recall,
        evaluation.macro_f1,
        evaluation.macro_average_precision,
        evaluation.stance.macro_f1,
        evaluation.ece,
    )
    table.add_row("mean", str(evaluation.sentences), *_in_two_lines(overall))
    out.print(table)
    stance = evaluation.stance
    out.print(
        f"\nstance, frame and state both right: macro-F1 {stance.end_to_end_macro_f1}\n"
        f"sentences whose frames are all right: {evaluation.exact_match}; "
        f"with their stances: {evaluation.exact_match_with_stance}\n"
        f"{plural(evaluation.sentences, 'sentence')} of {plural(evaluation.documents, 'document')}"
        f"; 95% intervals from {evaluation.resamples:,} resamples of the {evaluation.resampled}"
    )
    if evaluation.left_out:
        out.print(f"never in the data, so without figures: {', '.join(evaluation.left_out)}")


def _in_two_lines(figures: tuple[object, ...]) -> list[str]:
    """Put each interval under its value, so that the table fits a narrow terminal."""
    return [str(figure).replace(" [", "\n[") for figure in figures]
