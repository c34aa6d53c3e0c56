"""`StanceClassifier` among scikit-learn's tools."""

import gc
import logging
import os
import pickle
import subprocess
import sys
import tempfile
import unicodedata

import numpy as np
import pytest

pytest.importorskip("sklearn")

from scipy.sparse import csr_array
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import GroupKFold, cross_val_predict, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks, get_tags

import stance
from stance.codebook import Codebook, Frame
from stance.errors import CodebookError, InputError
from stance.estimator import StanceClassifier

BOOK = Codebook((Frame("weather"), Frame("trade")))
TEXTS = [f"{('rain and', 'states trade', 'two sides')[n % 3]} {chr(97 + n)}" for n in range(18)]
INDICATOR = np.array([[(1, 0), (0, 1), (0, 0)][n % 3] for n in range(18)])
LABELS = [({"weather": "favor"}, {"trade": "against"}, {})[n % 3] for n in range(18)]
GROUPS = [f"d{n % 4}" for n in range(18)]


@pytest.fixture
def classifier(tiny_folder):
    return StanceClassifier(base=tiny_folder, codebook=BOOK, epochs=1)


@pytest.fixture(scope="module")
def fitted(tiny_folder):
    return StanceClassifier(base=tiny_folder, codebook=BOOK, epochs=1).fit(
        TEXTS, LABELS, groups=GROUPS
    )


def test_predictions_are_indicators_of_the_frames(fitted):
    predicted = fitted.predict(TEXTS)
    assert fitted.frames_ == BOOK.names
    assert (predicted.shape, set(predicted.ravel()) <= {0, 1}) == ((18, 2), True)


def test_probabilities_decide_the_predictions(fitted):
    present = fitted.predict_proba(TEXTS)
    assert present.shape == (18, 2)
    thresholds = np.array(fitted.model_.decision.thresholds, dtype=np.float32)
    np.testing.assert_array_equal(fitted.predict(TEXTS), present >= thresholds)


def test_the_model_knows_the_stances(fitted):
    states = fitted.model_.predict_proba(TEXTS)
    assert states.shape == (18, 2, 4)


def test_the_score_is_the_macro_f1(fitted):
    expected = f1_score(INDICATOR, fitted.predict(TEXTS), average="macro", zero_division=1)
    assert fitted.score(TEXTS, LABELS) == pytest.approx(expected)
    assert fitted.score(TEXTS, INDICATOR) == pytest.approx(expected)


def test_a_frame_that_no_row_carries_is_left_out_of_the_score(fitted):
    weather = ["weather:favor" if there else "" for there in INDICATOR[:, 0]]
    expected = f1_score(INDICATOR[:, 0], fitted.predict(TEXTS)[:, 0])
    assert fitted.score(TEXTS, weather) == pytest.approx(expected)
    assert np.isnan(fitted.score(TEXTS, [""] * 18))


def test_a_frame_that_the_model_does_not_know_cannot_be_scored(fitted):
    with pytest.raises(CodebookError, match="unknown frame 'sport'"):
        fitted.score(TEXTS, ["sport:favor"] * 18)


def test_one_frame_is_scored_by_itself_and_what_is_found_in_the_rows_is_logged(tiny_folder, caplog):
    book = Codebook((Frame("weather"),))
    weather = INDICATOR[:, :1]
    with caplog.at_level(logging.WARNING, "stance.finetune"):
        fitted = StanceClassifier(base=tiny_folder, codebook=book, epochs=1).fit(TEXTS, weather)
    assert "only 6 rows carry weather" in caplog.text
    assert fitted.score(TEXTS, weather) == pytest.approx(f1_score(weather, fitted.predict(TEXTS)))


@pytest.mark.parametrize("by", ["codebook", "columns"])
def test_a_frame_that_a_fold_lacks_is_predicted_nowhere(tiny_folder, caplog, by):
    pandas = pytest.importorskip("pandas")
    book = Codebook((Frame("rare"), *BOOK.frames))
    indicator = np.hstack([np.zeros((18, 1), dtype=int), INDICATOR])
    y = pandas.DataFrame(indicator, columns=book.names) if by == "columns" else indicator
    classifier = StanceClassifier(
        tiny_folder, codebook=book if by == "codebook" else None, epochs=1
    )
    with caplog.at_level(logging.WARNING, "stance.finetune"):
        classifier.fit(TEXTS, y)
    assert "no row carries rare, and the base does not know it" in caplog.text
    assert classifier.frames_ == book.names
    assert classifier.classes_.shape == (3, 2)
    present = classifier.predict_proba(TEXTS)
    assert (present.shape, present[:, 0].max(), present[:, 1:].min() > 0) == ((18, 3), 0, True)
    assert not classifier.predict(TEXTS)[:, 0].any()
    indicator[0, 0] = 1
    expected = f1_score(indicator, classifier.predict(TEXTS), average="macro")
    assert classifier.score(TEXTS, indicator) == pytest.approx(expected)
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(again.predict_proba(TEXTS), present)


def test_a_pickle_predicts_the_same(fitted):
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(TEXTS), fitted.predict_proba(TEXTS))


def test_a_pickle_decides_by_the_changed_thresholds(fitted):
    changed = pickle.loads(pickle.dumps(fitted))
    changed.model_ = changed.model_.with_thresholds({"weather": 0.0, "trade": 1.0})
    changed.model_.batch_size = 3
    again = pickle.loads(pickle.dumps(changed))
    assert again.predict(TEXTS).tolist() == [[1, 0]] * 18
    assert again.model_.batch_size == 3


FORKED = """
import os, pickle, sys
with open(sys.argv[1], "rb") as file:
    own = pickle.load(file)
if not os.fork():
    sys.exit()
os.wait()
pickle.dumps(own)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_the_files_of_a_model_outlive_a_forked_child(fitted, tmp_path):
    (tmp_path / "own.pickle").write_bytes(pickle.dumps(fitted))
    command = [sys.executable, "-c", FORKED, str(tmp_path / "own.pickle")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_files_of_a_model_live_as_long_as_it_does(fitted, tmp_path):
    changed = pickle.loads(pickle.dumps(fitted)).model_.with_thresholds({"weather": 0.25})
    folder = changed.folder.path
    gc.collect()
    changed.save(tmp_path / "mine")
    assert (tmp_path / "mine" / "stance.json").is_file()
    del changed
    gc.collect()
    assert not folder.exists()


def test_a_training_that_fails_leaves_no_files(classifier, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(InputError, match="none of the 18 rows has a frame"):
        classifier.fit(TEXTS, [""] * 18)
    assert list(tmp_path.iterdir()) == []


def test_a_clone_has_the_settings_and_no_model(fitted):
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(TEXTS)


def test_cross_validation_by_groups_in_a_pipeline(classifier):
    pipeline = make_pipeline(FunctionTransformer(list), classifier)
    scoring = {
        "f1": make_scorer(f1_score, average="macro", zero_division=0),
        "average_precision": "average_precision",
        "roc_auc": "roc_auc",
    }
    found = cross_validate(
        pipeline,
        np.array(TEXTS, dtype=object),
        INDICATOR,
        groups=GROUPS,
        cv=GroupKFold(2),
        scoring=scoring,
        params={"stanceclassifier__groups": GROUPS},
        error_score="raise",
    )
    for name in scoring:
        scores = found[f"test_{name}"]
        assert len(scores) == 2
        assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_predictions_of_the_folds_are_put_together(fitted, method):
    found = cross_val_predict(
        FrozenEstimator(fitted), TEXTS, INDICATOR, groups=GROUPS, cv=GroupKFold(2), method=method
    )
    np.testing.assert_allclose(found, getattr(fitted, method)(TEXTS), atol=1e-3)


def test_it_is_a_multi_label_classifier_of_strings(classifier):
    tags = get_tags(classifier)
    assert is_classifier(classifier)
    assert tags.classifier_tags.multi_label
    assert tags.input_tags.string


@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_set_params,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_valid_tag_types,
    ],
    ids=lambda check: check.__name__,
)
def test_the_checks_of_scikit_learn_that_need_no_numbers(check):
    check("StanceClassifier", StanceClassifier())


@pytest.mark.parametrize(
    ("texts", "labels", "words"),
    [
        ("one text", LABELS[:8], "expected a sequence of texts"),
        ([1, 2], LABELS[:2], "no sequence of texts"),
        ([], [], "no sequence of texts"),
        (TEXTS, LABELS[:3], "y holds 3 labels"),
        (TEXTS, None, "y holds no labels"),
        (TEXTS, INDICATOR[:, :1], "y has 1 columns"),
        (TEXTS, INDICATOR * 2, "neither labels"),
        (TEXTS, [[1, 0], [1]] * 9, "neither labels"),
        (TEXTS, csr_array(INDICATOR), r"y is a csr_array; expected .* y\.toarray\(\)"),
        (TEXTS, iter(LABELS), "expected a list of labels"),
        (TEXTS, np.array([[1, np.nan]] * 18), "neither labels"),
        (TEXTS, np.array([[1, None]] * 18), "neither labels"),
    ],
)
def test_wrong_input_is_refused(classifier, texts, labels, words):
    with pytest.raises(InputError, match=words):
        classifier.fit(texts, labels)


def test_whole_numbers_with_gaps_are_refused(classifier):
    pandas = pytest.importorskip("pandas")
    gaps = pandas.array([1, None] * 9, dtype="Int64")
    with pytest.raises(InputError, match=r"y is neither labels .* nor an array of 0 and 1"):
        classifier.fit(TEXTS, pandas.DataFrame({"weather": gaps, "trade": [0, 1] * 9}))


class TrainedError(Exception):
    """Ends a training before it begins."""


@pytest.fixture
def trained_on(classifier, monkeypatch):
    """Return the rows that a call of ``fit`` trains on."""

    def finetune(rows, **_):
        raise TrainedError(rows)

    def trained_on(labels, groups=None):
        with pytest.raises(TrainedError) as found:
            classifier.fit(TEXTS[: len(labels)], labels, groups=groups)
        return found.value.args[0]

    monkeypatch.setattr("stance.estimator.finetune", finetune)
    return trained_on


def test_a_text_without_a_group_is_a_document_by_itself(trained_on):
    pandas = pytest.importorskip("pandas")
    groups = ["a", None, float("nan"), pandas.NA, " ", 7, "a"]
    column = np.array(groups, dtype=object)[:, None]
    for given in (groups, pandas.Series(groups), column, dict(enumerate(groups)).values()):
        documents = [row.document for row in trained_on(LABELS[:7], given)]
        assert documents == ["a", "row 1", "row 2", "row 3", "row 4", "7", "a"]


def test_groups_of_several_columns_are_refused(classifier):
    groups = np.array([("a", 2020)] * len(TEXTS), dtype=object)
    with pytest.raises(InputError, match=r"groups has the shape \(18, 2\); expected one document"):
        classifier.fit(TEXTS, LABELS, groups=groups)


@pytest.mark.parametrize("column", ["pandas", "pyarrow"])
def test_a_struct_names_frames_that_are_absent(trained_on, caplog, column):
    made = {"pandas": "Series", "pyarrow": "array"}
    library = pytest.importorskip(column)
    labels = [{frame: row.get(frame) for frame in BOOK.names} for row in LABELS]
    rows = trained_on(getattr(library, made[column])(labels))
    assert [row.frames for row in rows] == LABELS
    assert "18 rows of y have None for a frame; all rows name the same frames" in caplog.text


def test_rows_that_name_different_frames_have_stances_that_were_not_coded(trained_on):
    pandas = pytest.importorskip("pandas")
    labels = [dict.fromkeys(row) for row in LABELS]
    for given in (labels, pandas.Series(labels)):
        assert [row.frames for row in trained_on(given)] == labels


def test_groups_of_another_length_are_refused(classifier):
    with pytest.raises(InputError, match="groups holds 3 documents; expected one for each"):
        classifier.fit(TEXTS, LABELS, groups=GROUPS[:3])


def test_the_notation_and_a_column_of_texts_are_read(tiny_folder):
    fitted = StanceClassifier(base=tiny_folder, epochs=1).fit(
        np.array(TEXTS, dtype=object)[:, None], ["weather:favor", "trade", ""] * 6, groups=GROUPS
    )
    assert fitted.frames_ == ("trade", "weather")


def test_the_rows_order_is_not_that_of_the_columns(tiny_folder):
    labels = [("weather:favor", "", "trade:against")[n % 3] for n in range(18)]
    there, back = (
        StanceClassifier(base=tiny_folder, epochs=1).fit(TEXTS[::step], labels[::step])
        for step in (1, -1)
    )
    assert there.frames_ == back.frames_ == ("trade", "weather")


def test_columns_of_an_indicator_keep_their_order_without_a_codebook(tiny_folder, caplog):
    indicator = INDICATOR[:, ::-1]
    with caplog.at_level(logging.WARNING, "stance.finetune"):
        fitted = StanceClassifier(base=tiny_folder, epochs=1).fit(TEXTS, indicator, groups=GROUPS)
    assert "the base knows 4 frames; they are called frame_1, frame_2" in caplog.text
    assert (indicator[0].tolist(), fitted.frames_) == ([0, 1], ("frame_1", "frame_2"))
    present = fitted.predict_proba(TEXTS)
    for column in (0, 1):
        carried = indicator[:, column] == 1
        assert present[carried, column].mean() > present[~carried, column].mean()


def test_columns_without_names_are_the_frames_of_a_base_with_as_many(tiny_folder, caplog):
    known = stance.load(tiny_folder).codebook
    indicator = np.hstack([INDICATOR, 1 - INDICATOR])
    with caplog.at_level(logging.WARNING, "stance.finetune"):
        fitted = StanceClassifier(base=tiny_folder, epochs=1).fit(TEXTS, indicator, groups=GROUPS)
    assert fitted.model_.codebook == known
    assert f"taken for the base's frames in this order, {', '.join(known.names)};" in caplog.text
    assert np.isfinite(fitted.score(TEXTS, indicator))


def test_columns_of_a_pandas_frame_go_by_their_names(tiny_folder):
    pandas = pytest.importorskip("pandas")
    named = pandas.DataFrame(INDICATOR, columns=["trade", "weather"])
    fitted = StanceClassifier(base=tiny_folder, epochs=1).fit(TEXTS, named, groups=GROUPS)
    assert fitted.frames_ == ("trade", "weather")
    turned = pandas.DataFrame(INDICATOR[:, ::-1], columns=["weather", "trade"])
    assert fitted.score(TEXTS, turned) == fitted.score(TEXTS, named)


def test_columns_of_a_pyarrow_table_go_by_their_names(fitted, classifier):
    pyarrow = pytest.importorskip("pyarrow")
    named = pyarrow.table(dict(zip(BOOK.names, INDICATOR.T, strict=True)))
    turned = named.select(["trade", "weather"])
    expected = fitted.score(TEXTS, INDICATOR)
    assert fitted.score(TEXTS, named) == fitted.score(TEXTS, turned) == expected
    with pytest.raises(InputError, match=r"pass y\.select\(\['weather', 'trade'\]\)"):
        classifier.fit(TEXTS, turned)
    classifier.set_params(codebook=None).fit(TEXTS, turned)
    assert classifier.frames_ == ("trade", "weather")


def test_columns_in_another_order_than_the_codebooks_are_refused(classifier):
    pandas = pytest.importorskip("pandas")
    turned = pandas.DataFrame(INDICATOR[:, ::-1], columns=["trade", "weather"])
    with pytest.raises(InputError, match=r"another order .* pass y\[\['weather', 'trade'\]\]"):
        classifier.fit(TEXTS, turned, groups=GROUPS)


def test_columns_that_the_codebook_does_not_name_are_refused(tiny_folder):
    pandas = pytest.importorskip("pandas")
    book = Codebook((Frame("weather"), Frame("trade")))
    other = pandas.DataFrame(INDICATOR, columns=["weather", "sport"])
    with pytest.raises(InputError, match="the columns weather, sport; the codebook has the frames"):
        StanceClassifier(base=tiny_folder, codebook=book).fit(TEXTS, other, groups=GROUPS)


def test_columns_with_accents_apart_are_fitted_and_scored_alike(tiny_folder):
    pandas = pytest.importorskip("pandas")
    names = [unicodedata.normalize("NFD", name) for name in ("météo", "협력")]
    y = pandas.DataFrame(INDICATOR, columns=names)
    fitted = StanceClassifier(tiny_folder, epochs=1).fit(TEXTS, y)
    assert fitted.frames_ == ("météo", "협력")
    assert fitted.score(TEXTS, y) == pytest.approx(fitted.score(TEXTS, INDICATOR))
