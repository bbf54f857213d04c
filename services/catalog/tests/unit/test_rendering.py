import io
import struct
import zlib

import pytest
from PIL import Image

from catalog.errors import UploadUnfit
from catalog.flows.rendering import MAX_PIXELS, render


def a_picture(size=(700, 400), kind="JPEG", mode="RGB", **saved) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, (200, 30, 30, 128)[: len(mode)]).save(out, kind, **saved)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_makes_each_format_in_every_width_that_is_not_larger():
    rendered = render(a_picture())
    assert [(kind, width) for kind, width, _ in rendered.files] == [
        (kind, width) for width in (320, 640, 700) for kind in ("webp", "avif")
    ]
    for kind, width, content in rendered.files:
        assert (opened(content).format, opened(content).width) == (kind.upper(), width)


def test_a_large_one_is_made_smaller_only():
    assert {width for _, width, _ in render(a_picture((2000, 10))).files} == {320, 640, 1080, 1600}


def test_stands_upright_and_tells_nothing_about_its_maker():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "a maker"
    exif.get_ifd(0x8825)[1] = "N"
    rendered = render(a_picture((100, 50), exif=exif, comment=b"secret"))
    assert (rendered.width, rendered.height) == (50, 100)
    for _, _, content in rendered.files:
        assert len(opened(content).getexif()) == 0
        assert b"a maker" not in content


def test_keeps_what_shines_through():
    for _, _, content in render(a_picture((10, 10), "PNG", "RGBA")).files:
        assert opened(content).mode == "RGBA"


def test_a_picture_of_too_many_pixels_is_not_unpacked():
    side = int(MAX_PIXELS**0.5) + 1
    out = io.BytesIO()
    Image.new("1", (side, side)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    with pytest.raises(UploadUnfit, match="60 million pixels"):
        render(out.getvalue())


def test_one_of_so_many_that_the_library_refuses_it_is_said_to_be_too_large():
    head = b"\x89PNG\r\n\x1a\n"
    header = b"IHDR" + struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    content = head + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + b"\0\0\0\0IDAT"
    with pytest.raises(UploadUnfit, match="60 million pixels"):
        render(content)


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, a_picture()[:-200], b"GIF89a" + b"\x00" * 50]
)
def test_what_cannot_be_read_is_unfit(content):
    with pytest.raises(UploadUnfit):
        render(content)
