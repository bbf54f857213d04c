"""Delivery Tracker's GraphQL. An error stands in the body; the HTTP status says nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
from pydantic import SecretStr

from common.clock import SEOUL
from common.errors import UpstreamUnavailable
from scm.domain.tracking import Track, TrackEvent

# It asks the carrier's own page while we wait.
_TIMEOUT_SECONDS = 20
_QUERY = """
query ($carrierId: ID!, $trackingNumber: String!) {
  track(carrierId: $carrierId, trackingNumber: $trackingNumber) {
    lastEvent { time status { code } }
    events(last: 10) { edges { node { time status { code } } } }
  }
}
"""


class DeliveryTracker:
    def __init__(self, http: httpx.AsyncClient, url: str, key: SecretStr) -> None:
        self._http = http
        self._url = url
        self._key = key

    async def track(self, carrier_id: str, waybill: str) -> Track | None:
        """None: NOT_FOUND, which is normal until the pickup scan. Raises `UpstreamUnavailable`."""
        variables = {"carrierId": carrier_id, "trackingNumber": waybill}
        try:
            response = await self._http.post(
                self._url,
                json={"query": _QUERY, "variables": variables},
                headers={"Authorization": f"TRACKQL-API-KEY {self._key.get_secret_value()}"},
                timeout=_TIMEOUT_SECONDS,
            )
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise UpstreamUnavailable(f"the tracking API does not answer ({type(error).__name__})") from error
        codes = _error_codes(answer)
        if codes == {"NOT_FOUND"}:
            return None
        found = answer.get("data", {}).get("track") if isinstance(answer, dict) and answer.get("data") else None
        if codes or not isinstance(found, dict):
            raise UpstreamUnavailable(f"the tracking API refuses ({', '.join(sorted(codes)) or response.status_code})")
        edges = (found.get("events") or {}).get("edges") or []
        events = [event for edge in edges if edge and (event := _event(edge.get("node"))) is not None]
        return Track(_event(found.get("lastEvent")), tuple(events))


def _error_codes(answer: Any) -> set[str]:
    errors = answer.get("errors") if isinstance(answer, dict) else None
    return {str((error.get("extensions") or {}).get("code", "UNKNOWN")) for error in errors or []}


def _event(node: Any) -> TrackEvent | None:
    code = ((node or {}).get("status") or {}).get("code")
    return TrackEvent(_time(node.get("time")), str(code)) if code else None


def _time(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    # Carriers write Korean local time; some leave the offset out.
    return moment if moment.tzinfo else moment.replace(tzinfo=SEOUL)
