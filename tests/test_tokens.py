import base64
import json
import struct
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import ModelError
from stance.tokenizer_checks import check_tokenizer, tokenizing
from stance.tokens import WindowTokenizer, pack

rows = st.lists(st.lists(st.integers(1, 99), min_size=1, max_size=40), max_size=50)


@given(rows, st.integers(1, 200), st.none() | st.integers(1, 9))
def test_pack_holds_every_row_once_and_keeps_to_the_size(ids, batch_tokens, batch_size):
    seen = {}
    options = {"batch_tokens": batch_tokens, "batch_size": batch_size}
    for positions, batch in pack(ids, padding_id=0, **options):
        assert batch.input_ids.size <= batch_tokens or len(positions) == 1
        assert len(positions) <= (batch_size or len(ids))
        for row, position in enumerate(positions.tolist()):
            length = int(batch.attention_mask[row].sum())
            assert position not in seen
            seen[position] = batch.input_ids[row, :length].tolist()
            assert not batch.input_ids[row, length:].any()
    assert seen == dict(enumerate(ids))


@pytest.fixture(scope="module")
def tokenizer(tiny_folder):
    return WindowTokenizer(tiny_folder / "tokenizer.json", max_length=16)


def test_windows_overlap_and_lose_nothing(tokenizer):
    text = " ".join("abcdefghij"[i % 10] for i in range(50))
    windows = tokenizer.windows([text])
    assert len(windows.ids) > 3
    assert all(len(window) <= 16 for window in windows.ids)
    rebuilt = list(windows.ids[0][1:-1])
    for window in windows.ids[1:]:
        assert list(window[1:5]) == rebuilt[-4:]
        rebuilt += window[5:-1]
    assert len(rebuilt) == 50


@given(st.lists(st.text(st.characters(), max_size=80), max_size=8))
def test_any_text_has_a_window(tokenizer, texts):
    windows = tokenizer.windows(texts)
    assert sorted(set(windows.text_index.tolist())) == list(range(len(texts)))
    assert (np.diff(windows.text_index) >= 0).all()


def test_a_lone_surrogate_costs_only_itself(tokenizer):
    assert len(tokenizer.windows(["a \ud800 b", "fine"]).ids) == 2


def test_a_damaged_tokenizer_is_refused(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="not a tokenizer"):
        WindowTokenizer(tmp_path / "tokenizer.json", max_length=16)


class Panic(BaseException):
    __module__ = "pyo3_runtime"


@pytest.mark.parametrize("error", [Panic("gave\nup"), ValueError("gave up"), Exception("gave up")])
def test_whatever_the_library_meets_is_one_line(error):
    with (
        pytest.raises(ModelError, match=r"tokenizer\.json cannot cut every text: gave up; fetch"),
        tokenizing(Path("tokenizer.json")),
    ):
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError])
def test_what_is_no_mistake_of_the_file_goes_on(error):
    with pytest.raises(error), tokenizing(Path("tokenizer.json")):
        raise error


def charsmap(*texts):
    data = struct.pack("<I", 8) + bytes(8) + "".join(f"{text}\0" for text in texts).encode()
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(data).decode()}


def replacing(content, **pattern):
    return {"type": "Replace", "pattern": pattern, "content": content}


def steps(*found):
    return {"type": "Sequence", "normalizers": list(found)}


BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
WORDS = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
LONGEST = unicodedata.normalize("NFKC", "\ufdfa")  # 18 characters, and no other has more.
SPACES = replacing(" ", Regex=" {2,}")
QUOTES = (replacing('"', String="``"), replacing('"', String="''"))

KNOWN = {
    "albert": (steps(*QUOTES, {"type": "NFKD"}, charsmap(LONGEST), SPACES), WORDS),
    "llama": (steps({"type": "Prepend", "prepend": "▁"}, replacing("▁", String=" ")), None),
    "roberta": (None, BYTES),
    "modernbert": ({"type": "NFC"}, BYTES),
    "cleaned": (
        steps(
            charsmap(LONGEST), SPACES, replacing("0", Regex="[0-9]+"), replacing("x", Regex=r"\S+")
        ),
        WORDS,
    ),
    "nothing": (None, None),
}
BOMBS = {
    "one long text": (replacing("a" * 1100, String="a"), None),
    "short ones": (steps(*[replacing("aa", String="a")] * 11), None),
    "between all letters": (steps(*[replacing("a", Regex="")] * 11), None),
    "a character of eighteen": (steps(*[replacing("\ufdfa", String="a")] * 3), None),
    "a prefix": (steps({"type": "Prepend", "prepend": "a" * 1100}), None),
    "a map": (charsmap("a", "b" * 1100), None),
    "bytes of bytes": (None, {"type": "Sequence", "pretokenizers": [BYTES] * 6}),
    "without a type": (steps({"pattern": {"String": "a"}, "content": "a" * 1100}), None),
    "so many that none can say": (steps(*[replacing("a" * 99, String="a")] * 999), None),
}


def tokenizer_of(folder, normalizer, pre_tokenizer):
    data = {"normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "model": {"vocab": {}}}
    (folder / "tokenizer.json").write_text(json.dumps(data), encoding="utf-8")
    return folder / "tokenizer.json"


@pytest.mark.parametrize("name", KNOWN)
def test_the_steps_of_known_tokenizers_are_allowed(tmp_path, name):
    path = tokenizer_of(tmp_path, *KNOWN[name])
    assert check_tokenizer(path) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", BOMBS)
def test_steps_that_make_a_text_very_long_are_refused(tmp_path, name):
    with pytest.raises(ModelError, match="more than 1024 times as long"):
        check_tokenizer(tokenizer_of(tmp_path, *BOMBS[name]))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"model": {}, "normalizer": null, "normalizer": null}', "stands there twice"),
        ('{"model": {}, "mod\\u0065l": {}}', "stands there twice"),
        ('{"normalizer": {"a": 1, "a": 2}}', "stands there twice"),
        ('{"model": {}} {}', "cannot be read as JSON at character 12"),
        ('{"model": ', "is not a tokenizer"),
        ("[" * 100_000, "is not a tokenizer"),
        ('{"normalizer": ' + "[" * 100_000, "is not a tokenizer"),
        ('{"normalizer": {"precompiled_charsmap": "/////w=="}}', "4,294,967,295 bytes and has 4"),
        ('{"normalizer": {"precompiled_charsmap": "AgAAAAAA"}}', "index of 2 bytes"),
        ('{"normalizer": {"precompiled_charsmap": "no!"}}', "is not a tokenizer"),
    ],
)
def test_a_tokenizer_that_is_not_well_formed_is_refused(tmp_path, text, reason):
    (tmp_path / "tokenizer.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=reason) as raised:
        check_tokenizer(tmp_path / "tokenizer.json")
    assert "\n" not in str(raised.value)
