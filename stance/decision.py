"""Logits → probabilities → labels.

Scores come first and the decision after, so that thresholds can change without running the model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.codebook import STATES, Codebook, Labels, composed
from stance.errors import CodebookError, InputError

__all__ = ["ALIKE", "NOT_CODED", "UNCERTAIN", "Decision", "states_of"]

#: The gold state of a frame that is present and whose stance was not coded.
NOT_CODED = -1

#: The state of a frame whose P(frame) lies inside the abstention band.
UNCERTAIN = -1

#: The stance priors of a frame whose stances are left as they are.
ALIKE = (1.0, 1.0, 1.0)

_PRIORS = "stance_priors"
_LEARNT = "stance_learnt"
_KEYS = {"temperature", "offset", "threshold", "bands", _PRIORS, _LEARNT}


@dataclass(frozen=True)
class Decision:
    """How a model's logits become labels; every tuple has one entry a frame.

    Calibration divides a frame's four logits by its temperature (Guo et al. 2017) and subtracts its
    offset from the three present states, as the intercept of Platt scaling (Platt 1999) does: the
    classes are weighted in training, which shifts P(frame) and which no temperature can undo.

    Stances are divided by their priors (logit adjustment, Menon et al. 2021), so that a stance is
    not likely because it was common among the rows of the training. P(frame) stays what it was, and
    is what calibration is about.

    Attributes:
        temperatures: positive; 1 leaves the logits as they are.
        offsets: in logits; 0 leaves them as they are.
        thresholds: a frame is present where P(frame) reaches its threshold, 0 to 1.
        bands: share of decisions to withhold, such as 0.05, → (low, high) for each frame: a frame
            with low <= P(frame) < high is uncertain. A band that does not hold the threshold, which
            may have been changed, reaches to it; an empty one stays empty.
        stance_priors: how common favor, neutral and against are to the model where the frame is
            present, positive numbers of any sum; empty: the stances are left as they are.
        stance_learnt: false where no row that the model learnt the frame from has its stance, so
            that it tells none; empty: all were learnt.
    """

    temperatures: tuple[float, ...]
    offsets: tuple[float, ...]
    thresholds: tuple[float, ...]
    bands: Mapping[float, tuple[tuple[float, float], ...]]
    stance_priors: tuple[tuple[float, float, float], ...] = ()
    stance_learnt: tuple[bool, ...] = ()

    @classmethod
    def plain(cls, frames: int) -> Decision:
        """Return the decision of a model that was never calibrated: thresholds of one half."""
        return cls((1.0,) * frames, (0.0,) * frames, (0.5,) * frames, {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], codebook: Codebook) -> Decision:
        """Return the decision that ``to_dict`` wrote.

        Raises:
            ValueError: it is for other frames than the codebook's, or a number is out of range.
            KeyError, TypeError: something is missing, or not of its type.
        """
        if set(data) != set(codebook.names):
            frames = list(codebook.names)
            raise ValueError(f"decision is for {sorted(data)}, the codebook has {frames}")
        rows = [data[name] for name in codebook.names]
        if unknown := {key for row in rows for key in row} - _KEYS:
            raise ValueError(f"it has {sorted(unknown)}, which this version does not know")
        shares = sorted({_number(float(s), 0, 1) for row in rows for s in row.get("bands", {})})
        return cls(
            temperatures=tuple(_number(row["temperature"], 1e-3, 1e3) for row in rows),
            offsets=tuple(_number(row.get("offset", 0.0), -50, 50) for row in rows),
            thresholds=tuple(_number(row["threshold"], 0, 1) for row in rows),
            bands={
                share: tuple(
                    (_number(low, 0, 1), _number(high, 0, 1))
                    for low, high in (row["bands"][f"{share:g}"] for row in rows)
                )
                for share in shares
            },
            stance_priors=tuple(_priors(row.get(_PRIORS, ALIKE)) for row in rows)
            if any(_PRIORS in row for row in rows)
            else (),
            stance_learnt=()
            if all(learnt := [_flag(row.get(_LEARNT, True)) for row in rows])
            else tuple(learnt),
        )

    @property
    def stanced(self) -> tuple[bool, ...]:
        """Whether the model tells a stance, for each frame."""
        return self.stance_learnt or (True,) * len(self.thresholds)

    def to_dict(self, codebook: Codebook) -> dict[str, Any]:
        """Return the decision as ``stance.json`` holds it: an object for each frame."""
        return {
            name: {
                "temperature": self.temperatures[index],
                "offset": self.offsets[index],
                "threshold": self.thresholds[index],
                "bands": {f"{share:g}": list(band[index]) for share, band in self.bands.items()},
                **({_PRIORS: list(self.stance_priors[index])} if self.stance_priors else {}),
                **({} if self.stanced[index] else {_LEARNT: False}),
            }
            for index, name in enumerate(codebook.names)
        }

    def probabilities(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn logits of shape (n, F * 4) into probabilities of shape (n, F, 4).

        States stand in the order absent, favor, neutral, against; each row of four sums to 1.
        """
        scores = logits.reshape(len(logits), len(self.temperatures), len(STATES)).astype(np.float64)
        scores = scores / np.array(self.temperatures)[:, None]
        scores[..., 1:] -= np.array(self.offsets)[:, None]
        if self.stance_priors:
            stances = scores[..., 1:] - np.log(self.stance_priors)
            # P(frame) is that of before: the three only share it out anew.
            moved = _log_sum(scores[..., 1:]) - _log_sum(stances)
            scores[..., 1:] = stances + moved[..., None]
        scores -= scores.max(axis=-1, keepdims=True)
        exponentials = np.exp(scores)
        probabilities: NDArray[np.float32] = (
            exponentials / exponentials.sum(axis=-1, keepdims=True)
        ).astype(np.float32)
        return probabilities

    def share_of(self, abstain: object) -> float | None:
        """Return the share of its decisions that is to be withheld, as ``bands`` names it.

        A share that was held in 32 bits is not quite the number that was written.

        Raises:
            InputError: it is not a number, or there is no band for it.

        >>> Decision.plain(1).share_of(None) is None
        True
        """
        if abstain is None:
            return None
        if not isinstance(abstain, Real):
            raise InputError(
                f"abstain is {abstain!r}; expected a share of the decisions, such as 0.05"
            )
        asked = float(abstain)
        for share in self.bands:
            if math.isclose(share, asked, rel_tol=1e-6):
                return share
        known = ", ".join(f"{share:g}" for share in self.bands) or "none"
        raise InputError(f"no abstention band for {asked:g}; the model has {known}")

    def states(
        self, probabilities: NDArray[np.float32], *, abstain: float | None = None
    ) -> NDArray[np.int64]:
        """Decide: states of shape (n, F), 0 absent to 3 against, or ``UNCERTAIN``.

        Args:
            probabilities: as ``probabilities`` returns them.
            abstain: one of the shares in ``bands``; by default nothing is withheld.

        Raises:
            InputError: as ``share_of``.
        """
        present = 1 - probabilities[..., 0]
        stances = probabilities[..., 1:].argmax(axis=-1) + 1
        thresholds = np.array(self.thresholds, dtype=np.float32)
        states = np.where(present >= thresholds, stances, 0)
        share = self.share_of(abstain)
        if share is None:
            return states
        low, high = np.array(self.bands[share], dtype=np.float32).T
        # What lies between a band and a threshold that was moved away is as likely to be wrong.
        inside = (present >= np.minimum(low, thresholds)) & (present < np.maximum(high, thresholds))
        return np.where(inside & (low < high), UNCERTAIN, states)

    def frames_of(self, states: Sequence[int], names: Sequence[str]) -> dict[str, str | None]:
        """Return the frames that a sentence carries, with None for a stance that was never learnt.

        Args:
            states: of the F frames, as ``states`` gives them.
            names: of the F frames.

        >>> Decision.plain(2).frames_of([0, 3], ["trade", "rivalry"])
        {'rivalry': 'against'}
        """
        return {
            name: STATES[state] if tells else None
            for name, state, tells in zip(names, states, self.stanced, strict=True)
            if state > 0
        }

    def with_thresholds(self, thresholds: Mapping[str, float], codebook: Codebook) -> Decision:
        """Return this decision with the thresholds of some frames replaced.

        Raises:
            CodebookError: a frame that the codebook lacks.
            InputError: a threshold outside 0 to 1, or no mapping of them.
        """
        given: object = thresholds
        if not isinstance(given, Mapping):
            raise InputError(
                f"the thresholds are of the type {type(given).__name__}; expected frame → "
                "threshold, such as {'cooperation': 0.6}"
            )
        changed = dict(zip(codebook.names, self.thresholds, strict=True))
        for given_name, threshold in thresholds.items():
            frame = composed(given_name)
            if frame not in changed:
                raise CodebookError(
                    f"no frame {frame!r} to set a threshold for; "
                    f"the model has {', '.join(codebook.names)}"
                )
            number: object = threshold
            if not isinstance(number, Real) or not 0 <= float(number) <= 1:
                raise InputError(f"the threshold of {frame} is {threshold!r}; expected 0 to 1")
            changed[frame] = float(number)
        return replace(self, thresholds=tuple(changed.values()))


def states_of(labels: Sequence[Labels], codebook: Codebook) -> NDArray[np.int64]:
    """Turn n mappings of frame → stance into states of shape (n, F), 0 to 3 or ``NOT_CODED``.

    Raises:
        CodebookError: a frame or a stance that the codebook lacks.
    """
    states = np.zeros((len(labels), len(codebook.frames)), dtype=np.int64)
    for row, frames in enumerate(labels):
        for frame, stance in codebook.check(frames).items():
            column = codebook.names.index(frame)
            states[row, column] = NOT_CODED if stance is None else STATES.index(stance)
    return states


def _log_sum(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = np.logaddexp.reduce(scores, axis=-1)
    return total


def _priors(values: Sequence[object]) -> tuple[float, float, float]:
    favor, neutral, against = (_number(value, 1e-6, 1e6) for value in values)
    return favor, neutral, against


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"{str(value)[:40]!r} is neither true nor false")


def _number(value: object, low: float, high: float) -> float:
    if isinstance(value, (int, float)) and low <= value <= high:
        return float(value)
    raise ValueError(f"{str(value)[:40]!r} is not a number from {low:g} to {high:g}")
