"""Object storage, where pictures lie. It speaks S3; nothing large passes through this service."""

from __future__ import annotations

import asyncio
import io
import threading
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from catalog.domain.media import SIGNATURE_BYTES, StoredObject
from catalog.errors import UploadMissing, UploadUnfit
from common.errors import UpstreamUnavailable


@dataclass(frozen=True, slots=True)
class UploadForm:
    """What a browser posts as multipart/form-data: these fields in this order, then the file as `file`."""

    url: str
    fields: dict[str, str]


class ObjectStorage(Protocol):
    """Where pictures go. The calls raise `UpstreamUnavailable` when it does not answer."""

    async def upload_form(self, key: str, content_type: str, size: int, lifetime: timedelta) -> UploadForm:
        """Permission to store one file of exactly this type and size under this key."""
        ...

    async def look(self, key: str) -> StoredObject | None:
        """What lies under the key, or None."""
        ...

    async def fetch(self, key: str, most: int) -> bytes:
        """All of it. Raises `UploadMissing` when nothing is there, `UploadUnfit` when it is more than `most` bytes."""
        ...

    async def put(self, key: str, content: bytes | Path, content_type: str) -> None:
        """Stores bytes or a file, in place of what was there."""
        ...

    async def delete(self, key: str) -> None:
        """Removes it. Nothing there is fine too."""
        ...


@dataclass(frozen=True, slots=True)
class S3Location:
    """`endpoint` is how this service reaches the store, `public_url` how browsers reach the bucket."""

    endpoint: str
    public_url: str
    bucket: str
    region: str
    access_key: str
    secret_key: str


class S3Storage:
    """S3 by boto3. It blocks, so calls run in threads; it is large, so it is imported at the first call."""

    def __init__(self, location: S3Location) -> None:
        self._location = location
        self._lock = threading.Lock()
        self._made: Any = None

    async def upload_form(self, key: str, content_type: str, size: int, lifetime: timedelta) -> UploadForm:
        return await asyncio.to_thread(self._form, key, content_type, size, lifetime)

    async def look(self, key: str) -> StoredObject | None:
        return await asyncio.to_thread(self._asking, self._look, key)

    async def fetch(self, key: str, most: int) -> bytes:
        content: bytes | None = await asyncio.to_thread(self._asking, partial(self._fetch, most), key)
        if content is None:
            raise UploadMissing("the file is not there")
        return content

    async def put(self, key: str, content: bytes | Path, content_type: str) -> None:
        await asyncio.to_thread(self._asking, partial(self._put, content, content_type), key)

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._asking, self._delete, key)

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                import boto3
                from botocore.config import Config

                self._made = boto3.client(
                    "s3",
                    endpoint_url=self._location.endpoint,
                    region_name=self._location.region,
                    aws_access_key_id=self._location.access_key,
                    aws_secret_access_key=self._location.secret_key,
                    config=Config(
                        signature_version="s3v4",
                        s3={"addressing_style": "path"},
                        connect_timeout=2,
                        read_timeout=5,
                        retries={"max_attempts": 2, "mode": "standard"},
                    ),
                )
            return self._made

    def _form(self, key: str, content_type: str, size: int, lifetime: timedelta) -> UploadForm:
        made = self._client().generate_presigned_post(
            self._location.bucket,
            key,
            Fields={"Content-Type": content_type, "success_action_status": "201"},
            Conditions=[
                {"Content-Type": content_type},
                {"success_action_status": "201"},
                ["content-length-range", size, size],
            ],
            ExpiresIn=int(lifetime.total_seconds()),
        )
        # The host is no part of what is signed, so browsers come in by the public door.
        return UploadForm(self._location.public_url, made["fields"])

    def _asking(self, call: Any, key: str) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return call(key)
        except (BotoCoreError, ClientError) as error:
            raise UpstreamUnavailable("object storage cannot answer now", service="object storage") from error

    def _look(self, key: str) -> StoredObject | None:
        from botocore.exceptions import ClientError

        where = {"Bucket": self._location.bucket, "Key": key}
        try:
            head = self._client().head_object(**where)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        start = b""
        if head["ContentLength"] > 0:
            start = self._client().get_object(**where, Range=f"bytes=0-{SIGNATURE_BYTES - 1}")["Body"].read()
        return StoredObject(head["ContentLength"], head.get("ContentType", ""), start)

    def _fetch(self, most: int, key: str) -> bytes | None:
        from botocore.exceptions import ClientError

        try:
            found = self._client().get_object(Bucket=self._location.bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        if found["ContentLength"] > most:
            raise UploadUnfit(f"the file has more than {most} bytes", bytes=found["ContentLength"])
        content: bytes = found["Body"].read(most + 1)
        return content

    def _put(self, content: bytes | Path, content_type: str, key: str) -> None:
        with content.open("rb") if isinstance(content, Path) else io.BytesIO(content) as body:
            self._client().put_object(
                Bucket=self._location.bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                CacheControl="public, max-age=31536000, immutable",
            )

    def _delete(self, key: str) -> None:
        self._client().delete_object(Bucket=self._location.bucket, Key=key)
