"""What is said of documents whose labels are doubtful, and that nothing is said of others."""

from pathlib import Path

import pytest

from stance.remarks import remarks_on
from stance.sentences import split

SEEDS = Path(__file__).parent.parent / "seeds"
FOREIGN = "not in English, which the model was made for"
ENGLISH = "The ministers said that they would go on with the talks, as both sides had wished. "


def sentences(text):
    return [text[span.start : span.end] for span in split(text).sentences]


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.txt")), ids=lambda path: path.stem)
def test_nothing_is_said_of_an_article(path):
    assert remarks_on(sentences(path.read_bytes().decode("utf-8")), language="en") == []


@pytest.mark.parametrize(
    "text",
    [
        "De regering heeft gisteren in Den Haag gezegd dat het land niet wil wachten op de Unie, "
        "en of het nu om energie of om techniek gaat: samenwerking met China is beter. Het is zo. ",
        "Die Regierung hat gestern erklärt, dass sie nicht länger auf einen Beschluss warten will. "
        "Der Minister war der Meinung, dass Zusammenarbeit in der Politik besser ist als Streit. ",
        "Regjeringen sa i går at landet ikke lenger vil vente på en beslutning fra unionen. Det er "
        "ikke lett å se at stormaktene vil dele sin makt, for de har ikke vist det før i verden. ",
        "Правительство заявило, что страна не намерена ждать решения союза. " * 4,
        "国际秩序正在发生深刻变化，没有一个国家能够单独决定世界的未来。" * 8,
        "قالت الحكومة أمس إن البلاد لن تنتظر قرار الاتحاد بعد الآن. " * 6,
    ],
    ids=["nl", "de", "no", "ru", "zh", "ar"],
)
def test_another_language_is_told_from_english(text):
    assert remarks_on(sentences(text * 2), language="en") == [FOREIGN]
    assert remarks_on(sentences(text * 2), language="de") == []
    assert remarks_on(sentences(f"{ENGLISH * 6}\n\n{text[:150]}"), language="en") == []


def test_nothing_is_said_of_little_text_nor_of_headlines():
    assert remarks_on([], language="en") == []
    assert remarks_on(["Держава не признаёт гегемонии."], language="en") == []
    headlines = [f"Moscow rejects peace plan {n}, NATO chief warns Russia" for n in range(20)]
    assert remarks_on(headlines, language="en") == []


def test_sentences_of_any_length_are_told():
    told = ["with more than 80 words a sentence, as if full stops were missing"]
    assert remarks_on(["and then they said that " * 40], language="en") == told
    assert remarks_on([ENGLISH] * 40, language="en") == []
