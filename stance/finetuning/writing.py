"""A trained classifier → the files of a model folder, and the list of labels to look at again."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stance.errors import ModelError, reason_of
from stance.files import LabelledRow
from stance.files.formats import json_lines
from stance.finetuning.bases import Base
from stance.finetuning.checks import LabelIssue
from stance.finetuning.classifier import Classifier
from stance.finetuning.export import example_ids, export_onnx
from stance.model import load
from stance.store import ModelFolder
from stance.trained_on import checksums_of, read_checksums, write_checksums

__all__ = ["add_onnx", "write_label_issues", "write_trained_on", "write_weights"]

# Of P(state) between the 8-bit file and the float32 weights. On as few sentences as are compared a
# sound file of either form stays below.
_MAX_DIFFERENCE = 0.2
_COMPARED = 64


def write_weights(classifier: Classifier, folder: Path, *, name: str) -> None:
    """Write configuration, tokenizer and float16 weights; whatever was in the folder goes.

    Raises:
        ModelError: the encoder has no fast tokenizer.
    """
    import torch

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    classifier.tokenizer.save_pretrained(folder)
    if not (folder / "tokenizer.json").is_file():
        raise ModelError(
            "the base has no fast tokenizer (tokenizer.json); choose a base that has one"
        )
    classifier.model.config.name_or_path = name
    classifier.model.to(torch.float16).save_pretrained(folder)
    # safetensors writes for the owner's eyes only, and a model is to be shared.
    shutil.copymode(folder / "config.json", folder / "model.safetensors")
    classifier.model.to(torch.float32)


def write_trained_on(folder: Path, rows: Sequence[LabelledRow], base: Base) -> None:
    """Write what a model has seen: its rows, and what the base was trained on.

    Nothing is written where the base is a model that does not say: then neither can this one.

    Raises:
        ModelError: what the base says of that is damaged.
    """
    before = None if base.folder is None else read_checksums(base.path)
    if base.folder is not None and before is None:
        return
    seen = checksums_of(row.text for row in rows)
    write_checksums(folder, seen if before is None else np.union1d(seen, before))


def add_onnx(
    classifier: Classifier, folder: ModelFolder, rows: Sequence[LabelledRow]
) -> str | None:
    """Add the 8-bit ONNX file to a model; return why it cannot be had, where it cannot.

    Raises:
        OSError: the disk is full, or the like: that is no fault of the encoder.
    """
    texts = [row.text for row in rows]
    examples = example_ids(classifier.tokenizer, texts, max_length=folder.max_length)
    # Every second text, or fewer, is an example; the others show what the scales are worth.
    others = texts[1::2] or texts
    # A few encoders have activations so uneven that only a scale a token does them justice.
    for form in (examples, []):
        reason = _write_onnx(classifier, folder.path, form)
        if reason is not None:
            return reason
        folder.write()
        reason = _compare(folder, others)
        if reason is None:
            return None
        (folder.path / "model.onnx").unlink()
    folder.write()
    return reason


def _write_onnx(
    classifier: Classifier, folder: Path, examples: Sequence[Sequence[int]]
) -> str | None:
    """Write the 8-bit ONNX file; return why it cannot be had, where it cannot."""
    file = folder / "model.onnx"
    try:
        export_onnx(classifier.model, file, examples=examples)
    except Exception as error:  # Exporters raise whatever they like.
        file.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno:  # The disk's own: others have no number.
            raise
        return f"{type(error).__name__}: {reason_of(error, limit=120)}"
    return None


def _compare(folder: ModelFolder, texts: Sequence[str]) -> str | None:
    """Compare the ONNX file with the weights on some texts; say what is wrong, if it is."""
    some = texts[:_COMPARED]
    try:
        with load(folder.path, backend="onnx") as small, load(folder.path, backend="torch") as full:
            difference = np.abs(small.predict_proba(some) - full.predict_proba(some)).max()
    except Exception as error:  # noqa: BLE001  (runtimes raise whatever they like)
        return f"{type(error).__name__}: {reason_of(error, limit=120)}"
    if difference > _MAX_DIFFERENCE:
        return f"its probabilities differ by {difference:.2f} from those of the weights"
    return None


def write_label_issues(
    path: Path, issues: Sequence[LabelIssue], rows: Sequence[LabelledRow]
) -> None:
    """Write the labels to look at again as JSONL, one a line, the likeliest errors first."""
    found = []
    for issue in issues:
        row = rows[issue.row]
        found.append(
            {
                "id": row.id,
                "document": row.document,
                "text": row.text,
                "frames": dict(row.frames),
                "look_at": issue.frame,
                "given": issue.given,
                "probability": round(issue.probability, 4),
            }
        )
    path.write_text(json_lines(found), encoding="utf-8")
