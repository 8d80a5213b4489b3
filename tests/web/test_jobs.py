"""Long work in turn: who waits, who is stopped, and that steps are closed and uploads kept or deleted as promised."""

import asyncio
import contextvars
import threading
import time

import pytest

from fer_hf.errors import FerError
from fer_hf.web import jobs as jobs_module
from fer_hf.web.jobs import JobQueue, Stopped, Wait, new_job
from fer_hf.web.temp_files import Uploads


def steps(count, closed=None, go=None):
    try:
        for step in range(1, count + 1):
            if go:
                assert go.wait(30)
            yield step
    finally:
        if closed is not None:
            closed.append(True)


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    monkeypatch.setattr(jobs_module, "EVERY", 0.01)
    return JobQueue(Uploads(tmp_path))


async def until_the_end(jobs, name):
    """All states that the visitor sees."""
    seen, ended = [], False
    while not ended:
        state, ended = await jobs.look(name)
        seen.append(state)
    return seen


def upload(jobs, name, file="photo.jpg"):
    path = jobs._uploads.folder / file
    path.write_bytes(b"photo")
    assert jobs._uploads.receive(name, path)
    return path


def test_the_last_step_always_arrives_and_can_be_asked_for_again(jobs):
    async def visit():
        await jobs.start("me", steps(500))
        seen = await until_the_end(jobs, "me")
        return seen, await jobs.look("me")

    seen, again = asyncio.run(visit())
    assert seen[-1] == 500 and again == (500, True)
    assert [state for state in seen if state is not None] == sorted(set(seen) - {None})


def test_work_without_a_step_ends(jobs):
    async def visit():
        await jobs.start("me", steps(0))
        return await until_the_end(jobs, "me")

    assert asyncio.run(visit())[-1] is None


def test_who_comes_later_is_told_how_many_come_first(jobs):
    go = threading.Event()

    async def visit():
        for name in ("first", "second", "third"):
            await jobs.start(name, steps(3, go=go))
        waits = [await jobs.look("second"), await jobs.look("third")]
        go.set()
        return waits, [(await until_the_end(jobs, name))[-1] for name in ("first", "second", "third")]

    waits, ends = asyncio.run(visit())
    assert waits == [(Wait(1), False), (Wait(2), False)]
    assert ends == [3, 3, 3]


def test_one_job_works_at_a_time(jobs):
    at_once, most = [], []

    def counting():
        at_once.append(1)
        for step in range(3):
            most.append(len(at_once))
            yield step + 1
        at_once.pop()

    async def visit():
        for name in "abc":
            await jobs.start(name, counting())
        await asyncio.gather(*(until_the_end(jobs, name) for name in "abc"))

    asyncio.run(visit())
    assert max(most) == 1 and len(most) == 9


def test_stopping_ends_the_work_at_its_next_step_and_deletes_its_files(jobs):
    closed, go = [], threading.Event()

    async def visit():
        path = upload(jobs, "me")
        await jobs.start("me", steps(9, closed, go))
        await jobs.start("you", steps(1))
        jobs.stop("somebody")  # stops nothing of anybody else's
        assert (await jobs.look("you"))[0] == Wait(1)
        jobs.stop("me")
        go.set()
        with pytest.raises(Stopped):
            await jobs.look("me")
        assert (await until_the_end(jobs, "you"))[-1] == 1
        return path

    path = asyncio.run(visit())
    assert closed == [True]
    assert not path.exists()


def test_who_waits_can_leave_too(jobs):
    go = threading.Event()

    async def visit():
        for name in ("first", "second", "third"):
            await jobs.start(name, steps(2, go=go))
        jobs.stop("second")
        assert (await jobs.look("third"))[0] == Wait(1)
        go.set()
        return [(await until_the_end(jobs, name))[-1] for name in ("first", "third")]

    assert asyncio.run(visit()) == [2, 2]


def test_an_error_in_a_step_comes_through_and_makes_room(jobs):
    def failing():
        yield 1
        raise FerError("file_empty")

    async def visit():
        await jobs.start("me", failing())
        await jobs.start("you", steps(1))
        with pytest.raises(FerError, match="the file is empty"):
            await until_the_end(jobs, "me")
        return await until_the_end(jobs, "you")

    assert asyncio.run(visit())[-1] == 1


def test_the_upload_of_one_who_waits_outlives_the_sweep(jobs, monkeypatch):
    monkeypatch.setattr(jobs_module, "LONGEST_LOOK", 0.1)
    go = threading.Event()

    async def visit():
        path = upload(jobs, "second")
        await jobs.start("first", steps(1, go=go))
        await jobs.start("second", steps(1))
        for _ in range(10):
            await jobs.look("second")
            jobs._uploads.sweep(age=0.5)
        assert path.exists()
        go.set()

    asyncio.run(visit())


def test_a_job_that_nobody_looks_at_ends_and_its_files_go(jobs, monkeypatch):
    monkeypatch.setattr(jobs_module, "PATIENCE", 0.2)
    closed = []

    def endless():
        try:
            while True:
                time.sleep(0.01)
                yield 1
        finally:
            closed.append(True)

    async def visit():
        path = upload(jobs, "me")
        await jobs.start("me", endless())
        await jobs.start("you", steps(1))
        end = time.monotonic() + 30
        while path.exists() and time.monotonic() < end:
            await jobs.look("you")
        assert not path.exists()
        return await until_the_end(jobs, "you")

    assert asyncio.run(visit())[-1] == 1
    assert closed == [True]


def test_too_many_are_asked_to_come_back_and_keep_no_files(jobs, monkeypatch):
    monkeypatch.setattr(jobs_module, "WAITING", 1)
    go = threading.Event()

    async def visit():
        await jobs.start("first", steps(1, go=go))
        path = upload(jobs, "second")
        with pytest.raises(FerError) as caught:
            await jobs.start("second", steps(1))
        assert caught.value.code == "busy" and not path.exists()
        go.set()

    asyncio.run(visit())


def test_names_cannot_be_guessed():
    names = {new_job() for _ in range(100)}
    assert len(names) == 100 and min(map(len, names)) > 20


def test_a_job_is_read_in_the_context_of_its_visitor(jobs):
    """ZeroGPU finds there whose minutes it spends."""
    visitor = contextvars.ContextVar("visitor", default="nobody")

    def say_who():
        yield visitor.get()

    async def read():
        names = []
        for who in ("alice", "bob"):
            visitor.set(who)
            names.append(name := new_job())
            await jobs.start(name, say_who())
        visitor.set("carol")
        return [await last(jobs, name) for name in names]

    async def last(jobs, name):
        while not (answer := await jobs.look(name))[1]:
            pass
        return answer[0]

    assert asyncio.run(read()) == ["alice", "bob"]
