"""Out-of-fold logits of the shipped recipe: every row scored by a model that never saw its group.

    python training/cross_validate.py --base BASE --speeches SPEECHES

Five trainings. Each leaves out one of the five articles together with a fifth of the authored
passages and a fifth of the UN speeches, so that the same five serve as leave-one-document-out on
the articles and as grouped cross-validation on the rest. Each model is turned into its 8-bit form,
as it is shipped, and scores its held-out rows in both forms. The logits go to
results/out_of_fold.npz; calibration, thresholds and every figure of the card come from there.
The weights of each fold are kept in results/weights, and checkpoints of those under way: a run that
was cut off goes on where it was, and one with another 8-bit form only scores anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import torch
from corpus import FOLDS, Row, fold_of, read_rows
from eight_bits import form, int8_logits
from numpy.typing import NDArray
from project_files import RESULTS
from recipe import CODEBOOK, RECIPE, example_texts, fingerprint, parse_arguments
from trained_weights import read_weights, train_weights

from stance.backends.onnx import available_threads
from stance.codebook import STATES
from stance.decision import states_of
from stance.finetuning.classifier import predict_logits

OUT_OF_FOLD = RESULTS / "out_of_fold.npz"
WEIGHTS = RESULTS / "weights"


def cross_validate(rows: Sequence[Row], base: str, pool: Executor) -> None:
    """Train five times and write the held-out logits, 8-bit and float32, with the rows' ids."""
    shape = (len(rows), len(CODEBOOK.labels))
    int8, float32 = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    jobs = [pool.submit(score_fold, rows, fold, base) for fold in range(FOLDS)]
    for fold, job in enumerate(jobs):
        held_out = in_fold(rows, fold)
        int8[held_out], float32[held_out] = job.result()
        found = int8[held_out].reshape(-1, len(CODEBOOK.frames), len(STATES)).argmax(-1)
        gold = states_of([rows[index].frames for index in held_out], CODEBOOK)
        print(
            f"fold {fold + 1} of {FOLDS}: {len(held_out):,} rows held out, "
            f"{np.mean(found == gold):.1%} of the states right",
            flush=True,
        )
    RESULTS.mkdir(exist_ok=True)
    np.savez_compressed(
        OUT_OF_FOLD,
        ids=np.array([row.id for row in rows]),
        int8=int8.astype(np.float16),
        float32=float32.astype(np.float16),
        fingerprint=np.array(made_of(rows, base)),
    )
    print(f"written: {OUT_OF_FOLD}", flush=True)


def made_of(rows: Sequence[Row], base: str) -> str:
    """Return what held-out logits depend on: rows, recipe, base, and the 8-bit form."""
    return f"{fingerprint(rows, base)} {form()}"


def score_fold(
    rows: Sequence[Row], fold: int, base: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Train without one fold; return its 8-bit and its float32 logits."""
    training = [row for row in rows if fold_of(row) != fold]
    folder = WEIGHTS / f"without_fold_{fold + 1}"
    train_weights(training, base, folder)
    classifier = read_weights(folder)
    texts = [rows[index].text for index in in_fold(rows, fold)]
    exact = predict_logits(classifier, texts, max_length=RECIPE.max_length)
    return int8_logits(classifier, texts, example_texts(training)), exact


def in_fold(rows: Sequence[Row], fold: int) -> NDArray[np.int64]:
    """Return the positions of the rows that a fold holds out."""
    return np.flatnonzero([fold_of(row) == fold for row in rows])


def trainers() -> ProcessPoolExecutor:
    """Return a pool that trains one model a processor, on one thread each.

    So small an encoder leaves threads waiting for one another: two trainings side by side do half
    as much again as two threads on one.
    """
    return ProcessPoolExecutor(
        available_threads(),
        mp_context=get_context("spawn"),
        initializer=partial(torch.set_num_threads, 1),
    )


def is_fresh(rows: Sequence[Row], base: str) -> bool:
    """Return whether the stored logits are of these rows, recipe, base and 8-bit form."""
    if not OUT_OF_FOLD.exists():
        return False
    with np.load(OUT_OF_FOLD) as stored:
        return str(stored["fingerprint"]) == made_of(rows, base)


def out_of_fold_logits(rows: Sequence[Row], base: str, kind: str = "int8") -> NDArray[np.float32]:
    """Return the held-out logits of ``rows``, float32 of shape (n, F * 4).

    Raises:
        SystemExit: they were not computed yet, or with other rows, another recipe, base or form.
    """
    if not is_fresh(rows, base):
        raise SystemExit(
            f"{OUT_OF_FOLD} is missing, or of other rows, recipe, base or 8-bit form; "
            "run training/cross_validate.py first"
        )
    with np.load(OUT_OF_FOLD) as stored:
        return stored[kind].astype(np.float32)


if __name__ == "__main__":
    arguments = parse_arguments(__doc__)
    with trainers() as processes:
        cross_validate(read_rows(arguments.speeches), arguments.base, processes)
