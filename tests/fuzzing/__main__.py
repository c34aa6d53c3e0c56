"""The command: ``python -m tests.fuzzing --cases 10000``."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.fuzzing.engines import Outcome, fuzz, fuzz_guided
from tests.fuzzing.targets import TARGETS
from tests.page import write_section

ENGINES = {"hypothesis": fuzz, "atheris": fuzz_guided}


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.fuzzing", description="Fuzz every target.")
    parser.add_argument("--cases", type=int, default=10_000, help="inputs for each target")
    parser.add_argument("--engine", choices=ENGINES, default="hypothesis")
    parser.add_argument("--seed", type=int, default=0, help="other inputs for another number")
    parser.add_argument("--jobs", type=int, default=1, help="targets at once")
    parser.add_argument("--only", choices=[target.name for target in TARGETS], action="append")
    parser.add_argument("--write", action="store_true", help="write the table to docs/testing.md")
    options = parser.parse_args()
    run = partial(run_target, options.engine, options.cases, options.seed)
    names = [one.name for one in TARGETS if options.only is None or one.name in options.only]
    rows = ["| target | cases | seconds | findings |", "| --- | ---: | ---: | ---: |"]
    print(*rows, sep="\n")
    findings: list[str] = []
    with ProcessPoolExecutor(options.jobs) as pool:
        for done in pool.map(run, names):
            found = len(done.findings)
            rows.append(f"| {done.target} | {done.cases:,} | {done.seconds:.0f} | {found} |")
            print(rows[-1], flush=True)
            findings += done.findings
    if options.write:
        write_section("fuzzing", "\n".join(rows))
    print(*findings, sep="\n", file=sys.stderr)
    return 1 if findings else 0


def run_target(engine: str, cases: int, start: int, name: str) -> Outcome:
    [target] = [target for target in TARGETS if target.name == name]
    return ENGINES[engine](target, cases=cases, start=start)


if __name__ == "__main__":
    sys.exit(main())
