"""Work done ahead: the same items, in order, and no thread left behind."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.ahead import ahead, while_wanted


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "stance-ahead"]


@given(st.lists(st.integers() | st.none()))
def test_the_items_come_in_order(items):
    assert list(ahead(iter(items))) == items


def test_the_next_item_is_made_while_this_one_is_used():
    made = threading.Event()

    def items():
        yield 1
        made.set()
        yield 2

    found = ahead(items())
    assert next(found) == 1
    assert made.wait(timeout=10)
    assert list(found) == [2]


def test_at_most_two_items_exist_beside_the_callers():
    made = []

    def items():
        for number in range(10):
            made.append(number)
            yield number

    found = ahead(items())
    next(found)
    time.sleep(0.3)
    assert len(made) <= 3
    found.close()


def test_an_error_comes_after_the_items_before_it():
    def items():
        yield 1
        raise ValueError("the disk is gone")

    found = ahead(items())
    assert next(found) == 1
    with pytest.raises(ValueError, match="the disk is gone"):
        next(found)


def test_two_stages_may_stand_behind_each_other():
    assert list(ahead(item + 1 for item in ahead(iter(range(5))))) == [1, 2, 3, 4, 5]


def test_a_caller_that_stops_early_stops_the_thread_and_closes_what_it_read():
    closed = threading.Event()

    def items():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    found = ahead(items())
    next(found)
    found.close()
    assert closed.is_set()
    assert not threads()


def test_what_cannot_be_gone_through_raises_where_its_items_are_used():
    class Broken:
        def __iter__(self):
            raise ValueError("the disk is gone")

    with pytest.raises(ValueError, match="the disk is gone"):
        next(ahead(Broken()))
    assert not threads()


def test_no_item_is_made_after_the_caller_has_stopped():
    made, third = [], threading.Event()

    def items():
        for number in range(10):
            made.append(number)
            if number == 2:
                third.set()
            yield number

    found = ahead(items())
    next(found)
    assert third.wait(timeout=10)
    found.close()
    assert not threads()
    assert made == [0, 1, 2]


def test_a_stage_that_waits_for_ever_does_not_hold_up_a_caller_that_stops(monkeypatch):
    monkeypatch.setattr("stance.ahead._PATIENCE", 0.05)
    waits, release = threading.Event(), threading.Event()

    def items():
        yield 0
        waits.set()
        release.wait(timeout=30)

    found = ahead(item for item in ahead(items()))
    try:
        assert next(found) == 0
        assert waits.wait(timeout=10)
        before = time.monotonic()
        found.close()
        while len(threads()) > 1 and time.monotonic() < before + 10:
            time.sleep(0.01)
        assert len(threads()) == 1  # The stage between them has ended.
        assert time.monotonic() - before < 10
    finally:
        release.set()
        for thread in threads():
            thread.join(timeout=10)
    assert not threads()


def test_work_is_not_begun_any_more_once_nobody_waits_for_it():
    begun, going = [], threading.Event()

    def work(number):
        begun.append(number)
        going.set()
        time.sleep(0.05)
        return number

    def items():
        yield 0
        step = while_wanted(work)
        yield [step(number) for number in range(1000)]

    found = ahead(items())
    next(found)
    assert going.wait(timeout=10)
    found.close()
    assert threads() == []
    assert len(begun) < 100


def test_work_in_a_thread_that_makes_nothing_ahead_is_done():
    assert while_wanted(len)("abc") == 3
