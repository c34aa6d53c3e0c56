"""The layer that brings the mean of the tokens to the first one."""

import json

import pytest
import tiny_encoders
import torch
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

from stance.finetuning.pooling import (
    add_mean_layer,
    drop_upper_layers,
    takes_mean_layer,
    wants_mean_layer,
)

TEXTS = ["the two powers met", "it rained", "trade again and again they met"]
OLD = {"word_embedding_dimension": 16, "pooling_mode_cls_token": False}


def encoder(folder, family="bert"):
    tiny_encoders.write_encoder(family, folder)
    return folder


def pooling(folder, settings):
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def classifier(folder):
    return AutoModelForSequenceClassification.from_pretrained(folder, num_labels=4).eval()


def batch(folder):
    return AutoTokenizer.from_pretrained(folder)(TEXTS, padding=True, return_tensors="pt")


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_the_first_token_becomes_the_mean_of_the_tokens(family, tmp_path):
    folder = encoder(tmp_path, family)
    tokens = batch(folder)
    before = AutoModel.from_pretrained(folder).eval()(**tokens).last_hidden_state
    mask = tokens["attention_mask"].unsqueeze(-1)
    mean = torch.nn.functional.layer_norm((before * mask).sum(1) / mask.sum(1), (16,))
    model = classifier(folder)
    add_mean_layer(model)
    first = model.base_model(**tokens).last_hidden_state[:, 0]
    assert torch.nn.functional.cosine_similarity(first, mean).min() > 0.98


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_it_is_saved_and_loaded_like_any_other_layer(family, tmp_path):
    folder = encoder(tmp_path / "base", family)
    model = classifier(folder)
    add_mean_layer(model)
    model.save_pretrained(tmp_path / "saved")
    again = AutoModelForSequenceClassification.from_pretrained(tmp_path / "saved").eval()
    tokens = batch(folder)
    torch.testing.assert_close(again(**tokens).logits, model(**tokens).logits)


def test_all_of_it_but_the_queries_learns_from_the_first_step(tmp_path):
    model = classifier(encoder(tmp_path))
    add_mean_layer(model)
    model(**batch(tmp_path)).logits.square().sum().backward()
    still = {
        name
        for name, weight in model.bert.encoder.layer[-1].named_parameters()
        if name.endswith("weight") and not weight.grad.any()
    }
    assert still == {"attention.self.query.weight", "intermediate.dense.weight"}


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_upper_layers_are_gone_from_what_is_saved(family, tmp_path):
    folder = encoder(tmp_path / "base", family)
    model = classifier(folder)
    layers = model.config.num_hidden_layers
    add_mean_layer(model)
    add_mean_layer(model)
    drop_upper_layers(model, 2)
    model.save_pretrained(tmp_path / "saved")
    again = AutoModelForSequenceClassification.from_pretrained(tmp_path / "saved").eval()
    assert again.config.num_hidden_layers == len(again.base_model.encoder.layer) == layers
    tokens = batch(folder)
    before = AutoModel.from_pretrained(folder).eval()(**tokens).last_hidden_state
    torch.testing.assert_close(again.base_model(**tokens).last_hidden_state, before)


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({**OLD, "pooling_mode_mean_tokens": True}, True),
        ({**OLD, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}, False),
        ({**OLD, "pooling_mode_max_tokens": True}, False),
        ({"embedding_dimension": 16, "pooling_mode": "mean"}, True),
        ({"embedding_dimension": 16, "pooling_mode": "cls"}, False),
        (["mean"], False),
    ],
)
def test_the_folder_says_how_it_is_to_be_read(settings, wanted, tmp_path):
    assert wants_mean_layer(pooling(encoder(tmp_path), settings)) is wanted


def test_an_encoder_that_does_not_say_it_is_left_alone(tmp_path):
    assert not wants_mean_layer(encoder(tmp_path))


def test_an_encoder_of_another_build_is_left_alone(tmp_path):
    folder = pooling(encoder(tmp_path, "deberta"), {"pooling_mode": "mean"})
    assert not takes_mean_layer(folder)
    assert not wants_mean_layer(folder)
