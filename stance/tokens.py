"""Texts → token batches: long texts in overlapping windows, rows of like length together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from stance.backends.base import Batch
from stance.texts import LONE_SURROGATE
from stance.tokenizer_checks import check_tokenizer, set_windows, tokenizing

__all__ = ["TextWindows", "Window", "WindowTokenizer", "pack"]


@dataclass(frozen=True)
class TextWindows:
    """The windows of some texts, in the texts' order.

    Attributes:
        ids: the tokens of each window, special tokens included.
        text_index: for each window, the position of its text.
    """

    ids: tuple[tuple[int, ...], ...]
    text_index: NDArray[np.int64]


@dataclass(frozen=True)
class Window:
    """One window of a text, token by token.

    Attributes:
        ids: its tokens, special tokens included.
        offsets: (start, end) of each in the text, in characters; (0, 0) for a special token.
        special: whether each is a special token.
    """

    ids: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]
    special: tuple[bool, ...]


class WindowTokenizer:
    """The tokenizer of a model folder.

    A text of more than ``max_length`` tokens is cut into windows that overlap by a quarter, so that
    nothing of it is lost and no phrase falls between two windows.

    Raises:
        ModelError: ``tokenizer.json`` cannot be read, or cannot cut a text; so do the methods.
    """

    def __init__(self, path: Path, *, max_length: int) -> None:
        text = check_tokenizer(path)
        with tokenizing(path, "is not a tokenizer"):
            self._tokenizer = Tokenizer.from_str(text)
            self._tokenizer.no_padding()
            set_windows(self._tokenizer, path, max_length=max_length)
        self._path = path
        padding = (self._tokenizer.token_to_id(token) for token in ("[PAD]", "<pad>"))
        self.padding_id = next((token for token in padding if token is not None), 0)

    def windows(self, texts: Sequence[str]) -> TextWindows:
        """Cut texts into windows of at most ``max_length`` tokens, at least one window a text."""
        written = [_well_formed(text) for text in texts]
        with tokenizing(self._path):
            encodings = self._tokenizer.encode_batch_fast(written)
        ids: list[tuple[int, ...]] = []
        text_index: list[int] = []
        for index, encoding in enumerate(encodings):
            for window in (encoding, *encoding.overflowing):
                ids.append(tuple(window.ids))
                text_index.append(index)
        return TextWindows(tuple(ids), np.array(text_index, dtype=np.int64))

    def located(self, text: str) -> list[Window]:
        """Cut one text into the same windows, and say where in it each token stands."""
        written = _well_formed(text)
        with tokenizing(self._path):
            encoding = self._tokenizer.encode(written)
        return [
            Window(
                tuple(window.ids),
                tuple(window.offsets),
                tuple(map(bool, window.special_tokens_mask)),
            )
            for window in (encoding, *encoding.overflowing)
        ]


def pack(
    ids: Sequence[Sequence[int]],
    *,
    batch_tokens: int,
    padding_id: int,
    batch_size: int | None = None,
) -> Iterator[tuple[NDArray[np.int64], Batch]]:
    """Yield (positions, batch) pairs that hold every row once, rows of like length together.

    A batch holds at most ``batch_tokens`` tokens, padding included, and at least one row; and at
    most ``batch_size`` rows, where that is given.
    """
    most = len(ids) if batch_size is None else batch_size
    lengths = np.array([len(row) for row in ids], dtype=np.int64)
    order = np.argsort(lengths, kind="stable")[::-1]
    start = 0
    while start < len(order):
        longest = int(lengths[order[start]])
        stop = min(len(order), start + min(most, max(1, batch_tokens // max(1, longest))))
        positions = order[start:stop]
        input_ids = np.full((len(positions), longest), padding_id, dtype=np.int64)
        attention_mask = np.zeros_like(input_ids)
        for row, position in enumerate(positions):
            length = lengths[position]
            input_ids[row, :length] = ids[position]
            attention_mask[row, :length] = 1
        yield positions, Batch(input_ids, attention_mask)
        start = stop


def _well_formed(text: str) -> str:
    # A lone surrogate is no character, and the tokenizer refuses the whole batch for one.
    return LONE_SURROGATE.sub("\ufffd", text)
