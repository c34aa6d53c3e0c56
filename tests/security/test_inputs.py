"""Inputs from strangers: each costs itself alone, in bounded memory."""

import bz2
import csv
import gzip
import json
import lzma
import os
import subprocess
import sys
import zipfile

import pytest
from spoiling import DATA

from stance.codebook import Codebook
from stance.files import read_rows
from stance.files.codings import read_codings
from stance.report.rows import read_results

MEGABYTE = b"x" * 2**20
SENTENCE = "The two powers agreed to trade."


def repeated(block, times):
    """Return what writes a gzip file of many members, each the same block."""
    return lambda path: path.write_bytes(gzip.compress(block) * times)


def csv_field(times):
    """Return what writes a table whose one field has so many times 16 MB."""
    head, block = gzip.compress(b'id,text\n1,"'), gzip.compress(MEGABYTE * 16)
    return lambda path: path.write_bytes(head + block * times)


def html(text):
    return lambda path: path.write_text(f"<html><body>{text}</body></html>", encoding="utf-8")


def zipped(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", MEGABYTE * 64)


def parquet(path):
    """Write a text of 8 MB once, and a row for it 512 times: 4 GB in a kilobyte."""
    import pyarrow as arrow
    from pyarrow import parquet as writer

    text = arrow.array(["x" * 2**23])
    rows = arrow.DictionaryArray.from_arrays(arrow.array([0] * 512, arrow.int32()), text)
    writer.write_table(
        arrow.table({"text": rows, "body": rows}),
        path,
        compression="zstd",
        data_page_size=2**30,
        dictionary_pagesize_limit=2**30,
    )


#: Name → (file, what writes it, a part of the line; None where it is read and labelled).
ATTACKS = {
    "gzip bomb: a text of 1 GB": ("a.txt.gz", repeated(MEGABYTE * 16, 64), "larger than 64 MiB"),
    "gzip bomb: a JSON line of 1 GB": (
        "a.jsonl.gz",
        repeated(MEGABYTE * 16, 64),
        "line 1 is longer than 64 MiB",
    ),
    "gzip bomb: a CSV field of 80 MB": ("a.csv.gz", csv_field(5), "line 2 is longer than 64 MiB"),
    "gzip bomb: a CSV field of many lines": (
        "a.csv.gz",
        lambda path: path.write_bytes(
            gzip.compress(b'id,text\n1,"') + gzip.compress((b"x" * 1023 + b"\n") * 2**14) * 5
        ),
        "is longer than 64 MiB",
    ),
    "gzip bomb: a CSV header of 80 MB": (
        "a.csv.gz",
        repeated(MEGABYTE * 16, 5),
        "line 1 is longer than 64 MiB",
    ),
    "bzip2 bomb": (
        "a.txt.bz2",
        lambda path: path.write_bytes(bz2.compress(MEGABYTE) * 80),
        "larger than 64 MiB",
    ),
    "xz bomb": (
        "a.txt.xz",
        lambda path: path.write_bytes(lzma.compress(MEGABYTE * 8) * 10),
        "larger than 64 MiB",
    ),
    "gzip that ends early": (
        "a.txt.gz",
        lambda path: path.write_bytes(gzip.compress(MEGABYTE)[:-40]),
        "damaged",
    ),
    "text that calls itself gzip": ("a.txt.gz", lambda path: path.write_bytes(MEGABYTE), "damaged"),
    "zip bomb": ("a.zip", zipped, "of a type that is not read"),
    "JSON nested without end": (
        "a.jsonl",
        lambda path: path.write_bytes(b"[" * 10**6),
        "is not JSON",
    ),
    "JSON object nested without end": (
        "a.jsonl",
        lambda path: path.write_bytes(b'{"text":' * 10**6),
        "is not JSON",
    ),
    "JSON: a number of a million digits": (
        "a.jsonl",
        lambda path: path.write_bytes(b'{"text": ' + b"9" * 10**6 + b"}"),
        "line 1",
    ),
    "JSON: a text that is a list": (
        "a.jsonl",
        lambda path: path.write_text(json.dumps({"text": [SENTENCE]})),
        "expected text",
    ),
    "JSON: nothing but half a surrogate": (
        "a.jsonl",
        lambda path: path.write_text('{"text": "\\ud800"}'),
        None,
    ),
    "text of NUL bytes": ("a.txt", lambda path: path.write_bytes(b"\0" * 10**6), "NUL"),
    "a sparse file of 1 TB": (
        "a.txt",
        lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 2**40),
        "larger than 64 MiB",
    ),
    "a table of nothing but quotes": (
        "a.csv",
        lambda path: path.write_bytes(b"text\n" + b'"' * 10**6 + b"x"),
        "not well-formed CSV",
    ),
    "a table with 200,000 columns": (
        "a.csv",
        lambda path: path.write_bytes(
            b"text," + b",".join(b"c%d" % n for n in range(200_000)) + b"\n1"
        ),
        "the header has 200001",
    ),
    "a table with one column 100,000 times": (
        "a.csv",
        lambda path: path.write_bytes(b"text," * 10**5 + b"\n1"),
        "twice",
    ),
    "Parquet that is none": (
        "a.parquet",
        lambda path: path.write_bytes(b"PAR1" + MEGABYTE + b"PAR1"),
        "not a readable Parquet",
    ),
    "HTML nested 100,000 deep": ("a.html", html("<div>" * 10**5 + SENTENCE), "no article"),
    "HTML with 5,000 attributes": (
        "a.html",
        html("<p " + " ".join(f"a{n}=1" for n in range(5000)) + f">{SENTENCE}</p>"),
        None,
    ),
    "HTML with entities that grow": (
        "a.html",
        lambda path: path.write_text(
            "<!DOCTYPE html [<!ENTITY a 'xxxxxxxx'>"
            + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 20))
            + f"]><p>{SENTENCE} &a19;</p>"
        ),
        None,
    ),
    "a pipe that nobody writes to": ("a.txt", os.mkfifo, "not a regular file"),
    "a device without an end": (
        "a.csv",
        lambda path: path.symlink_to("/dev/zero"),
        "not a regular file",
    ),
    "a link to itself": ("a.txt", lambda path: path.symlink_to(path.name), "does not exist"),
    "a name with terminal escapes": (
        "\x1b[2J\x07\n\x9b2J.txt",
        lambda path: path.write_bytes(b"\0"),
        "NUL",
    ),
    "a name that is no text": (b"\xff\xfe.txt", lambda path: path.write_bytes(b"\0"), "NUL"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_input_costs_itself_alone(attempt, command, sandbox, attack):
    name, write, reason = ATTACKS[attack]
    path = sandbox / os.fsdecode(name)
    write(path)
    out = sandbox / "out" / "out.jsonl"
    line = attempt(
        attack,
        lambda: command("label", path, "-o", out, "--model", DATA / "format-1", "--threads", 1),
        kind="input",
        refused=reason is not None,
    ).line
    assert (reason or "") in line
    assert out.exists() == (reason is None)


READERS = {
    "labelled rows": lambda path: list(read_rows(path)),
    "codings": lambda path: list(read_codings(path)),
    "results": lambda path: list(read_results(path)),
    "codebook": Codebook.load,
}
SPOILT = {
    "nested without end": b'{"text": "a", "frames": ' + b"[" * 10**5,
    "nested 900 deep": b'{"text": "a", "frames": ' + b"[" * 900 + b"]" * 900 + b"}",
    "half a surrogate": b'{"text": "a", "frames": {"\\ud800": "favor\\ud800"}}',
    "escapes": b'{"text": "a", "frames": {"\\u001b[2J\\n": "\\u001b[2J\\n"}}',
    "not UTF-8": b'{"text": "\xff", "frames": {"a": "b"}}',
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("attack", SPOILT)
def test_every_reader_refuses_what_it_cannot_read(attempt, sandbox, reader, attack):
    path = sandbox / "rows.jsonl"
    path.write_bytes(SPOILT[attack] + b"\n")
    attempt(f"{reader}: {attack}", lambda: READERS[reader](path), kind="input")


@pytest.mark.parametrize("reader", READERS)
def test_no_reader_waits_for_a_pipe(attempt, sandbox, reader):
    os.mkfifo(sandbox / "rows.jsonl")
    path = sandbox / "rows.jsonl"
    line = attempt(f"{reader}: a pipe", lambda: READERS[reader](path), kind="input").line
    assert "not a regular file" in line


@pytest.mark.parametrize("pattern", ["", "/**/*.txt", "/**/a/**/*.txt"])
def test_a_folder_of_links_that_go_round_is_read_once(attempt, command, sandbox, pattern):
    folder = sandbox / "corpus"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "a.txt").write_text(SENTENCE, encoding="utf-8")
    for name in "bcdef":
        (folder / "a" / name).symlink_to("..")
        (folder / name).symlink_to(".")
    if not pattern:
        os.mkfifo(folder / "pipe.txt")
    out = sandbox / "out" / "out.jsonl"
    attempt(
        f"a folder of links that go round{pattern and ', read by a pattern with **'}",
        lambda: command("label", f"{folder}{pattern}", "-o", out, "--model", DATA / "format-1"),
        kind="input",
        refused=False,
    )
    assert len(out.read_bytes().splitlines()) == 1


def test_cells_that_a_spreadsheet_would_run_are_text(attempt, command, sandbox):
    formula = '=HYPERLINK("http://evil/","They agreed to trade.")'
    with (sandbox / "a.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["text", "=id", "@note"], [formula, "+1+1", "\t=1"]])
    out = sandbox / "out" / "out.csv"
    words = ("label", sandbox / "a.csv", "--id-column", "=id", "--keep-column", "@note")
    attempt(
        "cells and column names that are formulas",
        lambda: command(*words, "-o", out, "--model", DATA / "format-1"),
        kind="input",
        refused=False,
    )
    with out.open(encoding="utf-8", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert "'@note" in cells
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "@", "\t", "\r")]


#: Reads twenty rows of a file, and prints the most memory that it ever had, in kB.
READING = """
import sys
from pathlib import Path
from stance.errors import InputError
from stance.files.tables import TableFile
path = Path(sys.argv[1])
rows = iter(TableFile(path, path.name.split(".")[1]))
try:
    for _ in range(20):
        next(rows)
except InputError as error:
    print(error, file=sys.stderr)
status = Path("/proc/self/status").read_text()
print(status.split("VmHWM:")[1].split()[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's peak")
@pytest.mark.parametrize(
    ("name", "write"),
    [("a.csv.gz", csv_field(64)), ("a.parquet", parquet)],
    ids=["a CSV field of 1 GB", "4 GB of text in 1 kB of Parquet"],
)
def test_memory_stays_bounded(sandbox, name, write):
    path = sandbox / name
    write(path)
    assert path.stat().st_size < 2 * 2**20
    child = [sys.executable, "-c", READING, str(path)]
    done = subprocess.run(child, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 600 * 1024
