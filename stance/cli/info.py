"""``stance info``: what a model is, and whether its files are whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stance.cli._shared import ExitCode, console, one_line, plain_table, print_json
from stance.codebook import STANCES

if TYPE_CHECKING:
    from rich.console import Console

    from stance.decision import Decision
    from stance.store import ModelFolder

__all__ = ["info"]


def info(
    model: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Model folder or Hub id; the shipped model by default."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> int:
    """Show a model: its codebook, thresholds, figures and files, their checksums verified."""
    from stance.settings import checksum_of
    from stance.store import ModelFolder, find_folder

    folder = ModelFolder.read(find_folder(model))
    folder.verify()
    checksum = checksum_of(folder)
    if as_json:
        found = {"path": str(folder.path), "verified": True, "sha256": checksum}
        data = {**found, **folder.to_dict()}
        print_json(data)
    else:
        _print(console(), folder, checksum)
    return ExitCode.DONE


def _print(out: Console, folder: ModelFolder, checksum: str) -> None:
    from rich.padding import Padding
    from rich.text import Text

    out.print(Text(one_line(f"{folder.name} {folder.version}"), style="bold"))
    out.print(one_line(f"{folder.path}"), soft_wrap=True)
    out.print(f"sha256 {checksum}", soft_wrap=True)
    language = one_line(folder.language) or "unknown (sentences are split as English ones)"
    length = folder.max_length
    out.print(f"language {language}, reads {length} tokens at once, longer sentences in windows")
    book = folder.codebook
    out.print(Text("\n" + one_line(f"codebook {book.name} {book.version}"), style="bold"))
    for index, frame in enumerate(book.frames):
        decided = _decided(folder.decision, index)
        out.print(Text(frame.name, style="cyan") + Text(f"  {decided}"))
        stances = _stances(folder.decision, index)
        for line in filter(None, (stances, frame.definition, frame.proposition)):
            out.print(Padding(Text(one_line(line)), (0, 0, 0, 2)))
    if shares := ", ".join(f"{share:g}" for share in sorted(folder.decision.bands)):
        out.print(f"can withhold these shares of its decisions (--abstain): {shares}")
    for title, values in (("training", folder.training), ("figures", folder.figures)):
        if values:
            out.print(Text(f"\n{title}", style="bold"))
            for name, value in _flat(values):
                out.print(Text(one_line(f"{name}: {value}")))
    out.print(Text("\nfiles, checksums verified", style="bold"))
    table = plain_table(header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    for name, entry in folder.files.items():
        table.add_row(name, f"{entry['bytes']:,} bytes", f"sha256 {str(entry['sha256'])[:16]}…")
    out.print(table)


def _decided(decision: Decision, frame: int) -> str:
    return (
        f"threshold {decision.thresholds[frame]:.3g}, "
        f"temperature {decision.temperatures[frame]:.3g}, offset {decision.offsets[frame]:.3g}"
    )


def _stances(decision: Decision, frame: int) -> str:
    if not decision.stanced[frame]:
        return "tells no stance: no row that it was learnt from says one"
    if not decision.stance_priors:
        return ""
    priors = zip(STANCES, decision.stance_priors[frame], strict=True)
    return "stance priors: " + ", ".join(f"{stance} {prior:.2g}" for stance, prior in priors)


def _flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, object]]:
    """Yield the leaves of nested data, each with its path.

    >>> list(_flat({"a": {"b": 1}, "c": 2}))
    [('a b', 1), ('c', 2)]
    """
    for key, value in values.items():
        name = f"{path} {key}".strip()
        if isinstance(value, Mapping):
            yield from _flat(value, name)
        else:
            yield name, f"{value:.4g}" if isinstance(value, float) else value
