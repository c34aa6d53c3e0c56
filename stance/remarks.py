"""What should be known of a document before its labels are believed."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["remarks_on"]

#: The beginning of a document shows its language.
_CHARACTERS = 5_000
#: Of fewer letters nothing is said, nor of headlines: they leave small words out.
_FEWEST_LETTERS = 200
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।", "۔")
_CLOSERS = "\"'”’»“)]"
_WORD = re.compile(r"[^\W\d_]+")
# Of the words of English prose they are a sixth and more, of those of other languages hardly any.
_ENGLISH = frozenset(
    {"the", "and", "to", "that", "with", "are", "by", "be", "from", "has", "have"}
    | {"not", "as", "which", "it", "this", "their", "they"}
)
_FEWEST_ENGLISH = 0.05
#: Sentences of speeches have 25 words on average, those of treaties 40.
_MOST_WORDS = 80


def remarks_on(sentences: Sequence[str], *, language: str) -> list[str]:
    """Say what makes the labels of a document doubtful, each in words that go on from its name.

    Args:
        sentences: those of the document, in order.
        language: of the model, as ISO 639 code. Whether a text is in it is told of English alone.

    >>> remarks_on(["Держава не признаёт гегемонии одной страны."] * 9, language="en")
    ['not in English, which the model was made for']
    """
    remarks = []
    if language == "en" and _is_foreign(sentences):
        remarks.append("not in English, which the model was made for")
    if sum(len(sentence.split()) for sentence in sentences) > _MOST_WORDS * len(sentences):
        remarks.append(
            f"with more than {_MOST_WORDS} words a sentence, as if full stops were missing"
        )
    return remarks


def _is_foreign(sentences: Sequence[str]) -> bool:
    beginning: list[str] = []
    length = 0
    for sentence in sentences:
        beginning.append(sentence[:_CHARACTERS])
        length += len(sentence)
        if length > _CHARACTERS:
            break
    ended = sum(sentence.rstrip(_CLOSERS).endswith(_SENTENCE_ENDS) for sentence in beginning)
    words = _WORD.findall(" ".join(beginning).lower())
    if 2 * ended < len(beginning) or sum(map(len, words)) < _FEWEST_LETTERS:
        return False
    return sum(word in _ENGLISH for word in words) < _FEWEST_ENGLISH * len(words)
