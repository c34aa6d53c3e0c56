"""Labelled sentences → a trained encoder, with transformers' ``Trainer`` and ``datasets``.

One linear layer of F × 4 outputs does both tasks: for every frame a cross-entropy over the four
exclusive states, weighted because ``absent`` is by far the commonest.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.codebook import Codebook
from stance.errors import MissingExtraError, ModelError, reason_of

__all__ = [
    "NOT_JUDGED",
    "Classifier",
    "Recipe",
    "Watch",
    "bfloat16_on_cpu",
    "load_classifier",
    "own_random_numbers",
    "predict_logits",
    "quiet_transformers",
    "run_batches",
    "train_classifier",
]

#: The target of a frame that nobody looked for in this sentence: it is not trained.
NOT_JUDGED = -2


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: passes over the rows.
        learning_rate: the highest, reached after warm-up; it falls linearly to 0.
        batch_size: rows a step.
        state_weights: weights of absent, favor, neutral and against in the loss.
        label_smoothing: share of the target's mass spread over the four states, 0 to 1.
        warmup: share of the steps in which the learning rate rises.
        weight_decay: AdamW's, on matrices only.
        dropout: of the encoder while it trains, 0 to 1. On few epochs over short texts it costs
            accuracy, and on a CPU it costs as much time as the matrix products.
        max_length: tokens of a sentence that are read.
        seed: of the head's start, the order of the rows and dropout.
    """

    epochs: float = 3
    learning_rate: float = 1.2e-4
    batch_size: int = 32
    state_weights: tuple[float, float, float, float] = (1.0, 2.0, 2.5, 2.5)
    label_smoothing: float = 0.05
    warmup: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.0
    max_length: int = 128
    seed: int = 13


@dataclass(frozen=True)
class Classifier:
    """A sequence classifier of transformers in float32 on the CPU, and its tokenizer."""

    model: Any
    tokenizer: Any


@dataclass(frozen=True)
class Watch:
    """What goes on beside a training, and where it can be gone on with.

    Attributes:
        folder: holds its checkpoints. A training that finds one there goes on from it, and ends
            with the weights of one that was never cut off.
        checkpoint_seconds: a checkpoint is written when so many seconds have passed since the last.
        after_step: called with the steps done and the steps of the whole recipe.
        after_epoch: called with the epochs done and the classifier as it is; true: that is enough.
        gradient_checkpointing: compute activations twice rather than keep them, to save memory.
        writing: what a checkpoint is written in; it may say what errors mean.
    """

    folder: Path
    checkpoint_seconds: float
    after_step: Callable[[int, int], None]
    after_epoch: Callable[[int, Classifier], bool]
    gradient_checkpointing: bool = False
    writing: Callable[[], AbstractContextManager[None]] = nullcontext


def train_classifier(
    texts: Sequence[str],
    states: NDArray[np.int64],
    *,
    codebook: Codebook,
    base: str | Path,
    recipe: Recipe,
    watch: Watch | None = None,
    start: Callable[[Classifier], None] | None = None,
) -> Classifier:
    """Fine-tune an encoder.

    Args:
        texts: n sentences.
        states: int array of shape (n, F): 0 absent, 1 favor, 2 neutral, 3 against, or
            ``NOT_CODED`` or ``NOT_JUDGED``.
        codebook: the frames, in the order of the columns of ``states``.
        base: a folder or Hub id of an encoder or classifier. Of a classifier's head, the outputs
            of this codebook's frames are taken over.
        recipe: see ``Recipe``. The same recipe on the same machine gives the same weights.
        watch: keeps checkpoints and looks at the classifier as it is trained.
        start: called with the classifier as it was loaded, to change what training starts from; it
            draws nothing at random.

    Raises:
        MissingExtraError: the extra ``train`` is not installed.
        ModelError: the base cannot be loaded.
    """
    try:
        import torch
        from datasets import Dataset
        from transformers import DataCollatorWithPadding, set_seed
    except ModuleNotFoundError as error:
        raise MissingExtraError("training", extra="train") from error
    from stance.backends.first_token import narrowed_last_layer
    from stance.finetuning.embedding_gradient import reused_embedding_gradient
    from stance.finetuning.loss import frame_trainer
    from stance.finetuning.watching import run_trainer

    set_seed(recipe.seed)
    classifier = load_classifier(base, codebook=codebook)
    if start is not None:
        start(classifier)
    _set_dropout(classifier.model, recipe.dropout)
    if _bfloat16_is_fast() and not torch.cuda.is_available():
        # torch's fused attention takes a quarter of the training there, for its way back.
        classifier.model.set_attn_implementation("eager")
    if watch is not None and watch.gradient_checkpointing:
        classifier.model.gradient_checkpointing_enable()
    columns = _columns(classifier, texts, states, max_length=recipe.max_length)
    place = tempfile.TemporaryDirectory() if watch is None else nullcontext(str(watch.folder))
    with place as folder:
        trainer = frame_trainer(
            recipe.state_weights,
            recipe.label_smoothing,
            model=classifier.model,
            args=_arguments(recipe, folder),
            train_dataset=Dataset.from_dict(columns),
            data_collator=DataCollatorWithPadding(classifier.tokenizer),
        )
        with narrowed_last_layer(classifier.model), reused_embedding_gradient(classifier.model):
            run_trainer(trainer, classifier, watch)
        # Without this the model would go on computing in bfloat16, wherever it is used.
        model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    return Classifier(model.float().cpu().eval(), classifier.tokenizer)


def load_classifier(base: str | Path, *, codebook: Codebook) -> Classifier:
    """Load an encoder with a head of ``codebook``'s outputs.

    Raises:
        ModelError: transformers cannot load it.
    """
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    from stance.finetuning.heads import take_over_head

    logging: Any = transformers_logging

    labels = dict(enumerate(codebook.labels))
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        model, found = AutoModelForSequenceClassification.from_pretrained(
            base,
            num_labels=len(labels),
            id2label=labels,
            label2id={label: index for index, label in labels.items()},
            ignore_mismatched_sizes=True,
            trust_remote_code=False,
            # Of files that are no safetensors, nothing but numbers is read.
            weights_only=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
        tokenizer = AutoTokenizer.from_pretrained(base, trust_remote_code=False, use_fast=True)
    except Exception as error:  # whatever it meets in files that somebody else wrote
        reason = reason_of(error)
        raise ModelError(f"cannot load the base model {base}: {reason}") from error
    finally:
        logging.set_verbosity(verbosity)
    _check_encoder(model, found, base)
    take_over_head(model, base, codebook)
    return Classifier(model, tokenizer)


def _check_encoder(model: Any, found: Mapping[str, Any], base: str | Path) -> None:
    """Refuse weights of which a part would be drawn at random; a pooler or a head may be."""
    new = {*found["missing_keys"], *(entry[0] for entry in found["mismatched_keys"])}
    prefix = f"{model.base_model_prefix}."
    lost = sorted(name for name in new if name.startswith(prefix) and ".pooler." not in name)
    if lost:
        raise ModelError(
            f"the weights of the base model {base} do not fit its config.json: {len(lost):,} parts "
            f"of the encoder are missing or of another shape, such as {lost[0]!r}; save the model "
            "with save_pretrained of transformers"
        )


def predict_logits(
    classifier: Classifier, texts: Sequence[str], *, max_length: int, batch_size: int = 64
) -> NDArray[np.float32]:
    """Return the logits of n texts, float32 of shape (n, F * 4).

    Computed in float32; inside a training, in the arithmetic of the training.
    """
    logits = np.empty((len(texts), classifier.model.config.num_labels), dtype=np.float32)
    for rows, found in run_batches(classifier, texts, max_length=max_length, batch_size=batch_size):
        logits[rows] = found
    return logits


def run_batches(
    classifier: Classifier, texts: Sequence[str], *, max_length: int, batch_size: int = 64
) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
    """Yield the positions and the logits of texts of like length, batch after batch."""
    import torch

    from stance.backends.first_token import narrowed_last_layer

    encoded = classifier.tokenizer(list(texts), truncation=True, max_length=max_length)["input_ids"]
    device = classifier.model.device
    order = sorted(range(len(texts)), key=lambda index: len(encoded[index]))
    with torch.inference_mode():
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            batch = classifier.tokenizer.pad(
                {"input_ids": [encoded[row] for row in rows]}, return_tensors="pt"
            ).to(device)
            with narrowed_last_layer(classifier.model):
                logits = classifier.model(**batch).logits
            yield rows, logits.float().cpu().numpy()


@contextmanager
def own_random_numbers() -> Iterator[None]:
    """Leave the caller's random numbers as they were: a training seeds those of the process."""
    import torch

    python, arrays, tensors = random.getstate(), np.random.get_state(), torch.get_rng_state()
    on_gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(arrays)
        torch.set_rng_state(tensors)
        torch.cuda.set_rng_state_all(on_gpus)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers' own bars and notes from the terminal."""
    from transformers.utils import logging as transformers_logging

    theirs: Any = transformers_logging
    verbosity, bars = theirs.get_verbosity(), theirs.is_progress_bar_enabled()
    theirs.set_verbosity_error()
    theirs.disable_progress_bar()
    try:
        yield
    finally:
        theirs.set_verbosity(verbosity)
        if bars:
            theirs.enable_progress_bar()


def _columns(
    classifier: Classifier,
    texts: Sequence[str],
    states: NDArray[np.int64],
    *,
    max_length: int,
) -> dict[str, Any]:
    """Return the columns of the data set that the ``Trainer`` reads."""
    encoded = classifier.tokenizer(list(texts), truncation=True, max_length=max_length)
    return {
        "input_ids": encoded["input_ids"],
        "attention_mask": encoded["attention_mask"],
        "labels": states.tolist(),
    }


def _arguments(recipe: Recipe, folder: str) -> Any:
    """Return a recipe as the ``Trainer`` knows it."""
    import torch
    from transformers import TrainingArguments

    arguments = TrainingArguments(
        output_dir=folder,
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        per_device_train_batch_size=recipe.batch_size,
        warmup_steps=recipe.warmup,
        weight_decay=recipe.weight_decay,
        remove_unused_columns=False,
        bf16=_bfloat16_is_fast(),
        fp16=torch.cuda.is_available() and not torch.cuda.is_bf16_supported(),
        use_cpu=not torch.cuda.is_available(),
        seed=recipe.seed,
        save_strategy="no",
        save_total_limit=2,
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    # On several GPUs a batch would be so many times as large as the recipe says.
    arguments._n_gpu = min(1, arguments.n_gpu)
    return arguments


def _set_dropout(model: Any, share: float) -> None:
    from torch.nn import Dropout

    for module in model.modules():
        if isinstance(module, Dropout):
            module.p = share


def _bfloat16_is_fast() -> bool:
    import torch

    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bfloat16_on_cpu()


def bfloat16_on_cpu() -> bool:
    """Say whether this machine's processor multiplies bfloat16 faster than float32."""
    flags = ("avx512_bf16", "amx_bf16", "bf16")
    try:
        found = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        return False
    return any(flag in found for flag in flags)
