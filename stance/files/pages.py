"""A web page → its article's text: made ready for trafilatura, and what comes back is checked.

trafilatura knows an article by its ``<p>``. What a page writes otherwise is made ``<p>`` first, but
only beside others of its article: elsewhere a menu or a teaser stays what it was. Pages come from
strangers: nothing here calls itself, and every pass takes time in proportion to the page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from stance.errors import InputError, MissingExtraError
from stance.files.notes import INLINE, drop_note, is_alone, text_of, write_quotation_marks
from stance.files.text import clean

__all__ = ["article_text", "prepare"]

# One of lxml, which says nothing of its types.
Element: TypeAlias = Any

_BLOCKS = ("center", "div", "section")
_TEXT = INLINE.union(_BLOCKS)
_VERBATIM = frozenset(["pre", "script", "style", "textarea"])
_ASIDE = frozenset(["aside", "dialog", "figure", "footer", "menu", "nav", "noscript", "template"])
_NO_WAY_IN = frozenset(["blockquote", "dl", "ol", "p", "ul"])
# The words in a class or an id by which what stands beside an argument is known.
_FURNITURE = re.compile(
    r"(?:\b|_|(?<=[a-z])(?=[A-Z]))(?i:ads?|advert(?:s|ising|isements?)?|also-?read|attribution"
    r"|authors?|banner|bio|biography|breadcrumbs?|byline|captions?|cards?|comments?|consent"
    r"|contact|cookies?|copyright|corrections?|credits?|cta|disclaimer|disqus|donat(?:e|ion)|embed"
    r"|excerpts?|fact-?box|figure|follow|footer|footnotes?|gallery|gdpr|hidden|image|infobox"
    r"|legend|login|media|menu|meta|modal|more|nav|navbox|navigation|newsletters?|onetrust|overlay"
    r"|paywall|photo|player|popular|popup|promos?|promotion|pull-?quotes?|quote-?block|read-?next"
    r"|recirc|recommendations?|recommended|related|respond|shar(?:e|ing)|sidebar|signup|sign-up"
    r"|slides?|social|sources?|sponsor(?:ed)?|subscri(?:be|ption)|summary|support-?us|tags?"
    r"|teasers?|timestamp|toc|toolbar|trending|tweet|twitter|video|widget|writer-?box"
    r")(?:\b|_|(?<=[a-z])(?=[A-Z]))"
)
_ROLES = frozenset(["article", "main", "none", "paragraph", "presentation", "text"])
_HIDDEN = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden")
# What holds what readers say; not an article that its site calls a comment, nor "comments-open".
_READERS = re.compile(
    r"(?i)(?:^|\s)(?:(?:js-|(?:article|post|reader|user)s?-?)?comments(?![\w-]*(?:open|enabled))"
    r"|comment-?(?:area|list|section|thread|wrap)|disqus|respond\b)"
)
_COMMENT = re.compile("(?i)comment")
_WHITE_SPACE = re.compile(r"[ \t\r\n\f]+")
_SENTENCE_ENDS = tuple(".!?…")
_CLOSING = " \t\r\n\f\xa0\"'”’»)]"
_WORDS = 8
# How a short block of an article ends that is no heading, and no button: "Mr Wang:", "- a seat;".
_SHORT_ENDS = (*_SENTENCE_ENDS, *":;,")
_WORD = re.compile(r"\w+")
# So many words in a row are looked up to tell a text that is repeated.
_ROW = 5
_TEXT_WIDGETS = frozenset(
    f"elementor-widget-{kind}" for kind in ("heading", "text-editor", "theme-post-content")
)
# So many times shorter than the page's paragraphs is no article: any text; one of no sentence.
_MISSED, _ELSEWHERE = 10, 5


@dataclass(frozen=True)
class Body:
    """Where a page keeps its article.

    Attributes:
        container: what holds most of what is in paragraphs.
        length: how long its paragraphs are, together.
        beside: the elements with paragraphs enough that text beside these is one too.
    """

    container: Element
    length: int
    beside: dict[Element, None]

    @cached_property
    def _own_rows(self) -> set[tuple[str, ...]]:
        """The words of the article's own paragraphs, some in a row; not those of tables."""
        inside = set[Element]()
        for table in self.container.iterdescendants("table"):
            if table not in inside:
                inside.update(table.iter("p", "table"))
        own = (p for parent in self.beside for p in parent.findall("p") if p not in inside)
        return {row for paragraph in own for row in _rows(paragraph.text_content())}

    def repeats(self, text: str) -> bool:
        """Say whether a text is a piece of the article's own paragraphs: a quotation pulled out.

        What is made a paragraph only later is none of them: nothing is a piece of itself.
        """
        rows = set(_rows(text))
        return bool(rows) and self._own_rows.issuperset(rows)


def article_text(page: str) -> str:
    """Return the article's text of a web page, a paragraph a line.

    Raises:
        InputError: the page holds none.
        MissingExtraError: trafilatura is not installed.
    """
    try:
        from trafilatura import extract, load_html
    except ImportError as error:  # Also where one of its own parts is missing.
        raise MissingExtraError("reading HTML", extra="html") from error

    def read(tree: Element) -> str:
        # A copy, as trafilatura may take away from what it is given.
        found = extract(copy(tree), include_comments=False, include_tables=False, deduplicate=False)
        return found or ""

    try:
        tree = load_html(page)
        text = "" if tree is None else _read_checked(tree, read)
    except Exception as error:
        raise InputError(f"is not HTML that can be read: {type(error).__name__}") from error
    if not text:
        raise InputError("holds no article that can be told from its menus; expected HTML")
    return clean(text)


def prepare(tree: Element) -> Body | None:
    """Write a page's article, in place, as trafilatura reads it.

    No word is lost but the marks of notes, and none comes twice. Where nothing less than the whole
    page holds most of its paragraphs, and None is returned, none are made.
    """
    elements = list(tree.iter("*"))  # Kept, or lxml would make them anew in every pass.
    _join_lines(elements)
    for mark in list(tree.iter("sup")):
        drop_note(mark)
    for quotation in reversed(list(tree.iter("q"))):
        write_quotation_marks(quotation)
    body = _find_body(tree)
    if body is not None:
        _keep_text_widgets(body.container)
        for table in list(body.container.iterdescendants("table")):
            _move_prose_out(table, body)
        for parent in body.beside:
            _make_paragraphs(parent, body)
            _wrap_runs(parent, body)
    _keep_times(tree)
    return body


def _read_checked(tree: Element, read: Callable[[Element], str]) -> str:
    """Read a page; and again, where its site calls the article a comment and it was left out."""
    body = prepare(tree)
    text = read(tree)
    found = sum(map(_prose_length, text.splitlines()))
    if body is not None and found * _MISSED < body.length:
        _call_no_comment(body.container)
        again = read(tree)
        if sum(map(_prose_length, again.splitlines())) * 2 > body.length:
            return again
    if not found and text:  # What was found may be a menu: then the sentences are elsewhere.
        there = sum(_prose_length(p.text_content()) for p in tree.iter("p"))
        return "" if there > _ELSEWHERE * len(text) else text
    return text


def _call_no_comment(element: Element) -> None:
    """Take from the names of an element, and of all that it is in, those of comments."""
    for named in [element, *element.iterancestors()]:
        for attribute in ("class", "id"):
            names = named.get(attribute, "").split()
            if any(map(_COMMENT.search, names)):
                named.set(attribute, " ".join(x for x in names if not _COMMENT.search(x)))


def _join_lines(elements: Sequence[Element]) -> None:
    """Make the line ends of the source what they are in HTML: a space."""
    verbatim = set[Element]()
    for element in elements:
        text, tail = element.text, element.tail
        inside = bool(verbatim) and element.getparent() in verbatim
        if inside or element.tag in _VERBATIM:
            verbatim.add(element)
        elif text and not text.isprintable():
            element.text = _WHITE_SPACE.sub(" ", text)
        if tail and not inside and not tail.isprintable():
            element.tail = _WHITE_SPACE.sub(" ", tail)


def _keep_times(tree: Element) -> None:
    """Keep a time that a sentence names; one that stands alone says when the page was written."""
    for paragraph in tree.iter("p"):
        moments = list(paragraph.iter("time"))
        if moments and _prose_length(paragraph.text_content()):
            for moment in moments:
                moment.tag = "span"


def _prose_length(text: str) -> int:
    """Return how long a text is if it has some words and ends like a sentence, and else 0."""
    if text.rstrip(_CLOSING)[-1:] not in _SENTENCE_ENDS:
        return 0
    return len(text) if len(text.split(None, _WORDS - 1)) == _WORDS else 0


def _names(element: Element) -> str:
    return f"{element.get('class', '')} {element.get('id', '')}"


def _find_body(tree: Element) -> Body | None:
    """Return what holds more than half of what is in paragraphs, and as little else as may be."""
    lengths, counts = Counter[Element](), Counter[Element]()
    for paragraph in tree.iter("p"):
        length = _prose_length(paragraph.text_content())
        if length:
            lengths[paragraph.getparent()] += length
            counts[paragraph.getparent()] += 1
    weights = _weigh(lengths)
    total, found = weights[tree], tree
    while inner := [x for x in found if 2 * weights[x] > total and x.tag not in _NO_WAY_IN]:
        if inner[0].tag == "table" and weights[inner[0]] < weights[found]:
            break  # A box in the article; what holds all paragraphs is the page's layout.
        found = inner[0]
    if not total or found.tag in ("body", "html") or (found is tree and found.tag == "div"):
        return None
    near = _within(found, [parent for parent, count in counts.items() if count > 1])
    return Body(found, weights[found], dict.fromkeys(near))


def _weigh(lengths: Counter[Element]) -> Counter[Element]:
    """Return how much of this is in an element and in all that it holds.

    What is marked as no article does not count, nor what readers say.
    """
    weights, aside = Counter[Element](), dict[Element, bool]()
    for parent, length in lengths.items():
        way = [parent, *parent.iterancestors()]
        for element in way:
            if element not in aside:
                aside[element] = element.tag in _ASIDE or _is_readers(element)
        if not any(aside[element] for element in way):
            for element in way:
                weights[element] += length
    return weights


def _is_readers(element: Element) -> bool:
    whole = element.tag in ("body", "html", "main")
    return not whole and _READERS.search(_names(element)) is not None


def _within(container: Element, elements: Iterable[Element]) -> list[Element]:
    """Return those of some elements that are in a container, and in no furniture there."""
    known = {container: True}
    found = []
    for element in elements:
        way, above = [], element
        while above is not None and above not in known and not _is_furniture(above):
            way.append(above)
            above = above.getparent()
        inside = known.get(above, False)
        known.update(dict.fromkeys([*way, above], inside))
        if inside:
            found.append(element)
    return found


def _keep_text_widgets(container: Element) -> None:
    """Take from text the names that Elementor gives to it as to adverts."""
    text = set[Element]()
    for element in container.iter("div"):
        names = element.get("class", "").split()
        if not _TEXT_WIDGETS.isdisjoint(names):
            text.add(element)
        elif element.getparent() not in text or "elementor-widget-container" not in names:
            continue
        element.set("class", " ".join(x for x in names if not x.startswith("elementor-")))


def _move_prose_out(table: Element, body: Body) -> None:
    """Move the cells of a table that hold prose in front of it: tables are not read."""
    anchor, parent = table, table.getparent()
    while parent is not None and is_alone(anchor) and parent.tag in (*_BLOCKS, "figure"):
        anchor, parent = parent, parent.getparent()
    if parent not in body.beside or _is_furniture(table) or _is_furniture(anchor):
        return
    for cell in list(table.iter("td", "th")):
        inner = [cell.text or "", *cell]
        if cell.find(".//table") is not None or not _is_new_prose(inner, body):
            continue
        block = table.makeelement("div")
        block.text, cell.text = cell.text, None
        block.extend(list(cell))
        anchor.addprevious(block)
        body.beside[block] = None


def _is_new_prose(run: Sequence[Any], body: Body) -> bool:
    """Say whether text and elements in a row are sentences that the page says only here."""
    text = _unlinked_text(run)
    return bool(_prose_length(text)) and not body.repeats(text)


def _unlinked_text(run: Sequence[Any]) -> str:
    """Return the text of text and elements in a row; none if most of it is a link."""
    text = "".join(x if isinstance(x, str) else text_of(x) + (x.tail or "") for x in run)
    links = (a for x in run if not isinstance(x, str) for a in x.iter("a"))
    return text if 2 * sum(len(link.text_content()) for link in links) <= len(text) else ""


def _rows(text: str) -> Iterator[tuple[str, ...]]:
    words = _WORD.findall(text)
    return zip(*(words[start:] for start in range(_ROW)), strict=False)


def _is_furniture(element: Element) -> bool:
    attributes = element.attrib
    return bool(attributes) and (
        _FURNITURE.search(_names(element)) is not None
        or "hidden" in attributes
        or attributes.get("role", "none") not in _ROLES
        or attributes.get("aria-hidden") == "true"
        or _HIDDEN.search(attributes.get("style", "")) is not None
    )


def _make_paragraphs(parent: Element, body: Body) -> None:
    """Make the blocks of text in an element paragraphs.

    The short ones too, be it a question or who speaks, where they stand between paragraphs; and
    wherever they stand, if most paragraphs are blocks.
    """
    blocks = list(_text_blocks(parent))
    prose = [x.tag == "p" or _is_new_prose([x.text or "", *x], body) for x in blocks]
    made = sum(prose) - sum(block.tag == "p" for block in blocks)
    if not made:
        return
    first, last = 0, len(blocks)
    if 2 * made <= sum(prose):
        first, last = prose.index(True), last - prose[::-1].index(True)
    for place in range(first, last):
        block = blocks[place]
        if prose[place] or _is_short([block.text or "", *block], body):
            block.tag = "p"


def _is_short(run: Sequence[Any], body: Body) -> bool:
    text = _unlinked_text(run)
    return text.rstrip(_CLOSING)[-1:] in _SHORT_ENDS and not body.repeats(text)


def _text_blocks(parent: Element) -> Iterator[Element]:
    """Yield an element's paragraphs and blocks of text, in order."""
    for child in parent:
        if child.tag == "p":
            yield child
        elif child.tag in _BLOCKS and _holds_only(child, _TEXT):
            for block in child.iter(*_BLOCKS):
                if next(block.iterdescendants(*_BLOCKS), None) is None:
                    yield block


def _holds_only(element: Element, tags: frozenset[str]) -> bool:
    return all(x.tag in tags and not _is_furniture(x) for x in element.iter())


def _wrap_runs(parent: Element, body: Body) -> None:
    """Make text that stands in no block of its own a paragraph."""
    start, run = None, list[Element]()
    for child in [*parent, None]:
        if child is not None and _holds_only(child, INLINE):
            run.append(child)
            continue
        lead = (parent.text if start is None else start.tail) or ""
        if _is_new_prose([lead, *run], body):
            paragraph = parent.makeelement("p")
            if start is None:
                parent.text = None
                parent.insert(0, paragraph)
            else:
                start.tail = None
                start.addnext(paragraph)
            paragraph.text = lead
            paragraph.extend(run)
        start, run = child, []
