import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.flat_rows import (
    checked_rows,
    flat_rows,
    frame_names,
    group_of,
    rows_apart,
    uniquely_named,
)
from stance.results import DocumentResult, SentenceResult


def result(name, sentences=2):
    labelled = tuple(
        SentenceResult(f"{n}.", 3 * n, 3 * n + 2, n, {}, {"order": 0.1}, {})
        for n in range(sentences)
    )
    return DocumentResult(name, labelled, ("order",))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a (2)", "a (3)"]),
        (["a", "a", "a (2)"], ["a", "a (2)", "a (2) (2)"]),
        (["a", "a (2)", "a", "a"], ["a", "a (2)", "a (3)", "a (4)"]),
    ],
)
def test_results_have_names_of_their_own(names, expected):
    assert [item.id for item in uniquely_named(map(result, names))] == expected


@given(st.lists(st.sampled_from(["a", "a (2)", "a (2) (2)", "b"]), max_size=12))
def test_rows_of_results_under_any_names_stay_apart(names):
    results = list(uniquely_named(map(result, names)))
    assert len({item.id for item in results}) == len(names)
    rows = list(flat_rows(results))
    assert list(rows_apart(rows)) == rows
    # Of files put together, the same rows are told apart by their positions.
    together = [row for name in names for row in flat_rows([result(name)])]
    apart = list(rows_apart(together))
    assert len({row["document"] for row in apart}) == len(names)
    # No document is torn, and none is put together with the next.
    for first, second in zip(apart[::2], apart[1::2], strict=True):
        assert first["document"] == second["document"]


def test_a_document_named_by_a_number_keeps_its_name():
    rows = [{"document": 7, "index": 0}, {"document": 7, "index": 1}]
    assert list(rows_apart(rows)) == rows


@given(st.lists(st.sampled_from("ab"), max_size=4), st.lists(st.sampled_from("ab"), max_size=4))
def test_documents_of_several_files_are_apart(one, other):
    """Also those of one sentence, which no order of positions tells apart."""
    one, other = sorted(set(one)), sorted(set(other))
    files = [[{"document": name, "index": 0} for name in names] for names in (one, other)]
    apart = [row["document"] for row in rows_apart(*files)]
    assert len(set(apart)) == len(one) + len(other)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([0, 2], [1, 2, 3], ["a", "a", "a (2)", "a (2)", "a (2)"]),
        ([0, 1, 2], [7, 1, 2], ["a", "a", "a", "a (2)", "a (2)", "a (2)"]),
        ([0, 1], [2, 3], ["a", "a", "a", "a"]),
        ([0], [0], ["a", "a (2)"]),
    ],
)
def test_a_document_of_another_file_is_one_whole(one, other, expected):
    files = [[{"document": "a", "index": index} for index in indexes] for indexes in (one, other)]
    assert [row["document"] for row in rows_apart(*files)] == expected


def test_documents_of_one_sentence_that_were_put_together_are_apart():
    once = [{"document": name, "index": 0, "text": f"{name}."} for name in "ab"]
    again = [row | {"text": "Another."} for row in once]
    for rows in ([*once, *again], [*once, *once], [once[0], again[0]]):
        names = [row["document"] for row in rows_apart(rows)]
        assert len(set(names)) == len(rows)
    # A sentence that stands there twice in a row is no document of its own.
    assert {row["document"] for row in rows_apart([once[0], once[0]])} == {"a"}


def test_a_document_that_goes_on_in_another_file_is_one():
    files = [[{"document": "a", "index": 0}], [{"document": "a", "index": 1}]]
    assert [row["document"] for row in rows_apart(*files)] == ["a", "a"]


def test_an_index_of_many_digits_is_kept():
    [row] = checked_rows([{"document": "a", "frames": {}, "index": 10**400}])
    assert row["index"] == 10**400


@pytest.mark.parametrize("index", [3, 3.0, np.int64(3), np.float32(3)])
def test_the_index_of_a_column_with_gaps_is_a_whole_number(index):
    [row] = checked_rows([{"document": "a", "frames": {}, "index": index}])
    assert (row["index"], type(row["index"])) == (3, int)


@pytest.mark.parametrize("empty", [None, "", " ", float("nan")])
def test_rows_without_a_group_are_one(empty):
    assert group_of({"outlet": empty}, "outlet", 1) == "(empty)"


def test_frames_stand_in_the_order_in_which_they_first_occur():
    rows = [
        {"frames": {"trade": "favor"}},
        {"frames": {}, "probabilities": {"order": 0.1, "trade": 0.2}},
    ]
    assert frame_names(rows) == ("trade", "order")


def written(frames, **more):
    return {"document": "a", "frames": frames} | more


def frames_of(rows):
    return [dict(row["frames"]) for row in checked_rows(rows)]


@pytest.mark.parametrize("reader", ["pyarrow", "pandas"])
def test_rows_that_a_reader_filled_up_are_as_their_model_wrote_them(reader, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    pandas = pytest.importorskip("pandas")
    sure = {"favor": 0.8, "neutral": 0.1, "against": 0.1}
    rows = [
        written({}, index=0, probabilities={"x": 0.1}, stances={"x": sure}),
        written({"x": "favor"}, index=1, probabilities={"x": 0.9}, stances={"x": sure}),
        # Of another model, put together with the first.
        written({}, index=2, probabilities={"y": 0.2}, stances={"y": sure}),
        written({"y": "favor"}, index=3, probabilities={"y": 0.7}, stances={"y": sure}),
    ]
    pandas.DataFrame(rows).to_parquet(tmp_path / "rows.parquet")
    if reader == "pandas":
        filled = pandas.read_parquet(tmp_path / "rows.parquet").to_dict("records")
    else:
        filled = parquet.read_table(tmp_path / "rows.parquet").to_pylist()
    assert filled[0]["frames"] == {"x": None, "y": None}
    expected = list(checked_rows(rows))
    assert list(checked_rows(filled)) == expected
    # A row by itself tells it too.
    assert [next(checked_rows([row])) for row in filled] == expected


def test_rows_without_a_model_that_a_reader_filled_up_name_their_own_frames(caplog):
    filled = [{"x": "favor", "y": None}, {"x": None, "y": None}, {"x": None, "y": "against"}]
    assert frames_of(map(written, filled)) == [{"x": "favor"}, {}, {"y": "against"}]
    assert "3 rows have None for a frame; all rows name the same frames" in caplog.text


@pytest.mark.parametrize(
    "honest",
    [
        [{"x": None}, {"x": "favor"}],
        [{"x": None, "y": None}, {"x": None, "y": None}],
        [{"x": None, "y": "favor"}, {"x": "against", "y": None}],
        [{"x": None, "y": None}, {"x": "favor"}, {}],
    ],
)
def test_a_stance_that_was_not_coded_stays_so(honest, caplog):
    assert frames_of(map(written, honest)) == honest
    # Nor does a model without stances for a frame tell any.
    rows = [
        written(frames, probabilities=dict.fromkeys("xy", 0.9), stances={}) for frames in honest
    ]
    assert frames_of(rows) == honest
    assert not caplog.text


def test_what_was_left_open_may_be_an_array():
    [row] = checked_rows([written({}, uncertain=np.array(["x", "y"], dtype=object))])
    assert row["uncertain"] == ["x", "y"]
