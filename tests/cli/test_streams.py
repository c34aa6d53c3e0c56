"""Standard output as other systems have it."""

import io
import os
import sys

import pytest

from stance.cli._streams import Pipe, prepare_streams


@pytest.mark.skipif(not hasattr(os, "eventfd"), reason="Linux alone has what refuses so here")
def test_a_pipe_whose_reader_has_ended_says_so_on_windows_too():
    refusing = os.eventfd(0)  # It takes eight bytes, and calls others an invalid argument.
    with Pipe(refusing, "wb") as pipe, pytest.raises(BrokenPipeError):
        pipe.write(b"x")


@pytest.mark.parametrize(
    ("variables", "written"), [({"MSYSTEM": "UCRT64"}, "utf-8"), ({}, "cp1252")]
)
def test_the_terminal_of_git_is_given_utf8(monkeypatch, variables, written):
    reading, writing = os.pipe()
    with open(writing, "wb") as raw, open(reading, "rb") as read:  # noqa: PTH123 - of a number
        stream = io.TextIOWrapper(raw, encoding="cp1252")
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.delenv("MSYSTEM", raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with monkeypatch.context() as windows:
            windows.setattr(os, "name", "nt")
            prepare_streams()
        sys.stdout.write("ministers’")
        sys.stdout.flush()
        assert os.read(read.fileno(), 100).decode(written) == "ministers’"
