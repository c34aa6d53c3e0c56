"""stance: how articles frame world politics, sentence by sentence.

>>> import stance
>>> model = stance.load()
>>> [result] = model.predict(["Their dialogue has brought results, and should go on."])
>>> result.frames
{'cooperation': 'favor'}
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stance.cluster.dataset import ray_label
    from stance.codebook import Codebook
    from stance.errors import StanceError
    from stance.evaluation import evaluate
    from stance.finetuning.run import finetune
    from stance.job import label_files
    from stance.model import StanceModel, load
    from stance.results import DocumentResult, SentenceResult

__all__ = [
    "Codebook",
    "DocumentResult",
    "SentenceResult",
    "StanceError",
    "StanceModel",
    "evaluate",
    "finetune",
    "label_files",
    "load",
    "ray_label",
]

# Names are looked up when they are first used, so that "import stance" loads nothing heavy.
_HOMES = {
    "Codebook": "stance.codebook",
    "DocumentResult": "stance.results",
    "SentenceResult": "stance.results",
    "StanceError": "stance.errors",
    "StanceModel": "stance.model",
    "evaluate": "stance.evaluation",
    "finetune": "stance.finetuning.run",
    "label_files": "stance.job",
    "load": "stance.model",
    "ray_label": "stance.cluster.dataset",
}


# A type checker would take any name for one of them.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module 'stance' has no attribute {name!r}")
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
