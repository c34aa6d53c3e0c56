"""The folder of an unfinished model, and how the finished one takes its place."""

import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from stance.errors import OutputError
from stance.finetuning.workspace import Workspace

SETTINGS = {"rows": "abc", "settings": {"epochs": 2}}


@pytest.fixture
def workspace(tmp_path):
    with closing(Workspace(tmp_path / "m")) as opened:
        opened.open(SETTINGS, force=False)
        yield opened


def reopen(workspace, settings=SETTINGS, *, force=False):
    """Go on as another run does after this one has ended."""
    workspace.close()
    workspace.open(settings, force=force)


def finish(workspace, text="{}"):
    workspace.model.mkdir()
    (workspace.model / "stance.json").write_text(text, encoding="utf-8")
    workspace.place()


def test_a_mount_point_is_refused_before_anything_is_done(tmp_path, monkeypatch):
    output = tmp_path / "out"
    output.mkdir()
    monkeypatch.setattr("os.path.ismount", lambda path: path == output)
    with pytest.raises(OutputError, match=r"is a mount point, .* name a folder in it, such as "):
        Workspace(output).check(resume=False, force=True)


def test_logits_are_kept_in_the_order_of_the_epochs(workspace):
    workspace.part("part-1")
    for epoch in (1, 2, 10):
        workspace.store("part-1", epoch, np.full((2, 4), epoch, np.float32))
    assert [int(logits[0, 0]) for logits in workspace.stored("part-1")] == [1, 2, 10]


def test_a_finished_part_has_no_checkpoints_left(workspace):
    (workspace.part("part-1") / "checkpoint-3").mkdir()
    assert not workspace.is_finished("part-1")
    workspace.finish_part("part-1")
    assert workspace.is_finished("part-1")
    assert not list(workspace.part("part-1").glob("checkpoint-*"))


def test_an_unfinished_run_is_not_begun_anew_unasked(workspace):
    with pytest.raises(OutputError, match="another run is writing"):
        Workspace(workspace.output).check(resume=False, force=False)
    workspace.close()
    with pytest.raises(OutputError, match="--resume goes on"):
        workspace.check(resume=False, force=False)


def test_what_is_there_is_kept_unless_forced(workspace):
    workspace.part("part-1")
    reopen(workspace)
    assert (workspace.folder / "part-1").exists()
    reopen(workspace, force=True)
    assert not (workspace.folder / "part-1").exists()


def test_other_settings_are_refused(workspace):
    with pytest.raises(OutputError, match="the settings changed"):
        reopen(workspace, {**SETTINGS, "settings": {"epochs": 3}})


@pytest.mark.parametrize("force", [False, True])
def test_two_runs_cannot_use_one_folder(workspace, force):
    pytest.importorskip("fcntl")
    workspace.part("part-1")
    with pytest.raises(OutputError, match=r"another run is writing .*m; wait for it to end"):
        Workspace(workspace.output).open(SETTINGS, force=force)
    assert (workspace.folder / "part-1").exists()


@pytest.mark.parametrize("record", ["", '{"rows": "ab', "[]", "null"])
def test_a_record_cut_short_is_refused_unless_forced(workspace, record):
    (workspace.folder / "run.json").write_text(record, encoding="utf-8")
    with pytest.raises(OutputError, match=r"run\.json is not the record of a run; use --force"):
        reopen(workspace)
    reopen(workspace, force=True)
    reopen(workspace)


@pytest.mark.parametrize("made", ["{", "{}", '{"training": []}', '{"training": {"settings": 1}}'])
def test_a_model_that_does_not_say_how_it_was_made_is_not_gone_on_with(workspace, made):
    finish(workspace, made)
    with pytest.raises(OutputError, match=r"stance\.json is not the record of a run; use --force"):
        workspace.finished(SETTINGS, resume=True)


def test_a_model_of_the_same_settings_is_finished(workspace):
    finish(workspace, json.dumps({"training": {"settings": SETTINGS}}))
    assert workspace.finished(SETTINGS, resume=True)


def test_a_link_is_not_emptied(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work", encoding="utf-8")
    (tmp_path / "m.partial").symlink_to(tmp_path / "mine")
    with pytest.raises(OutputError, match="is a link, which no run makes; remove it"):
        Workspace(tmp_path / "m").open(SETTINGS, force=True)
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_label_errors_of_a_model_that_was_moved_away_are_not_replaced_unasked(tmp_path):
    listed = tmp_path / "m.label-errors.jsonl"
    listed.write_text("{}\n")
    workspace = Workspace(tmp_path / "m")
    with pytest.raises(OutputError, match=r"label-errors\.jsonl of an earlier model .* --force$"):
        workspace.check(resume=False, force=False)
    with pytest.raises(OutputError, match="of an earlier model"):  # There is nothing to resume.
        workspace.check(resume=True, force=False)
    workspace.check(resume=False, force=True)
    workspace.folder.mkdir()
    workspace.check(resume=True, force=False)
    assert listed.read_text() == "{}\n"


def test_both_options_are_refused(workspace):
    with pytest.raises(OutputError, match="give one of them"):
        workspace.check(resume=True, force=True)


def test_the_finished_model_replaces_the_old_one(workspace):
    finish(workspace, "{}")
    reopen(workspace)
    finish(workspace, '{"new": 1}')
    assert (workspace.output / "stance.json").read_text(encoding="utf-8") == '{"new": 1}'
    assert not workspace.folder.exists()


def test_labels_to_look_at_are_put_beside_the_model(workspace):
    workspace.label_errors.write_text("{}\n", encoding="utf-8")
    finish(workspace)
    assert workspace.output.with_name("m.label-errors.jsonl").exists()


@pytest.mark.parametrize("output", [".", "", "..", "/", "models/.."])
def test_an_output_without_a_name_of_its_own_is_refused(output):
    with pytest.raises(OutputError, match="names no new folder; expected one such as"):
        Workspace(Path(output))


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot write"):
        Workspace(tmp_path / "file" / "m").open(SETTINGS, force=False)


def save_weights(file):
    from safetensors.numpy import save_file

    save_file({"weight": np.zeros(2_000)}, file)


def save_optimizer(file):
    import torch

    torch.save({"step": torch.zeros(2_000)}, file)


def save_tokenizer(file):
    from tokenizers import Tokenizer, models

    words = {f"word {index}": index for index in range(2_000)}
    Tokenizer(models.WordLevel(words, unk_token="word 0")).save(str(file))


@pytest.mark.parametrize("save", [save_weights, save_optimizer, save_tokenizer])
def test_what_a_full_disk_makes_other_libraries_say_is_one_line(save, tmp_path, full_disk):
    with (
        pytest.raises(OutputError, match=r"the disk is full, or refuses it .*go on with --resume"),
        Workspace(tmp_path / "m").writing(),
        full_disk(1_000),
    ):
        save(tmp_path / "file")


def test_a_mistake_while_something_is_written_stays_one(tmp_path):
    with pytest.raises(ValueError, match="a mistake"), Workspace(tmp_path / "m").writing():
        raise ValueError("a mistake")
