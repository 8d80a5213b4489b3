"""Long work, one job at a time: the others see how many come first, anyone may stop, nobody's upload is lost meanwhile.

    name = new_job()
    await jobs.start(name, analyze_video(analyzer, path, target))   # `path` is noted in `uploads` under the job's name
    state, ended = await jobs.look(name)                         # Wait(before=2), then step after step, then the last

A tab calls this from its `server_functions`; its script asks `look` again and again, which answers as soon as there is
something new. The name is secret: whoever knows it owns the job.

Gradio's own queue cannot do this. It tells only its own status line how many come first, in English. A request that
waits in it runs no code of ours, so nothing keeps its upload from the sweep. Its `cancels` closes a generator that may
be running in a thread, which fails silently. And it remembers every answer, pictures too, after the visitor has left.
"""

import asyncio
import secrets
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from itertools import takewhile
from threading import Event
from typing import Any

from fer_hf.errors import FerError
from fer_hf.web.limits import in_turn
from fer_hf.web.request_log import log_failure
from fer_hf.web.temp_files import Uploads

WAITING = 16  # jobs at once; the next visitor is asked to come back
EVERY = 0.25  # seconds between two states that are shown
LONGEST_LOOK = 10.0  # seconds that `look` waits for something new
PATIENCE = 30.0  # seconds without a look after which the visitor has left
NOTHING = object()


class Stopped(Exception):
    """The visitor has stopped the job."""


@dataclass(frozen=True)
class Wait:
    """Other jobs come first."""

    before: int


@dataclass(eq=False)
class Job:
    """Work in steps, and how far it is."""

    steps: Generator
    stop: Event
    seen: float  # when its visitor last looked, on the monotonic clock
    context: Context = field(default_factory=copy_context)  # in which ZeroGPU finds whose minutes it spends
    state: Any = None  # the newest step
    shown: Any = NOTHING  # the state that its visitor saw last
    failure: Exception | None = None
    ended: bool = False


def new_job() -> str:
    """A name that nobody can guess."""
    return secrets.token_urlsafe(16)


class JobQueue:
    """Jobs in the order in which they came. They read in the same threads as everything else (`limits.in_turn`).

    Args:
        uploads: where each job's files are noted under its name; they are kept young until the job is over.
    """

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._jobs: dict[str, Job] = {}
        self._worker = ThreadPoolExecutor(1, "job")

    async def start(self, name: str, steps: Generator) -> None:
        """Let a job wait for its turn. Its steps are closed at its end, whatever happens.

        Raises:
            FerError: too many jobs are waiting already.
        """
        if sum(not job.ended for job in self._jobs.values()) >= WAITING:
            self._uploads.forget(name)
            raise FerError("busy", waiting=WAITING)
        job = self._jobs[name] = Job(steps, Event(), time.monotonic())
        self._worker.submit(self._run, job)
        self._leave_when_abandoned(name)

    async def look(self, name: str) -> tuple[Any, bool]:
        """The state of a job, as soon as it has changed, and whether it is the last one, which can be asked for again.

        The state is `Wait`, or the newest step; None before the first.

        Raises:
            Stopped: it was stopped, or its visitor did not look at it for too long.
            Exception: what its steps raise.
        """
        self._uploads.keep_young(name)
        end = time.monotonic() + LONGEST_LOOK
        await asyncio.sleep(EVERY)
        while (job := self._jobs.get(name)) is not None:
            job.seen = time.monotonic()
            ended, state = job.ended, self._state(name)
            if job.failure is not None:
                raise job.failure
            if ended or job.seen > end or not _same(state, job.shown):
                job.shown = state
                return state, ended
            await asyncio.sleep(EVERY)
        raise Stopped

    def stop(self, name: str) -> None:
        """End a job at its next step and delete its files; also once its visitor has everything that it made."""
        job = self._jobs.pop(name, None)
        if job is not None:
            job.stop.set()
        self._uploads.forget(name)

    def _run(self, job: Job) -> None:
        """In the worker's thread."""
        try:
            with closing(job.steps):
                while not job.stop.is_set() and (step := in_turn(job.context.run, next, job.steps, None)) is not None:
                    job.state = step
        except Exception as failure:  # is raised where the job is looked at
            job.failure = failure
            if not isinstance(failure, FerError):
                log_failure("a job", failure)
        finally:
            job.ended = True

    def _state(self, name: str) -> Any:
        """Its newest step; before the first one, how many other jobs come first."""
        earlier = takewhile(lambda each: each != name, self._jobs)
        before = sum(not self._jobs[each].ended for each in earlier)
        return Wait(before) if before else self._jobs[name].state

    def _leave_when_abandoned(self, name: str) -> None:
        if name in self._jobs:
            left = self._jobs[name].seen + PATIENCE - time.monotonic()
            if left > 0:
                asyncio.get_running_loop().call_later(left, self._leave_when_abandoned, name)
            else:
                self.stop(name)


def _same(one: Any, other: Any) -> bool:
    return one is other or (isinstance(one, Wait) and one == other)  # a step may hold arrays
