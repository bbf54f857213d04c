"""Makes the bucket for pictures and its rights, as bucket.json has them. Runs in catalog's image; safe to repeat."""

from __future__ import annotations

import json
import os
from pathlib import Path

import boto3
from botocore.config import Config

_ADDRESSING = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 10})


def main() -> None:
    wanted = json.loads(Path(__file__).with_name("bucket.json").read_text())
    client = boto3.client(
        "s3",
        endpoint_url=os.environ["CATALOG_S3_ENDPOINT"],
        region_name=os.environ["CATALOG_S3_REGION"],
        aws_access_key_id=os.environ["CATALOG_S3_ACCESS_KEY"],
        aws_secret_access_key=os.environ["CATALOG_S3_SECRET_KEY"],
        config=_ADDRESSING,
    )
    name = os.environ["CATALOG_S3_BUCKET"]
    if name not in {found["Name"] for found in client.list_buckets()["Buckets"]}:
        client.create_bucket(Bucket=name)
    client.put_bucket_policy(Bucket=name, Policy=json.dumps(wanted["policy"]))
    client.put_bucket_cors(Bucket=name, CORSConfiguration=wanted["cors"])


if __name__ == "__main__":
    main()
