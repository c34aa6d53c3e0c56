"""Which paragraphs of a web article are boilerplate: furniture around the argument, none of it.

Two kinds of rules. A table of well-known phrases (``PHRASES``) recognises furniture by its words:
a date, a byline, a rating, a login line. A few rules of structure recognise it by its place:

* a short line without a full stop is a heading or a menu item, in a text that is mostly prose;
* in front of the first paragraph of prose, a name under a date or over a job title is a byline;
* behind most of the prose, a reference list, or a marker such as "You might also like", opens the
  tail of the page, and so does any furniture behind the last paragraph of prose;
* a line in the body, no prose, that comes back as a link in that tail is a link there too.

When in doubt the text is kept: a menu item labelled by mistake costs less than an argument lost.
That a short block is judged by its neighbours and a long one by itself is the idea of jusText
(Pomikálek 2011, "Removing Boilerplate and Duplicate Content from Web Corpora").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["find_boilerplate", "is_credit"]

#: Longer paragraphs are not looked up in the table: furniture is short.
_LONGEST_PHRASE = 300
#: Words up to which a line without a full stop is a heading or a menu item.
_HEADING_WORDS = 3
#: Words from which a paragraph that ends in a full stop is prose (in a question mark: 20).
_PROSE_WORDS = 8

_CAPITALISED = r"(?-i:[^\W\d_a-z][\w'’.-]*)"
_NAME = rf"(?-i:{_CAPITALISED}(?: (?:{_CAPITALISED}|al|bin|da|de|der|dos|van|von)){{1,4}})"
_AGENCY = (
    r"(?:reuters|ap photo|associated press|afp|getty(?: images)?|xinhua|sputnik|tass|epa|alamy"
    r"|shutterstock|istock|bloomberg|wikimedia(?: commons)?|flickr|新华社|中新社)"
)
_COUNT = (
    r"(?:(?:votes?|ratings?|views?|likes?|shares?|reads?|阅读|浏览|点赞)\s*[:：]\s*[\d.,]+(?:\s*/\s*\d+)?"
    r"|[\d.,]+[km]?\s*(?:votes?|ratings?|views?|likes?|shares?|reads?|stars?))"
)

#: Reason → what a whole paragraph must match, upper or lower case.
PHRASES: dict[str, tuple[str, ...]] = {
    "separator": (r"[\s*=_~|<>/\\#•·+–—\-\x00-\x1f\u200b-\u200f\u2060\ufeff]+",),
    "menu": (
        r"(?:languages?|idioma|langue|sprache|语言)\s*[:：].*",
        r"skip to .{1,40}|(?:back|return|go) to (?:the )?top|top of (?:the )?page|返回顶部",
        r"(?:[\w'’&]+(?: [\w'’&]+){0,2}\s*[|›»·]\s*){2,}[\w'’&]+(?: [\w'’&]+){0,2}",
    ),
    "byline": (
        r"(?:posted|published|written)(?: on .{4,30})? by \S+(?: \S+){0,2}",
        r"(?:作者|记者|编辑|责编|撰文|文|автор)\s*[:：/|].{1,40}",
    ),
    "rating": (rf"[\s(|]*{_COUNT}(?:[\s,;|()]+{_COUNT})*[\s)|]*",),
    "file": (r"[\w .()%+-]{1,80}\.(?:png|jpe?g|gif|webp|svg|pdf|mp[34]|docx?)",),
    "link": (
        r"(?:https?://|www\.)\S+|\S+@\S+\.\w+",
        r"(?:e-?mail|contact|phone|tel|twitter|website)\s*[:：]\s*\S+",
    ),
    "credit": (
        rf"[(\[（](?=.*(?:\b{_AGENCY}|photo|image|courtesy))[^()]{{0,150}}[^().!?][)\]）]",
        rf"{_AGENCY}(?:\s*/.{{1,60}})?|[^.]{{1,60}}(?:/| via ){_AGENCY}",
        r"(?:photo|image|picture|illustration|foto|bild|imagen|imagem)s?"
        r"(?: (?:credits?|courtesy(?: of)?|by|source))?\s*[:：©/].{1,80}",
        rf"\W?(?:additional )?(?:reporting|writing|editing) by {_NAME}"
        r"(?:(?:\s*[;,.:(/|&–—-]| and | in | at | for | with |"
        r"\s(?:additional |editing|writing|reporting)\b).{0,150})?",
        r"(?:source|quelle|fuente|fonte|来源|图片来源)\s*[:：].{1,40}",
    ),
    "copyright": (
        r"(?:©|\(c\) ?\d{4}|copyright\s*(?:©|\(c\)|\d{4})).*|.*\ball rights reserved\b.{0,40}",
        r"版权所有.*",
    ),
    "tags": (
        r"(?:tags?|topics|keywords|categor(?:y|ies)|filed under|标签|关键词|etiquetas)\s*[:：].*",
    ),
    "notice": (
        r"(?:log ?in|sign in|sign up|register|subscribe)(?:,? (?:if you|or|here|now|today|free"
        r"|to (?:our|this|your|continue|read|view|comment|post|access|receive|get)"
        r"|with (?:your|an?|e-?mail|google|facebook|apple|linkedin|microsoft|github|twitter|x|sso)"
        r"|for (?:our|free|updates|e-?mail|the newsletter))\b.*)?",
        r"(?:already (?:a|have)|not (?:a|yet)) .{0,40}"
        r"(?:(?:subscriber|account)\?.*|member\?(?:\s*(?:please|click|here|log|sign|subscribe"
        r"|register|join|get|become|create)\b.*|\s*login\b.*)?)",
        r"(?:share|tweet|print|save|listen to) this (?:article|story|post|page)\b.{0,60}",
        r"share(?: (?:on|via) .{1,40})?|(?:follow|like|join|find) us(?: on .{1,60}| at .{1,60})?",
        r"(?:we|(?:this|our) (?:web)?site)\b.{0,40} uses? .{0,20}\bcookies\b.*",
        r"accept (?:all )?cookies",
        r"(?:get|receive) .{1,80}\b(?:newsletter|inbox)\b.*|(?:our )?newsletter",
        r"advertisements?|sponsored(?: content)?|publicidad|publicité|anzeige|广告",
        r"\d+[ -]min(?:ute)?s?(?: read)?|(?:estimated )?reading time\s*:?.{0,20}",
        r"this (?:article|post|piece) (?:was )?(?:first|originally) (?:appeared|published) .*",
    ),
    "comments": (
        r"(?:\d+|no) comments?(?: yet)?|comments?(?: ?\(\d+\)|:)?|comments are closed",
        r"(?:leave|add|post|write) a (?:comment|reply)|join the (?:discussion|conversation)",
        r"be the first to comment|seja o primeiro a comentar|dej[ae] un comentario",
        r"deixe um comentário|laisser un commentaire|kommentare?|发表评论|网友评论|комментарии",
    ),
    "related": (
        r"you (?:might|may) (?:also )?(?:like|be interested in)\W*",
        r"related(?: (?:articles?|stor(?:y|ies)|posts?|links?|news|content|topics?|reading))?:?",
        r"(?:recommended|suggested)(?: (?:for you|reading|articles))?:?|more stories:?|up next:?",
        r"(?:most (?:read|popular|viewed)|trending(?: now)?|latest (?:news|stories)):?",
        r"art[ií]culos relacionados|leia (?:também|mais)|lire aussi|à lire aussi|mehr zum thema",
        r"читайте также|相关(?:阅读|文章|新闻|报道|链接)|(?:推荐|延伸)阅读",
        r"مواضيع ذات صلة|اقرأ أيضا",
    ),
    "teaser": (
        r"(?:read (?:more|also)|also read|see also|related|don['’]t miss)\s*:.{1,200}",
        r"(?:read|see|learn|view|show) (?:more|all)\W*|continue reading.{0,80}|阅读全文|查看更多",
    ),
}
_PHRASE = re.compile(
    "|".join(f"(?P<{reason}>{'|'.join(patterns)})" for reason, patterns in PHRASES.items()),
    re.IGNORECASE,
)
_CREDIT = re.compile(PHRASES["credit"][0], re.IGNORECASE)
#: The reasons that are strong enough to skip a paragraph which ends like a sentence.
_STRONG = frozenset({"copyright", "credit", "link", "notice", "teaser"})
#: The reasons that open the tail of the page behind most of the prose ...
_TAIL_MARKERS = frozenset({"comments", "references", "related"})
#: ... and behind all of it.
_FURNITURE = _TAIL_MARKERS | {"copyright", "menu", "notice", "rating", "tags", "teaser"}

_REFERENCES = re.compile(
    r"(?:references|bibliography|works cited|(?:end|foot)?notes|sources|literature|further reading"
    r"|refer[eê]ncias(?: bibliogr[aá]ficas)?|bibliograf[ií]a|r[eé]f[eé]rences|bibliographie"
    r"|literatur(?:verzeichnis)?|литература|参考文献|注释|المراجع)\s*[:：]?",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\s*(?:\[\d+\]|\d{1,3}[.)\s]|\^).*|.*(?:\b(?:1[5-9]|20)\d\d\b|https?://).*"
)

_JOB = (
    r"(?:(?:former|acting|deputy|vice|senior|associate|assistant|adjunct|visiting"
    r"|research|executive|managing|staff|chief|non-?resident|distinguished)[ -])*"
    r"(?:professor|fellow|director|minister|secretary(?:-general)?|ambassador|editor|researcher"
    r"|analyst|correspondent|columnist|reporter|writer|lecturer|scholar|president|chair(?:man)?"
    r"|ph\.?d\.?(?: candidate| student)?|journalist|contributor)"
)
_JOB_TITLE = re.compile(rf"(?:{_NAME}, )?{_JOB}(?:,| (?:of|at|for|in|with)\b|$).*", re.IGNORECASE)
#: Behind "By" a gerund or a determiner begins a headline ("By Joining NATO, Finland Changes ...");
#: a word in -ing as short as Ming is a name.
_BYLINE = re.compile(
    r"(?:(?:written|posted|reported|edited|translated) by|von|par|por|di"
    r"|by(?! (?:[\w-]{2,}ing|all|any|both|each|every|its|many|most|no|not|some|such"
    r"|th(?:at|eir|ese|is|ose))\b))"
    rf" {_NAME}(?:(?:, {_NAME})*,? (?:and|&|und|et|y|e) {_NAME})*"
    r"(?:, (?P<role>[^|•·]+?))?\s*(?:[|•·].*)?",
    re.IGNORECASE,
)
#: Behind the name, where it is no date: a job title, who printed it, or a place.
_ROLE = re.compile(
    rf"(?:an? |the )?(?:[\w.'’&-]+ ){{0,2}}{_JOB}(?:,.*| (?:of|at|for|in|to|with)\b.*)?"
    rf"|(?:{_AGENCY}|(?:{_CAPITALISED} ){{0,3}}(?:press|post|times|news|university|institute)"
    r"|abu dhabi|hong kong|los angeles|mexico city|new (?:delhi|york)|san francisco|tel aviv"
    rf"|the hague|{_CAPITALISED})(?:, {_CAPITALISED})?",
    re.IGNORECASE,
)
_PERSON = re.compile(rf"[•·\s-]*{_NAME}")

#: Month names: English, Spanish, Portuguese, French, German, Russian.
_MONTH = re.compile(
    r"(?:jan|febr?|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)"
    r"|(?:januar|februar)y?|march|april|august|(?:sept|nov|dec)ember|october"
    r"|enero|febrero|marzo|abril|mayo|junio|julio|agosto|(?:sept|nov|dic)iembre|octubre"
    r"|(?:jan|fever)eiro|março|maio|jun?l?ho|(?:set|nov|dez)embro|outubro"
    r"|janvier|février|mars|avril|mai|juin|juillet|août|(?:sept|nov|déc)embre|octobre"
    r"|märz|jun[ij]|juli|oktober|dezember"
    r"|(?:январ|феврал|апрел|июн|июл|(?:сент|окт|но|дек)(?:я|а)бр)я|марта|августа|мая"
)
_DATE_WORD = re.compile(
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?|星期[一二三四五六日]"
    r"|published|updated|posted|last|modified|date|on|at|de|le|发布|时间"
    r"|[ap]\.?m|gmt|utc|cet|et|e[sd]t|bst|\d{1,4}(?:st|nd|rd|th)?"
    r"|\d{1,2}[:.h]\d{2}(?::\d{2})?(?:am|pm|z)?"
)
_FULL_DATE = re.compile(
    r"\d{4}[./-]\d{1,2}[./-]\d{1,2}(?:t[\d:.+z]+)?|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}"
    r"|\d{4}年\d{1,2}月(?:\d{1,2}日)?"
)
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
    reasons = [_phrase(paragraph) for paragraph in paragraphs]
    prose = [
        reason is None and _is_prose(paragraph)
        for paragraph, reason in zip(paragraphs, reasons, strict=True)
    ]
    if _is_article(paragraphs, prose):
        _mark_byline(paragraphs, reasons, prose.index(True))
        _mark_headings(paragraphs, reasons)
        tail = _mark_tail(paragraphs, reasons, prose)
        _mark_links(paragraphs, reasons, prose.index(True), tail)
    if len(paragraphs) < 2 or None not in reasons:
        return [None] * len(paragraphs)
    return reasons


def is_credit(sentence: str) -> bool:
    """Tell whether a sentence is a picture's credit in parentheses, such as follows a caption.

    >>> is_credit("(Jane Doe/Pool via REUTERS)"), is_credit("(Reuters could not confirm it.)")
    (True, False)
    """
    return len(sentence) <= _LONGEST_PHRASE and _CREDIT.fullmatch(sentence) is not None


def _phrase(paragraph: str) -> str | None:
    if len(paragraph) > _LONGEST_PHRASE:
        return None
    match = _PHRASE.fullmatch(paragraph)
    if match and (match.lastgroup in _STRONG or not _ends(paragraph, _SENTENCE_ENDS)):
        return match.lastgroup
    if _is_date(paragraph):
        return "date"
    return "byline" if _is_byline(paragraph) else None


def _is_byline(paragraph: str) -> bool:
    """Names behind "By", alone or with what a byline says of them; all else is a headline."""
    match = _BYLINE.fullmatch(paragraph)
    if match is None or _ends(paragraph, _SENTENCE_ENDS):
        return False
    role = match["role"]
    return role is None or _is_date(role) or _ROLE.fullmatch(role) is not None


def _is_date(paragraph: str) -> bool:
    if len(paragraph) > 80 or not re.search(r"\d", paragraph):
        return False
    words = [word.strip(".:-–") for word in re.split(r"[\s,|•·()：]+", paragraph.lower())]
    words = [word for word in words if word]
    return any(_FULL_DATE.fullmatch(word) or _MONTH.fullmatch(word) for word in words) and all(
        _DATE_WORD.fullmatch(word) or _MONTH.fullmatch(word) or _FULL_DATE.fullmatch(word)
        for word in words
    )


def _is_prose(paragraph: str) -> bool:
    if _ends(paragraph, _FULL_STOPS):
        return _has_words(paragraph, _PROSE_WORDS)
    return _ends(paragraph, _SENTENCE_ENDS) and _has_words(paragraph, 20)


def _is_article(paragraphs: Sequence[str], prose: Sequence[bool]) -> bool:
    """A third of its characters is prose: no list, poem, table or chat."""
    length = sum(len(text) for text, is_prose in zip(paragraphs, prose, strict=True) if is_prose)
    return any(prose) and 3 * length >= sum(map(len, paragraphs))


def _mark_byline(paragraphs: Sequence[str], reasons: list[str | None], body: int) -> None:
    """Mark a name under a date or over a job title, and a job title under one or a rating."""
    for i in range(1, body):
        if reasons[i] is not None:
            continue
        above, below = reasons[i - 1], paragraphs[i + 1]
        short = not _has_words(paragraphs[i], _HEADING_WORDS + 1)
        if _PERSON.fullmatch(paragraphs[i]):
            is_byline = (short and above == "date") or _is_job_title(below)
        else:
            is_byline = above in {"byline", "rating"} and _is_job_title(paragraphs[i])
        if is_byline:
            reasons[i] = "byline"


def _is_job_title(paragraph: str) -> bool:
    return (
        len(paragraph) <= _LONGEST_PHRASE
        and not _ends(paragraph, _SENTENCE_ENDS)
        and _JOB_TITLE.fullmatch(paragraph) is not None
    )


def _mark_headings(paragraphs: Sequence[str], reasons: list[str | None]) -> None:
    """Mark short lines, except list items, whole sentences and parts of one."""
    below = [*paragraphs[1:], ""]
    for i, paragraph in enumerate(paragraphs):
        if (
            reasons[i] is None
            and not (paragraph[0].islower() or below[i][:1].islower())
            and paragraph[0] not in "•·▪‣◦*–—-"
            and not _ends(paragraph, (*_SENTENCE_ENDS, *",;:，；：،؛"))
            and not _has_words(paragraph, _HEADING_WORDS + 1)
        ):
            reasons[i] = "heading"


def _mark_tail(
    paragraphs: Sequence[str], reasons: list[str | None], prose: Sequence[bool]
) -> range:
    """Mark what stands behind the article; return its place."""
    last = max(i for i, is_prose in enumerate(prose) if is_prose)
    lengths = [len(text) * is_prose for text, is_prose in zip(paragraphs, prose, strict=True)]
    most = 2 / 3 * sum(lengths)
    before = 0
    for i, length in enumerate(lengths):
        if _opens_references(paragraphs, i):
            reasons[i] = "references"
        behind_most = before >= most and reasons[i] in _TAIL_MARKERS
        behind_all = i > last and (reasons[i] in _FURNITURE or _opens_teasers(paragraphs, i))
        if behind_most or behind_all:
            reason = reasons[i] if reasons[i] in _TAIL_MARKERS else "related"
            reasons[i:] = [known or reason for known in reasons[i:]]
            return range(i, len(paragraphs))
        before += length
    return range(0)


def _opens_references(paragraphs: Sequence[str], i: int) -> bool:
    return (
        i + 1 < len(paragraphs)
        and len(paragraphs[i]) < 40
        and _REFERENCES.fullmatch(paragraphs[i]) is not None
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
        quoted = _is_prose(paragraphs[i]) or _ends(paragraphs[i], _FULL_STOPS)
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
