"""What of a web page is its article: nothing of it is lost, and nothing beside it comes in."""

import textwrap
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import InputError
from stance.files.pages import article_text, prepare

trafilatura = pytest.importorskip("trafilatura")

SENTENCES = [
    "The rise of new centres of power has made the old order impossible to sustain.",
    "No single state can any longer dictate the rules by which the others must live.",
    "Washington insists that its alliances in Asia are purely defensive in nature.",
    "Beijing answers that blocs of this kind divide the region and invite confrontation.",
    "The foreign minister called for dialogue, mutual trust and joint development.",
    "Smaller states in the region fear being forced to choose between the two powers.",
    "A multipolar world is not a slogan but a description of the way things are.",
    "Economic interdependence gives both sides strong reasons to continue cooperation.",
    "Critics of hegemony argue that unilateral sanctions undermine international law.",
    "The treaty commits the parties to consult one another in the event of an attack.",
    "European leaders have spoken of strategic autonomy for more than a decade now.",
    "India, for its part, refuses to join any camp and speaks of multi-alignment.",
]
TEN = slice(2, 12)


def paragraphs(part=slice(None)):
    return "".join(f"<p>{sentence}</p>" for sentence in SENTENCES[part])


def page(body, *, title="Order in Asia after the summit"):
    return (
        f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>{title}</title></head>"
        "<body><nav><ul><li><a href=/>Home</a></li><li><a href=/w>World</a></li></ul></nav>"
        f"{body}<footer><p>© 2024 Example News. All rights reserved, in all countries.</p>"
        "<a href=/t>Terms of use</a></footer></body></html>"
    )


def article(inner, *, before="", behind=""):
    return page(f"<main>{before}<article><h1>Order in Asia</h1>{inner}</article>{behind}</main>")


def read(html):
    """Return the lines of a page's article but for its title."""
    return [line for line in article_text(html).splitlines() if line != "Order in Asia"]


def parsed(html):
    return trafilatura.load_html(html)


def words(tree):
    """Return the words that a page shows, however they are spread over its elements."""
    return Counter(" ".join(tree.itertext()).split())


TWO = " ".join(SENTENCES[:2])
ELEMENTOR = (
    "<div class='elementor-element elementor-widget elementor-widget-text-editor'>"
    f"<div class='elementor-widget-container'>{paragraphs(slice(0, 2))}</div></div>"
)


@pytest.mark.parametrize(
    "inner",
    [
        f"{paragraphs(TEN)}<div>{TWO}</div>",
        f"{paragraphs(slice(2, 7))}<div>{TWO}</div>{paragraphs(slice(7, 12))}",
        f"{paragraphs(slice(2, 7))}<div dir=ltr><span>{TWO}</span></div>{paragraphs(slice(7, 12))}",
        "<div>"
        f"<div class=text>{SENTENCES[0]}</div><div>{SENTENCES[1]}</div></div>{paragraphs(TEN)}",
        f"<div class=intro><strong>{TWO}</strong></div>{paragraphs(TEN)}",
        f"<div class=body><span class=lede>{TWO}</span>{paragraphs(TEN)}</div>",
        f"<div class=body>{TWO}{paragraphs(TEN)}</div>",
        f"<div class=body>{SENTENCES[0]}<br>{SENTENCES[1]}<br><br>{paragraphs(TEN)}</div>",
        f"<div class=body>{paragraphs(TEN)}<script>x</script>"
        f"{SENTENCES[0]} <b>{SENTENCES[1]}</b></div>",
        f"{paragraphs(TEN)}<table><tr><td><p>{SENTENCES[0]}</p><p>{SENTENCES[1]}</p></table>",
        f"{paragraphs(TEN)}<figure class=wp-block-table><table><tr><th>Actor<th>Position<tr><td>EU"
        f"<td>{SENTENCES[0]}<tr><td>India<td>{SENTENCES[1]}</table></figure>",
        f"{paragraphs(slice(2, 7))}{ELEMENTOR}{paragraphs(slice(7, 12))}",
    ],
    ids=[
        *("closing div", "div", "div of a span", "divs in a div", "strong lead", "span", "bare"),
        *("lines", "bare behind", "box", "positions", "elementor"),
    ],
)
def test_what_an_article_says_is_read_however_it_is_marked_up(inner):
    text = article_text(article(inner))
    assert [sentence for sentence in SENTENCES if sentence not in text] == []
    assert not any(word in text for word in ("Home", "Terms", "rights", "Actor", "India\n"))
    assert all(text.count(sentence) == 1 for sentence in SENTENCES)


def test_the_order_of_paragraphs_is_that_of_the_page():
    marks = ["<p>{}</p>", "<div>{}</div>", "<div><span>{}</span></div>", "{}", "<p>{}</p>"]
    inner = "".join(marks[i % 5].format(sentence) for i, sentence in enumerate(SENTENCES))
    assert read(article(f"<div class=body>{inner}</div>")) == SENTENCES


BIO = "Jane Doe is a senior fellow at the institute and writes about order and balance."
SHARE = "Share this article with your friends and with your colleagues today."
LETTER = "Sign up for our newsletter and get the best of our journalism every day."
CAPTION = "Foreign ministers of the two states meet in Jakarta on the third of May."
COOKIES = "We and our partners store information on a device and process personal data."
RELATED = "What the foreign minister said about trade with the region in Geneva last week."
COMMENT = "I do not agree with a word of what the author of this piece has written here."
FURNITURE = {
    "author box": f"<div class=author-box><div>{BIO}</div></div>",
    "bio": f"<div class='post_bio'>{BIO}</div>",
    "share bar": f"<div class='share-bar'>{SHARE}</div>",
    "camel case": f"<div class=socialShare>{SHARE}</div>",
    "newsletter": f"<div id=newsletter-box><h3>Newsletter</h3><div>{LETTER}</div></div>",
    "call to action": f"<div class='inline-cta'>{LETTER}</div>",
    "form": f"<div><div>{LETTER}</div><form><input type=email></form></div>",
    "caption": f"<div class=pic><img src=a.jpg><div>{CAPTION}</div></div>",
    "caption in one": f"<div><img src=a.jpg>{CAPTION}</div>",
    "named caption": f"<div class=img-caption>{CAPTION}</div>",
    "caption in a span": f"<img src=a.jpg><span class=caption>{CAPTION}</span>",
    "figure": f"<figure><img src=a.jpg><div>{CAPTION}</div></figure>",
    "related": f"<div class=related-story><div>{RELATED}</div></div>",
    "linked": f"<div class=css-1x2><a href=/b>{RELATED}</a></div>",
    "cards": "".join(
        f"<div class=css-9z><a href=/b{i}><img src=b.jpg></a><h3>Geneva</h3>"
        f"<div>{RELATED}</div></div>"
        for i in range(5)
    ),
    "linked cell": f"<table><tr><td><a href=/b>{RELATED}</a></td></tr></table>",
    "fact table": f"<table class=infobox><tr><td>{RELATED}</td></tr></table>",
    "numbers": "<table><tr><th>Geneva<th>2020<tr><td>Exports in millions<td>12.5</table>",
    "cookies": f"<div class='cookie-notice'>{COOKIES}</div>",
    "dialog": f"<div role=dialog><div>{COOKIES}</div></div>",
    "hidden": f"<div hidden>{COOKIES}</div><div style='display:none'><div>{COOKIES}</div></div>",
    "comment": f"<div class='comment-body'>{COMMENT}</div>",
    **{
        f"named {names}": "".join(f"<div class={x}>{RELATED}</div>" for x in names.split())
        for names in (
            "pullquote pull-quote quote-block advertising support-us",
            "onetrust readnext also-read summary wp-legend",
            "writer-box factbox correction source",
        )
    },
    "posts": f"<div class=post><div>Geneva</div><div class=excerpt>{RELATED}</div></div>" * 5,
    "pull quote": f"<div>“{SENTENCES[4]}”</div>",
    "pull quote of a part": f"<div>“…{SENTENCES[8][8:]}”</div>",
    "pull quote in a table": f"<table align=right><tr><td>“{SENTENCES[4]}”</td></tr></table>",
    "pull quote of a paragraph": f"<table><tr><td><p>“{SENTENCES[4]}”</p></td></tr></table>",
    "short lines": "<div>Most read</div><div>Advertisement</div>",
}


@pytest.mark.parametrize("where", ["in", "above", "behind", "between"])
@pytest.mark.parametrize("name", FURNITURE)
def test_what_stands_beside_an_article_stays_out(name, where):
    box, body = FURNITURE[name], f"{paragraphs()}<div>{TWO}</div>"
    if where == "in":
        html = article(body + box)
    elif where == "above":
        html = article(body, before=box)
    elif where == "behind":
        html = article(body, behind=box)
    else:
        html = article(paragraphs() + box + f"<div>{TWO}</div>")
    assert read(html) == [*SENTENCES, TWO]


@pytest.mark.parametrize("name", FURNITURE)
def test_without_an_article_element_it_stays_out_as_well(name):
    content = f"<div id=content><h1>Order in Asia</h1>{paragraphs()}<div>{TWO}</div></div>"
    html = page(
        f"<div id=page><div id=top>{COOKIES}</div>{content}<div>{FURNITURE[name]}</div></div>"
    )
    assert read(html) == [*SENTENCES, TWO]


@pytest.mark.parametrize("name", ["source", "summary", "excerpt", "entry-summary legend"])
def test_a_word_for_furniture_on_what_holds_the_article_does_not_lose_it(name):
    inner = f"{paragraphs()}<div>{TWO}</div><div>Is it so?</div><div>{TWO}</div>"
    html = page(f"<div id=content><h1>Order in Asia</h1><div class='{name}'>{inner}</div></div>")
    assert read(html) == [*SENTENCES, TWO, "Is it so?", TWO]


def test_what_only_a_quotation_beside_the_article_repeats_is_read():
    aside = f"<aside><p>“{SENTENCES[11]}”</p></aside>"
    html = article(f"{paragraphs(slice(0, 11))}{aside}<div>{SENTENCES[11]}</div>")
    assert SENTENCES[11] in read(html)


SHORT = ["Q: What about that?", "He said no.", "Wang Li:", "- an end to hegemony;", "They ask,"]


@pytest.mark.parametrize("mark", ["<div>{}</div>", "<div><b>{}</b></div>", "<div><p>{}</p></div>"])
def test_short_paragraphs_of_an_article_in_divs_are_read(mark):
    pairs = [(SHORT[place % len(SHORT)], sentence) for place, sentence in enumerate(SENTENCES[2:])]
    inner = "".join(mark.format(short) + f"<div>{sentence}</div>" for short, sentence in pairs)
    last = mark.format("This cannot last.")
    lines = [*SENTENCES[:2], *(line for pair in pairs for line in pair), "This cannot last."]
    assert read(article(paragraphs(slice(0, 2)) + inner + last)) == lines


def test_short_blocks_are_read_between_paragraphs_only_where_most_are_marked_as_such():
    before, after = "<div>Reading time: 5 min.</div>", "<div>Thank you.</div>"
    inner = f"{paragraphs(slice(0, 9))}<div>Is it so?</div><div>Advertisement</div>"
    html = article(f"{before}{inner}<div>{SENTENCES[9]}</div>{after}")
    assert read(html) == [*SENTENCES[:9], "Is it so?", SENTENCES[9]]


def test_a_page_that_holds_its_paragraphs_in_nothing_less_than_its_body_is_left_alone():
    html = page(f"<div>{COOKIES}</div>{paragraphs()}<div>{LETTER}</div>")
    assert read(html) == SENTENCES


@pytest.mark.parametrize("name", ["comment", "comment-article", "comment-body", "commentisfree"])
@pytest.mark.parametrize("notice", ["", f"<div class=notice><p>{COOKIES}</p></div>"])
def test_an_article_that_its_site_calls_a_comment_is_read(name, notice):
    inner = f"<h1>Order in Asia</h1><div class=text>{paragraphs() * 2}</div>"
    html = page(f"{notice}<div id=content><div class='{name}'>{inner}</div></div>")
    assert read(html) == SENTENCES * 2


@pytest.mark.parametrize("many", [1, 30])
@pytest.mark.parametrize(
    "area",
    [
        "<section id=comments><ol class=comment-list>{}</ol></section>",
        "<div class=js-comments>{}</div>",
        "<div>{}</div>",
    ],
)
def test_a_short_item_does_not_take_in_what_readers_say(area, many):
    said = (
        f"<div class=comment><div class=comment-body><p>{COMMENT}</p><p>{COMMENT}</p></div></div>"
    )
    html = article(paragraphs(slice(0, 4)), behind=area.format(said * many))
    assert read(html) == SENTENCES[:4]


def test_a_menu_is_no_article_where_the_sentences_are_elsewhere():
    html = page(f"<div class=js-comments><div class=comment-body>{paragraphs()}</div></div>")
    try:  # Some versions of trafilatura find them.
        assert read(html) == SENTENCES
    except InputError as error:
        assert str(error).startswith("holds no article that can be told from its menus")  # noqa: PT017


def test_a_page_without_a_long_sentence_is_an_article():
    inner = "<p>They met.</p><p>They agreed.</p>" * 20
    html = page(f"<div class=notice><p>{COOKIES}</p></div><article>{inner}</article>")
    assert read(html) == ["They met.", "They agreed."] * 20


def wrapped(text, width=60):
    return textwrap.fill(text, width)


@pytest.mark.parametrize(
    "html",
    [
        article(f"{paragraphs(TEN)}<blockquote>{wrapped(TWO)}</blockquote>"),
        "<html><head><title>x</title></head><body><div class=WordSection1>"
        + "".join(
            f"<p class=MsoNormal><span\nlang=EN-US>{wrapped(text)}<o:p></o:p></span></p>\n\n"
            for text in [*SENTENCES[TEN], TWO]
        )
        + "</div></body></html>",
        article("\r\n".join(f"<p>\r\n\t{wrapped(s)}\r\n</p>" for s in [*SENTENCES[TEN], TWO])),
    ],
    ids=["blockquote", "Word", "indented"],
)
def test_a_line_end_of_the_source_is_a_space(html):
    assert read(html) == [*SENTENCES[TEN], TWO]


def test_a_break_and_a_line_of_verbatim_text_end_a_line():
    broken = "<p>My fellow citizens,<br>\ntoday we gather to say<br>\nthat no power dictates.</p>"
    lines = ["My fellow citizens,", "today we gather to say", "that no power dictates."]
    assert read(article(paragraphs() + broken)) == [*SENTENCES, *lines]
    tree = parsed("<html><body><div><p>a\nb</p><pre>a\n<b>b\nc</b>\nd</pre>\ne</div></body></html>")
    prepare(tree)
    assert tree.find(".//pre").text_content() == "a\nb\nc\nd"
    assert tree.find(".//p").text == "a b"
    assert tree.find(".//pre").tail == " e"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("He said <q>power shifts</q> and left.", "He said “power shifts” and left."),
        ("<q>It <b>shifts</b></q> he said.", "“It shifts” he said."),
        ("He said <q>she said <q>no</q> to me</q>.", "He said “she said ‘no’ to me”."),
        ("He said <q>“power shifts”</q> and left.", "He said “power shifts” and left."),
        ("The order of <time>2021</time> has ended for us all.",) * 2,
        ("The order has ended.<sup>1</sup> It was old.", "The order has ended. It was old."),
        ("The treaty<sup>3</sup> was signed.", "The treaty was signed."),
        ("The treaty<sup>[3]</sup> was signed.", "The treaty was signed."),
        ("The treaty<sup><a href=#c>c</a></sup> was signed.", "The treaty was signed."),
        ("The treaty<a href=#c><sup>12</sup></a> was signed.", "The treaty was signed."),
        (
            "It ended.<sup><a href=#1>1</a></sup><sup>,</sup><sup><a href=#2>2</a></sup>",
            "It ended.,",
        ),
        ("It was signed in 1972<sup>[4]</sup> by all.", "It was signed in 1972 by all."),
        (
            "It was signed in 1972<sup><a href=#c>4</a></sup> by all.",
            "It was signed in 1972 by all.",
        ),
        ("They left at 8<sup>30</sup> am.", "They left at 830 am."),
        ("He wrote E = mc<sup>2</sup> on a board.", "He wrote E = mc2 on a board."),
        *(
            (f"They hold 5 {unit}<sup>2</sup> of the coast.", f"They hold 5 {unit}2 of the coast.")
            for unit in ("m", "km", "dm", "sec", "miles", "Miles", "square feet")
        ),
        *(
            (f"They enrich {name}<sup>90</sup> there.", f"They enrich {name}90 there.")
            for name in ("U", "He", "Sr")
        ),
        ("It rose to 10<sup>9</sup> in a year.", "It rose to 109 in a year."),
        ("In the 21<sup>st</sup> century it ended.", "In the 21st century it ended."),
        ("The isotope <sup>14</sup>C was found.", "The isotope 14C was found."),
        ("The fit has an R<sup>2</sup> of 0.5.", "The fit has an R2 of 0.5."),
    ],
)
def test_marks_within_a_sentence_are_read_as_a_reader_does(source, text):
    text = text.replace("<time>", "").replace("</time>", "")
    assert read(article(f"{paragraphs()}<p>{source}</p>")) == [*SENTENCES, text]


def test_the_time_at_which_a_page_was_written_is_none_of_its_text():
    html = article(f"<p class=when><time>3 May 2021, at ten</time></p>{paragraphs()}")
    assert read(html) == SENTENCES


def test_comments_of_the_source_stand_in_no_way():
    from lxml.html import fromstring

    cell = f"<table><tr><td><!-- c -->{TWO}<?x y?></td></tr></table>"
    html = (
        f"<div>{paragraphs()}<p><!-- a --><sup>1</sup> Rain<?b c?><q>is</q> near.</p>{cell}</div>"
    )
    tree = fromstring(f"<html><body>{html}</body></html>")
    body = prepare(tree)
    assert body is not None
    assert "Rain“is” near." in tree.text_content()
    assert not tree.find(".//td").text_content()


text = st.text(st.sampled_from("ab .?”\n\t\xa0"), max_size=60) | st.sampled_from(SENTENCES)
names = st.sampled_from(["", " class=text", " class=comment", " id=comments", " class=card"])
tags = st.sampled_from(
    ["p", "div", "span", "b", "a", "table", "td", "ul", "li", "section", "article", "time", "pre"]
)
pages = st.recursive(
    text | st.just("<br>") | st.sampled_from(["<p>" + s + "</p>" for s in SENTENCES]),
    lambda inner: st.builds(
        lambda tag, name, parts: f"<{tag}{name}>{''.join(parts)}</{tag}>",
        *(tags, names, st.lists(inner, max_size=5)),
    ),
    max_leaves=30,
).map(page)


@given(html=pages)
def test_preparing_a_page_neither_loses_nor_repeats_a_word(html):
    tree = parsed(html)
    before = words(tree)
    prepare(tree)
    assert words(tree) == before


@given(html=pages)
def test_any_page_gives_a_text_or_says_that_it_has_none(html):
    try:
        assert article_text(html)
    except InputError as error:
        assert "expected HTML" in str(error)  # noqa: PT017


@given(parts=st.lists(st.sampled_from(SENTENCES), min_size=3))
def test_a_page_of_plain_paragraphs_stays_as_it_is(parts):
    from lxml.etree import tostring

    tree = parsed(article("".join(f"<p>{part}</p>" for part in parts)))
    before = tostring(tree)
    prepare(tree)
    assert tostring(tree) == before


@pytest.mark.parametrize(
    "inner",
    [
        "<div>" * 2000 + paragraphs() + "</div>" * 2000,
        f"{paragraphs()}" + "<div><table><tr><td>" * 2000 + TWO,
        paragraphs() + "<q>" * 2000 + TWO,
        paragraphs() + f"<div>{TWO}</div>" * 4000,
        f"<p>{TWO}" + "<sup>1</sup><q>a</q><time>b</time>" * 10_000 + paragraphs(),
        paragraphs() + "<b>" + "<b></b>" * 20_000 + "</b>" * 20_000,
        f"<p>{TWO}\t{' ' * 1_000_000}\xa0.</p>{paragraphs()}<sup>1{' ' * 1_000_000}x</sup>",
        paragraphs() + f"<div>{TWO}</div><div>Is it so?</div>" * 4000,
        paragraphs() + f"<table><tr><td><p>{TWO}</p>" * 2000 + f"<div>{TWO}</div>",
        paragraphs() + f"<table><tr><td>{TWO}</table>" * 8000,
        f"<p>{TWO}<a href=#a>{'<sup>1</sup>' * 20_000}</a>{paragraphs()}",
        "<div class=a>" * 230 + f"<div>{paragraphs(slice(0, 2))}</div>" * 5000,
    ],
    ids=[
        *("divs", "tables", "quotations", "blocks", "marks", "runs", "spaces", "short", "cells"),
        *("many tables", "link", "containers"),
    ],
)
def test_a_page_that_is_deep_or_long_takes_no_longer_for_it(inner):
    tree = parsed(page(f"<article>{inner}</article>"))
    start = time.process_time()
    prepare(tree)
    assert time.process_time() - start < 4
