"""Who relays which shard. A lease row per shard with an epoch, on the database's clock; members share fairly."""

from __future__ import annotations

from uuid import UUID

import asyncpg

# All of it sees the table as it was before: hence ourselves are counted beside the others.
_RENEW = """
WITH seen AS (
    INSERT INTO relay_members (owner, seen_at) VALUES ($1, now())
    ON CONFLICT (owner) DO UPDATE SET seen_at = now()
), forgotten AS (
    DELETE FROM relay_members WHERE owner <> $1 AND seen_at < now() - make_interval(secs => $2 * 3)
), kept AS (
    UPDATE relay_leases SET expires_at = now() + make_interval(secs => $2)
    WHERE owner = $1 AND expires_at > now() RETURNING shard, epoch
)
SELECT (SELECT count(*) FROM relay_members WHERE owner <> $1 AND seen_at > now() - make_interval(secs => $2)) AS others,
       (SELECT count(*) FROM relay_leases) AS shards,
       ARRAY(SELECT ARRAY[shard::bigint, epoch] FROM kept) AS kept
"""
_TAKE = """
UPDATE relay_leases SET owner = $1, epoch = epoch + 1, expires_at = now() + make_interval(secs => $2)
WHERE shard IN (
    SELECT shard FROM relay_leases WHERE owner IS NULL OR expires_at <= now()
    ORDER BY shard LIMIT $3 FOR UPDATE SKIP LOCKED
)
RETURNING shard, epoch
"""
_RELEASE = """
UPDATE relay_leases SET owner = NULL, expires_at = now()
WHERE owner = $1 AND shard = ANY($2::smallint[])
"""


class ShardLeases:
    """The shards this process may relay. `owned` maps a shard to the epoch under which it was taken."""

    def __init__(self, owner: UUID, *, ttl_seconds: float) -> None:
        self.owner = owner
        self.ttl_seconds = ttl_seconds
        self.owned: dict[int, int] = {}
        self.share = 0

    @property
    def seconds_to_next(self) -> float:
        """When to renew again. Soon while shards that should be ours are still with somebody else."""
        return self.ttl_seconds / 4 if len(self.owned) >= self.share else min(0.5, self.ttl_seconds / 4)

    async def renew(self, connection: asyncpg.Connection) -> None:
        """Keeps what is ours, gives back what is more than our share, takes what nobody holds up to our share."""
        row = await connection.fetchrow(_RENEW, self.owner, self.ttl_seconds)
        share = -(-row["shards"] // (row["others"] + 1))
        owned = dict(row["kept"])
        if surplus := sorted(owned)[share:]:
            await connection.execute(_RELEASE, self.owner, surplus)
            owned = {shard: epoch for shard, epoch in owned.items() if shard not in surplus}
        elif len(owned) < share:
            taken = await connection.fetch(_TAKE, self.owner, self.ttl_seconds, share - len(owned))
            owned |= {row["shard"]: row["epoch"] for row in taken}
        self.owned, self.share = owned, share

    async def release(self, connection: asyncpg.Connection) -> None:
        """Gives everything back at once, so that another relay need not wait for the leases to run out."""
        owned, self.owned = sorted(self.owned), {}
        await connection.execute(_RELEASE, self.owner, owned)
        await connection.execute("DELETE FROM relay_members WHERE owner = $1", self.owner)

    def forget(self) -> None:
        """Owns nothing until the next `renew`: for when the database could not be asked."""
        self.owned = {}
