"""What a model to start from may have to do with the rows: said before it is trained on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stance.codebook import Codebook
from stance.files import LabelledRow
from stance.finetuning.bases import USUAL_LENGTH, Base, TokenCounts
from stance.finetuning.checks import Finding, written_alike
from stance.store import ModelFolder
from stance.trained_on import count_known, read_checksums

__all__ = ["check_base", "check_texts"]

# Of the tokens of a script that the base reads, fewer are unknown.
_UNKNOWN = 0.05


def check_base(
    codebook: Codebook, base: Base, rows: Sequence[LabelledRow], held_out: Sequence[LabelledRow]
) -> list[Finding]:
    """Look for what a model to start from has in common with the rows by mistake, or has not.

    An encoder, which has no frames and says nothing of its language, has neither.

    Args:
        codebook: the frames to train.
        base: what the training starts from.
        rows: to train on.
        held_out: the separate rows to measure on.

    Raises:
        ModelError: what the base says of its own rows is damaged.
    """
    if base.folder is None:
        return []
    return [
        *_frames_of_base(codebook, base.folder),
        *_rows_of_base(base.folder, rows, held_out),
        *_language_of_base(base.folder, base.language),
    ]


def check_texts(rows: Sequence[LabelledRow], base: Base, counts: TokenCounts) -> list[Finding]:
    """Look for texts that the base cannot read, or not to their end.

    Args:
        rows: to train on.
        base: what the training starts from.
        counts: the tokens that it makes of their texts, or of some.
    """
    findings = []
    most = min(USUAL_LENGTH, base.max_length)
    long = counts.rows[counts.tokens > most].tolist()
    if long:
        drawn = f" of {len(counts.rows):,} drawn at random" * (len(counts.rows) < len(rows))
        findings.append(
            Finding.of(
                "long",
                f"{len(long):,} texts{drawn} have more than {most} tokens and may be cut in "
                "training; the model is meant for single sentences",
                (rows[row] for row in long),
            )
        )
    if counts.unknown > _UNKNOWN:
        findings.append(
            Finding(
                "language",
                f"{counts.unknown:.0%} of the tokens are unknown to {base.name}, which does not "
                "know the script of these texts; take an encoder of their language (--base)",
            )
        )
    return findings


def _frames_of_base(codebook: Codebook, base: ModelFolder) -> Iterable[Finding]:
    known = {frame.name: frame for frame in base.codebook.frames}
    for frame in codebook.frames:
        close = None if frame.name in known else written_alike(frame.name, known)
        if close:
            yield Finding(
                "frame_names",
                f"the frame {frame.name!r} is new, and written much like {close!r} of "
                f"{base.name}; did you mean {close!r}?",
            )
        before = known.get(frame.name, frame)
        changed = [
            word
            for word in ("definition", "proposition")
            if len({"", getattr(frame, word), getattr(before, word)}) > 2
        ]
        if changed:
            yield Finding(
                "frame_names",
                f"{frame.name} goes on from that of {base.name}, with another "
                f"{' and another '.join(changed)}; give it another name if it is another frame",
            )


def _rows_of_base(
    base: ModelFolder, rows: Sequence[LabelledRow], held_out: Sequence[LabelledRow]
) -> Iterable[Finding]:
    known = read_checksums(base.path)
    if known is None:
        yield from _perhaps_rows_of_base(base)
        return
    for those, what in ((rows, "rows"), (held_out, "evaluation rows")):
        count = count_known([row.text for row in those], known)
        if count:
            yield Finding(
                "leaks",
                f"{base.name} was itself trained on {count:,} of the {len(those):,} {what}, so the "
                "figures on them are too kind: start from what it was started from",
            )


def _perhaps_rows_of_base(base: ModelFolder) -> Iterable[Finding]:
    # A number, or a number for each source.
    rows = base.training.get("rows")
    sources = rows if isinstance(rows, dict) else {"": rows}
    counts = {source: count for source, count in sources.items() if isinstance(count, int)}
    if counts:
        named = ", ".join(f"{count:,} of {source}" for source, count in counts.items() if source)
        yield Finding(
            "leaks",
            f"{base.name} was itself trained on {sum(counts.values()):,} rows"
            f"{f' ({named})' if named else ''}; if yours are among them, the held-out figures are "
            "too kind: start from what it was started from",
        )


def _language_of_base(base: ModelFolder, language: str) -> Iterable[Finding]:
    if base.language and language != base.language:
        yield Finding(
            "language",
            f"the texts are in {language}, those of {base.name} in {base.language}; unless it was "
            "made from an encoder of both, take one of their language (--base)",
        )
