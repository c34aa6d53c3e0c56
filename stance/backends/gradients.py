"""Integrated gradients: how much every token adds to P(frame), on the float32 encoder.

Sundararajan, Taly and Yan 2017, Axiomatic Attribution for Deep Networks, computed by captum. The
path runs from a text without words, whose embeddings are zero, to the text; its special tokens stay
as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.backends.torch import leave_threads_of_parent, load_encoder
from stance.codebook import STATES
from stance.errors import MissingExtraError

__all__ = ["Attribution", "Gradients"]

# Points of the path, by the Gauss-Legendre rule.
_STEPS = 50
# Tokens run at once, with what their gradients need in memory.
_TOKENS = 4096


@dataclass(frozen=True)
class Attribution:
    """What each token of one window adds to P(frame).

    The tokens of a frame sum to ``whole`` − ``baseline``, but for the error of the integral.

    Attributes:
        tokens: float64 of shape (F, tokens), each −1 to 1.
        whole: P(frame) of the window, 0 to 1; float64 of shape (F,).
        baseline: P(frame) of the window without words; likewise.
    """

    tokens: npt.NDArray[np.float64]
    whole: npt.NDArray[np.float64]
    baseline: npt.NDArray[np.float64]


class Gradients:
    """The encoder of a folder, and the gradients of its calibrated probabilities.

    Args:
        folder: a checked model folder, read as ``TorchBackend`` reads it.
        temperatures: one a frame, as ``Decision`` has them.
        offsets: likewise.
        device: ``cpu``, ``cuda``, ...

    Raises:
        MissingExtraError: captum, torch or transformers is not installed.
        InputError: the device is not there.
        ModelError: transformers cannot build the model.
    """

    def __init__(
        self,
        folder: Path,
        *,
        temperatures: Sequence[float],
        offsets: Sequence[float],
        device: str = "cpu",
    ) -> None:
        try:
            import torch
            import transformers  # noqa: F401
            from captum.attr import IntegratedGradients
        except ModuleNotFoundError as error:
            raise MissingExtraError("explaining by gradients", extra="gradients") from error
        self._torch: Any = torch
        self._model: Any = load_encoder(folder, device=device, dtype=torch.float32)
        self._model.requires_grad_(False)
        self._device = device
        self._temperatures = torch.tensor(temperatures, device=device)[:, None]
        self._offsets = torch.zeros(len(offsets), len(STATES), device=device)
        self._offsets[:, 1:] = torch.tensor(offsets, device=device)[:, None]
        self._integrated: Any = IntegratedGradients(self._present)

    def attribute(self, ids: Sequence[int], special: Sequence[bool]) -> Attribution:
        """Attribute one window.

        Args:
            ids: its tokens, special tokens included.
            special: of each token, whether it is a special one.
        """
        leave_threads_of_parent()
        torch = self._torch
        tokens = torch.tensor([ids], device=self._device)
        kept = torch.tensor(special, device=self._device)[None, :, None]
        with torch.no_grad():
            given = self._model.get_input_embeddings()(tokens)
            baseline = given * kept
            whole, empty = self._present(torch.cat([given, baseline])).cpu().double().numpy()
        found = [
            self._integrated.attribute(
                given.clone().requires_grad_(),
                baselines=baseline,
                target=frame,
                n_steps=_STEPS,
                internal_batch_size=max(1, _TOKENS // len(ids)),
            )
            for frame in range(len(self._temperatures))
        ]
        sums = torch.cat(found).sum(dim=-1).detach().cpu().double().numpy()
        return Attribution(sums, whole, empty)

    def _present(self, embeddings: Any) -> Any:
        """Return P(frame) of shape (rows, F), as ``Decision.probabilities`` calibrates it."""
        torch = self._torch
        mask = torch.ones(embeddings.shape[:2], dtype=torch.long, device=self._device)
        logits = self._model(inputs_embeds=embeddings, attention_mask=mask).logits
        scores = logits.view(len(logits), -1, len(STATES)) / self._temperatures - self._offsets
        return 1 - scores.softmax(dim=-1)[..., 0]
