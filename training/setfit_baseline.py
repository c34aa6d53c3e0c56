"""SetFit on the rows of the shipped model, scored where nothing was trained on.

    python training/setfit_baseline.py --base BASE --speeches SPEECHES --setfit-python PYTHON

PYTHON is one of an environment with SetFit, which is not installed here. SetFit lists all pairs of
its rows before it draws from them, which for all rows would take 29 GB: so the encoder learns from
the pairs of some rows, drawn at random, and the logistic regressions from all rows. Beside it
TF-IDF with logistic regressions, from all rows too, with thresholds from its out-of-fold scores;
SetFit's are one half, as it comes. Writes results/setfit.json, from which card.py makes a table.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from corpus import Row
    from numpy.typing import NDArray

RESULTS_FILE = Path(__file__).parent / "results" / "setfit.json"
#: Whose pairs the encoder learns from, and in how many steps of 16 pairs.
PAIRED_ROWS, STEPS = 5000, 1000
SEED = 13


def main() -> None:
    """Measure and write, or, as a child process in SetFit's environment, train."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", type=Path)
    parser.add_argument("--speeches", type=Path)
    parser.add_argument("--setfit-python")
    parser.add_argument("--child", type=Path, metavar="JOB")
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(train_setfit(json.loads(arguments.child.read_text("utf-8")))))
        return
    if not (arguments.base and arguments.speeches and arguments.setfit_python):
        parser.error("--base, --speeches and --setfit-python are needed")
    measure(arguments)


def measure(arguments: argparse.Namespace) -> None:
    """Train both on all rows, score them on those kept apart, and write the figures."""
    from corpus import kept_apart_rows, read_rows

    rows, apart = read_rows(arguments.speeches), list(kept_apart_rows(arguments.speeches))
    found = run_in_child(arguments.setfit_python, str(arguments.base.resolve()), rows, apart)
    setfit = figures_by_set(apart, found.pop("probabilities"), threshold=0.5)
    figures = {"rows": len(rows), **found, "setfit": setfit, "tfidf": tfidf_figures(rows, apart)}
    RESULTS_FILE.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(f"written: {RESULTS_FILE}")


def run_in_child(
    python: str, base: str, rows: Sequence[Row], apart: Sequence[Row]
) -> dict[str, Any]:
    """Train SetFit in its own environment; return probabilities, minutes and versions."""
    from recipe import CODEBOOK

    job = {
        "base": base,
        "texts": [row.text for row in rows],
        "labels": [[int(name in row.frames) for name in CODEBOOK.names] for row in rows],
        "test": [row.text for row in apart],
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "job.json"
        file.write_text(json.dumps(job), encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - the user named it
            [python, str(Path(__file__).resolve()), "--child", str(file)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
    return json.loads(done.stdout.splitlines()[-1])


def train_setfit(job: dict[str, Any]) -> dict[str, Any]:
    """Train the encoder on pairs of some rows and a logistic regression a frame on all rows."""
    from importlib.metadata import version

    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    drawn = random.Random(SEED).sample(range(len(job["texts"])), PAIRED_ROWS)  # noqa: S311
    data = Dataset.from_dict(
        {"text": [job["texts"][n] for n in drawn], "label": [job["labels"][n] for n in drawn]}
    )
    started = time.perf_counter()
    model = SetFitModel.from_pretrained(job["base"], multi_target_strategy="one-vs-rest")
    arguments = TrainingArguments(
        max_steps=STEPS, seed=SEED, save_strategy="no", report_to="none", show_progress_bar=False
    )
    trainer = Trainer(model=model, args=arguments, train_dataset=data)
    trainer.train_embeddings(list(data["text"]), list(data["label"]), args=arguments)
    model.fit(job["texts"], job["labels"], num_epochs=1, batch_size=32, show_progress_bar=False)
    minutes = (time.perf_counter() - started) / 60
    return {
        "probabilities": model.predict_proba(job["test"], as_numpy=True).tolist(),
        "minutes": round(minutes, 1),
        "steps": STEPS,
        "paired_rows": PAIRED_ROWS,
        "versions": {package: version(package) for package in ("setfit", "sentence-transformers")},
    }


def tfidf_figures(rows: Sequence[Row], apart: Sequence[Row]) -> dict[str, Any]:
    """Return set → figures of TF-IDF, calibrated and decided by its out-of-fold scores."""
    import numpy as np
    from baselines import tfidf, tfidf_scorer
    from recipe import CODEBOOK

    from stance.decision import states_of
    from stance.finetuning.calibration import equal_weights, fit_decision

    gold = states_of([row.frames for row in rows], CODEBOOK)
    weights = equal_weights([row.source for row in rows])
    decision = fit_decision(tfidf(rows), gold, row_weights=weights)
    scores = tfidf_scorer([row.text for row in rows], gold)([row.text for row in apart])
    present = 1 - decision.probabilities(scores.astype(np.float32))[..., 0]
    return figures_by_set(apart, present, threshold=np.array(decision.thresholds))


def figures_by_set(
    apart: Sequence[Row],
    present: NDArray[np.float32] | list[list[float]],
    *,
    threshold: float | NDArray[np.float64],
) -> dict[str, Any]:
    """Return set → macro-F1 and average precision of the frames, with their intervals."""
    import numpy as np
    from corpus import KEPT_APART
    from recipe import CODEBOOK

    from stance.decision import states_of
    from stance.scoring import score

    shares = np.clip(np.asarray(present, np.float64), 0, 1)
    gold = (states_of([row.frames for row in apart], CODEBOOK) > 0).astype(np.int64)
    probabilities = np.stack([1 - shares, shares, 0 * shares, 0 * shares], axis=-1)
    given = (shares >= threshold).astype(np.int64)
    found = {}
    for source in KEPT_APART:
        at = np.flatnonzero([row.source == source for row in apart])
        groups = [apart[n].group for n in at]
        scored = score(gold[at], probabilities[at], given[at], groups, frames=CODEBOOK.names)
        found[source] = {
            name: asdict(getattr(scored, name)) for name in ("macro_f1", "macro_average_precision")
        }
    return found


if __name__ == "__main__":
    main()
