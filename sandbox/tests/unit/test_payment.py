"""The Payment object's own arithmetic and shape (korea.md 1.1)."""

import pytest

from sandbox.toss.payment import Payment, vat_of

FIELDS = {
    "version", "paymentKey", "type", "orderId", "orderName", "mId", "currency", "method", "totalAmount",
    "balanceAmount", "suppliedAmount", "vat", "taxFreeAmount", "status", "requestedAt", "approvedAt",
    "lastTransactionKey", "useEscrow", "isPartialCancelable", "cancels", "card", "virtualAccount", "transfer",
    "easyPay", "receipt", "checkout", "cashReceipt", "secret", "failure", "metadata",
}  # fmt: skip


def a_payment(**more: object) -> Payment:
    fields: dict[str, object] = {
        "payment_key": "k", "order_id": "order-0001", "order_name": "머그컵", "method": "카드", "total": 33000,
        "balance": 33000, "status": "DONE", "requested_at": "2026-11-22T10:00:00+09:00", "accepted": True,
    }  # fmt: skip
    return Payment(**(fields | more))  # type: ignore[arg-type]


class TestVatOf:
    # korea.md 5: 30000 -> 27273 + 2727; the other two are amounts in Toss's own examples.
    @pytest.mark.parametrize(("amount", "vat"), [(30000, 2727), (15000, 1364), (37400, 3400), (0, 0), (1, 0), (11, 1)])
    def test_is_the_eleventh_part_rounded(self, amount: int, vat: int) -> None:
        assert vat_of(amount) == vat


class TestWire:
    def test_has_every_field_korea_md_lists(self) -> None:
        wire = a_payment().wire(mid="mall", base_url="http://x")
        assert wire.keys() >= FIELDS

    def test_supply_and_vat_leave_the_tax_free_part_out(self) -> None:
        wire = a_payment(tax_free=11000).wire(mid="mall", base_url="http://x")
        assert (wire["suppliedAmount"], wire["vat"], wire["taxFreeAmount"]) == (20000, 2000, 11000)

    def test_the_method_is_not_said_before_approval(self) -> None:
        wire = a_payment(status="IN_PROGRESS", accepted=False).wire(mid="mall", base_url="http://x")
        assert wire["method"] is None

    def test_survives_being_written_down(self) -> None:
        payment = a_payment(cancels=[{"cancelAmount": 1}], metadata={"mall": "intake"})
        assert Payment.load(payment.dump()) == payment
