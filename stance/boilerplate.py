"""Which paragraphs of a web article are boilerplate: furniture around the argument, none of it.

Two kinds of rules. A table of well-known phrases (``phrases``) recognises furniture by its words: a
date, a byline, a rating, a login line. A few rules of structure recognise it by its place:

* a short line without a full stop is a heading or a menu item, in a text that is mostly prose;
* in front of the first paragraph of prose, a name under a date or over a job title is a byline;
* behind most of the prose, a reference list, or a marker such as "You might also like", opens the
  tail of the page, and so does any furniture behind the last paragraph of prose; but where two
  paragraphs of prose in a row follow, the marker is that of a box within the article;
* the last paragraphs, where each says who somebody in the byline is, are their biographies;
* a line in the body, no prose, that comes back as a link in that tail is a link there too.

When in doubt the text is kept: a menu item labelled by mistake costs less than an argument lost.
That a short block is judged by its neighbours and a long one by itself is the idea of jusText
(Pomikálek 2011, "Removing Boilerplate and Duplicate Content from Web Corpora").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from stance.phrases import (
    BIOGRAPHY,
    BYLINE,
    JOB_TITLE,
    LIST_ITEM,
    NAME,
    PERSON,
    PHRASES,
    REFERENCES,
    ROLE,
    is_date,
)

__all__ = ["aside_of", "find_boilerplate", "is_prose"]

#: Longer paragraphs are not looked up in the table: furniture is short.
_LONGEST_PHRASE = 300
#: Words up to which a line without a full stop is a heading or a menu item.
_HEADING_WORDS = 3
#: Words from which a paragraph that ends in a full stop is prose (in a question mark: 20).
_PROSE_WORDS = 8

_PHRASE = re.compile(
    "|".join(f"(?P<{reason}>{'|'.join(patterns)})" for reason, patterns in PHRASES.items()),
    re.IGNORECASE,
)
_CREDIT = re.compile(PHRASES["credit"][0], re.IGNORECASE)
_APPLAUSE = re.compile(PHRASES["applause"][0], re.IGNORECASE)
#: The reasons that are strong enough to skip a paragraph which ends like a sentence.
_STRONG = frozenset({"applause", "copyright", "credit", "link", "notice", "teaser"})
#: The reasons that open the tail of the page behind most of the prose ...
_TAIL_MARKERS = frozenset({"comments", "references", "related"})
#: ... and behind all of it.
_FURNITURE = _TAIL_MARKERS | {"copyright", "menu", "notice", "rating", "tags", "teaser"}
#: Those that stand within articles too.
_WITHIN = frozenset({"notice", "teaser"})

_YEAR_OR_LINK = r"\b(?:1[5-9]|20)\d\d\b|https?://"
_REFERENCE = re.compile(rf"\s*(?:\[\d+\]|\d{{1,3}}[.)\s]|\^).*|.*(?:{_YEAR_OR_LINK}).*")
_NOTE_NUMBER = re.compile(r"\[?(\d{1,3})[\].)]?\s")
_SOURCE = re.compile(rf"{_YEAR_OR_LINK}|\bpp?\. ?\d|\bibid\b", re.IGNORECASE)

# Scripts written without spaces, of which a character counts as a word. A syllable of Korean does
# too: its words have a few each.
_UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff"
)
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}](?:['’.&-]?[^\W{_UNSPACED}])*")
_CLOSERS = "\"'”’»“‘«‹›)]}）」』】* \u200b"
_LONGEST_NOTES = 80
_NOTE_MARKS = re.compile(r"(?:\[\d{1,3}\]\s*)+$")
_FULL_STOPS = (".", "。", "．", "।", "۔")
_SENTENCE_ENDS = (*_FULL_STOPS, "!", "?", "…", "！", "？", "؟")
#: A link's title jammed to its summary: "RelationsIn the 21st century".
_JAM = re.compile(r"(?<=[a-zß-ÿа-я’”»?!])(?=[A-ZÀ-ÞА-Я“‘«])")
_LONGEST_TITLE = 200
_ITEM = re.compile(LIST_ITEM)
# An item, an answer of an interview, or a post of a thread, however short.
_ANSWER = re.compile(r"[•·▪‣◦*–—-]|[QA]\d{0,2}[.:] |\d{1,2}/(?:\d{1,2})? ")


def find_boilerplate(paragraphs: Sequence[str]) -> list[str | None]:
    """Say which paragraphs are boilerplate.

    A text is never skipped whole: one paragraph alone is kept, and so is a text in which everything
    looks like furniture.

    Args:
        paragraphs: the paragraphs of one document in order, none empty, no white space at the ends.

    Returns:
        One reason a paragraph (``menu``, ``byline``, ``related``, ...), None for those to keep.

    >>> find_boilerplate(["Balance and Order in Asia", "5 March 2024", "China rises."])
    [None, 'date', None]
    """
    paragraphs = [" ".join(paragraph.split()) for paragraph in paragraphs]  # No-break spaces too.
    reasons = [_phrase(paragraph) for paragraph in paragraphs]
    prose = [
        reason is None and is_prose(paragraph)
        for paragraph, reason in zip(paragraphs, reasons, strict=True)
    ]
    if _is_article(paragraphs, prose):
        _mark_byline(paragraphs, reasons, prose.index(True))
        _mark_biography(paragraphs, reasons, prose)
        _mark_headings(paragraphs, reasons)
        tail = _mark_tail(paragraphs, reasons, prose)
        _mark_links(paragraphs, reasons, prose.index(True), tail)
    if len(paragraphs) < 2 or None not in reasons:
        return [None] * len(paragraphs)
    return reasons


def aside_of(sentence: str) -> str | None:
    """Return what a sentence in parentheses is, if it is none of the text's.

    That is a picture's credit, such as follows a caption, or the hearers' applause or laughter.

    >>> aside_of("(Jane Doe/Pool via REUTERS)"), aside_of("(Reuters could not confirm it.)")
    ('credit', None)
    >>> aside_of("(Applause.)")
    'applause'
    """
    if len(sentence) > _LONGEST_PHRASE:
        return None
    if _CREDIT.fullmatch(sentence):
        return "credit"
    return "applause" if _APPLAUSE.fullmatch(sentence) else None


def _phrase(paragraph: str) -> str | None:
    if len(paragraph) > _LONGEST_PHRASE:
        return None
    match = _PHRASE.fullmatch(paragraph)
    if match and (match.lastgroup in _STRONG or not _ends(paragraph, _SENTENCE_ENDS)):
        return match.lastgroup
    if is_date(paragraph):
        return "date"
    return "byline" if _is_byline(paragraph) else None


def _is_byline(paragraph: str) -> bool:
    """Names behind "By", alone or with what a byline says of them; all else is a headline."""
    match = BYLINE.fullmatch(paragraph)
    if match is None or _ends(paragraph, _SENTENCE_ENDS):
        return False
    role = match["role"]
    return role is None or is_date(role) or ROLE.fullmatch(role) is not None


def is_prose(paragraph: str) -> bool:
    """Say whether a paragraph is of whole sentences, by its length and its end.

    >>> is_prose("Power shifts from the old centres to the new ones."), is_prose("Power shifts")
    (True, False)
    """
    if _ends(paragraph, _FULL_STOPS):
        return _has_words(paragraph, _PROSE_WORDS)
    return _ends(paragraph, _SENTENCE_ENDS) and _has_words(paragraph, 20)


def _is_article(paragraphs: Sequence[str], prose: Sequence[bool]) -> bool:
    """A third of its characters is prose: no list, poem, table or chat."""
    length = sum(len(text) for text, counts in zip(paragraphs, prose, strict=True) if counts)
    return any(prose) and 3 * length >= sum(map(len, paragraphs))


def _mark_byline(paragraphs: Sequence[str], reasons: list[str | None], body: int) -> None:
    """Mark a name under a date or over a job title, and a job title under one or a rating."""
    for i in range(1, body):
        if reasons[i] is not None:
            continue
        above, below = reasons[i - 1], paragraphs[i + 1]
        short = not _has_words(paragraphs[i], _HEADING_WORDS + 1)
        if PERSON.fullmatch(paragraphs[i]):
            is_byline = (short and above == "date") or _is_job_title(below)
        else:
            is_byline = above in {"byline", "rating"} and _is_job_title(paragraphs[i])
        if is_byline:
            reasons[i] = "byline"


def _mark_biography(
    paragraphs: Sequence[str], reasons: list[str | None], prose: list[bool]
) -> None:
    """Mark the last paragraphs where each says what somebody named in a byline is or does."""
    bylines = [text for text, why in zip(paragraphs, reasons, strict=True) if why == "byline"]
    named = {name for byline in bylines for name in _names(byline)}
    for i in range(len(paragraphs) - 1, prose.index(True), -1):
        if reasons[i] is not None:
            continue
        who = BIOGRAPHY.match(paragraphs[i])
        if who is None or who[1].lower() not in named:
            return
        reasons[i], prose[i] = "byline", False


def _names(byline: str) -> list[str]:
    """Return the names in a byline, in small letters; its places and offices are none."""
    if match := BYLINE.fullmatch(byline):
        return [name.lower() for name in re.findall(NAME, match["names"])]
    return [byline.lstrip("•·- ").lower()] if PERSON.fullmatch(byline) else []


def _is_job_title(paragraph: str) -> bool:
    return (
        len(paragraph) <= _LONGEST_PHRASE
        and not _ends(paragraph, _SENTENCE_ENDS)
        and JOB_TITLE.fullmatch(paragraph) is not None
    )


def _mark_headings(paragraphs: Sequence[str], reasons: list[str | None]) -> None:
    """Mark short lines, except list items, whole sentences and parts of one."""
    below = [*paragraphs[1:], ""]
    for i, paragraph in enumerate(paragraphs):
        if (
            reasons[i] is None
            and not (paragraph[0].islower() or below[i][:1].islower())
            and not _ANSWER.match(paragraph)
            and not _ends(paragraph, (*_SENTENCE_ENDS, *",;:，；：،؛"))
            and not _has_words(paragraph, _HEADING_WORDS + 1)
        ):
            reasons[i] = "heading"


def _mark_tail(
    paragraphs: Sequence[str], reasons: list[str | None], prose: Sequence[bool]
) -> range:
    """Mark what stands behind the article; return its place."""
    last = max(i for i, counts in enumerate(prose) if counts)
    lengths = [len(text) * counts for text, counts in zip(paragraphs, prose, strict=True)]
    total, before = sum(lengths), 0
    last_pair = max((i for i, both in enumerate(pairwise(prose)) if all(both)), default=0)
    resumptions = cache(lambda: _resumptions(paragraphs, prose))
    listed = 0
    for i, length in enumerate(lengths):
        if reasons[i] != "references" and _opens_references(paragraphs, i):
            reasons[i] = "references"
            _mark_notes(paragraphs, reasons, i + 1)
        marker = 3 * before >= 2 * total and reasons[i] in _TAIL_MARKERS
        # Two lines about the author are less than a tenth.
        goes_on = i < last_pair and 10 * (total - before) >= total
        if marker and reasons[i] == "related" and goes_on:
            _mark_box(reasons, prose, i)
        elif i < listed or (reasons[i] == "references" and marker and resumptions()[i]):
            listed = max(listed, resumptions()[i])
            reasons[i] = reasons[i] or "references"
        elif marker or (i > last and (reasons[i] in _FURNITURE or _opens_teasers(paragraphs, i))):
            _mark_rest(paragraphs, reasons, i)
            return range(i, len(paragraphs))
        before += length
    return range(0)


def _mark_rest(paragraphs: Sequence[str], reasons: list[str | None], start: int) -> None:
    """Mark all from the line that opens the tail on."""
    opener = reasons[start]
    reason = opener if opener in _TAIL_MARKERS else "related"
    within = opener in _WITHIN
    for i in range(start, len(paragraphs)):
        within = within and not (reasons[i] in _TAIL_MARKERS or _opens_references(paragraphs, i))
        if not (within and _may_be_argument(paragraphs[i])):
            reasons[i] = reasons[i] or reason


def _mark_notes(paragraphs: Sequence[str], reasons: list[str | None], start: int) -> None:
    """Mark notes, numbered from 1, below their heading: they may be as long as the article."""
    end = start
    while end < len(paragraphs):
        number = _NOTE_NUMBER.match(paragraphs[end])
        if number is None or int(number[1]) != end - start + 1:
            break
        if not (_ends(paragraphs[end], _FULL_STOPS) or _has_words(paragraphs[end], 5)):
            break  # The number of the next heading.
        end += 1
    named = sum(_SOURCE.search(paragraph) is not None for paragraph in paragraphs[start:end])
    if 2 * named > end - start:
        reasons[start:end] = ["references"] * (end - start)


def _resumptions(paragraphs: Sequence[str], prose: Sequence[bool]) -> list[int]:
    """Return where, behind references at each place, a chapter or an annex begins; 0 for none.

    It does with two paragraphs of prose in a row that cite nothing, if so much prose is left that
    it is no line about the author. (The line above them may be its heading.)
    """
    found = [0] * len(paragraphs)
    total = sum(len(text) for text, counts in zip(paragraphs, prose, strict=True) if counts)
    length, pair, below = 0, 0, False
    for i in reversed(range(len(paragraphs))):
        text = paragraphs[i]
        argues = prose[i] and not (_REFERENCE.fullmatch(text) or _SOURCE.search(text))
        pair = i if argues and below else pair
        length, below = length + len(text) * argues, argues
        found[i] = pair if 10 * length >= total else 0
    return found


def _mark_box(reasons: list[str | None], prose: Sequence[bool], marker: int) -> None:
    """Mark the links below a box's marker, up to the next paragraph of prose."""
    for i in range(marker + 1, len(prose)):
        if prose[i] or reasons[i] in _TAIL_MARKERS:
            return
        reasons[i] = reasons[i] or "related"


def _may_be_argument(paragraph: str) -> bool:
    """Behind an advertisement or a line to share the page, it may go on with lists and answers."""
    if _ends(paragraph, (*_SENTENCE_ENDS, ";", ":")):
        return True
    return _ITEM.match(paragraph) is not None and _has_words(paragraph, _HEADING_WORDS + 1)


def _opens_references(paragraphs: Sequence[str], i: int) -> bool:
    return (
        i + 1 < len(paragraphs)
        and len(paragraphs[i]) < 40
        and REFERENCES.fullmatch(paragraphs[i]) is not None
        and _REFERENCE.fullmatch(paragraphs[i + 1][:_LONGEST_PHRASE]) is not None
    )


def _opens_teasers(paragraphs: Sequence[str], i: int) -> bool:
    """Two lines in a row are teasers: a title of three words or more jammed to a summary."""
    pair = paragraphs[i : i + 2]
    return len(pair) == 2 and all(
        any(_has_words(title, 3) for title in _titles(paragraph)[-1:])
        and not _ends(paragraph, _SENTENCE_ENDS)
        for paragraph in pair
    )


def _mark_links(
    paragraphs: Sequence[str], reasons: list[str | None], body: int, tail: range
) -> None:
    """Mark the lines of the body that come back in the tail, alone or as a teaser's title.

    A paragraph of prose that comes back there is quoted: below an article stand its comments.
    """
    links = {paragraphs[i] for i in tail} | {
        title for i in tail for title in _titles(paragraphs[i])
    }
    for i in range(body, tail.start):
        quoted = is_prose(paragraphs[i]) or _ends(paragraphs[i], _FULL_STOPS)
        if reasons[i] is None and paragraphs[i] in links and not quoted:
            reasons[i] = "related"


def _titles(paragraph: str) -> list[str]:
    """Return what could be the title at the head of a teaser."""
    head = paragraph[:_LONGEST_TITLE]
    return [head[: jam.start()] for jam in _JAM.finditer(head)]


def _ends(paragraph: str, marks: tuple[str, ...]) -> bool:
    # Of its end alone: marks without an end would take the square of their number.
    end = _NOTE_MARKS.sub("", paragraph[-_LONGEST_NOTES:])
    return end.rstrip(_CLOSERS).endswith(marks)


def _has_words(paragraph: str, count: int) -> bool:
    words = _WORD.finditer(paragraph)
    return all(next(words, None) is not None for _ in range(count))
