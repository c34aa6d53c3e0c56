"""One model in many threads and processes: the right answers, and nothing left behind."""

import json
import multiprocessing
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from spoiling import DATA

import stance

STORED = json.loads((DATA / "format-1.json").read_text(encoding="utf-8"))
TEXTS = STORED["texts"]


def right(found):
    return bool(np.abs(found - np.array(STORED["probabilities"])).max() < 1e-4)


@pytest.fixture(scope="module")
def model():
    with stance.load(DATA / "format-1", threads=2) as loaded:
        yield loaded


def test_many_threads_get_the_right_answers(model):
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: right(model.predict_proba(TEXTS)), range(64)))


def test_threads_that_thresholds_differ_in_share_one_encoder(model):
    def labels(threshold):
        other = model.with_thresholds({"cooperation": threshold})
        return [bool(result.frames.get("cooperation")) for result in other.predict(TEXTS)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(labels, [0.0, 1.0] * 8))
    assert all(found[::2][n] == found[0] != found[1] == found[1::2][n] for n in range(8))


def _answer(model, queue):
    queue.put(right(model.predict_proba(TEXTS)))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
def test_a_forked_process_goes_on_with_the_model(model):
    model.predict_proba(TEXTS * 64)  # The pool of threads is there, which the child will not have.
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    children = [context.Process(target=_answer, args=(model, queue)) for _ in range(3)]
    for child in children:
        child.start()
    assert [queue.get() for _ in children] == [True] * 3
    for child in children:
        child.join()


FORKED = """
import os, sys
import torch
import stance
torch.set_num_threads(2)
model = stance.load(sys.argv[1], backend="torch")
texts = ["The two sides trade with one another in many ways, as before."] * 64
before = model.predict_proba(texts)
child = os.fork()
if not child:
    if sys.argv[2] == "loaded anew":
        model = stance.load(sys.argv[1], backend="torch")
    os._exit(0 if abs(model.predict_proba(texts) - before).max() < 1e-5 else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
TRAINED = """
import os, sys
import torch
import stance
torch.set_num_threads(2)
folder, output = sys.argv[1:]
texts = ["The two sides trade with one another in many ways, as before."] * 64
stance.load(folder, backend="torch").predict_proba(texts)
rows = [
    {"text": f"The {n} powers {way} trade in some way or other", "document": f"{n % 5}",
     "frames": {"cooperation": stance}}
    for n in range(8) for way, stance in (("like", "favor"), ("fear", "against"))
]
child = os.fork()
if not child:
    model = stance.finetune(rows, output=output, base=folder, epochs=1)
    os._exit(0 if model.predict_proba(texts).shape[0] == 64 else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
@pytest.mark.parametrize("model", ["of the parent", "loaded anew"])
def test_a_forked_process_goes_on_in_torch(model):
    pytest.importorskip("torch", reason="needs the extra train")
    # The threads of torch stay in the parent: without a word to torch, the child would wait for
    # them until the time is up.
    command = [sys.executable, "-c", FORKED, str(DATA / "format-1"), model]
    assert subprocess.run(command, timeout=120, check=False).returncode == 0


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
def test_a_forked_process_trains_where_its_parent_used_torch(tiny_folder, tmp_path):
    command = [sys.executable, "-c", TRAINED, str(tiny_folder), str(tmp_path / "model")]
    done = subprocess.run(command, timeout=120, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


SPAWNED = """
import multiprocessing, sys
import numpy, stance
def probabilities(texts):
    with stance.load(sys.argv[1], threads=1) as model:
        return model.predict_proba(texts).tolist()
if __name__ == "__main__":
    import json
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        json.dump(pool.map(probabilities, [json.load(sys.stdin)] * 2), sys.stdout)
"""


def test_spawned_processes_load_their_own(tmp_path):
    script = tmp_path / "spawned.py"
    script.write_text(SPAWNED, encoding="utf-8")
    words = [sys.executable, str(script), str(DATA / "format-1")]
    done = subprocess.run(
        words, input=json.dumps(TEXTS), capture_output=True, text=True, check=True
    )
    assert all(right(np.array(found)) for found in json.loads(done.stdout))


def test_loading_and_closing_leaves_nothing_behind():
    script = Path(__file__).parent / "leaks.py"
    words = [sys.executable, str(script), "--loads", "100"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["loads"] == 100
    assert figures["grown_kb"] < 2048
    assert figures["open_files"] == 0
    assert figures["threads"] == 0
