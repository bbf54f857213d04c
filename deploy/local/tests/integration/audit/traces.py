"""What every step of an order leaves behind: lines of its story, movements, journals, figures, messages."""

from dataclasses import dataclass, field

from deploy.local.tests.integration.audit.outside import Outside
from deploy.local.tests.integration.audit.world import NOW, World, named

from contracts.notifications import NotificationDelivered
from contracts.orders import Address, CancelledLine, OrderContactRecorded, Person
from contracts.shared import OrderLine
from contracts.shipments import ShipmentLine, ShipmentUpdated

PRICES = {"OATS": 5000, "JERKY": 3000}
SHIPPING = 2500


@dataclass
class Order:
    """`row` and the others are rows that later steps change.

    Of an exchange: `claim` and `claimed`, its line; `kept` for it at catalog; `replacement` and `replaced`, the request
    for what is sent in exchange and its line.
    """

    name: str
    id: object
    row: dict
    lines: list[dict]
    reservation: dict
    centre: str = "icheon"
    payment: dict = field(default_factory=dict)
    shipment: dict = field(default_factory=dict)
    claim: dict = field(default_factory=dict)
    claimed: dict = field(default_factory=dict)
    kept: dict = field(default_factory=dict)
    replacement: dict = field(default_factory=dict)
    replaced: dict = field(default_factory=dict)

    @property
    def told(self):
        return {
            "order_id": self.id, "order_number": f"N-{self.name}", "mall_id": "intake", "channel": "pc",
            "currency": "KRW",
        }  # fmt: skip

    @property
    def parts(self):
        return tuple(
            OrderLine(
                line_id=line["line_id"], sku=line["sku"], product_id=named("product"), product_name="귀리",
                category_ids=("food", "oats"), quantity=line["quantity"], unit_price=line["unit_price"],
                amount=line["amount"],
            )
            for line in self.lines
        )  # fmt: skip


class Traces:
    """Left in a world and in the outside's books."""

    def __init__(self, world: World, outside: Outside) -> None:
        self.world = world
        self.outside = outside

    def _told_lines(self, taken):
        return tuple(
            CancelledLine(
                line_id=line["line_id"], sku=line["sku"], product_id=named("product"), category_ids=("food", "oats"),
                quantity=quantity, amount=line["unit_price"] * quantity,
            )
            for line, quantity in taken
        )  # fmt: skip

    def _shipment_told(self, order: Order, part, status: str, lines, claim_id=None) -> None:
        self.world.say(
            ShipmentUpdated(
                shipment_id=part, order_id=order.id, order_number=f"N-{order.name}", mall_id="intake",
                centre=order.centre, status=status, claim_id=claim_id, occurred_at=NOW,
                lines=tuple(
                    ShipmentLine(line_id=line["line_id"], sku=line["sku"], quantity=line["quantity"]) for line in lines
                ),
            )
        )  # fmt: skip

    def _contact(self, order: Order) -> None:
        to = {"phone": "010", "zonecode": "1", "road_address": "길", "detail": "1"}
        self.world.say(
            OrderContactRecorded(
                order_id=order.id, order_number=f"N-{order.name}", mall_id="intake", recorded_at=NOW,
                orderer=Person(name="김", phone="010"), ship_to=Address(recipient="김", **to),
            )
        )  # fmt: skip
        self.world.row("scm.shipment_contacts", order_id=order.id, recipient="김", **to)

    def _story(self, order: Order, name: str, status: str, once: str | None = None) -> None:
        self.world.row("orders.order_history", order_id=order.id, at=NOW, name=name, status=status, once=once)

    def _fact(self, kind, fact_id, order, goods, shipping, *, whole=True, was_paid=False) -> None:
        self.world.row(
            "stats.order_facts", generation=1, kind=kind, fact_id=fact_id, order_id=order.id, mall_id="intake",
            channel="pc", currency="KRW", goods_amount=goods, shipping_amount=shipping, total_amount=goods + shipping,
            whole=whole, was_paid=was_paid, at=NOW,
        )  # fmt: skip

    def _line_fact(self, kind, fact_id, order, line, quantity, amount) -> None:
        self.world.row(
            "stats.line_facts", generation=1, kind=kind, fact_id=fact_id, line_id=line["line_id"], order_id=order.id,
            mall_id="intake", channel="pc", currency="KRW", sku=line["sku"], product_id=named("product"),
            product_name=None if kind == "cancel" else "귀리", category_ids=["food", "oats"], category_id="oats",
            quantity=quantity, amount=amount, at=NOW,
        )  # fmt: skip

    def _move(self, sku, on_hand, reserved, reason, reference) -> None:
        self.world.row(
            "catalog.stock_movements", sku=sku, delta_on_hand=on_hand, delta_reserved=reserved, reason=reason,
            reference=str(reference),
        )  # fmt: skip

    def _journal(self, payment: dict, kind: str, amount: int, of="") -> None:
        accounts = {
            "received": ("provider_receivable:toss", "customer_payments"),
            "refund_owed": ("customer_payments", "refunds_payable"),
            "refund_paid": ("refunds_payable", "provider_receivable:toss"),
        }[kind]
        journal_id, payment_id = named("journal", payment["id"], kind, of), payment["id"]
        self.world.row("payments.journals", id=journal_id, ref=str(journal_id), kind=kind, payment_id=payment_id)
        for place, (account, signed) in enumerate(zip(accounts, (amount, -amount), strict=True)):
            self.world.row("payments.postings", journal_id=journal_id, position=place, account=account, amount=signed)

    def _message(self, kind: str, fact_id, order: Order) -> None:
        """By mail and as Alimtalk; both arrived."""
        message_id = named("message", kind, fact_id)
        self.world.row("notify.messages", id=message_id, kind=kind, fact_id=fact_id, order_id=order.id)
        for channel in ("email", "alimtalk"):
            delivery_id = named("delivery", kind, fact_id, channel)
            self.world.row(
                "notify.deliveries", id=delivery_id, message_id=message_id, order_id=order.id, channel=channel,
                status="delivered", recipient="x", fact_at=NOW, sent_at=NOW, ended_at=NOW,
            )  # fmt: skip
            self.world.say(
                NotificationDelivered(
                    delivery_id=delivery_id, mall_id="intake", order_id=order.id, template=kind, channel=channel,
                    occurred_at=NOW,
                )
            )  # fmt: skip
            (self.outside.mailed if channel == "email" else self.outside.texted)(delivery_id)
