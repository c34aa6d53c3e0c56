"""``stance sample``: a random sample of a result, on a sheet for each coder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stance.cli._shared import ExitCode, console, distinct, one_line, plural

__all__ = ["sample"]


def sample(
    results: Annotated[
        list[Path],
        typer.Argument(metavar="OUT...", help="Results of stance label: .jsonl, .csv, .parquet."),
    ],
    *,
    output: Annotated[
        list[Path],
        typer.Option(
            "-o",
            "--output",
            metavar="SHEET",
            help="Where to write it, .csv or .jsonl; once for each coder.",
        ),
    ],
    n: Annotated[int, typer.Option("--n", metavar="N", help="How many sentences.")] = 200,
    by: Annotated[
        str | None,
        typer.Option(metavar="C", help="So many for each value of this column, such as an outlet."),
    ] = None,
    exclude: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A sample, or gold, whose sentences are not to be drawn again; can be repeated.",
        ),
    ] = None,
    alone: Annotated[
        bool, typer.Option("--alone", help="Without the sentences before and after.")
    ] = False,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of the draw.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
) -> int:
    """Draw sentences at random for people to code, without the model's labels.

    Every sentence has the same chance, whether a frame was found in it or not: so the sample tells
    how good the model is on this corpus (stance evaluate), and corrects its shares (stance shares).
    """
    from stance.files.codings import read_texts
    from stance.files.output import require_new
    from stance.report import read_results
    from stance.sampling import check_sheet, draw_sample, write_sheet

    for path in output:
        check_sheet(path)
        require_new(path, force=force, inputs=[*results, *(exclude or ())])
    rows = (row for result in distinct(results) for row in read_results(result))
    known = [id for path in exclude or () for id in read_texts(path)]
    drawn = draw_sample(rows, n, by=by, exclude=known, seed=seed)
    for path in output:
        write_sheet(path, drawn, context=not alone)
    sheets = ", ".join(one_line(str(path)) for path in output)
    console().print(f"{plural(len(drawn), 'sentence')} drawn: {sheets}", soft_wrap=True)
    return ExitCode.DONE
