"""``stance report``: a result as a page to read, and as figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stance.cli._shared import ExitCode, console, one_line, plural

if TYPE_CHECKING:
    from stance.report import ReportFiles

__all__ = ["report"]


def report(
    results: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="A result of stance label: .jsonl, .csv or .parquet."),
    ],
    *,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The page to write.")
    ] = Path("report.html"),
    figures: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also draw figures for a paper there, as PNG and SVG."),
    ] = None,
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The page's heading; OUT by default.")
    ] = None,
    date_column: Annotated[
        str | None,
        typer.Option(metavar="C", help="Where rows keep their article's date; date by default."),
    ] = None,
    source_column: Annotated[
        str | None,
        typer.Option(
            metavar="C", help="Where rows keep their article's source; source by default."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Take the frames' definitions from this model; from the shipped one, where it "
            "knows them all, by default.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
) -> int:
    """Show a result: the text with its frames and stances, shares, and how they change.

    The page is one file that works without a network. Shares over time and by source are in it
    where the rows carry a date or a source (stance label --keep-column).
    """
    from stance.report import write_report

    written = write_report(
        results,
        output,
        figures=figures,
        title=title,
        date_column=date_column,
        source_column=source_column,
        model=model,
        force=force,
    )
    _print(written)
    return ExitCode.DONE


def _print(written: ReportFiles) -> None:
    out = console()
    size = plural(written.sentences, "sentence")
    articles = plural(written.articles, "article")
    out.print(f"{size} of {articles}: {one_line(str(written.page))}", soft_wrap=True)
    for path in written.figures:
        out.print(f"figure: {one_line(str(path))}", soft_wrap=True)
    date = "date that can be read (YYYY, YYYY-MM or YYYY-MM-DD)"
    for what, number in ((date, written.dated), ("source", written.sourced)):
        if number is not None and number < written.articles:
            out.print(f"{plural(written.articles - number, 'article')} without a {what}")
