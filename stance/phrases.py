"""The words by which boilerplate is known: what a whole paragraph says that is no argument."""

from __future__ import annotations

import re

__all__ = [
    "BIOGRAPHY",
    "BYLINE",
    "JOB_TITLE",
    "LIST_ITEM",
    "NAME",
    "PERSON",
    "PHRASES",
    "REFERENCES",
    "ROLE",
    "is_date",
]

#: A word with a capital, whatever the case of the pattern around it.
CAPITALISED = r"(?-i:[^\W\d_a-z][\w'’.-]*)"
#: A person's name.
NAME = rf"(?-i:{CAPITALISED}(?: (?:{CAPITALISED}|al|bin|da|de|der|dos|van|von)){{1,4}})"
#: What stands at the head of an item of a list.
LIST_ITEM = r"(?:[•·▪‣◦*–—-]|\(?(?:\d{1,3}|[a-z]|[ivxIVX]{2,4})[.)]\s)"
#: Who sells pictures and news.
AGENCY = (
    r"(?:reuters|ap photo|associated press|afp|getty(?: images)?|xinhua|sputnik|tass|epa|alamy"
    r"|shutterstock|istock|bloomberg|wikimedia(?: commons)?|flickr|新华社|中新社)"
)
#: What a byline says that somebody is.
JOB = (
    r"(?:(?:former|acting|deputy|vice|senior|associate|assistant|adjunct|visiting"
    r"|research|executive|managing|staff|chief|non-?resident|distinguished)[ -])*"
    r"(?:professor|fellow|director|minister|secretary(?:-general)?|ambassador|editor|researcher"
    r"|analyst|correspondent|columnist|reporter|writer|lecturer|scholar|president|chair(?:man)?"
    r"|ph\.?d\.?(?: candidate| student)?|journalist|contributor)"
)
#: A line that says what somebody is.
JOB_TITLE = re.compile(rf"(?:{NAME}, )?{JOB}(?:,| (?:of|at|for|in|with)\b|$).*", re.IGNORECASE)
#: Behind "By" a gerund or a determiner begins a headline ("By Joining NATO, Finland Changes ...");
#: a word in -ing as short as Ming is a name.
BYLINE = re.compile(
    r"(?:(?:written|posted|reported|edited|translated) by|von|par|por|di"
    r"|by(?! (?:[\w-]{2,}ing|all|any|both|each|every|its|many|most|no|not|some|such"
    r"|th(?:at|eir|ese|is|ose))\b))"
    rf" (?P<names>{NAME}(?:(?:, {NAME})*,? (?:and|&|und|et|y|e) {NAME})*)"
    r"(?:, (?P<role>[^|•·]+?))?\s*(?:[|•·].*)?",
    re.IGNORECASE,
)
#: Behind the name, where it is no date: a job title, who printed it, or a place.
ROLE = re.compile(
    rf"(?:an? |the )?(?:[\w.'’&-]+ ){{0,2}}{JOB}(?:,.*| (?:of|at|for|in|to|with)\b.*)?"
    rf"|(?:{AGENCY}|(?:{CAPITALISED} ){{0,3}}(?:press|post|times|news|university|institute)"
    r"|abu dhabi|hong kong|los angeles|mexico city|new (?:delhi|york)|san francisco|tel aviv"
    rf"|the hague|{CAPITALISED})(?:, {CAPITALISED})?",
    re.IGNORECASE,
)
#: What a biography says of somebody; "is right when ..." is none, nor is "writes that ...".
BIOGRAPHY = re.compile(
    rf"[*_]*({NAME})[*_]* (?:teaches\b|(?:writes|works|serves) (?:about|as|at|for|in|on|with)\b"
    r"|(?:is|was) (?:(?:currently|now) )?(?:(?:an?|the) )?"
    r"(?:(?!(?:as|for|in|of|than|that|the|to|what|when|who)\b)[\w.'’&-]+ ){0,4}"
    rf"(?i:{JOB}|author|co-author)s?\b)"
)
PERSON = re.compile(rf"[•·\s-]*{NAME}")
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
#: What stands over a list of references.
REFERENCES = re.compile(
    r"(?:#{1,6} )?[*_]{0,3}(?:(?:\d{1,2}|[IVX]{1,4})\.? )?[*_]{0,3}"
    r"(?:references|bibliography|works cited|(?:end|foot)?notes|sources|literature|further reading"
    r"|refer[eê]ncias(?: bibliogr[aá]ficas)?|bibliograf[ií]a|r[eé]f[eé]rences|bibliographie"
    r"|literatur(?:verzeichnis)?|литература|参考文献|注释|المراجع)\s*[:：]?[*_]{0,2}",
    re.IGNORECASE,
)
_COUNT = (
    r"(?:(?:votes?|ratings?|views?|likes?|shares?|reads?|阅读|浏览|点赞)\s*[:：]\s*[\d.,]+(?:\s*/\s*\d+)?"
    r"|[\d.,]+[km]?\s*(?:votes?|ratings?|views?|likes?|shares?|reads?|stars?))"
)

# Of the views in an article: whose they are, and whose they need not be.
_AUTHOR = r"the (?:author|writer|contributor)(?:s|\(s\)|['’]s)?(?!\w| of\b)"
_HIS_OWN = (
    r"(?:are|belong|represent|reflect) (?:(?:solely|strictly|entirely|purely|exclusively|only|those"
    r"|the|his|hers?|theirs?|or|personal|private|own|views?|opinions?|of|to) )*"
    rf"(?:{_AUTHOR}|(?:own|personal|theirs|alone)(?!\w| (?!and\b)))"
)
_PUBLISHER = (
    r"(?:institut\w+|cent(?:er|re)|universit\w+|publishers?|publication|editors?|newspaper|magazine"
    r"|journal|website|employers?|foundation|organi[sz]ation)"
)
# Who took a picture: names, and what stands between them.
_WHO = rf"(?:{CAPITALISED}|pool|handout|file|photos?|images?|stringer|staff|by|of|the|and|for|via)"
_CREDITED = rf"(?=[^.]{{1,60}}(?:/| via ){AGENCY}){_WHO}(?:[\s,:/&()|]+{_WHO})*[\s)]*"
_NOISE = (
    r"(?:applause|laughter|interruptions?|cheers|cheering|crosstalk|inaudible|standing ovation)"
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
    "applause": (
        rf"[(\[](?:(?:loud|prolonged|long|sustained) )?{_NOISE}"
        rf"(?:(?:,| and|, and) {_NOISE}|,? (?:in|from|on) (?:the )?\w+(?: \w+)?){{0,2}}[.!]?[)\]]",
    ),
    "rating": (rf"[\s(|]*{_COUNT}(?:[\s,;|()]+{_COUNT})*[\s)|]*",),
    "file": (
        r"[\w .()%+-]{1,80}\.(?:png|jpe?g|gif|webp|svg|pdf|mp[34]|docx?)",
        r"!\[[^\]]*\]\([^()]*\)|\[!\[[^\]]*\]\([^()]*\)\]\([^()]*\)",
    ),
    "link": (
        r"(?:https?://|www\.)\S+|\S+@\S+\.\w+",
        r"(?:e-?mail|contact|phone|tel|twitter|website)\s*[:：]\s*\S+",
    ),
    "credit": (
        rf"[(\[（](?=.*(?:\b{AGENCY}|photo|image|courtesy))[^()]{{0,150}}[^().!?][)\]）]",
        rf"{AGENCY}(?:\s*/.{{1,60}})?|{_CREDITED}(?:/| via ){AGENCY}",
        r"(?:photo|image|picture|illustration|foto|bild|imagen|imagem)s?"
        r"(?: (?:credits?|courtesy(?: of)?|by|source))?\s*[:：©/].{1,80}",
        rf"\W?(?:additional )?(?:reporting|writing|editing) by {NAME}"
        r"(?:(?:\s*[;,.:(/|&–—-]| and | in | at | for | with |"
        r"\s(?:additional |editing|writing|reporting)\b).{0,150})?",
        r"(?:source|quelle|fuente|fonte|来源|图片来源)\s*[:：].{1,40}",
    ),
    "copyright": (
        r"(?:©|\(c\) ?\d{4}(?!\s+(?-i:[a-z]))|copyright\s*(?:©|\(c\)|\d{4})).*",
        r".*\ball rights reserved\b.{0,40}",
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
        r"\W{0,3}(?:disclaimer\W{1,3})?(?:the |all )?(?:view|opinion)s?(?: (?:and|or) \w+)?"
        rf" expressed(?=.*\b{_AUTHOR})(?: here(?:in)?| above| in (?:this|the) [\w ]{{1,40}})?"
        rf"(?: by {_AUTHOR})? (?:{_HIS_OWN}|(?:do|may) not (?:necessarily\b"
        rf"|(?:reflect|represent) .*\b{_PUBLISHER}\b)).*",
    ),
    "comments": (
        r"(?:\d+|no) comments?(?: yet)?|comments(?: ?\(\d+\)|:)?|comment \(\d+\)",
        r"comments are closed",
        r"(?:leave|add|post|write) a (?:comment|reply)|join the (?:discussion|conversation)",
        r"be the first to comment|seja o primeiro a comentar|dej[ae] un comentario",
        r"deixe um comentário|laisser un commentaire|kommentare?|发表评论|网友评论|комментарии",
    ),
    "related": (
        r"[#*_ ]*about the (?:author|writer|contributor)(?:s|\(s\))?[*_:]*",
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


def is_date(paragraph: str) -> bool:
    """Tell whether a line is a date, with what may stand beside one, and no more."""
    if len(paragraph) > 80 or not re.search(r"\d", paragraph):
        return False
    words = [word.strip(".:-–") for word in re.split(r"[\s,|•·()：]+", paragraph.lower())]
    words = [word for word in words if word]
    return any(_FULL_DATE.fullmatch(word) or _MONTH.fullmatch(word) for word in words) and all(
        _DATE_WORD.fullmatch(word) or _MONTH.fullmatch(word) or _FULL_DATE.fullmatch(word)
        for word in words
    )
