"""The page in a real browser, where one is installed."""

import pytest
from browser import Browser, find_axe, find_browser

from stance.report import write_report

pytest.importorskip("jinja2")
if not find_browser():
    pytest.skip("no Chromium or Chrome is installed", allow_module_level=True)

HOSTILE = [
    "<script>window.hurt=1</script>",
    "</script><script>window.hurt=1</script>",
    "<img src=x onerror=window.hurt=1>",
    '" onfocus="window.hurt=1" \'{{ 7*7 }} &amp; <!--',
    "المسؤولون \u202e أعلنوا شراكة جديدة.",
    "W" + "o" * 3000 + "rd.",
    "😀 partnership \u2028 grows.",
]


def row(document, number, **more):
    stance = ["favor", "neutral", "against"][number % 3]
    frame = ["order", "trade"][number % 2]
    known = {
        "document": document,
        "index": number,
        "start": 10 * number,
        "end": 10 * number + 9,
        "text": f"Sentence {number}.",
        "frames": {frame: stance},
        "probabilities": {"order": 0.5 + number / 100, "trade": 0.5 + number / 100},
    }
    return known | more


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("small") / "page.html"
    words = {
        number: {"explanations": {"order": [[0, 8, w]]}} for number, w in ((0, 0.5), (2, 0.01))
    }
    rows = [row("a", number, **words.get(number, {})) for number in range(12)]
    rows += [row("b", number) for number in range(6)]
    return write_report(rows, path).page


@pytest.fixture
def page(browser, small):
    browser.open(small)
    return browser


def texts(browser, selector):
    return browser.run(f"[...document.querySelectorAll('{selector}')].map((e) => e.textContent)")


def click(browser, name, value):
    browser.run(f"document.querySelector('[name={name}][value=\"{value}\"]').click()")


def test_every_sentence_is_there_and_nothing_is_complained_of(page, small):
    assert texts(page, ".words-of") == [f"Sentence {n}." for n in [*range(12), *range(6)]]
    assert page.complaints() == []
    assert page.requests() == [small.resolve().as_uri()]


def test_filters_by_frame_and_stance(page):
    click(page, "frame", 1)
    click(page, "stance", 2)
    assert texts(page, "#article-0 .match .words-of") == [f"Sentence {n}." for n in (0, 2, 6, 8)]
    assert page.run("document.getElementById('matches').textContent").startswith("6 of 18")


def test_a_filter_by_certainty(page):
    page.run(
        "const least = document.querySelector('[name=least]'); least.value = 60;"
        "least.dispatchEvent(new Event('input', { bubbles: true }))"
    )
    assert texts(page, ".match .words-of") == ["Sentence 10.", "Sentence 11."]
    assert texts(page, "#rows a") == ["a"]


def test_probabilities_show_on_focus_and_go_on_escape(page):
    page.run("document.querySelector('.match').focus()")
    assert "order 0.50" in page.run("document.getElementById('tip').innerText")
    assert "carried by Sentence (0.50)" in page.run("document.getElementById('tip').innerText")
    page.call("Input.dispatchKeyEvent", type="keyDown", key="Escape")
    assert page.run("document.getElementById('tip').hidden")


def test_where_no_single_word_carries_a_frame_that_is_said(page):
    page.run("document.querySelectorAll('.match')[2].focus()")
    assert "no single word carries it" in page.run("document.getElementById('tip').innerText")


def test_words_that_carry_a_frame_are_marked_and_spoken(page):
    assert texts(page, ".match .word") == ["Sentence"]
    spoken = texts(page, ".match .hidden")
    assert spoken[:2] == [
        " (order, in favor, 0.50, carried by Sentence)",
        " (trade, neutral, 0.51)",
    ]


def test_words_are_not_marked_where_that_is_switched_off(page):
    weight = "getComputedStyle(document.querySelector('.word')).fontWeight"
    assert page.run(weight) == "700"
    page.run("document.querySelector('[name=words]').click()")
    assert page.run(weight) == "400"


def test_the_tip_stays_with_its_sentence_when_the_page_moves(browser, tmp_path):
    rows = [
        row("a", n, start=100 * n, end=100 * n + 9, text="A sentence. " * 40) for n in range(40)
    ]
    browser.open(write_report(rows, tmp_path / "page.html").page, width=360, height=800)
    browser.run(
        "const open = document.querySelectorAll('.match')[20]; open.scrollIntoView();"
        "open.focus(); new Promise((done) => setTimeout(done, 300))"
    )
    gap = browser.run(
        "document.getElementById('tip').getBoundingClientRect().top"
        " - document.querySelector('.sentence.open').getBoundingClientRect().bottom"
    )
    assert gap == pytest.approx(8, abs=1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_problem(browser, tmp_path, scheme):
    axe = find_axe()
    if axe is None:
        pytest.skip("axe-core is not here: install axe-playwright-python, or set AXE_CORE to it")
    rows = [
        row(str(n // 6), n % 6, date=f"20{n:02}", source=f"s{n % 2}", title="A title")
        | {"frames": {"cooperation": "favor"}, "probabilities": {"cooperation": 0.8}}
        | {"explanations": {"cooperation": [[0, 8, 0.5]]}}
        for n in range(24)
    ]
    browser.open(write_report(rows, tmp_path / "page.html").page, scheme=scheme)
    browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    browser.run("document.querySelector('.match').focus()")
    browser.run(f"{axe.read_text('utf-8')};0")
    found = browser.run(
        "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>"
        " violations.map(({ id, impact, nodes }) => ({ id, impact, at: nodes[0].html })))"
    )
    assert [one for one in found if one["impact"] in ("serious", "critical")] == []


def test_the_arrow_keys_go_from_sentence_to_sentence(page):
    page.run("document.querySelector('.match').focus()")
    page.call("Input.dispatchKeyEvent", type="keyDown", key="ArrowDown")
    assert page.run("document.activeElement.firstChild.textContent") == "Sentence 1."


def test_the_overview_is_sorted_by_a_column(page):
    page.run("document.querySelectorAll('#columns button')[1].click()")
    assert texts(page, "#rows a") == ["a", "b"]
    page.run("document.querySelectorAll('#columns button')[1].click()")
    assert texts(page, "#rows a") == ["b", "a"]


def test_a_frame_that_an_article_was_not_judged_for_has_no_share(browser, tmp_path):
    known = {"probabilities": {"trade": 0.7}, "frames": {"trade": None}}
    rows = [row("a", 0, frames={}, probabilities={"order": 0.1}), row("b", 1, **known)]
    browser.open(write_report(rows, tmp_path / "page.html").page)
    shares = texts(browser, "#rows td:not(.number)")
    assert [share.strip() for share in shares] == [
        "0% (0% to 79%)",
        "– not judged",
        "– not judged",
        "100% (21% to 100%)",
    ]


def test_a_phone_need_not_scroll_sideways(browser, small):
    browser.open(small, width=360, height=700)
    assert browser.run("document.documentElement.scrollWidth") == 360


def test_hostile_text_stays_text(browser, tmp_path):
    rows = [row(HOSTILE[1], number, text=text) for number, text in enumerate(HOSTILE)]
    rows.append(row("b", 0, source=HOSTILE[2], frames={"<b>x</b>": "favor"}))
    browser.open(write_report(rows, tmp_path / "page.html", title=HOSTILE[0]).page)
    browser.run("document.querySelectorAll('.match').forEach((e) => e.focus())")
    assert texts(browser, "#article-0 .words-of") == HOSTILE
    assert browser.run("window.hurt === undefined")
    assert browser.run("document.querySelectorAll('img, b').length") == 0
    assert browser.complaints() == []


def test_two_thousand_articles_paint_within_two_seconds(browser, tmp_path):
    rows = (row(f"article {n // 20}", n % 20, text="A sentence. " * 12) for n in range(40_000))
    page = write_report(rows, tmp_path / "page.html").page
    paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    paints = []
    for _ in range(3):
        browser.open(page)
        browser.call("Page.captureScreenshot")
        paints.append(browser.run(paint))
    assert min(paints) < 2000
    browser.run("location.hash = 'article-1999'")
    browser.run("new Promise((done) => setTimeout(done, 100))")
    assert len(texts(browser, "#article-1999 .words-of")) == 20
