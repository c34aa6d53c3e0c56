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
from stance.finetuning.plan import (
    _nearest_to_even_first,
    assign_folds,
    make_plan,
    split_rows,
    training_rows,
)
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


def sentence_encoder(folder):
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "bert"}')
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode": "mean"}')
    return dataclasses.replace(base(), path=folder)


def test_few_rows_start_from_a_fitted_head_and_a_sentence_encoder_from_its_mean(tmp_path):
    sentences = sentence_encoder(tmp_path)
    states = np.zeros((50, 2), np.int64)
    chosen = make_plan(rows(50), states, sentences, frames=("a", "b"))
    assert (chosen.mean_layer, chosen.fit_head) == (True, True)
    assert (plan(50).mean_layer, plan(50_000).fit_head) == (False, False)
    for word in ("mean of the tokens", "40 steps that bring", "head fitted"):
        assert word in chosen.describe()


def test_only_few_rows_first_teach_a_sentence_encoder_which_are_alike(tmp_path):
    sentences = sentence_encoder(tmp_path / "raw")
    states = np.zeros((1_001, 1), np.int64)
    few = make_plan(rows(1_000), states[:1_000], sentences, frames=("jobs",))
    assert (few.mean_layer, few.contrast_steps) == (True, 40)
    more = make_plan(rows(1_001), states, sentences, frames=("jobs",))
    assert (more.mean_layer, more.contrast_steps) == (True, 0)
    (tmp_path / "known").mkdir()
    known = classifier(tmp_path / "known", "war")
    other = make_plan(rows(50), states[:50], known, frames=("jobs",))
    assert (other.mean_layer, other.contrast_steps) == (True, 0)
    assert "together" not in other.describe()


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


def test_rare_states_weigh_more():
    states = np.zeros((100, 1), np.int64)
    states[:25], states[25:29] = 1, 3
    weights = make_plan(rows(100), states, base(), frames=("a",)).recipe.state_weights
    assert weights[0] == 1.0 < weights[1] < weights[3] <= 4.0


def test_common_states_weigh_as_much():
    states = np.ones((100, 1), np.int64)
    assert make_plan(rows(100), states, base(), frames=("a",)).recipe.state_weights[1] == 1.0


def weights_of(*states):
    found = np.array(states)[:, None]
    return make_plan(rows(len(found)), found, base(), frames=("a",)).recipe.state_weights


def test_stances_that_were_not_coded_count_for_each():
    absent, not_coded = [0] * 200, [-1] * 100
    # A third of 100 for each; about a half of them and two quarters; 59, 20 and 20.
    assert weights_of(*absent, *not_coded) == (1.0, 2.4, 2.4, 2.4)
    assert weights_of(*absent, *not_coded[1:], 1) == (1.0, 2.0, 2.8, 2.8)
    assert weights_of(*absent, *[-1] * 50, *[1] * 30, *[2] * 10, *[3] * 10) == (1.0, 1.8, 3.1, 3.1)


@given(st.lists(st.integers(0, 3), min_size=20, max_size=200))
def test_weights_of_coded_stances_are_those_of_their_counts(states):
    counts = np.maximum(1, np.bincount(states, minlength=4))
    expected = np.sqrt(np.bincount(states, minlength=4)[0] / counts).clip(1, 4).round(1)
    assert weights_of(*states) == (1.0, *expected[1:])


def length_of(*tokens, max_length=512):
    """Return how many tokens are read of rows that have so many each."""
    states, counted = np.zeros((20, 1), np.int64), np.array(tokens)
    options = {"frames": ("a",), "tokens": counted}
    return make_plan(rows(20), states, base(max_length=max_length), **options).recipe.max_length


def test_texts_of_more_tokens_than_usual_are_read_as_far_as_the_encoder_can():
    assert (length_of(*[128] * 20), length_of(*[129] * 20)) == (128, 512)
    assert (length_of(*[400] * 20, max_length=30), length_of(9, max_length=30)) == (30, 30)


def test_one_long_text_of_very_many_is_cut():
    assert length_of(*[20] * 200, 400) == 128
    assert length_of(*[20] * 98, 400, 400) == 512


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


@pytest.mark.parametrize("sizes", [(75, 7, 6, 6, 6), (75, 13, 12), (75, 25)])
def test_a_document_of_most_rows_is_not_held_out_first(sizes):
    part = np.repeat(np.arange(len(sizes)), sizes)
    assert np.bincount(_nearest_to_even_first(part, len(sizes)))[0] == sizes[1]


@given(st.lists(st.integers(0, 4), min_size=1))
def test_parts_that_are_numbered_anew_hold_the_same_rows(part):
    found = _nearest_to_even_first(np.array(part), 5).tolist()
    assert len(set(zip(part, found, strict=True))) == len(set(part)) == len(set(found))
    assert set(found) <= set(range(5))


def split(found):
    states = np.zeros((len(found), 1), np.int64)
    return split_rows(found, states, make_plan(found, states, base(), frames=("a",)))


def of_documents(**sizes):
    return [
        LabelledRow(f"{name}{n}", name, f"text {name} {n}", {})
        for name, size in sizes.items()
        for n in range(size)
    ]


@pytest.mark.parametrize("least", [1, 99])
def test_a_part_that_is_too_small_to_measure_on_is_refused(least):
    with pytest.raises(InputError, match=f"only {least} rows can be held out.*--group-by id"):
        split(of_documents(a=5_000, b=least))


def test_parts_of_a_sound_size_are_held_out():
    assert np.bincount(split(of_documents(a=5_000, b=100))).tolist() == [100, 5_000]
    assert np.bincount(split(of_documents(a=40, b=1))).tolist() == [40, 1]


def test_documents_that_leave_nothing_to_train_on_are_refused_by_name():
    reprinted = [*of_documents(a=10), LabelledRow("b1", "b", "Text A, 3.", {})]
    with pytest.raises(InputError, match="all rows but those of a repeat texts of these"):
        split(reprinted)
    with pytest.raises(InputError, match="take the copies out, add rows with other texts, or"):
        split(rows(30))


def test_a_copy_of_what_is_held_out_is_not_trained_on():
    found = [*of_documents(a=2, b=2), LabelledRow("c1", "c", "TEXT a 1!", {})]
    part = np.array([0, 0, 1, 1, 1])
    assert training_rows(found, part, 0) == [2, 3]
    assert training_rows(found, part, 1) == [0]
