"""Work in turn: who waits, who is stopped, and that the steps are closed whatever happens."""

import threading

import pytest

from fer_hf.web.jobs import Line, Stopped, Wait


def steps(count, closed=None, go=None):
    try:
        for step in range(1, count + 1):
            if go:
                go.wait(30)
            yield step
    finally:
        if closed is not None:
            closed.append(True)


def test_the_last_step_always_arrives():
    found = list(Line(1).work("me", steps(500)))
    assert found[0] == 1
    assert found[-1] == 500
    assert len(found) < 500
    assert found == sorted(found)


def test_work_without_a_step_is_no_error():
    assert list(Line(1).work("me", steps(0))) == []


def test_the_second_waits_and_is_told_how_many_come_first():
    line = Line(1)
    mine, yours = line.work("me", steps(3)), line.work("you", steps(3))
    assert next(mine) == 1
    assert next(yours) == Wait(1)
    assert next(yours) == Wait(1)
    assert list(mine)[-1] == 3
    assert list(yours)[-1] == 3


def test_as_many_as_there_are_seats_work_at_once():
    line = Line(2)
    works = [line.work(name, steps(3)) for name in "abcd"]
    assert [next(work) for work in works] == [1, 1, Wait(1), Wait(2)]
    for work in works:
        work.close()


def test_stopping_ends_the_work_at_its_next_step_and_makes_room():
    line, closed = Line(1), []
    work = line.work("me", steps(9, closed))
    assert next(work) == 1
    line.leave("you")  # another session stops nothing
    line.leave("me")
    with pytest.raises(Stopped):
        next(work)
    assert closed == [True]
    assert list(line.work("you", steps(1))) == [1]


def test_one_who_waits_can_leave_too():
    line, closed = Line(1), []
    first, second = line.work("me", steps(2)), line.work("you", steps(2, closed))
    next(first)
    next(second)
    line.leave("you")
    with pytest.raises(Stopped):
        next(second)
    assert list(first)[-1] == 2


def test_newer_work_of_the_same_session_ends_the_older_in_silence():
    line, closed = Line(1), []
    older = line.work("me", steps(9, closed))
    next(older)
    newer = line.work("me", steps(2))
    assert next(newer) == Wait(1)
    assert list(older) == []
    assert closed == [True]
    assert list(newer)[-1] == 2


def test_an_error_in_a_step_comes_through_and_makes_room():
    def failing():
        yield 1
        raise ValueError("boom")

    line = Line(1)
    with pytest.raises(ValueError, match="boom"):
        list(line.work("me", failing()))
    assert list(line.work("you", steps(1))) == [1]


def test_leaving_the_work_closes_its_steps():
    line, closed = Line(1), []
    work = line.work("me", steps(9, closed))
    next(work)
    work.close()
    assert closed == [True]
    assert list(line.work("you", steps(1))) == [1]


def test_from_several_threads_one_works_at_a_time():
    line, at_once, most = Line(1), [], []

    def counting():
        at_once.append(1)
        for step in range(3):
            most.append(len(at_once))
            yield step
        at_once.pop()

    threads = [threading.Thread(target=lambda i=i: list(line.work(str(i), counting()))) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert max(most) == 1
    assert len(most) == 9
