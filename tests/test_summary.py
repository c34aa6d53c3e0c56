"""Counts, intervals and typical sentences of a corpus."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import InputError
from stance.figures import Figure
from stance.results import DocumentResult, SentenceResult
from stance.summary import summarize


def row(document, frames, *, text="One.", probability=0.9, index=0):
    probabilities = dict.fromkeys(frames, probability)
    return {
        "document": document,
        "index": index,
        "text": text,
        "frames": frames,
        "probabilities": probabilities,
    }


def document(name, *frames):
    sentences = (
        SentenceResult("One.", 0, 4, index, found, dict.fromkeys(found, 0.9), {})
        for index, found in enumerate(frames)
    )
    return DocumentResult(name, tuple(sentences), ("order",))


CORPUS = [
    row("a", {"order": "favor"}, text="First.", probability=0.8),
    row("a", {"order": "against", "trade": "neutral"}, text="Second.", probability=0.99, index=1),
    row("b", {"order": "favor"}, text="Third.", probability=0.9),
    row("b", {}, index=1),
]


def test_sentences_documents_and_stances_are_counted():
    order = summarize(CORPUS).frames["order"]
    assert (order.sentences, order.documents) == (3, 2)
    assert (order.favor, order.neutral, order.against) == (2, 0, 1)


def test_share_and_balance_are_those_of_the_whole_corpus():
    order = summarize(CORPUS).frames["order"]
    assert order.share.value == 3 / 4
    assert order.balance.value == pytest.approx(1 / 3)


def test_documents_are_drawn_where_there_are_several():
    summary = summarize(CORPUS)
    assert summary.resampled == "documents"
    # Two documents: every resample has a share of 1/2, 3/4 or 1.
    assert (summary.frames["order"].share.low, summary.frames["order"].share.high) == (0.5, 1.0)


def test_sentences_are_drawn_where_there_is_one_document():
    assert summarize(CORPUS[:2]).resampled == "sentences"


def test_a_frame_that_never_occurs_has_a_share_and_no_balance():
    rain = summarize(CORPUS, frames=["rain"]).frames["rain"]
    assert rain.share.value == 0.0
    assert rain.balance.value is None


def test_a_stance_that_was_not_coded_counts_for_the_share_alone():
    order = summarize([row("a", {"order": None})]).frames["order"]
    assert (order.sentences, order.favor, order.balance.value) == (1, 0, None)
    rows = [row("a", {"order": stance}) for stance in ("favor", "favor", "against", None)]
    order = summarize(rows).frames["order"]
    assert (order.sentences, order.balance.value) == (4, pytest.approx(1 / 3))


def test_rows_that_pyarrow_read_have_the_shares_of_those_that_were_written(tiny_model, tmp_path):
    reader = pytest.importorskip("pyarrow.json")
    found = tiny_model.predict(["The states trade.", "Rain fell.", "Two sides met."])
    least, *_, most = sorted(one.probabilities["cooperation"] for one in found)
    model = tiny_model.with_thresholds({"cooperation": (least + most) / 2})
    found = model.predict([one.text for one in found])
    rows = [one.to_dict(document="a", index=number) for number, one in enumerate(found)]
    path = tmp_path / "labelled.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    filled = reader.read_json(path).to_pylist()
    assert ["cooperation" in row["frames"] for row in filled] == [True] * 3
    assert summarize(filled) == summarize(rows)
    assert summarize(rows).frames["cooperation"].sentences < 3


def test_what_is_left_open_is_counted_beside_the_share():
    uncertain = row("b", {}) | {"uncertain": ["order", "rain"]}
    rows = [*CORPUS, uncertain, row("b", {}) | {"uncertain": float("nan")}]
    summary = summarize(rows)
    order, trade = summary.frames["order"], summary.frames["trade"]
    assert (order.sentences, order.uncertain, order.share.value) == (3, 1, 3 / 6)
    assert trade.uncertain == 0
    assert [flat["uncertain"] for flat in summary.to_rows()] == [1, 0]
    assert summary.to_dict()["frames"]["order"]["uncertain"] == 1


def test_a_share_is_of_the_sentences_that_were_judged_for_the_frame():
    def judged(frame, carried, document):
        frames = {frame: "favor"} if carried else {}
        return {"document": document, "frames": frames, "probabilities": {frame: 0.9}}

    rows = [judged("x", n < 6, "a") for n in range(8)]
    rows += [judged("y", n < 3, "b") for n in range(12)]
    uses = summarize(rows).frames
    assert [(use.sentences, use.judged) for use in uses.values()] == [(6, 8), (3, 12)]
    assert [use.share.value for use in uses.values()] == [6 / 8, 3 / 12]
    # What coders wrote by hand names the frames that are there, and all were looked for.
    hand = [{"document": "a", "frames": frames} for frames in ({"x": "favor"}, {})]
    assert summarize(hand).frames["x"].judged == 2


@pytest.mark.parametrize(
    "told", [{"start": 0}, {"stances": {"x": {"favor": 0.8}}}], ids=lambda told: next(iter(told))
)
def test_a_model_of_which_every_sentence_carries_its_frame_is_a_model(told):
    carried = {"document": "a", "frames": {"x": "favor"}, "probabilities": {"x": 0.9}} | told
    other = {"document": "b", "probabilities": {"y": 0.6}, "start": 0}
    rows = [carried] * 3 + [other | {"frames": {"y": "favor"} if n < 2 else {}} for n in range(5)]
    uses = summarize(rows).frames
    assert [(name, use.judged, use.share.value) for name, use in uses.items()] == [
        ("x", 3, 1.0),
        ("y", 5, 2 / 5),
    ]


def test_the_table_says_what_is_left_open_only_where_something_is():
    assert "left open" not in str(summarize(CORPUS))
    rows = [*CORPUS, row("b", {}) | {"uncertain": ["order"]}]
    head, order, trade = str(summarize(rows)).splitlines()
    assert "left open" in head
    column = slice(head.index("left open"), head.index("left open") + len("left open"))
    assert (order[column].strip(), trade[column].strip()) == ("1", "0")


def test_every_result_is_a_document_whatever_its_id():
    texts = [({"order": "favor"}, {}), ({},), ({}, {}, {"order": "against"})]
    summary = summarize([document("document", *frames) for frames in texts])
    assert (summary.documents, summary.resampled) == (3, "documents")
    order = summary.frames["order"]
    assert (order.sentences, order.documents) == (2, 2)
    assert [one.document for one in order.typical] == ["document"]


def test_documents_of_one_name_in_files_put_together_are_told_apart():
    indices = (0, 1, 2, 0, 1, 2, 3)
    rows = [row("a", {"order": "favor"}, text=f"{n}", index=i) for n, i in enumerate(indices)]
    summary = summarize([*rows, row("b", {})], typical=10)
    assert summary.documents == 3
    names = [one.document for one in summary.frames["order"].typical]
    assert names == ["a"] * 3 + ["a (2)"] * 4


def test_a_document_that_is_called_as_the_second_of_a_name_is_one_of_its_own():
    results = [document(name, {"order": "favor"}) for name in ("a", "a", "a (2)")]
    assert summarize(results).documents == 3


@pytest.mark.parametrize("indices", [(0, 0, 0), (5, 0, 3, 1), (None, None), (1, 2, 2)])
def test_rows_in_any_order_or_without_positions_are_of_one_document(indices):
    assert summarize([row("a", {}, index=index) for index in indices]).documents == 1


def test_where_all_documents_are_alike_a_share_has_the_score_interval():
    rows = [row(name, {"order": "favor"}) for name in "abcde"]
    uses = summarize(rows, frames=["order", "rain"]).frames
    assert uses["order"].share == Figure.wilson(5, 5)
    assert uses["rain"].share == Figure.wilson(0, 5)
    assert (uses["order"].balance.value, uses["order"].balance.low) == (1.0, None)
    assert summarize(rows, resamples=0).frames["order"].share.low is None


@pytest.mark.parametrize("option", ["resamples", "seed"])
def test_numbers_that_nothing_can_be_drawn_with_are_refused(option):
    with pytest.raises(InputError, match=f"^{option} is -1; expected 0 or more"):
        summarize(CORPUS, **{option: -1})


def test_a_stance_that_is_none_is_refused():
    with pytest.raises(InputError, match=r"^row 1 has the stance 'FAVOR'; expected favor, neutral"):
        summarize([row("a", {"order": "FAVOR"})])


def test_one_string_is_no_list_of_frames():
    with pytest.raises(InputError, match=r"^frames is one string.* list of them: \['order'\]"):
        summarize(CORPUS, frames="order")


def test_a_frame_that_no_row_and_no_model_knows_is_refused():
    scored = [line | {"probabilities": {"order": 0.9, "trade": 0.1}} for line in CORPUS]
    with pytest.raises(InputError, match="knows the frame 'ordre'; expected some of order, trade"):
        summarize(scored, frames=["order", "ordre"])
    assert list(summarize(scored, frames=["trade"]).frames) == ["trade"]


def test_a_part_of_the_rows_may_lack_a_frame_of_the_others():
    models = [("order", "trade")]
    assert summarize(CORPUS, frames=["rain"], models=models).frames["rain"].sentences == 0


def test_cells_that_are_empty_are_as_if_they_were_not_there():
    nothing = dict.fromkeys(("index", "probabilities", "uncertain"), float("nan"))
    rows = [row("a", {"order": "favor"}), row("a", {"order": "favor"}) | nothing]
    assert summarize(rows).frames["order"].sentences == 2


def test_a_single_sentence_has_no_interval():
    order = summarize([row("a", {"order": "favor"})]).frames["order"]
    assert str(order.share) == str(order.balance) == "1.00"


def test_typical_sentences_are_the_likeliest_and_no_text_comes_twice():
    corpus = [*CORPUS, row("c", {"order": "against"}, text="Second.", probability=0.98)]
    typical = summarize(corpus, typical=2).frames["order"].typical
    assert [sentence.text for sentence in typical] == ["Second.", "Third."]


def test_results_of_a_model_are_summarized_as_their_rows_are(tiny_model):
    texts = [("a", "The states trade. Rain fell."), ("b", "Order.")]
    documents = list(tiny_model.label_many(texts))
    rows = [s.to_dict(document=doc.id) for doc in documents for s in doc.sentences]
    assert summarize(documents) == summarize(rows)


def test_the_table_has_a_line_a_frame():
    lines = str(summarize(CORPUS)).splitlines()
    assert [line.split()[0] for line in lines] == ["frame", "order", "trade"]


def test_flat_rows_can_be_written_as_csv():
    rows = summarize(CORPUS).to_rows()
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writerows(rows)
    assert out.getvalue().startswith("order,3,4,2,0.75,")


def test_a_data_frame_is_indexed_by_frame():
    pytest.importorskip("pandas")
    assert summarize(CORPUS).to_pandas().loc["order", "share"] == 0.75


def test_no_row_is_an_error():
    with pytest.raises(InputError, match="found no row"):
        summarize([])


def test_a_row_of_something_else_is_an_error_that_names_it():
    for other in ({"text": "a"}, "a"):
        with pytest.raises(InputError, match="row 2 has no document or no frames"):
            summarize([CORPUS[0], other])


STANCES = st.sampled_from(["favor", "neutral", "against", None])
ROWS = st.lists(
    st.builds(row, st.sampled_from("abc"), st.dictionaries(st.sampled_from("xyz"), STANCES)),
    min_size=1,
    max_size=12,
)


@given(ROWS)
def test_intervals_lie_in_range_and_counts_add_up(rows):
    for use in summarize(rows, resamples=20).frames.values():
        assert (use.share.low is None) == (len(rows) == 1)
        if use.share.low is not None:
            assert 0 <= use.share.low < use.share.high <= 1
        assert use.favor + use.neutral + use.against <= use.sentences <= len(rows)
        assert use.balance.value is None or -1 <= use.balance.value <= 1


@given(st.integers(0, 500), st.integers(1, 500))
def test_a_wilson_interval_holds_its_share(count, extra):
    figure = Figure.wilson(count, count + extra)
    assert 0 <= figure.low <= figure.value <= figure.high <= 1


def test_wilson_agrees_with_the_published_example():
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3: 81/263 is 0.2553 to 0.3662.
    figure = Figure.wilson(81, 263)
    assert (round(figure.low, 4), round(figure.high, 4)) == (0.2553, 0.3662)


def test_nothing_out_of_nothing_is_undefined():
    assert Figure.wilson(0, 0).value is None


def test_rows_without_any_frame_make_an_empty_data_frame():
    pytest.importorskip("pandas")
    table = summarize([row("a", {}), row("b", {})]).to_pandas()
    assert (len(table), table.index.name) == (0, "frame")


def test_results_of_predict_with_their_positions_are_of_one_document(tiny_model):
    found = tiny_model.predict(["The states trade.", "Two sides met.", "Rain and order."])
    rows = [one.to_dict(document="a", index=number) for number, one in enumerate(found)]
    summary = summarize(rows)
    assert (summary.documents, summary.sentences, summary.resampled) == (1, 3, "sentences")


@pytest.mark.parametrize("of", ["result", "frame", "mapping", "name", "path", "number"])
def test_what_is_no_rows_is_named_with_what_would_be(tiny_model, of):
    if of == "frame":
        pandas = pytest.importorskip("pandas")
    given, message = {
        "result": lambda: (tiny_model.label("They met."), r"found one result, .*: \[result\]"),
        "frame": lambda: (pandas.DataFrame({"a": [1]}), r"table.to_dict\('records'\)"),
        "mapping": lambda: ({"document": "a"}, "found a table"),
        "name": lambda: ("out.jsonl", r"found the text 'out.jsonl', .*: read_results\(path\)"),
        "path": lambda: (Path("out.jsonl"), r"read_results\(path\)"),
        "number": lambda: (5, "found a int, expected the rows"),
    }[of]()
    with pytest.raises(InputError, match=message):
        summarize(given)


def test_a_rare_frame_is_not_rounded_to_nothing():
    rows = [
        {"document": f"d{n}", "index": 0, "frames": {"trade": "favor"} if n < 3 else {}}
        for n in range(1000)
    ]
    line = str(summarize(rows)).splitlines()[1]
    assert re.fullmatch(r"trade +3  0\.003 \[0\.\d{3}, 0\.\d{3}\] .*", line)
