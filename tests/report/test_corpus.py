"""Rows → articles, letters, periods and sources."""

import base64
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import InputError
from stance.report.charts import time_charts
from stance.report.corpus import MAX_SOURCES, gather
from stance.report.data import Entry, Sentence, article_parts, counts, overview, packed
from stance.report.packing import pack
from stance.report.rows import checked


def rows(*documents):
    return [
        checked({"text": "One.", "frames": {"order": "favor"}, **document})
        for document in documents
    ]


def dated(*dates):
    return gather(rows(*({"document": str(n), "date": date} for n, date in enumerate(dates))))


def test_articles_come_in_the_order_of_the_result():
    corpus = gather(rows({"document": "b"}, {"document": "a"}, {"document": "b"}))
    assert [(article.id, len(article.rows)) for article in corpus.articles] == [("b", 2), ("a", 1)]


def test_the_sentences_of_an_article_come_in_the_order_of_its_text():
    shuffled = [("a", 2), ("b", 1), ("a", 0), ("b", 0), ("a", 1)]
    corpus = gather(rows(*({"document": name, "index": place} for name, place in shuffled)))
    places = {one.id: [row["index"] for row in one.rows] for one in corpus.articles}
    assert places == {"a": [0, 1, 2], "b": [0, 1]}


@pytest.mark.parametrize(
    "sentences",
    [
        [{"index": 2}, {"index": None}, {"index": 1}],
        [{"index": 3, "text": "One."}, {"index": 1}, {"index": 3, "text": "Other."}],
    ],
)
def test_sentences_stay_as_they_are_where_their_indexes_do_not_tell_their_order(sentences):
    corpus = gather(rows(*sentences))
    [article] = corpus.articles
    assert [row["index"] for row in article.rows] == [one["index"] for one in sentences]
    assert corpus.summary.documents == 1


def test_every_frame_has_a_letter_of_its_own():
    frames = {"order": None, "oder": None, "o": None, "ö1": None, "r": None}
    corpus = gather(rows({"frames": frames}))
    assert [frame.letter for frame in corpus.frames] == ["O", "D", "3", "Ö", "R"]


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2020", "2020"),
        (2020, "2020"),
        ("2020-5", "2020-05"),
        ("2020/05/06", "2020-05-06"),
        ("2020-05-06T10:00:00Z", "2020-05-06"),
        (datetime.date(2020, 5, 6), "2020-05-06"),
        ("2020.0", "2020"),
        (2020.0, "2020"),
        ("2020.05", "2020-05"),
        ("2020.0.5", ""),
        ("2020-13", ""),
        ("0000", ""),
        ("20205", ""),
        ("2020-05-06 9:30", "2020-05-06"),
        ("2020.5.6", "2020-05-06"),
        ("2020-2021", ""),
        ("2021-W05", ""),
        ("2019 Q3", ""),
        ("2019-05-2020", ""),
        ("2019-05/06", ""),
        ("2019-05-06-07", ""),
        ("2020-05-06 to 2020-06-01", ""),
        # Half of a year, or the October of a column of numbers: nobody can tell.
        (2020.5, ""),
        (2020.1, ""),
        ("May 2020", ""),
        (None, ""),
        (float("nan"), ""),
    ],
)
def test_dates_are_read_as_far_as_they_go(value, date):
    assert dated(value).articles[0].date == date


@pytest.mark.parametrize(
    ("dates", "periods"),
    [
        (("2001-05-01", "2020-01-02"), ["2001", "2020"]),
        (("2020-05-01", "2020-09-02", "2020-09-09"), ["2020-05", "2020-09"]),
        (("2020-05-02", "2020-05-01"), ["2020-05-01", "2020-05-02"]),
        (("2020", "2020-05-01"), ["2020"]),
        (("2020", "2020-03-02", "2020-06-05", "2020-09-01"), ["2020-03", "2020-06", "2020-09"]),
    ],
)
def test_periods_are_as_long_as_the_dates_are_apart(dates, periods):
    corpus = dated(*dates)
    assert [group.name for group in corpus.periods] == periods
    assert corpus.imprecise == sum(len(date) < len(periods[0]) for date in dates)


def test_a_date_or_source_that_pandas_holds_for_missing_is_none():
    pandas = pytest.importorskip("pandas")
    dates = [pandas.Timestamp("2020-05-06"), pandas.NaT, pandas.NaT]
    none = {"source": float("nan"), "title": pandas.NA}
    corpus = gather(rows(*({"document": n, "date": d} | none for n, d in enumerate(dates))))
    assert [article.date for article in corpus.articles] == ["2020-05-06", "", ""]
    assert [article.source for article in corpus.articles] == [""] * 3
    assert [article.title for article in corpus.articles] == ["0", "1", "2"]
    assert time_charts(corpus.periods, corpus.frames, scale=1.0) == []


def test_articles_of_one_name_in_files_put_together_are_told_apart():
    sentences = [{"document": "a", "index": index, "text": f"{index}."} for index in (0, 1, 0, 1)]
    corpus = gather(rows(*sentences))
    assert [article.id for article in corpus.articles] == ["a", "a (2)"]
    assert corpus.summary.documents == 2
    assert {row["document"] for row in corpus.articles[1].rows} == {"a (2)"}


def test_a_point_in_time_says_what_is_left_open():
    sentences = [
        {"document": "a", "date": "2019"},
        {"document": "b", "date": "2020", "frames": {}, "uncertain": ["order"]},
        {"document": "c", "date": "2020", "frames": {}},
    ]
    corpus = gather(rows(*sentences))
    [chart] = time_charts(corpus.periods, corpus.frames, scale=1.0)
    assert [point.label for point in chart.points] == [
        "2019: 100% of 1 sentences, articles: 1",
        "2020: 0% (0% to 66%) of 2 sentences, articles: 2; 50% more left open",
    ]


def test_a_period_that_was_not_judged_for_a_frame_has_no_point_of_it():
    def of(year, frame):
        known = {"document": year, "date": year, "probabilities": {frame: 0.1}}
        return [
            known | {"frames": {}},
            known | {"frames": {frame: "favor"}, "document": year + "b"},
        ]

    sentences = [row for year in ("2019", "2020", "2021") for row in of(year, "order")]
    sentences += [row for year in ("2020", "2021") for row in of(f"{year}-05-01", "trade")]
    corpus = gather(rows(*sentences))
    order, trade = time_charts(corpus.periods, corpus.frames, scale=1.0)
    assert [point.label[:16] for point in order.points] == [
        f"{year}: 50% (0% to" for year in ("2019", "2020", "2021")
    ]
    assert [point.label[:9] for point in trade.points] == ["2020: 50%", "2021: 50%"]
    assert "of 2 sentences" in trade.points[0].label


def test_articles_without_a_date_or_a_source_are_counted():
    known = [{"date": "2020", "source": "x"}, {"date": "May", "source": "y"}, {"date": None}]
    corpus = gather(rows(*({"document": n} | one for n, one in enumerate(known))))
    assert (corpus.undated, corpus.unsourced) == (2, 1)


def test_sources_come_with_the_largest_first():
    sources = ["x", "y", "y", None]
    corpus = gather(rows(*({"document": n, "source": s} for n, s in enumerate(sources))))
    assert [(g.name, g.summary.documents) for g in corpus.sources] == [("y", 2), ("x", 1)]


def test_of_many_sources_the_largest_are_summarized():
    sources = [f"s{n % 40}" for n in range(40)] + ["s39"]
    corpus = gather(rows(*({"document": n, "source": s} for n, s in enumerate(sources))))
    names = [group.name for group in corpus.sources]
    assert names == ["s39", *(f"s{n}" for n in range(MAX_SOURCES - 1))]
    assert corpus.source_count == 40
    assert corpus.sources is corpus.sources


def test_no_row_is_an_error():
    with pytest.raises(InputError, match="no sentence"):
        gather([])


def test_an_overview_counts_states_and_keeps_the_highest_probability():
    sentences = [
        {"frames": {"order": "favor"}, "probabilities": {"order": 0.7}},
        {"frames": {"order": "against"}, "probabilities": {"order": 0.9}},
        {"frames": {}, "probabilities": {"order": 0.4}, "uncertain": ["order"]},
        {"frames": {}, "probabilities": {"order": 0.1}},
    ]
    corpus = gather(rows(*sentences))
    assert counts(corpus.articles[0], corpus) == [[1, 0, 1, 0, 1, 4, 150, 850, 70, -1, 90, 40]]


def test_an_overview_knows_what_an_article_was_not_judged_for():
    corpus = gather(
        rows(
            {"document": "a", "frames": {}, "probabilities": {"order": 0.1}},
            {"document": "b", "frames": {"trade": "favor"}, "probabilities": {"trade": 0.9}},
            {"document": "b", "frames": {}, "probabilities": {"trade": 0.1}},
        )
    )
    of_order, of_trade = counts(corpus.articles[1], corpus)
    # Sentences judged, and the interval of the share, which is none.
    assert of_order[5:8] == [0, -1, -1]
    assert (of_trade[5], of_trade[0]) == (2, 1)


def test_what_an_article_was_judged_for_is_told_by_all_rows():
    # By itself, each article could be a coder's, who looked for every frame.
    trade = {"frames": {"trade": "favor"}, "probabilities": {"trade": 0.9}, "source": "S"}
    corpus = gather(
        rows(
            {"document": "a", "frames": {}, "probabilities": {"order": 0.1}, "source": "T"},
            {"document": "b"} | trade,
            {"document": "c", "frames": {}, "probabilities": {"trade": 0.1}, "source": "T"},
        )
    )
    of_order, _ = counts(corpus.articles[1], corpus)
    assert of_order[5] == 0
    judged = {group.name: group.summary.frames["order"].judged for group in corpus.sources}
    assert judged == {"T": 1, "S": 0}


def test_the_interval_of_a_rare_frame_is_kept_in_thousandths():
    sentences = [{"frames": {"order": "favor"} if n == 0 else {}, "index": n} for n in range(50)]
    corpus = gather(rows(*sentences))
    # By Wilson 0.354% to 10.50%, which is written 0.4% to 10%.
    assert counts(corpus.articles[0], corpus)[0][6:8] == [4, 100]


def test_an_overview_is_a_list_a_column():
    corpus = gather(rows({"document": "a", "source": "x"}, {"document": "b", "source": "x"}))
    listed = overview(corpus)
    numbers = [1, *(number + 1 for number in counts(corpus.articles[0], corpus)[0])]
    assert listed == {
        "title": ["a", "b"],
        "date": ["", ""],
        "sources": ["x"],
        "source": [0, 0],
        "numbers": pack(numbers * 2),
    }


def test_parts_are_sentences_paragraphs_and_what_was_skipped():
    sentences = rows(
        {"text": "One.", "start": 0, "end": 4, "frames": {}},
        {"text": "Two.", "start": 5, "end": 9, "frames": {}},
        {"text": "Three.", "start": 17, "end": 23, "frames": {}},
    )
    skipped = {"document": "document", "start": 11, "end": 15, "text": "Menu", "reason": "menu"}
    [article] = gather(sentences, skipped=[skipped]).articles
    one, two, three = (Sentence(text) for text in ("One.", "Two.", "Three."))
    assert article_parts(article, []) == [one, two, "", "\tmenu\tMenu", "", three]


def test_what_was_skipped_is_shown_only_where_it_is_known_of_which_article():
    named = [("a", 0), ("a", 1), ("a", 0), ("b", 0), ("a (2)", 0)]
    sentences = rows(*({"document": name, "index": index} for name, index in named))
    skipped = [{"document": name, "start": 0, "text": "Menu"} for name in ("a", "a", "b", "a (2)")]
    articles = gather(sentences, skipped=skipped).articles
    found = {article.id: len(article.skipped) for article in articles}
    assert found == {"a": 0, "a (2)": 0, "b": 1, "a (2) (2)": 1}


def test_a_sentence_lists_what_it_carries_and_what_it_may_carry():
    probabilities = {"order": 0.9, "trade": 0.2, "rain": 0.01}
    stances = {"order": {"favor": 0.8, "neutral": 0.1, "against": 0.1}}
    words = {"order": [[0, 3, 0.25]]}
    row = {"probabilities": probabilities, "stances": stances, "explanations": words}
    [article] = gather(rows(row)).articles
    [sentence] = article_parts(article, ["order", "trade", "rain"])
    assert sentence == Sentence("One.", (Entry(0, 1, 90, 80, ((0, 3, 25),)), Entry(1, 0, 20)))


def test_of_an_explanation_the_weightiest_words_are_kept():
    words = [[0, 1, 0.1], [1, 2, 0.4], [2, 3, 0.09], [3, 4, -0.5]]
    [article] = gather(rows({"explanations": {"order": words}})).articles
    [sentence] = article_parts(article, ["order"])
    assert sentence.entries[0].words == ((1, 2, 40), (0, 1, 10))


def test_where_no_single_word_carries_a_frame_none_is_kept():
    [article] = gather(rows({"explanations": {"order": [[0, 1, 0.019]]}})).articles
    [sentence] = article_parts(article, ["order"])
    assert sentence.entries[0].words == ()


def test_a_text_of_several_lines_is_one_line_of_the_same_length():
    [article] = gather(rows({"text": "One\r\n\tline."})).articles
    assert article_parts(article, ["order"])[0].text == "One   line."


def test_packed_are_the_lines_and_the_numbers_of_every_entry():
    parts = [
        Sentence("One."),
        "",
        Sentence("Two.", (Entry(1, 2, 90, 80, ((0, 3, 25),)), Entry(0, 0, 20))),
        "\tmenu\tMenu",
        Sentence("Three.", (Entry(0, 4, -1), Entry(1, 1, 80, 90, ()))),
    ]
    # (after * frames + frame) * 6 + state, doubled, and 1 where it was explained.
    two = [2 * ((1 * 2 + 1) * 6 + 2) + 1, 91, 81, 1, 0, 3, 25, 0, 21]
    three = [2 * (1 * 2 * 6 + 4), 0, 0, 2 * (1 * 6 + 1) + 1, 81, 91, 0]
    lines = "One.\n\nTwo.\n\tmenu\tMenu\nThree."
    assert packed(parts, frames=2) == [lines, pack(two + three)]


def unpacked(text):
    number = shift = 0
    for byte in base64.b64decode(text):
        number, shift = number | (byte & 0x7F) << shift, shift + 7
        if byte < 0x80:
            yield number
            number = shift = 0


@given(st.lists(st.integers(min_value=0)))
def test_packed_numbers_can_be_had_back(numbers):
    assert list(unpacked(pack(numbers))) == numbers
