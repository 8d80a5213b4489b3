"""People who visit the page all at once, for `python -m benchmarks.sessions`: each knows what answer is theirs."""

import io
import json
import struct
import threading
import time
import uuid
from contextlib import suppress

import httpx
from PIL import Image
from websockets.sync.client import connect

from fer_hf.web import examples
from fer_hf.web.components.data_url import jpeg_url

EVERY = 3.0  # seconds between a person's photos
FRAME = 0.1  # seconds between live frames
PATIENCE = 60.0  # seconds to wait for an answer


class Session:
    """One visitor: what they send, what they expect, and what came of it."""

    def __init__(self, number: int, url: str, end: float) -> None:
        self.url = url
        self.end = end  # on the monotonic clock
        self.faces = number + 1
        self.photo = picture(self.faces, number)
        self.size = self.photo.size
        self.answers: list[tuple[float, float]] = []  # when each came, and the seconds that it took
        self.errors: list[str] = []
        self.mixed = 0

    def run(self) -> None:
        """Come, send and compare until the time is up."""
        try:
            self.visit()
        except Exception as error:  # whatever breaks a visit is a result
            self.errors.append(f"{type(error).__name__}: {error}")

    def note(self, started: float, right: bool) -> None:
        now = time.monotonic()
        self.answers.append((now, now - started))
        self.mixed += not right

    def visit(self) -> None:
        raise NotImplementedError


class PhotoVisitor(Session):
    """Sends its photo from the Photo tab again and again, as its script does."""

    def visit(self) -> None:
        with httpx.Client(base_url=self.url, timeout=PATIENCE, headers={"Origin": self.url}) as client:
            session = uuid.uuid4().hex[:11]
            body = {"component_id": photo_component(client.get("/config").json()), "fn_name": "analyze"}
            body |= {
                "session_hash": session,
                "data": {"name": "photo.jpg", "data": jpeg_url(self.photo, max(self.size), 92)},
            }
            stay = threading.Thread(target=self._stay, args=(session,), daemon=True)
            stay.start()
            while not self.answers or time.monotonic() < self.end:  # a busy machine may need longer for the first
                started = time.monotonic()
                answer = client.post("/gradio_api/component_server", json=body).raise_for_status().json()
                self.note(started, self._is_mine(answer))
                time.sleep(max(0.0, min(started + EVERY, self.end) - time.monotonic()))

    def _stay(self, session: str) -> None:
        """Keep the connection by which the page knows that a visitor is there."""
        address = f"{self.url}/gradio_api/heartbeat/{session}"
        # The page may end first.
        with suppress(httpx.TransportError), httpx.stream("GET", address, timeout=None) as beats:
            for _ in beats.iter_lines():
                if time.monotonic() > self.end:
                    return

    def _is_mine(self, answer: str) -> bool:
        size = 'width="{}" height="{}"'.format(*self.size)
        return size in answer and answer.count('class="box') == self.faces


class LiveVisitor(Session):
    """Sends frames over the Live tab's WebSocket; the page may drop some, but answers each."""

    def visit(self) -> None:
        with connect(f"{self.url.replace('http', 'ws')}/live") as socket:
            socket.send(json.dumps({"session": str(uuid.uuid4())}))
            file = io.BytesIO()
            self.photo.save(file, "JPEG", quality=80)
            came = time.monotonic()
            while not self.answers or time.monotonic() < self.end:  # a busy machine may need longer for the first
                started = time.monotonic()
                socket.send(struct.pack("<d", started - came) + file.getvalue())
                answer = json.loads(socket.recv(timeout=PATIENCE))
                if "error" in answer:
                    raise RuntimeError(answer["error"])
                self.note(started, self._is_mine(answer))
                time.sleep(max(0.0, started + FRAME - time.monotonic()))
            socket.send(json.dumps({"do": "end"}))
            json.loads(socket.recv(timeout=PATIENCE))

    def _is_mine(self, answer: dict) -> bool:
        if answer.get("dropped"):
            return True
        return (answer["width"], answer["height"]) == self.size and len(answer["faces"]) == self.faces


def picture(faces: int, number: int) -> Image.Image:
    """Some faces side by side on grey, in a picture of a size that no other session has."""
    photo = examples.group(faces, 1)
    photo = photo.resize((150 * faces, 150), Image.Resampling.LANCZOS)
    whole = Image.new("RGB", (max(photo.width, 400) + 2 * number, 240 + 2 * number), "#707070")
    whole.paste(photo, (0, 40))
    return whole


def photo_component(config: dict) -> int:
    """The component of the Photo tab."""
    for component in config["components"]:
        if "analyze" in component["props"].get("server_fns", []):
            return component["id"]
    raise RuntimeError("the page has no place to send a photo from")
