"""Attacks: each is watched while it is made, and all are listed at the end of the run."""

import io
import shutil
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from spoiling import DATA
from watch import snapshot, watched

from stance.cli import main
from stance.errors import StanceError

_ATTACKS = pytest.StashKey[list]()


@dataclass(frozen=True)
class Outcome:
    """What came of one attack.

    Attributes:
        attack: what was tried.
        kind: on what: ``model``, ``input``, ``output``, ``training``.
        line: what the user reads; empty where nothing was refused.
        tracebacks, run, written, sockets: how many errors that are not stance's own, commands
            run, writes outside the output and sockets to elsewhere.
    """

    attack: str
    kind: str
    line: str
    tracebacks: int
    run: int
    written: int
    sockets: int


@pytest.fixture
def sandbox(tmp_path):
    """A folder with what must not be touched, and ``out``, where results may go."""
    (tmp_path / "out").mkdir()
    (tmp_path / "secret.txt").write_text("precious", encoding="utf-8")
    return tmp_path


@pytest.fixture
def folder(sandbox):
    """A sound model folder, to be spoilt."""
    return Path(shutil.copytree(DATA / "format-1", sandbox / "model"))


@pytest.fixture
def attempt(request, sandbox, sockets) -> Callable[..., Outcome]:
    """Make an attack: it may end well or in an error of stance, and must leave no other trace."""

    def make(attack, action, *, kind="model", refused=True):
        before, reached = snapshot(sandbox, but=sandbox / "out"), len(sockets())
        line, tracebacks = "", 0
        with watched(sandbox / "out") as seen:
            try:
                action()
            except StanceError as error:
                line = str(error)
            except Exception as error:  # noqa: BLE001  (that there is none is what is tested)
                line, tracebacks = f"{type(error).__name__}: {error}", 1
        after = snapshot(sandbox, but=sandbox / "out")
        changed = {
            path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
        }
        outcome = Outcome(
            attack,
            kind,
            line,
            tracebacks,
            run=len(seen.ran),
            written=len(changed | set(seen.written)),
            sockets=len(sockets()) - reached,
        )
        request.config.stash.setdefault(_ATTACKS, []).append(outcome)
        assert not tracebacks, line
        assert not seen.ran
        assert not changed | set(seen.written)
        assert not sockets()[reached:]
        assert line.isprintable(), repr(line)
        assert bool(line) == refused, f"refused: {line!r}"
        return outcome

    return make


@pytest.fixture
def command(monkeypatch, capsys):
    """Return a function that runs the command line and raises what it refuses with."""

    def call(*words, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        lines = capsys.readouterr().err.splitlines()
        if left.value.code:
            assert len(lines) == 1, lines
            assert "unexpected" not in lines[0], lines
            raise StanceError(lines[0].removeprefix("stance: "))

    return call


def pytest_terminal_summary(terminalreporter, config):
    """Print the attacks and what came of them: counted, not claimed."""
    outcomes = config.stash.get(_ATTACKS, [])
    if not outcomes:
        return
    by_kind = defaultdict(list)
    for outcome in outcomes:
        by_kind[outcome.kind].append(outcome)
    terminalreporter.section("attacks and their outcomes")
    width = max(len(outcome.attack) for outcome in outcomes)
    for kind, found in sorted(by_kind.items()):
        terminalreporter.write_line(f"{kind}: {len(found)}")
        for outcome in sorted(found, key=lambda outcome: outcome.attack):
            terminalreporter.write_line(f"  {outcome.attack:{width}}  {_shown(outcome)}")
    totals = [
        f"{sum(getattr(outcome, name) for outcome in outcomes)} {what}"
        for name, what in (
            ("tracebacks", "tracebacks"),
            ("run", "commands run"),
            ("written", "writes outside the output"),
            ("sockets", "sockets"),
        )
    ]
    terminalreporter.write_line(f"{len(outcomes)} attacks: {', '.join(totals)}")


def _shown(outcome):
    if not outcome.line:
        return "harmless: done without it"
    # The folders of this run tell nobody anything.
    words = [
        word.rpartition("/")[2] if word.startswith("/") else word for word in outcome.line.split()
    ]
    line = " ".join(words)
    return f"refused: {line[:110]}{'…' if len(line) > 110 else ''}"
