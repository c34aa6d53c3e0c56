"""Kill labelling runs at random moments, go on with each, and compare with a run left alone.

    python killed_runs.py MODEL_FOLDER WORK_FOLDER RUNS

Prints, for each format: how many runs were killed on their way, and how many results differ. The
runs are forked from this process, which loads the model once and starts no thread of its own.
"""

import json
import os
import random
import signal
import sys
import time
from functools import partial
from pathlib import Path

import stance
from stance import job

SIDE_FILES = ("", ".skipped.jsonl", ".errors.jsonl")


def write_corpus(folder):
    folder.mkdir()
    for number in range(30):
        text = f"Home | News\n\nThe two powers met {number} times. " + "They trade. " * number
        (folder / f"{number:02}.txt").write_text(text, encoding="utf-8")
    (folder / "15b.txt").write_text(" ", encoding="utf-8")


def in_a_child(action):
    child = os.fork()
    if child == 0:
        try:
            action()
        finally:
            os._exit(0)
    return child


def contents(output):
    paths = [Path(f"{output}{suffix}") for suffix in SIDE_FILES]
    return [path.read_bytes() if path.exists() else None for path in paths]


def run_killed_twice(label, seconds, rng):
    """Return how many times the run had something to go on with when it was killed."""
    killed = 0
    child = in_a_child(label)
    for _ in range(2):
        time.sleep(rng.uniform(0, seconds))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        killed += Path(f"{label.args[1]}.partial", "run.json").exists()
        child = in_a_child(partial(label, resume=True))
    os.waitpid(child, 0)
    return killed


def main():
    model_folder, work, runs = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    write_corpus(work / "corpus")
    job.WINDOW_CHARACTERS = 400
    model = stance.load(model_folder, threads=1)
    rng = random.Random(0)
    found = {}
    for suffix in ("jsonl", "csv", "parquet"):
        outputs = [work / f"run{number}.{suffix}" for number in range(runs + 1)]
        labels = [partial(job.label_files, [work / "corpus"], o, model=model) for o in outputs]
        start = time.perf_counter()
        os.waitpid(in_a_child(labels[0]), 0)
        seconds = time.perf_counter() - start
        whole = contents(outputs[0])
        killed = sum(run_killed_twice(label, seconds, rng) for label in labels[1:])
        different = sum(contents(output) != whole for output in outputs[1:])
        found[suffix] = {"killed": killed, "different": different, "errors": whole[2] is not None}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
