"""A web page → its article's text: made ready for trafilatura, and what comes back is checked.

trafilatura knows an article by its ``<p>``. What a page writes otherwise is made ``<p>`` first, but
only beside others of its article: elsewhere a menu or a teaser stays what it was. Pages come from
strangers: nothing here calls itself, and every pass takes time in proportion to the page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

from stance.errors import InputError, MissingExtraError
from stance.files.text import clean

__all__ = ["article_text", "prepare"]

# One of lxml, which says nothing of its types.
Element: TypeAlias = Any

_INLINE = frozenset([
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "cite", "code", "del", "dfn", "em",
    "font", "i", "ins", "kbd", "mark", "nobr", "q", "s", "samp", "small", "span", "strong", "sub",
    "sup", "time", "tt", "u", "var", "wbr",
])  # fmt: skip
_BLOCKS = ("center", "div", "section")
_TEXT = _INLINE.union(_BLOCKS)
_VERBATIM = frozenset(["pre", "script", "style", "textarea"])
_ASIDE = frozenset(["aside", "dialog", "figure", "footer", "menu", "nav", "noscript", "template"])
_NO_WAY_IN = frozenset(["blockquote", "dl", "ol", "p", "ul"])
# The words in a class or an id by which what stands beside an argument is known.
_FURNITURE = re.compile(
    r"(?:\b|_|(?<=[a-z])(?=[A-Z]))(?i:ads?|adverts?|advertisement|attribution|authors?|banner|bio"
    r"|biography|breadcrumbs?|byline|captions?|cards?|comments?|consent|contact|cookies?|copyright"
    r"|credits?|cta|disclaimer|disqus|donat(?:e|ion)|embed|figure|follow|footer|footnotes?|gallery"
    r"|gdpr|hidden|image|infobox|login|media|menu|meta|modal|more|nav|navbox|navigation"
    r"|newsletters?|overlay|paywall|photo|player|popular|popup|promos?|promotion|recirc|recommended"
    r"|recommendations?|related|respond|shar(?:e|ing)|sidebar|signup|sign-up|slides?|social"
    r"|sponsor(?:ed)?|subscri(?:be|ption)|tags?|teasers?|timestamp|toc|toolbar|trending|tweet"
    r"|twitter|video|widget)(?:\b|_|(?<=[a-z])(?=[A-Z]))"
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
_NOTE = re.compile(r"\s*(?:\d{1,3}(?:\s*[,–-]\s*\d{1,3})*|[*†‡§]{1,3})\s*")
_LINKED_NOTE = re.compile(r"\s*(?:[a-z]|[ivx]{1,5})\s*")
_BRACKETED_NOTE = re.compile(r"\s*\[\s*(?:[a-z]|[ivx]{1,5}|(?:note )?\d{1,3})\s*\]\s*")
_LAST_WORD = re.compile(r"(?:\d+|[^\W\d_]+)\Z")
# What carries exponents, beside variables of one letter.
_RAISED = frozenset(["2", "10", "cm", "co", "ft", "in", "km", "mi", "mm", "nm", "sq", "yd"])
_AFTER_SENTENCE = tuple(".,;:!?%\"'”’»)]")
_TEXT_WIDGETS = frozenset(
    f"elementor-widget-{kind}" for kind in ("heading", "text-editor", "theme-post-content")
)
# So many times shorter than the page's paragraphs is no article: any text; one of no sentence.
_MISSED, _ELSEWHERE = 10, 5
# So many elements up, and characters back, is looked at what stands around a mark.
_NEAR, _TAIL = 8, 40


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
        _drop_note(mark)
    for quotation in reversed(list(tree.iter("q"))):
        _write_quotation_marks(quotation)
    body = _find_body(tree)
    if body is not None:
        _keep_text_widgets(body.container)
        for table in list(body.container.iterdescendants("table")):
            _move_prose_out(table, body.beside)
        for parent in body.beside:
            _make_paragraphs(parent)
            _wrap_runs(parent)
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


def _drop_note(mark: Element) -> None:
    """Empty what is raised, where it is the mark of a note and no exponent."""
    if any(len(inner) for child in mark for inner in child):
        return
    text, above = mark.text_content(), mark.getparent()
    around = above is not None and above.tag == "a" and len(above) == 1
    around = around and not ((above.text or "") + (mark.tail or "")).strip()
    linked = around or mark.find(".//a") is not None
    if _BRACKETED_NOTE.fullmatch(text) or (
        (linked and (_NOTE.fullmatch(text) or _LINKED_NOTE.fullmatch(text)))
        or (_NOTE.fullmatch(text) and _may_carry_note(_before(mark)))
    ):
        mark.clear(keep_tail=True)
        mark.tag = "span"
        if around:  # A link without a word would be taken for one of a menu.
            above.tag = "span"


def _may_carry_note(before: str) -> bool:
    """Say whether a number that is raised behind a text is that of a note, and no exponent."""
    word = _LAST_WORD.search(before)
    if word is None:
        return before.endswith(_AFTER_SENTENCE)
    return word[0].lower() not in _RAISED and (word[0].isdigit() or len(word[0]) > 1)


def _before(element: Element) -> str:
    """Return the end of the text in front of an element, in the same paragraph."""
    for _ in range(_NEAR):
        previous, parent = element.getprevious(), element.getparent()
        if previous is not None:
            text, element = previous.tail or previous.text_content(), previous
        elif parent is None or (parent.tag not in _INLINE and not parent.text):
            return ""
        else:
            text, element = parent.text, parent
        if text:
            return str(text[-_TAIL:])
    return ""


def _write_quotation_marks(quotation: Element) -> None:
    """Write the marks that browsers put around ``<q>``, if it stands in a sentence."""
    parent = quotation.getparent()
    alone = not (_before(quotation) + (quotation.tail or "")).strip()
    if parent is None or (alone and parent.tag not in _INLINE.union(["p", "li", "blockquote"])):
        return
    quotation.tag = "span"
    text = quotation.text or ""
    if text.lstrip()[:1] in tuple("\"'“‘«„"):
        return
    within = any(above.tag == "q" for above in islice(quotation.iterancestors(), _NEAR))
    opening, closing = "‘’" if within else "“”"
    quotation.text = opening + text
    if len(quotation):
        quotation[-1].tail = (quotation[-1].tail or "") + closing
    else:
        quotation.text += closing


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


def _move_prose_out(table: Element, beside: dict[Element, None]) -> None:
    """Move the cells of a table that hold prose in front of it: tables are not read."""
    anchor, parent = table, table.getparent()
    while parent is not None and len(parent) == 1 and parent.tag in (*_BLOCKS, "figure"):
        anchor, parent = parent, parent.getparent()
    if parent not in beside or _is_furniture(table) or _is_furniture(anchor):
        return
    for cell in list(table.iter("td", "th")):
        if cell.find(".//table") is not None or not _is_prose([cell.text or "", *cell]):
            continue
        block = table.makeelement("div")
        block.text, cell.text = cell.text, None
        block.extend(list(cell))
        anchor.addprevious(block)
        beside[block] = None


def _is_prose(run: Sequence[Any]) -> bool:
    """Say whether text and elements in a row read like a sentence that is no link."""
    text = "".join(x if isinstance(x, str) else x.text_content() + (x.tail or "") for x in run)
    if not _prose_length(text):
        return False
    links = (a for x in run if not isinstance(x, str) for a in x.iter("a"))
    return 2 * sum(len(link.text_content()) for link in links) <= len(text)


def _is_furniture(element: Element) -> bool:
    attributes = element.attrib
    return bool(attributes) and (
        _FURNITURE.search(_names(element)) is not None
        or "hidden" in attributes
        or attributes.get("role", "none") not in _ROLES
        or attributes.get("aria-hidden") == "true"
        or _HIDDEN.search(attributes.get("style", "")) is not None
    )


def _make_paragraphs(parent: Element) -> None:
    """Make the blocks of text in an element paragraphs."""
    for child in list(parent):
        if child.tag in _BLOCKS and _holds_only(child, _TEXT):
            for block in list(child.iter(*_BLOCKS)):
                leaf = next(block.iterdescendants(*_BLOCKS), None) is None
                if leaf and _is_prose([block.text or "", *block]):
                    block.tag = "p"


def _holds_only(element: Element, tags: frozenset[str]) -> bool:
    return all(x.tag in tags and not _is_furniture(x) for x in element.iter())


def _wrap_runs(parent: Element) -> None:
    """Make text that stands in no block of its own a paragraph."""
    start, run = None, list[Element]()
    for child in [*parent, None]:
        if child is not None and _holds_only(child, _INLINE):
            run.append(child)
            continue
        lead = (parent.text if start is None else start.tail) or ""
        if _is_prose([lead, *run]):
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
