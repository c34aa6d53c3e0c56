"""What labelling gives back: shares, and the words that carry a frame."""

import pytest

from stance.results import DocumentResult, FrameSummary, SentenceResult, Word, telling_words


def sentence(frames, uncertain=()):
    return SentenceResult("They met.", 0, 9, 0, frames, {}, {}, uncertain)


def test_a_share_is_a_lower_bound_where_decisions_were_withheld():
    sentences = (sentence({"x": "favor"}), sentence({}, ("x",)), sentence({}, ("y",)), sentence({}))
    document = DocumentResult("a", sentences, ("x", "y"))
    assert document.shares == {"x": 0.25, "y": 0.0}
    assert document.summary() == {
        "x": FrameSummary(1, 0.25, 1, 0, 0, uncertain=1),
        "y": FrameSummary(0, 0.0, 0, 0, 0, uncertain=1),
    }


def test_a_balance_is_of_the_stances_that_were_taken():
    assert FrameSummary(4, 1.0, favor=2, neutral=0, against=1).balance == pytest.approx(1 / 3)
    assert FrameSummary(2, 1.0, favor=1, neutral=0, against=1).balance == 0
    # One sentence carries the frame, and its stance was not coded.
    assert FrameSummary(1, 1.0, favor=0, neutral=0, against=0).balance is None


@pytest.mark.parametrize(
    ("weights", "kept"),
    [
        ((0.1, 0.4, 0.09, -0.5), [0.4, 0.1]),
        ((0.019, 0.01), []),
        ((0.02, 0.01), [0.02]),
        ((-0.1,), []),
        ((), []),
    ],
)
def test_words_tell_that_weigh_something(weights, kept):
    words = [Word("w", place, place + 1, weight) for place, weight in enumerate(weights)]
    assert [word.weight for word in telling_words(words, 3)] == kept


def test_of_many_words_the_first_few_are_named():
    assert len(telling_words([Word("w", n, n + 1, 0.5) for n in range(9)], 3)) == 3
