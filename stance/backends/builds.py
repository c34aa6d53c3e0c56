"""What stance knows of how an encoder is built, by the ``model_type`` of its configuration."""

from __future__ import annotations

__all__ = ["BERT_BUILDS"]

#: The encoders whose layers are built, and their parts named, as BERT's are.
BERT_BUILDS = ("bert", "roberta", "xlm-roberta")
