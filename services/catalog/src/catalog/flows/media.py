"""Pictures: permission to upload, a look at what arrived, and what was left behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from catalog.clients import ObjectStorage, UploadForm
from catalog.commands import AnnounceUpload, ArrangePictures, AttachPicture, RemovePicture
from catalog.domain.media import Upload, check_stored
from catalog.domain.product import Product
from catalog.errors import UploadMissing
from catalog.handlers import products
from catalog.repository import renditions, uploads
from common.db import Database

UPLOAD_LIFETIME = timedelta(minutes=15)
# Long after the last moment at which a slow upload could still be finished and attached.
ABANDONED_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Media:
    """`public_url`: the address under which customers see the bucket."""

    database: Database
    storage: ObjectStorage
    public_url: str

    async def upload_form(self, upload: Upload) -> UploadForm:
        """The same upload may ask again: the form is only a permission, valid for `UPLOAD_LIFETIME`."""
        return await self.storage.upload_form(upload.key, upload.content_type, upload.size, UPLOAD_LIFETIME)

    async def announce(self, command: AnnounceUpload) -> Upload:
        async with self.database.transaction() as tx:
            return await products.announce_upload(command, tx)

    async def attach(self, command: AttachPicture) -> Product:
        """Shows an uploaded picture with its product, after a look at what really arrived."""
        async with self.database.transaction() as tx:
            upload = await products.find_upload(command, tx)
        stored = await self.storage.look(upload.key)
        if stored is None:
            raise UploadMissing("the file is not there yet")
        check_stored(upload, stored)
        async with self.database.transaction() as tx:
            return await products.attach_picture(command, tx, self.public_url)

    async def remove(self, command: RemovePicture) -> Product:
        async with self.database.transaction() as tx:
            return await products.remove_picture(command, tx, self.public_url)

    async def arrange(self, command: ArrangePictures) -> Product:
        async with self.database.transaction() as tx:
            return await products.arrange_pictures(command, tx, self.public_url)

    async def remove_abandoned(self, limit: int = 50) -> int:
        """Deletes what was announced long ago and became no picture. The file goes first: a crash tries again."""
        async with self.database.read() as connection:
            before = self.database.clock.now() - ABANDONED_AFTER
            found = await uploads.abandoned(connection, before, limit)
        for upload in found:
            await self.storage.delete(upload.key)
            async with self.database.transaction() as tx:
                await uploads.delete(tx.connection, upload.id)
        return len(found)

    async def remove_dropped(self, limit: int = 50) -> int:
        """Deletes renditions that no picture has had for a day. Safe to die at any line: what is begun goes on."""
        before = self.database.clock.now() - ABANDONED_AFTER
        async with self.database.transaction() as tx:
            keys = await renditions.begin_removing(tx.connection, before, limit)
        for key in keys:
            await self.storage.delete(key)
            async with self.database.transaction() as tx:
                await renditions.removed(tx.connection, key)
        return len(keys)
