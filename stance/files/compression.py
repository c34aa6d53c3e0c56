"""Compressed files → their bytes, to the last one or not at all."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, BinaryIO, cast

from stance.errors import InputError

__all__ = ["COMPRESSED", "DAMAGE", "decompress"]

#: The suffixes of compressed files.
COMPRESSED = (".gz", ".bz2", ".xz", ".zst")

#: What reading a damaged one raises.
DAMAGE: tuple[type[Exception], ...] = (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile)
with suppress(ModuleNotFoundError):
    DAMAGE = (*DAMAGE, import_module("compression.zstd").ZstdError)

_BLOCK_BYTES = 2**16
# xz files may be padded with these.
_PADDING = b"\0"


def decompress(stream: BinaryIO, suffix: str) -> BinaryIO:
    """Return a stream of the decompressed bytes; a suffix not in ``COMPRESSED`` changes nothing.

    Reading it to the end raises one of ``DAMAGE``, or an ``OSError`` without a number, where any of
    its members is damaged or cut off.

    Raises:
        InputError: there is not one byte; ``.zst`` on a Python whose standard library cannot read
            it.
    """
    if suffix not in COMPRESSED:
        return stream
    if not stream.read(1):
        raise InputError("is empty, which no compressed file is; fetch or make it again")
    stream.seek(0)
    if suffix == ".gz":
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream))
    decompressors: dict[str, Callable[[], Any]] = {
        ".bz2": bz2.BZ2Decompressor,
        ".xz": lzma.LZMADecompressor,
    }
    if suffix == ".zst":
        try:
            decompressors[suffix] = import_module("compression.zstd").ZstdDecompressor
        except ModuleNotFoundError as error:
            raise InputError("is .zst, which needs Python 3.14; decompress it first") from error
    return cast(BinaryIO, io.BufferedReader(_Members(stream, decompressors[suffix])))


class _Members(io.RawIOBase):
    """The bytes of all members of a compressed stream, one behind the other.

    The standard library's files take a member that they cannot read, but for the first, for
    rubbish that does not count, and end before it.
    """

    def __init__(self, stream: BinaryIO, make: Callable[[], Any]) -> None:
        self._stream = stream
        self._make = make
        self._member: Any = make()
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if (offset, whence) != (0, io.SEEK_SET):
            raise io.UnsupportedOperation("only to the beginning")
        self._stream.seek(0)
        self._member = self._make()
        self._position = 0
        return 0

    def readinto(self, buffer: Any) -> int:
        data = b""
        while not data:
            block = b""
            if self._member.eof:
                if not (block := self._behind_member()):
                    break
                self._member = self._make()
            elif self._member.needs_input and not (block := self._stream.read(_BLOCK_BYTES)):
                raise EOFError("it ends before its end is marked")
            data = self._member.decompress(block, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _behind_member(self) -> bytes:
        """Return the first bytes of the next member; nothing where there is none."""
        rest: bytes = self._member.unused_data.lstrip(_PADDING)
        while not rest and (block := self._stream.read(_BLOCK_BYTES)):
            rest = block.lstrip(_PADDING)
        return rest
