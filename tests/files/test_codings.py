"""Codings are read as they were given, whatever the kind of file adds."""

import pytest

from stance.files.codings import read_codings


def test_a_struct_of_parquet_has_null_for_absent_frames(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    frames = [{"a": "favor", "b": None}, {"a": None, "b": "neutral"}, {"a": None, "b": None}]
    table = {"id": ["1", "2", "3"], "coder": ["A"] * 3, "frames": frames}
    parquet.write_table(arrow.table(table), tmp_path / "a.parquet")
    found = [dict(row.frames) for row in read_codings(tmp_path / "a.parquet")]
    assert found == [{"a": "favor"}, {"b": "neutral"}, {}]
