"""What a process still remembers: texts, bytes, pictures and arrays that any object of Python refers to."""

import gc
from collections.abc import Iterator
from types import ModuleType

import numpy as np
from PIL import Image


def in_memory(marker: str, size: tuple[int, int]) -> list[str]:
    """What holds a text that contains `marker`, and what is a picture of this size (width, height)."""
    gc.collect()
    found, seen = [], set()
    for each in _objects():
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, str | bytes | bytearray):
            part = marker if isinstance(each, str) else marker.encode()
            if len(each) > len(part) and part in each:
                found.append(f"{type(each).__name__} of {len(each)}: {each[:60]!r}")
        elif isinstance(each, Image.Image) and each.size == size:
            found.append(f"{each!r}")
        elif isinstance(each, np.ndarray) and each.shape[:2] == size[::-1]:
            found.append(f"an array of shape {each.shape}")
    return found


def _objects() -> Iterator[object]:
    for each in tracked():
        yield each
        yield from gc.get_referents(each)


def tracked() -> list[object]:
    """What the garbage collector tracks, but modules, whose dictionaries it tracks as well: to ask asyncio's, which is
    written in C, what it refers to breaks Python 3.12.1.
    """
    return [each for each in gc.get_objects() if type(each) is not ModuleType]
