"""Labelled sentences → a trained encoder, with transformers' ``Trainer`` and ``datasets``.

One linear layer of F × 4 outputs does both tasks: for every frame a cross-entropy over the four
exclusive states, weighted because ``absent`` is by far the commonest.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.backends.torch import no_network, quiet_transformers, require_text_model
from stance.codebook import Codebook
from stance.errors import MissingExtraError, ModelError, reason_of
from stance.finetuning.classifier import Classifier, bfloat16_on_cpu
from stance.finetuning.heads import take_over_head
from stance.finetuning.recipe import Recipe, Watch
from stance.untrusted import is_panic

__all__ = ["load_classifier", "train_classifier"]


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
    local = Path(base).exists()
    if (Path(base) / "config.json").exists():
        require_text_model(Path(base))
    with no_network() if local else nullcontext():
        model, tokenizer = _load(base, codebook)
        take_over_head(model, base, codebook)
    return Classifier(model, tokenizer)


def _load(base: str | Path, codebook: Codebook) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    labels = dict(enumerate(codebook.labels))
    try:
        with quiet_transformers():
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
    except BaseException as error:  # whatever it meets in files that somebody else wrote
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        reason = reason_of(Exception(str(error)))
        raise ModelError(f"cannot load the base model {base}: {reason}") from error
    _check_encoder(model, found, base)
    return model, tokenizer


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
