"""/dev/traces: the list, one trace, everything an order left; and the same as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.numbers import measure
from console.pages import Pages, as_json, from_elsewhere
from console.problems import problem
from console.traces.recorder import Recorder
from console.traces.search import Question, Summary, TraceSearch
from console.traces.span import KINDS, Span
from console.traces.store import TraceStore
from console.traces.waterfall import Waterfall, waterfall

_HERE = "/dev/traces"
_JOURNEY_TRACES = 200


class TracePages:
    def __init__(
        self, store: TraceStore, search: TraceSearch, recorder: Recorder, pages: Pages, services: list[str]
    ) -> None:
        self._store = store
        self._search = search
        self._recorder = recorder
        self._pages = pages
        self._services = ["edge", *services]

    async def listed(self, request: Request) -> Response:
        question = _question(request)
        return self._pages.show(
            "traces.html", here=_HERE, question=question, traces=await self._search.find(question),
            services=self._services, counts=await self._store.counts(), dropped=self._recorder.dropped,
        )  # fmt: skip

    async def listed_json(self, request: Request) -> Response:
        """`?order=` an order's number or id, `?q=` any other word; the filters of the page besides."""
        found = await self._search.find(_question(request))
        return as_json({"items": [asdict(each) for each in found], "dropped_spans": self._recorder.dropped})

    async def one(self, request: Request) -> Response:
        trace_id = request.path_params["id"]
        spans = await self._store.trace(trace_id)
        if not spans:
            return self._pages.not_found("this trace is not kept (any more)")
        found = await self._search.find(Question(words=trace_id, reads=True))
        orders = found[0].orders if found else []
        return self._show(waterfall(spans), title=_title(spans, trace_id), orders=orders, trace_id=trace_id)

    async def one_json(self, request: Request) -> Response:
        trace_id = request.path_params["id"]
        spans = await self._store.trace(trace_id)
        if not spans:
            return problem(404, "trace.not_found", "this trace is not kept (any more)")
        return as_json({"trace_id": trace_id, **_as_dict(waterfall(spans))})

    async def journey(self, request: Request) -> Response:
        found, spans = await self._journey(request)
        if not spans:
            return self._pages.not_found("no trace of this order is kept")
        word = request.path_params["word"]
        orders = sorted({order for each in found for order in each.orders})
        title = orders[0] if len(orders) == 1 else word
        return self._show(
            waterfall(spans), title=f"Order {title}", orders=[], journey=word, count=len(found),
            reads=request.query_params.get("reads") == "1",
        )  # fmt: skip

    async def journey_json(self, request: Request) -> Response:
        found, spans = await self._journey(request)
        if not spans:
            return problem(404, "trace.not_found", "no trace of this order is kept")
        return as_json({"traces": [each.trace_id for each in found], **_as_dict(waterfall(spans))})

    async def clear(self, request: Request) -> Response:
        if from_elsewhere(request):
            return problem(403, "request.from_elsewhere", "only this console's own pages may do that")
        await self._store.clear()
        return RedirectResponse(_HERE, 303)

    async def _journey(self, request: Request) -> tuple[list[Summary], list[Span]]:
        reads = request.query_params.get("reads") == "1"
        question = Question(words=request.path_params["word"], reads=reads, limit=_JOURNEY_TRACES)
        found = await self._search.find(question)
        return found, await self._store.spans_of([each.trace_id for each in found])

    def _show(self, fall: Waterfall, **values: Any) -> Response:
        ticks = [(place, (fall.axis.time(place) - fall.started) / 1e6) for place in (0, 20, 40, 60, 80)]
        defaults: dict[str, Any] = {"trace_id": "", "journey": "", "count": 1, "reads": False}
        return self._pages.show("trace.html", **{**defaults, **values, "here": _HERE, "fall": fall, "ticks": ticks})

    def routes(self) -> list[Route]:
        return [
            Route("/dev/traces", self.listed),
            Route("/dev/traces.json", self.listed_json),
            Route("/dev/traces/clear", self.clear, methods=["POST"]),
            Route("/dev/traces/order/{word}.json", self.journey_json),
            Route("/dev/traces/order/{word}", self.journey),
            Route("/dev/traces/{id}.json", self.one_json),
            Route("/dev/traces/{id}", self.one),
        ]


def _question(request: Request) -> Question:
    asked = request.query_params
    order = asked.get("order", "")
    return Question(
        words=order or asked.get("q", ""),
        service=asked.get("service", ""),
        errors=asked.get("errors") == "1",
        # Asked for one order, everything about it is the answer.
        reads=asked.get("reads") == "1" or bool(order),
        slower_than=measure(asked.get("slower", "")) or 0.0,
        limit=500 if order else 100,
    )


def _title(spans: list[Span], trace_id: str) -> str:
    own = [span for span in spans if span.trace_id == trace_id] or spans
    return min(own, key=lambda span: (bool(span.parent_id), span.start)).label


def _as_dict(fall: Waterfall) -> dict[str, Any]:
    """`parent` is the number of the row above in the tree, which is where a person would look for the cause."""
    return {
        "started": fall.started,
        "duration_ms": fall.milliseconds,
        "services": fall.services,
        "errors": fall.errors,
        "left_out": fall.left_out,
        "spans": [
            {
                "number": row.number,
                "parent": row.parent,
                "depth": row.depth,
                "trace_id": row.span.trace_id,
                "span_id": row.span.span_id,
                "parent_id": row.span.parent_id,
                "service": row.span.service,
                "name": row.span.name,
                "label": row.label,
                "kind": KINDS.get(row.span.kind, "unspecified"),
                "start_ms": (row.span.start - fall.started) / 1e6,
                "duration_ms": row.span.milliseconds,
                "wait_ms": row.wait.milliseconds if row.wait else None,
                "waited_in": row.wait.where if row.wait else None,
                "error": row.span.error,
                "message": row.span.message,
                "attributes": row.span.attributes,
                "events": row.span.events,
                "links": row.span.links,
            }
            for row in fall.rows
        ],
    }
