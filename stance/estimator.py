"""``StanceClassifier``: fine-tuning and prediction as a scikit-learn estimator.

This module imports scikit-learn as it loads.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import f1_score
from sklearn.utils.validation import check_is_fitted

from stance.codebook import Codebook, Frame, parse_labels
from stance.errors import InputError
from stance.files import LabelledRow
from stance.finetuning.run import finetune
from stance.model import load

__all__ = ["StanceClassifier"]


class StanceClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A multi-label classifier of texts: one column a frame.

    ``score`` is the macro-F1 of the frames. Copies and pickles carry the trained model with them.

    ``X`` is a sequence of texts. ``y`` is the labels of each: a mapping of frame → stance, the text
    ``cooperation:favor;trade:against``, or an indicator array of shape (n, F), whose columns are
    the frames of ``codebook`` (1: the frame is there, its stance is not coded). The columns of a
    pandas frame are taken by their names.

    Predictions are indicator arrays of shape (n, F), as scikit-learn's metrics want them; the model
    with the stances is in ``model_``.

    Args:
        base: what training starts from, as in ``stance.finetune``.
        codebook: the frames; by default the base's or those of ``y``.
        epochs: exactly so many; chosen on held-out rows by default.
        seed: of everything random.

    Attributes:
        model_: the fine-tuned ``StanceModel``.
        frames_: the names of the F frames.
        classes_: for each frame, the array of what it may be: 0 and 1.

    >>> from sklearn.model_selection import cross_validate
    >>> scores = cross_validate(StanceClassifier(), X, y, groups=documents, scoring="f1_macro",
    ...     params={"groups": documents})  # doctest: +SKIP
    """

    def __init__(
        self,
        base: str | Path | None = None,
        *,
        codebook: Codebook | str | Path | None = None,
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
            groups: the document of each; held out together.

        Raises:
            InputError: X is not a sequence of texts, or y is not as long or no labels.
        """
        texts = _texts(X)
        labels = _labels(y, len(texts), self._frames())
        names = [f"row {i}" for i in range(len(texts))] if groups is None else map(str, groups)
        rows = [
            LabelledRow(f"row {index}", name, text, frames)
            for index, (name, text, frames) in enumerate(zip(names, texts, labels, strict=True))
        ]
        codebook = self.codebook
        if codebook is None and np.ndim(y) == 2:
            codebook = Codebook(tuple(map(Frame, _names_of_columns(y, np.shape(y)[1], ()))))
        folder = self._new_folder() / "model"
        self.model_ = finetune(
            rows,
            output=folder,
            base=self.base,
            codebook=codebook,
            epochs=self.epochs,
            seed=self.seed,
            progress=lambda _: None,
        )
        return self._describe()

    def predict(self, X: Sequence[str]) -> NDArray[np.int64]:  # noqa: N803
        """Return which frames are there, int array of shape (n, F), 0 or 1.

        Raises:
            NotFittedError: ``fit`` was not called.
            InputError: X is not a sequence of texts.
        """
        check_is_fitted(self, "model_")
        probabilities = self.model_.predict_proba(_texts(X))
        return (self.model_.decision.states(probabilities) > 0).astype(np.int64)

    def predict_proba(self, X: Sequence[str]) -> NDArray[np.float32]:  # noqa: N803
        """Return P(frame), calibrated, float32 of shape (n, F).

        Raises:
            NotFittedError: ``fit`` was not called.
            InputError: X is not a sequence of texts.
        """
        check_is_fitted(self, "model_")
        present: NDArray[np.float32] = 1 - self.model_.predict_proba(_texts(X))[..., 0]
        return present

    def score(
        self,
        X: Sequence[str],  # noqa: N803
        y: Any,
        sample_weight: Sequence[float] | None = None,
    ) -> float:
        """Return the macro-F1 of the frames, 0 to 1; a frame that neither has counts as 1."""
        predicted = self.predict(X)
        labels = _labels(y, len(predicted), self.frames_)
        gold = [[int(frame in row) for frame in self.frames_] for row in labels]
        return float(
            f1_score(gold, predicted, average="macro", sample_weight=sample_weight, zero_division=1)
        )

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "model_" in state:
            files = state.pop("model_").folder.path.iterdir()
            state["_files"] = {file.name: file.read_bytes() for file in files}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        files = state.pop("_files", None)
        super().__setstate__(state)
        if files is not None:
            folder = self._new_folder()
            for name, content in files.items():
                (folder / name).write_bytes(content)
            self.model_ = load(folder)

    def _frames(self) -> tuple[str, ...]:
        if self.codebook is None:
            return ()
        given = self.codebook
        return (given if isinstance(given, Codebook) else Codebook.load(given)).names

    def _describe(self) -> StanceClassifier:
        self.frames_ = self.model_.codebook.names
        self.classes_ = [np.array([0, 1]) for _ in self.frames_]
        return self

    def _new_folder(self) -> Path:
        """Make a folder that goes when the estimator goes."""
        folder = Path(tempfile.mkdtemp(prefix="stance-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder


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


def _labels(given: Any, texts: int, frames: Sequence[str]) -> list[Mapping[str, str | None]]:
    """Return labels from mappings, their notation, or an indicator array of (n, F)."""
    if given is None or len(given) != texts:
        found = "no labels" if given is None else f"{len(given):,} labels"
        raise InputError(f"y holds {found}; expected one for each of the {texts:,} texts")
    rows = list(np.asarray(given)) if hasattr(given, "__array__") else list(given)
    if all(isinstance(row, str) for row in rows):
        return [parse_labels(row) for row in rows]
    if all(isinstance(row, Mapping) for row in rows):
        return rows
    array = np.asarray(rows)
    if array.ndim != 2 or not np.isin(array, (0, 1)).all():
        raise InputError(
            "y is neither labels (frame → stance, or its text) nor an array of 0 and 1, (n, F)"
        )
    names = _names_of_columns(given, array.shape[1], frames)
    return [{name: None for name, there in zip(names, row, strict=True) if there} for row in array]


def _names_of_columns(given: Any, width: int, frames: Sequence[str]) -> list[str]:
    """Name the frames of an indicator array, those of ``frames`` where there are some."""
    named = [name for name in getattr(given, "columns", ()) if isinstance(name, str)]
    if len(named) != width:
        named = list(frames) or [f"frame_{column + 1}" for column in range(width)]
    if len(named) != width or (frames and set(named) != set(frames)):
        columns = f"{width} columns" if len(named) != width else f"the columns {', '.join(named)}"
        raise InputError(f"y has {columns}; the codebook has the frames {', '.join(frames)}")
    return named
