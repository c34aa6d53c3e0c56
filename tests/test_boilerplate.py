"""What of a web article is skipped, and above all what is not."""

from pathlib import Path

import pytest

from stance.boilerplate import aside_of, find_boilerplate
from stance.sentences import split

SEEDS = Path(__file__).parent.parent / "seeds"

PROSE = "The two governments agreed to expand their trade, and officials said talks would go on."
MORE = "Analysts in both capitals were not so sure that the arrangement would hold for long."
TITLE = "The Order of the World Is Changing"

#: Article → all that is skipped of it (the head of each stretch), in order.
SKIPPED = {
    "000_cf95c1d8b8a32307.txt": [
        ("menu", "Language : English 简体 繁體"),
        ("heading", "Foreign Policy"),
        ("date", "Apr 06, 2021"),
        ("byline", "• Xiao Bin"),
        ("byline", "Deputy Secretary-general, Center for Shanghai"),
        ("related", "You might also like"),
        ("menu", "Back to Top"),
    ],
    "001_ea60648147a3c4b7.txt": [
        ("heading", "In"),
        ("notice", "Login if you are already registered"),
        ("rating", "(votes: 7, rating: 5) |"),
        ("rating", "(7 votes) |"),
        ("byline", "Professor, Fudan University, Beijing Club"),
        ("heading", "Multipolarity"),
        ("related", "World Order Transformation: Economy, Ideology, Technology"),
        ("heading", "Economic Globalization"),
        ("related", "Multilateralism in the Era of Weak Institutions"),
        ("heading", "International Order"),
        ("related", "‘Senior-Junior Partnership’ Claim Distorts Russia-China Relations"),
        ("related", "‘Being in Order’ Also Means Being in the World Order"),
        ("rating", "(votes: 7, rating: 5) |"),
        ("rating", "(7 votes) |"),
        ("related", "Have emerging powers got the resources to reshape the world order?"),
        ("related", "Multilateralism in the Era of Weak InstitutionsThe institutional"),
        ("related", "‘Being in Order’ Also Means Being in the World OrderFyodor Lukyanov:"),
        ("related", "‘Senior-Junior Partnership’ Claim Distorts Russia-China RelationsIn the 21st"),
        ("related", "World Order Transformation: Economy, Ideology, TechnologyIt would be"),
        ("related", "What China's History Should Teach UsChina's success should teach us"),
    ],
    "002_3c3a82fd8310e48c.txt": [
        ("menu", "Language : English 简体 繁體"),
        ("heading", "Foreign Policy"),
        ("heading", "Countering External Threats"),
        ("date", "Dec 29, 2021"),
        ("byline", "• Xiao Bin"),
        ("byline", "Deputy Secretary-general, Center for Shanghai"),
        ("file", "Xi-Putin.png"),
        ("credit", "(Sputnik/Mikhail Metzel/Pool via REUTERS)"),
        ("related", "You might also like"),
        ("menu", "Back to Top"),
    ],
    "003_5fe008992227ce12.txt": [
        ("menu", "Language : English 简体 繁體"),
        ("heading", "Foreign Policy"),
        ("date", "Feb 20 , 2017"),
        ("byline", "• He Yafei"),
        ("byline", "Former Vice Minister, Ministry of Foreign Affairs"),
        ("related", "You might also like"),
        ("menu", "Back to Top"),
    ],
    "004_1b39b43d1c6b0ca4.txt": [
        ("references", "References"),
        ("references", "BROOKS, Stephen G., and WOHLFORTH (2005)."),
        ("references", "COHEN, Ariel (2012)."),
        ("references", "CONTESSI, Nicola, China and Eurasia Forum Quarterly"),
        ("references", "DUARTE, Paulo (2012)."),
        ("references", "FERNANDES, Moisés Silva. (2010)."),
        ("references", "MINGJIANG, Li (2008)."),
        ("references", "PAPE, Robert A., (2004)."),
        ("references", "PAUL, T.V. (2005)"),
        ("references", "SAFIULLIN, Askhat (2010)."),
        ("references", "Wang, Haiyun (2007)."),
        ("references", "Paulo Afonso Brardo Duarte is a PhD student"),
        ("comments", "Seja o primeiro a comentar"),
    ],
}


def reasons(*paragraphs: str) -> list[str | None]:
    return find_boilerplate(paragraphs)


@pytest.mark.parametrize("name", SKIPPED)
def test_what_is_skipped_of_an_article_of_the_corpus(name):
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        skipped = split(file.read()).skipped
    assert [skip.reason for skip in skipped] == [reason for reason, _ in SKIPPED[name]]
    assert all(
        skip.text.startswith(head) for skip, (_, head) in zip(skipped, SKIPPED[name], strict=True)
    )


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("separator", "* * *"),
        ("separator", "\ufeff"),
        ("menu", "Home | World News | Opinion"),
        ("menu", "Skip to main content"),
        ("menu", "Idioma: Español"),
        ("date", "Published 4 July 2024, 10:30 GMT"),
        ("date", "Wed., Sept. 3rd 2014"),
        ("date", "2024-03-05T10:00:00+08:00"),
        ("date", "5 de abril de 2021"),
        ("date", "2024年11月5日 星期二"),
        ("date", "21 декабря 2022"),
        ("byline", "By Jane Smith and Omar al Farsi"),
        ("byline", "By Ann Lee, Senior Correspondent"),
        ("byline", "By Jane Doe, Senior Fellow at the Example Center, and others"),
        ("byline", "By Jane Doe, a former U.S. ambassador to China"),
        ("byline", "By Jane Doe, John Roe, and Ann Lee"),
        ("byline", "By Jane Doe and John Roe | March 3, 2024"),
        ("byline", "By JANE DOE, Associated Press"),
        ("byline", "By Jane Doe, The Washington Post"),
        ("byline", "By Jane Doe, Beijing, China"),
        ("byline", "By Jane Doe, New York | 5 min read"),
        ("byline", "By Jane Doe, March 3, 2024"),
        ("byline", "By Henry Kissinger"),
        ("byline", "By Ming Zhao"),
        ("byline", "By The Associated Press"),
        ("byline", "Written by Irving Howe"),
        ("byline", "Von Henning Beispiel, Berlin"),
        ("byline", "posted on 2023-05-06 by admin"),
        ("byline", "作者：赵某某"),
        ("rating", "1,234 views | 12 shares"),
        ("rating", "Rating: 4.5/5"),
        ("file", "putin_and_xi (2).jpeg"),
        ("link", "https://example.org/a?b=c"),
        ("link", "ann@example.org"),
        ("credit", "Photo: Jane Doe/AP"),
        ("credit", "Foreign Ministry Press Service via AP Photo"),
        ("credit", "POOL/AFP via Getty Images"),
        ("copyright", "(c) 2020 The Author"),
        ("applause", "[Interruption.]"),
        ("credit", "(Reporting by Ann Lee; editing by Bo Chen)"),
        ("credit", "Reporting by John Smith Editing by Ann Lee"),
        ("credit", "Reporting by John Smith – editing by Ann Lee"),
        ("credit", "Writing by Ann Lee | Editing by Bo Li"),
        ("credit", "Reporting by John Smith and Ann Lee in Beijing"),
        ("credit", "Source: Xinhua"),
        ("copyright", "© 2024 The Example Times. All rights reserved."),
        ("tags", "Tags: China, Russia, SCO"),
        ("notice", "Share this article on Facebook"),
        ("notice", "Sign up for our newsletter to get the week in your inbox."),
        ("notice", "This site uses some cookies to improve your experience."),
        ("notice", "Already a member? Please sign in."),
        ("notice", "Already a member? Login"),
        ("notice", "Not a member? Get unlimited access."),
        ("notice", "Sign in with Microsoft"),
        ("notice", "Register with Google"),
        ("notice", "5 min read"),
        ("notice", "ADVERTISEMENT"),
        (
            "notice",
            "The views expressed are those of the author(s) and do not necessarily reflect those of"
            " the Institute.",
        ),
        (
            "notice",
            "*Disclaimer: The views and opinions expressed in this article are the author's own.*",
        ),
        ("notice", "The views expressed by the author are his or her own."),
        ("notice", "Views expressed here by the author do not necessarily reflect ours."),
        ("notice", "The opinions expressed in this article belong solely to the author."),
        ("notice", "Opinions expressed by the authors do not represent those of the Centre."),
        ("comments", "Comments (12)"),
        ("comments", "发表评论"),
        ("related", "Most Read"),
        ("related", "相关阅读"),
        ("teaser", "Read more: The Power That Nobody Saw Coming"),
    ],
)
def test_a_line_known_by_its_words_is_skipped(reason, line):
    assert reasons(TITLE, PROSE, line, MORE) == [None, None, reason, None]


@pytest.mark.parametrize(
    "line",
    [
        "Share prices fall as markets weigh the deal",
        "Subscribe to the idea that power matters and you see it everywhere",
        "Join us or lose us, Kyiv tells its allies",
        "By 2050 China will lead the world in research",
        "By land and sea the new order is taking shape",
        "By Joining NATO, Finland Changes the Balance",
        "By Joining NATO, Finland Changes Europe",
        "BY JOINING NATO, FINLAND CHANGES EUROPE",
        "By Re-arming Japan and Arming Taiwan",
        "By Any Measure, China Is Rising",
        "By Executive Order, the President Ends Foreign Aid",
        "By Executive Order, Washington Ends Foreign Aid",
        "May 2021 marked the end of the old balance",
        "Copyright law divides the two trading partners",
        "Comments on the treaty were mixed across Asia.",
        "Sources say that the deal is close.",
        "Related issues were left for the next round.",
        "References to the UN Charter fill the joint statement.",
        "We baked cookies with the ambassador's children.",
        "The views expressed in Beijing do not reflect those of Moscow.",
        "Views expressed by the author of the doctrine of containment are now common sense.",
        "The views expressed by the author are dangerous: they would hand the region to a hegemon.",
        "The views expressed by the author are personal attacks on all who built the order.",
        "Views expressed by the author may please Moscow, yet they ignore what small states fear.",
        "The views expressed by the author do not reflect how the smaller states see the bloc.",
        "The opinions expressed in this speech do not reflect what the author of it wanted.",
        "The opinions expressed in this speech are a threat to the order, as the author shows.",
        "The views expressed in the letter are those of a government that has lost patience.",
        "Ban on TikTok shows how YouTube wins the US market",
        "Minister of Defence: we seek no conflict",
        "(Reuters could not confirm the report.)",
        "Source of strength: what the partnership rests on",
        "Hegemony ended.",
        "„Das reicht.“",
        "»Niemals wieder.«",
        "It ended.[12]",
        "Reporting by Human Rights Watch shows that Russia and China block every resolution.",
        "Not a NATO member? Finland soon will be, and Russia must live with it.",
        "Register with the authorities or leave: that is what the new law tells foreign NGOs.",
        "Why not?",
        "I quote:",
        "Mr. President,",
        "• Energy cooperation",
        "国际秩序",
    ],
)
def test_a_line_that_only_looks_like_furniture_is_kept(line):
    assert reasons(TITLE, PROSE, line, MORE) == [None] * 4


@pytest.mark.parametrize(
    "paragraphs",
    [
        ["Trade talks"],
        ["5 March 2024"],
        [PROSE],
        ["5 March 2024", "Home | News | World"],
        ["Shopping list", "- apples", "- pears", "Milk", "Three loaves of bread"],
        ["Year GDP Growth", "2019 14.3 6.0", "2020 14.7 2.2", "2021 17.7 8.4"],
        [
            "hi",
            "How are you",
            "fine thanks and you",
            "Ok",
            "did you see the news of the summit",
            "Lol",
        ],
        [
            "I sing of the rivers",
            "That run",
            "to the sea,",
            "And call",
            "to the mountains",
            "To answer me.",
        ],
        ["国际秩序", "中俄国际合作围绕若干核心概念展开，其中多极化占有突出地位。"],
        [
            "مفاهيم التعاون الدولي بين البلدين",
            "يرتكز التعاون بين البلدين على عدد من المفاهيم الأساسية.",
        ],
    ],
    ids=["headline", "date", "paragraph", "furniture", "list", "table", "chat", "poem", "zh", "ar"],
)
def test_a_small_document_is_kept_whole(paragraphs):
    assert find_boilerplate(paragraphs) == [None] * len(paragraphs)


def test_no_paragraphs_give_no_reasons():
    assert find_boilerplate([]) == []


def test_a_short_line_in_an_article_is_a_heading():
    assert reasons(TITLE, PROSE, "Economic Globalization", MORE)[2] == "heading"


def test_a_headline_of_four_words_is_kept():
    assert reasons("Order Without a Hegemon", PROSE, MORE)[0] is None


def test_a_short_line_that_goes_on_below_is_no_heading():
    assert reasons(TITLE, PROSE, "The Republic", "of China spoke next.", MORE)[2] is None


def test_a_name_over_a_job_title_is_a_byline():
    found = reasons(TITLE, "Dr. Maria dos Santos Lima", "Senior Fellow, Example Center", PROSE)
    assert found == [None, "byline", "byline", None]


def test_a_headline_under_a_date_is_kept():
    assert reasons("5 March 2024", "President of Russia Visits China", PROSE) == [
        "date",
        None,
        None,
    ]


def test_what_follows_a_related_marker_behind_the_article_is_skipped():
    found = reasons(TITLE, PROSE, MORE, "You may also like", "A headline of a few more words.")
    assert found[3:] == ["related", "related"]


def test_a_related_marker_in_front_of_most_of_the_prose_takes_itself_only():
    found = reasons(TITLE, PROSE, "Related", MORE, PROSE, MORE)
    assert found == [None, None, "related", None, None, None]


def test_furniture_behind_the_last_prose_opens_the_tail():
    found = reasons(TITLE, PROSE, MORE, "(7 votes) |", "Who will lead the world of tomorrow?")
    assert found[3:] == ["rating", "related"]


def test_furniture_between_paragraphs_of_prose_takes_itself_only():
    assert reasons(TITLE, PROSE, MORE, "(7 votes) |", PROSE)[3:] == ["rating", None]


def test_a_line_behind_the_last_prose_without_furniture_is_kept():
    assert reasons(TITLE, PROSE, "Together we will be stronger than before")[2] is None


def test_a_run_of_teasers_behind_the_article_is_skipped():
    found = reasons(
        TITLE,
        PROSE,
        "What the Summit ChangedThe host wanted more than it got",
        "Old Friends in New OrderWhy the two need each other",
    )
    assert found[2:] == ["related", "related"]


def test_a_link_in_the_body_that_comes_back_as_a_teaser_is_skipped():
    found = reasons(
        TITLE,
        PROSE,
        "What the Summit Really Changed",
        MORE,
        "Related articles",
        "What the Summit Really ChangedThe host wanted more than it got",
    )
    assert found == [None, None, "related", None, "related", "related"]


@pytest.mark.parametrize("quoted", [PROSE, MORE, "Hegemony ended."])
def test_a_paragraph_that_a_comment_below_quotes_is_kept(quoted):
    article = [TITLE, PROSE, MORE, "Hegemony ended.", PROSE.replace("trade", "bases"), MORE[:-1]]
    found = reasons(*article, "3 Comments", quoted, "So they said last year as well.")
    assert found == [None] * len(article) + ["comments"] * 3


def test_a_headline_that_comes_back_in_the_tail_is_kept():
    assert reasons(TITLE, PROSE, MORE, "Most read", TITLE)[0] is None


def test_a_reference_list_and_what_follows_it_is_skipped():
    found = reasons(
        TITLE,
        PROSE,
        MORE,
        "Bibliography",
        "Doe, John (2015). The Order. New York.",
        "John Doe teaches international relations at a university in the north.",
    )
    assert found[3:] == ["references"] * 3


@pytest.mark.parametrize("heading", ["Notes", "## References", "7. References", "**Notes**"])
def test_notes_are_none_of_the_argument_however_long_they_are(heading):
    notes = [
        f"{n}. John Doe, “The Order,” Foreign Affairs 99, no. {n} (2020), pp. 133-142."
        for n in "1234"
    ]
    found = reasons(TITLE, PROSE, MORE, heading, *notes)
    assert found == [None] * 3 + ["references"] * 5


@pytest.mark.parametrize("heading", ["Annex: Statement of the Parties", "Chapter 9"])
def test_a_chapter_or_an_annex_behind_references_is_kept(heading):
    sources = ["Doe, John (2015). The Order of Powers. New York.", "Lee, A. 2014. Poles. London."]
    found = reasons(*[PROSE] * 8, "References", *sources, heading, PROSE, MORE, PROSE)
    assert found[8:11] == ["references"] * 3
    assert found[12:] == [None] * 3
    found = reasons(
        *[PROSE] * 9, "Notes", *[f"{n}. Doe (2015), p. {n}." for n in "12"], PROSE, MORE
    )
    assert found[9:] == ["references"] * 3 + [None] * 2
    biography = "John Doe teaches international relations. He lives in the north of the country."
    found = reasons(*[PROSE] * 20, "References", *sources, biography, biography)
    assert found[20:] == ["references"] * 5


def test_a_box_of_links_between_paragraphs_is_skipped_and_no_more():
    found = reasons(TITLE, PROSE, MORE, PROSE, MORE, "Most read", "China's navy grows", PROSE, MORE)
    assert found[5] == "related"
    assert found[6] is not None
    assert found[7:] == [None, None]


@pytest.mark.parametrize("line", ["Share this article", "Advertisement", "Read more: The Navy"])
def test_lists_and_answers_behind_an_advertisement_are_kept(line):
    rest = [
        "Europe should therefore:",
        "• Build a common defence industry",
        "(i) stop the expansion of military blocs;",
        "A: No, it is not.",
    ]
    found = reasons(TITLE, PROSE, MORE, line, *rest, "A fourth aircraft carrier for the navy")
    assert found[4:] == [None] * 4 + ["related"]


@pytest.mark.parametrize("line", ["Share this article", "Advertisement", "Subscribe"])
def test_below_a_marker_of_the_tail_nothing_is_kept(line):
    found = reasons(TITLE, PROSE, MORE, line, "Most read", "1. Why China waits", "Can Europe wait?")
    assert found[3:] == ["notice", "related", "related", "related"]
    notes = ["1. Smith, J. (2019). Power. Oxford.", "2. Waltz, K. (1979). Theory. New York."]
    assert None not in reasons(TITLE, PROSE, MORE, line, "References", *notes)[3:]


def test_two_lines_about_the_author_do_not_make_a_box_of_the_tail():
    about = "Jane Doe is a senior fellow at the Institute for World Affairs in London."
    article = [PROSE, MORE] * 12
    found = reasons(TITLE, *article, "Related", "China's navy grows", about, f"{about} She writes.")
    assert found[-2:] == ["related", "related"]


@pytest.mark.parametrize(
    "line",
    [
        "US hegemony is over, says Lula via Reuters",
        "We must work with China/Bloomberg",
        "(c) 2030 goals shall be pursued jointly;",
        "A: We hedge",
        "3/ We respond",
    ],
)
def test_an_argument_that_looks_like_furniture_is_kept(line):
    assert reasons(TITLE, PROSE, line, MORE) == [None] * 4


@pytest.mark.parametrize("first", [14, 1])
def test_a_numbered_argument_below_a_heading_is_no_note(first):
    argument = [f"{first}. The Council met twice on the matter.", f"{first + 1}. States must act."]
    found = reasons(TITLE, PROSE, "2. Sources", *argument, "3. Conclusions", PROSE, MORE, PROSE)
    assert found[3:5] == [None, None]
    assert found[6:] == [None, None, None]


@pytest.mark.parametrize(
    "sentence", ["(Cheers greeted the president.)", "(Laughter is no policy.)"]
)
def test_a_sentence_about_laughter_is_a_sentence(sentence):
    assert reasons(TITLE, PROSE, sentence, MORE) == [None] * 4


def test_rules_and_repeated_markers_are_read_once():
    # Were each compared with all that follow, or tried in every way, this would not end.
    assert reasons(PROSE, "*" * 39, "_" * 39, MORE) == [None, "separator", "separator", None]
    notes = reasons(PROSE, *["1. Notes"] * 10_000, *[PROSE] * 900)
    assert notes.count(None) == 901
    lists = reasons(*[PROSE] * 9_000, *["Notes", "1. Doe (2015)."] * 900, *[PROSE] * 2_000)
    assert lists.count(None) == 11_000
    boxes = reasons(*[PROSE] * 900, *["Related"] * 10_000, *[PROSE] * 200)
    assert boxes.count(None) == 1_100


def test_no_break_spaces_are_spaces():
    found = reasons(TITLE, "By\u00a0Jane Smith", PROSE, "Sign up for\u00a0our  newsletter", MORE)
    assert found == [None, "byline", None, "notice", None]


@pytest.mark.parametrize("aside", ["(Applause.)", "[Laughter]", "(Cheers and applause)"])
def test_applause_is_no_sentence(aside):
    assert reasons(TITLE, PROSE, aside, MORE) == [None, None, "applause", None]
    found = split(f"We are strong. {aside} And we will win. {aside} Thank you.")
    assert [skip.reason for skip in found.skipped] == ["applause", "applause"]
    assert len(found.sentences) == 3
    first = split(f"{PROSE}\n\n{aside} Thank you very much.\n\n{MORE}")
    assert [skip.reason for skip in first.skipped] == ["applause"]
    assert len(first.sentences) == 3


def test_a_heading_that_no_reference_follows_opens_no_reference_list():
    found = reasons(TITLE, PROSE, MORE, "Sources", "Power has many sources, and trade is one.")
    assert found[3:] == ["heading", None]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("(Jane Doe/Pool via REUTERS)", True),
        ("[Photo by Jane Doe]", True),
        ("（图片来源 新华社）", True),
        ("(Xinhua reported this on Monday.)", False),
        ("(Fernandes, 2010)", False),
        ("The picture went around the world.", False),
    ],
)
def test_a_credit_is_known(sentence, expected):
    assert (aside_of(sentence) == "credit") is expected


def test_note_marks_take_no_longer_than_their_number():
    marks = "[1]" * 50_000 + "x"
    assert reasons(TITLE, PROSE, marks, MORE) == [None] * 4


@pytest.mark.parametrize(
    "heading", ["About the Author", "## About the Authors", "**About the author:**"]
)
def test_what_follows_the_heading_of_a_biography_is_skipped(heading):
    about = "Jane Doe is a senior fellow at the Institute for World Affairs in London."
    found = reasons(TITLE, *[PROSE, MORE] * 6, heading, about)
    assert found[-2:] == ["related", "related"]


def test_a_biography_of_somebody_in_the_byline_is_skipped():
    doe = "Jane Doe is a senior fellow at the Institute for World Affairs in London."
    roe = "*John Roe* teaches international relations at a university in the north."
    found = reasons(TITLE, "By Jane Doe and John Roe", PROSE, MORE, doe, "5 March 2024", roe)
    assert found == [None, "byline", None, None, "byline", "date", "byline"]
    assert reasons(TITLE, "By JANE DOE", PROSE, MORE, doe)[-1] == "byline"


def test_what_an_article_says_of_somebody_is_kept():
    putin = "Vladimir Putin is no friend of the order that the others have made for themselves."
    doe = "Jane Doe is a senior fellow at the Institute for World Affairs in London."
    assert reasons(TITLE, "By Jane Doe", PROSE, MORE, putin)[-1] is None
    assert reasons(TITLE, PROSE, MORE, doe)[-1] is None
    assert reasons(TITLE, "By Jane Doe", PROSE, doe, MORE)[3] is None


@pytest.mark.parametrize(
    ("byline", "last"),
    [
        ("By Rahul Roy, New Delhi", "New Delhi is no longer free to choose, and must say so."),
        (
            "By Ann Lee, Hong Kong",
            "Hong Kong was the first minister of trade that Asia had to have.",
        ),
        ("By Ann Lee, Abu Dhabi", "Abu Dhabi works for a world in which no single power rules."),
        (
            "By Jane Doe, Ambassador of the European Union",
            "European Union is the author of its own weakness, and it alone can end that.",
        ),
        (
            "By Jane Doe, Senior Fellow for North Korea",
            "North Korea is a minister of nothing but its own survival, and will not yield.",
        ),
        (
            "By Jane Doe, South China Sea Institute",
            "South China is the president of nobody, whatever the admirals may say of it.",
        ),
        ("By Wang Li", "Wang Li was right when he said that hegemony cannot last for long."),
        ("By Wang Li", "Wang Li is no friend of those to whom the minister has sold the order."),
        ("By Wang Li", "Wang Li writes that hegemony cannot last, and few would disagree."),
    ],
)
def test_a_last_paragraph_that_argues_is_no_biography(byline, last):
    assert reasons(TITLE, byline, PROSE, MORE, last) == [None, "byline", None, None, None]


@pytest.mark.parametrize(
    "about",
    [
        "is Associate Professor of politics at a university in the north.",
        "is the founder and executive director of the Institute for World Affairs.",
        "is currently a Beijing-based independent analyst of security in East Asia.",
        "was Deputy Foreign Minister of the republic from 1997 until 2003.",
        "is the author of three books on the order of the world.",
        "writes about the foreign policy of the rising powers.",
    ],
)
@pytest.mark.parametrize("byline", ["By Jane Doe, New York", "By John Roe and Jane Doe | 5 min"])
def test_what_a_biography_says_is_known(byline, about):
    assert reasons(TITLE, byline, PROSE, MORE, f"Jane Doe {about}")[1:] == [
        *("byline", None, None, "byline")
    ]
