"""When two texts are the same sentence, and what no text should hold."""

from __future__ import annotations

import re

__all__ = ["LONE_SURROGATE", "fold", "is_wordless"]

#: Half of a character beyond the first 65,536: it stands for nothing, and no file can hold it.
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def fold(text: str) -> str:
    """Return what two copies of a text share: its letters and digits, in lower case.

    >>> fold("They  met, again.") == fold("they met again")
    True
    """
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def is_wordless(text: str) -> bool:
    """Say whether a text has no letter and no digit, so that no frame can be in it.

    >>> is_wordless("* * *"), is_wordless("No.")
    (True, False)
    """
    return not any(map(str.isalnum, text))
