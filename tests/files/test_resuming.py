"""The lock, the flush and the refusals that all resumable runs share."""

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import OutputError
from stance.files.resuming import (
    acquire,
    lock,
    refuse_both,
    refuse_strangers,
    require_same,
    sync,
)

fcntl = pytest.importorskip("fcntl", reason="Windows has no such locks")
values = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=3)
settings = st.dictionaries(st.text(), st.dictionaries(st.text(), values, max_size=3), max_size=3)


def test_a_folder_is_made_and_has_one_run_at_a_time(tmp_path):
    folder, output = tmp_path / "new" / "out.partial", tmp_path / "new" / "out"
    handle = acquire(folder, output, ["run.json"])
    with pytest.raises(OutputError, match=r"^another run is writing .*out; wait for it to end$"):
        acquire(folder, output, ["run.json"])
    os.close(handle)
    os.close(acquire(folder, output, ["run.json"]))


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out.partial").touch()
    with pytest.raises(OutputError, match=r"out\.partial is a file, and no run's; move it away$"):
        refuse_strangers(tmp_path / "out.partial", [])


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / ".DS_Store").touch()
    (tmp_path / "part-1").mkdir()
    refuse_strangers(tmp_path, ["run.json", "part-*"])
    (tmp_path / "essay.txt").touch()
    with pytest.raises(OutputError, match=r"holds 'essay\.txt', which no run makes and which "):
        refuse_strangers(tmp_path, ["run.json", "part-*"])


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS])
def test_where_there_are_no_locks_a_folder_is_had_without(tmp_path, monkeypatch, code):
    def flock(*_):
        raise OSError(code, "not here")

    monkeypatch.setattr(fcntl, "flock", flock)
    os.close(acquire(tmp_path / "out.partial", tmp_path / "out", []))


def test_a_lock_that_fails_for_another_reason_is_an_error(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(OSError, match="broken"):
        lock(tmp_path, tmp_path)


def test_a_file_that_cannot_be_flushed_is_an_error_and_a_folder_is_not(tmp_path, monkeypatch):
    (tmp_path / "rows").write_bytes(b"")

    def fsync(_):
        raise OSError(errno.EINVAL, "not here")

    monkeypatch.setattr(os, "fsync", fsync)
    sync(tmp_path)
    with pytest.raises(OSError, match="not here"):
        sync(tmp_path / "rows")


def test_going_on_and_starting_anew_exclude_each_other():
    refuse_both(resume=True, force=False)
    refuse_both(resume=False, force=True)
    with pytest.raises(OutputError, match="give one of them"):
        refuse_both(resume=True, force=True)


@given(settings)
def test_settings_are_the_same_as_themselves(found):
    require_same(found, found, "out")


@given(settings, st.integers())
def test_a_setting_that_changed_is_named(found, number):
    now = found | {"model": {"sha256": number}}
    with pytest.raises(OutputError, match=rf"model changed \(sha256 was {number + 1}, now it is"):
        require_same(now, found | {"model": {"sha256": number + 1}}, "out")
    with pytest.raises(OutputError, match=rf"sha256 was None, now it is {number}\)"):
        require_same(now, {k: v for k, v in found.items() if k != "model"}, "out")
