"""Opening a photo safely: whatever file a person gives, it becomes an upright RGB picture or one clear error.

Files are hostile until they are decoded: the formats are a short list (Pillow would also start Ghostscript for EPS),
bytes and pixels are limited, and every failure of a decoder becomes a FerError.
"""

import io
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from fer_hf.errors import FerError

MAX_BYTES = 64 * 2**20
MAX_PIXELS = 80_000_000  # Pillow's RGB takes four bytes per pixel: 320 MB, twice that while the photo is turned
FORMATS = ("AVIF", "BMP", "GIF", "HEIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
ORIENTATION = 0x0112  # in EXIF; 1 is upright


def open_photo(source: str | Path | BinaryIO | Image.Image, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Open a photo as an upright RGB picture: the first frame, transparency on white, 16 bits reduced to 8.

    A picture that is upright RGB already is returned as it is; any other picture is left unchanged.

    Raises:
        FerError: the file is missing, empty, too large, no picture, or damaged.
    """
    if isinstance(source, Image.Image):
        return _upright_rgb(source, "photo", max_pixels, ours=False)
    name, data = _read(source)
    return _upright_rgb(_decode(data, name), name, max_pixels)


@cache
def register_heif() -> None:
    """Let Pillow open HEIC and HEIF, from the first photo on: a mere import of this module changes nothing."""
    import pillow_heif

    pillow_heif.register_heif_opener()


def _read(source: str | Path | BinaryIO) -> tuple[str, bytes]:
    """The source's name for messages, and its bytes."""
    if not isinstance(source, (str, Path)):
        return _checked_bytes(source.read(MAX_BYTES + 1), str(getattr(source, "name", "photo")))
    path = Path(source)
    if not path.is_file():
        raise FerError("photo_is_folder" if path.is_dir() else "file_missing", path)
    try:
        with path.open("rb") as file:
            return _checked_bytes(file.read(MAX_BYTES + 1), str(path))
    except OSError as error:
        raise FerError("file_unreadable", path, reason=error.strerror) from error


def _checked_bytes(data: bytes, name: str) -> tuple[str, bytes]:
    if not data:
        raise FerError("file_empty", name)
    if len(data) > MAX_BYTES:
        raise FerError("file_too_large", name, megabytes=MAX_BYTES // 2**20)
    return name, data


def _decode(data: bytes, name: str) -> Image.Image:
    register_heif()
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise FerError("photo_unknown_format", name, formats=", ".join(FORMATS)) from error
    except Image.DecompressionBombError as error:
        raise FerError("photo_bomb", name, millions=MAX_PIXELS // 10**6) from error
    except Exception as error:  # decoders raise anything, struct.error and IndexError included, on hostile bytes
        raise FerError("photo_damaged", name) from error


def _upright_rgb(image: Image.Image, name: str, max_pixels: int, ours: bool = True) -> Image.Image:
    """Turn and convert a picture; one of our own in place, which saves a copy of a large photo."""
    if image.width * image.height > max_pixels:
        raise FerError(
            "photo_too_many_pixels", name, width=image.width, height=image.height, millions=max_pixels // 10**6
        )
    try:
        image.load()
        if image.getexif().get(ORIENTATION, 1) != 1:
            image = image if ours else image.copy()
            ImageOps.exif_transpose(image, in_place=True)
        return image if image.mode == "RGB" else _to_rgb(image)
    except Exception as error:  # see _decode
        raise FerError("photo_cut_off", name) from error


def _to_rgb(image: Image.Image) -> Image.Image:
    """Any mode of Pillow to RGB, with transparent parts on white."""
    if image.mode.startswith(("I", "F")):
        return _deep_to_grey(image).convert("RGB")
    if image.mode == "LAB":
        return ImageCms.profileToProfile(
            image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    if image.mode == "La" or image.has_transparency_data:
        image = image.convert("LA" if image.mode == "La" else "RGBA").convert("RGBA")  # Pillow has no La to RGBA
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def _deep_to_grey(image: Image.Image) -> Image.Image:
    """16-bit pictures by their full range; 32-bit and float ones, which have no agreed white, by their own range."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float32))
    low, high = (0.0, 65535.0) if image.mode.startswith("I;16") else (float(values.min()), float(values.max()))
    return Image.fromarray(((values - low) * (255.0 / max(high - low, 1e-12))).astype(np.uint8))
