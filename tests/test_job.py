"""Files in, rows out: exact offsets, equal formats, and nothing lost by a kill or a full disk."""

import csv
import gc
import io
import json
import os
import shutil
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stance
from stance import job
from stance.errors import InputError, ModelError, OutputError
from stance.files import Document
from stance.report.rows import read_results
from stance.summary import summarize

ROOT = Path(__file__).parent.parent
ARTICLE = "The two powers met. They agreed to trade. Sanctions divide the world.\n"


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.txt").write_text(ARTICLE * (number + 1), encoding="utf-8")
    return folder


def rows(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_the_seeds_are_labelled_with_offsets_that_hold(tiny_model, tmp_path):
    output = tmp_path / "out.jsonl"
    report = job.label_files([ROOT / "seeds"], output, model=tiny_model)
    assert (report.documents, report.failed) == (5, 0)
    assert {Path(left.path).name for left in report.left_out} >= {"labels.jsonl", "codings.jsonl"}
    for row in rows(output):
        text = (ROOT / "seeds" / row["document"]).read_bytes().decode("utf-8")
        assert row["text"] == text[row["start"] : row["end"]]


def test_sentences_and_skipped_text_are_the_whole_document(tiny_model, tmp_path):
    output = tmp_path / "out.jsonl"
    report = job.label_files([ROOT / "seeds"], output, model=tiny_model)
    spans = {}
    for row in rows(output) + rows(report.skipped_file):
        spans.setdefault(row["document"], []).append((row["start"], row["end"]))
    for name, found in spans.items():
        text = (ROOT / "seeds" / name).read_bytes().decode("utf-8")
        covered = {place for start, end in found for place in range(start, end)}
        assert not [c for place, c in enumerate(text) if place not in covered and not c.isspace()]


@settings(max_examples=40)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_offsets_hold_for_any_text(tiny_model, tmp_path, text):
    path, output = tmp_path / "a.txt", tmp_path / "out.jsonl"
    path.write_bytes(text.encode())
    report = job.label_files([path], output, model=tiny_model, force=True)
    if report.documents:
        text = text.removeprefix("\ufeff")
        assert all(row["text"] == text[row["start"] : row["end"]] for row in rows(output))
    else:
        assert report.failed == 1


def test_rows_are_what_the_model_gives(tiny_model, corpus, tmp_path):
    job.label_files([corpus], tmp_path / "out.jsonl", model=tiny_model)
    text = (corpus / "3.txt").read_text(encoding="utf-8")
    expected = [s.to_dict(document="3.txt") for s in tiny_model.label(text).sentences]
    assert [row for row in rows(tmp_path / "out.jsonl") if row["document"] == "3.txt"] == expected


def test_the_three_formats_hold_the_same(tiny_model, corpus, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    for suffix in ("jsonl", "csv", "parquet"):
        job.label_files([corpus], tmp_path / f"out.{suffix}", model=tiny_model)
    text = (tmp_path / "out.csv").read_bytes().decode()
    cells = list(csv.DictReader(io.StringIO(text, newline="")))
    table = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    for line, cell, row in zip(rows(tmp_path / "out.jsonl"), cells, table, strict=True):
        assert cell == {name: str(value) for name, value in row.items()}
        assert (line["text"], line["start"]) == (row["text"], row["start"])
        assert all(line["probabilities"][f] == row[f"p_{f}"] for f in line["probabilities"])


def test_columns_are_carried_through(tiny_model, tmp_path):
    (tmp_path / "a.csv").write_text("text,year\nThey met.,1990\n", encoding="utf-8")
    job.label_files(
        [tmp_path / "a.csv"], tmp_path / "o.jsonl", model=tiny_model, keep_columns=["year"]
    )
    assert rows(tmp_path / "o.jsonl")[0]["year"] == "1990"


def test_rows_are_explained_where_that_is_asked(tiny_model, corpus, tmp_path):
    job.label_files([corpus], tmp_path / "out.jsonl", model=tiny_model, explain="occlusion")
    found = rows(tmp_path / "out.jsonl")
    assert any(row["frames"] for row in found)
    for row in found:
        expected = tiny_model.explain(row["text"]).to_dict()
        assert row["explanations"].keys() == expected.keys()
        for frame, words in row["explanations"].items():
            assert np.array(words) == pytest.approx(np.array(expected[frame]), abs=1e-3)


def test_the_three_formats_hold_the_same_explanations(tiny_model, corpus, tmp_path):
    pytest.importorskip("pyarrow")
    found = []
    for suffix in ("jsonl", "csv", "parquet"):
        path = tmp_path / f"out.{suffix}"
        job.label_files([corpus], path, model=tiny_model, explain="occlusion")
        found.append([row["explanations"] for row in read_results(path)])
    assert found[0] == found[1] == found[2]


def test_an_unknown_way_to_explain_is_refused(tiny_model, corpus):
    with pytest.raises(InputError, match="explain is 'guess'; expected occlusion or gradients"):
        job.label_files([corpus], None, model=tiny_model, explain="guess")


def test_nothing_is_written_without_an_output(tiny_model, corpus):
    results = []
    report = job.label_files([corpus], None, model=tiny_model, on_result=results.append)
    assert [result.id for result in results] == [f"{number}.txt" for number in range(6)]
    assert report.sentences == sum(len(result.sentences) for result in results)
    assert sorted(corpus.parent.iterdir()) == [corpus]


def test_a_document_that_fails_costs_only_itself(tiny_model, corpus, tmp_path):
    (corpus / "3b.txt").write_bytes(b"\0\1")
    report = job.label_files([corpus], tmp_path / "out.jsonl", model=tiny_model)
    assert (report.documents, report.failed) == (6, 1)
    [failure] = rows(report.errors_file)
    assert failure["document"] == "3b.txt"
    assert "NUL" in failure["reason"]


def test_where_nothing_can_be_labelled_no_result_is_left(tiny_model, tmp_path):
    report = job.label_files([tmp_path / "no.txt"], tmp_path / "out.jsonl", model=tiny_model)
    assert (report.documents, report.failed) == (0, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl.errors.jsonl"]


def test_a_folder_without_articles_is_refused(tiny_model, tmp_path):
    (tmp_path / "README.md").write_text("About.", encoding="utf-8")
    with pytest.raises(InputError, match="found no article"):
        job.label_files([tmp_path], tmp_path / "out.jsonl", model=tiny_model)


def test_one_input_that_is_no_list_is_refused(tiny_model, corpus):
    with pytest.raises(InputError, match="expected a list"):
        job.label_files(str(corpus), None, model=tiny_model)


def test_a_wrong_option_leaves_nothing_behind(tiny_model, corpus, tmp_path):
    with pytest.raises(InputError, match="no abstention band"):
        job.label_files([corpus], tmp_path / "out.jsonl", model=tiny_model, abstain=0.42)
    assert sorted(tmp_path.iterdir()) == [corpus]


def test_a_share_to_withhold_is_checked_before_the_work(tiny_folder, corpus, tmp_path):
    output = tmp_path / "out.jsonl"
    with stance.load(tiny_folder) as model:
        model.decision = replace(model.decision, bands={0.05: ((0.2, 0.8),) * 4})
        job.label_files([corpus], output, model=model, abstain=np.float32(0.05))
    record = json.loads((tmp_path / "out.jsonl.run.json").read_text(encoding="utf-8"))
    assert record["settings"]["options"]["abstain"] == 0.05
    # The model is closed now: the work would be refused, in other words.
    with pytest.raises(InputError, match=r"abstain is .* expected a share"):
        job.label_files([corpus], None, model=model, abstain="0.05")


def test_a_model_that_cannot_be_loaded_is_refused(corpus, tmp_path):
    with pytest.raises(ModelError):
        job.label_files([corpus], tmp_path / "out.jsonl", model=tmp_path / "no")


def test_the_report_sums_up_the_rows(tiny_model, corpus, tmp_path):
    report = job.label_files([corpus], tmp_path / "out.jsonl", model=tiny_model)
    written = rows(tmp_path / "out.jsonl")
    for frame, summary in report.frames.items():
        stances = [row["frames"][frame] for row in written if frame in row["frames"]]
        assert summary.sentences == len(stances)
        assert summary.against == stances.count("against")
    assert sum(summary.sentences for summary in report.summaries) == len(written)


def test_progress_grows_to_the_whole(tiny_model, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(job, "WINDOW_CHARACTERS", 300)
    seen = []
    job.label_files([corpus], tmp_path / "out.jsonl", model=tiny_model, progress=seen.append)
    assert len(seen) > 2
    assert [p.documents for p in seen] == sorted(p.documents for p in seen)
    assert (seen[-1].share, seen[-1].seconds_left) == (1.0, 0.0)


def test_memory_does_not_grow_with_the_corpus(tiny_model, tmp_path, monkeypatch):
    # Small, so that the smaller corpus too has all the windows that are ever held at once.
    monkeypatch.setattr(job, "WINDOW_CHARACTERS", 2_000)

    def peak(documents):
        path = tmp_path / f"{documents}.jsonl"
        with path.open("w", encoding="utf-8") as stream:
            for _ in range(documents):
                stream.write(json.dumps({"text": ARTICLE}) + "\n")
        tracemalloc.start()
        output = tmp_path / f"{documents}.csv"
        # Cyclic garbage is collected when Python likes: at any size, but not at the same point.
        job.label_files([path], output, model=tiny_model, progress=lambda _: gc.collect())
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    gc.freeze()  # What other tests have loaded need not be gone through again and again.
    try:
        assert peak(1200) < 1.1 * peak(400)
    finally:
        gc.unfreeze()


class _CutOffError(Exception):
    pass


def cut_off(corpus, output, model, *, after=2, **options):
    """Label, and stop as a fault does, after some windows."""
    seen = []

    def stop(progress):
        seen.append(progress)
        if len(seen) == after:
            raise _CutOffError

    with pytest.raises(_CutOffError):
        job.label_files([corpus], output, model=model, progress=stop, **options)


@pytest.fixture
def small_windows(monkeypatch):
    monkeypatch.setattr(job, "WINDOW_CHARACTERS", 300)


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_resumed_result_is_that_of_an_undisturbed_run(tiny_model, corpus, tmp_path, suffix):
    whole, output = tmp_path / f"whole.{suffix}", tmp_path / f"out.{suffix}"
    job.label_files([corpus], whole, model=tiny_model)
    cut_off(corpus, output, tiny_model)
    report = job.label_files([corpus], output, model=tiny_model, resume=True)
    assert 0 < report.resumed < report.documents == 6
    assert output.read_bytes() == whole.read_bytes()


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_an_explained_result_is_resumed_to_the_same_bytes(tiny_model, corpus, tmp_path, suffix):
    whole, output = tmp_path / f"whole.{suffix}", tmp_path / f"out.{suffix}"
    options = {"model": tiny_model, "explain": "occlusion"}
    job.label_files([corpus], whole, **options)
    cut_off(corpus, output, tiny_model, explain="occlusion")
    job.label_files([corpus], output, resume=True, **options)
    assert output.read_bytes() == whole.read_bytes()


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("after", [1, 2])
def test_a_resumed_run_has_the_windows_of_an_undisturbed_one(
    tiny_model, corpus, tmp_path, monkeypatch, after
):
    seen = []

    def windows(*given, **options):
        for window in cut(*given, **options):
            seen.append([document.id for document in window])
            yield window

    cut = job.windows
    monkeypatch.setattr(job, "windows", windows)
    job.label_files([corpus], tmp_path / "whole.jsonl", model=tiny_model)
    whole = list(seen)
    cut_off(corpus, tmp_path / "out.jsonl", tiny_model, after=after)
    seen.clear()
    job.label_files([corpus], tmp_path / "out.jsonl", model=tiny_model, resume=True)
    assert len(whole) > 2
    assert seen == whole[after:]


def test_the_first_window_is_short():
    documents = [Document(str(number), "Ten signs.") for number in range(7)]
    found = [[d.id for d in window] for window in job.windows(documents, 30, first=10)]
    assert found == [["0"], ["1", "2", "3"], ["4", "5", "6"]]


@pytest.mark.usefixtures("small_windows")
def test_documents_that_failed_are_not_among_those_an_earlier_run_labelled(
    tiny_model, corpus, tmp_path
):
    (corpus / "0-empty.txt").write_text("")
    cut_off(corpus, tmp_path / "out.jsonl", tiny_model)
    report = job.label_files([corpus], tmp_path / "out.jsonl", model=tiny_model, resume=True)
    assert report.failed == 1
    assert 0 < report.resumed < report.documents
    again = job.label_files([corpus], tmp_path / "out.jsonl", model=tiny_model, resume=True)
    assert again.resumed == again.documents


@pytest.mark.usefixtures("small_windows")
def test_a_resumed_report_counts_the_whole(tiny_model, corpus, tmp_path):
    whole = job.label_files([corpus], tmp_path / "whole.jsonl", model=tiny_model)
    cut_off(corpus, tmp_path / "out.jsonl", tiny_model)
    resumed = job.label_files([corpus], tmp_path / "out.jsonl", model=tiny_model, resume=True)
    assert replace(resumed, output=None, seconds=0, resumed=0) == replace(
        whole, output=None, seconds=0
    )


def test_resuming_a_complete_result_changes_nothing(tiny_model, corpus, tmp_path):
    output = tmp_path / "out.jsonl"
    job.label_files([corpus], output, model=tiny_model)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    report = job.label_files([corpus], output, model=tiny_model, resume=True)
    assert report.resumed == report.documents == 6
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_the_result_its_own_pattern_matches_is_not_read(tiny_model, corpus, monkeypatch):
    monkeypatch.chdir(corpus)
    (corpus / "a.jsonl").write_text(json.dumps({"text": ARTICLE}) + "\n", encoding="utf-8")
    (corpus / "b.txt").write_bytes(b"\0")
    output = corpus / "out.jsonl"
    first = job.label_files(["*"], output, model=tiny_model)
    assert (first.documents, first.failed, first.left_out) == (7, 1, ())
    before = output.read_bytes()
    again = job.label_files(["*"], output, model=tiny_model, force=True)
    assert (again.documents, again.failed, output.read_bytes()) == (7, 1, before)
    assert {left.path for left in again.left_out} >= {
        "out.jsonl",
        "out.jsonl.errors.jsonl",
        "out.jsonl.run.json",
    }


def test_the_record_names_the_runtime_and_its_device(tiny_model, corpus, tmp_path):
    job.label_files([corpus], tmp_path / "out.jsonl", model=tiny_model)
    record = json.loads((tmp_path / "out.jsonl.run.json").read_text(encoding="utf-8"))
    assert record["settings"]["model"]["backend"] == "onnx (cpu)"


def test_the_record_names_the_program(tiny_model, corpus, tmp_path):
    job.label_files([corpus], tmp_path / "out.jsonl", model=tiny_model)
    record = json.loads((tmp_path / "out.jsonl.run.json").read_text(encoding="utf-8"))
    named = {package: version(package) for package in ("stance", "sentencex")}
    assert record["settings"]["program"] == named


@pytest.mark.usefixtures("small_windows")
def test_a_run_is_resumed_with_batches_of_another_size(tiny_model, tiny_folder, corpus, tmp_path):
    job.label_files([corpus], tmp_path / "whole.jsonl", model=tiny_model)
    with stance.load(tiny_folder, batch_size=3) as small:
        cut_off(corpus, tmp_path / "out.jsonl", small)
    options = {"model": tiny_folder, "batch_size": 1, "resume": True}
    report = job.label_files([corpus], tmp_path / "out.jsonl", **options)
    assert 0 < report.resumed < report.documents
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


@pytest.mark.usefixtures("small_windows")
def test_a_run_is_not_resumed_on_another_device(tiny_model, corpus, tmp_path, monkeypatch):
    cut_off(corpus, tmp_path / "out.jsonl", tiny_model)
    monkeypatch.setattr(tiny_model.backend, "device", "cuda:0")
    with pytest.raises(OutputError, match=r"backend was onnx \(cpu\), now it is onnx \(cuda\)"):
        job.label_files([corpus], tmp_path / "out.jsonl", model=tiny_model, resume=True)


def change_model(corpus, model):
    return {"model": model.with_thresholds({"cooperation": 0.9})}


def change_runtime(corpus, model):
    return {"model": stance.load(model.folder.path, backend="torch")}


def change_program(corpus, model):
    journal = corpus.parent / "out.jsonl.partial" / "run.json"
    record = json.loads(journal.read_text(encoding="utf-8"))
    record["settings"]["program"]["sentencex"] = "0.9"
    journal.write_text(json.dumps(record), encoding="utf-8")
    return {"model": model.with_thresholds({"cooperation": 0.9})}  # As an upgrade may bring.


def change_list(corpus, model):
    (corpus / "new.txt").write_text("They met.", encoding="utf-8")
    return {}


def change_text(corpus, model):
    path = corpus / "0.txt"
    path.write_text(path.read_text(encoding="utf-8").swapcase(), encoding="utf-8")
    return {}


def change_option(corpus, model):
    return {"keep_all": True}


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize(
    ("change", "named"),
    [
        (change_model, "the model changed"),
        (change_program, r"the program changed \(sentencex was 0\.9, now it is [\d.]+\); make"),
        (change_runtime, r"backend was onnx \(cpu\), now it is torch \(cpu\)"),
        (change_list, "the inputs changed"),
        (change_text, "the inputs changed"),
        (change_option, "keep_all was False"),
    ],
)
def test_a_run_is_not_resumed_with_something_changed(tiny_model, corpus, tmp_path, change, named):
    output = tmp_path / "out.jsonl"
    cut_off(corpus, output, tiny_model)
    changed = {"model": tiny_model} | change(corpus, tiny_model)
    with pytest.raises(OutputError, match=named):
        job.label_files([corpus], output, resume=True, **changed)
    assert not output.exists()


def test_runs_killed_at_random_are_resumed_to_the_same_bytes(tiny_folder, tmp_path):
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    pytest.importorskip("pyarrow")
    command = [sys.executable, ROOT / "tests" / "killed_runs.py", tiny_folder, tmp_path, "5"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert all(of["different"] == 0 and of["errors"] for of in found.values())
    assert sum(of["killed"] for of in found.values()) >= 8


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_a_write_that_fails_damages_nothing(tiny_model, corpus, tmp_path, suffix):
    resource = pytest.importorskip("resource")
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    output, whole = tmp_path / f"out.{suffix}", tmp_path / f"whole.{suffix}"
    job.label_files([corpus], whole, model=tiny_model)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may grow past this: the kernel refuses the write, as it does on a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (whole.stat().st_size // 2, before[1]))
    try:
        with pytest.raises(OutputError, match="--resume"):
            job.label_files([corpus], output, model=tiny_model)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not output.exists()
    job.label_files([corpus], output, model=tiny_model, resume=True)
    assert output.read_bytes() == whole.read_bytes()


_FULL_DISK = """
set -e
mount -t tmpfs -o size=48k none "$1"
! "$2" -c "$3" || exit 3
test ! -e "$1/out.jsonl"
mount -o remount,size=8m "$1"
"$2" -c "$3" resume
cp "$1/out.jsonl" "$4"
"""
_LABEL = """
import sys
from stance import job
job.WINDOW_CHARACTERS = 300
job.label_files([{corpus!r}], {output!r}, model={model!r}, resume="resume" in sys.argv)
"""


def test_a_full_disk_damages_nothing(tiny_model, tiny_folder, corpus, tmp_path):
    namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*namespace, "true"], check=False).returncode:
        pytest.skip("needs a file system of its own")
    whole, disk, result = (tmp_path / name for name in ("whole.jsonl", "disk", "result.jsonl"))
    disk.mkdir()
    for number in range(6, 30):
        (corpus / f"{number}.txt").write_text(ARTICLE * 4, encoding="utf-8")
    job.label_files([corpus], whole, model=tiny_model)
    program = _LABEL.format(
        corpus=str(corpus), output=str(disk / "out.jsonl"), model=str(tiny_folder)
    )
    command = [*namespace, "sh", "-c", _FULL_DISK, "sh", disk, sys.executable, program, result]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "No space left on device" in done.stderr
    assert done.returncode == 0, done.stderr
    assert result.read_bytes() == whole.read_bytes()


def test_it_is_a_public_function():
    assert stance.label_files is job.label_files


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text_column": None}, "None is no column"),
        ({"id_column": 5}, "5 is no column"),
        ({"keep_columns": None}, "keep_columns is None; expected a list"),
        ({"keep_columns": ["a", 5]}, "5 is no column"),
        ({"keep_columns": ["\udcff"]}, r"'\\udcff' is no column; expected its name, as text"),
        ({"force": "false"}, "force is 'false'; expected True or False"),
        ({"resume": "yes"}, "resume is 'yes'; expected True or False"),
        ({"keep_all": 2}, "keep_all is 2; expected True or False"),
        ({"thresholds": 5}, "the thresholds are of the type int"),
    ],
)
def test_options_of_another_type_are_refused(tiny_model, corpus, tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        job.label_files([corpus], tmp_path / "out.jsonl", model=tiny_model, **options)
    assert not (tmp_path / "out.jsonl").exists()


def test_a_result_of_before_is_not_named_where_nothing_was_labelled(tiny_model, tmp_path):
    (tmp_path / "a.txt").write_text("The states trade.")
    (tmp_path / "empty.txt").write_text("")
    output = tmp_path / "out.jsonl"
    assert job.label_files([tmp_path / "a.txt"], output, model=tiny_model).output == output
    before = output.read_bytes()
    report = job.label_files([tmp_path / "empty.txt"], output, model=tiny_model, force=True)
    assert (report.output, report.documents, report.failed) == (None, 0, 1)
    assert report.errors_file.exists()
    assert output.read_bytes() == before


def test_one_column_to_keep_is_still_a_list(tiny_model, corpus, tmp_path):
    with pytest.raises(InputError, match=r"keep_columns is one string, expected .*: \['outlet'\]"):
        job.label_files([corpus], tmp_path / "o.jsonl", model=tiny_model, keep_columns="outlet")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"inputs": [None]}, "one input is None; expected a path"),
        ({"inputs": 3}, "the inputs are 3; expected a list of paths"),
        ({"output": 3}, "the output is 3; expected the path of a file"),
        ({"thresholds": [0.5]}, "the thresholds are of the type list"),
        ({"thresholds": []}, "the thresholds are of the type list"),
        ({"thresholds": 0}, "the thresholds are of the type int"),
    ],
)
def test_what_is_of_another_kind_is_refused_in_words(
    tiny_model, corpus, monkeypatch, changed, message
):
    monkeypatch.chdir(corpus.parent)
    options = {"inputs": ["corpus"], "output": "out.jsonl", "model": tiny_model} | changed
    with pytest.raises(InputError, match=f"^{message}"):
        job.label_files(**options)
    assert list(corpus.parent.iterdir()) == [corpus]


@pytest.mark.usefixtures("small_windows")
def test_rows_without_a_key_to_keep_are_resumed_to_the_same_bytes(tiny_model, tmp_path):
    path, whole, output = (tmp_path / name for name in ("a.jsonl", "whole.jsonl", "out.jsonl"))
    lines = [
        {"text": ARTICLE, "year": year} if year % 3 else {"text": ARTICLE} for year in range(9)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    options = {"keep_columns": ["year", "outlet"]}
    first = job.label_files([path], whole, model=tiny_model, **options)
    assert (first.documents, first.failed) == (9, 1)
    assert "has no column 'outlet'; it has text, year" in first.failures[0].reason
    years = {row["document"]: (row["year"], row["outlet"]) for row in rows(whole)}
    assert list(years.values()) == [(year if year % 3 else None, None) for year in range(9)]
    cut_off(path, output, tiny_model, **options)
    again = job.label_files([path], output, model=tiny_model, resume=True, **options)
    assert 0 < again.resumed < again.documents == 9
    assert output.read_bytes() == whole.read_bytes()
    assert again.errors_file.read_bytes() == first.errors_file.read_bytes()
    done = job.label_files([path], output, model=tiny_model, resume=True, **options)
    assert (done.resumed, done.failed) == (9, 1)


def test_a_frame_whose_stance_was_never_learnt_has_none_in_any_output(tiny_model, tmp_path):
    pytest.importorskip("pyarrow")
    article = tmp_path / "a.txt"
    article.write_text("The states trade. Two sides met. Rain and order.", encoding="utf-8")
    names = tiny_model.codebook.names
    model = tiny_model.with_thresholds(dict.fromkeys(names, 0.0))
    model.decision = replace(model.decision, stance_learnt=(False, *(True for _ in names[1:])))
    [sentence] = model.predict(["The states trade."])
    assert sentence.frames[names[0]] is None
    assert sentence.frames[names[1]] is not None
    assert set(sentence.stances) == set(names[1:])
    assert model.explain(sentence.text).frames == sentence.frames
    for suffix in ("jsonl", "csv", "parquet"):
        report = stance.label_files([article], tmp_path / f"out.{suffix}", model=model)
        first = report.frames[names[0]]
        assert (first.sentences, first.share, first.balance) == (3, 1.0, None)
        found = list(read_results(tmp_path / f"out.{suffix}"))
        assert [row["frames"][names[0]] for row in found] == [None] * 3
        use = summarize(found).frames[names[0]]
        assert (use.sentences, use.favor, use.balance.value) == (3, 0, None)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux lists what is open")
def test_an_error_of_the_caller_leaves_no_input_open(tiny_model, tmp_path):
    def stop(_):
        raise KeyError("stop")

    table = tmp_path / "many.jsonl"
    table.write_text(
        "".join(json.dumps({"text": ARTICLE * 500}) + "\n" for _ in range(90)), encoding="utf-8"
    )
    with pytest.raises(KeyError) as kept:
        job.label_files([table], None, model=tiny_model, on_result=stop)
    opened = [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    assert kept.value.args == ("stop",)
    assert table not in opened
