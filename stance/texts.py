"""When two texts are the same sentence, and what no text should hold."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["LONE_SURROGATE", "fold", "is_wordless"]

#: Half of a character beyond the first 65,536: it stands for nothing, and no file can hold it.
LONE_SURROGATE = re.compile("[\ud800-\udfff]")

# They say whether the character before is drawn as text or as a picture.
_SELECTORS = "\ufe0e\ufe0f"


def fold(text: str) -> str:
    r"""Return what two copies of a text share: its letters with their marks, and digits.

    They are in lower case, and composed: text from PDF files often has its accents apart.

    >>> fold("They  met, again.") == fold("they met again")
    True
    >>> fold("Cafe\u0301") == fold("caf\u00e9") != fold("cafe")
    True
    """
    if is_wordless(text):
        return ""  # A mark alone may have a letter for its lower case.
    if text.isascii():  # It has no marks, and most texts are: so it takes less than half the time.
        lower = text.lower()
        return " ".join("".join(c if c.isalnum() else " " for c in lower).split())
    # Taken apart first: what a letter is in lower case may depend on its marks.
    apart = unicodedata.normalize("NFD", text).casefold()
    composed = unicodedata.normalize("NFC", apart)
    words = "".join(c if _is_of_a_word(c) else " " for c in composed).split()
    return " ".join(word for word in words if not is_wordless(word))


def is_wordless(text: str) -> bool:
    """Say whether a text has no letter and no digit, so that no frame can be in it.

    >>> is_wordless("* * *"), is_wordless("No.")
    (True, False)
    """
    return not any(map(str.isalnum, text))


def _is_of_a_word(character: str) -> bool:
    """Say whether a character is a letter, a digit, or a mark on one, but how to draw it."""
    if character.isalnum():
        return True
    return character not in _SELECTORS and unicodedata.category(character) in ("Mn", "Mc")
