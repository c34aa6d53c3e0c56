"""What a training is expected to hold in memory."""

from stance.finetuning.bases import Base
from stance.finetuning.memory import training_bytes
from stance.finetuning.recipe import Recipe


def test_weights_of_either_format_are_counted_once(tmp_path):
    base = Base(tmp_path, "base", None, None, 384, 6, 512, "en")
    without = training_bytes(base, Recipe())
    (tmp_path / "pytorch_model.bin").write_bytes(bytes(1_000))
    older = training_bytes(base, Recipe())
    (tmp_path / "model.safetensors").write_bytes(bytes(1_000))
    assert training_bytes(base, Recipe()) == older > without
