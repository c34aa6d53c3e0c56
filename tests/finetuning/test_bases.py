"""What a training starts from."""

import json
import shutil

import pytest
import tiny_encoders
import torch
from huggingface_hub.utils import filter_repo_objects
from safetensors.torch import load_file, save_file
from transformers import XLNetConfig

from stance.codebook import Codebook, Frame
from stance.errors import InputError, ModelError
from stance.finetuning import bases
from stance.finetuning.bases import count_tokens, open_base
from stance.finetuning.pooling import wants_mean_layer
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


def test_the_language_of_the_texts_goes_before_the_bases(tiny_folder, encoder):
    assert open_base(tiny_folder, language="de").language == "de"
    assert open_base(encoder).language == ""
    assert open_base(encoder, language="fa").language == "fa"


@pytest.mark.parametrize("language", ["deu", "German", "DE", "de-AT", "jp", "xx", "", "\ud800"])
def test_a_language_that_is_no_code_is_refused(tiny_folder, language):
    with pytest.raises(
        InputError, match=r"language is .* expected a code of two letters"
    ) as raised:
        open_base(tiny_folder, language=language)
    assert "\n" not in str(raised.value)


def test_an_encoder_that_does_not_count_positions_reads_as_much_as_others(encoder):
    XLNetConfig().save_pretrained(encoder)
    assert open_base(encoder).max_length == 510


def test_tokens_are_those_that_the_bases_own_tokenizer_makes(tiny_folder, encoder):
    base = open_base(tiny_folder)
    texts = ["rain and the world", "rain " * 100, "зима тревоги", "", "贸易 rain"]
    counts = count_tokens(base, texts)
    tokenizer = load_classifier(tiny_folder, codebook=BOOK).tokenizer
    assert counts.tokens.tolist() == [len(ids) for ids in tokenizer(texts)["input_ids"]]
    assert counts.rows.tolist() == [0, 1, 2, 3, 4]
    assert counts.unknown == pytest.approx(4 / (4 + 100 + 2 + 3))
    # Rain is none of the ten words that it knows.
    assert count_tokens(open_base(encoder), ["they trade rain"]).unknown == pytest.approx(1 / 3)


def test_a_script_that_the_shipped_model_spells_is_counted_by_its_letters():
    text = "Державы снова спорят о том, кому принадлежит будущее мировой торговли. " * 3
    [tokens] = count_tokens(open_base(None), [text]).tokens
    assert (len(text) < 128 * 2, tokens > 128) == (True, True)


def test_of_very_many_texts_the_same_are_counted(encoder):
    base = open_base(encoder)
    texts = ["they met " * (n % 20) for n in range(10_000)]
    first, again = count_tokens(base, texts), count_tokens(base, texts)
    assert len(first.rows) == len(first.tokens) == len(set(first.rows.tolist())) == 3_000
    assert first.rows.tolist() == again.rows.tolist() == sorted(first.rows.tolist())
    assert first.tokens.tolist() == [2 + 2 * (n % 20) for n in first.rows.tolist()]


def test_no_texts_have_no_tokens(encoder):
    counts = count_tokens(open_base(encoder), [])
    assert (counts.tokens.tolist(), counts.unknown) == ([], 0.0)


@pytest.fixture
def hub(encoder, tmp_path, monkeypatch):
    """Let the Hub give the encoder, by the rules of its library for what is asked of it."""
    snapshot = tmp_path / "snapshot"

    def give(_, allow_patterns=None, ignore_patterns=None):
        files = [file.relative_to(encoder) for file in encoder.rglob("*") if file.is_file()]
        for name in filter_repo_objects(
            files, allow_patterns=allow_patterns, ignore_patterns=ignore_patterns
        ):
            (snapshot / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(encoder / name, snapshot / name)
        return str(snapshot)

    monkeypatch.setattr("huggingface_hub.snapshot_download", give)
    return encoder


def test_a_sentence_encoder_of_the_hub_is_read_like_the_same_one_in_a_folder(hub):
    for folder, settings in (("1_Pooling", {"pooling_mode": "mean"}), ("onnx", {})):
        (hub / folder).mkdir()
        (hub / folder / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    base = open_base("owner/name")
    assert wants_mean_layer(base.path) is wants_mean_layer(hub) is True
    assert not (base.path / "onnx").exists()
    assert base.checksums() == open_base(hub).checksums()


@pytest.mark.parametrize("shared", [False, True])
def test_a_snapshot_of_the_hubs_cache_is_read_through_its_links(encoder, tmp_path, shared):
    """huggingface_hub 2 keeps what several models share once, beside them."""
    repository, store = tmp_path / "cache" / "models--owner--name", tmp_path / "cache" / "blobs"
    snapshot = repository / "snapshots" / "0123abcd"
    (repository / "blobs").mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for file in sorted(encoder.iterdir()):
        checksum = bases.sha256_of(file)
        blob = repository / "blobs" / checksum
        kept = store / checksum[:2] / checksum if shared else blob
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, kept)
        if shared:
            blob.symlink_to(kept)
        (snapshot / file.name).symlink_to(f"../../blobs/{checksum}")
    assert open_base(snapshot).checksums() == open_base(encoder).checksums()
    (snapshot / "vocab.txt").symlink_to(tmp_path / "cache")
    with pytest.raises(ModelError, match=r"vocab\.txt is a link to a file outside its own folder"):
        open_base(snapshot)


def test_shards_are_read_and_known_again(encoder):
    whole = open_base(encoder).checksums()["model.safetensors"]
    index = {"metadata": {}, "weight_map": {}}
    weights = load_file(encoder / "model.safetensors")
    for number, name in enumerate(weights):
        index["weight_map"][name] = f"model-{number % 2}.safetensors"
    for shard in set(index["weight_map"].values()):
        part = {name: weights[name] for name, of in index["weight_map"].items() if of == shard}
        save_file(part, encoder / shard, metadata={"format": "pt"})
    (encoder / "model.safetensors").unlink()
    (encoder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    base = open_base(encoder)
    assert {"model-0.safetensors", "model-1.safetensors"} < set(base.checksums())
    assert whole not in base.checksums().values()
    load_classifier(base.path, codebook=BOOK)


def test_what_is_not_read_of_a_folder_does_not_matter(encoder, tmp_path):
    before = open_base(encoder).checksums()
    (encoder / "runs").symlink_to(tmp_path)
    (encoder / "latest.log").symlink_to(tmp_path / "gone")
    (encoder / "._model.safetensors").write_bytes(b"0" * 99)
    (encoder / "adapter.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1")
    (encoder / "pytorch_model.bin.index.json").write_text('{"weight_map": {"a": "old.bin"}}')
    found = open_base(encoder).checksums()
    assert found.pop("pytorch_model.bin.index.json")
    assert found == before


def test_an_index_that_says_nothing_is_refused(encoder):
    (encoder / "model.safetensors").rename(encoder / "model-0.safetensors")
    (encoder / "model.safetensors.index.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match=r"index\.json has no weight_map; fetch the base again"):
        open_base(encoder)


def test_settings_that_ask_for_nothing_are_allowed(encoder):
    for name, entries in {
        "config.json": {"use_timm_backbone": False, "backbone": None},
        "tokenizer_config.json": {"fast_tokenizer_files": ["tokenizer.json"]},
    }.items():
        found = json.loads((encoder / name).read_text(encoding="utf-8"))
        (encoder / name).write_text(json.dumps(found | entries), encoding="utf-8")
    assert open_base(encoder).hidden_size > 0


def test_a_shard_that_is_damaged_is_refused_at_once(encoder):
    (encoder / "model.safetensors").write_bytes(b"0" * 99)
    with pytest.raises(ModelError, match="announces a header"):
        open_base(encoder)


def test_a_folder_without_settings_is_no_base(encoder):
    (encoder / "config.json").unlink()
    with pytest.raises(ModelError, match=r"it has no config\.json; expected a folder with"):
        open_base(encoder)


def test_a_base_is_known_again_by_what_is_trained(encoder, tmp_path):
    first = open_base(encoder).checksums()
    (encoder / "README.md").write_text("Mended.", encoding="utf-8")
    assert open_base(encoder).checksums() == first
    tiny_encoders.write_encoder("roberta", tmp_path / "other")
    second = open_base(tmp_path / "other").checksums()
    assert {name for name in first if first[name] != second[name]} == {"model.safetensors"}
    assert {"config.json", "tokenizer.json", "tokenizer_config.json"} < set(first)


def test_weights_of_the_older_format_count_only_without_the_newer(encoder):
    base = open_base(encoder)
    for name in ("pytorch_model.bin", "training_args.bin"):
        (encoder / name).touch()
    assert [file.name for file in base.weights] == ["model.safetensors"]
    (encoder / "model.safetensors").unlink()
    assert [file.name for file in base.weights] == ["pytorch_model.bin"]


def test_a_base_whose_files_cannot_be_read_is_one_line(encoder, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(bases, "sha256_of", refuse)
    with pytest.raises(ModelError, match="encoder cannot be read: Permission denied"):
        open_base(encoder).checksums()


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


def test_a_tokenizer_without_a_padding_token_is_refused_at_once(encoder):
    path = encoder / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps({**settings, "pad_token": None}))
    with pytest.raises(ModelError, match=r"has a tokenizer without a padding token; .*pad_token"):
        open_base(encoder)
