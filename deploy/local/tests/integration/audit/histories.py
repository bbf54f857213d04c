"""Histories as they must not be: what lies in a topic beside what its publisher counted and its readers settled."""

from dataclasses import replace

from deploy.local.tests.integration.audit.world import NOW, Said, World, named

from common import ids
from common.transport import OutRecord
from contracts.carts import CartChanged
from contracts.shipments import ShipmentCancelDecided, ShipmentUpdated
from contracts.stock import StockUnavailable
from contracts.topics import ORDERS, STOCK, TOPICS

ADA, BEA = named("order", "ada"), named("order", "bea")


def a_cart(name, *, lines=()):
    """Nobody hears of carts, so their events show what becomes of order and numbers, and nothing else."""
    return CartChanged(cart_id=named("cart", name), mall_id="intake", channel="pc", lines=lines, occurred_at=NOW)


class Log:
    """Writes broken histories: what lies in the topic beside what the publisher counted."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.records: list[OutRecord] = []

    def cart(self, name: str, last: int, *sequences: int) -> list[Said]:
        """Events with these numbers, in this order, of a cart whose publisher counted to `last`; 0: knows nothing."""
        event = a_cart(name)
        if last:
            self.world.sequences["cart", event.key] = last
        said = {number: Said(event, "cart", number) for number in sequences}
        self.records += [said[number].record() for number in sequences]
        return [said[number] for number in sorted(said)]

    def unread(self, event) -> Said:
        """Counted and published; in nobody's inbox."""
        source = TOPICS[event.topic].owner
        self.world.sequences[source, event.key] += 1
        said = Said(event, source, self.world.sequences[source, event.key])
        self.records.append(said.record())
        return said


def broken_histories(log: Log) -> dict[str, Said]:
    """Each under a key of its own. Returns the events that tests ask for, by name."""
    log.cart("right", 3, 1, 2, 3)
    log.cart("again", 3, 1, 2, 1, 2, 3)
    _, second, _ = log.cart("overtaken", 3, 1, 3, 2)
    log.cart("gap", 3, 1, 3)
    _, ghost = log.cart("ghost", 1, 1, 2)
    [unknown] = log.cart("unknown", 0, 1)
    [changed] = log.cart("changed", 1, 1)
    log.records.append(replace(changed.record(), value=b"{}"))
    [renumbered] = log.cart("renumbered", 2, 1)
    log.records.append(renumbered.record(sequence=2))
    [doubled] = log.cart("doubled", 1, 1)
    log.records.append(doubled.record(event_id=ids.new_id()))
    decided = {"order_id": BEA, "cancel_id": named("cancel", "bea"), "mall_id": "intake"}
    log.world.say(ShipmentCancelDecided(**decided, accepted=True, occurred_at=NOW))
    for once in ("replacement-stop-decided", "replacement-stopped"):
        log.world.say(next(said.event for said in log.world.told if said.event.type == once))
    back = {"order_number": "N", "mall_id": "intake", "centre": "icheon", "lines": (), "occurred_at": NOW}
    log.world.say(ShipmentUpdated(shipment_id=named("shipment", "ada"), order_id=ADA, status="in_transit", **back))
    _dead_letters(log)
    missing = log.unread(StockUnavailable(order_id=ADA, mall_id="intake", shortages=(), occurred_at=NOW))
    stranger = Said(log.world.told[0].event, "somebody", 1)
    log.records.append(stranger.record())
    log.records.append(OutRecord(STOCK, b"noise", b"\xff", ()))
    return {"second": second, "ghost": ghost, "unknown": unknown, "changed": changed, "renumbered": renumbered,
            "missing": missing, "stranger": stranger}  # fmt: skip


def _dead_letters(log: Log) -> None:
    """catalog numbered an event of an order and the report of a dead letter about it; of another only the event."""
    for name, reported in (("reported", True), ("silent", False)):
        order_id = named("order", name)
        event = StockUnavailable(order_id=order_id, mall_id="intake", shortages=(), occurred_at=NOW)
        log.world.say(event)
        log.world.sequences["catalog", str(order_id)] += 1
        if reported:
            log.records.append(OutRecord(f"catalog.{ORDERS}.dlq", str(order_id).encode(), b"{}", ()))
