"""Trained weights, kept until they are of other rows, another recipe or another base."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from corpus import Row
from project_files import RESULTS
from recipe import CODEBOOK, checkpoint_folder, fingerprint, train

from stance.finetuning.classifier import Classifier
from stance.finetuning.training import load_classifier
from stance.finetuning.writing import write_weights

CHECKPOINTS = RESULTS / "checkpoints"
RECORD = "trained.json"


def train_weights(rows: Sequence[Row], base: str, folder: Path) -> float | None:
    """Train on ``rows`` and write the weights to ``folder``, unless an earlier run did.

    Returns the minutes that the training took; None where it went on from a checkpoint.
    """
    made_of = fingerprint(rows, base)
    record = folder / RECORD
    if record.exists():
        known = json.loads(record.read_text("utf-8"))
        if known["fingerprint"] == made_of:
            return known["minutes"]
    gone_on_with = checkpoint_folder(CHECKPOINTS, rows, base).exists()
    started = time.monotonic()
    classifier = train(rows, base, checkpoints=CHECKPOINTS)
    minutes = None if gone_on_with else round((time.monotonic() - started) / 60, 1)
    write_weights(classifier, folder, name="stance-default")
    record.write_text(json.dumps({"fingerprint": made_of, "minutes": minutes}), encoding="utf-8")
    return minutes


def read_weights(folder: Path) -> Classifier:
    """Return the classifier of a folder, its weights as they were rounded to float16."""
    classifier = load_classifier(folder, codebook=CODEBOOK)
    classifier.model.eval()
    return classifier
