"""Whatever a person gives: an upright RGB picture, or one clear line."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from fer_hf.errors import FerError
from fer_hf.inference import image_io
from fer_hf.inference.image_io import open_photo


@pytest.fixture
def colour():
    """A smooth picture, 40 wide and 30 high: dark left, light right, redder downwards."""
    across, down = np.meshgrid(np.linspace(20, 200, 40), np.linspace(0, 50, 30))
    return Image.fromarray(np.stack([across + down, across, across], axis=-1).astype(np.uint8))


def saved(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    file.seek(0)
    return file


def difference(a, b):
    return np.abs(np.asarray(a, dtype=float) - np.asarray(b, dtype=float)).mean()


@pytest.mark.parametrize(
    "form", ["AVIF", "BMP", "GIF", "HEIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP", "MPO"]
)
def test_formats(colour, form):
    photo = open_photo(saved(colour, form))
    assert (photo.mode, photo.size) == ("RGB", (40, 30))
    assert difference(photo, colour) < 6


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_exif_orientation_is_applied_once(colour, form):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    photo = open_photo(saved(colour, form, exif=exif.tobytes()))
    assert photo.size == (30, 40)
    assert difference(photo, colour.transpose(Image.Transpose.ROTATE_270)) < 6
    assert difference(open_photo(photo), photo) == 0


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV"]
)
def test_modes(colour, mode):
    intermediate = {"La": "LA", "RGBa": "RGBA", "PA": "P"}.get(mode)
    image = colour.convert(intermediate) if intermediate else colour
    photo = open_photo(image.convert(mode))
    assert (photo.mode, photo.size) == ("RGB", (40, 30))
    grey = colour.convert("L").convert("RGB")
    expected = {"1": photo, "L": grey, "LA": grey, "La": grey}.get(mode, colour)
    assert difference(photo, expected) < 18  # Pillow's standard palette is coarse
    assert np.asarray(photo)[:, :10].mean() < np.asarray(photo)[:, -10:].mean()


def test_lab(colour):
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.profileToProfile(colour, *profiles, outputMode="LAB")
    assert difference(open_photo(saved(lab, "TIFF")), colour) < 4


def test_cmyk_jpeg(colour):
    assert difference(open_photo(saved(colour.convert("CMYK"), "JPEG", quality=95)), colour) < 8


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_keep_their_range(form):
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (16, 1))
    photo = np.asarray(open_photo(saved(Image.fromarray(ramp), form)))
    assert photo.shape == (16, 64, 3)
    assert np.abs(photo[0, :, 1] - np.linspace(0, 255, 64)).max() <= 1


@pytest.mark.parametrize("values", [np.float32, np.int32])
def test_deep_pictures_are_stretched(values):
    ramp = np.tile(np.arange(64) * 1000, (16, 1)).astype(values)
    photo = np.asarray(open_photo(saved(Image.fromarray(ramp), "TIFF")))
    assert (photo.min(), photo.max()) == (0, 255)


def test_flat_and_unreal_floats_are_a_picture():
    values = np.zeros((8, 8), np.float32)
    values[0, 0] = np.nan
    values[0, 1] = np.inf
    assert open_photo(Image.fromarray(values)).size == (8, 8)


def test_transparent_parts_are_white():
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    assert np.asarray(open_photo(saved(clear, "PNG"))).min() == 255
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([10, 20, 30] * 2)
    assert np.asarray(open_photo(saved(palette, "PNG", transparency=0))).min() == 255
    assert np.asarray(open_photo(saved(palette, "PNG"))).max() == 30


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_animation_gives_its_first_frame(form):
    frames = [Image.new("RGB", (20, 10), name) for name in ("red", "green", "blue")]
    options = {"lossless": True} if form == "WEBP" else {}
    file = saved(frames[0], form, save_all=True, append_images=frames[1:], **options)
    assert open_photo(file).getpixel((5, 5)) == (255, 0, 0)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "HEIF", "AVIF", "JPEG2000"])
def test_every_truncation_is_one_line(form):
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    data = saved(noise, form).getvalue()
    for kept in (3, 20, len(data) // 3, len(data) // 2):
        with pytest.raises(FerError) as caught:
            open_photo(io.BytesIO(data[:kept]))
        assert str(caught.value).startswith("photo: ") and "\n" not in str(caught.value)


def test_zero_bytes_and_no_picture(tmp_path):
    for name, content, message in [
        ("empty.jpg", b"", "is empty"),
        ("text.jpg", b"hello, I am a text" * 9, "not a picture"),
        ("page.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FerError, match=f"{name}: .*{message}"):
            open_photo(tmp_path / name)


def test_no_file_and_folder(tmp_path):
    with pytest.raises(FerError, match=r"missing\.png: no such file"):
        open_photo(tmp_path / "missing.png")
    with pytest.raises(FerError, match="is a folder"):
        open_photo(str(tmp_path))


def png_that_claims(width, height):
    """A small PNG whose header states another size, with a right checksum."""
    data = saved(Image.new("L", (8, 8)), "PNG").getvalue()
    header = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
    return io.BytesIO(data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:])


@pytest.mark.parametrize("size", [(50_000, 50_000), (12_000, 8_000)])  # above Pillow's limit, and only above ours
def test_bombs_are_refused_before_they_are_decoded(size):
    with pytest.raises(FerError, match="million pixels"):
        open_photo(png_that_claims(*size))
    with pytest.raises(FerError, match="cut off"):
        open_photo(png_that_claims(12_000, 6_000))


def test_a_picture_of_somebody_is_left_as_it_is(colour):
    """Upright RGB is shared, anything else is copied first."""
    assert open_photo(colour) is colour
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.open(saved(colour, "PNG", exif=exif.tobytes()))
    assert open_photo(turned).size == (30, 40)
    assert (turned.size, turned.getexif()[0x0112]) == ((40, 30), 6)
    grey = colour.convert("L")
    assert open_photo(grey).mode == "RGB"
    assert grey.mode == "L"


def test_a_damaged_picture_that_is_not_loaded_yet(colour):
    data = saved(Image.effect_noise((64, 64), 90), "PNG").getvalue()
    with pytest.raises(FerError, match="photo: the picture is damaged or cut off"):
        open_photo(Image.open(io.BytesIO(data[: len(data) // 2])))


def test_too_many_bytes(monkeypatch):
    monkeypatch.setattr(image_io, "MAX_BYTES", 1000)
    with pytest.raises(FerError, match="larger than"):
        open_photo(io.BytesIO(b"x" * 1001))
