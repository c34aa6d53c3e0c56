"""A corpus → one HTML page that needs nothing else: no network, no other file.

The sentences are in the page as JSON, an element an article, and are drawn when they are looked at,
so that thousands of articles open at once. Text is only ever put in as text: jinja2 escapes it, the
script sets ``textContent``, and the page's own policy lets no other script run and nothing load.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterator
from functools import cached_property
from importlib import resources
from typing import Any

from stance.codebook import Codebook, Frame
from stance.errors import MissingExtraError
from stance.report import formats
from stance.report.charts import VIEW_BOX, TimeChart, time_charts
from stance.report.corpus import MAX_SOURCES, Corpus
from stance.report.data import LISTED_FROM, article_parts, overview, packed

__all__ = ["render"]

#: A corpus of at most so many sentences and articles is shown whole; a larger one by the article.
WHOLE_SENTENCES, WHOLE_ARTICLES = 3000, 20
#: Columns of the overview, and panels over time: the most used frames.
MAX_COLUMNS = 8

_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def render(corpus: Corpus, *, title: str, codebook: Codebook | None = None) -> Iterator[str]:
    """Yield the page, piece by piece; with the frames' definitions where a codebook has them.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, StrictUndefined
        from markupsafe import Markup
    except ModuleNotFoundError as error:
        raise MissingExtraError("stance report", extra="report") from error
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {
        "count": formats.count,
        "percent": formats.percent,
        "signed": formats.signed,
        "probability": formats.probability,
        "interval": formats.interval,
        "signed_interval": formats.signed_interval,
    }
    environment.filters["json"] = lambda value: Markup(_json(value))  # noqa: S704  (escaped there)
    script, style = _part("page.js"), _part("page.css")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    template = environment.from_string(_part("page.html.j2"))
    return template.generate(
        title=title,
        page=_Page(corpus, codebook),
        script=Markup(script),  # noqa: S704  (our own)
        style=Markup(style),  # noqa: S704  (our own)
        policy=f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'",
    )


class _Page:
    """What the template asks for."""

    def __init__(self, corpus: Corpus, codebook: Codebook | None) -> None:
        self.corpus = corpus
        self.codebook = codebook
        known = {} if codebook is None else {frame.name: frame for frame in codebook.frames}
        self.meanings = {name: known.get(name, Frame(name)) for name in corpus.names}
        self.summary = corpus.summary
        self.max_sources = MAX_SOURCES
        self.has_probabilities = any(row["probabilities"] for row in corpus.rows)
        # Only then is every frame that is not listed with a sentence known to be unlikely in it.
        names = set(corpus.names)
        self.all_scored = all(names <= row["probabilities"].keys() for row in corpus.rows)
        self.has_words = any(row["explanations"] for row in corpus.rows)
        used = {name: use.sentences for name, use in self.summary.frames.items()}
        columns = sorted(corpus.frames, key=lambda frame: -used[frame.name])[:MAX_COLUMNS]
        self.columns = [frame for frame in corpus.frames if frame in columns]
        sentences, articles = self.summary.sentences, self.summary.documents
        self.whole = sentences <= WHOLE_SENTENCES and articles <= WHOLE_ARTICLES
        self.number = {article.id: number for number, article in enumerate(corpus.articles)}

    @property
    def view_box(self) -> str:
        """What a chart's drawing spans."""
        return VIEW_BOX

    @cached_property
    def charts(self) -> list[TimeChart]:
        return time_charts(self.corpus.periods, self.columns, scale=self.scale)

    @cached_property
    def scale(self) -> float:
        """The share at which bars and axes end: round, and the same everywhere on the page."""
        groups = [self.summary, *(group.summary for group in self.corpus.sources)]
        shares = [use.share for group in groups for use in group.frames.values()]
        ends = [share.high or share.value or 0.0 for share in shares]
        return min(1.0, max(0.1, math.ceil(10 * max(ends, default=0)) / 10))

    @property
    def data(self) -> dict[str, Any]:
        """What the script draws the overview with."""
        frames = [
            {"name": frame.name, "letter": frame.letter, "color": frame.color, "ink": frame.ink}
            for frame in self.corpus.frames
        ]
        columns = [self.corpus.frames.index(frame) for frame in self.columns]
        return {
            "frames": frames,
            "columns": columns,
            "articles": overview(self.corpus),
            "whole": self.whole,
            "scored": self.all_scored,
            "listed": LISTED_FROM,
        }

    @property
    def texts(self) -> Iterator[list[str]]:
        """The sentences of each article, as the script reads them."""
        names = self.corpus.names
        return (
            packed(article_parts(article, names), frames=len(names))
            for article in self.corpus.articles
        )

    @property
    def withheld(self) -> bool:
        """Whether any decision was withheld."""
        return any(use.uncertain for use in self.summary.frames.values())

    @property
    def open_states(self) -> bool:
        """Whether any stance was withheld or not coded."""
        return any(row["uncertain"] or None in row["frames"].values() for row in self.corpus.rows)


def _json(value: object) -> str:
    """Return JSON that can stand in an element of the page, whatever its strings hold."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


def _part(name: str) -> str:
    return resources.files("stance.report").joinpath(name).read_text(encoding="utf-8")
