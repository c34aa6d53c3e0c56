"""``stance report``."""

import json

import pytest

pytest.importorskip("jinja2")

ROWS = [
    {"document": "a", "text": "One.", "frames": {"order": "favor"}, "date": "2020"},
    {"document": "b", "text": "Two.", "frames": {}},
]


@pytest.fixture
def result(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


def test_a_page_is_written_and_named(run, result, tmp_path):
    page = tmp_path / "page.html"
    outcome = run("report", result, "--output", page)
    assert outcome.code == 0
    assert outcome.out.startswith("2 sentences of 2 articles: ")
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_articles_without_a_date_are_counted(run, result, tmp_path):
    assert "1 article without a date" in run("report", result, "-o", tmp_path / "p.html").out


def test_an_existing_page_is_kept(run, result, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("mine", encoding="utf-8")
    outcome = run("report", result, "-o", page)
    assert (outcome.code, page.read_text("utf-8")) == (2, "mine")
    assert "--force" in outcome.err


def test_a_file_that_is_no_result_is_one_line_on_stderr(run, tmp_path):
    path = tmp_path / "other.jsonl"
    path.write_text('{"body": "One."}\n', encoding="utf-8")
    outcome = run("report", path, "-o", tmp_path / "page.html")
    assert outcome.code == 2
    assert outcome.err == (
        f"stance: {path} line 1 has no 'text'; expected a sentence, as stance label writes it\n"
    )


def test_what_label_writes_can_be_reported_on(run, tiny_folder, tmp_path):
    article = tmp_path / "article.txt"
    article.write_text("The states trade. Two sides met in the rain.\n\nMenu\n", encoding="utf-8")
    for name in ("out.jsonl", "out.csv"):
        assert run("label", article, "-o", tmp_path / name, "--model", tiny_folder).code == 0
        assert run("report", tmp_path / name, "-o", tmp_path / f"{name}.html").code == 0


def test_an_existing_figure_leaves_nothing_new_on_disk(run, result, tmp_path):
    pytest.importorskip("matplotlib")
    figures = tmp_path / "figures"
    figures.mkdir()
    (figures / "by_source.png").write_text("mine", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    outcome = run("report", result, "-o", tmp_path / "page.html", "--figures", figures)
    assert (outcome.code, outcome.err.count("\n"), outcome.out) == (2, 1, "")
    assert "by_source.png exists; --force" in outcome.err
    assert sorted(tmp_path.rglob("*")) == before


def test_the_result_itself_is_never_replaced(run, result):
    before = result.read_bytes()
    outcome = run("report", result, "-o", result, "--force")
    assert (outcome.code, result.read_bytes()) == (2, before)
    assert "is read and would be replaced" in outcome.err


@pytest.mark.parametrize("option", ["--date-column", "--source-column"])
def test_a_column_that_is_asked_for_and_in_no_row_is_named(run, result, tmp_path, option):
    page = tmp_path / "page.html"
    outcome = run("report", result, "-o", page, option, "Date")
    assert (outcome.code, outcome.err.count("\n"), page.exists()) == (2, 1, False)
    assert "no row has the column 'Date'; they have document, text, frames, date" in outcome.err


def test_articles_are_counted_where_no_date_can_be_read(run, tmp_path):
    result = tmp_path / "out.jsonl"
    rows = [row | {"date": date} for row, date in zip(ROWS, ("20210302", None), strict=True)]
    result.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    out = run("report", result, "-o", tmp_path / "page.html").out
    assert "2 articles without a date that can be read (YYYY, YYYY-MM or YYYY-MM-DD)" in out
    assert "source" not in out


@pytest.mark.parametrize("name", ["page.pdf", "page.jsonl", "page.docx"])
def test_a_page_is_not_written_under_the_name_of_another_kind(run, result, tmp_path, name):
    outcome = run("report", result, "-o", tmp_path / name)
    assert (outcome.code, outcome.err.count("\n"), (tmp_path / name).exists()) == (2, 1, False)
    assert f"{name} names another kind of file" in outcome.err
    assert "give it a name in .html" in outcome.err


@pytest.mark.parametrize("name", ["page", "page.v2", "page.HTM"])
def test_a_page_may_be_called_what_is_no_other_kind(run, result, tmp_path, name):
    assert run("report", result, "-o", tmp_path / name).code == 0
    assert (tmp_path / name).read_text("utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("name", ["page", "page.HTM", "page.html"])
def test_a_page_may_have_a_name_of_its_kind_or_of_none(run, result, tmp_path, name):
    assert run("report", result, "-o", tmp_path / name).code == 0
    assert (tmp_path / name).read_text("utf-8").startswith("<!DOCTYPE html>")
