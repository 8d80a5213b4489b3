"""The page: `python app.py` serves it on http://127.0.0.1:7860, `gradio app.py` reloads it when a file changes.

FER_MODEL names another model (a folder or a Hub id); GRADIO_SERVER_NAME and GRADIO_SERVER_PORT another address.
"""

from fer_hf.web.page import build_page
from fer_hf.web.server import load, serve
from fer_hf.web.tabs import about, batch, live, photo, video

TABS = {"photo": photo, "live": live, "video": video, "batch": batch, "about": about}

if "service" not in globals():  # a reload runs this file again, and keeps the model
    service = load()
demo = build_page(service, TABS)

if __name__ == "__main__":
    serve(demo, service)
