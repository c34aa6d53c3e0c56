"""Trained weights, kept until they are of other rows, another recipe or another base."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from corpus import ROOT, Row
from recipe import CODEBOOK, checkpoint_folder, fingerprint, train

from stance.finetuning.classifier import Classifier
from stance.finetuning.training import load_classifier

RESULTS = ROOT / "training" / "results"
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
    _write(classifier, folder)
    record.write_text(json.dumps({"fingerprint": made_of, "minutes": minutes}), encoding="utf-8")
    return minutes


def read_weights(folder: Path) -> Classifier:
    """Return the classifier of a folder, its weights as they were rounded to float16."""
    classifier = load_classifier(folder, codebook=CODEBOOK)
    classifier.model.eval()
    return classifier


def _write(classifier: Classifier, folder: Path) -> None:
    """Write float16 weights, the configuration and the tokenizer."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    classifier.tokenizer.save_pretrained(folder)
    classifier.model.config.name_or_path = "stance-default"
    classifier.model.to(torch.float16).save_pretrained(folder)
    # Saved for the owner's eyes only otherwise, which a package must not be.
    (folder / "model.safetensors").chmod(0o644)
