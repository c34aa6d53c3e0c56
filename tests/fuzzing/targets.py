"""What is fuzzed, and what has to hold of each."""

import bz2
import gzip
import io
import json
import lzma
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from stance.codebook import Codebook, Frame, format_labels, parse_labels
from stance.decision import Decision
from stance.errors import CodebookError, StanceError
from stance.files import (
    Document,
    DocumentReader,
    Failure,
    find_sources,
    read_labelled,
    read_rows,
)
from stance.files.codings import read_codings, read_sentences, read_texts
from stance.files.sources import Unusable
from stance.sentences import split
from stance.store import ModelFolder

from .inputs import (
    any_json,
    as_json,
    as_json_lines,
    as_table,
    changed,
    damaged,
    encodings,
    odd_text,
    texts,
)

BOOK = Codebook((Frame("cooperation", "Working together.", "It is good."), Frame("rivalry")))


@dataclass(frozen=True)
class Target:
    """A piece of stance that meets strangers' data.

    Attributes:
        name: what it is called on the command line.
        cases: draws one input.
        check: raises where something does not hold of an input.
    """

    name: str
    cases: st.SearchStrategy[Any]
    check: Callable[[Any], None]


def check_split(case: tuple[str, bool]) -> None:
    """Sentences and skipped stretches are exact, in order and apart; between them is nothing."""
    text, keep_all = case
    found = split(text, keep_all=keep_all)
    assert all(skip.text == text[skip.start : skip.end] for skip in found.skipped)
    assert not (keep_all and found.skipped)
    spans = [(span.start, span.end) for span in (*found.sentences, *found.skipped)]
    for stretches in (found.sentences, found.skipped):
        starts = [stretch.start for stretch in stretches]
        assert starts == sorted(starts)
    behind = 0
    for start, end in sorted(spans):
        assert behind <= start < end <= len(text)
        assert not text[behind:start].strip(), "text was lost"
        assert text[start:end] == text[start:end].strip()
        behind = end
    assert not text[behind:].strip(), "text was lost"


def check_documents(name: str, data: bytes) -> None:
    """A file gives documents, or failures that say why in one line."""
    with _file(name, data) as path:
        for columns in ({}, {"id_column": "id", "keep_columns": ["frames", "text"]}):
            for found in DocumentReader(find_sources([path]), **columns):
                assert isinstance(found, (Document, Failure))
                if isinstance(found, Failure):
                    assert_one_line(found.reason)
                else:
                    assert found.text.strip()
                    json.dumps([found.id, found.text, found.columns]).encode()
                    found.text.encode()


def check_sources(name: str) -> None:
    """A name gives files that are there, or says in one line what is wrong with it."""
    with _file("a.txt", b"They met.") as path:
        (path.parent / "b").mkdir()
        (path.parent / "b" / "c.csv").write_text("text,frames\n", encoding="utf-8")
        found = find_sources([f"{path.parent}/{name}"])
        for source in found.sources:
            source.id.encode()
            if isinstance(source, Unusable):
                assert_one_line(source.reason)
            else:
                assert source.path is not None
                assert source.path.is_file()
        found.fingerprint()


def check_codings(name: str, data: bytes) -> None:
    """Every reader of labels takes a file, or refuses it in one line."""
    readers: tuple[Callable[[Path], Iterable[Any]], ...] = (
        read_codings,
        lambda path: read_codings(path, codebook=BOOK),
        lambda path: read_labelled(path).rows,
        read_rows,
        lambda path: read_rows(path, codebook=BOOK),
        read_texts,
        read_sentences,
    )
    with _file(name, data) as path:
        for reader in readers:
            try:
                for row in reader(path):
                    repr(row).encode()
            except StanceError as error:
                assert_one_line(str(error))


def check_notation(text: str) -> None:
    """Labels are read, and written so that they are read again; or refused in one line."""
    try:
        labels = parse_labels(text)
    except CodebookError as error:
        assert_one_line(str(error))
        return
    assert parse_labels(format_labels(labels)) == labels
    try:
        assert BOOK.check(labels) == labels
    except CodebookError as error:
        assert_one_line(str(error))


def check_codebook(data: bytes) -> None:
    """A codebook file is read, and is the same when written and read again; or refused."""
    with _file("codebook.json", data) as path:
        try:
            codebook = Codebook.load(path)
            assert Codebook.from_dict(codebook.to_dict()) == codebook
        except CodebookError as error:
            assert_one_line(str(error))


def check_model(case: tuple[str, bytes]) -> None:
    """A folder of which one file was tampered with is refused, or is whole."""
    name, data = case
    with tempfile.TemporaryDirectory() as folder:
        for file, content in MODEL_FILES.items():
            Path(folder, file).write_bytes(content)
        Path(folder, name).write_bytes(data)
        if name != "stance.json":
            entries = json.loads(MODEL_FILES["stance.json"])
            entries["files"][name]["bytes"] = len(data)
            Path(folder, "stance.json").write_text(json.dumps(entries), encoding="utf-8")
        try:
            model = ModelFolder.read(folder)
        except StanceError as error:
            assert_one_line(str(error))
            return
        frames = len(model.codebook.frames)
        logits = np.zeros((1, frames * 4), dtype=np.float32)
        probabilities = model.decision.probabilities(logits)
        np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-5)
        for share in model.decision.bands:
            assert 0 <= share <= 1
            model.decision.states(probabilities, abstain=share)
        json.dumps(model.to_dict()).encode()
        try:
            model.verify()
        except StanceError as error:
            assert_one_line(str(error))


def assert_one_line(message: str) -> None:
    assert len(message.splitlines()) == 1, "a message is one line"


@contextmanager
def _file(name: str, data: bytes) -> Iterator[Path]:
    """Make a file of this name in a folder of its own, for as long as it is needed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        yield path


HEADER = {"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}


def _weights(header: bytes) -> bytes:
    """Return a safetensors file with one number in it."""
    return len(header).to_bytes(8, "little") + header + bytes(4)


def _model_files() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        labels = {str(number): label for number, label in enumerate(BOOK.labels)}
        (folder / "config.json").write_text(json.dumps({"id2label": labels}), encoding="utf-8")
        for file in ("tokenizer.json", "tokenizer_config.json"):
            (folder / file).write_bytes(b"{}")
        (folder / "model.safetensors").write_bytes(_weights(json.dumps(HEADER).encode()))
        band = {0.05: ((0.4, 0.6), (0.3, 0.7))}
        decision = Decision((1.0, 2.0), (0.0, -1.0), (0.5, 0.4), band)
        ModelFolder(
            path=folder,
            name="fuzzed",
            version="1",
            language="en",
            codebook=BOOK,
            decision=decision,
            max_length=64,
        ).write()
        return {file.name: file.read_bytes() for file in folder.iterdir()}


MODEL_FILES = _model_files()

HTML = (
    "<!doctype html><html><head><meta charset=utf-8><title>Order</title></head><body><nav><a>Home"
    "</a></nav><article><h1>Order</h1><p>By Ann Lee</p><p>Power shifts, and order follows it in "
    "the end, as the partnership of the two sides shows.</p><p>Nobody asked for it.</p></article>"
    "<footer>© 2026</footer></body></html>"
).encode()
ROW = {
    "id": "a:1",
    "document": "a",
    "coder": "A",
    "text": "They met.",
    "frames": {"cooperation": "favor", "rivalry": None},
}
RESULT = {"label": ["cooperation:favor"], "start": 0, "end": 9, "username": "ann"}
TASK = {
    "id": 1,
    "data": {"id": "a:1", "text": "They met.", "document": "a"},
    "annotations": [
        {
            "completed_by": {"id": 4, "email": "a@b.c"},
            "was_cancelled": False,
            "result": [
                {
                    "type": "choices",
                    "from_name": "cooperation",
                    "to_name": "text",
                    "value": {"choices": ["favor"]},
                }
            ],
        }
    ],
}
COLUMNS = ["id", "document", "coder", "text", "frames"]
COMPRESS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": bytes}

encoded = st.builds(lambda text, encoding: text.encode(encoding, "replace"), texts, encodings)
any_rows = st.one_of(changed(ROW), changed(ROW | RESULT), changed(TASK), any_json)
notation = st.lists(
    st.one_of(st.sampled_from(["cooperation", "favor", "neutral", ":", ";", "; ", "x-1"]), odd_text)
).map("".join)


def _parquet_file() -> bytes:
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ModuleNotFoundError:
        return b"PAR1PAR1"
    stream = io.BytesIO()
    columns = {"id": ["1", "2"], "text": ["One.", None], "frames": ["cooperation:favor", ""]}
    parquet.write_table(arrow.table(columns), stream)
    return stream.getvalue()


def _documents(name: str, cases: st.SearchStrategy[bytes]) -> Target:
    return Target(
        f"documents {name.removeprefix('a.')}",
        st.one_of(damaged(cases), st.binary(max_size=200)),
        lambda data: check_documents(name, data),
    )


def _codings(kind: str, suffix: str, cases: st.SearchStrategy[bytes]) -> Target:
    return Target(
        f"{kind} {suffix}", damaged(cases), lambda data: check_codings(f"a.{suffix}", data)
    )


@st.composite
def _compressed(draw: st.DrawFn) -> tuple[str, bytes]:
    suffix = draw(st.sampled_from(list(COMPRESS)))
    inner = draw(st.sampled_from(["txt", "csv", "jsonl", "html"]))
    data = draw(st.one_of(encoded, as_table(COLUMNS, ","), as_json_lines(any_rows)))
    whole = COMPRESS[suffix](data)
    return f"a.{inner}{suffix}", draw(st.one_of(st.just(whole), damaged(st.just(whole))))


def _tampered(name: str) -> st.SearchStrategy[tuple[str, bytes]]:
    content = MODEL_FILES[name]
    return st.tuples(
        st.just(name),
        st.one_of(
            as_json(changed(json.loads(content))), damaged(st.just(content)), as_json(any_json)
        ),
    )


# No ".." and nothing that is followed up to the root: a pattern would walk the whole disk.
names = st.lists(
    st.one_of(
        st.sampled_from(["a", "b", "c.csv", ".txt", "*", "**/", "?", "[", "]", "[!a]", "/", "~"]),
        st.sampled_from(["x" * 300, "b/" * 2_000, "\udcff"]),
        odd_text.map(lambda text: text.replace(".", "")),
    ),
    max_size=5,
).map("".join)

TARGETS = (
    Target("split", st.tuples(texts, st.booleans()), check_split),
    Target("sources", names, check_sources),
    _documents("a.txt", encoded),
    _documents("a.html", st.one_of(st.just(HTML), encoded)),
    _documents("a.csv", as_table(COLUMNS, ",")),
    _documents("a.tsv", as_table(COLUMNS, "\t")),
    _documents("a.jsonl", as_json_lines(any_rows)),
    _documents("a.parquet", st.just(_parquet_file())),
    Target("documents compressed", _compressed(), lambda case: check_documents(*case)),
    _codings("exports", "json", as_json(st.lists(any_rows, max_size=3))),
    _codings("rows", "jsonl", as_json_lines(any_rows)),
    _codings("rows", "csv", as_table(COLUMNS, ",")),
    Target("notation", notation, check_notation),
    Target(
        "codebook",
        st.one_of(as_json(changed(BOOK.to_dict())), damaged(as_json(st.just(BOOK.to_dict())))),
        check_codebook,
    ),
    Target(
        "model",
        st.one_of(
            _tampered("stance.json"),
            _tampered("config.json"),
            st.tuples(
                st.just("model.safetensors"),
                st.one_of(
                    as_json(changed(HEADER)).map(_weights),
                    damaged(st.just(MODEL_FILES["model.safetensors"])),
                ),
            ),
        ),
        check_model,
    ),
)
