"""``stance finetune``: train a model on labelled rows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stance.cli._shared import ExitCode, console, one_line

if TYPE_CHECKING:
    from stance.finetuning.run import FinetuneProgress

__all__ = ["finetune"]


def finetune(
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA...",
            help="Labelled rows (.jsonl .csv .tsv .parquet, also compressed): text, frames, and "
            "document where there is one; or exports of Label Studio or doccano.",
        ),
    ],
    *,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder of the new model.")
    ],
    base: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Model folder, or folder or Hub id of an encoder; the shipped model by default.",
        ),
    ] = None,
    codebook: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Codebook (JSON); the base's or the rows' by default."),
    ] = None,
    evaluation: Annotated[
        list[str] | None,
        typer.Option(
            "--eval", metavar="DATA", help="Rows to measure on, never trained on; can be repeated."
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help="Of the texts (ISO 639, such as de): says where sentences of articles end; the "
            "base's by default.",
        ),
    ] = None,
    group_by: Annotated[
        str,
        typer.Option(
            metavar="COLUMN", help="Never split between training and held out; id: row by row."
        ),
    ] = "document",
    text_column: Annotated[str, typer.Option(metavar="C", help="Where the sentence is.")] = "text",
    frames_column: Annotated[
        str, typer.Option(metavar="C", help="Where the labels are.")
    ] = "frames",
    epochs: Annotated[
        int | None,
        typer.Option(metavar="N", help="Exactly so many; chosen on held-out rows by default."),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Of everything random.")] = 13,
    force: Annotated[
        bool, typer.Option("--force", help="Start anew, and replace a model in DIR.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that was cut off.")
    ] = False,
) -> int:
    """Train on labelled rows: checked, held out by document, calibrated, measured, described."""
    from stance.finetuning.run import finetune as run

    with _reporter() as report:
        run(
            data,
            output=output,
            base=base,
            codebook=codebook,
            eval=evaluation or None,
            language=language,
            group_by=group_by,
            text_column=text_column,
            frames_column=frames_column,
            epochs=epochs,
            seed=seed,
            force=force,
            resume=resume,
            progress=report,
        )
    return ExitCode.DONE


@contextmanager
def _reporter() -> Iterator[Callable[[FinetuneProgress], None]]:
    """Yield what to call with the progress: lines on stdout, and a bar on a terminal's stderr.

    Where both are terminals the lines go through the bar's console, which keeps them above it.
    """
    if not sys.stderr.isatty():
        yield _write
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(
        *columns, console=console(stderr=True), transient=True, redirect_stdout=False
    ) as bar:
        task = bar.add_task("reading the rows", total=1.0)

        def show(progress: FinetuneProgress) -> None:
            bar.update(task, completed=progress.share, description=progress.stage)
            if not sys.stdout.isatty():
                _write(progress)
                return
            for message in progress.messages:
                bar.console.print(one_line(message), soft_wrap=True)

        yield show


def _write(progress: FinetuneProgress) -> None:
    for message in progress.messages:
        sys.stdout.write(f"{one_line(message)}\n")
    sys.stdout.flush()
