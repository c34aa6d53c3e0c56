"""Words and their weights by each method, what is reported, and whether it is faithful."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stance
from stance.errors import InputError
from stance.explain import METHODS, explain_many, faithfulness

module = import_module("stance.explain")

SENTENCE = "The states, a world power, trade sanctions and order rain."
SENTENCES = [SENTENCE, "Two sides trade.", "A partnership of the world order.", "Rain and trade."]


@pytest.fixture(scope="module")
def carrying_model(tiny_model):
    """The tiny model with thresholds so low that every frame is carried."""
    return tiny_model.with_thresholds(dict.fromkeys(tiny_model.codebook.names, 0.0))


def test_words_are_exact_spans_in_the_order_of_the_sentence(tiny_model):
    for words in tiny_model.explain(SENTENCE).words.values():
        assert [word.text for word in words] == SENTENCE.replace(",", "").rstrip(".").split()
        assert all(SENTENCE[word.start : word.end] == word.text for word in words)


def test_a_weight_is_the_fall_of_the_probability(tiny_model):
    frame = tiny_model.codebook.names[1]
    explanation = tiny_model.explain("States trade order.")
    whole, without = tiny_model.predict(["States trade order.", "States order."])
    fall = whole.probabilities[frame] - without.probabilities[frame]
    assert explanation.words[frame][1].weight == pytest.approx(fall, abs=1e-5)


def test_frames_and_probabilities_are_those_of_labelling(tiny_model):
    explanation = tiny_model.explain(SENTENCE)
    [result] = tiny_model.predict([SENTENCE])
    assert explanation.frames == result.frames
    assert explanation.probabilities == pytest.approx(result.probabilities, abs=1e-5)


def test_many_at_once_give_what_one_by_one_gives(tiny_model, monkeypatch):
    monkeypatch.setattr(module, "_BATCH", 10)
    many = list(explain_many(tiny_model, SENTENCES))
    assert many == [tiny_model.explain(sentence) for sentence in SENTENCES]


def test_another_backend_explains_alike(tiny_model, tiny_folder):
    frame = tiny_model.codebook.names[0]
    with stance.load(tiny_folder, backend="torch") as other:
        theirs = [word.weight for word in other.explain(SENTENCE).words[frame]]
    ours = [word.weight for word in tiny_model.explain(SENTENCE).words[frame]]
    assert theirs == pytest.approx(ours, abs=1e-3)


def test_the_top_words_are_the_weightiest(carrying_model):
    explanation = carrying_model.explain(SENTENCE)
    frame = max(explanation.words, key=lambda name: len(explanation.top(name)))
    weights = [word.weight for word in explanation.top(frame, 3)]
    assert weights == sorted((w.weight for w in explanation.words[frame]), reverse=True)[:3]


def test_a_row_holds_the_frames_that_are_carried(tiny_model):
    explanation = tiny_model.explain(SENTENCE)
    assert explanation.to_dict().keys() == explanation.frames.keys()


@pytest.fixture(params=METHODS)
def method(request):
    if request.param == "gradients":
        pytest.importorskip("captum")
    return request.param


@pytest.mark.parametrize("sentence", ["", "…", "   "])
def test_a_sentence_without_words_has_none(tiny_model, sentence, method):
    assert not any(tiny_model.explain(sentence, method=method).words.values())


@pytest.mark.parametrize("sentence", ["\ud800 rain", "世界 order", "rain " * 60, "a" * 300])
def test_any_sentence_is_explained(tiny_model, sentence, method):
    explanation = tiny_model.explain(sentence, method=method)
    for words in explanation.words.values():
        assert [(w.start, w.end) for w in words] == module._spans(sentence)
        assert np.abs([word.weight for word in words]).max() <= 1


def test_characters_are_the_words_of_a_script_without_spaces():
    assert module._spans("世界 order") == [(0, 1), (1, 2), (3, 8)]


@pytest.mark.parametrize(
    "words",
    [
        "La de\u0301tente",
        "Part\u00adner\u00adship",
        "भारत और चीन की साझेदारी",
        "இந்தியா சீனா உறவுகள்",
        "تَعَاوُنٌ جَدِيدٌ",
        "می\u200cخواهند",
        "1\ufe0f\u20e3",
    ],
)
def test_a_word_goes_on_over_marks_and_over_characters_that_do_not_show(words):
    assert [words[start:end] for start, end in module._spans(words)] == words.split()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ที่นี่", ["ที่", "นี่"]),
        ("ខ្មែរ។", ["ខ្", "មែ", "រ"]),
        ("မြန်မာ။", ["မြ", "န်", "မာ"]),
        ("か\u3099き", ["か\u3099", "き"]),
        ("។ ၊ ・", []),
        ("Both\u200bsides", ["Both", "sides"]),
        ("\u0301 \u200f", []),
    ],
)
def test_a_mark_goes_with_the_character_before_it(text, words):
    assert [text[start:end] for start, end in module._spans(text)] == words


def test_a_very_long_sentence_loses_neighbours_together():
    text = "word " * 100_000
    spans = module._spans(text)
    assert len(spans) <= 200
    assert (spans[0][0], spans[-1][1]) == (0, len(text) - 1)


def test_an_unknown_method_is_an_error(tiny_model):
    with pytest.raises(InputError, match="unknown method 'guess'; expected one of occlusion"):
        tiny_model.explain(SENTENCE, method="guess")


def test_an_unknown_frame_is_an_error(tiny_model):
    with pytest.raises(InputError, match="unknown frame 'rain'"):
        tiny_model.explain(SENTENCE).top("rain")


def test_gradients_of_the_words_and_marks_sum_to_what_the_text_adds(tiny_model):
    pytest.importorskip("captum")
    [window] = tiny_model.tokenizer.located(SENTENCE)
    found = tiny_model.gradients.attribute(window.ids, window.special)
    assert found.tokens.sum(axis=1) == pytest.approx(found.whole - found.baseline, abs=1e-3)
    assert found.tokens[:, window.special] == pytest.approx(0)


def test_gradients_are_those_of_the_calibrated_probabilities(tiny_folder):
    pytest.importorskip("captum")
    with stance.load(tiny_folder, backend="torch") as model:
        decision = replace(model.decision, temperatures=(2.0,) * 4, offsets=(0.5,) * 4)
        model.decision = decision
        [window] = model.tokenizer.located(SENTENCE)
        found = model.gradients.attribute(window.ids, window.special)
        present = 1 - model.predict_proba([SENTENCE])[0, :, 0]
    assert found.whole == pytest.approx(present, abs=1e-4)


def test_a_word_has_the_sum_of_its_tokens(tiny_model):
    pytest.importorskip("captum")
    frame = tiny_model.codebook.names[0]
    [window] = tiny_model.tokenizer.located("world xyz order")
    found = tiny_model.gradients.attribute(window.ids, window.special)
    words = tiny_model.explain("world xyz order", method="gradients").words[frame]
    ids = list(range(len(window.ids)))
    of_word = [[n for n in ids if s < window.offsets[n][1] <= e] for s, e in ((0, 5), (6, 9))]
    assert len(of_word[1]) == 3
    for word, tokens in zip(words, of_word, strict=False):
        assert word.weight == pytest.approx(found.tokens[0, tokens].sum())


def test_a_token_over_several_words_is_shared_out():
    parts = module._parts([(0, 1), (1, 2), (3, 8)], [(0, 0), (0, 2), (2, 8), (8, 9)])
    assert parts.tolist() == [[0, 0.5, 0, 0], [0, 0.5, 0, 0], [0, 0, 1, 0]]


@pytest.mark.parametrize("sentences", ["one string", [None]])
def test_what_is_no_sentence_is_an_error(tiny_model, sentences):
    with pytest.raises(InputError, match="expected"):
        list(explain_many(tiny_model, sentences))


MARKS = "\u0301\u0e34\u093f\u20dd\u00ad\u200d"


@given(st.text(alphabet="ab ,.’-世คក\n\u200b" + MARKS, max_size=40))
def test_no_word_begins_with_a_mark_or_stops_before_one(text):
    spans = module._spans(text)
    assert spans == sorted(spans)
    for start, end in spans:
        assert text[start] not in MARKS
        assert text[end : end + 1] not in set(MARKS)


@given(st.text(alphabet="ab ,.’-世คก\n\u200b" + MARKS, max_size=40))
def test_without_all_words_no_word_is_left(text):
    assert not module._spans(module._without(text, module._spans(text)))


def test_the_words_named_matter_more_than_random_ones(carrying_model):
    found = faithfulness(carrying_model, SENTENCES, share=0.3, seed=1)
    assert found.decisions == len(SENTENCES) * len(carrying_model.codebook.names)
    assert found.difference.value > 0
    assert found.difference.value == pytest.approx(found.top.value - found.random.value)


def test_faithfulness_of_gradients_takes_away_other_words(carrying_model):
    pytest.importorskip("captum")
    ours = faithfulness(carrying_model, SENTENCES, seed=1)
    theirs = faithfulness(carrying_model, SENTENCES, seed=1, method="gradients")
    assert (theirs.decisions, theirs.random) == (ours.decisions, ours.random)
    assert theirs.top != ours.top


def test_the_same_seed_gives_the_same_figures(carrying_model):
    assert faithfulness(carrying_model, SENTENCES) == faithfulness(carrying_model, SENTENCES)


def test_faithfulness_without_a_frame_is_an_error(tiny_model):
    never = tiny_model.with_thresholds(dict.fromkeys(tiny_model.codebook.names, 1.0))
    with pytest.raises(InputError, match="carries a frame"):
        faithfulness(never, SENTENCES)


@pytest.mark.parametrize("options", [{"share": 0}, {"share": 1}, {"draws": 0}])
def test_options_out_of_range_are_errors(tiny_model, options):
    with pytest.raises(InputError, match=r"^(share|draws) is [01]; expected"):
        faithfulness(tiny_model, SENTENCES, **options)


@pytest.mark.parametrize("explained", [lambda *given: list(explain_many(*given)), faithfulness])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"text": ["They met."]}, r"found a table, expected a list of sentences: table\['text'\]"),
        ("They met.", "found one string, expected a list of sentences"),
        (None, "found a NoneType, expected a list of sentences"),
        (["They met.", 5], "sentence 1 is a int, expected a string"),
    ],
)
def test_what_is_no_list_of_sentences_is_named(tiny_model, explained, given, message):
    with pytest.raises(InputError, match=message):
        explained(tiny_model, given)


def test_a_column_of_arrow_is_explained(tiny_model):
    arrow = pytest.importorskip("pyarrow", reason="needs the extra parquet")
    found = explain_many(tiny_model, arrow.array(["They met.", "The states trade."]))
    assert [one.text for one in found] == ["They met.", "The states trade."]
