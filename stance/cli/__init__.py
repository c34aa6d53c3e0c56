"""The command ``stance``: a thin shell over the library's functions.

Every module here parses one command, calls the library and returns an exit code: 0 all done, 1 some
inputs could not be done (they are named), 2 wrong usage or nothing could be done. What a command
needs is imported when it runs, so that ``stance --help`` is quick.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from types import FrameType
from typing import Annotated, Any

import typer

from stance.cli import (
    agreement,
    evaluate,
    finetune,
    info,
    label,
    report,
    sample,
    shares,
    suggest,
)
from stance.cli._shared import DEBUG, ExitCode, say, saying_warnings
from stance.cli._streams import prepare_streams
from stance.errors import StanceError
from stance.untrusted import is_panic

__all__ = ["main"]

#: The commands, in the order in which the help lists them.
COMMANDS: dict[str, Callable[..., int]] = {
    "label": label.label,
    "finetune": finetune.finetune,
    "evaluate": evaluate.evaluate,
    "shares": shares.shares,
    "report": report.report,
    "sample": sample.sample,
    "agreement": agreement.agreement,
    "suggest": suggest.suggest,
    "info": info.info,
}

# Wrong usage is one of its kind; the class itself has moved between typer's versions.
_USAGE_ERROR: Any = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "UsageError"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, and leave Python with its exit code.

    Args:
        arguments: the words after ``stance``; those of this process by default.
    """
    prepare_streams()
    with saying_warnings(), _interrupts() as interrupted:
        code, message = _run(arguments)
        # A command whose code is an ExitCode has said what it leaves; typer's own is none.
        unsaid = code == ExitCode.STOPPED and not isinstance(code, ExitCode)
        if unsaid or (interrupted() and message):
            code, message = ExitCode.STOPPED, "stopped"
    if message:
        say(message)
    try:
        sys.stdout.flush()
    except OSError as error:
        # Where what reads the output has ended (`| head`), nobody is left to be told; and where
        # nothing was done, the reason has been given.
        if not isinstance(error, BrokenPipeError) and code != ExitCode.NOTHING_DONE:
            say(f"cannot write the output: {error.strerror or error}; write it elsewhere")
            code = ExitCode.NOTHING_DONE
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Yield what says whether Ctrl-C was pressed: an import that it ends may fail in any way."""
    pressed: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        signal.default_int_handler(number, frame)

    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, remember)
    try:
        yield lambda: bool(pressed)
    finally:
        if signal.getsignal(signal.SIGINT) is remember:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _run(arguments: Sequence[str] | None) -> tuple[int, str]:
    """Return the exit code, and what is to be said at last."""
    try:
        found = _command()(args=arguments, prog_name="stance", standalone_mode=False)
    except StanceError as error:
        return ExitCode.NOTHING_DONE, str(error)
    except BrokenPipeError:
        return ExitCode.SOME_FAILED, ""
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.STOPPED, "stopped"
    except _USAGE_ERROR as error:
        return ExitCode.NOTHING_DONE, _misused(error)
    except BaseException as error:
        if os.environ.get(DEBUG) or not (isinstance(error, Exception) or is_panic(error)):
            raise
        return ExitCode.NOTHING_DONE, _unforeseen(error)
    return (found, "") if isinstance(found, int) else (ExitCode.DONE, "")


def _misused(error: Any) -> str:
    """Return what is wrong, in a line; of the command alone, its help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(f"{error.format_message()}\n")
        return ""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "stance"
    return f"{error.format_message().rstrip('.')} (see {command} --help)"


def _unforeseen(error: BaseException) -> str:
    if isinstance(error, OSError):  # What the machine refuses is no mistake of the program.
        what = "cannot go on" if error.filename is None else f"cannot use {error.filename}"
        reason = error.strerror or error
        return f"{what}: {reason}; put that right and start again ({DEBUG}=1 shows where it was)"
    return (
        f"unexpected {type(error).__name__}: {error}; this is a mistake in stance, please "
        f"report it with what {DEBUG}=1 shows"
    )


def _print_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"stance {version('stance')}\n")
        raise typer.Exit


def _options(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Take what is said before any command."""


def _command() -> Callable[..., object]:
    app = typer.Typer(
        help="How articles frame world politics: frames and stances, sentence by sentence.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name, command in COMMANDS.items():
        app.command(name)(command)
    return typer.main.get_command(app)
