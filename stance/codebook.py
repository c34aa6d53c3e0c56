"""Codebooks: the frames a model knows, and the notation of their labels.

A codebook is data. The shipped one has four frames; a user's corpus may bring others, and the same
code trains and serves them. For every frame a sentence is in one of four exclusive states.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from stance.errors import CodebookError
from stance.strict_json import read_json
from stance.texts import LONE_SURROGATE

__all__ = [
    "MAX_FRAMES",
    "STANCES",
    "STATES",
    "Codebook",
    "Frame",
    "Labels",
    "Stance",
    "composed",
    "format_labels",
    "parse_labels",
    "read_labels",
]

MAX_FRAMES = 256
# Stands in labels where there is no frame.
_NO_FRAME = "none"
# What R and pandas write into an empty cell.
_EMPTY = {"na", "n/a", "nan"}
_NAME = re.compile(r"[^\W\d][\w.-]*")
_LONGEST_NAME = 64


class Stance(StrEnum):
    """Which way a sentence leans on a frame's proposition."""

    FAVOR = "favor"
    NEUTRAL = "neutral"
    AGAINST = "against"

    def __str__(self) -> str:
        return self.value


#: The exclusive states of one frame in one sentence, in the order of the model's outputs.
STATES = ("absent", Stance.FAVOR.value, Stance.NEUTRAL.value, Stance.AGAINST.value)

#: The stances of a frame that is there, in the same order.
STANCES = STATES[1:]

#: What a sentence carries: frame → stance, None for one that was not coded.
Labels: TypeAlias = Mapping[str, str | None]


@dataclass(frozen=True)
class Frame:
    """One frame: its name, when it is present, and the proposition that a stance is about.

    However its letters and their accents were typed, the name has them composed (NFC).
    """

    name: str
    definition: str = ""
    proposition: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", composed(self.name))


@dataclass(frozen=True)
class Codebook:
    """The frames, in the order of the model's outputs.

    Raises:
        CodebookError: no frame, more than 256, a name twice, or a name that is not a letter
            followed by letters and their marks, digits, ``_``, ``.`` or ``-`` (64 characters at
            most), or that is ``none``, which stands for no frame.

    >>> book = Codebook((Frame("cooperation"), Frame("rivalry")))
    >>> book.labels[:3]
    ('cooperation:absent', 'cooperation:favor', 'cooperation:neutral')
    """

    frames: tuple[Frame, ...]
    name: str = "codebook"
    version: str = "1"

    def __post_init__(self) -> None:
        names = [frame.name for frame in self.frames]
        if not names:
            raise CodebookError("the codebook has no frames; expected at least one")
        _check_number(names)
        for name in names:
            if not isinstance(name, str) or not _is_name(name):
                raise CodebookError(
                    f"{str(name)[:80]!r} is not a frame's name; expected a letter, then letters, "
                    "digits, '_', '.' or '-', 64 characters at most"
                )
            if name == _NO_FRAME:
                raise CodebookError(
                    f"{name!r} stands for no frame in labels, so no frame can have that name"
                )
        texts = [text for frame in self.frames for text in (frame.definition, frame.proposition)]
        for text in (self.name, self.version, *texts):
            if LONE_SURROGATE.search(str(text)):
                raise CodebookError(
                    f"the codebook's {str(text)[:60]!r} holds half a character, which no file can "
                    "hold; write that text anew"
                )
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise CodebookError(f"the codebook names {twice[0]!r} twice; name each frame once")

    @property
    def names(self) -> tuple[str, ...]:
        """The frames' names, in the order of the model's outputs."""
        return tuple(frame.name for frame in self.frames)

    @property
    def labels(self) -> tuple[str, ...]:
        """The model's outputs, ``frame:state``, frame by frame."""
        return tuple(f"{name}:{state}" for name in self.names for state in STATES)

    def check(self, labels: Labels) -> dict[str, str | None]:
        """Return ``labels`` as frame → stance, every frame and stance known.

        ``None`` stands for a frame whose stance was not coded.

        Raises:
            CodebookError: a frame that the codebook lacks, or a stance that is none of the three.
        """
        checked: dict[str, str | None] = {}
        for given, stance in labels.items():
            frame = composed(given)
            if frame not in self.names:
                raise CodebookError(
                    f"unknown frame {str(frame)[:80]!r}{_did_you_mean(frame, self.names)}; "
                    f"the codebook has {', '.join(self.names)}"
                )
            checked[frame] = _check_stance(stance)
        return checked

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Codebook:
        """Build a codebook from ``{"name", "version", "frames": [{"name", "definition", ...}]}``.

        Raises:
            CodebookError: the structure is another one.
        """
        frames = data.get("frames") if isinstance(data, Mapping) else None
        if not isinstance(frames, list) or not all(isinstance(frame, Mapping) for frame in frames):
            raise CodebookError(
                'not a codebook: expected {"frames": [{"name": ..., "definition": ..., '
                '"proposition": ...}, ...]}'
            )
        _check_number(frames)
        return cls(
            frames=tuple(
                Frame(
                    name=frame.get("name", ""),
                    definition=_text(frame.get("definition"), ""),
                    proposition=_text(frame.get("proposition"), ""),
                )
                for frame in frames
            ),
            name=_text(data.get("name"), "codebook"),
            version=_text(data.get("version"), "1"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the codebook as JSON data; ``Codebook.from_dict`` reads it back unchanged."""
        return {
            "name": self.name,
            "version": self.version,
            "frames": [
                {
                    "name": frame.name,
                    "definition": frame.definition,
                    "proposition": frame.proposition,
                }
                for frame in self.frames
            ],
        }

    @classmethod
    def load(cls, path: str | Path) -> Codebook:
        """Read a codebook file (JSON).

        Raises:
            CodebookError: the file cannot be read, or is not a codebook.

        >>> Codebook((Frame("trade", "Buying and selling."),)).save("codebook.json")
        >>> Codebook.load("codebook.json").frames[0].definition
        'Buying and selling.'
        """
        try:
            data = read_json(path)
        except OSError as error:
            raise CodebookError(
                f"cannot read the codebook {path}: {error.strerror or error}; expected a JSON file"
            ) from error
        except ValueError as error:
            raise CodebookError(f"the codebook {path} {error}; expected a JSON file") from error
        return cls.from_dict(data)

    @classmethod
    def of(cls, given: Codebook | Mapping[str, Any] | str | Path) -> Codebook:
        """Return a codebook as it is, from JSON data, or from its file.

        Raises:
            CodebookError: it is none of these, or not a codebook.

        >>> Codebook.of({"frames": [{"name": "trade"}]}).names
        ('trade',)
        """
        if isinstance(given, Codebook):
            return given
        return cls.load(given) if isinstance(given, (str, Path)) else cls.from_dict(given)

    def save(self, path: str | Path) -> None:
        """Write the codebook as a JSON file."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, indent=2)
        Path(path).unlink(missing_ok=True)  # It may be a link to somewhere else.
        Path(path).write_text(text + "\n", encoding="utf-8")


def parse_labels(notation: str) -> Labels:
    """Read ``frame:stance;frame:stance`` (empty: no frame), as the CSV files write it.

    ``none`` is no frame too. A frame alone, without ``:stance``, is a frame whose stance was not
    coded.

    Raises:
        CodebookError: a stance that is none of the three, an empty frame, a frame named twice, or
            ``?`` or ``NA``, which stand for a row that nobody has labelled yet.

    >>> dict(parse_labels("multipolarity:favor; cooperation:neutral"))
    {'multipolarity': 'favor', 'cooperation': 'neutral'}
    """
    labels: dict[str, str | None] = {}
    given = notation.strip()
    if given in ("", _NO_FRAME):
        return MappingProxyType(labels)
    if given == "?":  # As ``suggest`` writes it.
        raise CodebookError("'?' is a row not labelled yet; label it, or take it out of the file")
    if given.casefold() in _EMPTY:
        raise CodebookError(
            f"{given!r} is a row not labelled yet, as R and pandas write it; label it, take it out "
            f"of the file, or write {_NO_FRAME!r} where there is no frame"
        )
    for part in notation.split(";"):
        frame, _, stance = (piece.strip() for piece in composed(part).partition(":"))
        if not frame:
            raise CodebookError(
                f"{notation[:120]!r} is not a list of frames; expected e.g. "
                "'multipolarity:favor;cooperation:neutral', or nothing where there is no frame"
            )
        if frame == _NO_FRAME:
            raise CodebookError(
                f"{notation[:120]!r} names {frame!r} as a frame; expected it alone, for no frame"
            )
        if frame in labels:
            raise CodebookError(f"{notation[:120]!r} names the frame {frame!r} twice")
        labels[frame] = _check_stance(stance or None)
    return MappingProxyType(labels)


def read_labels(cell: object) -> Labels:
    """Return the labels that a row holds: a mapping, or the notation of one.

    Raises:
        CodebookError: it is neither, as where nobody labelled the row; or a stance is none.

    >>> read_labels("trade:against"), read_labels({"trade": None})
    ({'trade': 'against'}, {'trade': None})
    """
    if isinstance(cell, str):
        return dict(parse_labels(cell))
    if isinstance(cell, Mapping):
        if set(cell) == {_NO_FRAME}:
            return {}
        return {composed(str(frame)): _stance_of(frame, s) for frame, s in cell.items()}
    raise CodebookError(
        f"the row is not labelled: its frames are {_shown(cell)}; expected an object such as "
        '{"cooperation": "favor"} or the text cooperation:favor, and {} or "" where there is no '
        "frame"
    )


def format_labels(labels: Labels) -> str:
    """Write frame → stance as ``parse_labels`` reads it.

    >>> format_labels({"multipolarity": "favor", "cooperation": None})
    'multipolarity:favor;cooperation'
    """
    return ";".join(f"{frame}:{stance}" if stance else frame for frame, stance in labels.items())


def composed(name: Any) -> Any:
    """Return a name with its accents on its letters (NFC), as most keyboards type them.

    What is no text is returned as it is: that it is no name is said where names are checked.
    """
    return unicodedata.normalize("NFC", name) if isinstance(name, str) else name


def _is_name(name: str) -> bool:
    """Say whether a frame may have a name; many scripts write vowels as marks on a letter."""
    letters = "".join(c for c in name if not unicodedata.category(c).startswith("M"))
    return len(name) <= _LONGEST_NAME and name[:1] == letters[:1] and bool(_NAME.fullmatch(letters))


def _check_stance(stance: str | None) -> str | None:
    if stance is None or stance in STANCES:
        return None if stance is None else str(stance)
    raise CodebookError(
        f"unknown stance {str(stance)[:80]!r}{_did_you_mean(stance, STANCES)}; "
        f"expected {', '.join(STANCES)}"
    )


def _stance_of(frame: object, stance: object) -> str | None:
    if stance is None or (isinstance(stance, str) and stance in STANCES):
        return stance
    raise CodebookError(
        f"the stance of {frame} is {_shown(stance)}{_did_you_mean(stance, STANCES)}; expected "
        f"{', '.join(STANCES)}, or null where it was not coded"
    )


def _shown(value: object) -> str:
    return "null" if value is None else f"{type(value).__name__} {str(value)[:60]!r}"


def _check_number(frames: Sequence[object]) -> None:
    if len(frames) > MAX_FRAMES:
        raise CodebookError(
            f"the codebook has {len(frames):,} frames; at most {MAX_FRAMES} are supported"
        )


def _text(value: object, otherwise: str) -> str:
    return otherwise if value is None else str(value)


def _did_you_mean(found: object, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(str(found)[:80], list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
