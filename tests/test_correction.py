import json
import unicodedata
from dataclasses import replace

import numpy as np
import pytest

from stance.correction import correct
from stance.errors import InputError
from stance.files.rows import LabelledRow


def row(number, frames, document="a"):
    text = f"Sentence {number}."
    return {"document": document, "index": number, "text": text, "frames": frames}


def coded(number, frames, document="a"):
    return LabelledRow(f"{document}:{number}", document, f"Sentence {number}.", frames)


def corpus(seed, sentences=4000):
    """True labels, and what a model that errs in a known way finds."""
    generator = np.random.default_rng(seed)
    truth = generator.choice(4, size=sentences, p=[0.7, 0.18, 0.06, 0.06])
    missed, invented = generator.random((2, sentences)) < [[0.4], [0.1]]
    found = np.where(truth > 0, np.where(missed, 0, 1), np.where(invented, 1, 0))
    names = ("favor", "neutral", "against")
    rows = [row(n, {"trade": names[state - 1]} if state else {}) for n, state in enumerate(found)]
    gold = [coded(n, {"trade": names[state - 1]} if state else {}) for n, state in enumerate(truth)]
    return rows, gold


def test_the_mean_error_of_the_sample_is_added():
    rows = [row(n, {"trade": "favor"} if n < 8 else {}) for n in range(10)]
    gold = [coded(0, {}), coded(1, {"trade": "against"}), coded(8, {}), coded(9, {})]
    use = correct(rows, gold, resamples=0).frames["trade"]
    assert use.model == pytest.approx(0.8)
    assert use.share.value == pytest.approx(0.8 - 1 / 4)
    assert (use.favor.value, use.against.value) == pytest.approx((0.8 - 2 / 4, 1 / 4))
    assert use.balance.value == pytest.approx((0.3 - 0.25) / 0.55)
    assert (use.missed, use.invented) == (0, 1)


def test_a_sample_of_everything_gives_the_truth():
    rows, gold = corpus(0, sentences=300)
    use = correct(rows, gold, resamples=0).frames["trade"]
    assert use.share.value == pytest.approx(np.mean([bool(one.frames) for one in gold]))
    against = np.mean([one.frames.get("trade") == "against" for one in gold])
    assert use.against.value == pytest.approx(against)


@pytest.mark.parametrize(("groups", "each"), [(1, 100), (1, 450), (20, 4), (6, 20)])
def test_intervals_hold_the_truth_about_as_often_as_they_say(groups, each):
    held = []
    for seed in range(80):
        rows, gold = corpus(seed, sentences=600)
        rows = [one | {"outlet": f"{n % groups}"} for n, one in enumerate(rows)]
        truth = np.mean([bool(one.frames) for one in gold])
        generator = np.random.default_rng(seed)
        drawn = [
            gold[n]
            for group in range(groups)
            for n in generator.choice(np.arange(group, 600, groups), size=each, replace=False)
        ]
        share = correct(rows, drawn, by="outlet", resamples=150).frames["trade"].share
        held.append(share.low <= truth <= share.high)
    assert 0.86 <= np.mean(held) <= 0.995


def test_a_corpus_that_was_coded_whole_is_known():
    rows, gold = corpus(4, sentences=100)
    share = correct(rows, gold).frames["trade"].share
    assert (share.value, share.low) == (np.mean([bool(one.frames) for one in gold]), None)


def test_groups_of_a_sample_count_by_their_size_in_the_corpus():
    # Nine in ten sentences are of x, where the model is right; of y it invents every frame.
    rows = [row(n, {"trade": "favor"}) | {"outlet": "y" if n < 10 else "x"} for n in range(100)]
    gold = [coded(n, {}) for n in range(5)] + [coded(n, {"trade": "favor"}) for n in range(50, 55)]
    shares = {by: correct(rows, gold, by=by).frames["trade"].share for by in (None, "outlet")}
    assert shares[None].value == pytest.approx(0.5)
    assert shares["outlet"].value == pytest.approx(0.9)
    for few, number in ((gold[5:], 0), (gold[4:], 1)):
        with pytest.raises(InputError, match=f"the sample has {number} of 10 sentences of 'y'"):
            correct(rows, few, by="outlet")


def test_groups_are_drawn_apart_from_one_another():
    rows, gold = corpus(3, sentences=400)
    rows = [one | {"outlet": "xy"[n % 2]} for n, one in enumerate(rows)]
    plain, by_outlet = (correct(rows, gold[:200], by=by).frames["trade"] for by in (None, "outlet"))
    assert by_outlet.share.value == pytest.approx(plain.share.value)
    widths = [use.share.high - use.share.low for use in (plain, by_outlet)]
    assert 0.8 < widths[0] / widths[1] < 1.25


def test_where_all_errors_are_alike_there_is_no_interval():
    rows = [row(n, {"trade": "favor"}) for n in range(4)]
    use = correct(rows, [coded(n, {"trade": "favor"}) for n in range(2)]).frames["trade"]
    assert (use.share.value, use.share.low) == (1, None)


def test_stances_that_were_not_coded_are_taken_to_be_as_those_that_were():
    # The model finds every favor and half of the against; stances are coded for half of them.
    rows = [row(n, {"trade": "favor"} if n < 60 else {}) for n in range(100)]
    stances = ["favor"] * 40 + ["against"] * 40
    gold = [
        coded(n, {"trade": stances[n] if n % 2 else None} if n < 80 else {}) for n in range(100)
    ]
    use = correct(rows, gold, resamples=0).frames["trade"]
    assert use.share.value == pytest.approx(0.8)
    assert (use.favor.value, use.against.value) == pytest.approx((0.4, 0.4))
    assert use.balance.value == pytest.approx(0)


def test_the_fewer_stances_were_coded_the_less_is_known_of_the_balance():
    rows = [row(n, {"trade": "favor"} if n % 2 else {}) for n in range(1000)]
    stances = ["favor", "favor", "against", "favor", "neutral"] * 20
    widths = []
    for every in (1, 2, 4, 8):
        gold = [
            coded(n, {"trade": stances[n] if n % 16 < 16 // every else None} if n % 2 else {})
            for n in range(100)
        ]
        balance = correct(rows, gold).frames["trade"].balance
        assert balance.low < balance.value < balance.high
        widths.append(balance.high - balance.low)
    assert widths == sorted(widths)
    assert widths[-1] > 1.3 * widths[0]


def test_of_one_coded_stance_the_balance_has_no_interval():
    rows = [row(n, {"trade": "favor"} if n % 2 else {}) for n in range(1000)]
    gold = [coded(n, {"trade": "against" if n == 7 else None} if n % 2 else {}) for n in range(100)]
    use = correct(rows, gold).frames["trade"]
    assert (use.share.value, use.balance.value, use.balance.low) == (0.5, -1, None)


def test_what_a_model_without_stances_finds_is_shared_out_as_the_sample_is():
    rows = [row(n, {"trade": None} if n < 80 else {}) for n in range(100)]
    gold = [coded(n, {"trade": "against" if n % 4 else "favor"} if n < 8 else {}) for n in range(9)]
    use = correct(rows, gold, resamples=0).frames["trade"]
    assert use.favor.value + use.against.value == pytest.approx(use.share.value)
    assert use.balance.value == pytest.approx(-0.5)


def test_where_no_stance_was_coded_none_is_corrected():
    rows = [row(n, {"trade": "favor"}) for n in range(4)]
    use = correct(rows, [coded(n, {"trade": None}) for n in range(2)]).frames["trade"]
    assert (use.share.value, use.favor.value, use.balance.value) == (1, None, None)


def test_a_frame_that_the_model_never_found_is_corrected_too():
    rows = [row(n, {}) | {"probabilities": {"trade": 0.1}} for n in range(4)]
    found = correct(rows, [coded(0, {"trade": "favor"}), coded(1, {})], resamples=0)
    assert found.frames["trade"].share.value == 0.5
    assert (found.sentences, found.sample) == (4, 2)


def test_a_balance_ends_at_one():
    # The errors leave fewer than no sentences against it.
    rows = [row(n, {"trade": "against" if n == 0 else "favor"}) for n in range(10)]
    gold = [coded(0, {}), coded(1, {"trade": "favor"})]
    assert correct(rows, gold, resamples=0).frames["trade"].balance.value == 1


def test_it_prints_and_is_json():
    rows, gold = corpus(1, sentences=200)
    found = correct(rows, gold[:50])
    head, line = str(found).splitlines()
    assert head.split() == ["frame", "model", "corrected", "balance", "missed", "invented"]
    assert line.startswith("trade")
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["sample"] == 50


@pytest.mark.parametrize(
    ("gold", "options", "message"),
    [
        ([], {}, "the sample has 0 of 3 sentences; code two or more$"),
        ([coded(0, {})], {}, "the sample has 1 of 3 sentences; code two or more$"),
        ([replace(coded(0, {}), text="Other.")], {}, "'a:0' has another text in the sample than"),
        ([replace(coded(0, {}), frames={"x": "FAVOR"})], {}, "has the stance 'FAVOR'; expected"),
        ([coded(9, {})], {}, "has the sentence 'a:9', which the result has not"),
        ([coded(0, {})] * 2, {}, "has the sentence 'a:0' twice"),
        ([coded(0, {})], {"seed": -1}, "seed is -1"),
        ([coded(0, {})], {"resamples": -1}, "resamples is -1"),
    ],
)
def test_what_cannot_be_corrected_is_named(gold, options, message):
    with pytest.raises(InputError, match=message):
        correct([row(n, {"trade": "favor"}) for n in range(3)], gold, **options)


def test_sentences_of_one_id_are_refused():
    rows = [row(0, {}), row(0, {"trade": "favor"})]
    with pytest.raises(InputError, match="two sentences have the id 'a:0'"):
        correct(rows, [coded(0, {})])


def test_results_of_two_codebooks_are_refused():
    rows = [row(n, {}) | {"probabilities": {name: 0.1}} for n, name in enumerate("xy")]
    with pytest.raises(InputError, match="models that look for different frames"):
        correct(rows, [coded(0, {})])


def test_the_order_of_the_sample_changes_no_figure():
    rows, gold = corpus(2, sentences=100)
    there, back = (correct(rows, part, resamples=0) for part in (gold[:40], gold[39::-1]))
    for name, use in there.frames.items():
        assert use.share.value == pytest.approx(back.frames[name].share.value)
    assert replace(there, frames={}) == replace(back, frames={})


def test_a_frame_that_the_sample_has_not_is_there_in_no_sentence():
    rows = [row(n, {"trade": None} if n % 3 else {}) for n in range(7)]
    use = correct(rows, [coded(n, {}) for n in range(7)]).frames["trade"]
    assert (use.share.value, use.favor.value, str(use.share)) == (0, 0, "0.00")


def test_names_of_frames_are_the_same_however_their_accents_were_typed():
    apart, whole = (unicodedata.normalize(form, "협력") for form in ("NFD", "NFC"))
    rows = [row(n, {apart: "favor"} if n < 5 else {}) for n in range(10)]
    rows = [one | {"probabilities": {apart: 0.5}} for one in rows]
    for typed in (whole, apart):
        gold = [coded(n, {typed: "favor"} if n < 5 else {}) for n in range(10)]
        frames = correct(rows, gold).frames
        assert list(frames) == [whole]
        assert (frames[whole].model, frames[whole].missed, frames[whole].invented) == (0.5, 0, 0)
