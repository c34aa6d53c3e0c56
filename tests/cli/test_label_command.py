"""`stance label`: the table, the result files, the exit codes."""

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from stance.cli import _progress
from stance.cli._tables import print_document, print_notes, print_overview
from stance.files.documents import Document
from stance.files.report import LabelProgress, Tally
from stance.files.sources import LeftOut
from stance.results import DocumentResult, SentenceResult, Word

ROOT = Path(__file__).parents[2]
ARTICLE = "Home | News\n\nThe two powers met. They agreed to trade.\n"
PROGRAM = "from stance.cli import main; main()"


@pytest.fixture
def articles(tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text(ARTICLE, encoding="utf-8")
    return folder


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_seeds_are_labelled_into_a_file(run, tiny_folder, tmp_path):
    output = tmp_path / "out.jsonl"
    outcome = run("label", ROOT / "seeds", "-o", output, "--model", tiny_folder)
    assert outcome.code == 0, outcome.err
    assert len({row["document"] for row in rows(output)}) == 5
    assert f"result: {output}" in outcome.out
    assert "labels.jsonl (holds labels" in outcome.out
    assert "what is named itself is labelled" in outcome.out
    assert outcome.err == ""


def test_without_an_output_the_sentences_are_shown(run, tiny_folder, articles):
    outcome = run("label", articles, "--model", tiny_folder)
    assert outcome.code == 0
    assert "They agreed to trade." in outcome.out
    assert re.search(r"[+o-] multipolarity \d\.\d\d", outcome.out)
    assert sorted(path.name for path in articles.iterdir()) == ["a.txt", "b.txt"]


def test_the_table_is_plain_text_of_80_columns_in_a_pipe(run, tiny_folder, articles, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    (articles / "c.txt").write_text("A very long sentence goes on. " * 30, encoding="utf-8")
    outcome = run("label", articles, "--model", tiny_folder)
    tables = outcome.out.split("labelled")[0]
    assert "\x1b" not in outcome.out
    assert max(len(line) for line in tables.splitlines()) <= 80


def test_the_words_that_carry_a_frame_stand_under_it(run, tiny_folder, articles, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    (articles / "c.txt").write_text(f"They w{'o' * 300}rd the trade agreed.", encoding="utf-8")
    plain = run("label", articles, "--model", tiny_folder).out
    outcome = run("label", articles, "--model", tiny_folder, "--explain")
    added = [line for line in outcome.out.splitlines() if line not in plain.splitlines()]
    assert any(re.search(r"^ +(.*\w)?  \w+", line) for line in added)
    assert max(len(line) for line in outcome.out.split("labelled")[0].splitlines()) <= 80


def shown(show, *given):
    out = Console(file=io.StringIO(), width=80)
    show(out, *given)
    return out.file.getvalue()


def test_where_no_word_carries_a_frame_that_is_said():
    def explained(weight):
        words = {"x": (Word("met", 5, 8, weight),)}
        sentence = SentenceResult("They met.", 0, 9, 0, {"x": "favor"}, {"x": 0.9}, {}, (), words)
        return shown(print_document, DocumentResult("a", (sentence,), ("x",)))

    assert re.search(r"\n +met *\n", explained(0.02))
    assert re.search(r"\n +no single word *\n", explained(0.019))


@pytest.mark.parametrize("frames", [("x", "y"), [f"frame_{n}" for n in range(9)]])
def test_the_overview_says_what_is_left_open(frames):
    def overview(*uncertain):
        carried = SentenceResult("One.", 0, 4, 0, {frames[0]: "favor"}, {}, {})
        others = [SentenceResult("One.", 0, 4, 1, {}, {}, {}, left_open) for left_open in uncertain]
        tally = Tally(tuple(frames))
        result = DocumentResult("a", (carried, *others), tuple(frames))
        tally.add((Document("a", "One."), result))
        return shown(print_overview, tally.report(None, left_out=(), resumed=0, seconds=1))

    decided = overview((), (), ())
    assert "25% +1.0" in decided
    assert "left open" not in decided
    withheld = overview((frames[0],), (frames[1],), ())
    assert "25-50% +1.0" in withheld
    assert "0-25%" in withheld
    assert "more are left open" in " ".join(withheld.split())


def test_of_many_files_that_are_left_out_some_are_named_and_all_counted():
    names = [f"{n}.pdf" for n in range(12)]

    def told(number):
        left_out = tuple(LeftOut(name, "not of a type that is read") for name in names[:number])
        report = Tally(("x",)).report(None, left_out=left_out, resumed=0, seconds=1)
        return " ".join(shown(print_notes, report).split())

    assert told(10).startswith(f"left out {', '.join(names[:10])} (not of a type that is read)")
    assert told(12).startswith(f"left out {', '.join(names[:10])}, …, 12 in all (not of a type")


def test_rows_are_explained(run, tiny_folder, articles, tmp_path):
    output = tmp_path / "out.jsonl"
    assert run("label", articles, "-o", output, "--explain", "--model", tiny_folder).code == 0
    for row in rows(output):
        assert row["explanations"].keys() == row["frames"].keys()


def test_control_characters_of_a_text_do_not_reach_the_terminal(run, tiny_folder, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("They \x1b[31mmet\x07 again\u202e there.".encode())
    outcome = run("label", path, "--model", tiny_folder)
    assert not {"\x1b", "\x07", "\u202e"} & set(outcome.out)


def test_standard_input_is_one_text(run, tiny_folder):
    outcome = run("label", "-", "--model", tiny_folder, stdin="They met — twice.".encode())
    assert outcome.code == 0
    assert "They met — twice." in outcome.out


def test_standard_input_may_be_a_table(run, tiny_folder, tmp_path):
    output = tmp_path / "out.csv"
    stdin = b'id,text\r\n7,"They met."\r\n'
    words = ["--input-format", "csv", "--id-column", "id", "-o", output, "--model", tiny_folder]
    assert run("label", "-", *words, stdin=stdin).code == 0
    assert output.read_text(encoding="utf-8").splitlines()[1].startswith("7,0,0,9,They met.,")


def test_some_failures_are_named_and_give_code_1(run, tiny_folder, articles, tmp_path):
    (articles / "c.txt").write_bytes(b"")
    outcome = run("label", articles, tmp_path / "no.txt", "--model", tiny_folder)
    assert outcome.code == 1
    assert outcome.err.splitlines() == [
        f"stance: {articles}/c.txt holds no text",
        f"stance: {tmp_path}/no.txt does not exist",
    ]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.txt", b""),
        ("a.txt", b"\0\1\2"),
        ("a.pdf", b"%PDF-1.7"),
        ("a.txt.gz", b"plain"),
        ("a.csv", b"title,body\na,b\n"),
        ("a.tsv", b"\n"),
        ("a.jsonl", b"[1, 2]\n{\n"),
        ("a.parquet", b"PAR1"),
        ("a.html", b"<html></html>"),
    ],
)
def test_where_nothing_can_be_done_the_reason_is_one_line_and_code_2(
    run, tiny_folder, tmp_path, name, data
):
    path = tmp_path / name
    path.write_bytes(data)
    output = tmp_path / "out.jsonl"
    outcome = run("label", path, "-o", output, "--model", tiny_folder)
    assert outcome.code == 2
    assert all(line.startswith(f"stance: {path}") for line in outcome.err.splitlines())
    assert not output.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--threshold", "cooperation"], "FRAME=P"),
        (["--threshold", "cooperation=2"], "expected 0 to 1"),
        (["--threshold", "peace=0.5"], "no frame 'peace'"),
        (["--abstain", "0.42"], "no abstention band"),
        (["--backend", "jax"], "unknown backend"),
        (["--device", "tpu"], "unknown device"),
        (["--threads", "0"], "threads is 0"),
        (["--batch-size", "0"], "batch_size is 0"),
        (["--resume"], "need a result"),
        (["--format", "csv"], "need a result"),
        (["-o", "out.xlsx"], "expected a name in .jsonl"),
        (["-o", "out.jsonl", "--format", "xml"], "'xml' is not known"),
        (["-o", "out.csv", "--format", "parquet"], "would be read as .csv, and the format is parq"),
        (["-o", "-", "--format", "parquet"], "Parquet cannot go to standard output"),
        (["-o", "-", "--resume"], "standard output keeps no run to resume"),
        (["-o", "-", "--force"], "standard output keeps no run to resume"),
        (["--input-format", "docx"], "unknown input format"),
    ],
)
def test_wrong_options_are_one_line_and_code_2(run, tiny_folder, articles, words, message):
    outcome = run("label", articles, "--model", tiny_folder, *words)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert message in outcome.err


def test_an_existing_result_is_not_touched_unless_forced(run, tiny_folder, articles, tmp_path):
    output = tmp_path / "out.jsonl"
    output.write_bytes(b"mine")
    words = ["label", articles, "-o", output, "--model", tiny_folder]
    assert run(*words).code == 2
    assert output.read_bytes() == b"mine"
    assert run(*words, "--force").code == 0
    assert output.read_bytes() != b"mine"


def test_a_threshold_changes_the_labels(run, tiny_folder, articles, tmp_path):
    output = tmp_path / "out.jsonl"
    words = [f"--threshold={frame}=1" for frame in ("multipolarity", "cooperation")]
    run("label", articles, "-o", output, "--model", tiny_folder, *words)
    found = {frame for row in rows(output) for frame in row["frames"]}
    assert found <= {"defensive_balancing", "anti_hegemony"}


def test_small_batches_give_the_same_rows(run, tiny_folder, articles, tmp_path):
    for name, words in (("whole.jsonl", []), ("small.jsonl", ["--batch-size", 1])):
        run("label", articles, "-o", tmp_path / name, "--model", tiny_folder, *words)
    assert (tmp_path / "small.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_the_table_can_be_shown_beside_a_result(run, tiny_folder, articles, tmp_path):
    words = ["label", articles, "-o", tmp_path / "out.jsonl", "--model", tiny_folder]
    assert "They agreed to trade." in run(*words, "--table").out
    assert "They agreed to trade." not in run(*words, "--force").out


def test_what_was_skipped_is_counted_and_its_file_named(run, tiny_folder, tmp_path):
    output = tmp_path / "out.jsonl"
    outcome = run("label", ROOT / "seeds", "-o", output, "--model", tiny_folder)
    skipped = (tmp_path / "out.jsonl.skipped.jsonl").read_text(encoding="utf-8").splitlines()
    assert f"skipped {len(skipped)} parts" in outcome.out
    assert "out.jsonl.skipped.jsonl" in outcome.out


def test_a_guessed_encoding_is_said(run, tiny_folder, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("Le café est à l’heure — naïve résumé.".encode("cp1252"))
    assert "read as cp1252" in run("label", path, "--model", tiny_folder).out


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_an_interrupted_run_says_how_to_go_on_and_does(run, tiny_folder, articles, tmp_path):
    output = tmp_path / "out.jsonl"
    for number in range(200):
        (articles / f"{number}.txt").write_text(ARTICLE * 20, encoding="utf-8")
    # What a shell starts in the background ignores interrupts, and so may the suite.
    listens = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"{listens}; from stance import job; job.WINDOW_CHARACTERS = 1000; {PROGRAM}"
    words = ["label", articles, "-o", output, "--model", tiny_folder]
    with subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        journal = tmp_path / "out.jsonl.partial" / "run.json"
        while not journal.exists() or '"documents": 0' in journal.read_text(encoding="utf-8"):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.decode() == "stance: stopped; --resume goes on with what is done\n"
    outcome = run(*words, "--resume")
    assert outcome.code == 0
    assert "by an earlier run" in outcome.out


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupt_does_not_wait_for_what_was_begun(articles, tmp_path, threads):
    # The shipped model works on such a window for longer than a thread is waited for; and a process
    # that ends under a thread of ONNX Runtime is aborted.
    lines = (
        f"On day {number} the two powers met and agreed to trade.\n" for number in range(12_000)
    )
    (articles / "long.txt").write_text("".join(lines), encoding="utf-8")
    listens = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    words = ["label", articles, "-o", tmp_path / "out.jsonl", "--threads", threads]
    with subprocess.Popen(
        [sys.executable, "-c", f"{listens}; {PROGRAM}", *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        journal = tmp_path / "out.jsonl.partial" / "run.json"
        while not journal.exists():
            time.sleep(0.01)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.decode() == "stance: stopped; --resume goes on with what is done\n"


def test_progress_is_shown_on_a_terminal_and_silent_in_a_pipe(tiny_folder, articles, tmp_path):
    def errors(stderr):
        words = ["label", articles, "--force", "-o", tmp_path / "o.csv", "--model", tiny_folder]
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *map(str, words)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )

    with errors(subprocess.PIPE) as piped:
        assert piped.stderr.read() == b""
    ours, theirs = pty.openpty()
    with errors(theirs) as shown:
        shown.wait(timeout=60)
    assert b"2 documents" in os.read(ours, 65536)
    os.close(ours)
    os.close(theirs)


def test_a_log_gets_a_line_a_minute(capsys):
    show = _progress.log_lines()
    for seconds in range(0, 200, 10):
        show(LabelProgress(seconds, seconds * 20, float(seconds), 20.0, 0.5, 80.0))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "stance: 60 documents · 1,200 sentences · 20/s · 1:20 left"
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--engine", "spark", "-o", "out"], "unknown engine 'spark'"),
        (["--engine", "ray"], "-o OUT"),
        (["--engine", "ray", "-o", "out", "--table"], "shows no sentences"),
        (["--engine", "ray", "-o", "-"], "writes a folder"),
        (["--address", "10.0.0.1:6379"], "--engine ray"),
        (["--num-gpus", "0.5"], "--engine ray"),
    ],
)
def test_options_of_a_cluster_that_do_not_fit_are_refused(run, articles, words, message):
    outcome = run("label", articles, *words)
    assert outcome.code == 2
    assert message in outcome.err


def test_an_empty_name_is_no_input(run, tiny_folder):
    outcome = run("label", "", "--model", tiny_folder)
    assert outcome.code == 2
    assert 'one input is the empty name ""' in outcome.err


def test_an_input_that_would_be_replaced_is_refused(run, tiny_folder, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("They agreed.")
    words = ("-o", path, "--format", "jsonl", "--force", "--model", tiny_folder)
    outcome = run("label", path, *words)
    assert (outcome.code, path.read_text()) == (2, "They agreed.")
    assert f"{path} is read and would be replaced; choose another name for it" in outcome.err


def test_what_standard_output_is_written_to_is_not_read(tiny_folder, tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text("They agreed. " * 3)
    command = [sys.executable, "-m", "stance", "label", str(tmp_path), "-o", "-", "--keep-all"]
    with (tmp_path / "out.jsonl").open("wb") as out, (tmp_path / "log.txt").open("wb") as log:
        out.write(b'{"text": "An earlier line."}\n')
        out.flush()
        done = subprocess.run(
            [*command, "--model", str(tiny_folder)], stdout=out, stderr=log, check=False
        )
    lines = (tmp_path / "out.jsonl").read_text().splitlines()[1:]
    assert {json.loads(line)["document"] for line in lines} == {"0.txt", "1.txt", "2.txt"}
    assert "log.txt" in (tmp_path / "log.txt").read_text()
    assert done.returncode in (0, 1)


def test_a_table_without_rows_is_said_to_have_none(run, tiny_folder, tmp_path):
    path = tmp_path / "head.csv"
    path.write_text("id,text\n")
    outcome = run("label", path, "-o", tmp_path / "out.jsonl", "--model", tiny_folder)
    assert (outcome.code, outcome.err) == (2, f"stance: {path}: found no document\n")


def test_a_resumed_run_with_another_threshold_is_told_so(run, tiny_folder, articles, tmp_path):
    output = tmp_path / "out.jsonl"
    words = ("label", articles, "-o", output, "--model", tiny_folder)
    assert run(*words).code == 0
    outcome = run(*words, "--resume", "--threshold", "cooperation=0.125")
    assert outcome.code == 2
    assert "the model changed (thresholds was {'cooperation': " in outcome.err


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_standard_output_gets_the_rows_of_a_file_and_nothing_else(
    run, tiny_folder, tmp_path, monkeypatch, format
):
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_text(
        json.dumps({"text": ARTICLE + "Größe zählt.\n", "year": 1990}) + "\n" + '{"text": ""}\n',
        encoding="utf-8",
    )
    kept = ("--keep-column", "year", "--format", format)
    words = ("label", "a.jsonl", *kept, "--model", tiny_folder)
    assert run(*words, "-o", f"out.{format}").code == 1
    before = sorted(tmp_path.iterdir())
    outcome = run(*words, "-o", "-")
    assert outcome.code == 1
    assert outcome.out.encode() == Path(f"out.{format}").read_bytes()
    assert outcome.err.splitlines() == [
        "skipped 1 part (1 heading)",
        "stance: a.jsonl:2 holds no text",
    ]
    assert sorted(tmp_path.iterdir()) == before


def test_sentences_are_shown_beside_standard_output_on_stderr(run, tiny_folder, articles):
    plain = run("label", articles, "-o", "-", "--model", tiny_folder)
    shown = run("label", articles, "-o", "-", "--model", tiny_folder, "--table")
    assert shown.out == plain.out
    assert "They agreed to trade." in shown.err
    assert "They agreed to trade." not in plain.err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe that ends")
def test_what_reads_standard_output_may_end_first(tiny_folder, articles):
    for number in range(40):
        (articles / f"{number}.txt").write_text(ARTICLE * 60, encoding="utf-8")
    program = f"from stance import job; job.WINDOW_CHARACTERS = 5000; {PROGRAM}"
    with subprocess.Popen(
        [sys.executable, "-c", program, "label", articles, "-o", "-", "--model", tiny_folder],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert json.loads(process.stdout.readline())["document"] == "0.txt"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_documents_in_another_language_are_named(run, tiny_folder, tmp_path):
    for number in range(2):
        text = "Правительство заявило, что страна не намерена ждать решения союза. " * 4
        (tmp_path / f"{number}.txt").write_text(text, encoding="utf-8")
    outcome = run("label", tmp_path, "-o", tmp_path / "o.jsonl", "--model", tiny_folder)
    said = "2 documents not in English, which the model was made for: 0.txt, 1.txt"
    assert outcome.code == 0
    assert said in outcome.out.splitlines()


def test_a_table_of_another_encoding_may_come_from_standard_input(run, tiny_folder):
    words = ("label", "-", "--input-format", "csv", "-o", "-", "--model", tiny_folder)
    outcome = run(*words, stdin="text\nThey met.\nDie Größe zählt.\n".encode("cp1252"))
    said = "2 documents not in UTF-8, read as cp1252: stdin:1, stdin:2\n"
    assert (outcome.code, outcome.err) == (0, said)
    found = [json.loads(line)["text"] for line in outcome.out.splitlines()]
    assert found == ["They met.", "Die Größe zählt."]


def test_a_column_that_a_table_lacks_is_one_line(run, tiny_folder, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,Body,outlet\n" + "1,They met.,Daily\n" * 50, encoding="utf-8")
    words = ("-o", tmp_path / "o.csv", "--text-column", "body", "--model", tiny_folder)
    outcome = run("label", path, *words)
    reason = "has no column 'body' (did you mean 'Body'?); it has id, Body, outlet"
    assert (outcome.code, outcome.err) == (2, f"stance: {path} {reason}\n")
    assert len(rows(tmp_path / "o.csv.errors.jsonl")) == 1
