"""Looking at figures that were written."""

from pathlib import Path

from PIL import Image


def is_picture(path: Path) -> bool:
    """Whether the file is a whole picture of more than 100 pixels' width."""
    with Image.open(path) as picture:
        picture.load()
        return picture.width > 100
