"""Runs a target: with Hypothesis, which shrinks what it finds, or with atheris, which learns."""

import random
import re
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from .targets import Target

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    """How a target fared: inputs tried, seconds, and what does not hold, each as its traceback."""

    target: str
    cases: int
    seconds: float
    findings: tuple[str, ...]


def fuzz(target: Target, *, cases: int, start: int | None = None) -> Outcome:
    """Try so many inputs with Hypothesis: the same ones always, or others for each ``start``."""
    tried = 0

    def check(case: Any) -> None:
        nonlocal tried
        tried += 1
        target.check(case)

    test = settings(
        max_examples=cases,
        deadline=None,
        database=None,
        derandomize=start is None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )(given(target.cases)(check))
    began = time.perf_counter()
    findings: tuple[str, ...] = ()
    try:
        (test if start is None else seed(start)(test))()
    except Exception as error:  # noqa: BLE001 - Whatever it is, it is what was looked for.
        found = getattr(error, "exceptions", [error])
        findings = tuple("".join(traceback.format_exception(one)) for one in found)
    return Outcome(target.name, tried, time.perf_counter() - began, findings)


def fuzz_guided(target: Target, *, cases: int, start: int = 0) -> Outcome:
    """Try so many inputs with atheris, in a process of its own, which it never leaves alive."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        # Hypothesis reads its choices from the bytes: short ones would run out before a case ends.
        chance = random.Random(start)
        for number in range(32):
            Path(folder, f"{number}").write_bytes(chance.randbytes(2_000))
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzzing.guided", target.name, str(cases), folder],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    tried = re.findall(r"^tried (\d+)$", done.stdout, re.MULTILINE)
    findings = () if done.returncode == 0 else (done.stdout + done.stderr,)
    return Outcome(
        target.name, int(tried[-1]) if tried else 0, time.perf_counter() - began, findings
    )
