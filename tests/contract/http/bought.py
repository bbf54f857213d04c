"""One order as its customer sees it, and what of it must be so: units on shelves, prices, refunds."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from shop.demo.door import Order

# SKU → won. OATS and COCOA are variants of one product; PAIR is two OATS; CUP is a gift.
PRICES = {"OATS": 3_900, "COCOA": 3_900, "BAR": 7_700, "PAIR": 7_000, "CUP": 1_000}
_PARTS = {"PAIR": Counter(OATS=2)}


@dataclass
class Bought:
    """One order, and how its customer sees it now. `short`: what its centre said to miss of it, by shelf; `unsent`:
    likewise of what its exchanges send, by claim.
    """

    order: Order
    view: dict[str, Any]
    payment_id: str = ""
    rejected: bool = False
    short: Counter[str] = field(default_factory=Counter)
    unsent: dict[str, Counter[str]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"{self.order.number} ({self.status})"

    @property
    def is_paid(self) -> bool:
        return self.view["payment"] is not None

    @property
    def status(self) -> str:
        return str(self.view["status"])

    def claim(self, claim_id: str) -> dict[str, Any]:
        return next(claim for claim in self.view["claims"] if claim["claim_id"] == claim_id)

    def open_units(self, line: dict[str, Any]) -> int:
        gone = ("cancelled", "cancelling", "claiming", "returned")
        return int(line["quantity"]) - sum(int(line[f"{name}_quantity"]) for name in gone)


def units(sku: str, count: int) -> Counter[str]:
    """On the shelves: a set lies there as its parts."""
    return Counter({part: units * count for part, units in _PARTS.get(sku, Counter({sku: 1})).items()})


def wanted(one: Bought) -> Counter[str]:
    """What of the order was not cancelled, as it lies on the shelves."""
    wanted: Counter[str] = Counter()
    for line in one.view["lines"]:
        wanted.update(units(line["sku"], line["quantity"] - line["cancelled_quantity"]))
    return wanted


def stopped(claim: dict[str, Any]) -> Counter[str]:
    """What an exchange did not send, as it lies on the shelves."""
    found: Counter[str] = Counter()
    for line in claim["lines"]:
        found.update(units(line["replacement_sku"] or line["sku"], line["stopped"]))
    return +found


def first(pick: Iterable[dict[str, Any]], units: int) -> Counter[str]:
    """So many units of what is to be picked, or all of them."""
    found: Counter[str] = Counter()
    for item in pick:
        taken = min(units, item["quantity"])
        units -= taken
        found[item["sku"]] += taken
    return +found


def check_price(one: Bought, wishes: list[tuple[str, int]], coupon: str | None, *, far: bool) -> None:
    """As the mall's terms say: ten percent off, three thousand won to send, nothing from thirty thousand on."""
    goods = sum(PRICES[sku] * count for sku, count in wishes)
    off = one.view["discount_amount"]["amount"]
    assert abs(off - (Fraction(goods, 10) if coupon == "TENOFF" else 0)) < len(wishes)
    base = 0 if goods - off >= 30_000 else 3000
    assert one.view["shipping_amount"]["amount"] == base + 3000 * far
    assert one.view["total_amount"]["amount"] == goods - off + base + 3000 * far
    gifts = [line["sku"] for line in one.view["lines"] if line["kind"] == "gift"]
    assert gifts == (["CUP"] if coupon == "FREECUP" else [])


def due_back(one: Bought) -> int:
    """What the customer was told goes back."""
    told = [*one.view["cancels"], *one.view["claims"]]
    return sum(int(each["refund_amount"]["amount"]) for each in told)


def misjudged(one: Bought) -> list[str]:
    """The refunds against the price of what is gone, to the won but for the shares of single units."""
    view, found = one.view, []
    if not one.is_paid:
        return []
    lines = {line["line_id"]: line for line in view["lines"]}
    gone = sum(
        Fraction(line["amount"]["amount"] * (line["cancelled_quantity"] + line["returned_quantity"]), line["quantity"])
        for line in lines.values()
    )
    fees = sum(claim["fee_amount"]["amount"] for claim in view["claims"] if claim["kind"] == "return")
    shipping = sum(each["shipping_amount"]["amount"] for each in (*view["cancels"], *view["claims"]))
    if abs(due_back(one) + fees - shipping - gone) >= len(lines):
        found.append(f"{one.order.number}: {due_back(one)} won go back for {float(gone)} of goods")
    # With the order's own fee comes one that an earlier claim was charged for the way there.
    if shipping and not 0 <= shipping - view["shipping_amount"]["amount"] <= fees:
        found.append(f"{one.order.number}: {shipping} won of shipping go back")
    if view["status"] == "cancelled" and due_back(one) != view["total_amount"]["amount"]:
        found.append(f"{one.order.number} is cancelled and {due_back(one)} won go back")
    if view["refunded_amount"]["amount"] != due_back(one):
        found.append(f"{one.order.number}: {view['refunded_amount']['amount']} won went back, {due_back(one)} are due")
    return found
