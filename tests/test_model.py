import copy
import itertools
import multiprocessing
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stance
from stance.errors import InputError, ModelError
from stance.suggest import suggest

SENTENCES = [
    "The two sides praised their partnership.",
    "No single power can order the world.",
    "Sanctions press on the smaller state, which looks for allies to answer them.",
    "It rained.",
]


@given(st.permutations(range(4)), st.integers(0, 3))
def test_results_depend_on_the_text_alone(tiny_model, order, one):
    everything = tiny_model.predict_proba(SENTENCES)
    shuffled = tiny_model.predict_proba([SENTENCES[index] for index in order])
    np.testing.assert_allclose(shuffled, everything[list(order)], atol=1e-3)
    alone = tiny_model.predict_proba([SENTENCES[one]])
    np.testing.assert_allclose(alone[0], everything[one], atol=1e-3)


def test_probabilities_have_the_promised_shape(tiny_model):
    probabilities = tiny_model.predict_proba(SENTENCES)
    assert probabilities.shape == (4, 4, 4)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-5)


def test_predict_and_predict_proba_agree(tiny_model):
    probabilities = tiny_model.predict_proba(SENTENCES)
    for result, row in zip(tiny_model.predict(SENTENCES), probabilities, strict=True):
        present = dict(zip(tiny_model.codebook.names, 1 - row[:, 0], strict=True))
        assert result.probabilities == pytest.approx(present, abs=1e-4)
        for frame, stances in result.stances.items():
            assert sum(stances.values()) == pytest.approx(1, abs=1e-4)
            if frame in result.frames:
                assert result.frames[frame] == max(stances, key=stances.get)


def test_both_backends_agree(tiny_folder, tiny_model):
    with stance.load(tiny_folder, backend="torch") as reference:
        expected = reference.predict_proba(SENTENCES)
    np.testing.assert_allclose(tiny_model.predict_proba(SENTENCES), expected, atol=1e-3)


@settings(max_examples=50)
@given(st.lists(st.text(st.characters(), max_size=60), max_size=5))
def test_any_text_gets_a_result(tiny_model, texts):
    results = tiny_model.predict(texts)
    assert [result.text for result in results] == texts
    for result in results:
        assert all(0 <= p <= 1 for p in result.probabilities.values())


@pytest.mark.parametrize("text", ["", "  \n", "...", "!?", "🙂"])
def test_a_text_without_words_carries_no_frame(tiny_model, text):
    [result] = tiny_model.predict([text])
    assert not result.frames
    assert set(result.probabilities.values()) == {0.0}


@pytest.mark.parametrize(
    "text", ["الصين وروسيا", "多极化的世界。", "a \ud800 b", "bell \x07 nul \x00", "e\u0301 🤝🏽"]
)
def test_unusual_text_is_answered(tiny_model, text):
    assert tiny_model.predict([text])[0].text == text


def test_the_end_of_a_long_sentence_counts(tiny_model):
    start = "a b " * 5_000
    plain, other = tiny_model.predict_proba([start, start + "power world states " * 20])
    assert not np.allclose(plain, other, atol=1e-6)


def test_a_long_text_takes_each_frame_from_its_likeliest_window(tiny_model):
    windows = ["a b c", "power " * 6]
    both = tiny_model.predict_proba([" ".join(["a b c"] * 40 + ["power"] * 40)])
    apart = tiny_model.predict_proba(windows)
    assert both.shape == (1, 4, 4)
    assert apart.shape == (2, 4, 4)


def test_no_texts_give_no_results(tiny_model):
    assert tiny_model.predict([]) == []
    assert tiny_model.predict_proba([]).shape == (0, 4, 4)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("one string", "found one string"),
        ([1], "text 0 is a int"),
        (["a", None], "text 1"),
        (None, "found a NoneType, expected a list of texts"),
    ],
)
def test_what_is_no_list_of_strings_is_refused(tiny_model, texts, message):
    with pytest.raises(InputError, match=message):
        tiny_model.predict(texts)


def test_label_keeps_offsets_and_names(tiny_model):
    text = "  The first sentence is here. And here the second!\n\nA third one, after a break."
    doc = tiny_model.label(text, id="a1")
    assert doc.id == "a1"
    assert [s.index for s in doc.sentences] == [0, 1, 2]
    assert all(text[s.start : s.end] == s.text for s in doc.sentences)


def test_a_model_splits_by_the_rules_of_its_language(tiny_model, tmp_path):
    copied = tiny_model.folder.copy(tmp_path / "german")
    replace(copied, language="de").write()
    text = "Am 3. Mai sprachen sie. Dann regnete es."
    with stance.load(tmp_path / "german") as german:
        texts = [sentence.text for sentence in german.label(text).sentences]
    assert texts == ["Am 3. Mai sprachen sie.", "Dann regnete es."]
    assert len(tiny_model.label(text).sentences) == 3


def test_label_of_nothing_is_empty_and_has_shares(tiny_model):
    doc = tiny_model.label("")
    assert doc.sentences == ()
    assert doc.shares == dict.fromkeys(tiny_model.codebook.names, 0.0)


def test_label_refuses_what_is_no_text(tiny_model):
    with pytest.raises(InputError, match="expected a string"):
        tiny_model.label(b"bytes")


def test_documents_before_one_that_cannot_be_read_are_labelled(tiny_model):
    def documents():
        yield from ((name, "They trade.") for name in "abc")
        raise OSError("the disk is gone")

    wrong = [("a", "They trade.")] * 3 + [("d", None)]
    for source, error in ((documents(), OSError), (wrong, InputError)):
        results = tiny_model.label_many(source)
        assert len([next(results) for _ in range(3)]) == 3
        with pytest.raises(error):
            next(results)


def test_label_many_equals_label(tiny_model):
    documents = [(str(i), " ".join(SENTENCES[i % 4 :])) for i in range(9)]
    many = list(tiny_model.label_many(iter(documents)))
    assert many == [tiny_model.label(text, id=name) for name, text in documents]


def test_thresholds_change_labels_and_not_probabilities(tiny_model):
    eager = tiny_model.with_thresholds(dict.fromkeys(tiny_model.codebook.names, 0.0))
    [result], [before] = eager.predict(SENTENCES[:1]), tiny_model.predict(SENTENCES[:1])
    assert list(result.frames) == list(tiny_model.codebook.names)
    assert result.probabilities == before.probabilities


def test_save_and_load_give_the_same_model(tiny_model, tmp_path):
    changed = tiny_model.with_thresholds({"cooperation": 0.123})
    changed.save(tmp_path / "copy")
    with stance.load(tmp_path / "copy") as loaded:
        assert loaded.predict(SENTENCES) == changed.predict(SENTENCES)
        assert loaded.decision == changed.decision


def test_a_dataset_gets_the_columns_of_predict(tiny_model):
    datasets = pytest.importorskip("datasets", reason="needs the extra train")
    rows = datasets.Dataset.from_dict({"sentence": SENTENCES, "year": [1, 2, 3, 4]})
    labelled = tiny_model.label_dataset(rows, text_column="sentence")
    results = tiny_model.predict(SENTENCES)
    assert labelled["year"][:] == [1, 2, 3, 4]
    for name in tiny_model.codebook.names:
        assert labelled[f"p_{name}"][:] == [r.probabilities[name] for r in results]
    assert labelled["frames"][:] == [
        ";".join(f"{f}:{s}" for f, s in r.frames.items()) for r in results
    ]


@pytest.mark.parametrize("form", ["pandas", "arrow", "numpy"])
@pytest.mark.parametrize("count", [4, 0])
def test_a_dataset_keeps_its_columns_and_its_format(tiny_model, form, count):
    datasets = pytest.importorskip("datasets", reason="needs the extra train")
    rows = datasets.Dataset.from_dict({"text": SENTENCES, "year": [1, 2, 3, 4]})
    rows = rows.select(range(count))
    expected = tiny_model.label_dataset(rows)
    labelled = tiny_model.label_dataset(rows.with_format(form))
    assert labelled.format == expected.with_format(form).format
    assert labelled.with_format(None)[:] == expected[:]


def test_a_column_without_the_format_of_a_dataset_stays_without(tiny_model):
    datasets = pytest.importorskip("datasets", reason="needs the extra train")
    rows = datasets.Dataset.from_dict({"text": SENTENCES, "year": [1, 2, 3, 4], "id": [*"abcd"]})
    labelled = tiny_model.label_dataset(rows.with_format("numpy", columns=["year"]))
    added = [name for name in labelled.column_names if name not in rows.column_names]
    assert labelled.column_names == [*rows.column_names, *added]
    assert labelled.format["columns"] == ["year", *added]


def test_a_dataset_without_rows_gets_the_same_columns(tiny_model):
    datasets = pytest.importorskip("datasets", reason="needs the extra train")
    rows = datasets.Dataset.from_dict({"text": ["One sentence."]})
    empty = tiny_model.label_dataset(rows.select([]))
    assert (len(empty), empty.features) == (0, tiny_model.label_dataset(rows).features)


def test_a_dataset_labelled_on_another_runtime_is_labelled_anew(tiny_folder, tiny_model, tmp_path):
    datasets = pytest.importorskip("datasets", reason="needs the extra train")
    datasets.Dataset.from_dict({"text": SENTENCES}).save_to_disk(tmp_path / "rows")
    rows = datasets.load_from_disk(tmp_path / "rows")
    labelled = tiny_model.label_dataset(rows)
    with stance.load(tiny_folder, backend="torch") as reference:
        assert reference.label_dataset(rows)._fingerprint != labelled._fingerprint
    assert tiny_model.label_dataset(rows)._fingerprint == labelled._fingerprint


def test_what_is_pushed_decides_as_the_model_does(tiny_model, monkeypatch):
    pushed = []
    monkeypatch.setattr("stance.sharing.push", lambda folder, *_, **__: pushed.append(folder) or "")
    changed = tiny_model.with_thresholds({tiny_model.codebook.names[0]: 0.125})
    changed.push_to_hub("owner/name")
    tiny_model.push_to_hub("owner/name")
    assert [folder.decision for folder in pushed] == [changed.decision, tiny_model.decision]


def test_a_table_of_another_library_is_refused(tiny_model):
    datasets = pytest.importorskip("datasets", reason="needs the extra train")
    rows = datasets.Dataset.from_dict({"text": SENTENCES})
    with pytest.raises(InputError, match=r"found: DataFrame; expected a datasets\.Dataset"):
        tiny_model.label_dataset(rows.to_pandas())


def test_map_labels_batches_as_label_dataset_labels_the_whole(tiny_model):
    datasets = pytest.importorskip("datasets", reason="needs the extra train")
    rows = datasets.Dataset.from_dict({"sentence": SENTENCES, "year": [1, 2, 3, 4]})
    named = {"text_column": "sentence"}
    mapped = rows.map(tiny_model.label_dataset, batched=True, batch_size=3, fn_kwargs=named)
    assert mapped[:] == tiny_model.label_dataset(rows, **named)[:]


def test_map_is_told_what_it_takes(tiny_model):
    datasets = pytest.importorskip("datasets", reason="needs the extra train")
    rows = datasets.Dataset.from_dict({"text": SENTENCES})
    with pytest.raises(InputError, match="expected a batch of rows: map with batched=True"):
        rows.map(tiny_model.label_dataset)
    with pytest.raises(InputError, match=r"for batches of map: one with_format\(None\)"):
        rows.with_format("pandas").map(tiny_model.label_dataset, batched=True)


@pytest.mark.parametrize("form", [None, "numpy"])
def test_the_rows_of_a_stream_are_labelled_as_they_are_read(tiny_model, monkeypatch, form):
    datasets = pytest.importorskip("datasets", reason="needs the extra train")
    monkeypatch.setattr("stance.dataset_columns.CHUNK", 2)
    read = []

    def rows():
        for text in SENTENCES:
            read.append(text)
            yield {"text": text}

    stream = tiny_model.label_dataset(
        datasets.IterableDataset.from_generator(rows).with_format(form)
    )
    assert read == []
    found = iter(stream)
    first = next(found)
    assert len(read) < len(SENTENCES)
    whole = datasets.Dataset.from_dict({"text": SENTENCES})
    assert [first, *found] == list(tiny_model.label_dataset(whole))


def test_a_stream_is_checked_before_it_is_read_or_with_its_first_rows(tiny_model):
    datasets = pytest.importorskip("datasets", reason="needs the extra train")
    rows = datasets.Dataset.from_dict({"text": [*SENTENCES, None]})
    with pytest.raises(InputError, match="no column 'body'; it has text"):
        tiny_model.label_dataset(rows.to_iterable_dataset(), text_column="body")
    unknown = datasets.IterableDataset.from_generator(lambda: iter([{"body": "a"}]))
    with pytest.raises(InputError, match="no column 'text'; it has body"):
        next(iter(tiny_model.label_dataset(unknown)))
    with pytest.raises(InputError, match="row 4 is a NoneType"):
        list(tiny_model.label_dataset(rows.to_iterable_dataset()))


def test_a_dataset_without_the_column_is_refused(tiny_model):
    datasets = pytest.importorskip("datasets", reason="needs the extra train")
    with pytest.raises(InputError, match="no column 'text'; it has body"):
        tiny_model.label_dataset(datasets.Dataset.from_dict({"body": ["a"]}))


@pytest.mark.parametrize("name", ["frames", "stance_cooperation"])
def test_labels_of_a_dataset_are_not_replaced(tiny_model, name):
    datasets = pytest.importorskip("datasets", reason="needs the extra train")
    gold = datasets.Dataset.from_dict({"text": SENTENCES, name: ["gold"] * 4})
    with pytest.raises(InputError, match=f"has a column '{name}' already"):
        tiny_model.label_dataset(gold)


@pytest.mark.parametrize("size", [1, 3])
def test_results_do_not_depend_on_the_size_of_batches(tiny_folder, tiny_model, size):
    expected = tiny_model.predict_proba(SENTENCES * 5)
    with stance.load(tiny_folder, batch_size=size) as small:
        eager = small.with_thresholds({"cooperation": 0.1})
        batches = small.prepare([("a", " ".join(SENTENCES))]).tokenized.batches
        assert max(len(batch.input_ids) for _, batch in batches) <= size
        assert np.array_equal(eager.predict_proba(SENTENCES * 5), expected)
        assert eager.batch_size == size


def test_batches_of_nothing_are_refused(tiny_folder):
    with pytest.raises(InputError, match="batch_size is 0; expected 1 or more"):
        stance.load(tiny_folder, batch_size=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": 0}, "unknown device 0; expected cpu or cuda"),
        ({"threads": 0}, "threads is 0; expected 1 or more"),
        ({"threads": "2"}, "threads is '2'; expected 1 or more"),
        ({"batch_size": 2.5}, r"batch_size is 2\.5; expected 1 or more"),
    ],
)
def test_options_of_another_kind_are_refused(tiny_folder, options, message):
    with pytest.raises(InputError, match=message):
        stance.load(tiny_folder, **options)


def test_a_model_is_not_loaded_again(tiny_model):
    with pytest.raises(InputError, match="found a StanceModel, expected a model folder"):
        stance.load(tiny_model)


def test_many_threads_share_one_model(tiny_model):
    expected = tiny_model.predict_proba(SENTENCES * 20)
    with ThreadPoolExecutor(8) as pool:
        for result in pool.map(lambda _: tiny_model.predict_proba(SENTENCES * 20), range(16)):
            np.testing.assert_array_equal(result, expected)


def predict_in_child(folder, results):
    with stance.load(folder) as model:
        results.put(model.predict_proba(SENTENCES * 50))


def test_a_spawned_process_gives_the_same(tiny_folder, tiny_model):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    child = context.Process(target=predict_in_child, args=(tiny_folder, results))
    child.start()
    np.testing.assert_array_equal(results.get(timeout=60), tiny_model.predict_proba(SENTENCES * 50))
    child.join()


def test_a_closed_model_says_so(tiny_folder):
    model = stance.load(tiny_folder)
    model.close()
    with pytest.raises(ModelError, match="closed"):
        model.predict(SENTENCES)


def test_any_iterable_of_texts_is_predicted(tiny_model):
    assert tiny_model.predict(text for text in SENTENCES) == tiny_model.predict(SENTENCES)


def test_a_column_of_pyarrow_is_a_list_of_texts(tiny_model):
    pyarrow = pytest.importorskip("pyarrow")
    for column in (pyarrow.array(SENTENCES), pyarrow.chunked_array([SENTENCES])):
        assert tiny_model.predict(column) == tiny_model.predict(SENTENCES)
    with pytest.raises(InputError, match="text 1 is a NoneType"):
        tiny_model.predict(pyarrow.array(["a", None]))


def test_a_table_is_not_taken_for_its_columns_names(tiny_model):
    with pytest.raises(InputError, match="found a table, expected a list of texts"):
        tiny_model.predict({"text": SENTENCES})


@pytest.mark.parametrize(
    "document",
    ["They agreed.", "ab", ("a", "b", "c"), {"id": "a", "text": "They agreed."}, {"a", "b"}, 5],
)
def test_documents_that_are_no_pairs_are_refused(tiny_model, document):
    with pytest.raises(InputError, match="expected a pair of an id and a text"):
        list(tiny_model.label_many([document]))
    with pytest.raises(InputError, match="expected a pair of an id and a text"):
        suggest(tiny_model, [document])


@pytest.mark.parametrize("given", [7, np.int64(7), np.str_("7")])
def test_the_id_of_a_document_becomes_text(tiny_model, given):
    results = [*tiny_model.label_many([(given, "They met.")]), tiny_model.label("a", id=given)]
    assert [(type(result.id), result.id) for result in results] == [(str, "7")] * 2


def test_a_stream_of_empty_texts_is_not_held(tiny_model):
    endless = ((str(number), "") for number in itertools.count())
    assert next(tiny_model.label_many(endless)).id == "0"


@pytest.fixture
def withholding(tiny_folder):
    """A model that has an abstention band."""
    with stance.load(tiny_folder) as model:
        model.decision = replace(model.decision, bands={0.05: ((0.2, 0.8),) * 4})
        yield model


def test_a_share_to_withhold_may_come_in_32_bits(withholding):
    expected = withholding.predict(SENTENCES, abstain=0.05)
    assert any(result.uncertain for result in expected)
    assert withholding.predict(SENTENCES, abstain=np.float32(0.05)) == expected


@pytest.mark.parametrize(
    ("abstain", "message"),
    [(0.42, "no abstention band for 0.42; the model has 0.05"), ("0.05", "abstain is '0.05'")],
)
def test_a_wrong_share_to_withhold_is_refused_before_the_work(withholding, abstain, message):
    withholding.close()  # The work would now be refused, in other words.
    unread = (pytest.fail("was read") for _ in range(1))
    with pytest.raises(InputError, match=message):
        withholding.predict(SENTENCES, abstain=abstain)
    with pytest.raises(InputError, match=message):
        withholding.label(SENTENCES[0], abstain=abstain)
    with pytest.raises(InputError, match=message):
        next(withholding.label_many(unread, abstain=abstain))


@pytest.mark.parametrize("again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_model_is_copied_and_pickled_as_it_decides_and_runs(tiny_folder, again):
    with stance.load(tiny_folder, batch_size=2, threads=1) as model:
        changed = model.with_thresholds({"cooperation": 0.125})
        expected = changed.predict(SENTENCES)
        other = again(changed)
    assert other.predict(SENTENCES) == expected
    assert other.options == {"backend": "onnx", "device": "cpu", "threads": 1, "batch_size": 2}


def test_a_pickle_of_a_model_whose_folder_holds_another_is_refused(tiny_folder, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    with stance.load(folder) as model:
        pickled = pickle.dumps(model)
        (folder / "tokenizer_config.json").write_text("{}")
        model.folder.write()
    with pytest.raises(ModelError, match="holds another model than the one that was pickled"):
        pickle.loads(pickled)


def test_a_model_whose_folder_holds_another_is_not_saved(tiny_folder, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    with stance.load(folder) as model:
        model.save(tmp_path / "before")
        (folder / "tokenizer_config.json").write_text("{}")
        model.folder.write()
        with pytest.raises(ModelError, match="holds another model than the one that was loaded"):
            model.save(tmp_path / "after")
        assert not (tmp_path / "after").exists()


def test_a_model_whose_folder_is_gone_says_so_when_it_is_saved(tiny_folder, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    with stance.load(folder) as model:
        shutil.rmtree(folder)
        with pytest.raises(ModelError, match="the folder of this model, is gone; put it back"):
            model.save(tmp_path / "mine")


def test_a_card_says_that_thresholds_are_not_those_of_its_figures(tiny_folder, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    card = "---\nlanguage: en\n---\n\n# tiny\n\nF1 0.5 at the threshold 0.5.\n"
    (folder / "README.md").write_text(card)
    with stance.load(folder) as model:
        model.with_thresholds({"cooperation": 0.9}).save(tmp_path / "first")
    line = "> Thresholds changed to `cooperation` 0.9; the figures are of the former ones.\n\n"
    assert (tmp_path / "first" / "README.md").read_text() == card.replace("# tiny", f"{line}# tiny")
    with stance.load(tmp_path / "first") as saved:
        assert saved.folder.figures["former_thresholds"] == {"cooperation": 0.5}
        saved.with_thresholds({"multipolarity": 0.25}).save(tmp_path / "second")
        saved.with_thresholds({"cooperation": 0.5}).save(tmp_path / "back")
    second = (tmp_path / "second" / "README.md").read_text()
    assert second.count("> Thresholds changed to `multipolarity` 0.25, `cooperation` 0.9;") == 1
    assert second.count("Thresholds changed") == 1
    assert (tmp_path / "back" / "README.md").read_text() == card
    with stance.load(tmp_path / "back") as back:
        assert "former_thresholds" not in back.folder.figures


def test_one_split_of_a_dataset_is_asked_for(tiny_model):
    datasets = pytest.importorskip("datasets", reason="needs the extra train")
    rows = datasets.Dataset.from_dict({"text": SENTENCES})
    splits = datasets.DatasetDict({"train": rows, "test": rows})
    with pytest.raises(InputError, match=r"expected one of them: dataset\['train'\], dataset"):
        tiny_model.label_dataset(splits)


def test_a_row_of_a_dataset_that_is_no_text_is_named_by_its_own_number(tiny_model, monkeypatch):
    datasets = pytest.importorskip("datasets", reason="needs the extra train")
    monkeypatch.setattr("stance.model.CHUNK", 2)
    rows = datasets.Dataset.from_dict({"text": ["a", "b", "c", None]})
    with pytest.raises(InputError, match="row 3 is a NoneType"):
        tiny_model.label_dataset(rows)


def test_a_model_of_a_relative_path_is_copied_from_any_folder(tiny_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tiny_folder.parent)
    with stance.load(tiny_folder.name) as model:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        with pickle.loads(pickle.dumps(model)) as again:
            assert again.folder.files == model.folder.files
        model.save("copy")
    with stance.load("copy") as saved:
        assert saved.folder.codebook == model.folder.codebook


def test_texts_of_numpy_are_those_of_python(tiny_model):
    [result] = tiny_model.predict(np.array(["They met."]))
    assert type(result.text) is str
    [document] = tiny_model.label_many([("a", np.str_("They met."))])
    assert type(document.sentences[0].text) is str


def test_documents_may_come_from_a_generator(tiny_model):
    texts = ("They met.", "The states trade. It rained.")
    given = ((f"d{n}", text) for n, text in enumerate(texts))
    found = tiny_model.label_prepared(tiny_model.prepare(given))
    assert [len(result.sentences) for result in found] == [1, 2]


def test_what_are_no_documents_is_named(tiny_model):
    with pytest.raises(InputError, match="found a NoneType, expected pairs of an id and a text"):
        next(tiny_model.label_many(None))
    with pytest.raises(InputError, match="keep_all is 'no'; expected True or False"):
        tiny_model.label("They met.", keep_all="no")
    with pytest.raises(InputError, match="found a ndarray, expected a list of texts"):
        tiny_model.predict(np.array("They met."))


def test_a_text_without_words_is_not_computed(tiny_model):
    texts = ["." * 100_000, "They met.", "* * *"]
    tokenized = tiny_model._tokenize(texts)
    assert sum(len(batch.input_ids) for _, batch in tokenized.batches) == 3
    assert [result.text for result in tiny_model.predict(texts)] == texts
    assert tiny_model.predict(texts)[0].frames == {}
