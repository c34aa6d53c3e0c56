"""The page and the figures as files."""

import html
import json
import re

import pytest

from stance.errors import OutputError
from stance.report import write_report

pytest.importorskip("jinja2")

HOSTILE = "</script><script>window.hurt=1</script><img src=x onerror=window.hurt=1>\u2028 {{ 7*7 }}"
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
    assert parts["text-0"][0][0] == HOSTILE
    assert parts["data"]["articles"][0]["title"] == HOSTILE


def test_the_page_is_small_beside_its_text(tmp_path):
    rows = [row(document=str(number // 50), text="w" * 150) for number in range(5000)]
    page = page_of(tmp_path, *rows)
    assert len(page) < 1_000_000 + 5000 * 150


def test_the_same_rows_give_the_same_page(tmp_path):
    (tmp_path / "other").mkdir()
    assert page_of(tmp_path, row()) == page_of(tmp_path / "other", row())


def test_shares_over_time_and_by_source_are_there_where_rows_carry_them(tmp_path):
    rows = [row(str(year), date=str(year), source=f"s{year % 2}") for year in range(2000, 2010)]
    page = page_of(tmp_path, *rows)
    assert "Over time" in page
    assert "By source" in page


def test_a_result_without_dates_and_sources_has_neither(tmp_path):
    page = page_of(tmp_path, row("a"), row("b"))
    assert "Over time" not in page
    assert "By source" not in page


def test_labels_without_probabilities_have_no_filter_by_certainty(tmp_path):
    assert 'name="least"' in page_of(tmp_path, row())
    assert 'name="least"' not in page_of(tmp_path, row(probabilities={}), force=True)


def test_skipped_text_beside_the_result_is_shown(tmp_path):
    result = tmp_path / "out.jsonl"
    result.write_text(json.dumps(row(start=10, end=14)) + "\n", "utf-8")
    skipped = {"document": "a", "start": 0, "end": 4, "text": "Menu", "reason": "menu"}
    lines = [json.dumps(skipped), "broken", json.dumps({"document": "a"})]
    (tmp_path / "out.jsonl.skipped.jsonl").write_text("\n".join(lines), "utf-8")
    page = write_report(result, tmp_path / "page.html").page.read_text("utf-8")
    parts = dict(SCRIPT.findall(page))
    assert json.loads(parts["text-0"])[0] == {"skipped": "menu", "text": "Menu"}


def test_a_page_that_exists_is_replaced_only_by_force(tmp_path):
    page_of(tmp_path, row())
    with pytest.raises(OutputError, match="--force"):
        page_of(tmp_path, row())
    assert "<title>new" in page_of(tmp_path, row(), title="new", force=True)


def test_a_folder_that_is_missing_is_an_error(tmp_path):
    with pytest.raises(OutputError, match="cannot write"):
        write_report([row()], tmp_path / "missing" / "page.html")


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


def test_a_figure_that_exists_is_kept(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "shares.png").write_text("mine", "utf-8")
    with pytest.raises(OutputError, match=r"shares\.png exists"):
        write_report([row()], tmp_path / "page.html", figures=tmp_path)
