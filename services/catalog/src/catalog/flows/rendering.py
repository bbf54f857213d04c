"""Renditions of pictures, made off every request's path, by a process of their own that a bad picture may kill."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from typing import Any, Literal

from catalog.clients import ObjectStorage
from catalog.domain.media import MAX_PICTURE_BYTES, Rendition
from catalog.errors import UploadMissing, UploadUnfit
from catalog.handlers import products
from catalog.repository import renditions
from catalog.repository.renditions import Unrendered
from common.db import Database

WIDTHS = (320, 640, 1080, 1600)
MAX_PIXELS = 60_000_000
_TOO_LARGE = f"a picture has at most {MAX_PIXELS // 1_000_000} million pixels, and this one has more"
_MOST_SECONDS = 120
Kind = Literal["webp", "avif"]
_SAVED: dict[Kind, dict[str, int]] = {"webp": {"quality": 80, "method": 4}, "avif": {"quality": 60, "speed": 8}}


@dataclass(frozen=True, slots=True)
class Rendered:
    """What became of a picture: its true size, and files with their format and width."""

    width: int
    height: int
    files: tuple[tuple[Kind, int, bytes], ...]


def render(content: bytes) -> Rendered:
    """WebP and AVIF of several widths, upright, in sRGB and without any metadata. Raises `UploadUnfit`.

    The size is looked at before anything is decoded: a few bytes may unpack to gigabytes of pixels.
    """
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP", "AVIF")) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise UploadUnfit(_TOO_LARGE)
            upright = ImageOps.exif_transpose(opened)
            mode = "RGBA" if upright.has_transparency_data else "RGB"
            picture = _in_srgb(upright, mode)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UploadUnfit(_TOO_LARGE) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise UploadUnfit("the file cannot be read as a picture") from error
    picture.info = {}
    widths = [width for width in WIDTHS if width < picture.width]
    widths += [picture.width] if picture.width <= WIDTHS[-1] else []
    files: list[tuple[Kind, int, bytes]] = []
    for width in widths:
        height = max(1, round(picture.height * width / picture.width))
        sized = picture if width == picture.width else picture.resize((width, height), Image.Resampling.LANCZOS)
        for kind, options in _SAVED.items():
            out = io.BytesIO()
            sized.save(out, kind.upper(), **options)
            files.append((kind, width, out.getvalue()))
    return Rendered(picture.width, picture.height, tuple(files))


def _in_srgb(picture: Any, mode: str) -> Any:
    """Colours as browsers show them when no profile is with the file."""
    from PIL import ImageCms

    profile = picture.info.get("icc_profile")
    if profile and picture.mode in {"RGB", "RGBA", "CMYK"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
        except (ImageCms.PyCMSError, OSError):
            return picture.convert(mode)
        return converted if converted is not None else picture.convert(mode)
    return picture.convert(mode)


def _pool() -> Executor:
    """One process, last in line for the processor: nobody waits for a rendition."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_begin)


def _begin() -> None:
    """A service killed at once cannot end its helper, and one that waits for work would wait for ever."""
    os.nice(19)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@dataclass(slots=True)
class Rendering:
    """`start`: what runs `render`, made at the first picture and again after one that killed it."""

    database: Database
    storage: ObjectStorage
    public_url: str
    start: Callable[[], Executor] = _pool
    _running: Executor | None = field(default=None, init=False)

    async def work(self) -> int:
        """Renders what waits. Safe to die at any line: keys are made of the content, the rest is one transaction."""
        done = 0
        while True:
            async with self.database.read() as connection:
                if not await renditions.any_waits(connection, self.database.clock.now()):
                    return done
            async with self.database.transaction() as tx:
                taken = await renditions.take(tx.connection, tx.now)
            if taken is None:
                return done
            await self._render(taken)
            done += 1

    async def _render(self, taken: Unrendered) -> None:
        try:
            content = await self.storage.fetch(taken.key, MAX_PICTURE_BYTES)
            rendered = await self._away(content)
        except (UploadMissing, UploadUnfit) as unfit:
            await self._give_up(taken, unfit.detail)
            return
        except (TimeoutError, BrokenProcessPool):
            self._stop()
            if taken.tries >= renditions.MOST_TRIES:
                await self._give_up(taken, "it cannot be rendered")
            return
        made = tuple([await self._store(*file) for file in rendered.files])
        async with self.database.transaction() as tx:
            size = (rendered.width, rendered.height)
            await products.show_renditions(
                taken.product_id, taken.picture_id, size, made, tx, media_url=self.public_url
            )

    async def _away(self, content: bytes) -> Rendered:
        if self._running is None:
            self._running = self.start()
        running = asyncio.get_running_loop().run_in_executor(self._running, render, content)
        return await asyncio.wait_for(running, _MOST_SECONDS)

    async def _store(self, kind: Kind, width: int, content: bytes) -> Rendition:
        """Under a key made of the content: whatever has been cached under it stays right for ever."""
        key = f"renditions/{hashlib.sha256(content).hexdigest()[:32]}.{kind}"
        await self.storage.put(key, content, f"image/{kind}")
        return Rendition(kind, width, key)

    async def _give_up(self, taken: Unrendered, problem: str) -> None:
        async with self.database.transaction() as tx:
            await products.give_up_picture(
                taken.product_id, taken.picture_id, problem[:300], tx, media_url=self.public_url
            )

    def _stop(self) -> None:
        if isinstance(self._running, ProcessPoolExecutor):
            for process in list((self._running._processes or {}).values()):  # noqa: SLF001 - there is no other way to it
                process.kill()
        if self._running is not None:
            self._running.shutdown(wait=False, cancel_futures=True)
        self._running = None
