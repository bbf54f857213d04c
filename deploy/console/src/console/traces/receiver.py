"""`POST /otlp/v1/traces`, for the services and the edge. Not reached from outside: the edge does not route it."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.problems import problem
from console.traces import otlp
from console.traces.recorder import Recorder

_PROTOBUF = "application/x-protobuf"
_LARGE = 200_000


def routes(recorder: Recorder) -> list[Route]:
    async def take(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        if kind != _PROTOBUF:
            return problem(415, "request.unsupported_media_type", f"send {_PROTOBUF}")
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > otlp.MAX_BYTES:
                return problem(413, "request.too_large", f"at most {otlp.MAX_BYTES} bytes")
        try:
            content = otlp.unpack(bytes(body), request.headers.get("content-encoding", ""))
            spans = await run_in_threadpool(otlp.decode, content) if len(content) > _LARGE else otlp.decode(content)
        except otlp.Unreadable as error:
            return problem(400, "request.malformed", str(error))
        return Response(otlp.answer(recorder.take(spans)), media_type=_PROTOBUF)

    return [Route("/otlp/v1/traces", take, methods=["POST"])]
