"""The model that ships, end to end."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import stance
from stance.store import ModelFolder, default_folder
from stance.trained_on import count_known, read_checksums

ROOT = Path(__file__).parent.parent
GOLD = [json.loads(line) for line in (ROOT / "seeds/labels.jsonl").read_text("utf-8").splitlines()]
TEXTS = [row["text"] for row in GOLD]


@pytest.fixture(scope="module")
def model():
    with stance.load() as loaded:
        yield loaded


def test_files_keep_to_their_sizes():
    files = ModelFolder.read(default_folder()).files
    assert files["model.onnx"]["bytes"] <= 24_000_000
    assert files["model.safetensors"]["bytes"] <= 46_000_000


def test_no_line_end_of_its_files_is_rewritten_by_a_clone():
    assert "* -text" in (ROOT / ".gitattributes").read_text("utf-8").splitlines()


def test_it_knows_what_it_was_trained_on_and_what_was_kept_apart():
    known = read_checksums(default_folder())
    assert count_known(TEXTS, known) == len(TEXTS)
    apart = [
        json.loads(line)["text"]
        for file in (ROOT / "training/data/unseen").glob("w*.jsonl")
        for line in file.read_text("utf-8").splitlines()
    ]
    assert len(apart) == 1_920
    assert count_known(apart, known) == 0


def test_checksums_are_right():
    ModelFolder.read(default_folder()).verify()


def test_a_sentence_gets_the_same_alone_in_any_batch_and_in_any_order(model):
    together = model.predict_proba(TEXTS)
    order = np.random.default_rng(0).permutation(len(TEXTS))
    shuffled = model.predict_proba([TEXTS[index] for index in order])
    np.testing.assert_allclose(shuffled, together[order], atol=1e-3)
    for index in range(0, len(TEXTS), 24):
        alone = model.predict_proba([TEXTS[index]])[0]
        np.testing.assert_allclose(alone, together[index], atol=1e-3)


def test_8_bits_stay_near_float32(model):
    pytest.importorskip("torch", reason="needs the extra train")
    with stance.load(backend="torch") as reference:
        exact = reference.predict_proba(TEXTS)
    quantized = model.predict_proba(TEXTS)
    changed = model.decision.states(exact) != model.decision.states(quantized)
    assert np.abs(exact - quantized).max() < 0.2
    assert np.abs(exact - quantized).mean() < 0.005
    assert changed.any(axis=1).mean() < 0.05


def test_hugging_face_tools_load_the_folder():
    transformers = pytest.importorskip("transformers", reason="needs the extra train")
    classify = transformers.pipeline(
        "text-classification", model=str(default_folder()), device="cpu", top_k=None
    )
    [scores] = classify(["They praised their fruitful partnership and agreed to deepen it."])
    assert {score["label"] for score in scores} == set(stance.load().codebook.labels)


def test_every_gold_sentence_of_the_articles_is_labelled(model):
    spans = {}
    for file in (ROOT / "seeds").glob("*.txt"):
        doc = model.label(file.read_bytes().decode("utf-8"), id=file.name)
        spans |= {(file.name, s.start, s.end): s.text for s in doc.sentences}
    assert all(spans.get((r["document"], r["start"], r["end"])) == r["text"] for r in GOLD)


@pytest.mark.parametrize(
    ("text", "frame", "stance_"),
    [
        ("Their dialogue has brought results, and should go on.", "cooperation", "favor"),
        (
            "No single power can dictate to the world any more, and several centres now share it.",
            "multipolarity",
            "favor",
        ),
        (
            "One superpower's bullying and its habit of imposing its own model must end.",
            "anti_hegemony",
            "favor",
        ),
        (
            "Encircled by hostile bases, the country had every reason to build up its deterrent.",
            "defensive_balancing",
            "favor",
        ),
    ],
)
def test_plain_cases_come_out_right(model, text, frame, stance_):
    [result] = model.predict([text])
    assert result.frames.get(frame) == stance_


def test_what_carries_no_frame_gets_none(model):
    results = model.predict(
        ["The meeting began at ten o'clock.", "He was born in 1956.", "Chapter 3"]
    )
    assert [dict(result.frames) for result in results] == [{}, {}, {}]


def test_the_wheel_holds_the_model_and_works_from_any_folder(tmp_path):
    pytest.importorskip("hatchling", reason="needs the extra dev")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(ROOT)], check=True, timeout=120)
    [wheel] = tmp_path.glob("*.whl")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); import stance;"
        "print(stance.__file__, stance.load().folder.path)"
    )
    unpack = [sys.executable, "-m", "zipfile", "-e", str(wheel), str(tmp_path / "site")]
    subprocess.run(unpack, check=True, timeout=60)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    package, folder = done.stdout.split()
    assert str(tmp_path) in package
    assert str(tmp_path) in folder
