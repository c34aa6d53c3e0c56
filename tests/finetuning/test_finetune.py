"""`stance.finetune`: rows in, a whole model folder out, or one clear line and nothing."""

import json
import logging
import os
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import tiny_encoders
from safetensors.numpy import load_file
from tiny_rows import make_rows

import stance
from stance.codebook import Codebook, Frame, format_labels
from stance.errors import InputError, ModelError, OutputError, StanceError
from stance.finetuning import fitting
from stance.trained_on import checksums_of, count_known, read_checksums, write_checksums

ROOT = Path(stance.__file__).parent.parent


def weights(folder):
    return load_file(folder / "model.safetensors")


def messages(told):
    return "\n".join(message for progress in told for message in progress.messages)


def test_the_root_name_is_the_function_whatever_was_imported():
    assert stance.finetune.__name__ == "finetune"


def test_the_model_has_the_rows_frames(finetuned):
    model, _, _ = finetuned
    assert model.codebook.names == ("harvest", "weather")


def test_the_model_predicts_and_loads_again(finetuned):
    model, folder, _ = finetuned
    again = stance.load(folder / "mine")
    texts = ["rain and the world", "trade"]
    np.testing.assert_array_equal(again.predict_proba(texts), model.predict_proba(texts))


def test_figures_are_held_out_with_intervals(finetuned):
    model, _, _ = finetuned
    figures = model.folder.figures["held_out"]
    assert figures["sentences"] == 23
    assert figures["documents"] == 2
    assert set(figures["frames"]) == {"weather", "harvest"}
    assert figures["macro_f1"]["low"] <= figures["macro_f1"]["value"]


def test_the_separate_set_is_measured(finetuned):
    model, _, _ = finetuned
    assert model.folder.figures["evaluation"]["sentences"] == 10


def test_a_row_of_the_separate_set_is_not_trained_on(finetuned):
    model, _, told = finetuned
    assert model.folder.training["rows"] == 23
    assert "1 rows are in the evaluation data too" in messages(told)


def test_calibration_is_fitted(finetuned):
    model, _, _ = finetuned
    assert set(model.decision.bands) == {0.05, 0.1}
    assert model.decision.temperatures != (1.0, 1.0)


def test_settings_findings_and_figures_are_told(finetuned):
    _, _, told = finetuned
    for word in ("learning rate", "stances with fewer than 10", "held out: frames macro-F1"):
        assert word in messages(told)
    assert [progress.share for progress in told] == sorted(progress.share for progress in told)


def test_the_card_says_what_is_known_and_what_is_not(finetuned):
    model, folder, _ = finetuned
    card = (folder / "mine" / "README.md").read_text(encoding="utf-8")
    for word in ("`weather`", "Not known to this card", "who labelled them", "95% intervals"):
        assert word in card
    assert f"The last run took {model.folder.training['minutes_of_last_run']} minutes;" in card


def test_what_the_base_was_trained_on_is_not_known(finetuned):
    model, folder, _ = finetuned
    assert read_checksums(folder / "mine") is None
    assert model.folder.figures["evaluation"]["trained_on"] is None


def test_the_model_keeps_what_it_was_trained_on(tiny_folder, tmp_path):
    base = shutil.copytree(tiny_folder, tmp_path / "base")
    write_checksums(base, checksums_of(["A sentence that the base was trained on."]))
    rows = [{**row, "text": f"{row['text']} of the powers"} for row in make_rows(12)]
    model = stance.finetune(rows, output=tmp_path / "mine", base=base, epochs=1)
    known = read_checksums(tmp_path / "mine")
    assert (len(known), count_known([row["text"] for row in rows], known)) == (13, 12)
    assert read_checksums(model.folder.copy(tmp_path / "copy").path).tolist() == known.tolist()


def test_texts_of_the_rows_are_not_in_the_model_folder(finetuned):
    _, folder, _ = finetuned
    for name in ("README.md", "stance.json"):
        text = (folder / "mine" / name).read_text(encoding="utf-8")
        assert "rain and the world" not in text
        assert str(folder.parent) not in text


def test_nothing_unfinished_is_left(finetuned):
    _, folder, _ = finetuned
    assert not (folder / "mine.partial").exists()


def test_transformers_loads_the_folder_with_the_right_labels(finetuned):
    from transformers import pipeline

    model, folder, _ = finetuned
    classify = pipeline("text-classification", model=str(folder / "mine"), top_k=None)
    [scores] = classify(["rain and the world"])
    assert {score["label"] for score in scores} == set(model.codebook.labels)


@pytest.mark.parametrize("family", tiny_encoders.FAMILIES)
def test_encoders_of_several_families_are_a_base(family, tmp_path):
    tiny_encoders.write_encoder(family, tmp_path / "encoder")
    model = stance.finetune(
        make_rows(), output=tmp_path / "mine", base=tmp_path / "encoder", language="de", epochs=1
    )
    assert model.folder.language == model.folder.training["settings"]["language"] == "de"
    full = stance.load(tmp_path / "mine", backend="torch").predict_proba(["they trade"])
    np.testing.assert_allclose(model.predict_proba(["they trade"]), full, atol=0.05)


def test_frames_of_the_base_without_a_row_stay_as_they_are(tiny_folder, tmp_path):
    known = stance.load(tiny_folder)
    book = Codebook((*known.codebook.frames[:2], Frame("weather")))
    rows = [row for row in make_rows() if "harvest" not in row["frames"]]
    model = stance.finetune(
        rows, output=tmp_path / "m", base=tiny_folder, codebook=book.to_dict(), epochs=1
    )
    before, after = weights(tiny_folder), weights(tmp_path / "m")
    np.testing.assert_allclose(
        after["classifier.bias"][:8], before["classifier.bias"][:8], atol=1e-3
    )
    assert model.folder.training["not_judged"] == list(book.names[:2])
    assert model.decision.thresholds[:2] == known.decision.thresholds[:2]


def test_frames_that_the_base_has_keep_its_codebook(tiny_folder, tmp_path):
    rows = [{**row, "frames": {"cooperation": "favor"}} for row in make_rows()[::3]]
    rows += [{**row, "frames": {}} for row in make_rows()[1::3]]
    model = stance.finetune(rows, output=tmp_path / "m", base=tiny_folder, epochs=1)
    assert model.codebook == stance.load(tiny_folder).codebook


class Interruption(BaseException):
    """What cuts a run off."""


def interrupt_after(calls):
    left = iter(range(calls))

    def report(_):
        if next(left, None) is None:
            raise Interruption

    return report


@pytest.fixture(scope="module")
def left_alone(tiny_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone") / "m"
    stance.finetune(make_rows(), output=folder, base=tiny_folder, epochs=2, progress=lambda _: None)
    return folder


@pytest.mark.parametrize("calls", [4, 9, 15])
def test_a_run_that_is_cut_off_ends_with_the_same_weights(
    calls, tiny_folder, left_alone, tmp_path, monkeypatch
):
    monkeypatch.setattr(fitting, "CHECKPOINT_SECONDS", 0)
    options = {"output": tmp_path / "m", "base": tiny_folder, "epochs": 2}
    with pytest.raises(Interruption):
        stance.finetune(make_rows(), **options, progress=interrupt_after(calls))
    assert not (tmp_path / "m").exists()
    stance.finetune(make_rows(), **options, resume=True)
    expected, found = weights(left_alone), weights(tmp_path / "m")
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name])


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from tiny_rows import make_rows
import stance
from stance.finetuning import fitting
fitting.CHECKPOINT_SECONDS = 0
calls = iter(range(15))
def report(progress):
    if next(calls, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
stance.finetune(make_rows(), output=sys.argv[2], base=sys.argv[3], epochs=2, progress=report)
"""


def test_a_killed_run_ends_with_the_same_weights(tiny_folder, left_alone, tmp_path):
    here, output = Path(__file__).parent, tmp_path / "m"
    words = [sys.executable, "-c", KILLED, here, output, tiny_folder]
    done = subprocess.run(
        list(map(str, words)), cwd=ROOT, check=False, capture_output=True, timeout=300
    )
    assert done.returncode == -9, done.stderr.decode()
    assert list((tmp_path / "m.partial").rglob("checkpoint-*"))
    stance.finetune(make_rows(), output=output, base=tiny_folder, epochs=2, resume=True)
    expected, found = weights(left_alone), weights(output)
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize("stage", ["training 1", "writing"])
def test_a_run_that_filled_the_disk_goes_on_when_there_is_room(
    stage, tiny_folder, tmp_path, monkeypatch, full_disk
):
    monkeypatch.setattr(fitting, "CHECKPOINT_SECONDS", 0)
    options = {"output": tmp_path / "m", "base": tiny_folder, "epochs": 1}
    with ExitStack() as until_there_is_room:

        def fill(progress):
            if progress.stage.startswith(stage):
                until_there_is_room.enter_context(full_disk(5_000))

        with pytest.raises(OutputError, match=r"cannot write .*m: .*too large.* --resume"):
            stance.finetune(make_rows(), **options, progress=fill)
    assert stance.finetune(make_rows(), **options, resume=True).predict(["rain"])


def test_trainings_side_by_side_give_what_one_after_the_other_gives(
    tiny_folder, left_alone, tmp_path, monkeypatch
):
    monkeypatch.setattr(fitting, "_WORTH_A_PROCESS", 0)
    monkeypatch.setattr("torch.get_num_threads", lambda: 2)
    told = []
    options = {"output": tmp_path / "m", "base": tiny_folder, "epochs": 2}
    # In text notation, as tables have it.
    rows = [{**row, "frames": format_labels(row["frames"])} for row in make_rows()]
    model = stance.finetune(rows, **options, progress=told.append)
    assert any("side by side" in progress.stage for progress in told)
    assert [progress.share for progress in told] == sorted(progress.share for progress in told)
    alone = stance.load(left_alone).decision
    np.testing.assert_allclose(model.decision.temperatures, alone.temperatures, rtol=1e-3)
    np.testing.assert_allclose(model.decision.offsets, alone.offsets, rtol=1e-3, atol=1e-3)


def test_a_run_that_is_done_is_not_done_again(tiny_folder, left_alone):
    told = []
    options = {"output": left_alone, "base": tiny_folder, "epochs": 2}
    model = stance.finetune(make_rows(), **options, resume=True, progress=told.append)
    assert model.codebook.names == ("harvest", "weather")
    assert messages(told) == f"{left_alone} is there already, of the same rows and settings"


@pytest.mark.parametrize("change", [{"epochs": 3}, {"data": make_rows(21)}, {"language": "de"}])
def test_going_on_with_something_else_is_refused(change, tiny_folder, left_alone):
    options = {"data": make_rows(), "output": left_alone, "base": tiny_folder, "epochs": 2}
    with pytest.raises(OutputError, match="changed since"):
        stance.finetune(**{**options, **change}, resume=True)


def test_going_on_from_another_base_of_the_same_size_is_refused(tmp_path):
    first, second = (tmp_path / name for name in ("first", "second"))
    for encoder in (first, second):
        tiny_encoders.write_encoder("bert", encoder)
    options = {"data": make_rows(), "output": tmp_path / "m", "progress": interrupt_after(0)}
    with pytest.raises(Interruption):
        stance.finetune(**options, base=first)
    with pytest.raises(OutputError, match="the base changed since"):
        stance.finetune(**options, base=second, resume=True)
    (first / "README.md").write_text("Mended.", encoding="utf-8")
    with pytest.raises(Interruption):
        stance.finetune(**options, base=first, resume=True)


def test_an_existing_model_is_not_replaced_unasked(tiny_folder, left_alone):
    with pytest.raises(OutputError, match="--force"):
        stance.finetune(make_rows(), output=left_alone, base=tiny_folder)


def test_a_folder_that_is_no_model_is_never_replaced(tiny_folder, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(OutputError, match="is no model"):
        stance.finetune(make_rows(), output=tmp_path, base=tiny_folder, force=True)
    assert (tmp_path / "thesis.txt").exists()


def one_document():
    return [{**row, "document": "a"} for row in make_rows()]


BAD_DATA = {
    "no rows": ([], "hold no rows"),
    "no text column": ([{"body": "a", "frames": {}}], "has no column 'text'"),
    "empty text": ([{"text": " ", "frames": {}}], "has no text"),
    "no frame at all": ([{"text": "a", "frames": {}}, {"text": "b", "frames": {}}], "has a frame"),
    "unknown stance": (
        [{"text": "a", "frames": {"weather": "for"}}],
        "stance of weather is str 'for'",
    ),
    "no labels": ([{"text": "a", "frames": 3}], "expected an object"),
    "one document": (one_document(), "all 24 rows are of one document"),
    "no words": ([{"text": "...", "frames": {"weather": "favor"}}] * 2, "no letter or digit"),
    "one text": ([{**row, "text": "a"} for row in make_rows()], "none is left to train on"),
    "a number": (3, "expected a file"),
}


@pytest.mark.parametrize(("data", "words"), BAD_DATA.values(), ids=BAD_DATA)
def test_wrong_data_are_one_line_and_nothing_is_written(data, words, tiny_folder, tmp_path):
    with pytest.raises(InputError, match=words) as raised:
        stance.finetune(data, output=tmp_path / "m", base=tiny_folder)
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_a_frame_that_the_codebook_lacks_is_named_with_a_guess(tiny_folder, tmp_path):
    book = Codebook((Frame("whether"), Frame("harvest")))
    with pytest.raises(StanceError, match=r"unknown frame 'weather'.*did you mean 'whether'"):
        stance.finetune(make_rows(), output=tmp_path / "m", base=tiny_folder, codebook=book)


def test_a_new_frame_without_a_row_is_refused(tiny_folder, tmp_path):
    book = Codebook((Frame("weather"), Frame("harvest"), Frame("sport")))
    with pytest.raises(InputError, match="no row carries the frame sport"):
        stance.finetune(make_rows(), output=tmp_path / "m", base=tiny_folder, codebook=book)


def test_a_base_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="no model that transformers can load"):
        stance.finetune(make_rows(), output=tmp_path / "m", base=tmp_path / "empty")


def test_without_a_listener_findings_are_logged(tiny_folder, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, logger="stance.finetune"):
        stance.finetune(make_rows(12), output=tmp_path / "m", base=tiny_folder, epochs=1)
    assert "only 8 rows carry weather" in caplog.text


def test_likely_label_errors_are_listed_beside_the_model(finetuned):
    model, folder, _ = finetuned
    found = [f for f in model.folder.training["findings"] if f["kind"] == "label_errors"]
    lines = (folder / "mine.label-errors.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == found[0]["rows"]


def test_the_callers_random_numbers_stay_as_they_are(tiny_folder, tmp_path):
    import torch

    def draw():
        return random.random(), np.random.random(), torch.rand(1).item()

    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    draw()
    expected = draw()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    draw()
    options = {"base": tiny_folder, "epochs": np.int64(1), "seed": np.int64(3)}
    stance.finetune(make_rows(), output=tmp_path / "m", progress=lambda _: None, **options)
    assert draw() == expected


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ({"seed": -1}, "seed is -1; expected a whole number from 0 to 4,294,967,295"),
        ({"seed": 2**32}, "seed is 4294967296; expected"),
        ({"seed": "7"}, "seed is '7'; expected"),
        ({"epochs": 0}, "epochs is 0; expected a whole number from 1 to 10,000"),
        ({"epochs": 2.5}, r"epochs is 2\.5; expected"),
    ],
)
def test_a_number_out_of_range_leaves_nothing_behind(number, words, tiny_folder, tmp_path):
    with pytest.raises(InputError, match=words):
        stance.finetune(make_rows(), output=tmp_path / "m", base=tiny_folder, **number)
    assert list(tmp_path.iterdir()) == []


def test_trainings_of_several_threads_come_one_after_the_other(tiny_folder, tmp_path):
    told = []

    def train(name):
        def note(_):
            told.append(name)
            time.sleep(0.05)  # The other training would have its turn.

        output = tmp_path / name
        stance.finetune(make_rows(), output=output, base=tiny_folder, epochs=1, progress=note)
        return weights(output)

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(train, "ab")
    assert [name for name, _ in groupby(told)] in (["a", "b"], ["b", "a"])
    assert all(np.array_equal(one[name], other[name]) for name in one)


FRESH = """
import sys
from concurrent.futures import ThreadPoolExecutor
sys.path[:0] = [sys.argv[3]]
from tiny_rows import make_rows
import stance
def train(name):
    stance.finetune(make_rows(), output=f"{sys.argv[2]}/{name}", base=sys.argv[1], epochs=1)
with ThreadPoolExecutor(2) as pool:
    list(pool.map(train, "ab"))
"""


def test_threads_may_train_before_anything_was_imported(tiny_folder, tmp_path):
    command = [sys.executable, "-c", FRESH, *map(str, (tiny_folder, tmp_path))]
    rows = str(Path(__file__).parent)
    done = subprocess.run(
        [*command, rows], timeout=120, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


FORKED = """
import os, sys, threading
sys.path[:0] = [sys.argv[3]]
from tiny_rows import make_rows
import stance
folder, output = sys.argv[1:3]
under_way, forked = threading.Event(), threading.Event()
def train(name, progress=None):
    options = {"base": folder, "epochs": 1, "progress": progress}
    return stance.finetune(make_rows(), output=f"{output}/{name}", **options)
def wait(progress):
    under_way.set()
    forked.wait()
other = threading.Thread(target=train, args=("parent", wait))
other.start()
under_way.wait()
child = os.fork()
if not child:
    train("child")
    os._exit(0)
forked.set()
other.join()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_process_forked_while_another_thread_trains_can_train(tiny_folder, tmp_path):
    rows = Path(__file__).parent
    command = [sys.executable, "-c", FORKED, *map(str, (tiny_folder, tmp_path, rows))]
    done = subprocess.run(command, timeout=120, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
