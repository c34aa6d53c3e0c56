"""Fuzzes one target with atheris, which ends the process: ``guided.py TARGET CASES FOLDER``."""

import os
import sys
from typing import Any

import atheris
from hypothesis import HealthCheck, given, settings

with atheris.instrument_imports(include=["stance"]):
    from .targets import TARGETS


def main(name: str, cases: int, folder: str) -> None:
    """Try so many inputs, from the bytes in ``folder`` on, where what is found is put too."""
    # Drawing goes deeper here than in a test: the deepest inputs must still be had.
    sys.setrecursionlimit(sys.getrecursionlimit() + 500)
    [target] = [target for target in TARGETS if target.name == name]
    tried = 0

    def check(case: Any) -> None:
        nonlocal tried
        tried += 1
        try:
            target.check(case)
        except BaseException:
            print(f"tried {tried}\n{case!r}", flush=True)
            raise
        if tried == cases:
            print(f"tried {tried}", flush=True)
            os._exit(0)

    test = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))(
        given(target.cases)(check)
    )
    options = ["-len_control=0", "-max_len=8000", f"-artifact_prefix={folder}/", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, folder], test.hypothesis.fuzz_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
