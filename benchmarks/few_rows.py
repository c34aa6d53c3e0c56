"""How much few labelled rows teach: this project and SetFit, on the same rows and encoder.

    python benchmarks/few_rows.py --base ENCODER [--setfit-python PYTHON] [--setfit-steps 1000]
        [--rows 8 16 64 500 climate easy] [--seeds 5] [--page]

ENCODER is the folder of all-MiniLM-L6-v2. PYTHON is one of an environment with SetFit, which is not
installed here. Sizes 8, 16 and 64 are rows of each frame, and as many with none; 500 is rows drawn
at random. Two sizes are of other frames than the shipped model's, which is started from too:
climate, 192 rows of data/climate_frames.jsonl, and easy, 180 of data/easy_frames.jsonl.

The other sizes are rows of training/data/authored, w1 to w45 (rows added later would change what a
seed draws). A third of the passages, on which the defaults of fine-tuning were chosen, is left out.
(Those for other frames were chosen on data/asylum_frames.jsonl.) For every seed, rows of some
documents are tested on, 1,500 or those that are left, and training rows are drawn from the others.
Each training is a process of its own, and those with a result in few_rows_results.jsonl are not
run again. Writes docs/few-rows.md; --page does only that.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from few_rows_page import KNOWN, OTHER, TEST_ROWS, Row, page

if TYPE_CHECKING:
    from datasets import Dataset
    from setfit import SetFitModel, TrainingArguments

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).with_name("few_rows_results.jsonl")
DATA = Path(__file__).parent / "data"
PAGE = ROOT / "docs" / "few-rows.md"
#: Pairs that SetFit takes in one step by default.
SETFIT_BATCH = 16
_LAST_SET = 45


def main() -> None:
    """Train what is not trained yet and write the page, or, as a child process, train once."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", type=Path)
    parser.add_argument("--setfit-python")
    parser.add_argument("--setfit-steps", type=int, default=-1, help="at most; all by default")
    parser.add_argument("--rows", nargs="+", choices=[*KNOWN, *OTHER], default=[*KNOWN, *OTHER])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--child", nargs=2, metavar=("NAME", "JOB"))
    arguments = parser.parse_args()
    if arguments.child:
        name, job = arguments.child
        print(json.dumps(CONTESTANTS[name](json.loads(Path(job).read_text("utf-8")))))
        return
    if not arguments.page:
        if arguments.base is None:
            parser.error("--base is needed to train")
        run_all(arguments)
    PAGE.write_text("\n".join(page(read_rows(RESULTS))) + "\n", encoding="utf-8")
    print(PAGE.read_text("utf-8"))


def run_all(arguments: argparse.Namespace) -> None:
    """Run every contestant on every size and seed that has no result yet."""
    done = {(row["rows"], row["seed"], row["contestant"]) for row in read_rows(RESULTS)}
    pythons = {
        "stance": sys.executable,
        "setfit": arguments.setfit_python,
        "shipped": sys.executable,
    }
    for seed in range(arguments.seeds):
        for size in arguments.rows:
            for name, python in pythons.items():
                if python is None or not enters(name, size) or (size, seed, name) in done:
                    continue
                print(f"{size} rows, seed {seed}: {name}", file=sys.stderr, flush=True)
                train, test = draw(size, seed)
                job = {
                    "train": train,
                    "test": [row["text"] for row in test],
                    "frames": sorted({frame for row in train for frame in row["frames"]}),
                    "base": None if name == "shipped" else str(arguments.base.resolve()),
                    "seed": seed,
                    "steps": arguments.setfit_steps,
                }
                result = {
                    "rows": size,
                    "seed": seed,
                    "contestant": name,
                    "trained": len(train),
                    "tested": len(test),
                    "processors": os.cpu_count(),
                    "machine": platform.machine(),
                    **run_in_child(python, name, job, [row["frames"] for row in test]),
                }
                with RESULTS.open("a", encoding="utf-8") as results:
                    results.write(json.dumps(result) + "\n")


def enters(contestant: str, size: str) -> bool:
    """Say whether a contestant is run at a size.

    The shipped model has read the authored rows. The easy rows are there to see that they are easy.
    """
    if size == "easy":
        return contestant == "shipped"
    return contestant != "shipped" or size in OTHER


def run_in_child(
    python: str, name: str, job: Mapping[str, Any], gold: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Train in a fresh process; return its figures."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "job.json"
        file.write_text(json.dumps(job), encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
        command = [python, str(Path(__file__).resolve()), "--child", name, str(file)]
        done = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, text=True, cwd=folder, env=environment
        )
    found = json.loads(done.stdout.splitlines()[-1])
    predicted, probabilities = found.pop("predicted"), found.pop("probabilities")
    return {
        **figures(gold, predicted, probabilities, job["frames"]),
        **found,
    }


def train_stance(job: Mapping[str, Any]) -> dict[str, Any]:
    """Fine-tune with this project's defaults."""
    import stance

    started = time.perf_counter()
    model = stance.finetune(
        job["train"],
        output="model",
        base=job["base"],
        seed=job["seed"],
        progress=lambda told: [print(line, file=sys.stderr) for line in told.messages],
    )
    minutes = (time.perf_counter() - started) / 60
    results = model.predict(job["test"])
    return {
        "minutes": minutes,
        "predicted": [sorted(result.frames) for result in results],
        "probabilities": [
            [result.probabilities[frame] for frame in job["frames"]] for result in results
        ],
        "held_out_macro_f1": model.folder.figures["held_out"]["macro_f1"]["value"],
        "plan": model.folder.training["plan"],
        "versions": model.folder.training["versions"],
        "python": platform.python_version(),
    }


def train_setfit(job: Mapping[str, Any]) -> dict[str, Any]:
    """Train SetFit with its defaults: pairs, then one logistic regression a frame."""
    from importlib.metadata import version

    from datasets import Dataset
    from setfit import SetFitModel, Trainer

    frames = job["frames"]
    labels = [[int(frame in row["frames"]) for frame in frames] for row in job["train"]]
    data = Dataset.from_dict({"text": [row["text"] for row in job["train"]], "label": labels})

    def load() -> SetFitModel:
        return SetFitModel.from_pretrained(
            job["base"], multi_target_strategy="one-vs-rest", labels=frames
        )

    # Before the clock starts: SetFit itself does not need the number.
    all_steps = count_setfit_steps(load(), data)
    started = time.perf_counter()
    model = load()
    arguments = setfit_arguments(job, all_steps)
    trainer = Trainer(model=model, args=arguments, train_dataset=data)
    trainer.train()
    minutes = (time.perf_counter() - started) / 60
    predicted = model.predict(job["test"], as_numpy=True)
    return {
        "minutes": minutes,
        "predicted": [
            [frame for frame, there in zip(frames, row, strict=True) if there] for row in predicted
        ],
        "probabilities": model.predict_proba(job["test"], as_numpy=True).tolist(),
        "steps": trainer.st_trainer.state.global_step,
        "all_steps": all_steps,
        "versions": {package: version(package) for package in ("setfit", "sentence-transformers")},
        "python": platform.python_version(),
    }


def count_setfit_steps(model: SetFitModel, data: Dataset) -> int:
    """Return how many steps SetFit's defaults make of all pairs of the rows."""
    from setfit import Trainer, TrainingArguments

    arguments = TrainingArguments()
    trainer = Trainer(model=model, args=arguments, train_dataset=data)
    pairs = trainer.get_dataset(list(data["text"]), list(data["label"]), args=arguments)[0]
    return -(-len(pairs) // SETFIT_BATCH)


def setfit_arguments(job: Mapping[str, Any], all_steps: int) -> TrainingArguments:
    """Return SetFit's defaults, with the job's seed and at most its steps."""
    from setfit import TrainingArguments

    return TrainingArguments(
        # A limit above all steps would make SetFit go over the pairs again.
        max_steps=job["steps"] if 0 < job["steps"] < all_steps else -1,
        seed=job["seed"],
        save_strategy="no",
        report_to="none",
        show_progress_bar=False,
    )


CONTESTANTS = {"stance": train_stance, "setfit": train_setfit, "shipped": train_stance}


def draw(size: str, seed: int) -> tuple[list[Row], list[Row]]:
    """Return the rows to train on and to test on, of other documents."""
    rows = read_rows(DATA / f"{size}_frames.jsonl") if size in OTHER else authored_rows()
    rng = random.Random(seed)
    documents: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        documents[row["document"]].append(row)
    shuffled = sorted(documents)
    rng.shuffle(shuffled)
    ordered = [row for name in shuffled for row in documents[name]]
    if size in OTHER:
        return ordered[: OTHER[size]], ordered[OTHER[size] :]
    test = ordered[:TEST_ROWS]
    tested = {row["document"] for row in test}
    pool = [row for row in ordered if row["document"] not in tested]
    rng.shuffle(pool)
    return (pool[:500] if size == "500" else draw_frames(pool, int(size))), test


def draw_frames(pool: Iterable[Row], number: int) -> list[Row]:
    """Take rows in order until there are ``number`` of every frame, and of rows without one."""
    drawn: list[Row] = []
    counts: dict[str, int] = defaultdict(int)
    for row in pool:
        groups = list(row["frames"]) or ["none"]
        if any(counts[group] < number for group in groups):
            drawn.append(row)
            for group in groups:
                counts[group] += 1
    return drawn


def authored_rows() -> list[Row]:
    """Return the authored rows of the passages on which no default was chosen."""
    sys.path.insert(0, str(ROOT / "training"))
    from corpus import authored_rows as read

    return [
        {"id": row.id, "document": row.group, "text": row.text, "frames": dict(row.frames)}
        for row in read()
        if _set_number(row.id) <= _LAST_SET and zlib.crc32(row.group.encode()) % 3
    ]


def _set_number(row_id: str) -> int:
    """Return 12 of ``w12-03-4``."""
    return int(row_id.partition("-")[0].removeprefix("w"))


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a JSONL file; none where it is missing."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def figures(
    gold: Sequence[Mapping[str, Any]],
    predicted: Sequence[Sequence[str]],
    probabilities: Sequence[Sequence[float]],
    frames: Sequence[str],
) -> dict[str, float]:
    """Return macro-F1 and average precision of the frames, as ``stance evaluate`` counts them."""
    import numpy as np

    from stance.scoring import score

    there = np.array([[frame in row for frame in frames] for row in gold], dtype=np.int64)
    found = np.array([[frame in row for frame in frames] for row in predicted], dtype=np.int64)
    present = np.array(probabilities, dtype=np.float32)
    # Stances do not matter here: whatever is present gets the first.
    none = np.zeros_like(present)
    states = np.stack([1 - present, present, none, none], axis=-1)
    rows = [str(row) for row in range(len(gold))]
    scored = score(there, states, found, rows, frames=frames, resamples=0)
    return {
        "macro_f1": scored.macro_f1.value,
        "average_precision": scored.macro_average_precision.value,
    }


if __name__ == "__main__":
    main()
