"""One payment: its state, and the objects that answers show of it."""

import json
import secrets
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Status = Literal[
    "READY", "SEND_TMS", "OPEN_PAYMENT", "SELECT_METHOD", "ARS_WAITING", "AUTH_PASSWORD", "ISSUED_SID",
    "SUCCESS_PAYMENT", "PART_CANCEL_PAYMENT", "CANCEL_PAYMENT", "FAIL_AUTH_PASSWORD", "QUIT_PAYMENT", "FAIL_PAYMENT",
]  # fmt: skip
PAID = ("SUCCESS_PAYMENT", "PART_CANCEL_PAYMENT", "CANCEL_PAYMENT")
OVER = ("FAIL_AUTH_PASSWORD", "QUIT_PAYMENT", "FAIL_PAYMENT")
CARD_INFO = {
    "kakaopay_purchase_corp": "신한카드", "kakaopay_purchase_corp_code": "104", "kakaopay_issuer_corp": "신한카드",
    "kakaopay_issuer_corp_code": "104", "bin": "621640", "card_type": "신용", "install_month": "00",
    "approved_id": "70123456", "card_mid": "123456789", "interest_free_install": "N", "card_item_code": "",
}  # fmt: skip


def name(letter: str) -> str:
    """A tid (T) or an aid (A): twenty characters."""
    return letter + secrets.token_hex(10)[:19]


def vat_of(total: int, tax_free: int) -> int:
    """A eleventh of what is taxed, rounded half up: what is written down when the caller says no VAT."""
    return ((total - tax_free) * 2 + 11) // 22


def parts(total: int, tax_free: int, vat: int) -> dict[str, int]:
    return {"total": total, "tax_free": tax_free, "vat": vat, "point": 0, "discount": 0, "green_deposit": 0}


@dataclass
class Payment:
    tid: str
    cid: str
    ticket: str  # what the window's address shows instead of the tid
    partner_order_id: str
    partner_user_id: str
    item_name: str
    quantity: int
    total: int
    tax_free: int
    vat: int
    approval_url: str
    cancel_url: str
    fail_url: str
    created_at: str
    deadline: float  # when the session ends, epoch seconds
    status: Status = "READY"
    item_code: str | None = None
    method: str | None = None
    pg_token: str | None = None
    decline: str | None = None  # the card company or the bank will say this at approve
    approved_at: str | None = None
    approved_epoch: float | None = None
    canceled_at: str | None = None
    canceled: int = 0
    canceled_tax_free: int = 0
    canceled_vat: int = 0
    actions: list[dict[str, Any]] = field(default_factory=list)

    def dump(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> "Payment":
        return cls(**json.loads(text))

    @property
    def available(self) -> int:
        """What can still be cancelled."""
        return self.total - self.canceled if self.status in PAID else 0

    def act(self, kind: str, amount: int, at: str, payload: str | None) -> dict[str, Any]:
        row: dict[str, Any] = {
            "aid": name("A"),
            "approved_at": at,
            "amount": amount,
            "point_amount": 0,
            "discount_amount": 0,
            "payment_action_type": kind,
        }
        if payload is not None:
            row["payload"] = payload
        self.actions.append(row)
        return row

    def head(self) -> dict[str, Any]:
        """What every answer begins with."""
        head = {
            "tid": self.tid,
            "cid": self.cid,
            "partner_order_id": self.partner_order_id,
            "partner_user_id": self.partner_user_id,
            "item_name": self.item_name,
            "quantity": self.quantity,
            "amount": parts(self.total, self.tax_free, self.vat),
            "created_at": self.created_at,
        }
        optional = {
            "payment_method_type": self.method if self.status in PAID else None,
            "item_code": self.item_code,
            "approved_at": self.approved_at,
            "canceled_at": self.canceled_at,
        }
        return head | {key: value for key, value in optional.items() if value is not None}

    def canceled_parts(self) -> dict[str, int]:
        return parts(self.canceled, self.canceled_tax_free, self.canceled_vat)

    def available_parts(self) -> dict[str, int]:
        if self.status not in PAID:
            return parts(0, 0, 0)
        left = self.total - self.canceled
        return parts(left, self.tax_free - self.canceled_tax_free, self.vat - self.canceled_vat)
