"""Paragraph → the offsets at which its sentences end.

A well-kept splitter (sentencex) finds most of them. What it takes for an end and is none in texts
on world politics, and what it passes over, is mended here: titles and parts of documents, notes,
the answer "No.", asides, and the sentences of a quotation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import sentencex

from stance.boilerplate import aside_of

__all__ = ["sentence_ends"]

#: Characters given to the sentence splitter at once: its time grows with the square of a paragraph
#: that is not plain ASCII.
_WINDOW = 4_096
# What the splitter takes for the end of a sentence: some always, some by what goes on.
_ABBREVIATED = re.compile(
    r"(?:\b(?:(?P<title>Amb|AMB|Atty|ATTY|Asst|ASST|[Vv]ol|[Mm]me)"
    r"|(?P<part>Arts?|[Pp]aras?|[Ff]igs?|[Ee]qs?|[Cc]h|[Cc]haps?|[Aa]pprox|fn)"
    r"|(?P<hour>[ap]\.m)|(?P<small>cent|incl))|(?<![\w-])(?P<editor>eds?))\.\s*$"
    r"|(?P<elided>…|\.\.\.)\s*$"
)
_GOES_ON = {
    "title": re.compile(""),
    "part": re.compile(r"\d|(?!I\b)[IVXLC]+\b"),
    "hour": re.compile(
        r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b(?!['’])"
        r"|(?:GMT|UTC|CET|CEST|E[SD]?T|P[SD]?T|BST)\b"
        r"|(?:January|February|March|April|May|June|July|August|September|October|November"
        r"|December) \d"
        r"|(?!(?:This|That|Last|Next|Some|Each|Every|Any)\b)[A-Z]\w+(?: [A-Z]\w+)? time\b"
    ),
    "small": re.compile(r"[a-z]"),
    "elided": re.compile(r"[a-zß-ÿ]"),
    "editor": re.compile(r"[A-Z]\w+(?:,| and | & )"),
}
_LONGEST_ABBREVIATION = 12
# The splitter takes a paragraph behind these for one sentence.
_ITEM_IN_PARENTHESES = re.compile(r"\((?:\d{1,3}|[A-Za-z]|[ivxIVX]{2,5})\)\s+")
# The apostrophe of the '90s, which the splitter takes for a quotation mark.
_DECADE = re.compile(r"['‘](?=\d0s\b)(?<!\w.)")
# The number of a note behind a full stop, and the beginning of the next sentence.
_NOTE = re.compile(
    r"[.?!](?:(?<=[a-zß-ÿ)\]].)|[”’\"'])(?:\d{1,3}(?:,\d{1,3})*|[¹²³⁰-⁹]+)(?=\s+[\"“‘(]?[A-ZÀ-Þ])"
)
# No note, but what is numbered.
_NUMBERED = re.compile(
    r"\b(?:[Nn]os?|[Aa]rts?|[Ff]igs?|[Vv]ols?|pp?|[Ss]ec|[Pp]aras?|[Cc]h|[Cc]haps?|[Ee]ds?|[Nn]r|[Pp]t"
    r"|[Aa]pp|Rs|Res|Reg|Doc|al|Tel|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.$"
)
# The answer "No.", alone or behind who gives it, which the splitter takes for that of a number; but
# none follows, in figures, Roman, or words.
_ANSWER = re.compile(
    r"\s*(?:[^\s:?!][^:?!]{0,40}:\s+)?No\.\s+(?!\S*\d|(?!I\b)[IVXLC]+\b"
    r"|(?:One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten)\b)(?=[A-ZÀ-Þ])"
)
# A quotation, in which sentences may end.
_QUOTATION_MARK = re.compile('[“„«「"‘]')
_QUOTATION = re.compile(
    r"“(?P<curly>[^“”]*)”|„(?P<low>[^„“”]*)[“”]|«(?P<angle>[^«»]*)»|「(?P<corner>[^「」]*)」"
    r"|(?<![^\s(\[—–])\"(?=\S)(?P<straight>[^\"]*)\""
    r"|(?<!\w)‘(?P<single>(?:[^‘’]|’(?=\w))*[.,?!…])’(?!\w)"
)
_ENDS_WITHIN = re.compile(r"[.?!…]\s+\S|[。？！]\S")
# What somebody says ends in such a mark, which may stand behind the quotation mark. So does the
# title of a book where a sentence ends behind it, but most of its long words have a capital.
_ENDS_SPEECH = tuple(".,?!…。，？！")
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
# An opening mark that the splitter leaves with the sentence before.
_OPENING = re.compile(r"(?<=\s)([\"“‘«])\s*$")
# What may be a sentence in parentheses, and the beginning of the next.
_IN_PARENTHESES = re.compile(r"[(\[]([A-Z][^()\[\]]*)[)\]](?=\s+[\"“(\[]?[A-Z])")
_BEFORE_PARENTHESES = (".", "!", "?", "…", "”", '"', "’", ")", "]")
# That it is one: its last word is no abbreviation.
_WHOLE = re.compile(
    r"(?:\b(?!etc\b)[a-z]{3,}|\b(?:be|do|go|in|is|it|me|no|on|so|to|up|us)|\b\w{5,}|\b\d+)\.$"
    r"|[!?]$"
)
# "(Eds.)" is none, and neither is "(U.S. Army Gen.)".
_FEWEST_WORDS = 3


def sentence_ends(paragraph: str, language: str) -> Iterator[int]:
    """Give the offsets after each sentence, the last of them the paragraph's length.

    A long paragraph is read through a window. The last sentence in it may go on behind it, so the
    next window starts there; where a window holds no end at all, the next starts behind it.
    """
    if "0s" in paragraph:  # To look first is quicker, here and for quotations.
        paragraph = _DECADE.sub("\u2019", paragraph)
    item = _ITEM_IN_PARENTHESES.match(paragraph)
    start = item.end() if item else 0
    while start < len(paragraph):
        window = paragraph[start : start + _WINDOW]
        ends = [start + end for end in sorted(_ends_within(window, language))]
        yield from ends
        if start + _WINDOW >= len(paragraph):
            break
        start = ends[-1] if ends else start + _WINDOW
    yield len(paragraph)


def _ends_within(window: str, language: str) -> set[int]:
    """Return the ends of all sentences but the last: the splitter takes a quotation for one."""
    boundaries = sentencex.get_sentence_boundaries(language, window)
    ends = _mended({boundary["end_index"] for boundary in boundaries[:-1]}, window)
    end = 0
    for mark in _QUOTATION_MARK.finditer(window):
        quotation = _QUOTATION.match(window, mark.start()) if mark.start() >= end else None
        if quotation is None:
            continue
        start, end = quotation.span(str(quotation.lastgroup))
        said = window[start:end]
        ends_like_speech = said.rstrip().endswith(_ENDS_SPEECH) or window.startswith(
            _ENDS_SPEECH, end + 1
        )
        if _ENDS_WITHIN.search(said) and ends_like_speech and not _is_title(said):
            ends |= {start + end for end in _ends_within(said, language)}
    return ends


def _is_title(words: str) -> bool:
    capitals = [word[0][0].isupper() for word in _LONG_WORD.finditer(words)]
    return 2 * sum(capitals) > len(capitals)


def _mended(ends: set[int], window: str) -> set[int]:
    """Return the ends of sentences that the splitter found, and those that it did not, all true."""
    ends = {_before_opening(window, end) for end in ends if not _is_abbreviated(window, end)}
    for note in _NOTE.finditer(window):
        stop = note.start() + 1
        if not _NUMBERED.search(window[max(0, stop - 8) : stop]):
            ends = {end for end in ends if not stop <= end < note.end()} | {note.end()}
    if "No." in window:
        starts = [0, *ends]
        while starts:
            answer = _ANSWER.match(window, starts.pop())
            if answer and answer.end() not in ends:  # Of an end that is known all are known.
                starts.append(answer.end())
                ends.add(answer.end())
    for aside in _IN_PARENTHESES.finditer(window):
        before = window[: aside.start()].rstrip()
        if before and (len(before) == aside.start() or not before.endswith(_BEFORE_PARENTHESES)):
            continue
        whole = _WHOLE.search(aside[1]) and len(aside[1].split()) >= _FEWEST_WORDS
        if whole or aside_of(aside[0]):
            ends.add(aside.end())
    return ends


def _before_opening(window: str, end: int) -> int:
    """Return the end without an opening quotation mark that the splitter left before it."""
    mark = _OPENING.search(window, max(0, end - 3), end)
    if mark is None or (mark[1] == '"' and window.count('"', 0, end) % 2 == 0):
        return end
    return mark.start()


def _is_abbreviated(window: str, end: int) -> bool:
    found = _ABBREVIATED.search(window, max(0, end - _LONGEST_ABBREVIATION), end)
    if found is None:
        return False
    return _GOES_ON[str(found.lastgroup)].match(window[end:].lstrip()) is not None
