"""Each promise about money and figures, broken in a real database, is found with its payment or order."""

import pytest
from deploy.local.tests.integration.audit.breaking import LEDGER, REPLAY, TOLD, broken, check
from deploy.local.tests.integration.audit.world import named

from common import ids

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ADA, BEA, EVE = (named("order", name) for name in ("ada", "bea", "eve"))
PAID_ADA, PAID_BEA = named("payment", "ada"), named("payment", "bea")
SECOND = named("second payment", "eve")
UNWANTED = ids.derived_id("refund", "unwanted", str(SECOND))
RECEIVED = named("journal", PAID_ADA, "received", "")
OWES = "no order gets more back than its accepted cancels and its returns owe"
BACK = "no more goes back than came"
NOBODYS = "every won at a provider belongs to one order, or is promised back"
PAID = "every paid order has its confirmed payment, of the same amount"


def a_refund(amount, status="needs_account"):
    return (
        "INSERT INTO payments.refunds (id, payment_id, order_id, amount, tax_free_amount, reason, status, requested_at)"
        f" VALUES ('{named('more')}', '{PAID_ADA}', '{ADA}', {amount}, 0, 'x', '{status}', now())"
    )


MONEY = [
    broken(
        PAID,
        f"UPDATE payments.payments SET order_id = '{named('order', 'dan')}' WHERE id = '{PAID_ADA}'",
        offenders=(ADA,),
    ),
    broken(
        "every confirmed payment pays its order, or is sent back",
        "DELETE FROM orders.order_unwanted_payments",
        offenders=(SECOND,),
    ),
    broken(
        "the refund of every payment that no order wants is promised",
        "UPDATE orders.order_unwanted_payments SET amount = amount - 1",
        offenders=(UNWANTED,),
    ),
    broken(
        "no order keeps the money of two payments",
        f"UPDATE payments.payments SET order_id = '{BEA}' WHERE id = '{PAID_ADA}'",
        offenders=(BEA,),
        also=(PAID,),
    ),
    broken(
        "every journal of the ledger has two sides that sum to zero",
        "INSERT INTO payments.journals (id, ref, kind, payment_id, order_id, currency, posted_at)"
        f" VALUES ('{named('half')}', 'half', 'received', '{PAID_ADA}', '{ADA}', 'KRW', now())",
        offenders=(named("half"),),
    ),
    broken(
        LEDGER,
        "UPDATE payments.postings SET account = 'refunds_payable'"
        f" WHERE journal_id = '{RECEIVED}' AND account = 'customer_payments'",
        offenders=(PAID_ADA,),
    ),
    broken(BACK, a_refund(10**6), offenders=(PAID_ADA,), also=(LEDGER, OWES, NOBODYS)),
    broken(
        "what the accepted cancels and the returns of an order owe is promised back",
        "INSERT INTO orders.order_cancels (cancel_id, order_id, position, reason, actor, status, shipping_amount,"
        " amount, vat_amount, tax_free_amount, refund_amount, requested_at, settled_at)"
        f" VALUES ('{named('owed')}', '{ADA}', 1, 'customer_request', 'x', 'accepted', 5, 5, 0, 0, 5, now(), now())",
        offenders=(ADA,),
        also=(TOLD, NOBODYS, "every order, account, payment, parcel, cancel, claim and refund has its message"),
    ),
    broken(
        OWES,
        f"UPDATE orders.order_cancels SET refund_amount = 0 WHERE order_id = '{BEA}'",
        offenders=(BEA,),
        also=(NOBODYS,),
    ),
    broken(
        "orders and payments agree on what went back",
        f"UPDATE orders.orders SET refunded_amount = 0 WHERE order_id = '{BEA}'",
        offenders=(BEA,),
    ),
    broken(
        "a payment takes only steps that there are",
        "UPDATE payments.payment_history SET to_status = 'expired'"
        f" WHERE payment_id = '{PAID_ADA}' AND to_status = 'confirming'",
        offenders=(f"{PAID_ADA}: confirming → confirmed",),
    ),
    broken(
        "a payment is where its history has led it",
        f"DELETE FROM payments.payment_history WHERE payment_id = '{PAID_ADA}' AND to_status = 'confirmed'",
        offenders=(f"{PAID_ADA}: confirmed, not confirming",),
    ),
    broken(
        "no payment's outcome stays unknown, no refund stays undone",
        f"UPDATE payments.payments SET closing = true WHERE id = '{PAID_ADA}'",
        offenders=(f"payment {PAID_ADA}",),
    ),
    broken(
        "every callback of a provider is settled",
        "INSERT INTO payments.provider_callbacks (id, provider, dedup_key, kind, order_ref, document, body_digest,"
        f" status, next_at, received_at) VALUES ('{named('call')}', 'toss', 'x', 'x', 'x', '{{}}', '', 'received',"
        " now(), now())",
        offenders=(named("call"),),
    ),
]

FIGURES = [
    broken(
        "stats has every paid order once, with its amount",
        "UPDATE stats.order_facts SET goods_amount = goods_amount + 1, total_amount = total_amount + 1"
        f" WHERE kind = 'paid' AND order_id = '{ADA}'",
        offenders=(ADA,),
        also=(REPLAY,),
    ),
    broken(
        "stats has every line sold and cancelled",
        f"DELETE FROM stats.line_facts WHERE kind = 'cancel' AND order_id = '{BEA}'",
        offenders=(f"{BEA} {named('line', 'bea', 'OATS')}",),
        also=(REPLAY,),
    ),
    broken(
        "stats has every line that became another option, out of the one and into the other",
        "UPDATE stats.line_facts SET sku = 'OTHER' WHERE kind = 'changed_to'",
        offenders=(named("change", "gil"),),
        also=(REPLAY,),
    ),
    broken(
        "stats has every refund",
        f"DELETE FROM stats.refund_facts WHERE refund_id = '{UNWANTED}'",
        offenders=(UNWANTED,),
        also=(REPLAY,),
    ),
]


class TestMoney:
    @pytest.mark.parametrize("one", MONEY)
    async def test_a_broken_promise_is_found(self, copy, one):
        await check(copy, one)

    async def test_a_refund_that_is_not_done_is_found(self, copy):
        await copy.run(a_refund(1, "unknown"))

        stuck = "no payment's outcome stays unknown, no refund stays undone"
        assert (await copy.wrong())[stuck] == (f"refund {named('more')}",)

    async def test_a_customer_who_has_to_name_an_account_is_no_fault(self, copy):
        """The money is promised, and stays at the bank until the customer says where to."""
        await copy.run(
            f"UPDATE payments.refunds SET status = 'needs_account', refunded_at = NULL WHERE payment_id = '{PAID_BEA}'",
            "DELETE FROM payments.postings WHERE journal_id IN"
            f" (SELECT id FROM payments.journals WHERE payment_id = '{PAID_BEA}' AND kind = 'refund_paid')",
            f"DELETE FROM payments.journals WHERE payment_id = '{PAID_BEA}' AND kind = 'refund_paid'",
            f"UPDATE payments.payments SET status = 'confirmed' WHERE id = '{PAID_BEA}'",
        )

        found = await copy.look()
        assert found.numbers["refunds that wait for the customer's account"] == 1
        assert not [each for each in found.findings if each.promise == LEDGER and each.offenders]
        assert not [each for each in found.findings if each.promise == NOBODYS and PAID_ADA in each.offenders]


class TestFigures:
    @pytest.mark.parametrize("one", FIGURES)
    async def test_a_broken_promise_is_found(self, copy, one):
        await check(copy, one)
