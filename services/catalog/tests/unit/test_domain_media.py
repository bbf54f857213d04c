import pytest

from catalog.domain import media
from catalog.domain.media import MAX_PICTURE_BYTES, StoredObject, Upload
from catalog.errors import UploadUnfit
from common import ids

STARTS = {
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00",
    "image/webp": b"RIFF\x10\x00\x00\x00WEBPVP8 ",
    "image/avif": b"\x00\x00\x00\x1cftypavif\x00\x00",
}


def an_upload(content_type="image/png", size=100):
    upload_id = ids.new_id()
    return Upload(upload_id, ids.new_id(), media.object_key(upload_id, content_type), content_type, size)


class TestAnnounced:
    @pytest.mark.parametrize("content_type", ["image/gif", "image/svg+xml", "text/html", "IMAGE/PNG", ""])
    def test_refuses_other_types(self, content_type):
        with pytest.raises(UploadUnfit):
            media.check_announced(content_type, 100)

    @pytest.mark.parametrize("size", [0, -1, MAX_PICTURE_BYTES + 1])
    def test_refuses_impossible_sizes(self, size):
        with pytest.raises(UploadUnfit):
            media.check_announced("image/png", size)

    @pytest.mark.parametrize("content_type", STARTS)
    def test_takes_what_browsers_show(self, content_type):
        media.check_announced(content_type, MAX_PICTURE_BYTES)


class TestStored:
    @pytest.mark.parametrize("content_type", STARTS)
    def test_takes_what_was_announced(self, content_type):
        media.check_stored(an_upload(content_type), StoredObject(100, content_type, STARTS[content_type]))

    @pytest.mark.parametrize(
        "stored",
        [
            StoredObject(99, "image/png", STARTS["image/png"]),
            StoredObject(100, "text/html", STARTS["image/png"]),
            StoredObject(100, "image/png", b"<script>alert(1)</script>"),
            StoredObject(100, "image/png", STARTS["image/jpeg"]),
            StoredObject(100, "image/png", b""),
        ],
    )
    def test_refuses_another_size_type_or_content(self, stored):
        with pytest.raises(UploadUnfit):
            media.check_stored(an_upload(), stored)

    def test_the_key_holds_nothing_of_the_file_name(self):
        upload_id = ids.new_id()
        assert media.object_key(upload_id, "image/jpeg") == f"pictures/{upload_id}.jpg"
