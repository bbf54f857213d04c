"""The floor: FastAPI, asyncpg and nothing else."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import orjson
from fastapi import FastAPI
from pydantic import BaseModel

from common import ids


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.pool = await asyncpg.create_pool(os.environ["FLOOR_DATABASE_URL"], min_size=10, max_size=10)
    yield
    await app.state.pool.close()


app = FastAPI(lifespan=lifespan)


class Line(BaseModel):
    """The smallest order there is."""

    sku: str
    quantity: int


class Made(BaseModel):
    id: UUID


@app.get("/ping")
async def ping() -> dict[str, str]:
    return {"ping": "pong"}


@app.post("/write")
async def write(line: Line) -> Made:
    made = Made(id=ids.new_id())
    body = orjson.dumps(line.model_dump())
    async with app.state.pool.acquire() as connection, connection.transaction():
        await connection.execute("INSERT INTO floor_orders (id, body) VALUES ($1, $2)", made.id, body.decode())
        await connection.execute("INSERT INTO floor_outbox (payload) VALUES ($1)", body)
    return made
