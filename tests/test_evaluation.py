import json
import shutil
from dataclasses import replace

import pytest

import stance
from stance.codebook import Codebook, Frame
from stance.errors import CodebookError, InputError
from stance.evaluation import compare
from stance.files import LabelledRow
from stance.model import StanceModel
from stance.trained_on import checksums_of, write_checksums

ROWS = [
    {"text": "The two sides trade.", "frames": {"cooperation": "favor"}, "document": "a"},
    {"text": "A world order of power.", "frames": {"multipolarity": None}, "document": "a"},
    {"text": "It rained.", "frames": {}, "document": "b"},
]


@pytest.fixture
def gold(tmp_path):
    path = tmp_path / "gold.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def with_frames(model, names):
    """Return a model whose outputs are taken for other frames."""
    folder = replace(model.folder, codebook=Codebook(tuple(map(Frame, names))))
    return StanceModel(
        folder, backend=model.backend, tokenizer=model.tokenizer, decision=model.decision
    )


def test_a_file_and_its_rows_give_the_same_figures(tiny_model, gold):
    rows = [LabelledRow(str(i), r["document"], r["text"], r["frames"]) for i, r in enumerate(ROWS)]
    assert stance.evaluate(tiny_model, gold) == stance.evaluate(tiny_model, rows)


def test_a_folder_is_loaded(tiny_folder, gold):
    result = stance.evaluate(tiny_folder, gold, resamples=0)
    assert (result.sentences, result.documents) == (3, 2)
    assert result.left_out == ("defensive_balancing", "anti_hegemony")


def test_the_models_own_labels_score_full_marks(tiny_model):
    model = tiny_model.with_thresholds(dict.fromkeys(tiny_model.codebook.names, 0.0))
    texts = [row["text"] for row in ROWS]
    own = [LabelledRow(str(i), "d", r.text, r.frames) for i, r in enumerate(model.predict(texts))]
    result = stance.evaluate(model, own, resamples=0)
    assert result.macro_f1.value == 1
    assert result.exact_match_with_stance.value == 1


def test_sentences_that_were_trained_on_are_counted_and_told_of(tiny_folder, gold, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    notes = []
    assert stance.evaluate(folder, gold, resamples=0, note=notes.append).trained_on is None
    seen = "The committee on trade met in Geneva."
    write_checksums(folder, checksums_of([seen]))
    assert stance.evaluate(folder, gold, resamples=0, note=notes.append).trained_on == 0
    assert notes == []
    rows = [LabelledRow("1", "d", seen, {"cooperation": "favor"}), LabelledRow("2", "d", "No.", {})]
    result = stance.evaluate(folder, rows, resamples=0, note=notes.append)
    assert (result.trained_on, result.to_dict()["trained_on"]) == (1, 1)
    compare(folder, folder, rows, resamples=0, note=notes.append)
    assert notes == [notes[0], notes[0]]
    assert "was trained on 1 of these 2 sentences: its figures on them are too good" in notes[0]


def test_no_rows_are_refused(tiny_model, tmp_path):
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(InputError, match="no rows"):
        stance.evaluate(tiny_model, tmp_path / "empty.jsonl")


def test_rows_without_documents_are_said_to_be_so(tiny_model, tmp_path, gold):
    path = tmp_path / "loose.jsonl"
    rows = [{name: row[name] for name in ("text", "frames")} for row in ROWS]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    notes = []
    stance.evaluate(tiny_model, path, note=notes.append)
    compare(tiny_model, tiny_model, path, note=notes.append)
    assert len(notes) == 2
    assert all("do not say which document" in note for note in notes)
    notes.clear()
    stance.evaluate(tiny_model, gold, note=notes.append)
    assert notes == []


def test_an_unknown_frame_names_its_line(tiny_model, tmp_path):
    path = tmp_path / "gold.jsonl"
    path.write_text(
        '{"text": "a", "frames": {}}\n{"text": "b", "frames": {"coperation": "favor"}}\n'
    )
    with pytest.raises(CodebookError, match=r"line 2.*did you mean 'cooperation'"):
        stance.evaluate(tiny_model, path)


def test_figures_are_json(tiny_model, gold):
    data = json.loads(json.dumps(stance.evaluate(tiny_model, gold).to_dict(), allow_nan=False))
    assert set(data["macro_f1"]) == {"value", "low", "high"}
    assert {"frames", "stance", "ece"} <= set(data)


def test_rows_of_another_kind_are_named(tiny_model):
    with pytest.raises(InputError, match="found rows of type dict, expected the name of a file"):
        stance.evaluate(tiny_model, ROWS)


@pytest.mark.parametrize("data", [None, 5])
def test_what_is_no_data_is_named(tiny_model, data):
    found = type(data).__name__
    with pytest.raises(InputError, match=f"found a {found}, expected the name of a file or rows"):
        stance.evaluate(tiny_model, data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resamples": "3"}, "resamples is '3'; expected 0 or more"),
        ({"resamples": 2.5}, r"resamples is 2\.5; expected 0 or more"),
        ({"seed": -1}, "seed is -1; expected 0 or more"),
    ],
)
def test_numbers_are_refused_before_a_model_is_loaded(options, message, gold, tmp_path):
    with pytest.raises(InputError, match=message):
        stance.evaluate(tmp_path / "none", gold, **options)
    with pytest.raises(InputError, match=message):
        compare(tmp_path / "none", tmp_path / "none", gold, **options)


def test_a_model_is_compared_with_itself(tiny_model, tiny_folder, gold):
    result = compare(tiny_model, tiny_folder, gold, resamples=10)
    assert (result.sentences, result.documents, result.macro_f1.value) == (3, 2, 0)


def test_the_second_model_counts_as_plus(tiny_model, gold):
    everywhere = tiny_model.with_thresholds(dict.fromkeys(tiny_model.codebook.names, 0.0))
    nowhere = tiny_model.with_thresholds(dict.fromkeys(tiny_model.codebook.names, 1.0))
    scored = [stance.evaluate(one, gold, resamples=0) for one in (nowhere, everywhere)]
    found = compare(nowhere, everywhere, gold, resamples=0).macro_f1.value
    assert found == scored[1].macro_f1.value - scored[0].macro_f1.value > 0


def test_frames_in_another_order_are_the_same_frames(tiny_model, gold):
    names = tiny_model.codebook.names
    one = dict.fromkeys(names, 1.0) | {"cooperation": 0.0}
    found = compare(
        tiny_model.with_thresholds(one),
        with_frames(tiny_model, names[::-1]).with_thresholds(one),
        gold,
        resamples=0,
    )
    assert found.macro_f1.value == 0


def test_models_of_other_frames_are_not_compared(tiny_model, gold):
    other = with_frames(tiny_model, ("weather", *tiny_model.codebook.names[1:]))
    with pytest.raises(
        CodebookError, match=r"^the first model knows defensive.*, the second weather, "
    ):
        compare(tiny_model, other, gold)
