"""``stance shares``: how a labelled corpus uses the frames."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stance.cli._shared import ExitCode, console, distinct, one_line, plural, print_json, say

if TYPE_CHECKING:
    from stance.correction import Correction
    from stance.shares import CorpusShares

__all__ = ["shares"]

# By so much, rounding may carry a share beyond 0 or 1.
_ROUNDING = 1e-9


def shares(
    results: Annotated[
        list[Path],
        typer.Argument(metavar="OUT...", help="Results of stance label: .jsonl, .csv, .parquet."),
    ],
    *,
    by: Annotated[
        str | None,
        typer.Option(metavar="C", help="Also for each value of this column, such as an outlet."),
    ] = None,
    gold: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Coded sentences of a random sample: correct the shares by them."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    resamples: Annotated[
        int, typer.Option(metavar="N", help="Resamples behind each interval; 0: no intervals.")
    ] = 1000,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of the resamples.")] = 0,
) -> int:
    """Add up results: the share of each frame, its stances and their balance, with 95% intervals.

    The sample of --gold is drawn by stance sample and coded by people; what the model gets wrong
    in it corrects what it finds in all sentences.
    """
    from stance.files.rows import read_rows
    from stance.flat_rows import rows_apart
    from stance.report import read_results
    from stance.shares import add_up

    read = [read_results(result) for result in distinct(results)]
    # A sample names its sentences as the files do.
    rows = rows_apart(*read) if gold is None else chain.from_iterable(read)
    coded = None if gold is None else read_rows(gold)
    found = add_up(rows, coded, by=by, resamples=resamples, seed=seed)
    for part in (found.whole, *found.groups.values()):
        if part.corrected is not None:
            _doubt(part.corrected)
    if as_json:
        print_json(found.to_dict())
    else:
        _print(found)
    return ExitCode.DONE


def _doubt(corrected: Correction) -> None:
    """Say so where a share is what none can be: the sample is not a random one of these rows."""
    for name, use in corrected.frames.items():
        # Where all errors of the sample are alike, there is no interval, but the share alone.
        low = use.share.value if use.share.low is None else use.share.low
        high = use.share.value if use.share.high is None else use.share.high
        if low is not None and high is not None and (high < -_ROUNDING or low > 1 + _ROUNDING):
            say(
                f"the corrected share of {name} is no share; was the sample drawn at random from "
                "these results, and --by given if it was drawn by groups?"
            )


def _print(found: CorpusShares) -> None:
    out = console()
    for name, part in {"": found.whole, **found.groups}.items():
        if found.by is not None:
            out.print(f"{one_line(found.by)}: {one_line(name)}" if name else "all", soft_wrap=True)
        out.print(str(part.summary), soft_wrap=True)
        if part.corrected is not None:
            size = plural(part.corrected.sample, "sentence")
            out.print(f"\ncorrected by a sample of {size}:\n{part.corrected}", soft_wrap=True)
        out.print()
    whole = found.whole.summary
    what = f"{plural(whole.sentences, 'sentence')} of {plural(whole.documents, 'document')}"
    drawn = f"95% intervals from {whole.resamples:,} resamples of the {whole.resampled}"
    out.print(f"{what}; {drawn if whole.resamples else 'no intervals'}", soft_wrap=True)
