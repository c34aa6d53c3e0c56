"""Text → spans: exact on the gold sentences, lossless on any text, linear in its length."""

import json
import re
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.sentences import Split, split

SEEDS = Path(__file__).parent.parent / "seeds"
ARTICLES = sorted(path.name for path in SEEDS.glob("*.txt"))

PROSE = (
    "The two governments agreed to expand trade, and talks will go on. Analysts were not so sure."
)
#: Text at its worst: any code point, surrogates and controls included, among words and line ends.
TEXTS = st.lists(
    st.one_of(
        st.text(st.characters(), max_size=8),
        st.text(st.characters(categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp"]), max_size=4),
        st.sampled_from(
            ["\n", "\n\n", "\r\n", "\r", "\x00", "\ud800", "\udfff\ud800", "\u2028", "\x85", "\t"]
        ),
        st.sampled_from(
            ["Dr. Li met them. ", "24. ", "“So”, he said. ", "(AFP)", "• ", "www.x.org"]
        ),
        st.sampled_from(
            ["---\ntitle: x\n", "---\n", "```\n", "\n```r", "<!--", "-->\n", "> ", ">\n"]
        ),
        st.sampled_from(["国际秩序。", "مرحبا. ", "🌏🇨🇳", "e\u0301", "You might also like", PROSE]),
    ),
    max_size=30,
).map("".join)


#: Languages of several scripts, with rules of their own, those of another, or none.
LANGUAGES = st.sampled_from(
    [
        *("am", "ar", "bn", "ca", "da", "de", "el", "es", "fi", "fr", "hi", "hy", "it", "ja", "kk"),
        *("ml", "my", "nl", "pl", "pt", "ru", "sk", "ta", "uk", "cs", "tr", "xx", "\ud800", "\x00"),
    ]
)
FOREIGN = st.lists(
    st.sampled_from(
        [
            *("Am 3. Mai ", "bzw. ", "«¿Qué? ", "»", "И т. д. ", "մի՞։ ", "है। ", "ምን። ", "လား။ "),
            *(
                "「何？」",
                "؟ ",
                "Sr. ",
                "p. 5 ",
                "“É.” ",
                "(cf. ",
                ")",
                "\u3000",
                "İ. ",
                "\n",
                ". ",
            ),
        ]
    )
).map("".join)


def read(name: str) -> str:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return file.read()


def gold(name: str) -> set[tuple[int, int]]:
    rows = map(json.loads, (SEEDS / "labels.jsonl").read_text(encoding="utf-8").splitlines())
    return {(row["start"], row["end"]) for row in rows if row["document"] == name}


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split(text).sentences]


def pieces(text: str, parts: Split) -> list[tuple[int, int]]:
    return sorted((piece.start, piece.end) for piece in (*parts.sentences, *parts.skipped))


@pytest.mark.parametrize("name", ARTICLES)
def test_every_gold_sentence_is_a_span(name):
    spans = {(span.start, span.end) for span in split(read(name)).sentences}
    assert gold(name) - spans == set()


@pytest.mark.parametrize("name", [name for name in ARTICLES if not name.startswith("001")])
def test_nothing_but_gold_sentences_is_a_span(name):
    spans = {(span.start, span.end) for span in split(read(name)).sentences}
    assert spans - gold(name) == set()


def test_the_unlabelled_sentences_of_the_second_article_are_its_repeated_prose():
    name = "001_ea60648147a3c4b7.txt"
    text = read(name)
    extra = {(span.start, span.end) for span in split(text).sentences} - gold(name)
    assert len(extra) == 45
    assert all(text[end - 1] in ".?”" for _, end in extra)


@given(TEXTS)
@settings(deadline=None)
def test_sentences_skipped_text_and_white_space_are_the_whole_text(text):
    end = 0
    for start, stop in pieces(text, split(text)):
        assert not text[end:start].strip()
        end = stop
    assert not text[end:].strip()


@given(TEXTS)
@settings(deadline=None)
def test_pieces_are_ordered_disjoint_and_trimmed(text):
    end = 0
    for start, stop in pieces(text, split(text)):
        assert end <= start < stop
        assert text[start:stop] == text[start:stop].strip()
        end = stop


@given(TEXTS)
@settings(deadline=None)
def test_skipped_text_is_the_text_at_its_offsets(text):
    for skip in split(text).skipped:
        assert skip.text == text[skip.start : skip.end]


@given(TEXTS)
@settings(deadline=None)
def test_a_text_is_never_skipped_whole(text):
    assert bool(split(text).sentences) == bool(text.strip())


@given(TEXTS)
@settings(deadline=None)
def test_keep_all_skips_nothing_and_loses_nothing(text):
    parts = split(text, keep_all=True)
    kept = "".join(text[span.start : span.end] for span in parts.sentences)
    assert parts.skipped == ()
    assert "".join(kept.split()) == "".join(text.split())


@given(TEXTS | FOREIGN, LANGUAGES)
@settings(deadline=None)
def test_the_rules_of_no_language_lose_or_repeat_text(text, language):
    behind = 0
    for start, stop in pieces(text, split(text, language=language)):
        assert behind <= start < stop
        assert not text[behind:start].strip()
        assert text[start:stop] == text[start:stop].strip()
        behind = stop
    assert not text[behind:].strip()


@given(TEXTS)
@settings(deadline=None)
def test_an_unknown_language_is_split_like_english(text):
    assert split(text) == split(text, language="en") == split(text, language="xx")


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\r\n\t\u2028\u3000"])
def test_a_text_without_visible_characters_has_no_sentences(text):
    assert split(text) == Split((), ())


def test_lone_surrogates_keep_their_place():
    assert sentences("Order \ud83d fell. It \udc00rose.") == [
        "Order \ud83d fell.",
        "It \udc00rose.",
    ]


def test_characters_outside_the_basic_plane_count_once():
    text = "🌏 turns. 🌏 stops."
    assert [(span.start, span.end) for span in split(text).sentences] == [(0, 8), (9, 17)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n", "\u2028", "\f"])
def test_a_line_of_web_text_is_a_paragraph(end):
    title = "The Order of the World Is Changing"
    assert sentences(f"{title}{end}{PROSE}{end}{PROSE}")[0] == title


def test_abbreviations_do_not_end_a_sentence():
    assert len(sentences("Dr. Li of the U.S. team met Mr. Putin. They talked.")) == 2


def test_titles_that_the_splitter_does_not_know_do_not_end_a_sentence():
    talks = "The talks with Amb. Nikki Haley and Atty. Gen. Garland failed. They met again."
    assert len(sentences(talks)) == 2
    hearing = "AMB. BURNS: We agree on that. ATTY. GEN. GARLAND: So do we."
    assert sentences(hearing)[0].startswith("AMB. BURNS: We agree")
    assert not any(sentence in {"AMB.", "ATTY."} for sentence in sentences(hearing))
    assert len(sentences("See vol. 2 of the series. It is long.")) == 2
    assert len(sentences("That is the problem. It is old.")) == 2


def test_sentences_end_by_the_rules_of_their_language():
    text = "Am 3. Mai sprachen beide bzw. Stritten sie? Dann regnete es."
    ends = {
        language: [text[: span.end] for span in split(text, language=language).sentences]
        for language in ("de", "en")
    }
    assert ends["de"] == ["Am 3. Mai sprachen beide bzw. Stritten sie?", text]
    assert set(ends["en"]) > set(ends["de"])


def test_chinese_sentences_end_at_their_own_marks():
    assert sentences("秩序正在变化。谁来维护？") == ["秩序正在变化。", "谁来维护？"]


def test_a_paragraph_number_opens_the_sentence_after_it():
    assert sentences("24. Our people want peace. So do others.")[0] == "24. Our people want peace."


def test_a_credit_behind_a_caption_is_skipped():
    parts = split("Two presidents meet in Moscow on Monday. (Jane Doe/Pool via REUTERS)")
    assert [(skip.text, skip.reason) for skip in parts.skipped] == [
        ("(Jane Doe/Pool via REUTERS)", "credit")
    ]


MAIL = """Dear all,

the meeting of the two foreign ministers showed once more that the
powers are balancing against what they take for an outside threat. I do
not think that this will change, whatever Washington does next. Read the
list which Mr. Lee and I have put together:

- the declaration of 1996, which speaks of a new and just order and
  of much else besides;
- the declaration of 2005.
"""


def test_hard_wrapped_lines_are_joined():
    assert "I do\nnot think that this will change, whatever Washington does next." in sentences(
        MAIL
    )


def test_items_of_a_list_in_hard_wrapped_text_stay_apart():
    assert sentences(MAIL)[-2:] == [
        "- the declaration of 1996, which speaks of a new and just order and\n"
        "  of much else besides;",
        "- the declaration of 2005.",
    ]


def test_a_dash_after_a_full_line_of_hard_wrapped_text_opens_no_item():
    text = """The two presidents agreed on Monday to widen their economic cooperation
– a step that few observers had expected after the long quarrel about the
gas pipeline – and they promised to meet again in autumn, when the heads
of the two companies will have come to terms about the price of the gas.
"""
    assert len(sentences(text)) == 1


def test_a_paragraph_of_hard_wrapped_text_ends_at_an_empty_line():
    assert sentences(MAIL)[0] == "Dear all,"


def test_hard_wrapped_lines_may_end_in_a_carriage_return():
    joined = [text.replace("\r\n", "\n") for text in sentences(MAIL.replace("\n", "\r\n"))]
    assert joined == sentences(MAIL)


def test_a_page_break_within_a_sentence_of_hard_wrapped_text_is_bridged():
    text = MAIL.replace("that the\npowers", "that the\n\n\f\npowers")
    assert any(
        sentence.startswith("the meeting") and "powers" in sentence for sentence in sentences(text)
    )


@pytest.mark.parametrize(
    "text",
    [
        # verse: every line starts with a capital
        "The evening light was falling on the quiet river side,\n"
        "And all the boats were coming home together with the tide,\n"
        "While far away a bell was heard across the open land,\n"
        "And children ran to meet the men along the yellow sand.",
        # a chat: the lines break anywhere
        "did you see what they said about the summit in the end\nno\nwhat was it\n"
        "that they will meet again in autumn\nok\nwow",
        # a list
        "Our aims for the coming year are these four things:\nmore trade with the neighbours\n"
        "fewer tariffs\na treaty on the use of the river\npeace",
    ],
)
def test_lines_of_verse_chats_and_lists_stay_apart(text):
    assert sentences(text) == text.split("\n")
    assert sentences(text.replace("\n", "\n\n")) == text.split("\n")
    quoted = "> " + text.replace("\n", "\n> ")
    assert sentences(quoted) == quoted.split("\n")


ARGUMENT = (
    "Power has shifted to the east, and the old order cannot be sustained by one state alone.",
    "Nobody can dictate the rules by which the others must live for much longer than a decade.",
    "The smaller states of the region fear that they will have to choose between the two powers.",
    "Washington insists that the alliances which it leads in Asia are of a defensive nature.",
)


def wrapped(width: int, end: str = "\n") -> str:
    return end.join(textwrap.wrap(" ".join(ARGUMENT * 3), width))


@pytest.mark.parametrize(
    "text",
    [
        wrapped(68, "\n\n"),
        wrapped(68, "\r\n\r\n"),
        wrapped(36),
        wrapped(32, "\n\n"),
        wrapped(90) + "\n\n" + wrapped(50),
        wrapped(50) + "\n" + wrapped(90),
    ],
    ids=["double-spaced", "with returns", "column", "both", "narrower", "wider"],
)
def test_lines_are_joined_however_they_are_spaced_and_wide(text):
    found = [" ".join(sentence.split()) for sentence in sentences(text)]
    assert found == list(ARGUMENT) * (len(found) // 4)


def test_paragraphs_of_double_spaced_text_stay_apart():
    title = "The Order of the World"
    spaced = wrapped(68, "\n\n")
    text = f"{title}\n\n\n{spaced}\n\n\n{spaced}"
    found = [" ".join(sentence.split()) for sentence in sentences(text)]
    assert found == [title, *ARGUMENT * 6]


def test_short_items_of_a_list_are_no_narrow_column():
    text = (
        "more trade with our neighbours\nless dependence on foreign gas\n"
        "stronger ties with the Union\na treaty on use of the river"
    )
    assert sentences(text) == text.split("\n")


DOUBLE_SPACED = (
    (
        "What Europe needs",
        "more tanks, and factories that can build them in time",
        "a nuclear umbrella that does not hang on one election",
        "an army that can hold the line in the east on its own",
        "less talk of autonomy and much more money to buy it",
        "a voice in Asia that is its own and not an echo",
    ),
    (
        "The Heads of State of the Parties, in their wish to build a new order,",
        "reaffirming that they hold to the purposes of the Charter of 1945,",
        "recalling the declarations that they made in the years behind them,",
        "opposing any claim to hegemony. No state may dictate to all the others,",
        "convinced that a multipolar world is what all of the peoples long for,",
    ),
    (
        "The Parties shall hold to these rules in all that they do together:",
        "respect for the territory of each other and for all of its borders;",
        "no use of force. Nor may there be the threat of it against the other;",
        "no alliance with a third state. It would harm the other of the two;",
        "equal rights and mutual benefit in trade, on land and on the seas.",
    ),
    (
        "Key points of the report",
        "the alliance can no longer rest on one power alone.",
        "the smaller states hedge. They see nobody to trust.",
        "trade is used as a weapon. Nobody is safe from that.",
        "no new order is in sight, and the old one is gone.",
    ),
)


@pytest.mark.parametrize("items", DOUBLE_SPACED, ids=["list", "preamble", "treaty", "points"])
def test_items_with_an_empty_line_between_them_are_no_double_spaced_text(items):
    found = split("\n\n".join(items), keep_all=True).sentences
    heads = [span.start for span in found]
    assert {sum(len(item) + 2 for item in items[:i]) for i in range(len(items))} <= set(heads)


def test_a_sentence_that_ends_within_a_verse_does_not_make_a_poem_a_column():
    text = (
        "The river is older than kings\nand it asks for no tribute now\n"
        "The mountains have seen them go\nand they keep none of the names\n\n"
        "The harbour is full of grey ships\nand the gulls do not count them\n"
        "The maps were drawn by the winners\nand nobody asked the fishermen\n\n"
        "No. The world is not for one\nand it never was for the two\n"
        "The morning belongs to the many\nand they rise without any order"
    )
    assert {line for line in text.split("\n") if line} - {"No. The world is not for one"} <= set(
        sentences(text)
    )


CABLE = """1. THE MINISTER TOLD THE AMBASSADOR ON MARCH 3 THAT HIS
GOVERNMENT CANNOT ACCEPT A WORLD IN WHICH ONE POWER DECIDES FOR
ALL OTHERS. HE SAID THE NEW BASES HAD FORCED HIS COUNTRY TO SEEK
ARMS. END SUMMARY.

COMMENT

HE IS HEDGING, AND WILL GO ON TO DO SO.
"""


def test_wrapped_lines_in_capitals_are_joined():
    assert [sentence.split()[-1] for sentence in sentences(CABLE)] == [
        "OTHERS.",
        "ARMS.",
        "SUMMARY.",
        "SO.",
    ]
    slogans = "NO MORE BLOCS\nNO MORE HEGEMONY\nPOWER TO THE SOUTH\nPEACE FOR ALL\n"
    assert sentences(slogans) == slogans.splitlines()


def test_a_list_within_wrapped_text_is_no_narrower_part_of_it():
    items = (
        "Federal Republic of Germany\nRussian Federation of Nations\nUnited States of America\n" * 9
    )
    text = f"{wrapped(72)}\n\n{items}\n{wrapped(72)}"
    assert set(items.split("\n")) - {""} <= set(sentences(text))


def test_wrapped_lines_of_a_quotation_are_joined_and_keep_their_marks():
    once, twice = (re.sub("^", mark, wrapped(66), flags=re.MULTILINE) for mark in ("> ", ">> "))
    text = f"{wrapped(68)}\n{once}\n>\n{twice}\n{wrapped(68)}"
    spans = split(text, keep_all=True).sentences
    found = [text[span.start : span.end] for span in spans]
    joined = [" ".join(sentence.replace(">", "").split()) for sentence in found]
    assert [sentence for sentence in joined if sentence] == list(ARGUMENT) * 12
    assert found[12].startswith("> Power")
    assert "\n> " in found[12]


def test_no_sentence_goes_on_over_markup():
    text = MAIL.replace("that the\npowers", "that the\n<!-- page 2 -->\npowers")
    assert [skip.text for skip in split(text).skipped] == ["<!-- page 2 -->"]
    assert any(sentence.startswith("powers are balancing") for sentence in sentences(text))


def test_a_long_sentence_without_a_full_stop_is_one_span():
    text = "word " * 10_000
    assert [(span.start, span.end) for span in split(text).sentences] == [(0, len(text) - 1)]


@pytest.mark.parametrize("language", ["en", "de", "fr", "ru", "hi", "ja"])
def test_a_long_paragraph_is_cut_where_a_short_one_is(language):
    paragraph = "Mr. Li spoke first (as always). “Order?” she asked, and 秩序 fell. "
    short, long = (
        [text[span.start : span.end] for span in split(text, language=language).sentences]
        for text in (paragraph, paragraph * 300)
    )
    assert long == short * 300


@pytest.mark.parametrize(
    "text",
    [
        "This is a sentence of words. " * 35_000,
        "中国和俄罗斯加强合作以维护国际秩序的稳定。" * 48_000,
        "“Order is what. " * 60_000,
        "word " * 200_000,
        "ab cd\n" * 100_000,
        "ab cd\n\n" * 100_000,
        "```r\n" * 200_000,
        "<!--\n" * 200_000,
        "---\n" + "a: b\n" * 200_000,
        "---\na: b\n" + "- \n" * 200_000,
        "> " * 300_000,
        "No. Ab: " * 100_000,
        "No. " * 250_000,
    ],
    ids=[
        *("prose", "chinese", "open quotes", "no full stop", "short lines", "double-spaced"),
        *("fences", "comments", "keys", "values", "quotations", "answers", "noes"),
    ],
)
def test_time_does_not_grow_with_the_square_of_a_text(text):
    """A megabyte takes about a second; were it quadratic, hours."""
    start = time.process_time()
    split(text)
    assert time.process_time() - start < 60
