"""What is written into the card and README.md is what was measured, and what the rows hold."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("matplotlib", reason="needs the extra report")

import card
import tables

from stance.store import ModelFolder

ROOT = card.ROOT
FIGURES = json.loads((ROOT / "training/results/figures.json").read_text("utf-8"))
README = """# A page

- good: <!-- in short --><!-- /in short -->.
- weakest: <!-- weakest --><!-- /weakest -->, keywords: <!-- keywords --><!-- /keywords -->.

<!-- figures -->
what was there
<!-- /figures -->
The end.
"""


def test_the_figures_of_the_readme_stand_between_its_marks(tmp_path, monkeypatch):
    monkeypatch.setattr(card, "ROOT", tmp_path)
    monkeypatch.setattr(card, "RESULTS", tmp_path)
    (tmp_path / "README.md").write_text(README, encoding="utf-8")
    for _ in range(2):
        card.write_tables(FIGURES)
        lines = (tmp_path / "README.md").read_text("utf-8").splitlines()
        assert lines[2].startswith("- good: <!-- in short -->speeches kept apart 0.")
        assert (
            "; of sentences that a large language model wrote: passages kept apart 0." in lines[2]
        )
        assert lines[2].endswith(")<!-- /in short -->.")
        assert re.fullmatch(
            r"- weakest: <!-- weakest -->`\w+` \(precision 0\.\d\d \[0\.\d\d, 0\.\d\d\], "
            r"recall 0\.\d\d \[0\.\d\d, 0\.\d\d\]\)"
            r"<!-- /weakest -->, "
            r"keywords: <!-- keywords -->0\.\d\d \[0\.\d\d, 0\.\d\d\]<!-- /keywords -->\.",
            lines[3],
        )
        assert lines[5] == "<!-- figures -->"
        assert lines[8].startswith("| passages kept apart | ")
        assert lines[-2:] == ["<!-- /figures -->", "The end."]
    assert "what was there" not in lines


def test_the_card_counts_what_the_rows_hold(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(ROOT / "models" / "default", folder)
    card.write_card(ModelFolder.read(folder), FIGURES)
    text = (folder / "README.md").read_text("utf-8")
    assert "{{" not in text
    assert "128, 99 and 14 labels in the articles" in text
    for source, found in FIGURES["kept_apart"].items():
        assert f"{found['sentences']:,} " in text, source


@pytest.mark.parametrize(
    ("made_of", "said"),
    [("others", ""), ("these", ", on the 51,617 rows of stance-default 1.2.0")],
)
def test_figures_of_earlier_rows_say_so(made_of, said):
    slow = FIGURES["slow"] | {"fingerprint": "others", "rows": 51617, "version": "1.2.0"}
    figures = FIGURES | {"slow": slow, "fingerprint": made_of}
    assert f"\n| frozen encoder + logistic regression{said} | " in tables.baseline_table(figures)
    assert tables.transfer_title(figures).endswith(f"(thresholds of one half{said})")
    assert tables.transfer_table(figures).count("\n") == 7


def test_without_a_whole_run_there_is_no_such_table(tmp_path, monkeypatch):
    monkeypatch.setattr(card, "ROOT", tmp_path)
    monkeypatch.setattr(card, "RESULTS", tmp_path)
    card.write_tables(FIGURES | {"slow": None})
    text = (tmp_path / "tables.md").read_text("utf-8")
    assert "Trained on one source" not in text
    assert "frozen" not in text


def test_the_readme_has_both_marks():
    text = (ROOT / "README.md").read_text("utf-8")
    for mark in ("in short", "figures"):
        assert card.between_marks(text, mark, "new") != text


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(60.0, "took 60 minutes, all of them up to three times as long"), (None, "is not known")],
)
def test_the_card_says_what_the_training_cost(minutes, said):
    assert said in card.training_cost(minutes)


@pytest.mark.parametrize(
    ("words", "said"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_a_list_is_read_as_a_sentence(words, said):
    assert card.listed(words) == said


def test_what_setfit_reached_stands_beside_this_model(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    assert tables.setfit_tables(FIGURES) == []
    figure = {"value": 0.5, "low": 0.25, "high": 0.75}
    found = {
        s: {"macro_f1": figure, "macro_average_precision": figure} for s in tables.KEPT_APART_NAMES
    }
    measured = {"rows": 1200, "steps": 10, "paired_rows": 50, "versions": {"setfit": "9"}}
    text = json.dumps({**measured, "tfidf": found, "setfit": found})
    (tmp_path / "setfit.json").write_text(text, encoding="utf-8")
    [(title, table)] = tables.setfit_tables(FIGURES)
    assert title == "Against SetFit, trained on 1,200 rows"
    lines = table.splitlines()
    assert [line.count("0.50 [0.25, 0.75], 0.50 [0.25, 0.75]") for line in lines[2:]] == [3, 3, 0]
    ours = FIGURES["kept_apart"]["speeches"]["macro_f1"]["value"]
    assert f"| {ours:.2f} [" in lines[4]
