import json

import pytest

ROWS = (
    '{"text": "The two sides trade.", "frames": {"cooperation": "favor"}, "document": "a"}\n'
    '{"text": "It rained.", "frames": {}, "document": "b"}\n'
)


@pytest.fixture
def gold(tmp_path):
    path = tmp_path / "gold.jsonl"
    path.write_text(ROWS)
    return path


def test_the_table_has_every_frame_and_its_intervals(run, tiny_folder, gold):
    outcome = run("evaluate", gold, "--model", tiny_folder)
    assert outcome.code == 0
    for word in ("cooperation", "macro-F1", "2 sentences of 2 documents", "1,000 resamples"):
        assert word in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_json_has_the_promised_keys(run, tiny_folder, gold):
    outcome = run("evaluate", gold, "--model", tiny_folder, "--json", "--resamples", 10)
    data = json.loads(outcome.out)
    assert set(data["macro_f1"]) == {"value", "low", "high"}
    assert {"frames", "stance", "ece"} <= set(data)


@pytest.mark.parametrize(
    "content", ["", '{"text": "a"}\n', '{"text": "a", "frames": {"x": "favor"}}\n', "{", "\x00"]
)
def test_what_cannot_be_scored_is_one_line_and_code_2(run, tiny_folder, gold, content):
    gold.write_text(content)
    outcome = run("evaluate", gold, "--model", tiny_folder)
    assert (outcome.code, outcome.err.count("\n"), outcome.out) == (2, 1, "")


def test_an_export_is_scored_and_named(run, tiny_folder, tmp_path):
    path = tmp_path / "all.jsonl"
    path.write_text('{"id": 1, "text": "They trade.", "label": ["cooperation:favor"]}\n')
    outcome = run("evaluate", path, "--model", tiny_folder, "--resamples", 0)
    assert outcome.code == 0
    assert outcome.err.startswith("stance: all.jsonl is read as an export of doccano")


def test_the_stance_of_all_frames_pooled_is_not_called_a_mean(run, tiny_folder, gold):
    words = ("evaluate", gold, "--model", tiny_folder, "--resamples", 0)
    pooled = json.loads(run(*words, "--json").out)["stance"]["macro_f1"]["value"]
    [line] = (line for line in run(*words).out.splitlines() if "all frames pooled" in line)
    assert line.split()[3:] == ["·" if pooled is None else f"{pooled:.2f}"]
    mean = [line for line in run(*words).out.splitlines() if line.startswith("mean")][1]
    assert len(mean.split()) == 4  # Its name, the rows, and two figures of three.


def test_stances_that_no_figure_speaks_of_are_named(run, tiny_folder, gold):
    words = ("evaluate", gold, "--model", tiny_folder, "--resamples", 0)
    left_out = json.loads(run(*words, "--json").out)["stance"]["left_out"]
    assert left_out[-2:] == ["neutral", "against"]
    told = " ".join(run(*words).out.split())
    assert f"no rightly found frame is labelled so: {', '.join(left_out)}" in told


def test_stances_that_the_figure_of_one_frame_leaves_out_are_named(run, tmp_path):
    # The first stance is right in one frame, the second in the other.
    path = tmp_path / "gold.jsonl"
    lines = (
        {"text": "India and Japan deepen their cooperation.", "frames": {"cooperation": "favor"}},
        {
            "text": "We reject a multipolar world: it would be a world of chaos.",
            "frames": {"multipolarity": "against"},
        },
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    outcome = run("evaluate", path, "--resamples", 0)
    told = " ".join(outcome.out.split())
    assert "stance F1 of cooperation: no rightly found sentence is labelled against" in told
    assert "stance F1 of multipolarity: no rightly found sentence is labelled favor" in told
    assert "of anti_hegemony" not in told


def test_frames_of_few_documents_and_of_none_are_named(run, tiny_folder, gold):
    one = run("evaluate", gold, "--model", tiny_folder, "--resamples", 20).out
    assert "too narrow" not in one  # Of one document there is no interval.
    gold.write_text(ROWS + ROWS.replace('"a"', '"c"').replace("trade.", "meet."))
    told = " ".join(run("evaluate", gold, "--model", tiny_folder, "--resamples", 20).out.split())
    assert "in fewer than five documents, so intervals may be too narrow: cooperation " in told
    frames = json.loads(run("evaluate", gold, "--model", tiny_folder, "--json").out)["frames"]
    line = told[told.index("never in the data") :]
    for name in set(frames) - {"cooperation"}:
        times = frames[name]["predicted"]
        assert (f"{name} (given {times} time" in line) == bool(times)
    without = run("evaluate", gold, "--model", tiny_folder, "--resamples", 0).out
    assert "too narrow" not in without


def test_rows_in_another_encoding_are_named_once(run, tiny_folder, tmp_path):
    path = tmp_path / "excel.csv"
    path.write_bytes("text,frames\nDie Gespräche führten zu schönen Verträgen.,\n".encode("cp1252"))
    outcome = run("evaluate", path, "--model", tiny_folder, "--resamples", 0)
    lines = [line for line in outcome.err.splitlines() if "UTF-8" in line]
    assert lines == [
        f"stance: {path} is not in UTF-8, read as cp1252; look at its accented letters"
    ]
