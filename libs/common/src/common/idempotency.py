"""`Idempotency-Key` at the door: the same key and body get the first answer again, whatever happened in between.

The key is claimed in a short transaction of its own before any work, together with the id of the thing to be made. The
work uses that id everywhere (as the reservation's name, as the primary key), so doing it again after a crash finds what
the first try left. The answer is stored in the transaction of the effect.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import text

from common import ids
from common.db import Database, Tx
from common.errors import DomainError
from common.problems import of_domain_error

_LOCK = timedelta(seconds=30)
MAX_KEY = 200
_RELEASE = text(
    "UPDATE idempotency_keys SET locked_until = :past WHERE scope = :scope AND key = :key AND status IS NULL"
)


class KeyMissing(DomainError):
    code = "idempotency.key_missing"


class KeyInvalid(DomainError):
    code = "idempotency.key_invalid"


class KeyReused(DomainError):
    """The key came before with another body: a defect of the caller."""

    code = "idempotency.key_reused"


class KeyInProgress(DomainError):
    """The first request with this key is still running."""

    code = "idempotency.in_progress"
    kind = "conflict"


@dataclass
class Claim:
    """The right to do the work of one key. `resource_id` is the same at every try."""

    scope: str
    key: str
    resource_id: UUID
    remembered: bool = False

    async def remember(self, tx: Tx, status: int, body: BaseModel | bytes) -> Response:
        """Stores the answer in the transaction of the effect, and returns it as the response to give."""
        content = body if isinstance(body, bytes) else body.model_dump_json().encode()
        await _store(tx, self, status, content)
        tx.then(self._mark)
        return Response(content, status_code=status, media_type="application/json")

    def _mark(self) -> None:
        self.remembered = True


async def idempotency_key(
    idempotency_key: Annotated[
        str | None, Header(description="Names this request for ever: repeat it and the first answer comes again.")
    ] = None,
) -> str:
    """FastAPI dependency: the required key."""
    return check_key(idempotency_key)


def check_key(key: str | None) -> str:
    """The key, if it is one. Raises `KeyMissing` or `KeyInvalid`."""
    if not key:
        raise KeyMissing("this request needs the header Idempotency-Key")
    if len(key) > MAX_KEY or not key.isprintable() or not key.isascii():
        raise KeyInvalid(f"Idempotency-Key is up to {MAX_KEY} printable ASCII characters")
    return key


async def once(
    database: Database, request: Request, key: str, work: Callable[[Claim], Awaitable[Response]], *, caller: str = ""
) -> Response:
    """Runs `work` unless the key was answered before; then that answer comes with `Idempotent-Replayed: true`.

    `caller` separates callers who may pick the same key. Refusals (4xx) are remembered like answers; a 5xx, a crash or
    a refusal because something is down is not, and the key can be tried again.
    """
    scope = f"{request.method} {request.url.path} {caller}"[:500]
    body = await request.body()
    claim, answered = await _claim(database, scope, key, hashlib.sha256(body).digest())
    if answered is not None:
        return answered
    try:
        response = await work(claim)
    except DomainError as refusal:
        response = of_domain_error(refusal)
    except BaseException:
        await _release(database, claim)
        raise
    if response.status_code >= 500:
        await _release(database, claim)
    elif not claim.remembered:
        async with database.transaction() as tx:
            await _store(tx, claim, response.status_code, bytes(response.body))
    return response


async def _claim(database: Database, scope: str, key: str, fingerprint: bytes) -> tuple[Claim, Response | None]:
    now = database.clock.now()
    async with database.alone() as connection:
        fresh = (
            await connection.execute(
                text(
                    "INSERT INTO idempotency_keys AS k (scope, key, fingerprint, resource_id, locked_until, created_at)"
                    " VALUES (:scope, :key, :fingerprint, :resource_id, :locked_until, :now)"
                    " ON CONFLICT (scope, key) DO UPDATE SET locked_until = excluded.locked_until"
                    " WHERE k.status IS NULL AND k.locked_until < :now AND k.fingerprint = excluded.fingerprint"
                    " RETURNING resource_id"
                ),
                {
                    "scope": scope,
                    "key": key,
                    "fingerprint": fingerprint,
                    "resource_id": ids.new_id(),
                    "locked_until": now + _LOCK,
                    "now": now,
                },
            )
        ).scalar()
        if fresh is not None:
            return Claim(scope, key, fresh), None
        row = (
            await connection.execute(
                text(
                    "SELECT fingerprint, resource_id, status, response FROM idempotency_keys"
                    " WHERE scope = :scope AND key = :key"
                ),
                {"scope": scope, "key": key},
            )
        ).one()
    if row.fingerprint != fingerprint:
        raise KeyReused("this Idempotency-Key was used with another body")
    if row.status is None:
        raise KeyInProgress("the first request with this Idempotency-Key is still running; ask again in a moment")
    media_type = "application/json" if row.status < 400 else "application/problem+json"
    replay = Response(
        row.response, status_code=row.status, media_type=media_type, headers={"Idempotent-Replayed": "true"}
    )
    return Claim(scope, key, row.resource_id, remembered=True), replay


async def _store(tx: Tx, claim: Claim, status: int, content: bytes) -> None:
    await tx.connection.execute(
        text("UPDATE idempotency_keys SET status = :status, response = :response WHERE scope = :scope AND key = :key"),
        {"status": status, "response": content, "scope": claim.scope, "key": claim.key},
    )


async def _release(database: Database, claim: Claim) -> None:
    past = database.clock.now() - timedelta(seconds=1)
    async with database.alone() as connection:
        await connection.execute(_RELEASE, {"scope": claim.scope, "key": claim.key, "past": past})
