"""Which sentences a model was trained on, as checksums: enough to know one again, not to read it.

Figures measured on sentences that a model was trained on are too good, and nothing in them shows
it. A model folder may hold ``trained_on.checksums``: 64 bits of the SHA-256 of each sentence, of
its letters and digits alone (``texts.fold``), so that another copy of it is known too. Salutations
and the like, which many texts share, have none. Whoever has a sentence can tell whether it was
trained on; the file may be deleted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stance.errors import ModelError
from stance.texts import fold

__all__ = ["TRAINED_ON", "checksums_of", "count_known", "read_checksums", "write_checksums"]

TRAINED_ON = "trained_on.checksums"
# A line that no pickle begins with, as numbers by themselves might.
_HEAD = b"stance: checksums of the sentences trained on, 64 bits each\n"
_BYTES = 8
# In bytes of UTF-8: four words of English, eight characters of Chinese.
_SHORTEST = 24


def checksums_of(texts: Iterable[str]) -> NDArray[np.uint64]:
    """Return the checksums of n texts, shape (n,), in order; a short one has 0.

    >>> one, other, short = checksums_of(["They met in Geneva again.", "they met in geneva, again",
    ...     "Mr. President,"])
    >>> bool(one == other), int(short)
    (True, 0)
    """
    return np.array([_checksum(text) for text in texts], dtype=np.uint64)


def write_checksums(folder: Path, checksums: NDArray[np.uint64]) -> None:
    """Write what a model was trained on into its folder, in order, each checksum once."""
    once = np.setdiff1d(checksums, [0]).astype("<u8")
    (folder / TRAINED_ON).write_bytes(_HEAD + once.tobytes())


def read_checksums(folder: Path) -> NDArray[np.uint64] | None:
    """Return what the model of a folder was trained on; None where that is not known.

    Raises:
        ModelError: the file cannot be read, or is damaged.
    """
    path = folder / TRAINED_ON
    if not path.is_file():
        return None
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    if not data.startswith(_HEAD) or (len(data) - len(_HEAD)) % _BYTES:
        raise ModelError(f"{path} holds no list of checksums; fetch the model again, or delete it")
    return np.frombuffer(data, dtype="<u8", offset=len(_HEAD)).astype(np.uint64)


def count_known(texts: Sequence[str], known: NDArray[np.uint64]) -> int:
    """Return how many texts are among those of the checksums ``known``."""
    return int(np.isin(checksums_of(texts), known).sum())


def _checksum(text: str) -> int:
    words = fold(text).encode()
    if len(words) < _SHORTEST:
        return 0
    return int.from_bytes(hashlib.sha256(words).digest()[:_BYTES], "little")
