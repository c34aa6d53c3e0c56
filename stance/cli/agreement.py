"""``stance agreement``: do several coders agree, where do they not, and which gold do they make."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stance.cli._shared import (
    ExitCode,
    console,
    in_few_units,
    one_line,
    plain_table,
    plural,
    print_json,
    say,
)
from stance.codebook import STANCES
from stance.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from stance.agreement import Agreement, Coding, FrameAgreement, StanceAgreement
    from stance.codebook import Labels
    from stance.files.adjudication import Texts
    from stance.files.codings import CodedRow

__all__ = ["agreement"]


def agreement(
    codings: Annotated[
        list[Path],
        typer.Argument(
            metavar="CODINGS...",
            help="Codings (JSONL, CSV), Label Studio or doccano exports, or a file for each coder.",
        ),
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    disputes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write what to adjudicate (.jsonl or .csv)."),
    ] = None,
    gold: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the majority's labels (.jsonl).")
    ] = None,
    adjudicated: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Disputes with settled frames, to go into the gold."),
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Rows with the id and text of every sentence, and its document."
        ),
    ] = None,
    codebook: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The frames that may occur (JSON).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
) -> int:
    """Compare coders: Krippendorff's alpha, pairwise F1, how each codes, and what is disputed.

    Gold is what more than half of a sentence's coders saw, with the stance that most of those
    chose, neutral where none is ahead; --adjudicated settles what is disputed.
    """
    from stance.agreement import agreement as compare
    from stance.agreement import majority
    from stance.codebook import Codebook
    from stance.files.adjudication import (
        read_settled,
        require_texts,
        texts_of,
        write_disputes,
        write_gold,
    )
    from stance.files.codings import read_codings, read_texts

    if adjudicated is not None and gold is None:
        raise InputError("--adjudicated settles gold; name the file to write: --gold FILE")
    if gold and disputes and os.path.realpath(gold) == os.path.realpath(disputes):
        raise InputError(f"--gold and --disputes both name {gold}; give each a file of its own")
    read = [*codings, *filter(None, (adjudicated, texts, codebook))]
    _check_output(gold, (".jsonl",), inputs=read, force=force)
    _check_output(disputes, (".jsonl", ".csv"), inputs=read, force=force)
    book = None if codebook is None else Codebook.load(codebook)
    rows = list(read_codings(*codings, codebook=book))
    if texts is None:
        known = texts_of(rows)
    else:
        known = read_texts(texts, [row.id for row in rows])
        require_texts(rows, known, texts)
    given = _codings(rows, known or {})
    settled = {} if adjudicated is None else read_settled(adjudicated, rows, book)
    labels: dict[str, Labels] = {**majority(given), **settled}
    if gold is not None and disputes is None and len(given) == len(labels) and not as_json:
        write_gold(gold, labels, known)
        note = f"gold: {gold} ({plural(len(labels), 'sentence')}, each by one coder: no agreement)"
        sys.stdout.write(f"{note}\n")
        return ExitCode.DONE
    result = compare(given, codebook=book)
    if gold is not None:
        write_gold(gold, labels, known)
    if disputes is not None:
        disputed = [asdict(dispute) for dispute in result.disputes]
        write_disputes(disputes, disputed, result.coders, known)
    if as_json:
        print_json(result.to_dict())
    else:
        _print(console(), result, disputes=disputes, gold=gold)
    if adjudicated is not None and (left := {d.id for d in result.disputes} - settled.keys()):
        say(f"{adjudicated} leaves {plural(len(left), 'dispute')} to the majority's label")
    return ExitCode.DONE


def _check_output(
    path: Path | None, suffixes: tuple[str, ...], *, inputs: Iterable[Path], force: bool
) -> None:
    from stance.files.output import require_new

    if path is None:
        return
    if path.suffix.lower() not in suffixes:
        raise InputError(f"cannot write {path}; expected a name in {' or '.join(suffixes)}")
    require_new(path, force=force, inputs=inputs)


def _codings(rows: Iterable[CodedRow], known: Texts) -> list[Coding]:
    """Return the rows as codings, with the documents that they or the texts name."""
    from stance.agreement import Coding

    documents = {id: document for id, (_, document) in known.items()}
    return [
        Coding(row.id, row.coder, row.frames, row.document or documents.get(row.id)) for row in rows
    ]


def _print(out: Console, result: Agreement, *, disputes: Path | None, gold: Path | None) -> None:
    out.print(
        f"{plural(len(result.coders), 'coder')}, {plural(result.sentences, 'sentence')}, "
        f"{result.shared:,} coded by two or more\n"
    )
    out.print(_by_frame(result))
    out.print(
        "alpha (Krippendorff's): 1 full agreement, 0 chance; from 0.8 on reliable,\n"
        "from 0.667 tentatively so (Krippendorff 2004). F1: mean over pairs of coders.\n"
        f"Brackets: 95% intervals, from resamples of {result.units:,} {result.resampled}."
    )
    if note := in_few_units({n: f.units for n, f in result.frames.items()}, result.resampled):
        out.print(note)
    out.print()
    out.print(_by_pair(result))
    out.print()
    out.print(_by_coder(result))
    out.print(
        f"\nthe same frames by all: {result.same_frames:.0%} of {plural(result.shared, 'sentence')}"
        f"; in dispute: {len(result.disputes):,}"
    )
    if disputes is not None:
        out.print(f"to adjudicate: {disputes}", soft_wrap=True)
    if gold is not None:
        out.print(f"gold: {gold}", soft_wrap=True)


def _table(*columns: str, names: int = 1) -> Table:
    """Make a table of which so many columns hold names, which fold, and the others figures."""
    table = plain_table()
    for number, column in enumerate(columns):
        if number < names:
            table.add_column(column, overflow="fold")
        else:
            table.add_column(column, justify="right", no_wrap=True)
    return table


def _by_frame(result: Agreement) -> Table:
    table = _table("frame", "alpha", "F1", "codings")
    for name, frame in result.frames.items():
        table.add_row(name, _alpha(frame), _figure(frame.f1), f"{frame.given:,}")
    stance = result.stance
    table.add_row("stance", _alpha(stance), _figure(stance.f1), "", style="bold")
    return table


def _by_pair(result: Agreement) -> Table:
    table = _table("pair", "least agreed", "F1", "frames F1", "stance F1", "sentences", names=2)
    for pair in result.pairs:
        known = {name: f1 for name, f1 in pair.frames.items() if f1 is not None}
        least = min(known, key=known.__getitem__, default="")
        table.add_row(
            one_line(" – ".join(pair.coders)),
            least,
            _figure(known.get(least)),
            _figure(sum(known.values()) / len(known) if known else None),
            _figure(pair.stance),
            f"{pair.sentences:,}",
        )
    return table


def _by_coder(result: Agreement) -> Table:
    """Tabulate how often each coder gives a frame, and with which stance."""
    table = _table("frame", "coder", "given", "share", "favor", "neutral", "against", names=2)
    for name in result.frames:
        for coder, tendency in result.tendencies.items():
            stances = tendency.frames[name]
            given = sum(stances.values())
            table.add_row(
                name,
                one_line(coder),
                f"{given:,}",
                f"{given / tendency.sentences:.0%}",
                *(f"{stances[stance]:,}" for stance in STANCES),
            )
    return table


def _alpha(found: FrameAgreement | StanceAgreement) -> str:
    low_to_high = "" if found.interval is None else " [{:.2f}, {:.2f}]".format(*found.interval)
    return _figure(found.alpha) + low_to_high


def _figure(value: float | None) -> str:
    return "·" if value is None else f"{value:.2f}"
