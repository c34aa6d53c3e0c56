"""Figures for a paper: shares of the frames, over time and by source, as PNG and as SVG."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.errors import MissingExtraError, OutputError, writing
from stance.figures import Figure
from stance.files.output import write_whole
from stance.report.corpus import Corpus, FrameStyle, Group
from stance.summary import FrameUse, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["draw"]

_SUFFIXES = (".png", ".svg")
# Text stays text: in the SVG, and where it holds what matplotlib would take for mathematics.
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "stance",
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 9,
}
_WITHHELD = "hollow: the share with all decisions that were left open"
_STANCES = (("favor", 1.0, ""), ("neutral", 0.45, ""), ("against", 1.0, "////"))
_NOT_CODED = 0.15


def draw(corpus: Corpus, folder: Path, *, force: bool = False) -> tuple[Path, ...]:
    """Draw ``shares``, ``over_time`` where dates differ, and ``by_source`` where sources do.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: a figure exists, unless ``force``; or the folder cannot be written.
    """
    try:
        from matplotlib import rc_context
    except ModuleNotFoundError as error:
        raise MissingExtraError("stance report --figures", extra="report") from error
    names = ("shares", "over_time", "by_source")
    for path in (folder / f"{name}{suffix}" for name in names for suffix in _SUFFIXES):
        if path.exists() and not force:
            raise OutputError(f"{path} exists; --force (force=True) replaces it")
    written = []
    with rc_context(_SETTINGS):
        for name, canvas in _figures(corpus):
            for suffix in _SUFFIXES:
                path = folder / f"{name}{suffix}"
                _save(canvas, path)
                written.append(path)
    return tuple(written)


def _figures(corpus: Corpus) -> Iterator[tuple[str, Canvas]]:
    yield "shares", _shares(corpus.frames, corpus.summary)
    if len(corpus.periods) > 1:
        yield "over_time", _panels(corpus.frames, corpus.periods, _over_time)
    if len(corpus.sources) > 1:
        yield "by_source", _panels(corpus.frames, corpus.sources, _by_source)


def _save(canvas: Canvas, path: Path) -> None:
    kind = path.suffix.removeprefix(".")
    picture = io.BytesIO()
    # The date of drawing would make two equal figures differ.
    metadata = {"Date": None} if kind == "svg" else {}
    canvas.savefig(picture, format=kind, dpi=200, metadata=metadata)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, picture.getvalue())


def _canvas(width: float, height: float) -> Canvas:
    from matplotlib.figure import Figure as Canvas

    return Canvas(figsize=(width, height), layout="constrained")


def _shares(frames: Sequence[FrameStyle], summary: Summary) -> Canvas:
    """A bar a frame, its parts the stances, its whisker the interval of the whole."""
    canvas = _canvas(6.4, 1.0 + 0.4 * len(frames))
    axes = canvas.subplots()
    for row, frame in enumerate(frames):
        use = summary.frames[frame.name]
        _stances(axes, row, frame, use)
        axes.errorbar(
            [use.share.value or 0], [row], xerr=_errors([use.share]), color="black", capsize=2
        )
        if use.uncertain:
            _hollow(axes, [_most(summary, frame)], [row], "black")
    if any(use.uncertain for use in summary.frames.values()):
        canvas.supxlabel(_WITHHELD, fontsize=8)
    axes.set_yticks(range(len(frames)), [frame.name for frame in frames])
    axes.invert_yaxis()
    legend = "solid: in favor, light: neutral, hatched: against"
    if any(map(_not_coded, summary.frames.values())):
        legend += ", pale: not coded"
    axes.set_xlabel(f"share of sentences ({legend})")
    axes.xaxis.set_major_formatter(_percent)
    axes.set_xlim(left=0)
    return canvas


def _stances(axes: Axes, row: int, frame: FrameStyle, use: FrameUse) -> None:
    parts = [(getattr(use, stance), strength, hatch) for stance, strength, hatch in _STANCES]
    parts.append((_not_coded(use), _NOT_CODED, ""))
    left = 0.0
    for sentences, strength, hatch in parts:
        width = sentences / max(1, use.judged)
        [bar] = axes.barh([row], [width], left=[left], height=0.6, linewidth=0.5)
        bar.set(facecolor=(frame.color, strength), edgecolor="white", hatch=hatch)
        left += width


def _not_coded(use: FrameUse) -> int:
    return use.sentences - use.favor - use.neutral - use.against


def _panels(
    frames: Sequence[FrameStyle],
    groups: Sequence[Group],
    plot: Callable[[Axes, FrameStyle, Sequence[Group], float], None],
) -> Canvas:
    """A panel a frame, all on the same axes."""
    columns = max(1, min(len(frames), 2))
    rows = max(1, -(-len(frames) // columns))
    height = 2.0 if plot is _over_time else 0.8 + 0.22 * len(groups)
    canvas = _canvas(3.4 * columns, height * rows)
    grid = canvas.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    uses = [group.summary.frames[frame.name] for group in groups for frame in frames]
    most = [_most(group.summary, frame) for group in groups for frame in frames]
    end = 1.05 * max([use.share.high or 0.0 for use in uses] + most + [0.02])
    if any(use.uncertain for use in uses):
        canvas.supxlabel(_WITHHELD, fontsize=8)
    for axes, frame in zip(grid.flat, frames, strict=False):
        axes.set_title(frame.name, fontsize=9)
        plot(axes, frame, groups, end)
    for axes in grid.flat[len(frames) :]:
        axes.set_visible(False)
    return canvas


def _over_time(axes: Axes, frame: FrameStyle, groups: Sequence[Group], end: float) -> None:
    shown = groups[:: -(-len(groups) // 5)]
    groups = [group for group in groups if group.summary.frames[frame.name].judged]
    shares = [group.summary.frames[frame.name].share for group in groups]
    places = [group.place for group in groups]
    values = [share.value or 0.0 for share in shares]
    below, above = _errors(shares)
    low = [value - error for value, error in zip(values, below, strict=True)]
    high = [value + error for value, error in zip(values, above, strict=True)]
    axes.fill_between(places, low, high, color=frame.color, alpha=0.25, linewidth=0)
    axes.plot(places, values, color=frame.color, marker="o", markersize=3)
    open_groups = [group for group in groups if group.summary.frames[frame.name].uncertain]
    tops = [_most(group.summary, frame) for group in open_groups]
    _hollow(axes, [group.place for group in open_groups], tops, frame.color)
    axes.set_xticks([group.place for group in shown], [group.name for group in shown], rotation=30)
    axes.yaxis.set_major_formatter(_percent)
    axes.set_ylim(0, end)


def _by_source(axes: Axes, frame: FrameStyle, groups: Sequence[Group], end: float) -> None:
    uses = [group.summary.frames[frame.name] for group in groups]
    shares = {row: use.share for row, use in enumerate(uses) if use.judged}
    axes.errorbar(
        [share.value or 0.0 for share in shares.values()],
        list(shares),
        xerr=_errors([*shares.values()]),
        color=frame.color,
        fmt="o",
        markersize=4,
        capsize=2,
    )
    for row, group in enumerate(groups):
        if group.summary.frames[frame.name].uncertain:
            _hollow(axes, [_most(group.summary, frame)], [row], frame.color)
    axes.set_yticks(range(len(groups)), [group.name[:40] for group in groups])
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.xaxis.set_major_formatter(_percent)
    axes.set_xlim(0, end)


def _most(summary: Summary, frame: FrameStyle) -> float:
    """Return what the share is if every decision that was withheld is for the frame."""
    use = summary.frames[frame.name]
    return (use.sentences + use.uncertain) / use.judged if use.judged else 0.0


def _hollow(axes: Axes, across: Sequence[float], up: Sequence[float], color: str) -> None:
    axes.plot(across, up, color=color, marker="o", markersize=4, fillstyle="none", linestyle="none")


def _errors(shares: Sequence[Figure]) -> tuple[list[float], list[float]]:
    """Return how far each interval reaches below and above its share."""
    below, above = [], []
    for share in shares:
        value = share.value or 0.0
        below.append(max(0.0, value - (value if share.low is None else share.low)))
        above.append(max(0.0, (value if share.high is None else share.high) - value))
    return below, above


def _percent(value: float, _place: float) -> str:
    return f"{value:.0%}"
