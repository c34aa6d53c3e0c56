import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from stance.agreement import Coding, agreement, krippendorff_alpha, majority
from stance.codebook import Codebook, Frame
from stance.errors import CodebookError, InputError
from stance.resampling import draw

SEEDS = Path(__file__).parent.parent / "seeds"


def read(name):
    return [json.loads(line) for line in (SEEDS / name).read_text(encoding="utf-8").splitlines()]


def codings(*rows):
    """Sentence s1, s2, ... as coders A, B, C saw it; None where one did not code it."""
    return [
        Coding(f"s{number}", coder, frames)
        for number, row in enumerate(rows, start=1)
        for coder, frames in zip("ABC", row, strict=False)
        if frames is not None
    ]


@pytest.fixture(scope="module")
def seeds():
    return [Coding(**row) for row in read("codings.jsonl")]


@pytest.fixture(scope="module")
def report(seeds):
    return agreement(seeds)


@pytest.mark.parametrize(
    ("frame", "alpha"),
    [
        ("defensive_balancing", 0.926),
        ("multipolarity", 0.915),
        ("anti_hegemony", 0.988),
        ("cooperation", 0.853),
    ],
)
def test_alpha_of_the_seeds(report, frame, alpha):
    assert report.frames[frame].alpha == pytest.approx(alpha, abs=0.0005)


def test_alpha_of_the_stances_of_the_seeds(report):
    assert report.stance.alpha == pytest.approx(0.895, abs=0.0005)


def test_share_of_the_seeds_with_the_same_frames(report):
    assert report.same_frames == pytest.approx(0.84, abs=0.005)


def test_majority_of_the_seeds_is_their_gold(seeds):
    assert majority(seeds) == {row["id"]: row["frames"] for row in read("labels.jsonl")}


def test_pairwise_f1_equals_scikit_learn(seeds, report):
    metrics = pytest.importorskip("sklearn.metrics")
    given = {
        coder: ["cooperation" in one.frames for one in seeds if one.coder == coder]
        for coder in report.coders
    }
    expected = [metrics.f1_score(given[a], given[b]) for a, b in combinations("ABC", 2)]
    assert [pair.frames["cooperation"] for pair in report.pairs] == pytest.approx(expected)
    assert report.frames["cooperation"].f1 == pytest.approx(np.mean(expected))


def test_pairwise_f1_of_stances_equals_scikit_learn(seeds, report):
    metrics = pytest.importorskip("sklearn.metrics")
    coded = {(one.id, one.coder): one.frames for one in seeds}
    both = [
        (frames[name], coded[id, "B"][name])
        for (id, coder), frames in coded.items()
        for name in frames
        if coder == "A" and name in coded[id, "B"]
    ]
    expected = metrics.f1_score(*zip(*both, strict=True), average="macro")
    assert report.pairs[0].stance == pytest.approx(expected)


def test_pairs_count_the_sentences_that_both_coded():
    result = agreement(codings([{"x": None}, {}, None], [{"x": None}, {"x": None}, {}]))
    assert {pair.coders: pair.sentences for pair in result.pairs} == {
        ("A", "B"): 2,
        ("A", "C"): 1,
        ("B", "C"): 1,
    }


def test_sentences_of_one_coder_are_not_compared():
    result = agreement(codings([{"x": "favor"}, {"x": "favor"}], [{"x": "favor"}, None]))
    assert (result.sentences, result.shared, result.same_frames) == (2, 1, 1.0)


def test_tendencies_count_frames_and_stances():
    result = agreement(codings([{"x": "favor"}, {"x": None}], [{"x": "against"}, {}]))
    assert result.tendencies["A"].frames == {
        "x": {"favor": 1, "neutral": 0, "against": 1, "not_coded": 0}
    }
    assert result.tendencies["B"].frames["x"]["not_coded"] == 1


def test_disputes_name_the_frames_and_the_majority():
    row = [{"x": "favor", "y": "favor"}, {"x": "against", "y": "favor"}, {"y": "favor"}]
    (dispute,) = agreement(codings(row)).disputes
    assert (dispute.id, dispute.over) == ("s1", ("x",))
    assert dispute.majority == {"x": "neutral", "y": "favor"}


def test_a_stance_not_coded_disputes_none():
    assert agreement(codings([{"x": "favor"}, {"x": None}])).disputes == ()


def test_a_codebook_adds_the_frames_that_nobody_used():
    codebook = Codebook((Frame("z"), Frame("x")))
    result = agreement(codings([{"x": "favor"}, {}]), codebook=codebook)
    assert list(result.frames) == ["z", "x"]
    assert (result.frames["z"].alpha, result.frames["z"].f1) == (None, None)


@pytest.mark.parametrize(
    ("stances", "expected"),
    [
        (["favor", "favor", "against"], "favor"),
        (["favor", "neutral", "against"], "neutral"),
        (["favor", "against"], "neutral"),
        (["favor", None, None], "favor"),
        ([None, None], None),
    ],
)
def test_majority_stance(stances, expected):
    row = [{"x": stance} for stance in stances]
    assert majority(codings(row)) == {"s1": {"x": expected}}


@pytest.mark.parametrize(("votes", "kept"), [(1, False), (2, True), (3, True)])
def test_majority_frame_takes_more_than_half_of_the_coders(votes, kept):
    row = [{"x": "favor"}] * votes + [{}] * (3 - votes)
    assert ("x" in majority(codings(row))["s1"]) is kept


def in_documents(count, coded):
    """Codings of sentences of so many documents, turn by turn; of none where it is 0."""
    return [
        replace(one, document=f"d{int(one.id[1:]) % count}" if count else None) for one in coded
    ]


def test_an_interval_is_of_the_alphas_of_resampled_documents(seeds):
    articles = {row["id"]: row["document"] for row in read("labels.jsonl")}
    coded = [replace(one, document=articles[one.id]) for one in seeds]
    result = agreement(coded, resamples=200, seed=3)
    assert (result.resampled, result.units) == ("documents", 5)
    documents = list(articles.values())
    presence = np.array(
        [["cooperation" in one.frames for one in coded if one.coder == coder] for coder in "ABC"]
    ).astype(int)
    alphas = [
        krippendorff_alpha(np.repeat(presence, times.astype(int), axis=1))
        for weights in draw(documents, 288, 200, seed=3).weights
        for times in weights
    ]
    assert result.frames["cooperation"].alpha == pytest.approx(alphas[0])
    low, high = np.percentile(alphas[1:], [2.5, 97.5])
    assert result.frames["cooperation"].interval == pytest.approx((low, high))
    assert low < alphas[0] < high


def test_the_alpha_of_stances_is_resampled_with_its_sentences(seeds):
    one = agreement(seeds, resamples=100)
    assert (one.resampled, one.units) == ("sentences", 288)
    low, high = one.stance.interval
    assert low < one.stance.alpha < high
    alike = agreement([replace(coding, document="all") for coding in seeds], resamples=100)
    assert alike == one


@pytest.mark.parametrize(
    ("documents", "resampled", "units"),
    [(0, "sentences", 6), (1, "sentences", 6), (3, "documents", 3)],
)
def test_it_is_said_what_was_resampled(documents, resampled, units):
    rows = [[{"x": "favor"}, {"x": "favor"}], [{"x": "favor"}, {}], [{}, {}]] * 2
    result = agreement(in_documents(documents, codings(*rows)))
    assert (result.resampled, result.units) == (resampled, units)


def test_a_sentence_of_no_document_stands_for_itself():
    rows = [[{"x": "favor"}, {}], [{}, {}], [{}, {}]]
    coded = [replace(one, document="d" if one.id == "s1" else None) for one in codings(*rows)]
    assert agreement(coded).units == 3


def test_a_frame_of_one_document_has_no_interval():
    rows = [[{"x": "favor"}, {"x": "favor"}, {}], *[[{}] * 3] * 35]
    one = agreement(in_documents(12, codings(*rows))).frames["x"]
    assert (one.alpha, one.interval, one.units) == (pytest.approx(0.495, abs=0.001), None, 1)
    rows[1:4] = [[{"x": "favor"}, {}, {}]] * 3
    several = agreement(in_documents(12, codings(*rows))).frames["x"]
    assert several.interval[0] < several.alpha < several.interval[1]
    assert several.units == 4


def test_full_agreement_and_no_resamples_have_no_interval(seeds):
    rows = [[{"x": "favor"}, {"x": "favor"}], [{}, {}]] * 5
    assert agreement(codings(*rows)).frames["x"].interval is None
    without = agreement(seeds, resamples=0)
    assert {frame.interval for frame in without.frames.values()} == {None}
    with pytest.raises(InputError, match="resamples is -1"):
        agreement(seeds, resamples=-1)


def test_the_report_is_valid_json(report):
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert data["frames"].keys() == report.frames.keys()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "there are no codings"),
        (codings([{"x": "favor"}]), "no sentence was coded twice"),
        (codings([{"x": "favor"}, {}]) * 2, "coder 'A' has two codings of sentence 's1'"),
        (codings([{}, {}]), "no coding names a frame"),
    ],
)
def test_codings_that_cannot_be_compared_are_named(rows, message):
    with pytest.raises(InputError, match=message):
        agreement(rows)


@pytest.mark.parametrize("use", [agreement, majority])
@pytest.mark.parametrize("stance", ["favour", "Favor"])
def test_an_unknown_stance_is_named(use, stance):
    with pytest.raises(CodebookError, match=f"'{stance}' .did you mean 'favor'"):
        use(codings([{"x": stance}, {"x": stance}]))


def test_an_unknown_frame_is_named():
    with pytest.raises(CodebookError, match="unknown frame 'y'"):
        agreement(codings([{"y": None}, {}]), codebook=Codebook((Frame("x"),)))
