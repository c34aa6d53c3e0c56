"""``StanceClassifier``: fine-tuning and prediction as a scikit-learn estimator.

This module imports scikit-learn as it loads.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from stance.codebook import STATES, Codebook, Frame, Labels, composed, parse_labels
from stance.decision import states_of
from stance.errors import InputError
from stance.files import LabelledRow
from stance.files.cells import is_empty, is_missing
from stance.finetuning.bases import open_base
from stance.finetuning.data import read_as_absent
from stance.finetuning.run import finetune
from stance.model import StanceModel, load
from stance.scoring import score

__all__ = ["StanceClassifier"]

logger = logging.getLogger("stance.finetune")


class StanceClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A multi-label classifier of texts: one column a frame.

    ``score`` is the macro-F1 of the frames. Copies and pickles carry the trained model with them.
    What is found in the rows is logged, by the logger of ``stance.finetune``.

    ``X`` is a sequence of texts. ``y`` is the labels of each: a mapping of frame → stance, the text
    ``cooperation:favor;trade:against``, or an indicator array of shape (n, F), whose columns are
    the frames of ``codebook`` (1: the frame is there, its stance is not coded). A pandas frame or a
    pyarrow table names its columns; without a ``codebook`` they are the frames. Columns without
    names are the base's frames where it has as many, and ``frame_1``, ``frame_2``, ... otherwise.

    A stance of None in a mapping was not coded. But where a column of mappings (pandas, pyarrow)
    names the same frames in every row, as a struct does, None stands for a frame that is absent.

    Predictions are indicator arrays of shape (n, F), as scikit-learn's metrics want them; the model
    with the stances is in ``model_``. These metrics want an indicator array as ``y`` too, and take
    one of a single frame for two classes, present and absent. Frames that are known from labels
    alone stand in the order of their names; where folds may lack one, give a ``codebook`` or an
    indicator array. A frame that no row carries, and the base does not know, is predicted nowhere.

    Args:
        base: what training starts from, as in ``stance.finetune``.
        codebook: the frames; by default the base's or those of ``y``.
        epochs: exactly so many; chosen on held-out rows by default.
        seed: of everything random.

    Attributes:
        model_: the fine-tuned ``StanceModel``; its files go when it does, ``model_.save`` keeps
            them. It has the frames that could be learnt.
        frames_: the names of the F frames.
        classes_: what each frame may be: 0 and 1, array of shape (F, 2).

    Documents are kept together both in the folds and in each training:

    >>> from sklearn.model_selection import GroupKFold, cross_validate
    >>> scores = cross_validate(StanceClassifier(), texts, indicator, groups=documents,
    ...     cv=GroupKFold(5), scoring="f1_macro",
    ...     params={"groups": documents})  # doctest: +SKIP
    """

    def __init__(
        self,
        base: str | Path | None = None,
        *,
        codebook: Codebook | Mapping[str, Any] | str | Path | None = None,
        epochs: int | None = None,
        seed: int = 13,
    ) -> None:
        self.base = base
        self.codebook = codebook
        self.epochs = epochs
        self.seed = seed

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags

    def fit(
        self,
        X: Sequence[str],  # noqa: N803  (scikit-learn's name)
        y: Any,
        groups: Sequence[object] | None = None,
    ) -> StanceClassifier:
        """Fine-tune.

        Args:
            X: n texts.
            y: their labels.
            groups: the document of each; held out together. Where it is missing, a text is a
                document by itself.

        Raises:
            InputError: X is not a sequence of texts, y or groups is not as long, y is no labels, or
                its columns stand in another order than the codebook's frames; groups has several
                columns.
        """
        texts = _texts(X)
        codebook = None if self.codebook is None else Codebook.of(self.codebook)
        labels = _labels(y, len(texts), codebook.names if codebook else ())
        if codebook is None and np.ndim(y) == 2:
            codebook = _codebook_of_columns(y, self.base)
            labels = _labels(y, len(texts), codebook.names)
        _require_order(y, codebook.names if codebook else ())
        ids = [f"row {index}" for index in range(len(texts))]
        documents = ids if groups is None else _documents(groups, ids)
        rows = list(map(LabelledRow, ids, documents, texts, labels))
        learnt = None if codebook is None else _learnable(codebook, labels, self.base)
        self.model_ = _in_own_folder(
            lambda folder: finetune(
                rows,
                output=folder / "model",
                base=self.base,
                codebook=learnt,
                epochs=self.epochs,
                seed=self.seed,
            )
        )
        self.frames_ = (codebook or self.model_.codebook).names
        # An array: a list would stand for predict_proba that gives an array for each frame.
        self.classes_ = np.array([[0, 1]] * len(self.frames_))
        return self

    def predict(self, X: Sequence[str]) -> NDArray[np.int64]:  # noqa: N803
        """Return which frames are there, int array of shape (n, F), 0 or 1.

        Raises:
            NotFittedError: ``fit`` was not called.
            InputError: X is not a sequence of texts.
        """
        check_is_fitted(self, "model_")
        _, states = self._judge(_texts(X))
        return (states > 0).astype(np.int64)

    def predict_proba(self, X: Sequence[str]) -> NDArray[np.float32]:  # noqa: N803
        """Return P(frame), calibrated, float32 of shape (n, F).

        Raises:
            NotFittedError: ``fit`` was not called.
            InputError: X is not a sequence of texts.
        """
        check_is_fitted(self, "model_")
        probabilities, _ = self._judge(_texts(X))
        present: NDArray[np.float32] = 1 - probabilities[..., 0]
        return present

    def score(self, X: Sequence[str], y: Any) -> float:  # noqa: N803
        """Return the macro-F1 of the frames, 0 to 1, as ``stance.evaluate`` does.

        A frame that no row of ``y`` carries is left out; where none carries any, it is NaN.

        Raises:
            NotFittedError: ``fit`` was not called.
            InputError: X is not a sequence of texts, or y is not as long or no labels.
            CodebookError: y has a frame or a stance that is unknown.
        """
        check_is_fitted(self, "model_")
        texts = _texts(X)
        codebook = Codebook(tuple(map(Frame, self.frames_)))
        gold = states_of(_labels(y, len(texts), self.frames_), codebook)
        found, decided = self._judge(texts)
        scored = score(gold, found, decided, range(len(texts)), frames=self.frames_, resamples=0)
        return float("nan") if scored.macro_f1.value is None else scored.macro_f1.value

    def _judge(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return probabilities (n, F, 4) and states (n, F): absent where a frame was not learnt."""
        learnt = [self.frames_.index(name) for name in self.model_.codebook.names]
        probabilities = np.zeros((len(texts), len(self.frames_), len(STATES)), np.float32)
        probabilities[..., 0] = 1
        states = np.zeros(probabilities.shape[:2], np.int64)
        probabilities[:, learnt] = self.model_.predict_proba(texts)
        states[:, learnt] = self.model_.decision.states(probabilities[:, learnt])
        return probabilities, states

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "model_" in state:
            model: StanceModel = state.pop("model_")
            files = [file for file in model.folder.path.iterdir() if file.is_file()]
            contents = {file.name: file.read_bytes() for file in files}
            state["_model"] = (contents, model.decision, model.options)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        pickled = state.pop("_model", None)
        super().__setstate__(state)
        if pickled is not None:
            contents, decision, options = pickled
            self.model_ = _in_own_folder(lambda folder: _unpacked(contents, folder, options))
            self.model_.decision = decision


def _in_own_folder(make: Callable[[Path], StanceModel]) -> StanceModel:
    """Make a model in a temporary folder, which goes when the model goes."""
    folder = Path(tempfile.mkdtemp(prefix="stance-"))
    try:
        model = make(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    # Models with other thresholds share this object with it, so it lives as long as any of them.
    weakref.finalize(model.folder, _remove, folder, os.getpid())
    return model


def _remove(folder: Path, process: int) -> None:
    """Remove a model's own folder, unless a forked child ends whose parent goes on using it."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


def _unpacked(
    contents: Mapping[str, bytes], folder: Path, options: Mapping[str, Any]
) -> StanceModel:
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return load(folder, **options)


def _texts(given: Any) -> list[str]:
    """Return texts from a list, an array, a pandas series, or one column of them."""
    if isinstance(given, (str, bytes)) or not hasattr(given, "__len__"):
        raise InputError(f"X is a {type(given).__name__}; expected a sequence of texts")
    array = np.asarray(given, dtype=object)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or not len(array) or not all(isinstance(text, str) for text in array):
        raise InputError(
            f"X has the shape {array.shape} and is no sequence of texts; expected n strings"
        )
    return list(array)


def _documents(groups: Sequence[object], ids: Sequence[str]) -> list[str]:
    """Return the document of each row: its group, or its own id where it has none."""
    shape = getattr(groups, "shape", (len(ids),))
    if len(shape) > 1 and shape[1:] != (1,):
        raise InputError(f"groups has the shape {shape}; expected one document for each text")
    given = list(np.asarray(groups, dtype=object)[:, 0] if len(shape) > 1 else groups)
    if len(given) != len(ids):
        raise InputError(
            f"groups holds {len(given):,} documents; expected one for each of the {len(ids):,} "
            "texts"
        )
    return [id if is_empty(group) else str(group) for id, group in zip(ids, given, strict=True)]


def _labels(given: Any, texts: int, frames: Sequence[str]) -> list[Labels]:
    """Return labels from mappings, their notation, or an indicator array of (n, F)."""
    try:
        found = "no labels" if given is None else f"{len(given):,} labels"
    except TypeError as error:
        raise InputError(
            f"y is a {type(given).__name__}; expected a list of labels or a dense array (of a "
            "sparse one: y.toarray())"
        ) from error
    if given is None or len(given) != texts:
        raise InputError(f"y holds {found}; expected one for each of the {texts:,} texts")
    rows = list(np.asarray(given)) if hasattr(given, "__array__") else list(given)
    if all(isinstance(row, str) for row in rows):
        return [parse_labels(row) for row in rows]
    if all(isinstance(row, Mapping) for row in rows):
        return _without_nulls(rows) if hasattr(given, "__array__") else rows
    try:
        array = np.asarray(rows)
    except ValueError:  # rows of different lengths
        array = np.empty(0)
    # Of a column of whole numbers with gaps, pandas makes NA, which is neither true nor false.
    empty = array.dtype == object and any(map(is_missing, array.flat))
    if array.ndim != 2 or empty or not np.isin(array, (0, 1)).all():
        raise InputError(
            "y is neither labels (frame → stance, or its text) nor an array of 0 and 1, (n, F)"
        )
    names = _names_of_columns(given, array.shape[1], frames)
    return [{name: None for name, there in zip(names, row, strict=True) if there} for row in array]


def _without_nulls(rows: list[Labels]) -> list[Labels]:
    """Return the labels of a column: None is absent where a struct names all frames in each."""
    empty = sum(None in row.values() for row in rows)
    if not empty or len({frozenset(row) for row in rows}) > 1:
        return rows
    logger.warning(read_as_absent(empty, "y"))
    return [{frame: s for frame, s in row.items() if s is not None} for row in rows]


def _names_of_columns(given: Any, width: int, frames: Sequence[str]) -> list[str]:
    """Name the frames of an indicator array, those of ``frames`` where there are some."""
    named = _own_names(given)
    if len(named) != width:
        named = list(frames) or [f"frame_{column + 1}" for column in range(width)]
    if len(named) != width or (frames and set(named) != set(frames)):
        columns = f"{width} columns" if len(named) != width else f"the columns {', '.join(named)}"
        raise InputError(f"y has {columns}; the codebook has the frames {', '.join(frames)}")
    return named


def _own_names(given: Any) -> list[str]:
    """Return the names of columns that are texts; of pyarrow, ``columns`` holds the data."""
    attribute = "column_names" if hasattr(given, "to_pylist") else "columns"
    return [composed(name) for name in getattr(given, attribute, ()) if isinstance(name, str)]


def _codebook_of_columns(indicator: Any, base: str | Path | None) -> Codebook:
    """Return the frames of an indicator array: its columns' names, the base's, or numbers."""
    width = np.shape(indicator)[1]
    named = Codebook(tuple(map(Frame, _names_of_columns(indicator, width, ()))))
    if len(_own_names(indicator)) == width:
        return named
    known = open_base(base).codebook
    count = len(known.names) if known else 0
    if known and count == width:
        logger.warning(
            "the %d columns of y have no names and are taken for the base's frames in this order, "
            "%s; give a codebook if they are others",
            width,
            ", ".join(known.names),
        )
        return known
    logger.warning(
        "the %d columns of y have no names, and the base knows %d frames; they are called %s: give "
        "a codebook to name them",
        width,
        count,
        ", ".join(named.names),
    )
    return named


def _learnable(codebook: Codebook, labels: Sequence[Labels], base: str | Path | None) -> Codebook:
    """Return the frames that a row carries or the base knows; all where there is none of them.

    A fold of a cross-validation may lack a rare one.
    """
    carried = {composed(frame) for row in labels for frame in row}
    unknown = [frame for frame in codebook.frames if frame.name not in carried]
    if not unknown:
        return codebook
    of_base = open_base(base).codebook
    unknown = [frame for frame in unknown if not of_base or frame.name not in of_base.names]
    left = tuple(frame for frame in codebook.frames if frame not in unknown)
    if not unknown or not left:
        return codebook
    logger.warning(
        "no row carries %s, and the base does not know it: it is predicted nowhere",
        " or ".join(frame.name for frame in unknown),
    )
    return replace(codebook, frames=left)


def _require_order(given: Any, frames: Sequence[str]) -> None:
    """Refuse columns in another order than the frames': scikit-learn compares them by position."""
    named = _own_names(given)
    if named != list(frames) and set(named) == set(frames):
        pick = "y.select({})" if hasattr(given, "to_pylist") else "y[{}]"
        raise InputError(
            f"y has the columns {', '.join(named)}, in another order than the codebook's frames, "
            f"by which scikit-learn would compare them; pass {pick.format(list(frames))}"
        )
