"""An unfinished result can be resumed, and a finished one is not touched."""

import errno
import json
import os
import stat

import pytest

from stance.errors import OutputError
from stance.files.partial import PartialOutput
from stance.files.resuming import beside

SETTINGS = {"model": {"sha256": "1"}, "options": {"keep_all": False}}


@pytest.fixture
def output(tmp_path):
    return tmp_path / "results" / "out.jsonl"


def begin(output, *, documents=1, data=b"one\n"):
    """Leave a run that was cut off after a checkpoint, in the middle of a row."""
    with PartialOutput.open(output, SETTINGS) as run:
        run.write(data)
        run.progress.documents = documents
        run.checkpoint()
        run.write(b"half a r")


def complete(output, data=b"one\n", **options):
    with PartialOutput.open(output, SETTINGS, **options) as run:
        run.write(data)
        run.progress.documents = 1
        run.finish()


def test_the_result_appears_only_when_it_is_whole(output):
    with PartialOutput.open(output, SETTINGS) as run:
        run.write(b"one\n")
        run.progress.documents = 1
        run.checkpoint()
        assert not output.exists()
        run.finish()
    assert output.read_bytes() == b"one\n"
    assert sorted(path.name for path in output.parent.iterdir()) == [
        "out.jsonl",
        "out.jsonl.run.json",
    ]


def test_side_files_are_placed_where_they_hold_something(output):
    with PartialOutput.open(output, SETTINGS) as run:
        run.write(b"error\n", to="errors.jsonl")
        run.progress.documents = 1
        run.finish()
    assert beside(output, "errors.jsonl").read_bytes() == b"error\n"
    assert not beside(output, "skipped.jsonl").exists()


def test_side_files_of_an_earlier_result_are_removed(output):
    output.parent.mkdir()
    beside(output, "errors.jsonl").write_bytes(b"old\n")
    complete(output)
    assert not beside(output, "errors.jsonl").exists()


def test_a_run_goes_on_where_the_last_checkpoint_was(output):
    begin(output)
    with PartialOutput.open(output, SETTINGS, resume=True) as run:
        assert run.progress.documents == 1
        run.write(b"two\n")
        run.finish()
    assert output.read_bytes() == b"one\ntwo\n"


def test_a_file_system_that_cannot_flush_folders_can_be_written(output, monkeypatch):
    flush = os.fsync

    def fsync(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not here")
        flush(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    complete(output)
    assert output.read_bytes() == b"one\n"


def test_an_unfinished_run_is_not_overwritten_unasked(output):
    begin(output)
    with pytest.raises(OutputError, match="--resume goes on"):
        PartialOutput.open(output, SETTINGS)


def test_a_result_is_not_overwritten_unasked(output):
    complete(output)
    with pytest.raises(OutputError, match="exists already"):
        PartialOutput.open(output, SETTINGS)
    assert output.read_bytes() == b"one\n"


def test_force_replaces_a_result_only_when_the_new_one_is_whole(output):
    complete(output)
    with PartialOutput.open(output, SETTINGS, force=True) as run:
        run.write(b"new\n")
        run.progress.documents = 1
        run.checkpoint()
        assert output.read_bytes() == b"one\n"
        run.finish()
    assert output.read_bytes() == b"new\n"


def test_force_starts_an_unfinished_run_anew(output):
    begin(output)
    complete(output, b"new\n", force=True)
    assert output.read_bytes() == b"new\n"


def test_resume_begins_a_run_where_there_is_none(output):
    complete(output, resume=True)
    assert output.read_bytes() == b"one\n"


def test_resume_leaves_a_complete_result_as_it_is(output):
    complete(output)
    before = output.stat().st_mtime_ns
    with PartialOutput.open(output, SETTINGS, resume=True) as run:
        assert run.progress.complete
        run.finish()
    assert output.stat().st_mtime_ns == before
    assert not beside(output, "partial").exists()


def test_resume_and_force_exclude_each_other(output):
    with pytest.raises(OutputError, match="give one of them"):
        PartialOutput.open(output, SETTINGS, resume=True, force=True)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({**SETTINGS, "model": {"sha256": "2"}}, "the model changed"),
        ({**SETTINGS, "options": {"keep_all": True}}, "keep_all was False, now it is True"),
    ],
)
def test_a_run_is_not_gone_on_with_under_other_settings(output, settings, named):
    begin(output)
    with pytest.raises(OutputError, match=named):
        PartialOutput.open(output, settings, resume=True)
    with PartialOutput.open(output, SETTINGS, resume=True) as run:
        assert run.progress.documents == 1


def test_a_result_of_unknown_making_is_not_gone_on_with(output):
    output.parent.mkdir()
    output.write_bytes(b"mine\n")
    with pytest.raises(OutputError, match="nothing says how it was made"):
        PartialOutput.open(output, SETTINGS, resume=True)
    assert [path.name for path in output.parent.iterdir()] == ["out.jsonl"]


def test_rows_that_are_shorter_than_recorded_are_refused(output):
    begin(output)
    os.truncate(beside(output, "partial") / "rows", 1)
    with pytest.raises(OutputError, match="fewer than"):
        PartialOutput.open(output, SETTINGS, resume=True)


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"format": 2}', "{"])
def test_a_damaged_record_is_refused(output, record):
    begin(output)
    (beside(output, "partial") / "run.json").write_text(record, encoding="utf-8")
    with pytest.raises(OutputError, match="not the record of a run"):
        PartialOutput.open(output, SETTINGS, resume=True)


@pytest.mark.parametrize("options", [{}, {"resume": True}, {"force": True}])
def test_a_folder_that_no_run_made_is_left_alone(output, options):
    theirs = beside(output, "partial")
    (theirs / "sub").mkdir(parents=True)
    (theirs / "essay.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds 'essay\.txt', which no run makes.*move it away$"):
        PartialOutput.open(output, SETTINGS, **options)
    assert (theirs / "essay.txt").read_text() == "mine"
    assert (theirs / "sub").is_dir()


def test_a_name_that_leaves_no_room_for_the_files_beside_it_is_refused_at_once(tmp_path):
    output = tmp_path / f"{'o' * 240}.jsonl"
    with pytest.raises(OutputError, match=r"has too long a name: .*; choose a shorter one$"):
        PartialOutput.open(output, SETTINGS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("change", [b"", b"on", b"one\ntwo\n"])
def test_a_result_that_was_changed_since_is_not_called_done(output, change):
    complete(output)
    output.write_bytes(change)
    with pytest.raises(OutputError, match=r"bytes, and 4 were written: it was changed since"):
        PartialOutput.open(output, SETTINGS, resume=True)
    assert output.read_bytes() == change


def test_two_runs_cannot_write_one_result(output):
    pytest.importorskip("fcntl")
    with (
        PartialOutput.open(output, SETTINGS),
        pytest.raises(OutputError, match="another run"),
    ):
        PartialOutput.open(output, SETTINGS, resume=True)


def test_a_run_in_which_nothing_was_done_leaves_nothing(output):
    with PartialOutput.open(output, SETTINGS) as run:
        run.write(b"half a r")
    assert list(output.parent.iterdir()) == []


def test_discarding_keeps_the_list_of_what_failed(output):
    with PartialOutput.open(output, SETTINGS) as run:
        run.write(b"error\n", to="errors.jsonl")
        run.progress.documents = 1
        run.discard()
    assert [path.name for path in output.parent.iterdir()] == ["out.jsonl.errors.jsonl"]


@pytest.mark.parametrize("step", range(12))
def test_finishing_can_be_cut_off_anywhere_and_repeated(output, monkeypatch, step):
    """Every step that changes a file's name is made to fail once, in turn."""
    left = step

    def stop_at_last(original):
        def call(*arguments, **options):
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            return original(*arguments, **options)

        return call

    begin(output)
    with monkeypatch.context() as patch, PartialOutput.open(output, SETTINGS, resume=True) as run:
        run.write(b"skipped\n", to="skipped.jsonl")
        for name in ("replace", "unlink"):
            patch.setattr(f"pathlib.Path.{name}", stop_at_last(getattr(type(output), name)))
        patch.setattr("shutil.rmtree", stop_at_last(lambda *_, **__: None))
        try:
            run.finish(lambda rows, result: result.write_bytes(rows.read_bytes()))
        except KeyboardInterrupt:
            assert left < 0
    with PartialOutput.open(output, SETTINGS, resume=True) as run:
        if not run.progress.complete:
            run.write(b"skipped\n", to="skipped.jsonl")
        run.finish(lambda rows, result: result.write_bytes(rows.read_bytes()))
    assert output.read_bytes() == b"one\n"
    assert beside(output, "skipped.jsonl").read_bytes() == b"skipped\n"
    record = json.loads(beside(output, "run.json").read_text())
    assert record["progress"]["complete"]
    assert record["bytes"]["result"] == 4


def test_a_result_in_a_folder_that_may_not_be_entered_is_refused(output, monkeypatch):
    def refuse(path, **_):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.exists", refuse)
    with pytest.raises(OutputError, match=r"^cannot write .*out\.jsonl: Permission denied; "):
        PartialOutput.open(output, SETTINGS)


def test_a_folder_is_no_result_file(tmp_path):
    with pytest.raises(OutputError, match=r" is a folder; expected the name of a file$"):
        PartialOutput.open(tmp_path, SETTINGS)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_no_result_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match=r" is a pipe or a device; expected the name of a file$"):
        PartialOutput.open(tmp_path / "pipe", SETTINGS, force=True)


def test_an_unfinished_run_that_holds_a_link_is_not_written_to(output, tmp_path):
    begin(output)
    (tmp_path / "mine").write_bytes(b"mine\n")
    rows = beside(output, "partial") / "rows"
    rows.unlink()
    rows.symlink_to(tmp_path / "mine")
    with pytest.raises(OutputError, match=r"rows is a link, which no run makes; remove it$"):
        PartialOutput.open(output, SETTINGS, resume=True)
    assert (tmp_path / "mine").read_bytes() == b"mine\n"


def test_the_record_of_a_run_says_how_the_result_was_made(output):
    settings = {"model": {"name": "Größe"}}
    with PartialOutput.open(output, settings) as run:
        run.write(b"one\n")
        run.progress.documents = 1
        run.progress.tally = {"sentences": 2}
        run.finish()
    text = beside(output, "run.json").read_text(encoding="utf-8")
    assert "Größe" in text
    record = json.loads(text)
    assert (record["settings"], record["format"]) == (settings, 1)
    assert record["progress"] == {
        "documents": 1,
        "digest": "",
        "complete": True,
        "tally": {"sentences": 2},
    }


def test_what_was_done_is_known_when_a_run_is_gone_on_with(output):
    with PartialOutput.open(output, SETTINGS) as run:
        run.write(b"error\n", to="errors.jsonl")
        run.progress.documents, run.progress.digest = 3, "ab"
        run.progress.tally = {"failed": 1}
        run.checkpoint()
    with PartialOutput.open(output, SETTINGS, resume=True) as run:
        progress = run.progress
        run.write(b"two\n", to="errors.jsonl")
        run.finish()
    assert (progress.documents, progress.digest, progress.tally) == (3, "ab", {"failed": 1})
    assert beside(output, "errors.jsonl").read_bytes() == b"error\ntwo\n"


def test_what_another_version_recorded_is_refused(output):
    begin(output)
    journal = beside(output, "partial") / "run.json"
    record = json.loads(journal.read_text(encoding="utf-8"))
    for change in (
        {"format": 2},
        {"settings": {"model": 1}},
        {"progress": {}},
        {"progress": record["progress"] | {"documents": "1"}},
        {"progress": record["progress"] | {"documents": -1}},
        {"progress": record["progress"] | {"documents": True}},
        {"progress": record["progress"] | {"documents": 10**50}},
        {"progress": record["progress"] | {"digest": 5}},
        {"progress": record["progress"] | {"complete": "yes"}},
        {"progress": record["progress"] | {"tally": None}},
        {"bytes": record["bytes"] | {"rows": True}},
        {"bytes": {"rows": 4}},
        {"bytes": record["bytes"] | {"rows": -1}},
        {"bytes": record["bytes"] | {"rows": "4"}},
    ):
        journal.write_text(json.dumps(record | change), encoding="utf-8")
        with pytest.raises(OutputError, match="not the record of a run; use --force"):
            PartialOutput.open(output, SETTINGS, resume=True)


def test_a_finished_run_whose_files_were_being_placed_can_be_finished(output):
    begin(output)
    journal = beside(output, "partial") / "run.json"
    record = json.loads(journal.read_text(encoding="utf-8"))
    record["progress"]["complete"] = True
    journal.write_text(json.dumps(record | {"bytes": {}}), encoding="utf-8")
    with PartialOutput.open(output, SETTINGS, resume=True) as run:
        assert run.progress.complete


def test_a_run_that_cannot_be_recorded_lets_the_result_go(output):
    with pytest.raises(UnicodeEncodeError):
        PartialOutput.open(output, {"model": {"name": "\ud800"}})
    complete(output)
    assert output.read_bytes() == b"one\n"


def test_a_run_that_cannot_be_begun_lets_the_result_go(output):
    begin(output)
    odd = beside(output, "partial") / "rows"
    odd.unlink()
    odd.mkdir()
    with pytest.raises(OutputError, match=r"^cannot write "):
        PartialOutput.open(output, SETTINGS, force=True)
    odd.rmdir()
    complete(output, b"new\n", force=True)
    assert output.read_bytes() == b"new\n"


def test_a_run_beside_a_live_one_is_told_so(tmp_path):
    with PartialOutput.open(tmp_path / "out.jsonl", {}) as first:
        first.write(b"{}\n")
        with pytest.raises(OutputError, match=r"another run is writing .*; wait for it to end"):
            PartialOutput.open(tmp_path / "out.jsonl", {})
