"""A small table in plain text: what ``print`` shows of a summary."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["tabulate"]


def tabulate(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Return lines of cells in columns, the first to the left and the others to the right.

    >>> print(tabulate(("frame", "share"), [("trade", "0.5")]))
    frame  share
    trade    0.5
    """
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    return "\n".join(_line(cells, widths) for cells in (head, *body))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.rjust(width) if place else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *rest])
