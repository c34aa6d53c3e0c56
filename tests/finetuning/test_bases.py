"""What a training starts from."""

import json

import pytest
import tiny_encoders
import torch
from safetensors.torch import load_file

from stance.codebook import Codebook, Frame
from stance.errors import ModelError
from stance.finetuning.bases import open_base
from stance.finetuning.training import load_classifier

BOOK = Codebook((Frame("weather"),))


@pytest.fixture
def encoder(tmp_path):
    tiny_encoders.write_encoder("roberta", tmp_path / "encoder")
    return tmp_path / "encoder"


def test_a_model_folder_brings_its_frames_and_thresholds(tiny_folder):
    base = open_base(tiny_folder)
    assert base.codebook is not None
    assert base.decision is not None
    assert (base.name, base.language, base.max_length) == ("tiny", "en", 32)


def test_an_encoder_brings_none(encoder):
    base = open_base(encoder)
    assert (base.codebook, base.decision) == (None, None)
    assert (base.hidden_size, base.layers, base.max_length) == (16, 2, 32)
    assert (base.name, base.hub_id) == ("encoder", None)


def test_weights_of_the_older_format_are_read_as_numbers(encoder):
    weights = load_file(encoder / "model.safetensors")
    (encoder / "model.safetensors").unlink()
    torch.save(weights, encoder / "pytorch_model.bin")
    found = load_classifier(encoder, codebook=BOOK).model.roberta.state_dict()
    name = "embeddings.word_embeddings.weight"
    assert torch.equal(found[name], weights[name])


class Attack:
    """Runs code where it is unpickled."""

    def __reduce__(self):
        return (print, ("attacked",))


def test_weights_that_would_run_code_are_refused(encoder, capsys):
    (encoder / "model.safetensors").unlink()
    torch.save({"weight": Attack()}, encoder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot load the base model"):
        load_classifier(encoder, codebook=BOOK)
    assert "attacked" not in capsys.readouterr().out


def test_a_configuration_that_names_no_known_model_is_refused(encoder):
    (encoder / "config.json").write_text(json.dumps({"model_type": "none"}), encoding="utf-8")
    with pytest.raises(ModelError, match="no model that transformers can load"):
        open_base(encoder)


def test_a_name_that_is_no_folder_and_no_id_is_refused():
    with pytest.raises(ModelError, match="is no folder"):
        open_base("no such folder")


def test_a_hub_id_offline_is_one_line():
    with pytest.raises(ModelError, match="the Hub does not give it") as raised:
        open_base("owner/name")
    assert "\n" not in str(raised.value)
