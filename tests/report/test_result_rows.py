"""Result files in every format → the same rows."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import InputError
from stance.job import label_files
from stance.report.rows import checked, read_results


def written(tmp_path, *rows, name="out.jsonl"):
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def results(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    article = folder / "article.csv"
    article.write_text('text,date\n"=The states trade. Two sides met.",2020-05\n', "utf-8")
    pytest.importorskip("pyarrow")
    for suffix in ("jsonl", "csv", "parquet"):
        label_files([article], folder / f"out.{suffix}", model=tiny_model, keep_columns=["date"])
    return folder


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_flat_results_are_read_as_the_jsonl_one(results, suffix):
    parts = ("document", "index", "start", "end", "text", "frames", "probabilities", "date")
    expected = list(read_results(results / "out.jsonl"))
    found = list(read_results(results / f"out.{suffix}"))
    assert [[row[part] for part in parts] for row in found] == [
        [row[part] for part in parts] for row in expected
    ]


def test_gold_labels_are_rows_without_probabilities(tmp_path):
    path = written(tmp_path, {"text": "One.", "frames": {"order": None}})
    [row] = read_results(path)
    assert (row["document"], row["frames"], row["probabilities"]) == (
        "out.jsonl",
        {"order": None},
        {},
    )


def test_explanations_nested_too_deeply_are_an_error(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("text,frames,explanations\nOne.,," + "[" * 100_000 + "\n", "utf-8")
    with pytest.raises(InputError, match=r"out\.csv line 2 has a str for explanations; expected"):
        list(read_results(path))


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("text", ""),
        ("frames", 3),
        ("frames", {"order": "yes"}),
        ("frames", "order:yes"),
        ("probabilities", [0.5]),
        ("probabilities", {"order": 1.5}),
        ("probabilities", {"order": float("nan")}),
        ("probabilities", {"order": "high"}),
        ("stances", {"order": 1}),
        ("explanations", {"order": [[0, 99, 0.1]]}),
        ("explanations", {"order": [[0, 1, float("inf")]]}),
        ("explanations", {"order": "One"}),
        ("index", "9" * 5000),
        ("end", "9" * 5000),
        ("probabilities", {"order": 10**400}),
        ("explanations", {"order": [[0, float("inf"), 0.1]]}),
        ("explanations", {"order": [[0, 1, 1e307]]}),
    ],
)
def test_a_part_of_the_wrong_kind_is_an_error_that_names_the_line(tmp_path, part, value):
    path = written(tmp_path, {"text": "One.", "frames": {}} | {part: value})
    with pytest.raises(InputError, match=r"out\.jsonl line 1 .*(expected|has)"):
        list(read_results(path))


def test_an_empty_cell_is_a_frame_that_was_not_scored(tmp_path):
    """As in the results of two codebooks that were put together."""
    path = tmp_path / "out.csv"
    path.write_text("text,frames,p_a,stance_a,p_b,stance_b\nOne.,a:favor,0.9,favor,,\n", "utf-8")
    assert next(read_results(path))["probabilities"] == {"a": 0.9}


def test_a_null_is_a_frame_that_was_not_scored(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    row = {"text": ["One."], "frames": [""], "p_a": [0.1], "stance_a": ["favor"]}
    row |= {"p_b": arrow.array([None], arrow.float64()), "stance_b": arrow.array([None], "string")}
    parquet.write_table(arrow.table(row), tmp_path / "out.parquet")
    assert next(read_results(tmp_path / "out.parquet"))["probabilities"] == {"a": 0.1}


def test_what_pandas_puts_into_empty_cells_is_missing():
    names = ("document", "frames", "probabilities", "stances", "uncertain", "explanations")
    row = checked({"text": "One."} | dict.fromkeys(names, float("nan")))
    empty = {"frames": {}, "probabilities": {}, "stances": {}, "uncertain": [], "explanations": {}}
    assert row["document"] == "document"
    assert {name: row[name] for name in empty} == empty


def test_a_file_of_another_type_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"expected \.jsonl"):
        list(read_results(tmp_path / "article.txt"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
PARTS = (
    "text",
    "frames",
    "probabilities",
    "stances",
    "uncertain",
    "explanations",
    "start",
    "index",
)


@given(st.sampled_from(PARTS), JSON)
def test_any_json_is_a_row_or_an_input_error(part, value):
    try:
        found = checked({"text": "a", "frames": {}} | {part: value})
    except InputError:
        return
    assert found["text"]
    json.dumps([found["probabilities"], found["stances"], found["explanations"]], allow_nan=False)


def test_a_null_in_a_struct_of_parquet_is_an_absent_frame(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    frames = [{"order": "favor", "trade": None}, {"order": None, "trade": None}]
    rows = arrow.table({"text": ["One.", "Two."], "frames": frames})
    parquet.write_table(rows, tmp_path / "labels.parquet")
    found = [row["frames"] for row in read_results(tmp_path / "labels.parquet")]
    assert found == [{"order": "favor"}, {}]


def test_a_result_keeps_what_it_says_through_other_formats(tmp_path):
    """As DuckDB, Arrow and pandas write a JSONL result as Parquet, and a flat one as JSON lines."""
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    row = {
        "document": "a",
        "index": 3,
        "text": "One.",
        "frames": {"order": "favor"},
        "probabilities": {"order": 0.9, "trade": 0.4},
        "stances": {"order": {"favor": 0.8, "neutral": 0.1, "against": 0.1}},
        "uncertain": ["trade"],
        "explanations": {"order": [[0, 3, 0.5]]},
    }
    [expected] = read_results(written(tmp_path, row))
    parquet.write_table(arrow.Table.from_pylist([row]), tmp_path / "out.parquet")
    [found] = read_results(tmp_path / "out.parquet")
    assert found == expected
    flat = {"frames": "order:favor", "p_order": 0.9, "stance_order": "favor", "p_trade": 0.4}
    flat |= {"stance_trade": "favor", "uncertain": "trade", "index": 3.0}
    [found] = read_results(written(tmp_path, {"document": "a", "text": "One."} | flat))
    for part in ("index", "frames", "probabilities", "uncertain"):
        assert found[part] == expected[part]


def test_a_result_that_r_wrote_anew_is_as_it_was(tmp_path):
    """It writes NA into the cells that were empty."""
    head = "document,index,start,end,text,frames,p_order,stance_order,uncertain,explanations\n"
    for name, empty in (("ours.csv", ""), ("of-r.csv", "NA")):
        cells = f"a,0,0,4,NA.,{empty},0.1,favor,{empty},{empty}\n"
        more = f"a,1,5,9,Two.,order:favor,{empty},{empty},{empty},{empty}\n"
        (tmp_path / name).write_text(head + cells + more, encoding="utf-8")
    ours, of_r = (list(read_results(tmp_path / name)) for name in ("ours.csv", "of-r.csv"))
    assert of_r == ours
    assert [(row["text"], row["frames"]) for row in ours] == [
        ("NA.", {}),
        ("Two.", {"order": "favor"}),
    ]


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_names_of_frames_are_composed_as_codebooks_have_them(tmp_path, suffix):
    apart, whole = (unicodedata.normalize(form, "협력") for form in ("NFD", "NFC"))
    path = tmp_path / f"out.{suffix}"
    if suffix == "csv":
        path.write_text(
            f"document,index,start,end,text,frames,p_{apart},stance_{apart}\n"
            f"a,0,0,5,They.,{apart}:favor,0.9,favor\n",
            encoding="utf-8",
        )
    else:
        row = {"document": "a", "index": 0, "text": "They.", "frames": {apart: "favor"}}
        path.write_text(json.dumps({**row, "probabilities": {apart: 0.9}}), encoding="utf-8")
    [row] = read_results(path)
    assert (row["frames"], row["probabilities"]) == ({whole: "favor"}, {whole: 0.9})
