"""``stance suggest``: the sentences of a corpus that are most worth labelling next."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stance.cli._shared import ExitCode, console, one_line, plural, say_failures
from stance.errors import InputError

if TYPE_CHECKING:
    from stance.files.documents import DocumentReader, Failure
    from stance.files.report import LabelProgress
    from stance.files.sources import Inputs
    from stance.results import DocumentResult
    from stance.suggest import Suggestion, SuggestionFile

__all__ = ["suggest"]

_MAX_SHOWN = 5


def suggest(
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
        Path, typer.Option("-o", "--output", metavar="OUT", help="The file of what to label.")
    ],
    n: Annotated[int, typer.Option("-n", "--n", metavar="N", help="How many sentences.")] = 100,
    model: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Model folder or Hub id; the shipped model by default."),
    ] = None,
    exclude: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Sentences that are labelled, or on a list to be, already; can be repeated.",
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            metavar="jsonl|csv|label-studio", help="Of OUT; by its suffix (.json: Label Studio)."
        ),
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
    seed: Annotated[
        int, typer.Option(metavar="N", help="Settles ties between equally useful sentences.")
    ] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT.")] = False,
    threads: Annotated[
        int | None, typer.Option(metavar="N", help="Processors to use; all by default.")
    ] = None,
) -> int:
    """Choose the sentences to label next: those the model is unsure of, no two alike.

    OUT is JSONL, CSV or Label Studio tasks, for which the project's set-up is written beside it.
    """
    from stance.cli._progress import progress_reporter
    from stance.files.codings import read_sentences
    from stance.files.documents import DocumentReader
    from stance.job import find_articles
    from stance.model import load
    from stance.suggest import SuggestionFile
    from stance.suggest import suggest as choose

    file = SuggestionFile(output, format=format, force=force, inputs=exclude or ())
    found = find_articles(inputs, input_format=input_format, output=output)
    known = [text for path in exclude or () for text in read_sentences(path)]
    reader = DocumentReader(found, text_column=text_column, id_column=id_column)
    failures: list[Failure] = []
    loaded = load(model, threads=threads)
    with progress_reporter() as show:
        tally = _Tally(found, reader, show)
        chosen = choose(
            loaded,
            _readable(reader, failures),
            n=n,
            exclude=known,
            seed=seed,
            on_result=tally.add,
        )
    say_failures(failures, failed=len(failures))
    if not chosen:
        what = f"{plural(tally.documents, 'document')}, {plural(tally.sentences, 'sentence')}"
        raise InputError(
            f"found nothing to label in {what}; expected sentences that are not labelled yet"
        )
    file.write(chosen, loaded)
    _print(file, chosen, tally, n)
    return ExitCode.SOME_FAILED if failures else ExitCode.DONE


class _Tally:
    """Counts what is done, and shows it."""

    def __init__(
        self,
        inputs: Inputs,
        reader: DocumentReader,
        show: Callable[[LabelProgress], None] | None,
    ) -> None:
        self.documents = 0
        self.sentences = 0
        self._inputs = inputs
        self._reader = reader
        self._show = show
        self._started = time.perf_counter()

    def add(self, result: DocumentResult) -> None:
        from stance.files.report import LabelProgress

        self.documents += 1
        self.sentences += len(result.sentences)
        if self._show is None:
            return
        self._show(
            LabelProgress.of(
                documents=self.documents,
                sentences=self.sentences,
                before=(0, 0),
                read=self._reader.bytes_read,
                size=self._inputs.size,
                seconds=time.perf_counter() - self._started,
            )
        )


def _readable(reader: DocumentReader, failures: list[Failure]) -> Iterator[tuple[str, str]]:
    from stance.files.documents import Document

    for found in reader:
        if isinstance(found, Document):
            yield found.id, found.text
        else:
            failures.append(found)


def _print(file: SuggestionFile, chosen: Sequence[Suggestion], tally: _Tally, n: int) -> None:
    from rich.text import Text

    out = console()
    for suggestion in chosen[:_MAX_SHOWN]:
        sentence = suggestion.sentence
        chance = sentence.probabilities[suggestion.frame]
        line = Text(f"{suggestion.frame} {chance:.2f}  ", style="cyan")
        line.append(one_line(sentence.text), style="default")
        line.truncate(out.width, overflow="ellipsis")
        out.print(line)
    if len(chosen) > _MAX_SHOWN:
        out.print(Text(f"… {len(chosen) - _MAX_SHOWN:,} more", style="dim"))
    counts = Counter(suggestion.frame for suggestion in chosen).most_common()
    out.print("\nleast sure of " + ", ".join(f"{frame} ({count:,})" for frame, count in counts))
    out.print(
        f"{plural(len(chosen), 'sentence')} to label, of {tally.sentences:,} in "
        f"{plural(tally.documents, 'document')}: {file.path}",
        soft_wrap=True,
    )
    if len(chosen) < n:
        out.print(f"{n:,} were asked for; there are no more that differ from one another")
    if file.config is not None:
        out.print(f"set up the Label Studio project with {file.config}", soft_wrap=True)
