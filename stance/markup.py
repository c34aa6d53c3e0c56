"""What a Markdown file holds and does not show as text: keys in front of it, comments, and code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stance.boilerplate import is_prose

__all__ = ["find_markup"]

# What stands before the text of a Markdown file: nothing but keys, each with its value or a list.
_VALUE = r".*\n(?:(?:[ \t]|- ).*\n)*"
_FRONT_MATTER = re.compile(rf"\ufeff?---[ \t\r]*\n(?:[\w-]+:{_VALUE})+---[ \t\r]*$", re.MULTILINE)
_FRONT_VALUE = re.compile(rf"^([\w-]+):({_VALUE})", re.MULTILINE)
_OPENER = re.compile(
    r"^[ \t]*(?:(?P<code>```)(?P<language>[^`\n]*)$|(?P<comment><!--))", re.MULTILINE
)
_CLOSER = {"code": re.compile(r"(?m)^[ \t]*```(?=[ \t\r]*$)"), "comment": re.compile("-->")}
_LINE_END = re.compile(r"[ \t\r]*$", re.MULTILINE)
# The keys by which it is known, and those whose value may be a sentence.
_FRONT_KEY = re.compile(
    "title|date|authors?|layout|tags|keywords|categor(?:y|ies)|slug|permalink|lang|description|draft"
)
_SENTENCE_KEYS = frozenset({"title", "subtitle", "description", "excerpt"})
# The languages of a block of code, and the lines of one that does not say its own.
_CODE_LANGUAGE = re.compile(
    r"\s*\{?(?:bash|bibtex|c|cpp|c\+\+|c#|console|css|diff|go|html|ini|java|javascript|js|json|julia"
    r"|latex|lua|matlab|mermaid|perl|php|powershell|python|python3|py|r|ruby|rust|scala|sh|shell|sql"
    r"|stata|swift|tex|toml|ts|typescript|xml|yaml|yml|zsh)(?![\w+#-])",
    re.IGNORECASE,
)
_CODE = re.compile(r"[{}=<]|\w\(|;\s*$|^\s*(?:\$ |//)")


def find_markup(text: str) -> Iterator[tuple[int, int]]:
    r"""Give the stretches of whole lines in Markdown that are not shown as text.

    They are the keys in front of it, comments, and blocks of code: other blocks quote, or are two
    fences around text. What is never closed is none, nor is what follows it.

    >>> text = "---\ntitle: Order\n---\n<!-- a draft -->\nPower shifts."
    >>> [text[start:end] for start, end in find_markup(text)]
    ['---\ntitle: Order\n---', '<!-- a draft -->']
    """
    end = _front_matter_end(text)
    if end:
        yield 0, len(text[:end].rstrip())
    if "```" not in text and "<!--" not in text:  # As in nearly all; to look at each line is slow.
        return
    while opener := _OPENER.search(text, end):
        kind = "comment" if opener["comment"] else "code"
        closer = _CLOSER[kind].search(text, opener.end())
        if closer is None:
            return
        end = closer.end()
        block = text[opener.end() : closer.start()]
        hidden = kind == "comment" or _is_code(block, opener["language"])
        if hidden and _LINE_END.match(text, end):
            yield opener.start(kind), end


def _front_matter_end(text: str) -> int:
    """Return where the keys in front of a text end: an interview has keys and rules as well."""
    front = _FRONT_MATTER.match(text)
    if front is None:
        return 0
    values = [(key[1].lower(), " ".join(key[2].split())) for key in _FRONT_VALUE.finditer(front[0])]
    keys = {key for key, _ in values}
    prose = any(key not in _SENTENCE_KEYS and is_prose(value) for key, value in values)
    known = any(map(_FRONT_KEY.fullmatch, keys))
    return front.end() if known and len(keys) == len(values) and not prose else 0


def _is_code(block: str, language: str) -> bool:
    """A block is code if its fence or most of its lines say so, and none of them is prose."""
    lines = [line for line in block.splitlines() if line.strip()]
    named = _CODE_LANGUAGE.match(language) is not None
    if not named and 2 * sum(map(bool, map(_CODE.search, lines))) <= len(lines):
        return False
    return not any(map(is_prose, lines))
