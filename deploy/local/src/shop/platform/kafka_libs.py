"""Apache Kafka's jars: Maven resolves them once for each content of the pom, every instance shares them."""

from __future__ import annotations

import asyncio
import fcntl
import functools
import hashlib
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shop.platform import commands
from shop.supervisor.part import PartError, Say

_RESOLVE_SECONDS = 600
MIN_JAVA = 17


def cache_key(pom: Path) -> str:
    """Changes whenever the pom does."""
    return hashlib.sha256(pom.read_bytes()).hexdigest()[:16]


def kafka_version(pom: Path) -> str:
    """The pinned version of org.apache.kafka."""
    found = re.search(r"<groupId>org\.apache\.kafka</groupId>.*?<version>([^<]+)</version>", pom.read_text(), re.DOTALL)
    if found is None:
        raise PartError(f"{pom} does not name a version of org.apache.kafka")
    return found[1]


@functools.cache
def java_version() -> int | None:
    """The major version of `java` on the path, or None."""
    if shutil.which("java") is None:
        return None
    answer = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)(?:\.(\d+))?', answer.stderr)
    if found is None:
        return None
    # Java 8 calls itself 1.8.
    return int(found[2]) if found[1] == "1" and found[2] else int(found[1])


def missing_tools() -> str:
    """What Apache Kafka would need here; empty when nothing is missing."""
    java = java_version()
    if java is None:
        return "no java on the path"
    if java < MIN_JAVA:
        return f"java {java} is too old (Kafka needs {MIN_JAVA})"
    if shutil.which("mvn") is None:
        return "no mvn on the path"
    return ""


async def resolve(pom: Path, cache: Path, say: Say, log: Path) -> Path:
    """The folder with the jars, fetched if this pom was not resolved before. Raises PartError."""
    target = cache / "kafka-libs" / cache_key(pom)
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    async with _locked(target.parent / "lock"):
        if not target.exists():
            say("fetching Apache Kafka with Maven (once)")
            await _fetch(pom, target, log)
    return target


async def _fetch(pom: Path, target: Path, log: Path) -> None:
    draft = target.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    argv = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={draft}"]
    try:
        await commands.run([*argv, "-DincludeScope=runtime"], seconds=_RESOLVE_SECONDS, log=log)
    except PartError as error:
        raise PartError(
            f"Maven could not fetch Apache Kafka; SHOP_BROKER=embedded starts without it. {error}"
        ) from error
    draft.replace(target)


@asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[None]:
    # Two instances starting at once must not write the same folder.
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.2)
        yield
