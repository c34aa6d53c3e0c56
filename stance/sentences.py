"""Text → spans: the sentences to label, and the text between them that is no argument.

A document is cut into lines, lines into paragraphs, and paragraphs into sentences. In web text a
line is a paragraph; in hard-wrapped text (plain-text mail, transcripts) the lines of a paragraph
are put together first, because a sentence runs on over their ends. What no reader would call part
of the argument (menus, bylines, reference lists) is set aside by ``stance.boilerplate``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from stance.boilerplate import aside_of, find_boilerplate
from stance.markup import find_markup
from stance.phrases import LIST_ITEM
from stance.results import SkippedText
from stance.sentence_ends import sentence_ends
from stance.texts import LONE_SURROGATE, is_wordless

__all__ = ["Span", "Split", "split"]

_LIST_ITEM = re.compile(LIST_ITEM)
#: The widths at which text is wrapped; that of a column of a newspaper is narrow.
_NARROWEST, _NARROW, _WIDEST = 30, 40, 160
#: Lines before and behind one that show the width there.
_NEARBY = 5
# A comma ends lines of prose as well.
_ITEM_ENDS = (".", "!", "?", ";", ":")
_ENDS_WITHIN = re.compile(r"[.?!][”’\"')]* +[“‘\"'(]*[A-ZÀ-Þ]")
# A text is in capitals if its beginning is.
_BEGINNING_CHARACTERS = 5_000
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BEGINNING = re.compile(r"[.?!][”’\"')]* +[“‘\"'(]*[^\W\d_]")
# A dash that the line was broken before; a hyphen there is mostly an item of a list.
_DASH_WITHIN = re.compile(r"[–—]\s+(?=[^\W\d_])")
_NUMBER_ALONE = re.compile(r"\(?\d{1,3}[.)]")
# What else may stand at the head of a paragraph alone.
_HEAD_ALONE = re.compile(
    rf"{_NUMBER_ALONE.pattern}|"
    r"(?:[QA]\d{0,2}|[IVXLC]{1,6}|(?:\d{1,3}\.)+\d{1,3}|§ ?\d{1,4}"
    r"|(?:Art(?:icle)?|Sec(?:tion)?|Para(?:graph)?|Chapter|Principle|Point|Step)"
    r" (?:\d{1,3}|[IVXLC]{1,6}))[.:]"
)


@dataclass(frozen=True)
class Span:
    """A stretch of a text: ``text[start:end]``, offsets in characters."""

    start: int
    end: int


@dataclass(frozen=True)
class Split:
    """A text cut up. Sentences, skipped stretches and white space together are the whole text.

    Attributes:
        sentences: in the order of the text; none overlaps another, is empty, or has white space at
            its ends.
        skipped: the stretches that are not sentences, each with its reason, in the same order.
    """

    sentences: tuple[Span, ...]
    skipped: tuple[SkippedText, ...]


def split(text: str, *, language: str = "", keep_all: bool = False) -> Split:
    r"""Find the sentences of a document.

    Takes time in proportion to the text, whatever it holds; no text is an error, and none is lost.

    Args:
        text: any text; offsets refer to it exactly as it is given.
        language: ISO 639 code; sentences end by the rules of this language, or by those of English
            where it is empty or the splitter (sentencex) does not know it.
        keep_all: take menus, bylines and the like for sentences too, and skip nothing.

    >>> text = "Order and Balance Today\n\nBy Ann Lee\n\nPower shifts. Does order follow it?"
    >>> [text[span.start : span.end] for span in split(text).sentences]
    ['Order and Balance Today', 'Power shifts.', 'Does order follow it?']
    >>> [(skip.text, skip.reason) for skip in split(text).skipped]
    [('By Ann Lee', 'byline')]
    """
    # Stand-ins of the same length: the splitter takes no lone surrogate, and no line ends inside
    # a sentence.
    clean = re.sub(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", " ", LONE_SURROGATE.sub("\ufffd", text))
    language = LONE_SURROGATE.sub("", language) or "en"
    markup = () if keep_all else tuple(Span(*block) for block in find_markup(text))
    paragraphs = _paragraphs(text, markup)
    if not paragraphs:  # A text is never skipped whole.
        markup, paragraphs = (), _paragraphs(text)
    reasons: list[str | None] = [None] * len(paragraphs)
    if not keep_all:
        reasons = find_boilerplate([clean[span.start : span.end] for span in paragraphs])

    sentences: list[Span] = []
    skipped: list[SkippedText] = []

    def skip(span: Span, reason: str) -> None:
        skipped.append(SkippedText(text[span.start : span.end], span.start, span.end, reason))

    for block in markup:
        skip(block, "markup")
    for paragraph, reason in zip(paragraphs, reasons, strict=True):
        if reason is not None:
            skip(paragraph, reason)
            continue
        for number, span in enumerate(_sentences(clean, paragraph, language)):
            beside = number or span.end < paragraph.end
            aside = aside_of(clean[span.start : span.end]) if beside and not keep_all else None
            if aside is not None:
                skip(span, aside)
            else:
                sentences.append(span)
    return Split(tuple(sentences), tuple(sorted(skipped, key=lambda piece: piece.start)))


def _sentences(text: str, paragraph: Span, language: str) -> Iterator[Span]:
    start = paragraph.start
    for end in sentence_ends(text[paragraph.start : paragraph.end], language):
        span = _trim(text, start, paragraph.start + end)
        if span is None:
            continue
        # "24." at the head of a numbered paragraph belongs to the sentence after it, as "..." does.
        alone = _HEAD_ALONE if start == paragraph.start else _NUMBER_ALONE
        head = alone.fullmatch(text, span.start, span.end) or is_wordless(text[start : span.end])
        if head and span.end < paragraph.end:
            continue
        yield span
        start = span.end


class _Line(NamedTuple):
    span: Span
    #: What stands behind the marks of a quotation (">"); nothing for a block of markup.
    words: str
    #: How many of these marks it has.
    quoted: int = 0


def _paragraphs(text: str, markup: Sequence[Span] = ()) -> list[Span]:
    lines = _lines(text, markup)
    if _is_in_capitals(text):
        lines = _in_small_letters(lines)
    lines = _single_spaced(lines)
    widths = _widths([line.words if line else "" for line in lines])
    blocks = frozenset(markup)

    paragraphs: list[Span] = []
    above: _Line | None = None
    width, gap = 0, False
    for line, width_here in zip(lines, widths, strict=True):
        if line is None:
            gap = True
            continue
        if width and above and _goes_on(above, line, width=width, gap=gap):
            paragraphs[-1] = Span(paragraphs[-1].start, line.span.end)
        elif line.span not in blocks:
            paragraphs.append(line.span)
        above, width, gap = line, width_here, False
    return paragraphs


def _lines(text: str, markup: Sequence[Span]) -> list[_Line | None]:
    """Return the lines of a text, None for an empty one; a block of markup is one line."""
    lines: list[_Line | None] = []
    offset = 0
    for block in (*markup, Span(len(text), len(text))):
        for raw in text[offset : block.start].splitlines(keepends=True):
            span = _trim(text, offset, offset + len(raw))
            lines.append(_line(text, span) if span else None)
            offset += len(raw)
        lines.append(_Line(block, ""))
        offset = block.end
    return lines[:-1]


def _line(text: str, span: Span) -> _Line:
    words = text[span.start : span.end]
    if words[0] != ">":
        return _Line(span, words)
    behind = words.lstrip("> ")
    return _Line(span, behind, words[: len(words) - len(behind)].count(">"))


def _is_in_capitals(text: str) -> bool:
    """Say whether all is in capitals, as in cables and in what is taken down of broadcasts."""
    beginning = text[:_BEGINNING_CHARACTERS]
    capitals = sum(map(beginning.count, _CAPITALS))
    return bool(capitals) and 50 * sum(map(beginning.count, _CAPITALS.lower())) < capitals


def _in_small_letters(lines: Sequence[_Line | None]) -> list[_Line | None]:
    """Write lines as they would be without the capitals: so they show where sentences go on."""
    found: list[_Line | None] = []
    begins = True
    for line in lines:
        if line is None:
            found.append(None)
            begins = True
            continue
        words = _BEGINNING.sub(lambda end: end[0].upper(), line.words.lower())
        found.append(line._replace(words=words[:1].upper() + words[1:] if begins else words))
        begins = words.endswith(_ITEM_ENDS)
    return found


def _single_spaced(lines: list[_Line | None]) -> list[_Line | None]:
    """Take the empty lines out of a text that was set with one below every line.

    It is one if most of its lines go on, with a small letter, below a single empty line. So do the
    items of a list, but they end in a mark, or no sentence ends within them.
    """
    alone: set[int] = set()
    going_on = 0
    for i, (above, line, below) in enumerate(zip(lines, lines[1:], lines[2:], strict=False), 1):
        if above and line is None and below:
            alone.add(i)
            going_on += below.words[:1].islower() and not above.words.endswith(_ITEM_ENDS)
    words = [line.words for line in lines if line]
    if 2 * going_on < len(words) or not _is_running(words):
        return lines
    return [line for i, line in enumerate(lines) if i not in alone]


def _is_running(lines: Sequence[str]) -> bool:
    """Tell whether sentences run on over the lines: some begin within one and end within another.

    One such line may stand in a list or a poem too, and a few in a long one.
    """
    ends_within = sum(line[:1].islower() and bool(_ENDS_WITHIN.search(line)) for line in lines)
    return ends_within >= max(2, len(lines) / 50)


def _widths(lines: list[str]) -> list[int]:
    """Return the column at which a text is hard-wrapped, at each line: 0 where a text is not.

    Wrapped prose shows three marks at once: its lines are of moderate length; many go on with a
    small letter; and most of those before it break where the next word would not have fitted. Web
    text has long lines, the lines of a chat break anywhere, and those of a poem or a list start
    with a capital, a bullet or a number. (Scripts without small letters are taken for web text.)
    Items of a list and verses may be as short as a narrow column, but no sentence runs on there.
    """
    nowhere = [0] * len(lines)
    lengths = sorted(len(line) for line in lines if line)
    width = lengths[len(lengths) * 9 // 10] if lengths else 0
    if not _NARROWEST <= width <= _WIDEST:
        return nowhere
    if width < _NARROW and not _is_running([line for line in lines if line]):
        return nowhere
    pairs = list(pairwise(lines))
    reach = [len(line) if after[:1].islower() else 0 for line, after in pairs]
    if sum(map(bool, reach)) < max(2, sum(bool(a and b) for a, b in pairs) / 3):
        return nowhere
    # Parts may be set much narrower; the lines that go on there show it.
    near = [max(reach[max(0, i - _NEARBY) : i + _NEARBY + 1]) for i in range(len(lines))]
    widths = [here if _NARROWEST <= here < 0.75 * width else width for here in near]
    full = [
        _is_full(length, after, here)
        for length, (_, after), here in zip(reach, pairs, widths, strict=False)
        if length
    ]
    return widths if sum(full) >= 0.7 * len(full) else nowhere


def _is_full(length: int, after: str, width: int) -> bool:
    # A tenth of slack: columns set in a proportional font do not end at one character count.
    return length + 1 + len(after.split(maxsplit=1)[0]) >= 0.9 * width


def _goes_on(line: _Line, after: _Line, *, width: int, gap: bool) -> bool:
    """Tell whether a paragraph of wrapped text goes on from ``line`` to ``after``."""
    head = after.words
    if line.quoted != after.quoted or not (line.words and head):
        return False
    length, last = len(line.words), line.words[-1]
    if dash := _DASH_WITHIN.match(head):
        return head[dash.end()].islower() and last.isalpha() and _is_full(length, head, width)
    if _LIST_ITEM.match(head):
        return False
    if gap:  # an empty line within a sentence is the break between two pages
        return head[0].islower() and (last.isalpha() or last == "-")
    unfinished = last.isalpha() or last in ",-–—"
    return (
        head[0].islower()
        or _is_full(length, head, width)
        or (unfinished and length >= 0.75 * width)
    )


def _trim(text: str, start: int, end: int) -> Span | None:
    """Return the stretch without the white space at its ends, or None where nothing is left."""
    stretch = text[start:end]
    left = len(stretch) - len(stretch.lstrip())
    return Span(start + left, start + len(stretch.rstrip())) if left < len(stretch) else None
