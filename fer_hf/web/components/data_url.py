"""Pictures and files as `data:` addresses: they reach the browser within the page, and no file is written."""

import base64
import io

from PIL import Image


def data_url(data: bytes, kind: str) -> str:
    """Bytes of a media type."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def jpeg_url(image: Image.Image, longest: int, quality: int = 85) -> str:
    """A picture as a JPEG, made smaller so that its longest side is at most `longest` pixels."""
    scale = min(1, longest / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    file = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0).save(file, "JPEG", quality=quality)
    return data_url(file.getvalue(), "image/jpeg")
