"""Which sentences a model was trained on, as checksums: enough to know one again, not to read it.

Figures measured on sentences that a model was trained on are too good, and nothing in them shows
it. A model folder may hold ``trained_on.npy``: 32 bits of the SHA-256 of each sentence, of its
letters and digits alone (``texts.fold``), so that another copy of it is known too. Salutations and
the like, which many texts share, have none. Whoever has a sentence can tell whether it was trained
on; the file may be deleted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stance.errors import ModelError, reason_of
from stance.texts import fold

__all__ = ["TRAINED_ON", "checksums_of", "count_known", "read_checksums", "write_checksums"]

TRAINED_ON = "trained_on.npy"
# Of 60,000 sentences, another one has the checksum of some once in 70,000 times.
_BYTES = 4
# In bytes of UTF-8: four words of English, eight characters of Chinese.
_SHORTEST = 24


def checksums_of(texts: Iterable[str]) -> NDArray[np.uint32]:
    """Return the checksums of n texts, shape (n,), in order; a short one has 0.

    >>> one, other, short = checksums_of(["They met in Geneva again.", "they met in geneva, again",
    ...     "Mr. President,"])
    >>> bool(one == other), int(short)
    (True, 0)
    """
    return np.array([_checksum(text) for text in texts], dtype=np.uint32)


def write_checksums(folder: Path, checksums: NDArray[np.uint32]) -> None:
    """Write what a model was trained on into its folder, in order, each checksum once."""
    np.save(folder / TRAINED_ON, np.setdiff1d(checksums, [0]), allow_pickle=False)


def read_checksums(folder: Path) -> NDArray[np.uint32] | None:
    """Return what the model of a folder was trained on; None where that is not known.

    Raises:
        ModelError: the file is damaged.
    """
    path = folder / TRAINED_ON
    if not path.is_file():
        return None
    try:
        # It takes neither a pickle nor an archive, and no room for more than the file holds.
        found = np.array(np.lib.format.open_memmap(path, mode="r"))
    except (OSError, ValueError) as error:
        reason = reason_of(error)
        raise ModelError(f"{path} cannot be read: {reason}; fetch the model again") from error
    if found.dtype != np.uint32 or found.ndim != 1:
        raise ModelError(f"{path} holds no list of checksums; fetch the model again")
    return found


def count_known(texts: Sequence[str], known: NDArray[np.uint32]) -> int:
    """Return how many texts are among those of the checksums ``known``."""
    return int(np.isin(checksums_of(texts), known).sum())


def _checksum(text: str) -> int:
    words = fold(text).encode()
    if len(words) < _SHORTEST:
        return 0
    return int.from_bytes(hashlib.sha256(words).digest()[:_BYTES], "little")
