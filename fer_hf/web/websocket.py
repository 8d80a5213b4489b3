"""Live over a WebSocket: the browser sends frames, the server answers with boxes and scores and keeps no picture.

The browser first says {"session": UUID}, one it made itself; after a broken connection the same one goes on where it
was. Then it sends

    a frame, binary: its time in seconds as a little-endian float64, then a picture of at most 640 x 640 pixels;
    {"do": "summary"}, {"do": "csv"}, {"do": "reset"}, {"do": "baseline"}, {"do": "forget_baseline"} or {"do": "end"}.

Each frame is answered by what `LiveSession.read` returns, or by {"dropped": true}, both with "sent", the frame's time,
and "milliseconds" that it was here; each command by {"done": its name} and what it asks for, "end" by both. Only the
newest frame waits. Before the server closes a connection, it sends the reason: {"error": a Refusal's code}.
"""

import asyncio
import io
import json
import re
import struct
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.image_io import open_photo
from fer_hf.inference.stream import LiveSession
from fer_hf.web.limits import in_turn_async
from fer_hf.web.origin import is_our_page

SESSIONS = 4  # at once; two cores read about 20 faces a second
SECONDS = 1800.0  # a session's time limit
IDLE = 300.0  # seconds without a message, as in a pause, after which the place is given to others
GRACE = 20.0  # seconds that a session outlives its broken connection
MAX_PIXELS = 640 * 640  # of a frame
MAX_BYTES = 500_000
PICTURES = (b"\xff\xd8\xff", b"RIFF")  # how JPEG and WebP begin; Pillow's other decoders are nobody's business here
TIME = struct.Struct("<d")
CHANGES = {
    "reset": LiveSession.reset,
    "baseline": LiveSession.take_baseline,
    "forget_baseline": LiveSession.forget_baseline,
}
COMMANDS = (*CHANGES, "summary", "csv", "end")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Refusal(Exception):
    """Why the server ends a connection: "full", "time", "idle" or "message" (it was not what is expected)."""


@dataclass
class Session:
    """A visitor's session, and the connection over which it speaks; none while it is broken."""

    live: LiveSession
    end: float  # on the monotonic clock
    socket: WebSocket | None = None
    grace: asyncio.TimerHandle | None = None  # forgets the session that does not come back


class LiveSocket:
    """All live sessions of a page. They share the analyzer and nothing else."""

    def __init__(self, analyzer: FaceAnalyzer) -> None:
        self._analyzer = analyzer
        self.sessions: dict[str, Session] = {}

    async def serve(self, socket: WebSocket) -> None:
        """Speak with one browser until it leaves."""
        if not is_our_page(socket.headers):
            await socket.close(1008)
            return
        await socket.accept()
        try:
            name = await _session_name(socket)
            session = await self._join(name, socket)
            try:
                await Connection(session.live, socket).run(session.end - monotonic())
                self._forget(name, session)
                await _close(socket, 1000)
            finally:
                self._leave(name, session, socket)
        except Refusal as refusal:
            with suppress(WebSocketDisconnect):
                await _send(socket, {"error": str(refusal)})
                await _close(socket, 1008)
        except WebSocketDisconnect:
            pass

    async def _join(self, name: str, socket: WebSocket) -> Session:
        """A session, new or left a moment ago. Its older connection, which the network broke, is closed.

        Raises:
            Refusal: others have taken all places. A session that was left keeps its state, and may try again.
        """
        session = self.sessions.get(name) or Session(LiveSession(self._analyzer), monotonic() + SECONDS)
        others = [each for each in self.sessions.values() if each.socket is not None and each is not session]
        if len(others) >= SESSIONS:
            raise Refusal("full")
        self.sessions[name] = session
        if session.grace is not None:
            session.grace.cancel()
        before, session.socket = session.socket, socket
        if before is not None:
            with suppress(WebSocketDisconnect):
                await _close(before, 1001)
        return session

    def _leave(self, name: str, session: Session, socket: WebSocket) -> None:
        """Make room for others, and forget the session unless it comes back in time."""
        if session.socket is not socket:  # it has come back already
            return
        session.socket = None
        session.grace = asyncio.get_running_loop().call_later(GRACE, self._forget, name, session)

    def _forget(self, name: str, session: Session) -> None:
        if self.sessions.get(name) is session:
            del self.sessions[name]


class Connection:
    """One connection: listens and reads at the same time, so that only the newest frame waits."""

    def __init__(self, session: LiveSession, socket: WebSocket) -> None:
        self._session = session
        self._socket = socket
        self._newest: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(1)  # when it came, and the message

    async def run(self, seconds: float) -> None:
        """Until the browser says "end".

        Raises:
            Refusal: the time is up, or what came is not one of the messages above.
            WebSocketDisconnect: the browser has gone.
        """
        tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._read())]
        try:
            done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not done:
            await self._do("end")
            raise Refusal("time")
        for task in done:
            task.result()

    async def _listen(self) -> None:
        command = ""
        while command != "end":
            message = await self._next()
            if isinstance(message, bytes):
                await self._keep(message)
            else:
                command = message.get("do")
                await self._do(command)

    async def _next(self) -> bytes | dict:
        try:
            return await asyncio.wait_for(_message(self._socket), IDLE)
        except TimeoutError:
            await self._do("end")
            raise Refusal("idle") from None

    async def _keep(self, frame: bytes) -> None:
        """Let a frame wait in place of the one that is waiting."""
        if not frame.startswith(PICTURES, TIME.size) or len(frame) > MAX_BYTES:
            raise Refusal("message")
        if not 0 <= TIME.unpack_from(frame)[0] < 1e9:
            raise Refusal("message")
        if self._newest.full():
            came, dropped = self._newest.get_nowait()
            self._session.dropped_frames += 1
            await self._answer(dropped, came, None)
        self._newest.put_nowait((monotonic(), frame))

    async def _read(self) -> None:
        while True:
            came, frame = await self._newest.get()
            try:
                answer = await in_turn_async(_read_frame, self._session, frame)
            except FerError as error:
                raise Refusal("message") from error
            await self._answer(frame, came, answer)

    async def _answer(self, frame: bytes, came: float, answer: dict | None) -> None:
        (sent,) = TIME.unpack_from(frame)
        spent = round(1000 * (monotonic() - came), 1)
        await _send(self._socket, {**(answer or {"dropped": True}), "sent": sent, "milliseconds": spent})

    async def _do(self, command: str) -> None:
        """Carry out what the browser asks for, and say so."""
        if command not in COMMANDS:
            raise Refusal("message")
        done: dict[str, Any] = {"done": command}
        if command in CHANGES:
            try:
                await in_turn_async(CHANGES[command], self._session)
            except FerError as error:  # no baseline without what the model's config should hold
                raise Refusal("message") from error
        if command in ("summary", "end"):
            done["summary"] = await in_turn_async(self._session.summary)
        if command in ("csv", "end"):
            done["csv"] = await in_turn_async(self._session.csv)
        await _send(self._socket, done)


def _read_frame(session: LiveSession, message: bytes) -> dict | None:
    """
    Raises:
        FerError: it holds no picture, or one that is too large.
    """
    (time,) = TIME.unpack_from(message)
    return session.analyze(np.asarray(open_photo(io.BytesIO(message[TIME.size :]), MAX_PIXELS)), time)


async def _message(socket: WebSocket) -> bytes | dict:
    """The next message: bytes, or an object.

    Raises:
        Refusal: it is neither.
        WebSocketDisconnect: the browser has gone.
    """
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"])
    if message.get("bytes") is not None:
        return message["bytes"]
    try:
        value = json.loads(message["text"][:200])
    except ValueError as error:
        raise Refusal("message") from error
    if not isinstance(value, dict):
        raise Refusal("message")
    return value


async def _send(socket: WebSocket, value: dict) -> None:
    if socket.application_state is WebSocketState.CONNECTED:
        await socket.send_json(value)


async def _close(socket: WebSocket, code: int) -> None:
    if socket.application_state is WebSocketState.CONNECTED:
        await socket.close(code)


async def _session_name(socket: WebSocket) -> str:
    """The name in the browser's first message, for which nobody waits long.

    Raises:
        Refusal: there is none.
    """
    try:
        hello = await asyncio.wait_for(_message(socket), GRACE)
    except TimeoutError:
        raise Refusal("message") from None
    name = hello.get("session") if isinstance(hello, dict) else None
    if not isinstance(name, str) or not UUID.fullmatch(name):
        raise Refusal("message")
    return name
