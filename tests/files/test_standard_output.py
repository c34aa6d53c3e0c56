"""Rows go to standard output as they are, and nothing else does."""

import io
import sys
from pathlib import Path

import pytest

from stance.errors import OutputError
from stance.files.partial import PartialOutput
from stance.files.standard_output import open_output

DASH = Path("-")


def test_rows_are_handed_on_at_every_checkpoint(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(Raw(raw))))
    with open_output(DASH, {}) as run:
        run.write("Größe\r\n".encode())
        run.write(b"skipped\n", to="skipped.jsonl")
        run.write(b"failed\n", to="errors.jsonl")
        run.checkpoint()
        assert raw.getvalue() == "Größe\r\n".encode()
        run.finish()
    assert not sys.stdout.closed


class Raw(io.RawIOBase):
    """What stands behind a buffer."""

    def __init__(self, written):
        self._written = written

    def writable(self):
        return True

    def write(self, data):
        return self._written.write(data)


@pytest.mark.parametrize("option", ["resume", "force"])
def test_there_is_nothing_to_go_on_with_or_to_replace(option):
    with pytest.raises(OutputError, match="leave --resume and --force out"):
        open_output(DASH, {}, **{option: True})


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_where_bytes_cannot_be_written_a_file_is_asked_for(monkeypatch, stream):
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(OutputError, match=r"no standard output here .*; name a file$"):
        open_output(DASH, {})


def test_any_other_name_is_a_file(tmp_path):
    with open_output(tmp_path / "-", {}) as run:
        assert isinstance(run, PartialOutput)
