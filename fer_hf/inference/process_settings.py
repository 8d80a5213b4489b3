"""Settings of the whole process. Only a program may make them: its commands and the page do, when they start."""

import gc
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
from PIL import Image


def configure_process() -> None:
    """Keep libraries quiet about what is not the user's choice, and give large photos' memory back."""
    # In blocks of 64 MB instead of Pillow's 16, which go back to the system when they are freed: otherwise a server
    # that reads in several threads keeps hundreds of megabytes for ever.
    Image.core.set_block_size(64 * 2**20)
    # Our own limit on pixels is below Pillow's and is an error, so its warning would only repeat it.
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # YuNet warns of OpenCV's choice of a target
    logging.getLogger("imageio_ffmpeg").setLevel(logging.ERROR)  # it warns of every frame size that is not the file's
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()


@contextmanager
def lasting() -> Iterator[None]:
    """What the block loads stays until the process ends, so that garbage is never looked for in it.

    Looking through PyTorch, Transformers and a model took a quarter of the processor time of `fer-hf predict`.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()
