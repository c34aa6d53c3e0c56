import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from stance.backends import Batch, open_backend
from stance.backends.onnx import OnnxBackend, _side_by_side, available_threads
from stance.errors import InputError, ModelError

SHIPPED = Path(__file__).parents[2] / "models" / "default"


def batch(*lengths):
    ids = np.zeros((len(lengths), max(lengths)), np.int64)
    for row, length in enumerate(lengths):
        ids[row, :length] = np.arange(5, 5 + length)
    return Batch(ids, (ids > 0).astype(np.int64))


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_batches_come_back_in_order(tiny_folder, threads):
    backend = OnnxBackend(tiny_folder / "model.onnx", threads=threads)
    batches = [batch(3), batch(2, 4), batch(7, 1, 1)] * 10
    results = backend.logits(batches)
    assert [len(result) for result in results] == [1, 2, 3] * 10
    for left, right in zip(results[:3], results[-3:], strict=True):
        np.testing.assert_array_equal(left, right)
    backend.close()


def test_a_small_request_waits_for_few_batches_of_a_large_one():
    done = []
    with ThreadPoolExecutor(1) as pool:
        large = _side_by_side(pool, lambda given: done.append(given) or given, range(100), ahead=4)
        assert next(large) == 0
        assert pool.submit(lambda: len(done)).result() <= 6
        assert [*large] == [*range(1, 100)]
    assert done == [*range(100)]


def test_what_has_begun_ends_where_the_threads_are_gone():
    with ThreadPoolExecutor(2) as pool:
        begun = _side_by_side(pool, lambda given: given, range(20), ahead=4)
        assert next(begun) == 0
    assert [*begun] == [*range(1, 20)]


def test_closing_lets_what_others_have_begun_end_and_refuses_the_rest(tiny_folder):
    def run_until_closed(backend, expected):
        while True:
            np.testing.assert_array_equal(backend.logits([batch(3)] * 50), expected)

    for threads in [1, 2] * 3:
        backend = OnnxBackend(tiny_folder / "model.onnx", threads=threads)
        expected = backend.logits([batch(3)]) * 50
        with ThreadPoolExecutor(4) as pool:
            runs = [pool.submit(run_until_closed, backend, expected) for _ in range(4)]
            time.sleep(0.05)
            backend.close()
            for run in runs:
                with pytest.raises(ModelError, match=r"^this model is closed; load it again"):
                    run.result(timeout=60)


FORKED = """
import os, sys, threading
from pathlib import Path
import numpy as np
from stance.backends import Batch
from stance.backends.onnx import OnnxBackend
backend = OnnxBackend(Path(sys.argv[1]), threads=2)
ids = np.full((1, 3), 5)
batches = [Batch(ids, ids // ids)] * 4
forked, handed_in = threading.Event(), threading.Event()
class Waiting(list):
    def __iter__(self):  # Is being handed in as the process forks.
        handed_in.set()
        forked.wait()
        return super().__iter__()
other = threading.Thread(target=backend.logits, args=(Waiting(batches),))
other.start()
handed_in.wait()
child = os.fork()
if not child:
    os._exit(len(backend.logits(batches)) - 4)
forked.set()
other.join()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_process_forked_in_the_middle_goes_on(tiny_folder):
    command = [sys.executable, "-c", FORKED, str(tiny_folder / "model.onnx")]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0


def test_padding_does_not_matter(tiny_folder):
    backend = OnnxBackend(tiny_folder / "model.onnx", threads=1)
    [alone], [padded] = backend.logits([batch(3)]), backend.logits([batch(3, 14)])
    np.testing.assert_allclose(alone[0], padded[0], atol=1e-4)


def test_a_file_that_is_no_onnx_is_refused(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"not a graph")
    with pytest.raises(ModelError, match="cannot be run"):
        OnnxBackend(tmp_path / "model.onnx")


def test_there_is_a_processor():
    assert available_threads() >= 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "tensorrt"}, "unknown backend"),
        ({"device": "tpu"}, "unknown device"),
        ({"device": 0}, "unknown device 0; expected cpu or cuda"),
        ({"backend": "onnx", "device": "cuda"}, "use --backend torch"),
    ],
)
def test_options_that_cannot_be_are_refused(tiny_folder, options, message):
    with pytest.raises(InputError, match=message):
        open_backend(tiny_folder, **options)


def test_onnx_without_its_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no model\.onnx"):
        open_backend(tmp_path, backend="onnx")


def test_a_gpu_that_is_not_there_is_refused(tiny_folder):
    torch = pytest.importorskip("torch", reason="needs the extra train")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(InputError, match="no CUDA device"):
        open_backend(tiny_folder, device="cuda")


def test_a_device_that_torch_refuses_is_named(tiny_folder, monkeypatch):
    torch = pytest.importorskip("torch", reason="needs the extra train")

    def refuse(*_):
        raise RuntimeError("CUDA error: invalid device ordinal\nMore lines follow.")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.nn.Module, "to", refuse)
    with pytest.raises(InputError, match=r"^the device cuda:7 cannot be used: .*ordinal"):
        open_backend(tiny_folder, device="cuda:7")


@pytest.mark.parametrize("tokens", [24, 33, 64, 65, 128])
def test_not_a_bit_of_a_row_depends_on_its_batch(tokens):
    backend = OnnxBackend(SHIPPED / "model.onnx", threads=1)
    random = np.random.default_rng(tokens)
    ids = random.integers(1000, 20_000, (4, tokens))
    lengths = random.integers(3, 24, 4)
    mask = (np.arange(tokens) < lengths[:, None]).astype(np.int64)
    [together] = backend.logits([Batch(ids * mask, mask)])
    for row, length in enumerate(lengths):
        one = slice(row, row + 1), slice(length)
        [alone] = backend.logits([Batch(ids[one], mask[one])])
        np.testing.assert_array_equal(alone[0], together[row])
