"""What KakaoPay is made of, put together once."""

from typing import Any

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.kakaopay.approval import Approval
from sandbox.kakaopay.cancels import Cancels
from sandbox.kakaopay.ledger import Ledger
from sandbox.kakaopay.payment import Payment
from sandbox.kakaopay.settings import KakaoPaySettings
from sandbox.kakaopay.window import Window
from sandbox.store import Store


class KakaoPay:
    def __init__(
        self, *, settings: KakaoPaySettings, base_url: str, clock: Clock, store: Store, faults: Faults
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.faults = faults
        self.ledger = Ledger(store, clock, fee_permille=settings.fee_permille, payout_days=settings.payout_days)
        self.window = Window(clock, self.ledger)
        self.approval = Approval(clock, self.ledger, base_url=base_url, session_seconds=settings.session_seconds)
        refund_days = {"CARD": settings.card_refund_days, "MONEY": settings.money_refund_days}
        self.cancels = Cancels(clock, self.ledger, refund_days=refund_days)

    def order(self, payment: Payment) -> dict[str, Any]:
        """The answer to `order`."""
        rows = [dict(row) for row in payment.actions]
        for row in rows:
            if not self.settings.action_amounts:
                del row["amount"]
            if not self.settings.payload_in_order:
                row.pop("payload", None)
        return payment.head() | {
            "status": payment.status,
            "canceled_amount": payment.canceled_parts(),
            "cancel_available_amount": payment.available_parts(),
            "payment_action_details": rows,
        }
