"""The 8-bit form of a classifier as it is shipped: its logits, and what tells one form of another.

Held-out logits are of the form that the project had then. A checksum of the program's text would
call them stale after every comment that is mended, and retraining takes hours; so the form is told
by what it makes of a small encoder whose weights are always the same.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from recipe import CODEBOOK, RECIPE
from transformers import BertConfig, BertForSequenceClassification

from stance.backends import open_backend
from stance.finetuning import export
from stance.finetuning.classifier import Classifier
from stance.tokens import WindowTokenizer, pack


def int8_logits(
    classifier: Classifier, texts: Sequence[str], examples: Sequence[str]
) -> NDArray[np.float32]:
    """Return the logits of the classifier's 8-bit form, as the CPU backend computes them."""
    ids = export.example_ids(classifier.tokenizer, examples, max_length=RECIPE.max_length)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        export.export_onnx(classifier.model, folder / "model.onnx", examples=ids)
        classifier.tokenizer.save_pretrained(folder)
        tokenizer = WindowTokenizer(folder / "tokenizer.json", max_length=RECIPE.max_length)
        windows = tokenizer.windows(texts)
        backend = open_backend(folder, backend="onnx")
        packed = list(
            pack(windows.ids, batch_tokens=backend.batch_tokens, padding_id=tokenizer.padding_id)
        )
        logits = np.zeros((len(windows.ids), len(CODEBOOK.labels)), np.float32)
        results = backend.logits([batch for _, batch in packed])
        for (positions, _), values in zip(packed, results, strict=True):
            logits[positions] = values
        backend.close()
    # The few sentences longer than the encoder reads are judged by their first window here.
    first = np.searchsorted(windows.text_index, np.arange(len(texts)))
    return logits[first]


@cache
def form() -> str:
    """Return a checksum, 8 hexadecimal digits, of what the 8-bit form of a small encoder is."""
    generator = np.random.default_rng(0)
    examples = [generator.integers(1, 200, 12).tolist() for _ in range(20)]
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "model.onnx"
        export.export_onnx(small_encoder(generator), file, examples=examples)
        graph = onnx.load(file).graph
    return f"{zlib.crc32(graph.SerializeToString(deterministic=True)):08x}"


def small_encoder(generator: np.random.Generator) -> BertForSequenceClassification:
    """Return an encoder just large enough that all its parts are held in 8 bits."""
    config = BertConfig(
        vocab_size=200,
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=256,
        num_labels=8,
    )
    model = BertForSequenceClassification(config).eval()
    for name, weights in model.named_parameters():
        values = generator.normal(0, 0.05, weights.shape) + ("LayerNorm.weight" in name)
        # A few channels far larger than the others, as trained encoders have them after GELU.
        if "intermediate.dense.weight" in name:
            values[:4] *= 20
        weights.data = torch.from_numpy(values.astype(np.float32))
    return model
