"""What Markdown does not show is skipped, and nothing else is taken for it."""

import pytest

from stance.sentences import split

PROSE = (
    "The two governments agreed to expand trade, and talks will go on. Analysts were not so sure."
)

MARKDOWN = (
    "---\ntitle: Order\ntags:\n  - asia\n- order\n---",
    "<!-- A draft,\nnot yet read. -->",
    "```r\nx <- c(1, 2)\n\ncat('```')\n```",
)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_markup_that_is_not_shown_is_skipped(end):
    front, comment, code = (block.replace("\n", end) for block in MARKDOWN)
    text = end.join([front, "", PROSE, comment, PROSE, "", code, "![A map.](map.png)", PROSE])
    found = split(text)
    assert [(skip.text, skip.reason) for skip in found.skipped] == [
        (front, "markup"),
        (comment, "markup"),
        (code, "markup"),
        ("![A map.](map.png)", "file"),
    ]
    assert len(found.sentences) == 6
    assert not split(text, keep_all=True).skipped


@pytest.mark.parametrize(
    "text",
    [
        f"---\n{PROSE}\n---\n{PROSE}",
        f"{PROSE}\n---\nnote: {PROSE}\n---\n{PROSE}",
        f"```\n{PROSE}\n```\n{PROSE}",
        f"```\n{PROSE} It says:\n{PROSE}\n```r\nx <- 1\n```\n{PROSE}",
        f"```\n{PROSE}\n<!-- {PROSE}",
        f"{PROSE} <!-- a draft --> {PROSE}",
        f"<!-- a draft --> {PROSE}",
        "---\nInterviewer: How do you see the alliance?\nWang: It is a relic of the Cold War, and"
        f" it will not last.\nLi: No. China does not seek hegemony.\n---\n{PROSE}",
        f"---\nQ: Is it over?\nA: It is.\n---\n{PROSE}",
        f"---\ntitle: A talk\nLi: Is it over?\nWang: It is.\nLi: So be it.\n---\n{PROSE}",
        f"---\nDate: 5 March 2024\nSummary: {PROSE}\nRecommendation: Wait.\n---\n{PROSE}",
        f"```\nHegemony is over!\n```\n{PROSE}",
        f"```\nLong live\nthe multipolar world!\n```\n{PROSE}",
        f"```quote\nThe unipolar moment is over: no\nstate will rule alone again.\n```\n{PROSE}",
        f"```\nDemands (1996):\n- an end to hegemony\n- an equal voice\n```\n{PROSE}",
        f"```text\n> The unipolar moment\n> is over now.\n```\n{PROSE}",
    ],
    ids=[
        *("rules", "within", "prose", "a stray fence", "open", "inside", "before"),
        *("interview", "answers", "titled interview", "memo"),
        *("slogan", "wrapped slogan", "quote", "demands", "mail"),
    ],
)
def test_what_may_be_text_is_no_markup(text):
    assert "markup" not in {skip.reason for skip in split(text).skipped}


@pytest.mark.parametrize(
    "block",
    [
        f"---\nlayout: post\ndescription: {PROSE}\n---",
        "---\ndate: 2024-03-05\ncustom-key: 3\n---",
        "```{r, echo=FALSE}\nsummary(x)\n```",
        "``` Python\nimport this\n```",
        "```\nx <- c(1, 2)\nplot(x)\nprint it\n```",
    ],
)
def test_markup_is_known_by_its_keys_its_language_or_its_signs(block):
    assert [skip.text for skip in split(f"{block}\n{PROSE}").skipped] == [block]


@pytest.mark.parametrize("text", MARKDOWN)
def test_markup_alone_is_not_skipped(text):
    assert split(text).sentences
