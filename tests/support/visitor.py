"""A visitor in a process of their own, for tests/web/test_memory.py: sends a photo one way, leaves, prints a marker.

    python -m tests.support.visitor URL WAY

The marker is a part of the photo's base64, or of a picture in the answer.
"""

import base64
import io
import json
import re
import struct
import sys
import uuid

import httpx
from gradio_client import Client
from PIL import Image
from skimage.data import astronaut
from websockets.sync.client import connect

from benchmarks.visitors import photo_component

SIZE = (331, 257)


def photo(quality: int) -> bytes:
    """A face in a picture of a size that no other has, as a JPEG that is another for each quality."""
    file = io.BytesIO()
    Image.fromarray(astronaut()).crop((60, 0, 400, 264)).resize(SIZE).save(file, "JPEG", quality=quality)
    return file.getvalue()


def marker_of(text: str) -> str:
    return text[len(text) // 2 :][:60]


def photo_tab(url: str, data: str) -> str:
    with httpx.Client(base_url=url, timeout=120) as client:
        session = uuid.uuid4().hex[:11]
        body = {"component_id": photo_component(client.get("/config").json()), "fn_name": "analyze"}
        body |= {"session_hash": session, "data": {"name": "me.jpg", "data": data}}
        answer = client.post("/gradio_api/component_server", json=body).raise_for_status().json()
    pictures = re.findall(r"data:image/jpeg;base64,([\w+/=]+)", answer)
    return marker_of(max(pictures, key=len))


def program(url: str, data: str) -> str:
    client = Client(url, verbose=False)
    assert client.predict(data, api_name="/read_photo")["faces"]
    client.close()
    return marker_of(data)


def curl(url: str, data: str) -> str:
    with httpx.Client(base_url=url, timeout=120) as client:
        event = client.post("/gradio_api/call/read_photo", json={"data": [data]}).json()["event_id"]
        assert "complete" in client.get(f"/gradio_api/call/read_photo/{event}").text
    return marker_of(data)


def curl_that_never_asks(url: str, data: str) -> str:
    """Sends a photo and does not come for the answer."""
    httpx.post(f"{url}/gradio_api/call/v2/read_photo", json={"photo": data}, timeout=120).raise_for_status()
    return marker_of(data)


def live(url: str, data: str) -> str:
    with connect(f"{url.replace('http', 'ws')}/live") as socket:
        socket.send(json.dumps({"session": str(uuid.uuid4())}))
        socket.send(struct.pack("<d", 0.0) + base64.b64decode(data.partition(",")[2]))
        assert json.loads(socket.recv(timeout=60))["faces"]
    return marker_of(data)


WAYS = {each.__name__: each for each in (photo_tab, program, curl, curl_that_never_asks, live)}

if __name__ == "__main__":
    url, way = sys.argv[1:]
    jpeg = photo(80 + list(WAYS).index(way))
    print(WAYS[way](url.rstrip("/"), "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()))
