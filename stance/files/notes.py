"""Marks in the sentences of a web page: those of notes, told from exponents; of quotations."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any, TypeAlias

__all__ = ["INLINE", "drop_note", "is_alone", "text_of", "write_quotation_marks"]

# One of lxml, which says nothing of its types.
Element: TypeAlias = Any

#: What stands in a line of text.
INLINE = frozenset([
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "cite", "code", "del", "dfn", "em",
    "font", "i", "ins", "kbd", "mark", "nobr", "q", "s", "samp", "small", "span", "strong", "sub",
    "sup", "time", "tt", "u", "var", "wbr",
])  # fmt: skip
# So many elements up, and characters back, is looked at what stands around a mark.
_NEAR, _TAIL = 8, 40
_NOTE = re.compile(r"\s*(?:\d{1,3}(?:\s*[,–-]\s*\d{1,3})*|[*†‡§]{1,3})\s*")
_LINKED_NOTE = re.compile(r"\s*(?:[a-z]|[ivx]{1,5})\s*")
_BRACKETED_NOTE = re.compile(r"\s*\[\s*(?:[a-z]|[ivx]{1,5}|(?:note )?\d{1,3})\s*\]\s*")
_LAST_WORD = re.compile(r"(?:\d+|[^\W\d_]+)\Z")
# What carries exponents: numbers, hours, variables, chemical elements; and these.
_SYMBOL = re.compile(r"\d+|[^\W\d_]|[A-Z][a-z]")
_RAISED = frozenset([
    "centimeter", "centimeters", "centimetre", "centimetres", "cm", "co", "dm", "feet", "foot",
    "ft", "hr", "in", "inch", "inches", "kilometer", "kilometers", "kilometre", "kilometres", "km",
    "mc", "meter", "meters", "metre", "metres", "mi", "mile", "miles", "min", "mm", "ms", "nm",
    "sec", "second", "seconds", "sq", "yard", "yards", "yd", "yds", "μm", "µm",
])  # fmt: skip
_AFTER_SENTENCE = tuple(".,;:!?%\"'”’»)]")


def drop_note(mark: Element) -> None:
    """Empty what is raised, where it is the mark of a note and no exponent."""
    if any(len(inner) for child in mark for inner in child):
        return
    text, above = mark.text_content(), mark.getparent()
    around = above is not None and above.tag == "a" and is_alone(mark)
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
    return word[0].lower() not in _RAISED and not _SYMBOL.fullmatch(word[0])


def write_quotation_marks(quotation: Element) -> None:
    """Write the marks that browsers put around ``<q>``, if it stands in a sentence."""
    parent = quotation.getparent()
    alone = not (_before(quotation) + (quotation.tail or "")).strip()
    if parent is None or (alone and parent.tag not in INLINE.union(["p", "li", "blockquote"])):
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


def _before(element: Element) -> str:
    """Return the end of the text in front of an element, in the same paragraph."""
    for _ in range(_NEAR):
        previous, parent = element.getprevious(), element.getparent()
        if previous is not None:
            text, element = previous.tail or text_of(previous), previous
        elif parent is None or (parent.tag not in INLINE and not parent.text):
            return ""
        else:
            text, element = parent.text, parent
        if text:
            return str(text[-_TAIL:])
    return ""


def is_alone(element: Element) -> bool:
    """Say whether an element is its parent's only one, without counting the parent's."""
    return element.getprevious() is None and element.getnext() is None


def text_of(element: Element) -> str:
    """Return the text in an element; a comment, or what is said to a program, has none."""
    return str(element.text_content()) if isinstance(element.tag, str) else ""
