"""The whole chain: a result → the page and the figures, as files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.codebook import Codebook
from stance.errors import InputError, ModelError
from stance.files.output import require_new, write_whole
from stance.files.resuming import beside
from stance.files.tables import TABLES, Row, TableFile
from stance.files.text import clean
from stance.flat_rows import flat_rows, uniquely_named
from stance.report.corpus import gather
from stance.report.page import render
from stance.report.plots import draw
from stance.report.rows import checked, read_results
from stance.results import DocumentResult
from stance.store import ModelFolder, find_folder

__all__ = ["ReportFiles", "write_report"]

_OTHER_KINDS = frozenset({".pdf", ".docx", ".odt", ".md", ".txt", ".png", ".svg", ".json"}) | {
    f".{kind}" for kind in TABLES
}


_SKIPPED = {"document": str, "start": int, "end": int, "text": str, "reason": str}


@dataclass(frozen=True)
class ReportFiles:
    """What was written, and of how much.

    Attributes:
        page: the HTML page.
        figures: the figures, each as PNG and as SVG; empty where none were asked for.
        articles, sentences: size of the corpus.
        dated: how many articles have a date that could be read; None where no row has the column.
        sourced: how many say where they are from; None where no row has the column.
    """

    page: Path
    figures: tuple[Path, ...]
    articles: int
    sentences: int
    dated: int | None
    sourced: int | None


def write_report(
    results: str | Path | Iterable[Mapping[str, Any] | DocumentResult],
    output: str | Path = "report.html",
    *,
    figures: str | Path | None = None,
    title: str | None = None,
    date_column: str | None = None,
    source_column: str | None = None,
    model: str | Path | None = None,
    force: bool = False,
) -> ReportFiles:
    """Write a self-contained page on labelled articles, and figures for a paper.

    Args:
        results: a result file (JSONL, CSV or Parquet), or its rows, or the results of ``label`` or
            ``label_many``. What ``label`` skipped is shown too, of a file where
            ``RESULT.skipped.jsonl`` lies beside it.
        output: the page.
        figures: a folder for figures, made where it does not exist.
        title: the page's heading; the result's name by default.
        date_column: where rows keep the date of their article, for shares over time: ``YYYY``,
            ``YYYY-MM`` or ``YYYY-MM-DD``. By default ``date``, where rows have it.
        source_column: where rows keep its source, for shares by source. By default ``source``,
            where rows have it.
        model: the model whose codebook defines the frames, as ``stance.load`` takes it; the shipped
            one by default, where it knows all of them.
        force: replace files that exist.

    Raises:
        InputError: the result cannot be read, has no row or lacks a column that is named, or the
            model knows no frame of it; or the page has the name of another kind of file.
        ModelError: the model cannot be read.
        OutputError: a file exists, or cannot be written.
        MissingExtraError: jinja2 or, for figures, matplotlib is not installed.

    >>> write_report("seeds/labels.jsonl", "report.html", force=True).sentences
    288
    """
    page = Path(output)
    read = [Path(results)] if isinstance(results, (str, Path)) else []
    require_new(page, force=force, inputs=read)
    _require_html(page)
    rows: Iterable[Mapping[str, Any]]
    if isinstance(results, (str, Path)):
        title = title or Path(results).name
        rows, skipped = read_results(results), _skipped_beside(Path(results))
    else:
        given = list(uniquely_named(results))
        rows, skipped = _checked(flat_rows(given)), _skipped_of(given)
    dates, sources = date_column or "date", source_column or "source"
    corpus = gather(rows, skipped=skipped, date_column=dates, source_column=sources)
    rows, articles = corpus.rows, corpus.articles
    for column in filter(None, (date_column, source_column)):
        _require_column(rows, column)
    codebook = _codebook(corpus.names, model)
    content = render(corpus, title=clean(title or "Labelled articles"), codebook=codebook)
    drawn = () if figures is None else draw(corpus, Path(figures), force=force)
    write_whole(page, content)
    return ReportFiles(
        page,
        drawn,
        articles=len(articles),
        sentences=len(rows),
        dated=sum(bool(one.date) for one in articles) if _has(rows, dates) else None,
        sourced=sum(bool(one.source) for one in articles) if _has(rows, sources) else None,
    )


def _require_html(page: Path) -> None:
    if page.suffix.lower() in _OTHER_KINDS:
        raise InputError(
            f"{page} names another kind of file, and the report is an HTML page; give it a name in "
            ".html (a browser prints it, also as PDF)"
        )


def _has(rows: Iterable[Mapping[str, Any]], column: str) -> bool:
    return any(column in row for row in rows)


def _require_column(rows: Sequence[Mapping[str, Any]], column: str) -> None:
    if not _has(rows, column):
        raise InputError(
            f"no row has the column {column!r}; they have {', '.join(map(str, rows[0]))} "
            "(stance label --keep-column carries a column into its result)"
        )


def _codebook(frames: Sequence[str], model: str | Path | None) -> Codebook | None:
    """Return the codebook that defines the frames: the model's, or the shipped one if it fits."""
    try:
        codebook = ModelFolder.read(find_folder(model)).codebook
    except ModelError:
        if model is None:
            return None
        raise
    known = [frame for frame in frames if frame in codebook.names]
    if model is None:
        return codebook if len(known) == len(frames) else None
    if not known:
        raise InputError(
            f"the frames of the result are {', '.join(frames)}, and {model} has "
            f"{', '.join(codebook.names)}; give the model that made the result"
        )
    return codebook


def _checked(rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise InputError(
                f"row {number} is a {type(row).__name__}; expected the rows of a result, or what "
                "label and label_many return"
            )
        try:
            yield checked(row)
        except InputError as error:
            raise InputError(f"row {number} {error}") from error


def _skipped_of(
    results: Iterable[Mapping[str, Any] | DocumentResult],
) -> Iterator[Mapping[str, Any]]:
    for result in results:
        if isinstance(result, DocumentResult):
            yield from (part.to_dict(document=result.id) for part in result.skipped)


def _skipped_beside(results: Path) -> Iterator[Mapping[str, Any]]:
    path = beside(results, "skipped.jsonl")
    if path.is_file():
        rows = (row.values for row in TableFile(path, "jsonl") if isinstance(row, Row))
        yield from (
            row
            for row in rows
            if all(isinstance(row.get(name), kind) for name, kind in _SKIPPED.items())
        )
