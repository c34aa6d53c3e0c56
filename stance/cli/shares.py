"""``stance shares``: how a labelled corpus uses the frames."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stance.cli._shared import ExitCode, console, one_line, plural, print_json, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stance.correction import Correction
    from stance.flat_rows import Row
    from stance.summary import Summary

__all__ = ["shares"]


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
    from stance.correction import correct
    from stance.files.rows import read_rows
    from stance.flat_rows import by_id, frame_names, models_of, rows_apart
    from stance.report import read_results
    from stance.summary import summarize

    found_in = [read_results(result) for result in results]
    # A sample names its sentences as the files do.
    rows = list(rows_apart(*found_in) if gold is None else chain.from_iterable(found_in))
    # What all rows tell of the frames, a group by itself may not.
    frames, models = frame_names(rows), models_of(rows)
    coded = None if gold is None else list(read_rows(gold))
    found: dict[str, tuple[Summary, Correction | None]] = {}
    for name, part in _parts(rows, by).items():
        summary = summarize(
            part, frames=frames, models=models, typical=0, resamples=resamples, seed=seed
        )
        corrected = None
        if coded is not None:
            sample, strata = coded, by
            if name:
                own = by_id(part)
                sample, strata = [row for row in coded if row.id in own], None
            corrected = correct(part, sample, by=strata, resamples=resamples, seed=seed)
            _doubt(corrected)
        found[name] = (summary, corrected)
    if as_json:
        _print_json(found, by)
    else:
        _print(found, by)
    return ExitCode.DONE


def _doubt(corrected: Correction) -> None:
    """Say so where a share is what none can be: the sample is not a random one of these rows."""
    for name, use in corrected.frames.items():
        low, high = use.share.low, use.share.high
        if low is not None and high is not None and (high < 0 or low > 1):
            say(
                f"the corrected share of {name} is no share; was the sample drawn at random from "
                "these results, and --by given if it was drawn by groups?"
            )


def _parts(rows: Sequence[Row], by: str | None) -> dict[str, list[Row]]:
    """Return the rows: all of them under no name, and those of each group."""
    from stance.flat_rows import group_of

    if by is None:
        return {"": list(rows)}
    groups: dict[str, list[Row]] = {}
    for number, row in enumerate(rows, 1):
        groups.setdefault(group_of(row, by, number), []).append(row)
    return {"": list(rows)} | {name: groups[name] for name in sorted(groups)}


def _print_json(found: dict[str, tuple[Summary, Correction | None]], by: str | None) -> None:
    data = {
        name: summary.to_dict() | ({} if corrected is None else {"corrected": corrected.to_dict()})
        for name, (summary, corrected) in found.items()
    }
    whole = data.pop("")
    if by is not None:
        whole |= {"by": by, "groups": data}
    print_json(whole)


def _print(found: dict[str, tuple[Summary, Correction | None]], by: str | None) -> None:
    out = console()
    for name, (summary, corrected) in found.items():
        if by is not None:
            out.print(f"{one_line(by)}: {one_line(name)}" if name else "all", soft_wrap=True)
        out.print(str(summary), soft_wrap=True)
        if corrected is not None:
            size = plural(corrected.sample, "sentence")
            out.print(f"\ncorrected by a sample of {size}:\n{corrected}", soft_wrap=True)
        out.print()
    whole, _ = found[""]
    what = f"{plural(whole.sentences, 'sentence')} of {plural(whole.documents, 'document')}"
    drawn = f"95% intervals from {whole.resamples:,} resamples of the {whole.resampled}"
    out.print(f"{what}; {drawn if whole.resamples else 'no intervals'}", soft_wrap=True)
