"""The recipe of the shipped model: the codebook, the settings, and one training."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from corpus import Row

from stance.codebook import Codebook
from stance.decision import states_of
from stance.finetuning.bases import open_base
from stance.finetuning.classifier import Classifier
from stance.finetuning.recipe import Recipe, Watch
from stance.finetuning.training import train_classifier

CODEBOOK = Codebook.load(Path(__file__).parent / "codebook.json")
#: The trials behind it are in README.md.
RECIPE = Recipe(epochs=3, learning_rate=8e-5, batch_size=16)
#: A checkpoint is three times the size of the model.
CHECKPOINT_SECONDS = 300.0


def train(
    rows: Sequence[Row], base: str, *, recipe: Recipe = RECIPE, checkpoints: Path | None = None
) -> Classifier:
    """Train on ``rows``, starting from the encoder ``base``.

    With ``checkpoints``, a training of the same rows that was cut off is resumed from there.
    """
    watch = None
    if checkpoints is not None:
        watch = Watch(
            folder=checkpoint_folder(checkpoints, rows, base),
            checkpoint_seconds=CHECKPOINT_SECONDS,
            after_step=lambda _, __: None,
            after_epoch=lambda _, __: False,
        )
    classifier = train_classifier(
        [row.text for row in rows],
        states_of([row.frames for row in rows], CODEBOOK),
        codebook=CODEBOOK,
        base=base,
        recipe=recipe,
        watch=watch,
    )
    if watch is not None:
        shutil.rmtree(watch.folder, ignore_errors=True)
    return classifier


def checkpoint_folder(checkpoints: Path, rows: Sequence[Row], base: str) -> Path:
    """Return where the training of these rows keeps its checkpoints."""
    return checkpoints / fingerprint(rows, base)[:16]


def fingerprint(rows: Sequence[Row], base: str) -> str:
    """Return a checksum of the rows, the recipe and the weights it starts from."""
    content = [[row.id, row.group, row.text, dict(row.frames)] for row in rows]
    weights = hashlib.sha256((open_base(base).path / "model.safetensors").read_bytes())
    text = json.dumps([content, asdict(RECIPE), weights.hexdigest()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def example_texts(rows: Iterable[Row]) -> list[str]:
    """Return what the scales of the 8-bit form are read from: anyone has these sentences."""
    return [row.text for row in rows if row.source == "authored"]


def parse_arguments(description: str | None, *, quick: bool = False) -> argparse.Namespace:
    """Return ``base`` and ``speeches`` from the command line; with ``quick``, that option too."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--base", required=True, help="all-MiniLM-L6-v2, as a folder or as a Hub id"
    )
    parser.add_argument(
        "--speeches", required=True, type=Path, help="the UN speeches, as un_text.py takes them"
    )
    if quick:
        parser.add_argument(
            "--quick",
            action="store_true",
            help="leave out what takes long, and keep those figures of the last whole run",
        )
    return parser.parse_args()
