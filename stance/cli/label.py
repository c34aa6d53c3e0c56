"""``stance label``: label the sentences of articles."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stance.cli._shared import ExitCode, console, parse_thresholds, say
from stance.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from stance.files.report import LabelReport
    from stance.results import DocumentResult

__all__ = ["label"]


def label(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Files (.txt .md .html .csv .tsv .jsonl .parquet, also compressed), folders, "
            "patterns, or - for standard input.",
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="Result file, or - for standard output; without it, a table.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Model folder or Hub id; the shipped model by default."),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(metavar="jsonl|csv|parquet", help="Of OUT; by its suffix by default."),
    ] = None,
    input_format: Annotated[
        str | None,
        typer.Option(
            metavar="text|html|csv|tsv|jsonl",
            help="What standard input and files without a known suffix hold.",
        ),
    ] = None,
    text_column: Annotated[
        str, typer.Option(metavar="C", help="Where tables keep the text.")
    ] = "text",
    id_column: Annotated[
        str | None, typer.Option(metavar="C", help="Where tables keep the id; FILE:ROW by default.")
    ] = None,
    keep_column: Annotated[
        list[str] | None,
        typer.Option(metavar="C", help="A column of tables to carry into OUT; can be repeated."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that was cut off.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace OUT, or a run that was cut off.")
    ] = False,
    threshold: Annotated[
        list[str] | None,
        typer.Option(metavar="FRAME=P", help="Another threshold for a frame; can be repeated."),
    ] = None,
    abstain: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Withhold this share of the decisions: 0.05 or 0.1 with the shipped model.",
        ),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Also say which words carry the frames; takes several times as long."
        ),
    ] = False,
    keep_all: Annotated[
        bool, typer.Option("--keep-all", help="Label menus, bylines and references too.")
    ] = False,
    backend: Annotated[str, typer.Option(metavar="auto|onnx|torch", help="Runtime.")] = "auto",
    device: Annotated[str, typer.Option(metavar="cpu|cuda", help="Device.")] = "cpu",
    threads: Annotated[
        int | None,
        typer.Option(metavar="N", help="Processors to use, all by default; with Ray, by a worker."),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(metavar="N", help="Most sentences in a batch, for a GPU of little memory."),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(metavar="local|ray", help="ray: on a cluster; OUT becomes a folder."),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Of the Ray cluster; this machine by default."),
    ] = None,
    num_gpus: Annotated[
        float | None,
        typer.Option(metavar="N", help="GPUs of a worker with Ray; 0.25: four workers on each."),
    ] = None,
    table: Annotated[
        bool | None,
        typer.Option("--table/--no-table", help="Show the sentences; without -o by default."),
    ] = None,
) -> int:
    """Label articles: the frames of every sentence, and the stance on each.

    Without -o the sentences are shown in a table. With it, one row a sentence is written, and text
    that was skipped and files that failed are listed beside OUT.
    """
    from stance.cli._progress import progress_reporter
    from stance.cli._tables import print_document, print_notes, print_overview

    if output is None and (resume or force or format or keep_column):
        raise InputError("--resume, --force, --format and --keep-column need a result: -o OUT")
    shows_sentences = output is None if table is None else table
    streams = _streams(output)
    out = console(stderr=streams)
    show: Callable[[DocumentResult], None] = partial(print_document, out)
    if output is not None:
        show = _while_it_is_read(show, out)
    on_result = show if shows_sentences else None
    run = _job(engine, output, on_result, address=address, num_gpus=num_gpus)
    try:
        quiet = shows_sentences or (streams and sys.stdout.isatty())
        with progress_reporter(quiet=quiet) as progress:
            report = run(
                inputs,
                output,
                model=model,
                format=format,
                input_format=input_format,
                text_column=text_column,
                id_column=id_column,
                keep_columns=keep_column or (),
                resume=resume,
                force=force,
                thresholds=parse_thresholds(threshold or []),
                abstain=abstain,
                explain="occlusion" if explain else None,
                keep_all=keep_all,
                backend=backend,
                device=device,
                threads=threads,
                batch_size=batch_size,
                progress=progress,
            )
    except KeyboardInterrupt:
        going_on = "" if output is None or streams else "; --resume goes on with what is done"
        say(f"stopped{going_on}")
        return ExitCode.STOPPED
    if not report.documents and not report.failed:
        say(f"{', '.join(map(str, inputs))[:200]}: found no document")
    if not streams and (output is not None or report.documents > 1 or not shows_sentences):
        print_overview(out, report)
    print_notes(out, report)
    return _exit_code(report)


def _job(
    engine: str,
    output: Path | None,
    on_result: Callable[[DocumentResult], None] | None,
    **of_cluster: Any,
) -> Callable[..., LabelReport]:
    """Return the function that does the work: here, or on a cluster."""
    if engine == "local":
        from stance.job import label_files

        if any(given is not None for given in of_cluster.values()):
            raise InputError("--address and --num-gpus are for a cluster; add --engine ray")
        return partial(label_files, on_result=on_result)
    if engine != "ray":
        raise InputError(f"unknown engine {engine!r}; expected local or ray")
    if output is None or _streams(output) or on_result is not None:
        raise InputError("--engine ray writes a folder and shows no sentences; give it -o OUT")
    from stance.cluster.batch import label_shards

    return partial(label_shards, **of_cluster)


def _while_it_is_read(
    show: Callable[[DocumentResult], None], out: Console
) -> Callable[[DocumentResult], None]:
    """Go on without a table that nobody reads any more (``| head``): the result is written."""

    def shown(result: DocumentResult) -> None:
        try:
            show(result)
        except BrokenPipeError:
            out.quiet = True
            with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
                os.dup2(nowhere.fileno(), out.file.fileno())

    return shown


def _streams(output: Path | None) -> bool:
    """Say whether rows go to standard output, where nothing else may be then."""
    from stance.files.formats import STANDARD_OUTPUT

    return output == STANDARD_OUTPUT


def _exit_code(report: LabelReport) -> ExitCode:
    if not report.documents:
        return ExitCode.NOTHING_DONE
    return ExitCode.SOME_FAILED if report.failed else ExitCode.DONE
