"""Shares over time as points and lines of an SVG drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stance.report.corpus import FrameStyle, Group
from stance.report.formats import interval, percent

__all__ = ["VIEW_BOX", "Point", "TimeChart", "time_charts"]

#: Size of a drawing, and its margins, in the drawing's own units.
WIDTH, HEIGHT = 320, 150
LEFT, RIGHT, TOP, BOTTOM = 34, 12, 10, 22
#: The same for the drawing's own attribute.
VIEW_BOX = f"0 0 {WIDTH} {HEIGHT}"


@dataclass(frozen=True)
class Point:
    """A period's share: where it stands in the drawing, and what it says."""

    x: float
    y: float
    label: str


@dataclass(frozen=True)
class TimeChart:
    """One frame over time.

    Attributes:
        frame: which.
        points: a point a period.
        line: through the points, in the notation of SVG.
        band: around the intervals, likewise.
        ticks: heights of the axis, with their labels.
        first, last: names of the first and the last period.
    """

    frame: FrameStyle
    points: tuple[Point, ...]
    line: str
    band: str
    ticks: tuple[Point, ...]
    first: str
    last: str


def time_charts(
    periods: Sequence[Group], frames: Sequence[FrameStyle], *, scale: float
) -> list[TimeChart]:
    """Draw each frame over time, all on the same axes; nothing where there is one period alone.

    ``scale`` is the share at which the axis ends, or a higher one where a period's interval ends
    higher.
    """
    if len(periods) < 2:
        return []
    shares = [use.share for period in periods for use in period.summary.frames.values()]
    scale = max([scale, *(share.high or share.value or 0.0 for share in shares)])
    first, last = periods[0].place, periods[-1].place

    def x(place: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (place - first) / (last - first), 1)

    def y(share: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(1.0, share / scale), 1)

    ticks = tuple(Point(LEFT, y(part * scale), f"{part * scale:.0%}") for part in (0, 0.5, 1))
    charts = []
    for frame in frames:
        points, lows, highs = [], [], []
        for period in periods:
            share = period.summary.frames[frame.name].share
            if (value := share.value) is None:  # Nothing of this period was judged for it.
                continue
            low, high = (value if end is None else end for end in (share.low, share.high))
            points.append(Point(x(period.place), y(value), _label(period, frame)))
            lows.append(f"{x(period.place)},{y(low)}")
            highs.append(f"{x(period.place)},{y(high)}")
        line = " ".join(f"{point.x},{point.y}" for point in points)
        band = " ".join([*highs, *reversed(lows)])
        ends = periods[0].name, periods[-1].name
        charts.append(TimeChart(frame, tuple(points), line, band, ticks, *ends))
    return charts


def _label(period: Group, frame: FrameStyle) -> str:
    summary = period.summary
    use = summary.frames[frame.name]
    left_open = ""
    if use.uncertain:
        left_open = f"; {percent(use.uncertain / use.judged)} more left open"
    share = " ".join(filter(None, (percent(use.share.value), interval(use.share))))
    return (
        f"{period.name}: {share} of {use.judged:,} sentences, "
        f"articles: {summary.documents:,}{left_open}"
    )
