"""What the shipped model is measured against, on the same rows and the same folds.

Each baseline returns out-of-fold log-probabilities of shape (n, F * 4). All but ``shares`` are
calibrated and decided upon as the shipped model's logits are, but for the stance priors: those that
learn are fitted with every state counting alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from corpus import FOLDS, Row, fold_of
from numpy.typing import NDArray
from recipe import CODEBOOK
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from transformers import AutoModel, AutoTokenizer

from stance.codebook import STATES
from stance.decision import states_of

Floats = NDArray[np.float64]

#: The codebook's words and some near them; a hit counts as the frame in favor. The codebook was
#: revised on the five articles, so there they are at home.
KEYWORDS = {
    "defensive_balancing": r"balanc|threat|contain|encircl|deterren|red lines?|pressure|hedg|"
    r"enlargement|strategic stability|counter(?:weight|ing)|security dilemma",
    "multipolarity": r"multipolar|\bpoles?\b|unipolar|BRICS|Global South|several cent|"
    r"emerging (?:powers|econom)|world order|centers? of power|centres? of power",
    "anti_hegemony": r"hegemon|dominat|unilateral|interfer|coerc|impos(?:e|ing|ition)|bully|"
    r"double standard|colonial|dictat",
    "cooperation": r"cooperat|partner|coordinat|dialogue|mutual|joint|together|multilateral|"
    r"win-win|treaty|agreement",
}


def shares(rows: Sequence[Row]) -> Floats:
    """Score every row by how often each state occurs in the training folds."""

    def fit(_train: object, states: NDArray[np.int64]) -> Callable[[Any], Floats]:
        found = np.stack([(states == state).mean(axis=0) for state in range(len(STATES))], axis=1)
        return lambda test: np.tile(np.log(found + 1e-6).ravel(), (len(test), 1))

    return _out_of_fold(rows, np.arange(len(rows)), fit)


def keywords(rows: Sequence[Row]) -> Floats:
    """Score rows by four regular expressions."""
    patterns = [re.compile(KEYWORDS[name], re.IGNORECASE) for name in CODEBOOK.names]
    hits = np.array([[bool(p.search(row.text)) for p in patterns] for row in rows])
    present = np.log([0.05, 0.85, 0.05, 0.05])
    absent = np.log([0.85, 0.05, 0.05, 0.05])
    return np.where(hits[..., None], present, absent).reshape(len(rows), -1)


def tfidf(rows: Sequence[Row]) -> Floats:
    """TF-IDF of words and word pairs, one logistic regression a frame."""
    return _out_of_fold(rows, np.array([row.text for row in rows], dtype=object), tfidf_scorer)


def tfidf_scorer(
    train: Sequence[str], states: NDArray[np.int64]
) -> Callable[[Sequence[str]], Floats]:
    """Return what scores texts as ``tfidf`` does, from these."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    scorer = _regressions(vectorizer.fit_transform(train), states)
    return lambda test: scorer(vectorizer.transform(test))


def frozen(rows: Sequence[Row], base: str) -> Floats:
    """The base encoder as it is, mean-pooled, one logistic regression a frame."""
    embeddings = _embed([row.text for row in rows], base)
    return _out_of_fold(rows, embeddings, _regressions)


def _regressions(
    features: Any,
    states: NDArray[np.int64],
) -> Callable[[Any], Floats]:
    models = []
    for frame in range(states.shape[1]):
        # Stochastic gradient descent: as good here as a full solver, in a tenth of the time.
        model = SGDClassifier(loss="log_loss", alpha=1e-5, class_weight="balanced", random_state=0)
        models.append(model.fit(features, states[:, frame]))

    def score(test: Any) -> Floats:
        scores = np.full((test.shape[0], len(models), len(STATES)), np.log(1e-6))
        for frame, model in enumerate(models):
            scores[:, frame, model.classes_] = np.log(model.predict_proba(test) + 1e-6)
        return scores.reshape(len(scores), -1)

    return score


def _out_of_fold(
    rows: Sequence[Row],
    features: NDArray[Any],
    fit: Callable[[Any, NDArray[np.int64]], Callable[[Any], Floats]],
) -> Floats:
    folds = np.array([fold_of(row) for row in rows])
    states = states_of([row.frames for row in rows], CODEBOOK)
    scores = np.zeros((len(rows), len(CODEBOOK.labels)))
    for fold in range(FOLDS):
        known = folds != fold
        scores[~known] = fit(features[known], states[known])(features[~known])
    return scores


def _embed(texts: Sequence[str], base: str) -> NDArray[np.float32]:
    tokenizer = AutoTokenizer.from_pretrained(base)
    encoder = AutoModel.from_pretrained(base, dtype=torch.float32).eval()
    encoded = tokenizer(list(texts), truncation=True, max_length=128)["input_ids"]
    order = sorted(range(len(texts)), key=lambda index: len(encoded[index]))
    embeddings = np.zeros((len(texts), encoder.config.hidden_size), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), 64):
            part = order[start : start + 64]
            batch = tokenizer.pad({"input_ids": [encoded[i] for i in part]}, return_tensors="pt")
            hidden = encoder(**batch).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(-1)
            embeddings[part] = ((hidden * mask).sum(1) / mask.sum(1)).numpy()
    return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
