"""From an annotation tool's export to a trained and judged model, with nothing in between."""

import json

import pytest
from tiny_rows import make_rows

import stance


@pytest.fixture
def label_studio(tmp_path):
    """An export as Label Studio writes it: labelled tasks, and one that nobody has seen."""
    tasks = []
    for number, row in enumerate(make_rows()):
        result = [
            {"from_name": frame, "type": "choices", "value": {"choices": [stance or frame]}}
            for frame, stance in row["frames"].items()
        ]
        data = {name: row[name] for name in ("id", "document", "text")}
        annotation = {"completed_by": 1, "result": result}
        tasks.append({"id": number, "data": data, "annotations": [annotation]})
    tasks.append({"id": 99, "data": {"text": "Not seen."}, "annotations": []})
    path = tmp_path / "project.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


@pytest.fixture
def doccano(tmp_path):
    """An export as doccano writes it, of other texts."""
    lines = []
    for number, row in enumerate(make_rows(9)):
        labels = [
            f"{frame}:{stance}" if stance else frame for frame, stance in row["frames"].items()
        ]
        lines.append(json.dumps({"id": number, "text": f"{row['text']} power", "label": labels}))
    path = tmp_path / "all.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_exports_are_trained_on_and_judged_with(label_studio, doccano, tiny_folder, tmp_path):
    told, noted = [], []
    model = stance.finetune(
        label_studio,
        output=tmp_path / "mine",
        base=tiny_folder,
        eval=doccano,
        epochs=1,
        progress=lambda progress: told.extend(progress.messages),
    )
    rows = stance.finetune(
        make_rows(), output=tmp_path / "same", base=tiny_folder, epochs=1, progress=lambda _: None
    )
    texts = ["rain and the world", "trade"]
    assert model.predict_proba(texts).tolist() == rows.predict_proba(texts).tolist()
    assert any("project.json is read as an export of Label Studio" in line for line in told)
    assert any("all.jsonl is read as an export of doccano" in line for line in told)
    figures = stance.evaluate(model, doccano, resamples=10, note=noted.append)
    assert figures.sentences == model.folder.figures["evaluation"]["sentences"] == 9
    assert "doccano" in noted[0]
