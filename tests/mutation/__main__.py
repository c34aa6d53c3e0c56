"""The command: ``python -m tests.mutation [--sample N] MODULE...``."""

import argparse
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tests.page import write_section

#: What can be named, and the mutants that it stands for.
MODULES = {
    "decision": "stance.decision.*",
    "codebook": "stance.codebook.*",
    "resampling": "stance.resampling.*",
    "scoring": "stance.scoring.*",
    "files": "stance.files.*",
}
MUTANTS = Path("mutants")
# How mutmut records what became of a mutant: the exit code of the tests, or a code of its own.
SURVIVED, NO_TESTS = 0, (5, 33)


@dataclass(frozen=True)
class Score:
    """Of one module: all mutants, those tried, those that some test caught, and seconds."""

    module: str
    mutants: int
    tried: int
    caught: int
    seconds: float

    def __str__(self) -> str:
        share = self.caught / max(1, self.tried)
        return (
            f"| `stance/{self.module}` | {self.mutants:,} | {self.tried:,} | {self.caught:,} "
            f"| {share:.1%} | {self.seconds:.0f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.mutation")
    parser.add_argument("modules", nargs="+", choices=MODULES)
    parser.add_argument("--sample", type=int, help="try so many mutants of a module, by chance")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument("--write", action="store_true", help="write the table to docs/testing.md")
    options = parser.parse_args()
    if options.fresh:
        shutil.rmtree(MUTANTS, ignore_errors=True)
    for module in options.modules:
        run(MODULES[module], options.sample, options.seed)
    table = "\n".join(
        [
            "| module | mutants | tried | caught | share | seconds |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
            *map(str, scores()),
        ]
    )
    print(table)
    if options.write:
        write_section("mutation", table)


def run(pattern: str, sample: int | None, seed: int) -> None:
    """Try the mutants of a module that were not tried yet, or some of them."""
    mutmut("none of them", check=False)  # It makes the mutants before it looks for the name.
    results = {name: code for _, found in _results() for name, (code, _) in found.items()}
    names = sorted(name for name in results if fnmatch(name, pattern))
    if sample is not None and sample < len(names):
        names = sorted(random.Random(seed).sample(names, sample))
    if left := [name for name in names if results[name] is None]:
        mutmut(*left)


def mutmut(*names: str, check: bool = True) -> None:
    output = None if check else subprocess.DEVNULL
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "2", *names]
    subprocess.run(command, check=check, stdout=output, stderr=output)


def scores() -> list[Score]:
    """Read what became of the mutants, one score a file."""
    found = []
    for path, results in _results():
        tried = [(code, seconds) for code, seconds in results.values() if code is not None]
        if tried:
            caught = sum(code != SURVIVED and code not in NO_TESTS for code, _ in tried)
            seconds = sum(seconds for _, seconds in tried)
            module = path.relative_to(MUTANTS / "stance").with_suffix("").as_posix()
            found.append(Score(module, len(results), len(tried), caught, seconds))
    return found


def _results() -> Iterable[tuple[Path, dict[str, tuple[int | None, float]]]]:
    """Give each mutated file, and its mutants' exit codes and seconds; None: not tried."""
    for path in sorted(MUTANTS.rglob("*.meta")):
        data = json.loads(path.read_text(encoding="utf-8"))
        codes, seconds = data["exit_code_by_key"], data["durations_by_key"]
        yield path, {name: (code, seconds.get(name, 0.0)) for name, code in codes.items()}


if __name__ == "__main__":
    main()
