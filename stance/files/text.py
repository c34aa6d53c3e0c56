"""Bytes → text: encodings, and characters that no output could hold."""

from __future__ import annotations

import codecs
import errno
import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from stance.errors import InputError
from stance.files.compression import COMPRESSED, DAMAGE

__all__ = [
    "DAMAGED_UTF8",
    "MAX_TEXT_BYTES",
    "NOT_A_FILE",
    "DecodedText",
    "beyond_ascii",
    "clean",
    "declared_encoding",
    "decode",
    "detect_encoding",
    "read_limited",
    "reading",
    "standard_input",
]

#: What a file is said to be in that is UTF-8 but for some bytes, read as U+FFFD.
DAMAGED_UTF8 = "utf-8 with damaged bytes"

#: What is wrong with a pipe or a device.
NOT_A_FILE = "is not a regular file; for a pipe, name - and let it come from standard input"

#: One document, or one row of a table, may have so many bytes: a library of books, not a bomb.
MAX_TEXT_BYTES = 64 * 2**20

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Where two encodings explain the bytes equally well, the one named first is taken.
_LEGACY_ENCODINGS = (
    "cp1252", "mac_roman", "gb18030", "big5", "cp932", "euc_jp", "cp949", "cp1251", "koi8_r",
    "cp1250", "cp1253", "cp1254", "cp1255", "cp1256",
)  # fmt: skip
_ASCII = bytes(range(128))
_DECLARED = re.compile(rb"(?i)<meta\b[^>]{0,200}?\bcharset\s*=\s*[\"']?\s*([\w.:-]{1,40})")
_DECLARABLE = {
    *(f"cp{number}" for number in (866, 874, 932, 949, 950, 1250, 1251, *range(1253, 1259))),
    *(f"iso8859-{part}" for part in range(2, 17)),
    "koi8-r", "koi8-u", "tis-620", "gb2312", "gbk", "gb18030", "big5", "big5hkscs", "shift_jis",
    "euc_jp", "euc_kr",
}  # fmt: skip
# Browsers read these as what Windows made of them, and so do those who write pages.
_READ_AS = {"iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874"}
# No text has these: where a page declares ISO, they are the signs of Windows, most of which are
# the same for all alphabets.
_CONTROLS = re.compile("[\x80-\x9f]")
_WINDOWS_SIGNS = {
    byte: bytes([byte]).decode("cp1252")
    for byte in (0x80, *range(0x82, 0x88), 0x89, 0x8B, *range(0x91, 0x98), 0x99, 0x9B)
}
# A capital behind a small letter, a sign between two letters: what Mac Roman looks like there.
_ODD_IN_CP1252 = re.compile("[a-zß-öø-ÿ][À-ÖØ-ÞŠŒŽŸ]|[A-Za-z][^\\w\\s'’.,&/+*=|@_-][a-z]|\ufffd")
_UNREPRESENTABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class DecodedText:
    """A decoded file.

    Attributes:
        text: every character of the file but a byte order mark; line ends are not translated.
        guessed: the encoding, where it is neither announced by a byte order mark nor UTF-8
            throughout.
    """

    text: str
    guessed: str | None = None


def clean(text: str) -> str:
    r"""Replace lone surrogates and NUL, which files cannot hold, by U+FFFD, one for one.

    >>> clean("a\ud800b\x00c") == "a\ufffdb\ufffdc"
    True
    """
    return _UNREPRESENTABLE.sub("\ufffd", text)


def decode(data: bytes, *, declared: str | None = None) -> DecodedText:
    """Decode a file: by its byte order mark, else as UTF-8, else as declared or guessed.

    What is not declared is guessed by charset-normalizer.

    A file that is UTF-8 but for a few bytes is read as UTF-8, with U+FFFD in their place; one that
    begins with the byte order mark of UTF-8 is UTF-8 however many they are.

    Raises:
        InputError: the bytes are not text, or in no encoding that can be recognised.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return DecodedText(_strict(data, encoding))
    if b"\0" in data:
        raise InputError("is not text: it holds NUL bytes; expected UTF-8 text")
    try:
        return DecodedText(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        marked = data.startswith(codecs.BOM_UTF8)
        if declared is not None and not (marked or _is_damaged(data)):
            with suppress(InputError):  # Pages declare what they are not.
                text = _strict(data, declared).translate(_WINDOWS_SIGNS)
                if not _CONTROLS.search(text):
                    return DecodedText(text)
        encoding = "utf-8" if marked else detect_encoding(data)
    if encoding == "utf-8":
        return DecodedText(_strict(data, "utf-8-sig", errors="replace"), guessed=DAMAGED_UTF8)
    return DecodedText(_strict(data, encoding), guessed=encoding)


def declared_encoding(page: bytes) -> str | None:
    """Return the encoding that an HTML page declares in its first kilobyte, as browsers read it.

    None without one, and where it declares UTF-8, Latin-1 or Windows-1252: these stand in the
    templates of pages that are in anything.

    >>> declared_encoding(b'<meta charset="iso-8859-2">'), declared_encoding(b"<p>Rain.")
    ('iso8859-2', None)
    """
    found = _DECLARED.search(page[:1024])
    if found is None:
        return None
    try:
        name = codecs.lookup(found[1].decode("ascii")).name
    except LookupError:
        return None
    return _READ_AS.get(name, name) if name in _DECLARABLE else None


def beyond_ascii(text: str) -> int:
    """Return how many characters of a text are not ASCII."""
    return 0 if text.isascii() else len(text) - len(text.encode("ascii", "ignore"))


def detect_encoding(data: bytes, *, before: int = 0) -> str:
    """Guess the encoding of bytes that are not valid UTF-8.

    Args:
        data: some bytes of a file.
        before: how many characters beyond ASCII stand before them in valid UTF-8.

    Raises:
        InputError: no encoding explains them.
    """
    from charset_normalizer import from_bytes

    if _is_damaged(data, before=before):
        return "utf-8"
    matches = list(from_bytes(data, cp_isolation=list(_LEGACY_ENCODINGS)))
    if not matches:
        raise InputError("is not text in an encoding that can be recognised; save it as UTF-8")
    # A few letters in much ASCII say nothing of a language: there coherence is left out.
    sparse = 100 * len(data.translate(None, _ASCII)) < len(data)
    merits = [(match.chaos, 0.0 if sparse else -match.coherence) for match in matches]
    equal = {
        encoding
        for match, merit in zip(matches, merits, strict=True)
        for encoding in match.could_be_from_charset
        if merit == (min(merits) if sparse else merits[0])
    }
    if not _ODD_IN_CP1252.search(data.decode("cp1252", "replace")):
        equal.discard("mac_roman")  # There € and ™ are letters, which look the better for it.
    return next((encoding for encoding in _LEGACY_ENCODINGS if encoding in equal), "cp1252")


def _is_damaged(data: bytes, *, before: int = 0) -> bool:
    """Say whether bytes are UTF-8 but for a few."""
    damaged = data.decode("utf-8", "replace")
    broken = damaged.count("\ufffd")
    return before + beyond_ascii(damaged) - broken > 4 * broken


# A drive of the network that is away says so: some systems lack some of the names.
_NOT_THERE_NOW = {
    getattr(errno, name)
    for name in (
        "ESTALE", "ENETDOWN", "ENETUNREACH", "EHOSTDOWN", "EHOSTUNREACH", "ETIMEDOUT", "ENOTCONN",
        "ENODEV",
    )
    if hasattr(errno, name)
}  # fmt: skip


@contextmanager
def reading(path: Path | None) -> Iterator[None]:
    """Turn what goes wrong while a file is read into an ``InputError`` that says so in words.

    A pipe or a device is not opened: it may never answer, or never end. That a drive is away is
    no fault of the file, and stays an ``OSError``.
    """
    try:
        if path is not None and path.exists() and not path.is_file():
            raise InputError(NOT_A_FILE)
        yield
    except FileNotFoundError as error:
        raise InputError("does not exist") from error
    except UnicodeDecodeError as error:
        raise InputError("is not valid UTF-8; convert it first") from error
    except DAMAGE as error:
        raise InputError(f"is damaged or not compressed as its name says: {error}") from error
    except OSError as error:
        if error.errno in _NOT_THERE_NOW:  # Not the file is at fault: go on when it is back.
            raise
        reason = error.strerror or str(error)
        damaged = path is not None and path.suffix.lower() in COMPRESSED and error.errno is None
        what = "is damaged or not compressed as its name says" if damaged else "cannot be read"
        raise InputError(f"{what}: {reason}") from error


@contextmanager
def standard_input() -> Iterator[BinaryIO]:
    """Open standard input anew, and leave it open.

    A thread that waits in Python's own reader of it keeps a lock that the end of the program needs.
    """
    if sys.stdin is None:
        raise InputError("is closed: there is no standard input")
    try:
        own = open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115
    except (OSError, ValueError):  # Not a file but something that stands for one.
        yield sys.stdin.buffer
        return
    with own:
        yield own


def read_limited(stream: BinaryIO) -> bytes:
    """Read a whole document.

    Raises:
        InputError: it is larger than ``MAX_TEXT_BYTES``.
    """
    parts = io.BytesIO()
    while block := stream.read(min(2**20, MAX_TEXT_BYTES + 1 - parts.tell())):
        parts.write(block)
        if parts.tell() > MAX_TEXT_BYTES:
            raise InputError(f"is larger than {MAX_TEXT_BYTES >> 20} MiB; split it into documents")
    return parts.getvalue()


def _strict(data: bytes, encoding: str, *, errors: str = "strict") -> str:
    try:
        text = data.decode(encoding, errors)
    except (UnicodeDecodeError, LookupError) as error:
        raise InputError(f"is not valid {encoding}: {error}; save it as UTF-8") from error
    if "\0" in text:
        raise InputError("is not text: it holds NUL characters; expected UTF-8 text")
    return clean(text)
