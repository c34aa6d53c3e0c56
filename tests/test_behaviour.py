"""The behavioural suite (see behaviour/README.md): 80% of each capability's cases are to pass.

The rates that stance-default 1.3.1 reaches stand in behaviour/README.md.
"""

import json
from collections import defaultdict
from pathlib import Path

import pytest

import stance

FOLDER = Path(__file__).parent / "behaviour"
CASES = [json.loads(line) for line in (FOLDER / "cases.jsonl").read_text("utf-8").splitlines()]
REQUIRED = 0.8


def texts_of(case):
    return [case["text"], *case.get("variants", [])]


@pytest.fixture(scope="module")
def results():
    texts = [text for case in CASES for text in texts_of(case)]
    with stance.load() as model:
        return dict(zip(texts, (r.frames for r in model.predict(texts)), strict=True))


def passes(case, results):
    found = [results[text] for text in texts_of(case)]
    if "variants" in case:
        kept = [f if "frame" not in case else f.get(case["frame"]) for f in found]
        return all(frames == kept[0] for frames in kept)
    return all(
        (check["frame"] in found[0]) == check["present"]
        and check.get("stance") in (None, found[0].get(check["frame"]))
        for check in case["expect"]
    )


def by_capability():
    grouped = defaultdict(list)
    for case in CASES:
        grouped[case["capability"]].append(case)
    return grouped


@pytest.mark.parametrize("capability", list(by_capability()))
def test_capability(capability, results, record_property):
    cases = by_capability()[capability]
    failed = [case["id"] for case in cases if not passes(case, results)]
    rate = 1 - len(failed) / len(cases)
    record_property("pass_rate", rate)
    assert rate >= REQUIRED, f"{capability}: {rate:.0%} of {len(cases)}; failed: {failed}"
