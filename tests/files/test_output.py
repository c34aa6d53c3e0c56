"""Small result files are written whole or not at all."""

import errno
import os
from pathlib import Path

import pytest

from stance.errors import InputError, OutputError
from stance.files.output import require_new, write_whole


def test_text_is_written_as_it_stands(tmp_path):
    write_whole(tmp_path / "a.txt", "Größe\r\n力\n")
    assert (tmp_path / "a.txt").read_bytes() == "Größe\r\n力\n".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_what_an_interrupted_writer_left_is_in_nobodys_way(tmp_path):
    (tmp_path / "a.txt.new").write_text("half", encoding="utf-8")
    write_whole(tmp_path / "a.txt", "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_file_that_cannot_be_put_in_place_leaves_nothing_behind(tmp_path):
    (tmp_path / "a.txt").mkdir()
    (tmp_path / "a.txt" / "kept").touch()
    with pytest.raises(OutputError, match=r"^cannot write .*a\.txt: Is a directory$"):
        write_whole(tmp_path / "a.txt", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_pieces_are_written_one_after_the_other(tmp_path):
    write_whole(tmp_path / "a.txt", (f"{number}\n" for number in range(3)))
    assert (tmp_path / "a.txt").read_bytes() == b"0\n1\n2\n"


def test_pieces_that_cannot_be_made_leave_what_was_there(tmp_path):
    def pieces():
        yield "half"
        raise InputError("no more")

    (tmp_path / "a.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="no more"):
        write_whole(tmp_path / "a.txt", pieces())
    assert [path.read_text("utf-8") for path in tmp_path.iterdir()] == ["mine"]


def test_a_name_that_no_file_can_have_is_refused_while_writing(tmp_path):
    with pytest.raises(OutputError, match=r"^cannot write .*x: File name too long$"):
        write_whole(tmp_path / ("x" * 300), "text")


def test_a_file_in_a_folder_that_may_not_be_entered_is_refused(tmp_path, monkeypatch):
    def refuse(path, **_):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.exists", refuse)
    with pytest.raises(OutputError, match=r"^cannot write .*a\.txt: Permission denied$"):
        require_new(tmp_path / "a.txt")


def test_a_folder_that_does_not_exist_is_named_before_and_while_writing(tmp_path):
    path = tmp_path / "no" / "a.txt"
    with pytest.raises(OutputError, match=r"^the folder .*no does not exist; make it first$"):
        require_new(path)
    with pytest.raises(OutputError, match=r"^cannot write .*a\.txt: No such file"):
        write_whole(path, "text")


def test_a_new_file_in_a_folder_is_fine(tmp_path):
    require_new(tmp_path / "a.txt")


def test_a_file_that_exists_is_replaced_only_when_asked(tmp_path):
    path = tmp_path / "a.txt"
    path.touch()
    with pytest.raises(OutputError, match=r"a\.txt exists already; .*--force$"):
        require_new(path)
    require_new(path, force=True)


def test_a_folder_is_never_replaced(tmp_path):
    with pytest.raises(OutputError, match=r"is a folder; expected the name of a file$"):
        require_new(tmp_path, force=True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_never_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match=r"is a pipe or a device; expected the name of a file$"):
        require_new(tmp_path / "pipe", force=True)


def test_a_file_that_is_read_is_never_replaced(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("{}")
    (tmp_path / "link.jsonl").symlink_to(path)
    for name in ("rows.jsonl", "link.jsonl"):
        with pytest.raises(OutputError, match="is read and would be replaced"):
            require_new(tmp_path / name, force=True, inputs=[tmp_path / "no", path])


def test_a_dash_is_no_name_of_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match=r"^- is no name of a file"):
        require_new(Path("-"))
