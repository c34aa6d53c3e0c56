"""The encoder in PyTorch, where there is no ONNX file or a GPU."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

import stance
from stance.backends import Batch
from stance.backends.torch import TorchBackend, quiet_transformers
from stance.errors import ModelError

IDS = np.array([[2, 5, 6, 3]])
BATCH = Batch(IDS, np.ones_like(IDS))


def test_closing_lets_what_others_have_begun_end_and_refuses_the_rest(tiny_folder):
    def run_until_closed(backend):
        while True:
            backend.logits([BATCH] * 20)

    backend = TorchBackend(tiny_folder, threads=1)
    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(run_until_closed, backend) for _ in range(3)]
        time.sleep(0.1)
        backend.close()
        for run in runs:
            with pytest.raises(ModelError, match=r"^this model is closed; load it again"):
                run.result(timeout=60)


def test_loading_writes_nothing_to_the_terminal(tiny_folder, capfd):
    stance.load(tiny_folder, backend="torch").predict(["They met."])
    assert capfd.readouterr() == ("", "")


def test_transformers_speaks_as_before_once_the_last_load_is_done():
    from transformers.utils import logging

    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    first, second = quiet_transformers(), quiet_transformers()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert logging.get_verbosity() == logging.ERROR
    second.__exit__(None, None, None)
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
