"""A tiny real model, built once a session: one-layer BERT, width 16, random but fixed weights."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import stance
from stance.codebook import Codebook
from stance.decision import Decision
from stance.store import ModelFolder

os.environ["HF_HUB_OFFLINE"] = "1"
if "PYTEST_XDIST_WORKER" in os.environ:
    # A processor for each worker: threads of one would wait for those of the other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
OFFLINE = str(Path(__file__).parent / "offline")
sys.path.insert(0, OFFLINE)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [OFFLINE, os.environ.get("PYTHONPATH")]))
os.environ["BLOCKED_SOCKETS"] = tempfile.mkstemp(prefix="blocked-sockets-")[1]

import blocked_sockets  # noqa: E402

blocked_sockets.install()
# A shared machine may stall for seconds; and a fixture made once a session suits every example.
settings.register_profile(
    "stance", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("stance")

ROOT = Path(__file__).parent.parent
CODEBOOK = Codebook.load(ROOT / "training" / "codebook.json")
WORDS = "the and of a world power states sanctions partnership order trade rain two sides"
MAX_LENGTH = 32


def build_tiny_model(folder: Path) -> None:
    """Write a whole model folder, as training does, without training."""
    torch = pytest.importorskip("torch", reason="needs the extra train")
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        PreTrainedTokenizerFast,
    )

    from stance.finetuning.export import export_onnx

    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS.split(), *letters]
    pieces += [f"##{letter}" for letter in letters]
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    raw = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    raw.normalizer = normalizers.BertNormalizer()
    raw.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    raw.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=MAX_LENGTH,
        initializer_range=0.6,
        id2label=dict(enumerate(CODEBOOK.labels)),
        label2id={label: index for index, label in enumerate(CODEBOOK.labels)},
        attn_implementation="eager",
    )
    model = BertForSequenceClassification(config).eval()
    export_onnx(model, folder / "model.onnx")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    ModelFolder(
        path=folder,
        name="tiny",
        version="1",
        language="en",
        codebook=CODEBOOK,
        decision=Decision.plain(len(CODEBOOK.frames)),
        max_length=MAX_LENGTH,
    ).write()


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that reaches for the network, unless it uses ``sockets`` and says why."""
    before = len(blocked_sockets.attempts())
    yield
    tried = blocked_sockets.attempts()[before:]
    assert "sockets" in request.fixturenames or not tried, f"reached for the network: {tried}"


@pytest.fixture
def sockets() -> Callable[[], list[str]]:
    """Return a function that lists what this test has reached for; nothing is reached."""
    before = len(blocked_sockets.attempts())
    return lambda: blocked_sockets.attempts()[before:]


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    build_tiny_model(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_model(tiny_folder: Path) -> stance.StanceModel:
    return stance.load(tiny_folder)
