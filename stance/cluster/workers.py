"""One model per worker: what a worker loads, and how much of its machine it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from stance.backends import choose_backend
from stance.errors import InputError
from stance.model import StanceModel, load
from stance.options import whole_number
from stance.settings import columns_of
from stance.store import ModelFolder, find_folder

__all__ = ["Worker", "loaded"]


@dataclass(frozen=True)
class Worker:
    """How a worker loads its model.

    Attributes:
        model: what ``stance.load`` takes. A folder has to be at the same place on every machine.
        thresholds: (frame, threshold) pairs, instead of the model's own.
        backend, device: as ``stance.load``.
        threads: processors that it asks the cluster for, and uses.
        gpus: GPUs that it asks for; 0.25 puts four workers on each.
        batch_size: as ``stance.load``.
    """

    model: str | None = None
    thresholds: tuple[tuple[str, float], ...] = ()
    backend: str = "auto"
    device: str = "cpu"
    threads: int = 1
    gpus: float = 0.0
    batch_size: int | None = None

    @classmethod
    def of(
        cls,
        model: str | Path | None,
        *,
        thresholds: Mapping[str, float] | None,
        backend: str,
        device: str,
        threads: int | None,
        num_gpus: float | None,
        batch_size: int | None = None,
    ) -> Worker:
        """Make one from the options of a job; a GPU worker has a whole GPU by default.

        Raises:
            InputError: ``num_gpus``, ``threads`` or ``batch_size`` is out of range, or for another
                device.
        """
        on_gpu = device != "cpu"
        gpus = float(on_gpu) if num_gpus is None else num_gpus
        if gpus < 0 or on_gpu != (gpus > 0):
            raise InputError(
                f"num_gpus is {num_gpus} for the device {device}; expected more than 0 (0.25: four "
                "workers a GPU) for cuda, and none for cpu"
            )
        threads = None if threads is None else whole_number("threads", threads, 1)
        batch_size = None if batch_size is None else whole_number("batch_size", batch_size, 1)
        if model and Path(model).exists():
            model = Path(model).absolute()
        return cls(
            None if model is None else str(model),
            tuple((thresholds or {}).items()),
            backend,
            device,
            threads or 1,
            gpus,
            batch_size,
        )

    def checked_folder(self, options: Mapping[str, Any]) -> ModelFolder:
        """Read the model's folder, without loading the model, and see that the options fit it.

        Returns:
            The folder, with the thresholds of this worker.

        Raises:
            ModelError: the model is missing or damaged.
            InputError: a frame or a threshold, a column to keep, a share to withhold, a backend or
                a device is not one that the model can have.
        """
        # Long before a worker would: that would end a job that has begun.
        folder = ModelFolder.read(find_folder(self.model))
        choose_backend(folder.path, backend=self.backend, device=self.device)
        decision = folder.decision.with_thresholds(dict(self.thresholds), folder.codebook)
        decision.share_of(options["abstain"])
        columns_of(folder.codebook, options)
        return replace(folder, decision=decision)

    def pool(self, workers: int | None, *, room: Mapping[str, float]) -> dict[str, Any]:
        """Return how Ray Data is to run them: as many as there is room for, ``workers`` at most.

        Args:
            workers: None for any number.
            room: what the cluster has now, as ``ray.cluster_resources``; so many start at once.

        Raises:
            InputError: ``workers`` is below 1 or no whole number.
        """
        from ray.data import ActorPoolStrategy

        workers = None if workers is None else whole_number("workers", workers, 1)
        fit = room.get("GPU", 0) / self.gpus if self.gpus else room.get("CPU", 0) / self.threads
        first = max(1, min(int(fit), workers or int(fit)))
        return {
            "compute": ActorPoolStrategy(min_size=1, max_size=workers, initial_size=first),
            "num_cpus": self.threads,
            "num_gpus": self.gpus,
            "batch_format": "pyarrow",
        }


@lru_cache(maxsize=1)
def loaded(worker: Worker) -> StanceModel:
    """Load a worker's model, once in a process.

    Raises:
        ModelError, InputError, MissingExtraError: as ``stance.load``.
    """
    model = load(
        worker.model,
        backend=worker.backend,
        device=worker.device,
        threads=worker.threads,
        batch_size=worker.batch_size,
    )
    return model.with_thresholds(dict(worker.thresholds))
