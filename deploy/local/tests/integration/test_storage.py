"""The bucket for pictures: anybody may look at a picture whose address they know, and nothing else."""

import asyncio

import boto3
import httpx
import pytest
from botocore.config import Config

from shop import instance, parts, ports, steps
from shop.instance import Instance
from shop.platform.storage import BUCKET, REGION
from shop.supervisor.engine import Engine

pytestmark = pytest.mark.integration


@pytest.fixture(name="current", scope="module")
def _current(tmp_path_factory):
    return Instance("storage", instance.home(), tmp_path_factory.mktemp("storage"), ports.unused())


@pytest.fixture(name="engine", scope="module")
async def _engine(current):
    engine = Engine()
    await engine.start([parts.storage_of(current).part()])
    yield engine
    await engine.stop()


@pytest.fixture(name="url", scope="module")
def _url(current, engine):
    steps.bucket(current)
    steps.bucket(current)
    return f"http://127.0.0.1:{current.ports['s3']}"


@pytest.fixture(name="owner", scope="module")
def _owner(current, url):
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=current.secrets["s3_access_key"],
        aws_secret_access_key=current.secrets["s3_secret_key"],
        config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"),
    )
    yield client
    client.close()


class TestStrangers:
    def test_may_read_a_known_key_with_its_headers(self, owner, url):
        owner.put_object(
            Bucket=BUCKET, Key="a.webp", Body=b"picture", ContentType="image/webp", CacheControl="immutable"
        )

        seen = httpx.get(f"{url}/{BUCKET}/a.webp")

        assert (seen.status_code, seen.content) == (200, b"picture")
        assert (seen.headers["content-type"], seen.headers["cache-control"]) == ("image/webp", "immutable")

    def test_may_not_list_write_or_delete(self, owner, url):
        owner.put_object(Bucket=BUCKET, Key="b.webp", Body=b"picture")

        assert httpx.get(f"{url}/{BUCKET}?list-type=2").status_code == 403
        assert httpx.put(f"{url}/{BUCKET}/c.webp", content=b"x").status_code == 403
        assert httpx.delete(f"{url}/{BUCKET}/b.webp").status_code == 403
        assert httpx.get(f"{url}/{BUCKET}/b.webp").status_code == 200


class TestUploads:
    @pytest.mark.parametrize(
        ("size", "kind", "status"), [(1000, "image/png", 204), (1001, "image/png", 400), (10, "text/html", 403)]
    )
    def test_a_signed_form_admits_only_what_was_signed(self, owner, size, kind, status):
        form = owner.generate_presigned_post(
            BUCKET,
            "u/1.png",
            Fields={"Content-Type": "image/png"},
            Conditions=[["content-length-range", 1, 1000], {"Content-Type": "image/png"}],
            ExpiresIn=60,
        )

        sent = httpx.post(form["url"], data=form["fields"] | {"Content-Type": kind}, files={"file": ("a", b"x" * size)})

        assert sent.status_code == status

    def test_browsers_of_other_origins_may_upload(self, url):
        headers = {"Origin": "http://shop.example", "Access-Control-Request-Method": "POST"}

        allowed = httpx.options(f"{url}/{BUCKET}/u/1.png", headers=headers)

        assert allowed.headers["access-control-allow-origin"] in {"*", "http://shop.example"}


class TestRestart:
    async def test_pictures_and_rights_survive(self, owner, url, engine):
        owner.put_object(Bucket=BUCKET, Key="kept.webp", Body=b"picture")

        await engine.restart("s3")

        async with httpx.AsyncClient(base_url=url) as stranger:
            # It opens its door a moment before it knows again who may do what.
            for _ in range(600):
                shown = await stranger.get(f"/{BUCKET}/kept.webp")
                if shown.status_code == 200:
                    break
                await asyncio.sleep(0.05)
            assert shown.content == b"picture"
            assert (await stranger.get(f"/{BUCKET}?list-type=2")).status_code == 403
