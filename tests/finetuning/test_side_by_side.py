"""Work in several processes: all of it, what goes wrong in it, and no process that is left over."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pieces
import pytest

from stance.errors import InputError, StanceError
from stance.finetuning.side_by_side import run_side_by_side


def nothing(shares):
    pass


def test_every_piece_is_done_in_as_many_processes_and_threads_as_asked(tmp_path):
    told = []
    work = partial(pieces.note, tmp_path)
    run_side_by_side(work, range(4), processes=2, threads=1, told=told.append)
    notes = [(tmp_path / str(number)).read_text().split() for number in range(4)]
    processes, threads = map(set, zip(*notes, strict=True))
    assert len(processes) == 2
    assert str(os.getpid()) not in processes
    assert threads == {"1"}
    assert told[-1] == dict.fromkeys(range(4), 1.0)
    sums = [sum(shares.values()) for shares in told]
    assert sums == sorted(sums)
    assert 0.5 in told[0].values()


def test_without_a_piece_no_process_is_started():
    run_side_by_side(pieces.fail, [], processes=2, threads=1, told=nothing)


def test_what_a_piece_raises_is_raised():
    with pytest.raises(InputError, match="row 7 has no text") as raised:
        run_side_by_side(pieces.fail, [1], processes=1, threads=1, told=nothing)
    assert "in fail" in str(raised.value.__cause__)


def test_an_error_that_cannot_be_sent_is_raised_in_its_words():
    with pytest.raises(RuntimeError, match="UnsendableError: one and two"):
        run_side_by_side(pieces.fail, [2], processes=1, threads=1, told=nothing)


def test_a_process_that_the_system_ended_is_said():
    with pytest.raises(StanceError, match=r"ended by the system .* --resume"):
        run_side_by_side(pieces.fail, [3], processes=1, threads=1, told=nothing)


@pytest.mark.skipif(os.name == "nt", reason="Windows ends no process by a signal")
def test_a_script_without_a_guard_is_run_once_and_no_process_outlives_it(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        f"sys.path[:0] = {[str(Path(pieces.__file__).parent)]!r}\n"
        "from functools import partial\n"
        "import pieces\n"
        "from stance.finetuning.side_by_side import run_side_by_side\n"
        f"work = partial(pieces.wait, {str(tmp_path)!r})\n"
        "run_side_by_side(work, [0, 1], processes=2, threads=1, told=print)\n"
    )
    parent = subprocess.Popen([sys.executable, script])
    try:
        wait_for(lambda: all(written(tmp_path / name) for name in "01"))
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    for name in "01":
        wait_for(partial(is_gone, int((tmp_path / name).read_text())))


def written(path):
    return path.exists() and path.read_text()


def is_gone(process):
    try:
        os.kill(process, 0)
        # It may wait for somebody to ask how it ended.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


def wait_for(is_so, seconds=60):
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)
