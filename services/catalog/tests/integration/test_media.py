"""Pictures: announced, uploaded straight into object storage, looked at, shown."""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from PIL import Image
from services.catalog.tests.builders import MEDIA, a_stored_product
from services.catalog.tests.uploads import PNG, announce, attach

from catalog.domain.media import StoredObject
from catalog.flows import Media, Rendering
from catalog.repository import renditions
from common import ids
from common.clock import Clock, FixedClock
from common.db import Database
from common.errors import UpstreamUnavailable
from common.testing import published

pytestmark = pytest.mark.integration


class TestPictures:
    async def test_from_announcement_to_the_product_page(self, http, staff, storage, database, product_id):
        form = (await announce(http, staff, product_id)).json()
        storage.objects[form["fields"]["key"]] = StoredObject(len(PNG), "image/png", PNG[:32])
        answer = await attach(http, staff, product_id, form["upload_id"])
        assert answer.status_code == 201
        picture = {"url": f"{MEDIA}/pictures/{form['upload_id']}.png", "alt": "앞면"}
        picture |= {"width": None, "height": None, "sources": []}
        assert (await http.get("/v1/products/granola")).json()["pictures"] == [picture]
        (told,) = await published(database)
        assert told.image_url == picture["url"]

    async def test_the_same_picture_twice_is_one(self, http, staff, storage, database, product_id):
        form = (await announce(http, staff, product_id)).json()
        storage.objects[form["fields"]["key"]] = StoredObject(len(PNG), "image/png", PNG[:32])
        answers = await asyncio.gather(*(attach(http, staff, product_id, form["upload_id"]) for _ in range(3)))
        assert {answer.status_code for answer in answers} == {201}
        assert len((await http.get("/v1/products/granola")).json()["pictures"]) == 1
        assert len(await published(database)) == 1

    async def test_announced_again_after_a_crash_before_the_answer(self, http, staff, storage, product_id, monkeypatch):
        async def dies(*_):
            raise RuntimeError("killed")

        again = staff | {"Idempotency-Key": "one-picture"}
        with monkeypatch.context() as patched:
            patched.setattr(storage, "upload_form", dies)
            assert (await announce(http, again, product_id)).status_code == 500
        answer = await announce(http, again, product_id)
        assert answer.status_code == 201

    async def test_not_before_the_file_is_there(self, http, staff, product_id):
        form = (await announce(http, staff, product_id)).json()
        answer = await attach(http, staff, product_id, form["upload_id"])
        assert (answer.status_code, answer.json()["code"]) == (409, "upload.missing")

    async def test_not_a_file_that_is_not_what_was_announced(self, http, staff, storage, product_id):
        form = (await announce(http, staff, product_id)).json()
        storage.objects[form["fields"]["key"]] = StoredObject(len(PNG), "image/png", b"<script>")
        answer = await attach(http, staff, product_id, form["upload_id"])
        assert (answer.status_code, answer.json()["code"]) == (422, "upload.unfit")
        assert (await http.get("/v1/products/granola")).json()["pictures"] == []

    async def test_not_the_upload_of_another_product(self, http, staff, storage, database, product_id):
        form = (await announce(http, staff, product_id)).json()
        other = await a_stored_product(database, "B")
        answer = await attach(http, staff, other, form["upload_id"])
        assert (answer.status_code, answer.json()["code"]) == (404, "upload.not_found")

    async def test_a_store_that_is_down_is_a_503_to_try_again(self, http, staff, storage, product_id):
        form = (await announce(http, staff, product_id)).json()
        storage.down = True
        answer = await attach(http, staff, product_id, form["upload_id"])
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"content_type": "image/svg+xml"}, "upload.unfit"),
            ({"bytes": 20 * 1024 * 1024 + 1}, "upload.unfit"),
            ({"bytes": 0}, "request.invalid"),
            ({"bytes": 1.5}, "request.invalid"),
        ],
    )
    async def test_refuses_what_is_no_picture(self, http, staff, product_id, changes, code):
        answer = await announce(http, staff, product_id, **changes)
        assert (answer.status_code, answer.json()["code"]) == (422, code)

    async def test_refuses_an_unknown_product(self, http, staff, database):
        answer = await announce(http, staff, ids.new_id())
        assert (answer.status_code, answer.json()["code"]) == (404, "product.not_found")


class TestRenditions:
    @pytest.fixture
    def rendering(self, database, storage):
        return Rendering(database, storage, MEDIA, start=lambda: ThreadPoolExecutor(1))

    async def _shown(self, http, staff, storage, product_id, content):
        form = (await announce(http, staff, product_id, bytes=len(content))).json()
        storage.arrive(form["fields"]["key"], content, "image/png")
        answer = await attach(http, staff, product_id, form["upload_id"])
        assert answer.status_code == 201, answer.text

    async def test_are_made_shown_and_told_once(self, http, staff, storage, database, product_id, rendering):
        out = io.BytesIO()
        Image.new("RGB", (400, 200)).save(out, "PNG")
        await self._shown(http, staff, storage, product_id, out.getvalue())
        cdn = {"media_url": "https://cdn.test/"}
        await http.patch("/v1/malls/intake", headers=staff, json=cdn)
        await published(database, clear=True)
        assert [await rendering.work() for _ in range(2)] == [1, 0]
        (picture,) = (await http.get("/v1/products/granola")).json()["pictures"]
        assert (picture["width"], picture["height"]) == (400, 200)
        assert [(each["format"], each["width"]) for each in picture["sources"]] == [
            ("webp", 320), ("avif", 320), ("webp", 400), ("avif", 400),
        ]  # fmt: skip
        assert all(each["url"].startswith("https://cdn.test/renditions/") for each in picture["sources"])
        assert picture["url"] == picture["sources"][2]["url"]
        assert picture["url"].removeprefix("https://cdn.test/") in storage.objects
        (told,) = await published(database)
        assert told.image_url == picture["url"]
        (stored,) = (await http.get("/v1/media", headers=staff, params={"mall": "intake"})).json()["items"]
        assert (stored["shown"], stored["sources"]) == (True, picture["sources"])

    async def test_of_what_is_no_picture_are_given_up_and_staff_sees_why(
        self, http, staff, storage, database, product_id, rendering
    ):
        await self._shown(http, staff, storage, product_id, PNG)
        assert [await rendering.work() for _ in range(2)] == [1, 0]
        (stored,) = (await http.get("/v1/media", headers=staff)).json()["items"]
        assert (stored["problem"], stored["sources"]) == ("the file cannot be read as a picture", [])

    async def test_a_picture_that_cannot_be_made_is_shown_to_staff_only(
        self, http, staff, storage, database, product_id, rendering
    ):
        out = io.BytesIO()
        Image.effect_noise((300, 300), 90).convert("RGB").save(out, "PNG")
        await self._shown(http, staff, storage, product_id, out.getvalue()[:-20_000])
        good = io.BytesIO()
        Image.new("RGB", (10, 10)).save(good, "PNG")
        await self._shown(http, staff, storage, product_id, good.getvalue())
        await published(database, clear=True)
        assert await rendering.work() == 2
        (picture,) = (await http.get("/v1/products/granola")).json()["pictures"]
        assert picture["width"] == 10
        assert (await published(database))[-1].image_url == picture["url"]
        seen = await http.patch(f"/v1/products/{product_id}", headers=staff, json={"rank": 1})
        problems = [each["problem"] for each in seen.json()["pictures"]]
        assert problems == ["the file cannot be read as a picture", None]

    async def test_wait_while_the_store_is_away(self, http, staff, storage, database, product_id, rendering):
        await self._shown(http, staff, storage, product_id, PNG)
        storage.down = True
        with pytest.raises(UpstreamUnavailable):
            await rendering.work()
        storage.down = False
        assert await rendering.work() == 0
        rendering.database = Database(database.engine, FixedClock(Clock().now() + timedelta(hours=1)), database.schema)
        assert await rendering.work() == 1


class TestShelf:
    """Several pictures of a product: put in order, taken away, their files gone a day later."""

    @pytest.fixture
    def rendering(self, database, storage):
        return Rendering(database, storage, MEDIA, start=lambda: ThreadPoolExecutor(1))

    async def _show(self, http, staff, storage, product_id, colours):
        shown = []
        for colour in colours:
            out = io.BytesIO()
            Image.new("RGB", (20, 10), colour).save(out, "PNG")
            form = (await announce(http, staff, product_id, bytes=len(out.getvalue()))).json()
            storage.arrive(form["fields"]["key"], out.getvalue(), "image/png")
            assert (await attach(http, staff, product_id, form["upload_id"], alt=colour)).status_code == 201
            shown.append(form["upload_id"])
        return shown

    async def test_are_put_in_order_and_taken_away(self, http, staff, storage, database, product_id):
        red, green, blue = await self._show(http, staff, storage, product_id, ["red", "green", "blue"])
        await published(database, clear=True)
        url = f"/v1/products/{product_id}/pictures"
        arranged = await http.put(url, headers=staff, json={"picture_ids": [blue, red, green]})
        assert [picture["id"] for picture in arranged.json()["pictures"]] == [blue, red, green]
        for _ in range(2):
            left = await http.delete(f"{url}/{red}", headers=staff)
            assert [picture["alt"] for picture in left.json()["pictures"]] == ["blue", "green"]
        seen = (await http.get("/v1/products/granola")).json()["pictures"]
        assert [picture["alt"] for picture in seen] == ["blue", "green"]
        told = await published(database, clear=True)
        assert [event.image_url for event in told] == [f"{MEDIA}/pictures/{blue}.png"] * 2
        (yellow,) = await self._show(http, staff, storage, product_id, ["yellow"])
        stale = await http.put(url, headers=staff, json={"picture_ids": [green, blue]})
        assert (stale.status_code, stale.json()["code"]) == (409, "picture.order_differs")
        assert stale.json()["picture_ids"] == [blue, green, yellow]
        assert (await http.delete(f"{url}/{blue}")).status_code == 401

    async def test_files_go_a_day_later_but_not_those_another_picture_has(
        self, http, staff, storage, database, product_id, rendering
    ):
        one, twin, other = await self._show(http, staff, storage, product_id, ["red", "red", "blue"])
        assert await rendering.work() == 3
        kept = {key for key in storage.objects if key.startswith("renditions/")}
        url = f"/v1/products/{product_id}/pictures"
        for picture in (one, other):
            await http.delete(f"{url}/{picture}", headers=staff)
        media = Media(database, storage, MEDIA)
        assert await media.remove_dropped() == 0
        later = Media(
            Database(database.engine, FixedClock(Clock().now() + timedelta(days=2)), database.schema), storage, MEDIA
        )
        storage.down = True
        with pytest.raises(UpstreamUnavailable):
            await later.remove_dropped()
        storage.down = False
        assert await later.remove_dropped() == 2
        left = {key for key in storage.objects if key.startswith("renditions/")}
        (picture,) = (await http.get("/v1/products/granola")).json()["pictures"]
        assert left == {each["url"].removeprefix(f"{MEDIA}/") for each in picture["sources"]} < kept
        assert await later.remove_abandoned() == 2
        assert [key for key in storage.objects if key.startswith("pictures/")] == [f"pictures/{twin}.png"]

    async def test_a_picture_taken_away_while_it_is_rendered_leaves_nothing(
        self, http, staff, storage, database, product_id, rendering, monkeypatch
    ):
        (red,) = await self._show(http, staff, storage, product_id, ["red"])
        put = storage.put

        async def meanwhile(*stored):
            await put(*stored)
            await http.delete(f"/v1/products/{product_id}/pictures/{red}", headers=staff)

        monkeypatch.setattr(storage, "put", meanwhile)
        assert await rendering.work() == 1
        later = Database(database.engine, FixedClock(Clock().now() + timedelta(days=2)), database.schema)
        assert await Media(later, storage, MEDIA).remove_dropped() == 2
        assert not [key for key in storage.objects if key.startswith("renditions/")]

    async def test_files_that_are_being_removed_are_not_taken_up(
        self, http, staff, storage, database, product_id, rendering
    ):
        (red,) = await self._show(http, staff, storage, product_id, ["red"])
        await rendering.work()
        await http.delete(f"/v1/products/{product_id}/pictures/{red}", headers=staff)
        later = Database(database.engine, FixedClock(Clock().now() + timedelta(days=2)), database.schema)
        async with later.transaction() as tx:
            assert len(await renditions.begin_removing(tx.connection, later.clock.now(), 10)) == 2
        await self._show(http, staff, storage, product_id, ["red"])
        with pytest.raises(UpstreamUnavailable):
            await rendering.work()
        assert await Media(later, storage, MEDIA).remove_dropped() == 2
        rendering.database = later
        assert await rendering.work() == 1
        (picture,) = (await http.get("/v1/products/granola")).json()["pictures"]
        assert {each["url"].removeprefix(f"{MEDIA}/") for each in picture["sources"]} <= storage.objects.keys()


class TestAbandoned:
    async def test_goes_after_a_day_and_pictures_stay(self, http, staff, storage, database, product_id):
        shown = (await announce(http, staff, product_id)).json()
        left = (await announce(http, staff, product_id)).json()
        for form in (shown, left):
            storage.objects[form["fields"]["key"]] = StoredObject(len(PNG), "image/png", PNG[:32])
        await attach(http, staff, product_id, shown["upload_id"])
        assert await Media(database, storage, MEDIA).remove_abandoned() == 0
        later = Database(database.engine, FixedClock(Clock().now() + timedelta(days=2)), database.schema)
        storage.down = True
        with pytest.raises(UpstreamUnavailable):
            await Media(later, storage, MEDIA).remove_abandoned()
        storage.down = False
        assert await Media(later, storage, MEDIA).remove_abandoned() == 1
        assert list(storage.objects) == [shown["fields"]["key"]]
        answer = await attach(http, staff, product_id, left["upload_id"])
        assert answer.json()["code"] == "upload.not_found"
