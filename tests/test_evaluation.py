import json

import pytest

import stance
from stance.errors import CodebookError, InputError
from stance.files import LabelledRow

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


def test_no_rows_are_refused(tiny_model, tmp_path):
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(InputError, match="no rows"):
        stance.evaluate(tiny_model, tmp_path / "empty.jsonl")


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
