"""The companies' books as the sandbox and the console show them, from a server of a few lines."""

import asyncio
import copy
import json

from shop.audit.places import Places

BANKS = {
    provider: f"/sandbox/{provider}/_sandbox/books"
    for provider in ("toss", "kakaopay", "inicis", "portone", "portone_v1")
}
BANK = BANKS["toss"]
MESSENGER = "/sandbox/solapi/_sandbox/messages"
CENTRES = "/sandbox/logistics/_sandbox/books"
MAILBOX = "/dev/mail.json"


class Outside:
    """`documents`: path → what is answered there. A path that is missing is answered 503.

    `before_answer` is awaited with each path that is asked for.
    """

    def __init__(self) -> None:
        self.documents = {
            **{path: {"payments": []} for path in BANKS.values()},
            MESSENGER: {"messages": []},
            CENTRES: {"requests": [], "releases": [], "parcels": []},
            MAILBOX: {"items": []},
        }
        self.before_answer = None
        self._server = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)

    async def stop(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        host, port = self._server.sockets[0].getsockname()
        return f"http://{host}:{port}"

    def places(self, database: str, bootstrap: str) -> Places:
        return Places(database, bootstrap, f"{self.url}/sandbox", self.url)

    def copied(self):
        return copy.deepcopy(self.documents)

    async def _answer(self, reader, writer) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                path = head.split(" ")[1].partition("?")[0]
                if self.before_answer is not None:
                    await self.before_answer(path)
                found = self.documents.get(path)
                body = json.dumps(found, default=str).encode()
                status = "200 OK" if found is not None else "503 Away"
                writer.write(f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def took(self, payment_id, *movements) -> None:
        """Movements are (kind, amount)."""
        moved = [{"kind": kind, "amount": amount} for kind, amount in movements]
        self.documents[BANK]["payments"].append({"orderId": str(payment_id), "movements": moved})

    def texted(self, delivery_id, status="4000") -> None:
        message = {"customFields": {"notificationId": str(delivery_id)}, "statusCode": status, "type": "ATA"}
        self.documents[MESSENGER]["messages"].append(message)

    def mailed(self, delivery_id, copies=1) -> None:
        items = self.documents[MAILBOX]["items"]
        name = f"<{delivery_id}@shop.example>"
        moment = "2026-01-01T00:00:00.000+00:00"
        items.append({"id": len(items) + 1, "message_id": name, "received_at": moment, "copies": copies})

    def fetched(self, shipment_id, state, *waybills) -> None:
        """What the centre whose job asks us has, and the labels it printed."""
        parcels = [{"waybill": waybill} for waybill in waybills]
        log = [{"did": "waybill", "sent": {"waybill": waybill}, "answer": "200"} for waybill in waybills]
        if state != "seen":
            log.insert(0, {"did": "accept", "sent": {}, "answer": "200"})
        books = self.documents[CENTRES]
        books["requests"].append({"id": str(shipment_id), "state": state, "waybills": parcels, "log": log})
        books["parcels"] += [{"waybill": waybill} for waybill in waybills]

    def released(self, order_no, slip_no, status, waybill, *units) -> None:
        """Units are (sku, quantity)."""
        goods = [{"cstGodCd": sku, "ordQty": quantity} for sku, quantity in units]
        slip = {"ordNo": str(order_no), "slipNo": slip_no, "status": status, "waybill": waybill, "godCds": goods}
        self.documents[CENTRES]["releases"].append(slip)
        self.documents[CENTRES]["parcels"].append({"waybill": waybill})
