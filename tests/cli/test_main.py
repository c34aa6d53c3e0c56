"""Errors are one line and an exit code; nothing heavy is imported to say so."""

import errno
import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from stance import cli
from stance.errors import ModelError

ROOT = Path(cli.__file__).parents[2]
PROGRAM = "from stance.cli import main; main()"


def python(program, *words, **variables):
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        check=False,
    )


def test_the_help_lists_the_commands(run):
    outcome = run("--help")
    assert outcome.code == 0
    assert all(name in outcome.out for name in cli.COMMANDS)


def test_the_version_is_that_of_the_package(run):
    outcome = run("--version")
    assert (outcome.code, outcome.out) == (0, f"stance {version('stance')}\n")


def test_no_command_prints_the_help_in_lines_and_code_2(run):
    outcome = run()
    assert (outcome.code, outcome.out) == (2, "")
    lines = [line.split() for line in outcome.err.splitlines()]
    assert lines[0][:2] == ["Usage:", "stance"]
    assert set(cli.COMMANDS) <= {line[0] for line in lines if line}


@pytest.mark.parametrize("words", [("frobnicate",), ("label",), ("label", "a", "--threads", "x")])
def test_wrong_usage_is_one_line_and_code_2(run, words):
    outcome = run(*words)
    assert outcome.code == 2
    assert outcome.err.startswith("stance: ")
    assert outcome.err.count("\n") == 1
    assert "--help" in outcome.err


def broken():
    raise RuntimeError("first\nsecond")


def test_an_unexpected_error_is_one_line_that_says_how_to_see_more(run, monkeypatch):
    monkeypatch.setitem(cli.COMMANDS, "info", broken)
    monkeypatch.delenv("STANCE_DEBUG", raising=False)
    outcome = run("info")
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert "STANCE_DEBUG=1" in outcome.err


def test_an_unexpected_error_is_raised_where_that_was_asked_for(monkeypatch):
    monkeypatch.setitem(cli.COMMANDS, "info", broken)
    monkeypatch.setenv("STANCE_DEBUG", "1")
    with pytest.raises(RuntimeError):
        cli.main(["info"])


class Panic(BaseException):
    """What a library written in Rust raises where it gives up."""

    __module__ = "pyo3_runtime"


def panicking():
    raise Panic("index out of bounds")


def test_a_panic_of_a_library_is_one_line_too(run, monkeypatch):
    monkeypatch.setitem(cli.COMMANDS, "info", panicking)
    monkeypatch.delenv("STANCE_DEBUG", raising=False)
    outcome = run("info")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "unexpected Panic: index out of bounds" in outcome.err


def refused():
    raise PermissionError(errno.EACCES, "Permission denied", "/locked/a")


def test_what_the_machine_refuses_is_named_and_no_mistake_of_stance(run, monkeypatch):
    monkeypatch.setitem(cli.COMMANDS, "info", refused)
    monkeypatch.delenv("STANCE_DEBUG", raising=False)
    outcome = run("info")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert outcome.err.startswith("stance: cannot use /locked/a: Permission denied; put that right")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize(
    ("at_once", "said"), [("", "cannot write the output"), ("1", "cannot go on")]
)
def test_an_output_that_cannot_be_written_is_one_line(tiny_folder, at_once, said):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "info", "--json", "--model", str(tiny_folder)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": at_once},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert done.stderr.startswith(f"stance: {said}: No space left on device; ".encode())


def interrupted():
    raise KeyboardInterrupt


def test_an_interrupt_is_no_traceback(run, monkeypatch):
    monkeypatch.setitem(cli.COMMANDS, "info", interrupted)
    outcome = run("info")
    assert (outcome.code, outcome.err) == (130, "stance: stopped\n")


@pytest.fixture
def heeded():
    """Let an interrupt be one: what was started in the background may have it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize("error", [ModelError("fetch the model again"), RuntimeError("a field")])
def test_what_an_interrupt_turns_into_is_an_interrupt(run, monkeypatch, error):
    def imports_something():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise error from None

    monkeypatch.setitem(cli.COMMANDS, "info", imports_something)
    outcome = run("info")
    assert (outcome.code, outcome.err) == (130, "stance: stopped\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    ("words", "closed", "code", "told"),
    [
        (["--version"], ">&-", 0, ""),
        (["info", "--model", "nowhere"], "2>&-", 2, ""),
        (["label", "a.txt", "-o", "-"], ">&-", 2, "stance: there is no standard output here"),
    ],
)
def test_a_stream_that_the_shell_closed_is_no_traceback(tmp_path, words, closed, code, told):
    (tmp_path / "a.txt").write_text("They met.")
    command = f'"{sys.executable}" -m stance {" ".join(words)} {closed}'
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert done.stderr.startswith(told)
    assert done.stderr.count("\n") == bool(told)


def with_a_table(model, folder, output, *, sentences):
    """Write six articles of so many sentences; return the command that labels them."""
    for name in "abcdef":
        (folder / f"{name}.txt").write_text("They met again. " * sentences, encoding="utf-8")
    words = ["label", *folder.glob("*.txt"), "--model", model, "-o", output, "--table"]
    return [sys.executable, "-m", "stance", *map(str, words)]


def test_a_result_is_written_though_nobody_reads_its_table_any_more(tiny_folder, tmp_path):
    output = tmp_path / "out.jsonl"
    command = with_a_table(tiny_folder, tmp_path, output, sentences=2000)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
    assert len(output.read_text("utf-8").splitlines()) == 12_000


def test_a_terminal_without_a_size_shows_what_can_be_read(run, tiny_folder, tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("They met in the old town, and agreed to meet again soon. " * 3)
    for columns, widest in (("0", 80), ("3", 20), ("60", 60)):
        monkeypatch.setenv("COLUMNS", columns)
        lines = run("label", tmp_path / "a.txt", "--model", tiny_folder).out.splitlines()
        assert max(map(len, lines)) == widest


def test_a_reader_that_ends_early_is_no_error(tiny_folder, tmp_path):
    article = tmp_path / "a.txt"
    article.write_text("They met again. " * 4000, encoding="utf-8")
    words = [sys.executable, "-c", PROGRAM, "label", article, "--model", tiny_folder]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [str(word) for word in words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


def test_the_help_loads_no_model_and_no_runtime():
    program = (
        "import sys\nfrom stance.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n"
        "    pass\nsys.exit(bool({'numpy', 'onnxruntime', 'torch', 'rich'} & set(sys.modules)))"
    )
    assert python(program).returncode == 0


def test_text_that_the_terminal_cannot_show_is_replaced(tiny_folder, tmp_path):
    article = tmp_path / "a.txt"
    article.write_text("They met in Köln — twice.", encoding="utf-8")
    done = python(
        PROGRAM, "label", article, "--model", tiny_folder, PYTHONIOENCODING="ascii:strict"
    )
    assert done.returncode == 0
    assert b"They met in K?ln ? twice." in done.stdout


def test_the_command_line_is_run_by_the_packages_name_too():
    command = [sys.executable, "-m", "stance"]
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"stance {version('stance')}"
    wrong = subprocess.run([*command, "lable"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


def test_rows_go_to_standard_output_though_nobody_reads_the_table_beside_it(tiny_folder, tmp_path):
    command = with_a_table(tiny_folder, tmp_path, "-", sentences=500)
    with (
        (tmp_path / "out.jsonl").open("wb") as rows,
        subprocess.Popen(command, stdout=rows, stderr=subprocess.PIPE) as process,
    ):
        process.stderr.readline()
        process.stderr.close()
    assert process.returncode == 0
    assert len((tmp_path / "out.jsonl").read_text("utf-8").splitlines()) == 3000
