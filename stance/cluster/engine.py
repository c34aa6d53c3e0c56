"""Ray: imported, started or joined, and left as it was found."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stance.errors import InputError, MissingExtraError, reason_of

__all__ = ["import_ray", "running_ray"]


def import_ray() -> Any:
    """Import Ray with Ray Data, its usage report switched off.

    Raises:
        MissingExtraError: it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ModuleNotFoundError as error:
        raise MissingExtraError("labelling on a cluster", extra="ray") from error
    return ray


@contextmanager
def running_ray(address: str | None) -> Iterator[Any]:
    """Lend Ray, connected: to ``address``, or as ``ray.init`` finds or starts one by default.

    A connection that stands already is used, and left open.

    Raises:
        MissingExtraError: Ray is not installed.
        InputError: nothing answers at the address.
    """
    ray = import_ray()
    logging.getLogger("ray.data").setLevel(logging.ERROR)  # Its plans are no news to a user.
    if ray.is_initialized():
        yield ray
        return
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError) as error:
        reason = reason_of(error, limit=160)
        raise InputError(
            f"no Ray cluster can be joined at {address or 'its default address'}: {reason}; "
            "expected HOST:PORT of a head node, or nothing to start Ray on this machine"
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()
