"""How far two codings of the training rows agree.

    python training/agreement.py

The UN sentences were coded twice, independently, and where the two differ a third pass, which saw
both without knowing whose they were, decided. The oldest of them were then coded once more, with
what had been learnt from the others. Of the authored rows from w15 on, some drawn at random were
coded again blind, as were some of the rows that are kept apart. Prints, for each part and frame,
how often each coding has it, the F1 of one against the other, and how often the stance is the same
where both have the frame; a dash where no sentence has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from project_files import DATA, read_json_lines
from recipe import CODEBOOK

POINTERS = ("un.jsonl", "speeches/un4.jsonl", "waiting/un5.jsonl")

Frames = Mapping[str, str]


def main() -> None:
    """Print one table a part."""
    un = [row for file in POINTERS for row in read_json_lines(DATA / file)]
    again = {row["id"]: row["frames"] for row in read_json_lines(DATA / "authored_recoded.jsonl")}
    anew = {row["id"]: row["frames"] for row in read_json_lines(DATA / "un_recoded.jsonl")}
    parts = {
        **{
            f"UN, ids {part}-": [codings(row) for row in un if row["id"].startswith(f"{part}-")]
            for part in ("un", "un2", "un3", "un4", "un5", "un6", "un7")
        },
        "UN, ids un-, coded anew": [
            (earlier(row), anew[row["id"]]) for row in un if row["id"] in anew
        ],
        "authored, w15 to w71": coded_again("authored", again),
        "kept apart, w64 to w67": coded_again("unseen", again),
        "kept apart, claims and denials, w58": coded_again("contrast", again),
    }
    print("| part (sentences) | frame | first | second | F1 | stance the same |")
    print("| --- | --- | --- | --- | --- | --- |")
    for part, pairs in parts.items():
        for frame in CODEBOOK.names:
            print(f"| {part} ({len(pairs):,}) | `{frame}` | {agreement_cells(pairs, frame)} |")


def coded_again(folder: str, again: Mapping[str, Frames]) -> list[tuple[Frames, Frames]]:
    """Return the two codings of the rows in a folder that were coded again."""
    files = sorted((DATA / folder).glob("w*.jsonl"))
    rows = [row for file in files for row in read_json_lines(file)]
    return [(row["frames"], again[row["id"]]) for row in rows if row["id"] in again]


def codings(row: Mapping[str, Any]) -> tuple[Frames, Frames]:
    """Return the two codings of a UN row; ``codings`` is there only where they differ."""
    first, second = row.get("codings", (earlier(row), earlier(row)))
    return first, second


def earlier(row: Mapping[str, Any]) -> Frames:
    """Return the label of a UN row before it was coded anew; ``earlier`` is there if it changed."""
    frames: Frames = row.get("earlier", row["frames"])
    return frames


def agreement_cells(pairs: Sequence[tuple[Frames, Frames]], frame: str) -> str:
    """Return the cells of one frame: how often either coding has it, F1, stances that are equal."""
    first = sum(frame in one for one, _ in pairs)
    second = sum(frame in other for _, other in pairs)
    both = [(one[frame], other[frame]) for one, other in pairs if frame in one and frame in other]
    same = sum(one == other for one, other in both)
    equal = f"{same / len(both):.0%}" if both else "–"
    return f"{first} | {second} | {two_decimals(f1(pairs, frame))} | {equal}"


def f1(pairs: Sequence[tuple[Frames, Frames]], frame: str) -> float | None:
    """Return the F1 of one coding of a frame against the other; None where neither has it."""
    had = sum((frame in one) + (frame in other) for one, other in pairs)
    both = sum(frame in one and frame in other for one, other in pairs)
    return 2 * both / had if had else None


def two_decimals(figure: float | None) -> str:
    """Return ``0.71``, or a dash for a figure that is not defined."""
    return "–" if figure is None else f"{figure:.2f}"


if __name__ == "__main__":
    main()
