"""What coders saw in a sentence, and the gold labels that their codings make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from stance.codebook import Labels, Stance, read_labels
from stance.errors import InputError

__all__ = ["Coding", "Sentences", "by_sentence", "majority", "majority_of"]

#: Sentence id → coder → what that coder saw.
Sentences: TypeAlias = Mapping[str, Mapping[str, Labels]]


@dataclass(frozen=True)
class Coding:
    """What one coder saw in one sentence: frame → stance, ``None`` for a stance not coded.

    A sentence without frames has an empty mapping; one that the coder did not read has no coding.
    ``document`` is what the sentence is part of, where that is known: intervals go by it.
    """

    id: str
    coder: str
    frames: Labels
    document: str | None = None


def majority(codings: Iterable[Coding]) -> dict[str, dict[str, str | None]]:
    """Make gold labels: sentence id → frame → stance, in the order of the codings.

    A sentence carries the frames that more than half of its coders gave. Their stance is the one
    that most of those coders chose, ``neutral`` where no stance is ahead, and ``None`` where none
    of them coded it.

    Raises:
        InputError: no coding, or a coder who coded a sentence twice.
        CodebookError: an unknown stance.

    >>> three = [Coding("s1", coder, {"cooperation": "favor"}) for coder in "AB"]
    >>> majority([*three, Coding("s1", "C", {})])
    {'s1': {'cooperation': 'favor'}}
    """
    return {id: majority_of(coded) for id, coded in by_sentence(codings).items()}


def by_sentence(codings: Iterable[Coding]) -> dict[str, dict[str, Labels]]:
    """Return sentence id → coder → what that coder saw, in the order of the codings.

    Raises:
        InputError: no coding, or a coder who coded a sentence twice.
        CodebookError: an unknown stance.
    """
    sentences: dict[str, dict[str, Labels]] = {}
    for coding in codings:
        coded = sentences.setdefault(coding.id, {})
        if coding.coder in coded:
            raise InputError(
                f"coder {coding.coder!r} has two codings of sentence {coding.id!r}; "
                "expected one, so remove the other"
            )
        coded[coding.coder] = read_labels(coding.frames)
    if not sentences:
        raise InputError("there are no codings; expected one for each sentence and coder")
    return sentences


def majority_of(coded: Mapping[str, Labels]) -> dict[str, str | None]:
    """Return what the majority of a sentence's coders saw, see ``majority``."""
    given = Counter(name for labels in coded.values() for name in labels)
    return {
        name: _majority_stance([labels[name] for labels in coded.values() if name in labels])
        for name, count in given.items()
        if 2 * count > len(coded)
    }


def _majority_stance(stances: Iterable[str | None]) -> str | None:
    ranked = Counter(stance for stance in stances if stance is not None).most_common(2)
    if not ranked:
        return None
    ahead = len(ranked) == 1 or ranked[0][1] > ranked[1][1]
    return ranked[0][0] if ahead else Stance.NEUTRAL.value
