"""JSON of strangers: what is read is what was written, and what means two things is refused."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.strict_json import MAX_JSON_BYTES, read_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@given(value=VALUES)
def test_what_was_written_is_read(tmp_path, value):
    (tmp_path / "a.json").write_text(json.dumps(value), encoding="utf-8")
    assert read_json(tmp_path / "a.json") == value


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"a": 1, "b": 2, "a": 1}', "'a' stands there twice"),
        (b'{"a": {"b": 1, "b": null}}', "'b' stands there twice"),
        (b"[NaN]", "not a finite number"),
        (b"-Infinity", "not a finite number"),
        (b"1e400", "not a finite number"),
        (b"9" * 101, "101 digits"),
        (b"[" * 65 + b"]" * 65, "more than 64 levels"),
        (b"[" * 10**5, "nested too deeply"),
        (b'"\xff"', "not UTF-8"),
        (b"{", "cannot be read as JSON"),
        (b"", "cannot be read as JSON"),
    ],
)
def test_what_is_not_plain_is_refused(tmp_path, content, reason):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize("content", [b"9" * 100, b"[" * 64 + b"]" * 64, b'{"a": {"a": 1}}'])
def test_the_limits_themselves_are_read(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    assert read_json(tmp_path / "a.json") == json.loads(content)


def test_a_file_that_is_too_large_is_not_parsed(tmp_path):
    with (tmp_path / "a.json").open("wb") as stream:
        stream.truncate(MAX_JSON_BYTES + 1)
    with pytest.raises(ValueError, match="larger than 32 MiB"):
        read_json(tmp_path / "a.json")


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "a.json")


@pytest.mark.skipif(sys.platform == "win32", reason="no devices there")
def test_a_device_is_not_opened():
    with pytest.raises(ValueError, match="not a regular file"):
        read_json("/dev/zero")
