"""A tokenizer from a stranger: looked at before it is built, tried before it is used.

The library that reads it is written in Rust. Some mistakes in a ``tokenizer.json`` end in a panic
there, some only show when a text is cut, and a few lines can make any text very long.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.errors import ModelError, StanceError, reason_of
from stance.untrusted import is_panic

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["MAX_TOKENIZER_BYTES", "PROBE", "check_tokenizer", "set_windows", "tokenizing"]

#: The largest vocabularies, of a million pieces, take half of it.
MAX_TOKENIZER_BYTES = 128 * 2**20

#: Letters that few vocabularies hold, and no normalizer drops.
PROBE = "A word, \U00012000 and \U0002a6d6."

# The tokenizers of known encoders come to 72, most of it for single rare characters; who cleans
# texts besides adds a few rules.
_MAX_GROWTH = 1024
# A name at the top of the file; what belongs to it stands behind.
_NAME = re.compile(r'\s*[{,]\s*("(?:[^"\\]|\\.)*")\s*:\s*')
_END = re.compile(r"\s*\}\s*")


@contextmanager
def tokenizing(path: Path, fault: str = "cannot cut every text") -> Iterator[None]:
    """Turn whatever the library meets in a file that somebody else wrote into a ``ModelError``.

    Args:
        path: the file.
        fault: what is the matter with it then.
    """
    try:
        yield
    except (StanceError, MemoryError):
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        reason = reason_of(Exception(str(error)))
        raise ModelError(f"{path} {fault}: {reason}; fetch the model again") from error


def check_tokenizer(path: Path) -> str:
    """Look at a ``tokenizer.json`` before the library builds what it asks for.

    Returns:
        Its text.

    Raises:
        ModelError: it cannot be read, or asks for more memory than a tokenizer needs.
    """
    with tokenizing(path, "is not a tokenizer"):
        with path.open("rb") as stream:
            data = stream.read(MAX_TOKENIZER_BYTES + 1)
        if len(data) > MAX_TOKENIZER_BYTES:
            raise ValueError(f"it is larger than {MAX_TOKENIZER_BYTES >> 20} MiB")
        text = data.decode("utf-8")
        parts = _parts(text)
        growth = _growth([parts.get(name) for name in ("normalizer", "pre_tokenizer")])
        growth *= _growth(parts.get("post_processor"))
    if growth > _MAX_GROWTH:
        raise ModelError(
            f"{path} can make a text more than {_MAX_GROWTH} times as long, which no tokenizer "
            "needs; refused: take another model"
        )
    return text


def set_windows(tokenizer: Tokenizer, path: Path, *, max_length: int) -> None:
    """Let a tokenizer cut texts into windows that overlap by a quarter, and see that it can.

    Args:
        tokenizer: without padding.
        path: where it was read from.
        max_length: tokens in a window, special ones included.

    Raises:
        ModelError: it has no token for what it does not know, or windows have no room for a text.
    """
    special, stride = tokenizer.num_special_tokens_to_add(False), max_length // 4
    most = max_length - stride - 1
    if special > most:
        raise ModelError(
            f"{path} adds {special:,} special tokens to a window of {max_length} (stance.json); "
            f"expected {most} at most: fetch the model again"
        )
    tokenizer.enable_truncation(max_length, stride=stride)
    with tokenizing(path):
        found = len(tokenizer.encode(PROBE).ids)
    if not 0 < found <= max_length:
        raise ModelError(
            f"{path} makes a window of {found:,} tokens; expected 1 to {max_length}: fetch the "
            "model again"
        )


def _parts(text: str) -> dict[str, Any]:
    """Return the parts of a tokenizer; the vocabulary, which is long, is looked at the least."""
    strict, quick = json.JSONDecoder(object_pairs_hook=_once), json.JSONDecoder()
    parts, at = [], 0
    while name := _NAME.match(text, at):
        decoder = quick if name[1] == '"model"' else strict
        value, at = decoder.raw_decode(text, name.end())
        parts.append((json.loads(name[1]), value))
    if not _END.fullmatch(text, at):
        raise ValueError(f"it cannot be read as JSON at character {at:,}")
    return _once(parts)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that stands there twice: readers take the one or the other."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _growth(part: object) -> float:
    """Return how many times as long a text may become by what the author of a part chose.

    Each step works on what the one before it left, so they multiply. What Unicode's own rules do to
    a text is not counted, but to what a step puts in: the next one may be such a rule.
    """
    if isinstance(part, list):
        return math.prod(map(_growth, part), start=1.0)
    if not isinstance(part, dict):
        return 1.0
    # By their fields rather than by their type, which the library can do without.
    grown = math.prod(map(_growth, part.values()), start=1.0)
    if "pattern" in part and "content" in part:
        grown *= _replacing(part["pattern"], str(part["content"]))
    if "prepend" in part:
        grown *= 1 + _length(str(part["prepend"]))
    if isinstance(part.get("precompiled_charsmap"), str):
        grown *= _mapping(part["precompiled_charsmap"])
    if "replacement" in part:  # Metaspace puts one before a word.
        grown *= 2
    if "handle_chinese_chars" in part:  # A space before and after each.
        grown *= 3
    if part.get("type") == "ByteLevel":  # A character for each byte.
        grown *= 4
    if isinstance(part.get("single"), list):  # A template: the text once, and special tokens.
        grown *= max(1, sum("Sequence" in piece for piece in part["single"]))
    return grown


def _length(text: str) -> int:
    return len(unicodedata.normalize("NFKD", text))


def _replacing(pattern: object, content: str) -> float:
    """Return the growth by a replacement; a pattern that matches nothing puts it between all."""
    found = pattern if isinstance(pattern, dict) else {}
    plain, expression = found.get("String"), found.get("Regex")
    if isinstance(plain, str) and plain:
        return max(1.0, _length(content) / len(plain))
    try:
        matches_nothing = re.search(str(expression), "") is not None
    except (re.error, OverflowError, RecursionError):  # The library knows more than Python does.
        matches_nothing = True
    return 1.0 + _length(content) if matches_nothing else max(1.0, _length(content))


def _mapping(charsmap: str) -> float:
    """Return the growth by SentencePiece's map of characters.

    The bytes: the length of an index, the index, and the texts to put in, each with a NUL behind.
    """
    data = b64decode(charsmap, validate=True)
    length = int.from_bytes(data[:4], "little")
    # The library makes room for what the length says before it looks for the bytes.
    if len(data) < 4 or length % 4 or length > len(data) - 4:
        raise ValueError(
            f"precompiled_charsmap announces an index of {length:,} bytes and has {len(data):,}"
        )
    texts = data[4 + length :].decode("utf-8", "replace").split("\0")
    return max(1.0, *map(_length, texts))
