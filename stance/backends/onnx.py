"""The CPU backend: ONNX Runtime, one thread a batch and as many batches at once as threads.

Running whole batches side by side scales better on few cores than splitting each matrix product,
and a session without threads of its own survives a fork.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.ahead import while_wanted
from stance.backends.base import Batch
from stance.errors import ModelError, reason_of

__all__ = ["OnnxBackend", "available_threads", "open_session"]

#: So many batches a thread wait in the pool for one caller.
_AHEAD = 4


def open_session(model: str | bytes) -> Any:
    """Return a session of ONNX Runtime on one thread, which reports nothing to anybody.

    Args:
        model: the path of an ONNX file, or its contents.
    """
    # From 1.31 on it reports its use to its makers otherwise, over the network; the second line
    # is for a process that had imported it before.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class OnnxBackend:
    """Runs an ONNX file on the CPU.

    Args:
        path: the ONNX file. Its inputs are among ``input_ids``, ``attention_mask`` and
            ``token_type_ids``; its first output is the logits.
        threads: how many batches run at once; all available processors by default.

    Raises:
        ModelError: ONNX Runtime refuses the file.
    """

    name = "onnx"
    device = "cpu"
    batch_tokens = 384

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        try:
            self._session: Any = open_session(str(path))
        except Exception as error:  # its exceptions share no base of their own
            reason = reason_of(error, path=path)
            raise ModelError(f"{path} cannot be run: {reason}; fetch the model again") from error
        self._inputs = {given.name for given in self._session.get_inputs()}
        self._threads = threads or available_threads()
        self._pool: ThreadPoolExecutor | None = None
        self._pool_process = 0
        # By process: a forked child would wait for good for a lock that its parent held.
        self._locks: dict[int, AbstractContextManager[bool]] = {}

    def logits(self, batches: Sequence[Batch]) -> list[NDArray[np.float32]]:
        """Return one float32 array of shape (rows, outputs) a batch, in order.

        Raises:
            ModelError: the model is closed, or its file cannot run a batch.
        """
        with self._lock():
            if self._session is None:
                raise ModelError("this model is closed; load it again with stance.load()")
            run = while_wanted(partial(self._run, self._session))
            pool = self._workers() if self._threads > 1 and len(batches) > 1 else None
        if pool is None:
            return [run(batch) for batch in batches]
        return list(_side_by_side(pool, run, batches, ahead=_AHEAD * self._threads))

    def close(self) -> None:
        """Release the threads and the session; what has begun goes on to its end."""
        with self._lock():
            pool = self._pool if self._pool_process == os.getpid() else None
            self._pool = None
            self._session = None
        if pool is not None:
            pool.shutdown()

    def _lock(self) -> AbstractContextManager[bool]:
        return self._locks.setdefault(os.getpid(), Lock())

    def _run(self, session: Any, batch: Batch) -> NDArray[np.float32]:
        feed = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros_like(batch.input_ids)
        feed = {name: array for name, array in feed.items() if name in self._inputs}
        try:
            output: NDArray[np.float32] = session.run(None, feed)[0]
        except Exception as error:  # its exceptions share no base of their own
            reason = reason_of(error)
            raise ModelError(f"the ONNX file cannot run a batch: {reason}") from error
        return output.astype(np.float32, copy=False)

    def _workers(self) -> ThreadPoolExecutor:
        # A forked child inherits the pool but none of its threads: it needs its own.
        if self._pool is None or self._pool_process != os.getpid():
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="stance-onnx")
            self._pool_process = os.getpid()
        return self._pool


def _side_by_side(
    pool: ThreadPoolExecutor,
    run: Callable[[Batch], NDArray[np.float32]],
    batches: Sequence[Batch],
    *,
    ahead: int,
) -> Iterator[NDArray[np.float32]]:
    """Give the results in order. Few batches wait in the pool: other callers want their turn."""
    waiting: deque[Future[NDArray[np.float32]]] = deque()
    for batch in batches:
        if len(waiting) == ahead:
            yield waiting.popleft().result()
        try:
            waiting.append(pool.submit(run, batch))
        except RuntimeError:  # It was closed meanwhile: what has begun ends here.
            while waiting:
                yield waiting.popleft().result()
            yield run(batch)
    while waiting:
        yield waiting.popleft().result()


def available_threads() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
