"""Figures for a paper: shares of the frames, over time and by source, as PNG and as SVG."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.errors import MissingExtraError, OutputError, writing
from stance.figures import Figure
from stance.files.output import write_whole
from stance.report.corpus import MAX_SOURCES, Corpus, FrameStyle, Group
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
_SHARE = "share of sentences"
_WITHHELD = "hollow: the share with all decisions that were left open"
_STANCES = (("favor", 1.0, ""), ("neutral", 0.45, ""), ("against", 1.0, "////"))
_NOT_CODED = 0.15
# So many characters a line of a frame's name has, and a source's name at most.
_FRAME_WIDTH, _SOURCE_WIDTH = 28, 40
# Inches that a line of text is high, and a character is wide.
_LINE, _CHARACTER = 0.15, 0.07


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
        yield "over_time", _over_time(corpus)
    if len(corpus.sources) > 1:
        yield "by_source", _by_source(corpus)


def _save(canvas: Canvas, path: Path) -> None:
    kind = path.suffix.removeprefix(".")
    picture = io.BytesIO()
    # The date of drawing would make two equal figures differ.
    metadata = {"Date": None} if kind == "svg" else {}
    with warnings.catch_warnings():
        # Of a script that the font does not have, a PNG shows boxes, and an SVG the text.
        warnings.filterwarnings("ignore", r"Glyph .* missing", UserWarning)
        canvas.savefig(picture, format=kind, dpi=200, metadata=metadata)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, picture.getvalue())


def _canvas(width: float, height: float, caption: Sequence[str]) -> Canvas:
    """Make a canvas with a caption below, for which it grows in height."""
    from matplotlib.figure import Figure as Canvas

    lines = [line for part in caption for line in textwrap.wrap(part, int(width / _CHARACTER))]
    canvas = Canvas(figsize=(width, height + _LINE * len(lines)), layout="constrained")
    canvas.supxlabel("\n".join(lines), fontsize=8)
    return canvas


def _shares(frames: Sequence[FrameStyle], summary: Summary) -> Canvas:
    """A bar a frame, its parts the stances, its whisker the interval of the whole."""
    uses = summary.frames.values()
    caption = ["solid: in favor, light: neutral, hatched: against"]
    caption += ["pale: stance not coded"] * any(map(_not_coded, uses))
    caption += ["whisker: 95% interval"]
    caption += [_WITHHELD] * any(use.uncertain for use in uses)
    names = [_wrapped(frame) for frame in frames]
    canvas = _canvas(6.4, 1.0 + (0.25 + _LINE * _lines(names)) * len(frames), caption)
    axes = canvas.subplots()
    for row, frame in enumerate(frames):
        use = summary.frames[frame.name]
        _stances(axes, row, frame, use)
        axes.errorbar(
            [use.share.value or 0], [row], xerr=_errors([use.share]), color="black", capsize=2
        )
        if use.uncertain:
            _hollow(axes, [_most(summary, frame)], [row], "black")
    axes.set_yticks(range(len(frames)), names)
    axes.invert_yaxis()
    axes.set_xlabel(_SHARE)
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


def _over_time(corpus: Corpus) -> Canvas:
    """A line a frame through the periods, its band the interval."""
    groups = corpus.periods
    caption = ["band: 95% interval", *_caption(corpus, groups, "date", corpus.undated)]
    canvas, panels = _panels(corpus.frames, caption, height=2.0)
    end = _end(corpus.frames, groups)
    shown = groups[:: -(-len(groups) // 5)]
    for axes, frame in zip(panels, corpus.frames, strict=True):
        _line(axes, frame, groups)
        axes.set_xticks([one.place for one in shown], [one.name for one in shown], rotation=30)
        axes.yaxis.set_major_formatter(_percent)
        axes.set_ylim(0, end)
    canvas.supylabel(_SHARE, fontsize=9)
    return canvas


def _by_source(corpus: Corpus) -> Canvas:
    """A point a source, its whisker the interval, in a panel a frame."""
    groups = corpus.sources
    caption = ["whisker: 95% interval", *_caption(corpus, groups, "source", corpus.unsourced)]
    if corpus.source_count > MAX_SOURCES:
        caption.append(
            f"the {MAX_SOURCES} sources with the most articles, of {corpus.source_count:,}"
        )
    names = [_shortened(group.name) for group in groups]
    room = _CHARACTER * max(map(len, names))
    canvas, panels = _panels(corpus.frames, caption, height=0.8 + 0.22 * len(groups), room=room)
    end = _end(corpus.frames, groups)
    for axes, frame in zip(panels, corpus.frames, strict=True):
        _points(axes, frame, groups)
        axes.set_yticks(range(len(groups)), names)
        axes.set_ylim(len(groups) - 0.5, -0.5)
        axes.xaxis.set_major_formatter(_percent)
        axes.set_xlim(0, end)
    for axes in panels[-2:]:
        axes.set_xlabel(_SHARE)
    return canvas


def _caption(corpus: Corpus, groups: Sequence[Group], what: str, missing: int) -> list[str]:
    """Say what the panels of groups leave open, and how many articles belong to none of them."""
    uses = [use for group in groups for use in group.summary.frames.values()]
    caption = [_WITHHELD] if any(use.uncertain for use in uses) else []
    if missing:
        caption.append(f"without a {what}: {missing:,} of {len(corpus.articles):,} articles")
    if what == "date" and corpus.imprecise:
        caption.append(f"left out, since their date is less exact: {corpus.imprecise:,}")
    return caption


def _panels(
    frames: Sequence[FrameStyle], caption: Sequence[str], *, height: float, room: float = 0.0
) -> tuple[Canvas, list[Axes]]:
    """Make a panel a frame, two abreast, all on the same axes; ``room`` is for names beside."""
    columns = max(1, min(len(frames), 2))
    rows = max(1, -(-len(frames) // columns))
    names = [_wrapped(frame) for frame in frames]
    height += _LINE * (_lines(names) - 1)
    canvas = _canvas(3.4 * columns + room, height * rows, caption)
    grid = canvas.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    panels = list(grid.flat)
    for axes in panels[len(frames) :]:
        axes.set_visible(False)
    for axes, name in zip(panels, names, strict=False):
        axes.set_title(name, fontsize=9)
    panels = panels[: len(frames)]
    for axes in panels[-columns:]:  # The lowest of each column, of which one may end early.
        axes.tick_params(labelbottom=True)
    return canvas, panels


def _end(frames: Sequence[FrameStyle], groups: Sequence[Group]) -> float:
    """Return the share at which the axes of all panels end."""
    uses = [group.summary.frames[frame.name] for group in groups for frame in frames]
    most = [_most(group.summary, frame) for group in groups for frame in frames]
    return 1.05 * max([use.share.high or 0.0 for use in uses] + most + [0.02])


def _line(axes: Axes, frame: FrameStyle, groups: Sequence[Group]) -> None:
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


def _points(axes: Axes, frame: FrameStyle, groups: Sequence[Group]) -> None:
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
    # With as many decimals as the tick has, since those of rare frames are less than 1% apart.
    return f"{100 * value:.6g}%"


def _wrapped(frame: FrameStyle) -> str:
    return textwrap.fill(frame.name, _FRAME_WIDTH)


def _lines(names: Sequence[str]) -> int:
    return max((name.count("\n") + 1 for name in names), default=1)


def _shortened(name: str) -> str:
    """Shorten a long name in its middle: addresses often begin, and titles often end, alike."""
    half = _SOURCE_WIDTH // 2
    return name if len(name) <= _SOURCE_WIDTH else f"{name[:half]}…{name[1 - half :]}"
