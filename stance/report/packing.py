"""Whole numbers → text of few characters, as the page's script reads it.

Seven bits a byte, the lowest first, the eighth set where more follow (LEB128, as in the DWARF
debugging format); then base64 (RFC 4648).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

__all__ = ["pack"]


def pack(numbers: Iterable[int]) -> str:
    """Write numbers, each 0 or more.

    >>> pack([0, 1, 127, 128])
    'AAF/gAE='
    """
    packed = bytearray()
    for number in numbers:
        rest = number
        while rest > 0x7F:
            packed.append(rest & 0x7F | 0x80)
            rest >>= 7
        packed.append(rest)
    return base64.b64encode(packed).decode()
