"""Settings follow from the data and the base; the split follows the documents."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.codebook import Codebook, Frame
from stance.decision import Decision
from stance.errors import InputError
from stance.files import LabelledRow
from stance.finetuning.bases import Base
from stance.finetuning.plan import assign_folds, make_plan
from stance.store import ModelFolder


def base(width=384, max_length=512):
    return Base(Path(), "base", None, None, width, 6, max_length, "en")


def rows(number, documents=10, text="a short sentence"):
    return [LabelledRow(str(n), f"d{n % documents}", text, {}) for n in range(number)]


def plan(number, width=384, **options):
    states = np.zeros((number, 2), np.int64)
    states[::10, 0] = 1
    return make_plan(rows(number), states, base(width), frames=("a", "b"), **options)


@pytest.mark.parametrize("number", [50, 500])
def test_few_rows_are_each_held_out_once(number):
    chosen = plan(number)
    assert chosen.held_out == chosen.folds >= 3
    assert chosen.choose_epochs


def test_many_rows_have_one_held_out_fifth_and_end_early():
    chosen = plan(50_000)
    assert (chosen.folds, chosen.held_out, chosen.patience) == (5, 1, 1)


def test_epochs_fall_and_batches_grow_with_the_rows():
    recipes = [plan(number).recipe for number in (50, 500, 2_000, 50_000)]
    epochs = [recipe.epochs for recipe in recipes]
    sizes = [recipe.batch_size for recipe in recipes]
    assert epochs == sorted(epochs, reverse=True)
    assert sizes == sorted(sizes)


def test_wide_encoders_learn_slower():
    assert plan(50_000, width=384).recipe.learning_rate == pytest.approx(1.2e-4)
    assert plan(50_000, width=768).recipe.learning_rate == pytest.approx(3e-5)


def test_few_rows_are_learnt_slower_and_with_dropout():
    few, many = plan(50).recipe, plan(50_000).recipe
    assert few.learning_rate < many.learning_rate
    assert few.dropout > many.dropout


def test_few_rows_start_from_a_fitted_head_and_a_sentence_encoder_from_its_mean(tmp_path):
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode": "mean"}')
    sentences = dataclasses.replace(base(), path=tmp_path)
    states = np.zeros((50, 2), np.int64)
    chosen = make_plan(rows(50), states, sentences, frames=("a", "b"))
    assert (chosen.mean_layer, chosen.fit_head) == (True, True)
    assert (plan(50).mean_layer, plan(50_000).fit_head) == (False, False)
    for word in ("mean of the tokens", "head fitted"):
        assert word in chosen.describe()


def classifier(folder, *frames, build="bert"):
    (folder / "config.json").write_text(json.dumps({"model_type": build}), encoding="utf-8")
    book = Codebook(tuple(Frame(name) for name in frames))
    decision = Decision.plain(len(frames))
    found = ModelFolder(folder, "known", "1", "en", book, decision, 128)
    return dataclasses.replace(base(), path=folder, folder=found)


def test_few_rows_of_other_frames_replace_what_a_classifier_learnt_for_its_own(tmp_path):
    states = np.zeros((50, 2), np.int64)
    known = classifier(tmp_path, "war", "peace")
    other = make_plan(rows(50), states, known, frames=("jobs", "prices"))
    assert (other.dropped_layers, other.mean_layer, other.fit_head) == (3, True, True)
    assert "upper 3 layers dropped" in other.describe()
    for frames in (("war", "peace"), ("war", "prices")):
        kept = make_plan(rows(50), states, known, frames=frames)
        assert (kept.dropped_layers, kept.mean_layer) == (0, False)
        assert kept.recipe.learning_rate < other.recipe.learning_rate


def test_many_rows_of_other_frames_unlearn_by_themselves(tmp_path):
    states = np.zeros((50_000, 1), np.int64)
    many = make_plan(rows(50_000), states, classifier(tmp_path, "war"), frames=("jobs",))
    assert (many.dropped_layers, many.mean_layer) == (0, False)
    assert many.recipe.learning_rate == plan(50_000).recipe.learning_rate


def test_an_encoder_of_another_build_keeps_its_layers_and_learns_as_fast(tmp_path):
    states = np.zeros((50, 1), np.int64)
    known = classifier(tmp_path, "war", build="modernbert")
    other = make_plan(rows(50), states, known, frames=("jobs",))
    assert (other.dropped_layers, other.mean_layer) == (0, False)
    assert other.recipe.learning_rate > plan(50).recipe.learning_rate


def test_given_epochs_are_kept():
    chosen = plan(50_000, epochs=7)
    assert (chosen.recipe.epochs, chosen.choose_epochs, chosen.patience) == (7, False, 0)


def test_no_epochs_are_refused():
    with pytest.raises(InputError, match="expected 1 or more"):
        plan(50, epochs=0)


def test_rare_states_weigh_more():
    states = np.zeros((100, 1), np.int64)
    states[:25], states[25:29] = 1, 3
    weights = make_plan(rows(100), states, base(), frames=("a",)).recipe.state_weights
    assert weights[0] == 1.0 < weights[1] < weights[3] <= 4.0


def test_common_states_weigh_as_much():
    states = np.ones((100, 1), np.int64)
    assert make_plan(rows(100), states, base(), frames=("a",)).recipe.state_weights[1] == 1.0


def test_long_texts_are_read_as_far_as_the_encoder_can():
    states = np.zeros((20, 1), np.int64)
    long = rows(20, text="word " * 400)
    assert make_plan(long, states, base(), frames=("a",)).recipe.max_length == 512
    assert make_plan(long, states, base(max_length=30), frames=("a",)).recipe.max_length == 30


def test_few_documents_make_few_parts():
    states = np.zeros((20, 1), np.int64)
    assert make_plan(rows(20, documents=3), states, base(), frames=("a",)).folds == 3


def test_the_settings_are_shown():
    shown = plan(50_000).describe()
    for word in ("at most 3 epochs", "learning rate 1.2e-04", "absent 1", "seed 13", "once"):
        assert word in shown


@given(
    st.integers(2, 5), st.lists(st.integers(0, 30), min_size=40, max_size=120), st.integers(0, 9)
)
def test_no_document_is_in_two_parts(folds, documents, seed):
    found = [LabelledRow(str(i), str(name), "x", {}) for i, name in enumerate(documents)]
    states = np.array([[name % 4] for name in documents])
    parts = assign_folds(found, states, folds, seed=seed)
    by_document = {}
    for part, row in zip(parts, found, strict=True):
        assert by_document.setdefault(row.document, part) == part
    assert set(parts) <= set(range(folds))


def test_parts_are_of_like_size_and_like_frames():
    number = 600
    states = np.zeros((number, 2), np.int64)
    states[::20, 0] = 1
    parts = assign_folds(rows(number, documents=120), states, 5, seed=0)
    sizes = np.bincount(parts)
    carried = np.bincount(parts, weights=states[:, 0])
    assert sizes.max() - sizes.min() <= 20
    assert carried.max() - carried.min() <= 10
