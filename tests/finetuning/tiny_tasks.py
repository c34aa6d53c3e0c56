"""A fine-tuning of forty rows in four documents, and held-out logits that are right but timid."""

from pathlib import Path

import numpy as np

from stance.codebook import Codebook, Frame
from stance.decision import Decision
from stance.files import LabelledRow
from stance.finetuning.bases import Base
from stance.finetuning.fitting import HeldOut, Task
from stance.finetuning.plan import make_plan
from stance.finetuning.workspace import Workspace
from stance.store import ModelFolder

BOOK = Codebook((Frame("weather"), Frame("trade")))
BASES = Decision((2.0,) * 2, (0.7,) * 2, (0.3,) * 2, {0.05: ((0.2, 0.4),) * 2})
# Weather is in all four documents, trade in the first alone.
STATES = np.array([[n % 3, n % 2 if n < 10 else 0] for n in range(40)])
PARTS = np.arange(40) // 10


def base_that_knows(book):
    folder = None if book is None else ModelFolder(Path(), "base", "1", "en", book, BASES, 32)
    return Base(Path(), "base", None, folder, 384, 6, 512, "en")


def make_task(states=STATES, book=None):
    rows = [LabelledRow(str(n), f"d{n // 10}", f"text {n}", {}) for n in range(len(states))]
    base = base_that_knows(book)
    plan = make_plan(rows, states, base, frames=BOOK.names)
    return Task(rows, states, PARTS, BOOK, base, plan, Workspace(Path("m")), print, 0.0)


def logits_of(states):
    """Return logits that are right, and far too timid."""
    return (0.5 * np.eye(4)[states]).reshape(len(states), -1).astype(np.float32)


def held_out(rows, part):
    return HeldOut(rows, part, logits_of(STATES[rows]), 1)
