"""The page and the figures as files."""

import html
import json
import os
import re
import stat
from pathlib import Path

import pytest

from stance.codebook import Codebook
from stance.errors import InputError, OutputError
from stance.report import write_report
from stance.report.corpus import FrameStyle
from stance.report.page import MAX_COLUMNS
from stance.results import DocumentResult, SentenceResult, SkippedText
from stance.summary import summarize

pytest.importorskip("jinja2")

CODEBOOK = Codebook.load(Path(__file__).parents[2] / "training" / "codebook.json")
HOSTILE = "</script><script>window.hurt=1</script><img src=x onerror=window.hurt=1>\u2028 {{ 7*7 }}"
HALF = "\ud83d"
SCRIPT = re.compile(r'<script type="application/json" id="([\w-]+)">(.*?)</script>', re.DOTALL)


def row(document="a", **more):
    known = {"document": document, "text": "One.", "frames": {"order": "favor"}}
    return known | {"probabilities": {"order": 0.9}} | more


def page_of(tmp_path, *rows, **options):
    written = write_report(rows, tmp_path / "page.html", **options)
    return written.page.read_text("utf-8")


def test_the_page_asks_for_nothing_from_elsewhere(tmp_path):
    page = page_of(tmp_path, row())
    assert not re.search(r'(src|href|url)\s*[=(]\s*["\']?(https?:|//)', page)
    assert "default-src 'none'" in html.unescape(page)


def test_text_is_data_and_never_markup(tmp_path):
    page = page_of(
        tmp_path,
        row(document=HOSTILE, text=HOSTILE, source=HOSTILE, frames={HOSTILE: "favor"}),
        row(document="b", source="other"),
        title=HOSTILE,
    )
    assert "<img" not in page
    assert page.count("<script") == page.count("</script>") == 4
    parts = {name: json.loads(text) for name, text in SCRIPT.findall(page)}
    assert parts["text-0"][0] == HOSTILE
    assert parts["data"]["articles"]["title"][0] == HOSTILE


def test_two_thousand_articles_are_small_beside_their_text(tmp_path):
    """Of 2,000 articles, 400 are written: what the page has anyway is counted five times."""
    carried = {"probabilities": {"order": 0.93, "trade": 0.12, "rain": 0.02, "peace": 0.01}}
    other = {"probabilities": dict.fromkeys(carried["probabilities"], 0.03), "frames": {}}
    stances = {"stances": {"order": {"favor": 0.8, "neutral": 0.15, "against": 0.05}}}
    text = "word " * 30
    rows = [
        row(f"article {number // 30}", text=text, **(other if number % 3 else carried | stances))
        for number in range(400 * 30)
    ]
    over = len(page_of(tmp_path, *rows)) - len(rows) * len(text)
    assert 5 * over < 1_000_000


def test_definitions_of_the_shipped_codebook_are_shown_where_its_frames_are_used(tmp_path):
    proposition = CODEBOOK.frames[0].proposition
    names = [frame.name for frame in CODEBOOK.frames]
    assert proposition in page_of(tmp_path, row(frames={names[0]: "favor"}, probabilities={}))
    theirs = row(frames={names[0]: "favor", "order": "favor"}, probabilities={})
    assert proposition not in page_of(tmp_path, theirs, force=True)


def test_definitions_are_those_of_the_model_that_is_named(tmp_path, tiny_folder):
    names = {frame.name: 0.9 for frame in CODEBOOK.frames} | {"order": 0.5}
    page = page_of(tmp_path, row(frames={}, probabilities=names), model=tiny_folder)
    assert CODEBOOK.frames[0].definition in html.unescape(page)


def test_a_model_that_knows_no_frame_of_the_result_is_an_error(tmp_path, tiny_folder):
    with pytest.raises(InputError, match="the frames of the result are order, and"):
        page_of(tmp_path, row(), model=tiny_folder)


def test_the_same_rows_give_the_same_page(tmp_path):
    (tmp_path / "other").mkdir()
    assert page_of(tmp_path, row()) == page_of(tmp_path / "other", row())


def test_shares_over_time_and_by_source_are_there_where_rows_carry_them(tmp_path):
    rows = [row(str(year), date=str(year), source=f"s{year % 2}") for year in range(2000, 2010)]
    page = page_of(tmp_path, *rows)
    assert "Over time" in page
    assert "By source" in page
    # What a pointer shows at the points can be read without one.
    shown = re.findall(r"<circle[^>]*><title>(.*?)</title>", page)
    assert len(shown) >= 10
    assert re.findall(r"<li>(.*?)</li>", page)[: len(shown)] == shown


def test_a_result_without_dates_and_sources_has_neither(tmp_path):
    page = page_of(tmp_path, row("a"), row("b"))
    assert "Over time" not in page
    assert "By source" not in page


def test_the_notes_say_how_many_articles_lack_a_date_or_a_source(tmp_path):
    rows = [row(str(n), date=f"20{n}", source=f"s{n}") for n in (10, 11)]
    assert "Without a" not in page_of(tmp_path, *rows)
    page = page_of(tmp_path, *rows, row("b", source="s10"), row("c"), force=True)
    assert "Without a date: 2 of 4 articles." in page
    assert "Without a source: 1 of 4 articles." in page


def test_a_balance_has_its_interval_and_stances_not_coded_are_counted(tmp_path):
    stances = ["favor", "favor", "favor", "against", None] * 4
    page = page_of(tmp_path, *(row(str(n), frames={"order": s}) for n, s in enumerate(stances)))
    assert re.search(r"balance \+0\.50 \([+−]0\.\d\d to \+\d\.\d\d\), in 20 articles", page)
    assert "<span>? 4 not coded</span>" in page
    one = page_of(tmp_path, row(), force=True)
    assert "balance +1.00, in 1 article" in one
    assert "not coded</span>" not in one


def test_a_source_has_its_sentences_and_its_intervals_as_text(tmp_path):
    rows = [
        row(str(n), index=n, source=f"s{n % 2}", frames={"order": "favor"} if n < 9 else {})
        for n in range(40)
    ]
    page = page_of(tmp_path, *rows)
    [found] = re.findall(r"<tr><th [^>]*>s0</th>(.*?)</tr>", page)
    assert re.match(r'<td class="number">20</td><td class="number">20</td><td>25% <span', found)
    assert re.search(r"\(\d[.\d]*% to \d\d%\)", found)
    assert "title=" not in found


def test_a_rare_frame_is_not_rounded_to_nothing(tmp_path):
    rows = [
        row(str(n), source=f"s{n % 2}", date=f"20{n % 2 + 10}", frames={} if n else {"order": None})
        for n in range(400)
    ]
    page = page_of(tmp_path, *rows)
    assert re.search(r"<strong>0\.2%</strong> of sentences <span [^>]*>\(0% to 0\.\d%\)", page)
    assert "<td>0.5% <span" in page
    assert "<li>2010: 0.5% (" in page


@pytest.mark.parametrize(("number", "notes"), [(MAX_COLUMNS, 0), (MAX_COLUMNS + 4, 3)])
def test_every_part_that_leaves_frames_out_says_so(tmp_path, number, notes):
    frames = {f"frame {n}": "favor" for n in range(number)}
    scored = {"frames": frames, "probabilities": dict.fromkeys(frames, 0.9)}
    rows = [row(str(n), date=f"20{n}", source=f"s{n}", **scored) for n in (10, 11)]
    assert page_of(tmp_path, *rows).count("The 8 most used frames, of 12.") == notes


@pytest.mark.parametrize("articles", [1, 2])
def test_the_intervals_of_an_article_are_explained_however_many_there_are(tmp_path, articles):
    page = page_of(tmp_path, *(row(str(n)) for n in range(articles)))
    assert page.count("95% score intervals (Wilson)") == 1


def test_a_probability_is_rounded_as_the_script_rounds_it(tmp_path):
    # In binary 0.905 is a hair above the half, and 100 times that is the half.
    assert "+ 0.90, a</a>" in page_of(tmp_path, row(probabilities={"order": 0.905}))


def test_labels_without_probabilities_have_no_filter_by_certainty(tmp_path):
    assert 'name="least"' in page_of(tmp_path, row())
    assert 'name="least"' not in page_of(tmp_path, row(probabilities={}), force=True)


def test_other_frames_are_called_unlikely_only_where_each_was_judged(tmp_path):
    def scored(*rows):
        page = page_of(tmp_path, *rows, force=True)
        return json.loads(dict(SCRIPT.findall(page))["data"])["scored"]

    other = row("b", frames={}, probabilities={"trade": 0.2})
    assert scored(row("a"), row("b"))
    assert not scored(row("a"), other)
    assert not scored(row("a", probabilities={}))


def test_skipped_text_beside_the_result_is_shown(tmp_path):
    result = tmp_path / "out.jsonl"
    result.write_text(json.dumps(row(start=10, end=14)) + "\n", "utf-8")
    skipped = {"document": "a", "start": 0, "end": 4, "text": "Menu", "reason": "menu"}
    lines = [json.dumps(skipped), "broken", json.dumps({"document": "a"})]
    (tmp_path / "out.jsonl.skipped.jsonl").write_text("\n".join(lines), "utf-8")
    page = write_report(result, tmp_path / "page.html").page.read_text("utf-8")
    parts = dict(SCRIPT.findall(page))
    assert json.loads(parts["text-0"])[0] == "\tmenu\tMenu\n\nOne."


def test_results_are_written_about_as_their_rows_are(tmp_path):
    words = {"probabilities": {"order": 0.9}, "stances": {}}
    labelled = SentenceResult("One.", 10, 14, 0, {"order": "favor"}, **words)
    skipped = (SkippedText("Menu", 0, 4, "menu"),)
    results = [DocumentResult("a", (labelled,), ("order",), skipped) for _ in range(2)]
    parts = dict(SCRIPT.findall(page_of(tmp_path, *results)))
    assert json.loads(parts["data"])["articles"]["title"] == ["a", "a (2)"]
    assert {json.loads(parts[f"text-{n}"])[0] for n in range(2)} == {"\tmenu\tMenu\n\nOne."}


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"frames": {}}, "^row 2 has no 'text'; expected a sentence"),
        (row(frames={"order": "yes"}), "^row 2 gives order the stance 'yes'"),
        ("One.", "^row 2 is a str; expected the rows of a result"),
    ],
)
def test_a_row_that_is_none_is_named(tmp_path, other, message):
    with pytest.raises(InputError, match=message):
        page_of(tmp_path, row(), other)


def test_rows_of_a_data_frame_with_gaps_have_a_page(tmp_path):
    pandas = pytest.importorskip("pandas")
    rows = [row(name, uncertain=["order"], date=f"20{name}", source="x") for name in ("10", "12")]
    table = pandas.DataFrame([*rows, row("none")])
    table["date"] = pandas.to_datetime(table["date"])
    found = table.to_dict("records")
    written = write_report(found, tmp_path / "page.html")
    assert (written.dated, written.sourced) == (2, 2)


def test_every_share_says_how_much_is_left_open(tmp_path):
    pytest.importorskip("matplotlib")
    opened = {"frames": {}, "uncertain": ["order"]}
    rows = [row(f"a{n}", date=f"20{10 + n}", source=f"s{n % 2}") for n in range(3)]
    rows += [row("a3", date="2014", source="s1", **opened)]
    written = write_report(rows, tmp_path / "page.html", figures=tmp_path / "figures")
    page = written.page.read_text("utf-8")
    card = re.sub("<[^>]+>", "", page)
    assert re.search(r"at least 75% of sentences \(.*?\); 25% more left open", card)
    assert "2014: 0% of 1 sentences, articles: 1; 100% more left open" in page
    assert re.search(r"50% \(0% to 100%\) \+1.00, 50% more left open", card)
    assert "every share on this page counts them as absent" in page
    for name in ("shares", "over_time", "by_source"):
        assert "left open" in (tmp_path / "figures" / f"{name}.svg").read_text("utf-8")
    nothing = page_of(tmp_path / "figures", row())
    assert "at least" not in nothing
    assert "counts them as absent" not in nothing


def test_a_single_sentence_is_drawn_without_an_interval(tmp_path):
    page = page_of(tmp_path, row())
    assert "<strong>100%</strong> of sentences</p>" in page
    assert "--value:100.0%;" in page


def test_a_page_that_exists_is_replaced_only_by_force(tmp_path):
    page_of(tmp_path, row())
    with pytest.raises(OutputError, match="--force"):
        page_of(tmp_path, row())
    assert "<title>new" in page_of(tmp_path, row(), title="new", force=True)


def test_a_folder_that_is_missing_is_an_error(tmp_path):
    with pytest.raises(OutputError, match=r"missing does not exist; make it first$"):
        write_report([row()], tmp_path / "missing" / "page.html", figures=tmp_path / "figures")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="there are no such rights")
def test_the_page_is_as_private_as_the_user_asks(tmp_path):
    before = os.umask(0o077)
    try:
        page = write_report([row()], tmp_path / "page.html").page
    finally:
        os.umask(before)
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


def test_figures_are_drawn_as_png_and_svg(tmp_path):
    pytest.importorskip("matplotlib")
    rows = [row(str(n), date=f"20{n}", source=f"$x_{n % 2}$") for n in range(10, 20)]
    written = write_report(rows, tmp_path / "page.html", figures=tmp_path / "figures")
    names = [
        f"{name}{suffix}"
        for name in ("shares", "over_time", "by_source")
        for suffix in (".png", ".svg")
    ]
    assert [path.name for path in written.figures] == names
    assert all(path.stat().st_size > 1000 for path in written.figures)


def test_intervals_over_time_end_within_the_axis(tmp_path):
    # 2021 hardly has the frame, and few articles of 2024 do: the widest interval of all.
    rows = [row(f"a{n}", date="2021", frames={}, probabilities={"order": 0.1}) for n in range(38)]
    rows += [row(f"b{n}", date="2021") for n in range(2)]
    rows += [row(f"c{n}", date="2024", frames={}, probabilities={"order": 0.1}) for n in range(5)]
    page = page_of(tmp_path, *rows, row("d", date="2024"))
    [label] = re.findall(r"<title>2024: 17% \(\d+% to (\d+)%\)", page)
    [band] = re.findall(r'<polygon points="([^"]+)"', page)
    highest = min(float(point.split(",")[1]) for point in band.split())
    [line] = re.findall(r'<polyline points="([^"]+)"', page)
    share = min(float(point.split(",")[1]) for point in line.split())
    bottom = max(float(point.split(",")[1]) for point in band.split())
    assert (bottom - share) / (bottom - highest) == pytest.approx(
        (1 / 6) / (int(label) / 100), 0.05
    )


def test_frames_whose_stance_was_not_coded_are_drawn_in_full(tmp_path):
    pytest.importorskip("matplotlib")
    from stance.report import plots

    rows = [row(str(n), frames={"order": None} if n % 2 else {}) for n in range(10)]
    summary = summarize([{**one, "probabilities": {"order": 0.5}} for one in rows])
    style = FrameStyle("order", "A", "#0072b2", "#ffffff")
    canvas = plots._shares([style], summary)
    [axes] = canvas.axes
    assert sum(bar.get_width() for bar in axes.patches) == pytest.approx(0.5)
    assert "pale: stance not coded" in canvas.get_supxlabel()
    assert 'class="not-coded"' in page_of(tmp_path, *rows)


def test_a_figure_that_exists_is_kept(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "shares.png").write_text("mine", "utf-8")
    with pytest.raises(OutputError, match=r"shares\.png exists"):
        write_report([row()], tmp_path / "page.html", figures=tmp_path)


def test_rows_without_any_frame_have_a_page_and_figures(tmp_path):
    pytest.importorskip("matplotlib")
    bare = {"frames": {}, "probabilities": {}}
    rows = [row(name, date=f"20{name}", source=f"s{name}", **bare) for name in ("10", "12")]
    written = write_report(rows, tmp_path / "page.html", figures=tmp_path / "figures")
    assert "One." in written.page.read_text("utf-8")
    assert len(written.figures) == 6
    assert all(path.stat().st_size for path in written.figures)


@pytest.mark.parametrize(
    "more",
    [
        {"document": HALF},
        {"title": HALF},
        {"source": HALF},
        {"date": HALF},
        {"frames": {HALF: "favor"}},
        {"probabilities": {HALF: 0.5}},
    ],
    ids=lambda more: next(iter(more)),
)
def test_half_a_surrogate_does_not_stop_the_page(tmp_path, more):
    result = tmp_path / "out.jsonl"
    result.write_text(json.dumps(row(**more)) + "\n", "utf-8")
    written = write_report(result, tmp_path / "page.html", title=f"All {HALF}")
    assert "<h1>All \ufffd</h1>" in written.page.read_text("utf-8")


def test_half_a_surrogate_in_the_title_of_rows_does_not_stop_the_page(tmp_path):
    assert "<h1>All \ufffd</h1>" in page_of(tmp_path, row(), title=f"All {HALF}")


@pytest.mark.parametrize("name", ["shares.png", "by_source.svg"])
def test_nothing_is_written_where_one_figure_exists(tmp_path, name):
    pytest.importorskip("matplotlib")
    (tmp_path / name).write_text("mine", "utf-8")
    rows = [row("a", source="x"), row("b", source="y")]
    with pytest.raises(OutputError, match="exists; --force"):
        write_report(rows, tmp_path / "page.html", figures=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text("utf-8") == "mine"


def test_a_figure_is_not_written_through_a_link(tmp_path):
    pytest.importorskip("matplotlib")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine", "utf-8")
    figures = tmp_path / "figures"
    figures.mkdir()
    for name in ("shares.png", "shares.svg.new"):
        (figures / name).symlink_to(elsewhere)
    write_report([row()], tmp_path / "page.html", figures=figures, force=True)
    assert elsewhere.read_text("utf-8") == "mine"
    assert {path.name for path in figures.iterdir()} == {"shares.png", "shares.svg"}
    assert not any(path.is_symlink() for path in figures.iterdir())


def test_a_figure_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "figures" / "shares.png").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"^cannot write .*shares\.png"):
        write_report([row()], tmp_path / "page.html", figures=tmp_path / "figures", force=True)
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["shares.png"]
