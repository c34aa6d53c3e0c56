"""What to label next: uncertain, different from one another, the same for the same corpus."""

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance import suggest as module
from stance.errors import CodebookError, InputError, OutputError
from stance.files.annotations import label_studio_annotations
from stance.files.rows import read_rows
from stance.suggest import SuggestionFile, suggest

SEEDS = Path(__file__).parent.parent / "seeds"
TEXT = "The two powers met. They agreed to trade. Rain fell on both sides. States want order."


@pytest.fixture(scope="module")
def articles():
    return [(path.name, path.read_text(encoding="utf-8")) for path in sorted(SEEDS.glob("0*.txt"))]


@pytest.fixture(scope="module")
def chosen(tiny_model, articles):
    return suggest(tiny_model, articles, n=30)


def texts(suggestions):
    return [suggestion.sentence.text for suggestion in suggestions]


def likeness(sentences):
    vectors, _ = module._vectors(sentences)
    return vectors @ vectors.T - np.eye(len(sentences))


def test_so_many_are_chosen_as_were_asked_for(chosen):
    assert len({suggestion.id for suggestion in chosen}) == 30


def test_documents_of_one_name_keep_their_sentences_apart(tiny_model):
    found = suggest(
        tiny_model, [("a", TEXT), ("a", "Two world powers trade. Sanctions rain on a state.")], n=10
    )
    ids = [suggestion.id for suggestion in found]
    assert len(set(ids)) == len(ids)
    assert {suggestion.document for suggestion in found} == {"a", "a (2)"}


def test_what_is_chosen_is_a_stretch_of_its_document(chosen, articles):
    documents = dict(articles)
    for suggestion in chosen:
        sentence = suggestion.sentence
        assert documents[suggestion.document][sentence.start : sentence.end] == sentence.text


def test_the_first_is_the_most_uncertain_of_the_corpus(chosen, tiny_model, articles):
    every = [
        bits
        for result in tiny_model.label_many(articles)
        for bits in module._uncertainties(tiny_model, result).sum(axis=1)
    ]
    assert chosen[0].uncertainty == pytest.approx(max(every))


def test_what_is_chosen_is_more_uncertain_than_the_rest(chosen, tiny_model, articles):
    every = [
        bits
        for result in tiny_model.label_many(articles)
        for bits in module._uncertainties(tiny_model, result).sum(axis=1)
    ]
    assert np.mean([one.uncertainty for one in chosen]) > np.quantile(every, 0.8)


def test_what_is_chosen_is_less_alike_than_the_most_uncertain(tiny_model, chosen, articles):
    results = tiny_model.label_many(articles)
    ranked = sorted(
        (
            (-bits, sentence.text)
            for result in results
            for sentence, bits in zip(
                result.sentences,
                module._uncertainties(tiny_model, result).sum(axis=1),
                strict=True,
            )
        )
    )
    uncertain = [text for _, text in ranked[: len(chosen)]]
    assert likeness(texts(chosen)).max() < likeness(uncertain).max()


def test_novelty_is_what_it_says(chosen):
    likest = np.tril(likeness(texts(chosen))).max(axis=1)
    assert max(abs(1 - likest[1:] - [one.novelty for one in chosen[1:]])) < 0.1


def test_near_duplicates_are_chosen_once(tiny_model):
    alike = TEXT.replace("met", "met again").replace(".", "!")
    suggestions = suggest(tiny_model, [("a", TEXT), ("b", alike), ("c", TEXT.upper())], n=50)
    assert len(suggestions) == 4


def test_what_is_labelled_already_is_not_chosen(tiny_model):
    labelled = ["They agreed, to trade", "Rain fell on both sides."]
    chosen = suggest(tiny_model, [("a", TEXT)], n=50, exclude=labelled)
    assert sorted(texts(chosen)) == ["States want order.", "The two powers met."]


def test_what_is_excluded_may_be_a_set_or_be_read_once(tiny_model):
    labelled = ["They agreed, to trade", "Rain fell on both sides."]
    expected = suggest(tiny_model, [("a", TEXT)], n=50, exclude=labelled)
    for exclude in (set(labelled), iter(labelled)):
        assert suggest(tiny_model, [("a", TEXT)], n=50, exclude=exclude) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exclude": TEXT}, "found one string, expected a list of excluded sentences"),
        ({"exclude": ["a", None]}, "excluded sentence 1 is a NoneType, expected a string"),
        ({"n": "3"}, "n is '3'; expected 1 or more"),
        ({"n": 2.5}, r"n is 2\.5; expected 1 or more"),
    ],
)
def test_wrong_options_are_refused_before_the_work(tiny_model, options, message):
    unread = (pytest.fail("was read") for _ in range(1))
    with pytest.raises(InputError, match=message):
        suggest(tiny_model, unread, **options)


@settings(max_examples=10)
@given(st.permutations(range(5)))
def test_the_order_of_the_documents_does_not_matter(tiny_model, chosen, articles, order):
    again = suggest(tiny_model, [articles[index] for index in order], n=30)
    assert texts(again) == texts(chosen)


def test_another_seed_settles_ties_in_another_way(monkeypatch, tiny_model):
    def equal(model, result):
        return np.ones((len(result.sentences), len(model.codebook.names)))

    monkeypatch.setattr(module, "_uncertainties", equal)
    firsts = {suggest(tiny_model, [("a", TEXT)], n=1, seed=seed)[0].id for seed in range(20)}
    assert len(firsts) > 1


def test_presence_is_most_uncertain_at_the_threshold(tiny_model):
    model = tiny_model.with_thresholds(dict.fromkeys(tiny_model.codebook.names, 0.2))
    [result] = model.label_many([("a", TEXT)])
    sentence = result.sentences[0]

    def bits(p):
        changed = dict.fromkeys(sentence.probabilities, p)
        certain = {name: {"favor": 1.0, "neutral": 0.0, "against": 0.0} for name in changed}
        one = type(sentence)(**{**vars(sentence), "probabilities": changed, "stances": certain})
        return module._uncertainties(model, type(result)("a", (one,), result.frame_names))[0, 0]

    assert bits(0.2) == pytest.approx(1)
    assert bits(0) == pytest.approx(0, abs=1e-6)
    assert max(bits(0.1), bits(0.3)) < 1


def test_an_unknown_stance_adds_to_the_uncertainty_as_far_as_the_frame_is_there(tiny_model):
    [result] = tiny_model.label_many([("a", TEXT)])
    frames = len(tiny_model.codebook.names)
    sentence = result.sentences[0]
    third = {
        name: dict.fromkeys(("favor", "neutral", "against"), 1 / 3) for name in sentence.stances
    }
    sure = dict.fromkeys(sentence.probabilities, 1.0)
    one = type(sentence)(**{**vars(sentence), "probabilities": sure, "stances": third})
    bits = module._uncertainties(tiny_model, type(result)("a", (one,), result.frame_names))
    assert bits[0] == pytest.approx([np.log2(3)] * frames, abs=1e-6)


def test_the_pool_is_bounded_and_keeps_the_most_uncertain(
    monkeypatch, tiny_model, articles, chosen
):
    monkeypatch.setattr(module, "POOL", 2)
    few = suggest(tiny_model, articles, n=5)
    pool = module._Pool(10, 0)
    for result in tiny_model.label_many(articles):
        for sentence, bits in zip(
            result.sentences, module._uncertainties(tiny_model, result), strict=True
        ):
            pool.add(result.id, sentence, bits)
    kept = {candidate.sentence.text for candidate in pool.sorted()}
    assert set(texts(few)) <= kept
    assert len(kept) == 10


@pytest.mark.parametrize("document", ["", "***\n\n!!!\n\n"])
def test_a_corpus_without_sentences_has_none_to_label(tiny_model, document):
    assert suggest(tiny_model, [("a", document)], n=5) == []


def test_text_in_other_scripts_is_chosen_from(tiny_model):
    text = "Державы встретились вновь. 两国元首今天会面。 Они договорились торговать."
    assert suggest(tiny_model, [("a", text)], n=5)


def test_no_number_of_sentences_is_refused(tiny_model):
    with pytest.raises(InputError, match="expected 1 or more"):
        suggest(tiny_model, [], n=0)


def test_every_result_is_reported(tiny_model, articles):
    seen = []
    suggest(tiny_model, articles, n=1, on_result=seen.append)
    assert [result.id for result in seen] == [name for name, _ in articles]


@given(st.text(max_size=80), st.text(max_size=80))
def test_likeness_is_that_of_unit_vectors(one, other):
    vectors, _ = module._vectors([one, other])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_rows_are_refused_until_they_are_labelled(tmp_path, tiny_model, chosen):
    path = tmp_path / "todo.jsonl"
    SuggestionFile(path).write(chosen, tiny_model)
    with pytest.raises(CodebookError, match="not labelled"):
        next(read_rows(path))


def test_csv_rows_are_refused_until_they_are_labelled(tmp_path, tiny_model, chosen):
    path = tmp_path / "todo.csv"
    SuggestionFile(path).write(chosen, tiny_model)
    with pytest.raises(CodebookError, match=r"line 2: '\?' is a row not labelled yet"):
        next(read_rows(path, codebook=tiny_model.codebook))


def test_labelled_rows_are_read_with_their_documents(tmp_path, tiny_model, chosen):
    path = tmp_path / "todo.jsonl"
    SuggestionFile(path).write(chosen, tiny_model)
    done = path.read_text("utf-8").replace('"frames": null', '"frames": {"cooperation": "favor"}')
    path.write_text(done, "utf-8")
    rows = list(read_rows(path))
    assert [(row.id, row.document, row.text) for row in rows] == [
        (one.id, one.document, one.sentence.text) for one in chosen
    ]


def test_csv_is_safe_in_a_spreadsheet_and_read_back(tmp_path, tiny_model):
    suggestions = suggest(tiny_model, [("a", "=SUM(1) of all powers.")], n=1)
    path = tmp_path / "todo.csv"
    SuggestionFile(path).write(suggestions, tiny_model)
    with path.open(encoding="utf-8", newline="") as file:
        [cells] = csv.DictReader(file)
    assert cells["text"] == "'=SUM(1) of all powers."
    path.write_text(path.read_text("utf-8").replace(",?,", ",,"), "utf-8")
    assert next(read_rows(path)).text == "=SUM(1) of all powers."


@pytest.mark.parametrize("name", ["todo.jsonl", "todo.csv", "todo.json"])
def test_documents_may_be_numbered_by_numpy(tmp_path, tiny_model, name):
    [suggestion] = suggest(tiny_model, [(np.int64(7), "Two world powers trade.")], n=1)
    SuggestionFile(tmp_path / name).write([suggestion], tiny_model)
    assert suggestion.id == "7:0"
    assert "7:0" in (tmp_path / name).read_text("utf-8")


def test_label_studio_tasks_hold_what_the_model_says(tmp_path, tiny_model, chosen):
    file = SuggestionFile(tmp_path / "todo.json")
    file.write(chosen, tiny_model)
    tasks = json.loads(file.path.read_text("utf-8"))
    assert [task["data"]["id"] for task in tasks] == [one.id for one in chosen]
    for task, one in zip(tasks, chosen, strict=True):
        [prediction] = task["predictions"]
        accepted = task | {"annotations": [prediction | {"completed_by": 1}]}
        assert list(label_studio_annotations(accepted)) == [("1", one.sentence.frames)]
        assert 0 <= prediction["score"] <= 1


def test_the_set_up_of_label_studio_is_written_beside(tmp_path, tiny_model, chosen):
    file = SuggestionFile(tmp_path / "todo.json")
    file.write(chosen, tiny_model)
    view = ElementTree.fromstring((tmp_path / "todo.json.config.xml").read_text("utf-8"))
    groups = [group.get("name") for group in view.iter("Choices")]
    assert groups == list(tiny_model.codebook.names)


@pytest.mark.parametrize(
    ("name", "format", "error"),
    [
        ("todo.xlsx", None, InputError),
        ("todo.jsonl", "xml", InputError),
        ("none/todo.jsonl", None, OutputError),
        (".", "csv", OutputError),
        ("there.jsonl", None, OutputError),
        ("there.json", None, OutputError),
    ],
)
def test_where_nothing_can_be_written_is_said_first(tmp_path, name, format, error):
    (tmp_path / "there.jsonl").write_text("mine")
    (tmp_path / "there.json.config.xml").write_text("mine")
    with pytest.raises(error):
        SuggestionFile(tmp_path / name, format=format)
