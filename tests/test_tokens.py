import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import ModelError
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
