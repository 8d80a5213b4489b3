"""What the Video and the Batch tab have in common: files are sent, a job reads them, and its answer is shown."""

import logging
from collections.abc import Callable, Generator
from pathlib import Path

from fer_hf.errors import FerError
from fer_hf.web.components.base import Component, render
from fer_hf.web.i18n import Text
from fer_hf.web.jobs import JobQueue, Stopped, Wait, new_job
from fer_hf.web.limits import UPLOAD_MEGABYTES, sent_uploads
from fer_hf.web.temp_files import Uploads

# Makes a job out of its name and the names of its files. It yields `progress`, and at last the answer: {"html": ...,
# "files": texts to be saved by their names, and what else the script needs}.
Read = Callable[[str, dict[Path, str]], Generator[dict, None, None]]

logger = logging.getLogger(__name__)


class FileJob(Component):
    """Files are chosen or dropped, uploaded with their progress, and read while the browser asks how far it is.

    `gr.File` and `gr.Progress` speak English, check no total size before they send, merge equal files, and rely on
    Gradio's queue, after whose broken connection the page is reloaded and earlier answers are lost. Gradio's components
    for answers (`Video`, `Gallery`) write every picture to the disk. Here the answer goes to the browser that asked for
    it, and the server forgets it as soon as it has arrived.

    Args:
        kind: what the texts of the tab begin with, "video" or "batch".
        limits: what stands beside the button, in words.
        accept: kinds of files, as `<input type="file">` takes them.
        files: how many files may be sent at a time.
    """

    def __init__(
        self,
        kind: str,
        text: Text,
        jobs: JobQueue,
        uploads: Uploads,
        read: Read,
        *,
        limits: str,
        accept: str,
        files: int = 1,
    ) -> None:
        words = {key.removeprefix("job_"): value for key, value in text.items() if key.startswith("job_")}
        words["too_many"] = text[f"{kind}_too_many"].format(photos=files)
        code, source = ("file_too_large", "{name}") if files == 1 else ("uploads_too_large", None)
        words["too_large"] = FerError(code, source, megabytes=UPLOAD_MEGABYTES).message(text["code"])
        super().__init__(
            render("job/job.html", kind=kind, text=text, limits=limits, accept=accept, files=files),
            elem_id=kind,
            server_functions=_server_functions(text, jobs, uploads, read),
            words=words,
            limits={"files": files, "bytes": UPLOAD_MEGABYTES * 2**20},
        )


def _server_functions(text: Text, jobs: JobQueue, uploads: Uploads, read: Read) -> list[Callable]:
    """What the script calls; a mistake is answered by {"problem": words}."""

    async def start(sent: dict) -> dict[str, str]:
        """Start a job with the files that were uploaded, {"paths", "names"}; its name is the key to it."""
        name = new_job()
        try:
            files = sent_uploads(sent, uploads, name)
            await jobs.start(name, read(name, files))
        except FerError as error:
            uploads.forget(name)
            return {"problem": error.message(text["code"])}
        return {"job": name}

    async def look(name: str) -> dict:
        """How far the job is, or its answer."""
        try:
            state, _ = await jobs.look(name)
            if isinstance(state, Wait):
                return {"words": text["job_wait"].format(before=state.before)}
            return state or {"words": text["job_starting"]}
        except Stopped:
            return {"problem": text["job_gone"]}
        except FerError as error:
            return {"problem": error.message(text["code"])}
        except Exception:
            logger.exception("a job failed")
            return {"problem": text["job_failed"]}

    async def stop(name: str) -> None:
        """End the job and delete all its files."""
        jobs.stop(name)

    return [start, look, stop]


def progress(words: str, fraction: float | None, left: float | None, text: Text) -> dict:
    """How far a job is, with the seconds left, as far as they are known."""
    time = _about(left, text) if left is not None and fraction else ""
    return {"words": words, "fraction": fraction, "left": time and text["job_left"].format(time=time)}


def _about(seconds: float, text: Text) -> str:
    """Rounded as an estimate should be."""
    if seconds < 60:
        return text["job_seconds"].format(count=max(5 * round(seconds / 5), 1))
    return text["job_minutes"].format(count=round(seconds / 60))
