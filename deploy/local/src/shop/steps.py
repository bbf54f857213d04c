"""Short jobs between the starts of the parts: `python -m shop.steps roles|topics|bucket|migrations`.

Each is a process of its own, so that what they import does not stay in the supervisor's memory. Each is safe to repeat.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Callable

from shop import environment, instance
from shop.instance import Instance
from shop.parts import postgres_of
from shop.platform import storage
from shop.services import SERVICES


def roles(current: Instance) -> None:
    """Database, roles, schemas and rights."""
    from shop.platform import roles as rights

    names = [service.name for service in SERVICES]
    passwords = {name: current.secrets[f"{name}_db_password"] for name in [*names, rights.AUDITOR]}
    asyncio.run(rights.ensure(postgres_of(current).url, names, passwords))


def topics(current: Instance) -> None:
    """Every topic of the contracts, on as many brokers as there are."""
    from common.kafka_admin import ensure_topics

    asyncio.run(ensure_topics(os.environ["SHOP_BOOTSTRAP"], replication_factor=current.options.brokers))


def bucket(current: Instance) -> None:
    """Public reading and cross-origin uploads for the pictures."""
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{current.ports['s3']}",
        region_name=storage.REGION,
        aws_access_key_id=current.secrets["s3_access_key"],
        aws_secret_access_key=current.secrets["s3_secret_key"],
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 10}),
    )
    # The store makes it too, when it starts: whoever comes second finds it made.
    known = client.exceptions
    with contextlib.suppress(known.BucketAlreadyOwnedByYou, known.BucketAlreadyExists):
        client.create_bucket(Bucket=storage.BUCKET)
    client.put_bucket_policy(Bucket=storage.BUCKET, Policy=json.dumps(storage.POLICY))
    client.put_bucket_cors(Bucket=storage.BUCKET, CORSConfiguration=storage.CORS)


def migrations(current: Instance) -> None:
    """What `python -m <service>.main migrate` does, for all in one process that loads none of the services."""
    asyncio.run(_migrate(current))


async def _migrate(current: Instance) -> None:
    from common import migrate

    for service in SERVICES:
        began = time.monotonic()
        url = environment.of(service, current, "")[f"{service.prefix}_DATABASE_URL"]
        await migrate.upgrade(url, service.name, current.home / "services" / service.name / "migrations")
        print(f"{service.name}: {time.monotonic() - began:.2f} s", flush=True)


STEPS: dict[str, Callable[[Instance], None]] = {
    "roles": roles,
    "topics": topics,
    "bucket": bucket,
    "migrations": migrations,
}

if __name__ == "__main__":
    STEPS[sys.argv[1]](instance.load())
