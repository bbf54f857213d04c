"""The tracking API: Delivery Tracker's GraphQL, where an error stands in the body and the HTTP status says nothing."""

from functools import cache
from typing import Any

from fastapi import APIRouter, Request
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, build_schema, graphql_sync
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from sandbox.clock import from_epoch, wire_time
from sandbox.faults import Faults
from sandbox.logistics.parcels import CODES, Event, Parcels, most_likely
from sandbox.settings import Settings
from sandbox.wire import read_json

SDL = f"""
scalar DateTime
enum TrackEventStatusCode {{ {" ".join(CODES)} }}
type TrackEventStatus {{ code: TrackEventStatusCode! name: String }}
type TrackEvent {{ status: TrackEventStatus! time: DateTime description: String }}
type TrackEventEdge {{ node: TrackEvent cursor: String! }}
type PageInfo {{ hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }}
type TrackEventConnection {{ edges: [TrackEventEdge] pageInfo: PageInfo! }}
type TrackInfo {{
  trackingNumber: String!
  lastEvent: TrackEvent
  events(first: Int, after: String, last: Int, before: String): TrackEventConnection
}}
type Query {{ track(carrierId: ID!, trackingNumber: String!): TrackInfo }}
"""


class Asked(BaseModel):
    query: str
    variables: dict[str, Any] | None = None
    operationName: str | None = None  # noqa: N815 - names of the protocol


@cache
def schema() -> GraphQLSchema:
    return build_schema(SDL)


def _event(event: Event) -> dict[str, Any]:
    return {
        "status": {"code": event.code, "name": event.name},
        "time": wire_time(from_epoch(event.at)),
        "description": event.description,
    }


class TrackInfo:
    def __init__(self, number: str, events: list[Event]) -> None:
        self.trackingNumber = number
        self.lastEvent = _event(most_likely(events))
        self._events = events

    def events(
        self,
        _info: Any,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> dict[str, Any]:
        numbered = list(enumerate(self._events))
        found = [(number, event) for number, event in numbered if _between(number, after, before)]
        shown = found[:first] if first is not None else found
        shown = shown[max(0, len(shown) - last) :] if last is not None else shown
        cursors = [str(number) for number, _ in shown]
        return {
            "edges": [{"node": _event(event), "cursor": str(number)} for number, event in shown],
            "pageInfo": {
                "hasNextPage": bool(shown) and shown[-1] != numbered[-1],
                "hasPreviousPage": bool(shown) and shown[0] != numbered[0],
                "startCursor": cursors[0] if cursors else None,
                "endCursor": cursors[-1] if cursors else None,
            },
        }


def _between(number: int, after: str | None, before: str | None) -> bool:
    low = int(after) if after and after.isdigit() else -1
    high = int(before) if before and before.isdigit() else 10**9
    return low < number < high


class Root:
    def __init__(self, parcels: Parcels) -> None:
        self._parcels = parcels

    def track(self, _info: Any, carrierId: str, trackingNumber: str) -> TrackInfo:  # noqa: N803 - names of the schema
        events = self._parcels.events(carrierId, trackingNumber)
        if not events:
            raise GraphQLError("운송장 정보를 찾을 수 없습니다.", extensions={"code": "NOT_FOUND"})
        return TrackInfo(trackingNumber, events)


def _failed(code: str, message: str) -> JSONResponse:
    return JSONResponse({"data": None, "errors": [{"message": message, "extensions": {"code": code}}]})


def refuse(code: str | None) -> JSONResponse:
    return _failed(code or "INTERNAL", "요청을 처리하지 못했습니다.")


def _rendered(result: ExecutionResult) -> JSONResponse:
    shown: dict[str, Any] = {"data": result.data}
    if result.errors:
        errors = [error.formatted for error in result.errors]
        # A query that does not parse carries no code of its own.
        shown["errors"] = [
            {**error, "extensions": error.get("extensions") or {"code": "BAD_REQUEST"}} for error in errors
        ]
    return JSONResponse(shown)


def router(settings: Settings, parcels: Parcels, faults: Faults) -> APIRouter:
    api = APIRouter(prefix="/logistics/tracker", tags=["Delivery Tracker"])
    wanted = f"TRACKQL-API-KEY {settings.tracker_client_id}:{settings.tracker_client_secret}"

    @api.post("/graphql")
    async def graphql(request: Request) -> Response:
        """track(carrierId, trackingNumber) { lastEvent {...} events(last: 10) {...} }"""
        if request.headers.get("authorization") != wanted:
            return _failed("UNAUTHENTICATED", "인증되지 않은 요청입니다.")
        raw = await request.body()

        def effect() -> Response:
            try:
                asked = Asked.model_validate(read_json(raw))
            except ValueError:
                return _failed("BAD_REQUEST", "query가 필요합니다.")
            return _rendered(
                graphql_sync(
                    schema(), asked.query, root_value=Root(parcels), variable_values=asked.variables,
                    operation_name=asked.operationName,
                )
            )  # fmt: skip

        return await faults.around("logistics", "tracker", effect=effect, refuse=refuse)

    return api
