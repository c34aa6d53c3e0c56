"""The command ``stance``: a thin shell over the library's functions.

Every module here parses one command, calls the library and returns an exit code: 0 all done, 1 some
inputs could not be done (they are named), 2 wrong usage or nothing could be done. What a command
needs is imported when it runs, so that ``stance --help`` is quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
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
from stance.errors import StanceError

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
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    with saying_warnings():
        code = _run(arguments)
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


def _run(arguments: Sequence[str] | None) -> int:
    try:
        found = _command()(args=arguments, prog_name="stance", standalone_mode=False)
    except StanceError as error:
        say(str(error))
    except BrokenPipeError:
        return ExitCode.SOME_FAILED
    except (KeyboardInterrupt, typer.Abort):
        say("stopped")
        return ExitCode.STOPPED
    except _USAGE_ERROR as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.stderr.write(f"{error.format_message()}\n")
            return ExitCode.NOTHING_DONE
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "stance"
        say(f"{error.format_message().rstrip('.')} (see {command} --help)")
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        say(_unforeseen(error))
    else:
        return found if isinstance(found, int) else ExitCode.DONE
    return ExitCode.NOTHING_DONE


def _unforeseen(error: Exception) -> str:
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
