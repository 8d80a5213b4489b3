"""A line for long work: a few people's is done at a time, the others see how many are before them, anyone may leave.

for step in line.work(session, read_video(analyzer, "party.mp4"), threads):
    print(f"{step.before} before you" if isinstance(step, Wait) else step)
"""

import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import TypeVar

from fer_hf.web.limits import in_turn

PATIENCE = 0.5  # seconds between two looks at the line
EVERY = 0.25  # seconds between two steps that are passed on
Step = TypeVar("Step")


class Stopped(Exception):
    """The person who asked for the work has stopped it."""


@dataclass(frozen=True)
class Wait:
    """It is not this person's turn yet."""

    before: int  # how many are to be finished first


@dataclass(eq=False)
class _Place:
    session: str
    left: Event = field(default_factory=Event)
    replaced: bool = False  # by newer work of the same session


class Line:
    """Work of at most `seats` people goes on at a time; each has one place. Safe to use from several threads."""

    def __init__(self, seats: int) -> None:
        self._seats = seats
        self._places: list[_Place] = []
        self._lock = Lock()

    def work(self, session: str, steps: Generator[Step]) -> Iterator[Wait | Step]:
        """Wait, then do the steps one by one in the threads that read; they are closed at the end, whatever happens.

        Not every step is passed on, but always the last one. Newer work of the same session ends this one in silence.

        Raises:
            Stopped: the session has left the line.
        """
        with closing(steps), self._join(session) as place:
            while (before := self._before(place)) and not place.left.is_set():
                yield Wait(before)
                place.left.wait(PATIENCE)
            last, passed = None, 0.0
            while not place.left.is_set():
                step = in_turn(next, steps, None)
                if step is None:
                    if last is not None:
                        yield last
                    return
                last = step
                if time.monotonic() - passed > EVERY:
                    last, passed = None, time.monotonic()
                    yield step
            if not place.replaced:
                raise Stopped

    def leave(self, session: str) -> None:
        """End the session's work at its next step."""
        with self._lock:
            for place in self._of(session):
                place.left.set()

    @contextmanager
    def _join(self, session: str) -> Iterator[_Place]:
        place = _Place(session)
        with self._lock:
            for older in self._of(session):
                older.replaced = True
                older.left.set()
            self._places.append(place)
        try:
            yield place
        finally:
            with self._lock:
                self._places.remove(place)

    def _of(self, session: str) -> list[_Place]:
        return [place for place in self._places if place.session == session]

    def _before(self, place: _Place) -> int:
        with self._lock:
            return max(self._places.index(place) - self._seats + 1, 0)
