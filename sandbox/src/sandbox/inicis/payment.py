"""One try at the window, from what the customer agreed to what became of the money."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

CARD, TRANSFER, ACCOUNT, PHONE = "Card", "DirectBank", "VBank", "HPP"
# gopaymethod of the window -> payMethod of the answer. Wallets are named only*; their payments are a card's (memory).
METHODS = {"card": CARD, "directbank": TRANSFER, "vbank": ACCOUNT, "hpp": PHONE}
# payMethod -> paymethod of a refund of money that was paid.
REFUNDED_AS = {CARD: "Card", TRANSFER: "Acct", ACCOUNT: "Vacct", PHONE: "HPP"}
TID_WORDS = {CARD: "CARD", TRANSFER: "DBNK", ACCOUNT: "VBNK", PHONE: "HPPP"}
BANKS = {
    "03": "기업은행", "04": "국민은행", "07": "수협은행", "11": "농협은행", "20": "우리은행", "23": "SC제일은행",
    "31": "대구은행", "32": "부산은행", "34": "광주은행", "39": "경남은행", "71": "우체국", "81": "하나은행",
    "88": "신한은행", "89": "케이뱅크", "90": "카카오뱅크", "92": "토스뱅크",
}  # fmt: skip
Status = Literal["AGREED", "DECLINED", "WAITING", "PAID", "PART_CANCELLED", "CANCELLED", "NET_CANCELLED"]


def method_of(gopaymethod: str) -> str | None:
    first = gopaymethod.partition(":")[0].lower()
    return CARD if first.startswith("only") else METHODS.get(first or "card")


@dataclass
class Payment:
    token: str
    mid: str
    oid: str
    price: int
    goods: str
    buyer: str
    method: str
    status: Status
    until: float  # when the token ends, epoch seconds
    balance: int = 0
    tid: str | None = None
    decline: bool = False
    approved_at: str | None = None  # YYYYMMDDhhmmss
    bank: str = "88"
    account: str | None = None
    due: str | None = None  # YYYYMMDDhhmmss, the account's last moment
    deposited_at: str | None = None
    deposited: int = 0  # all that came into the account and was not taken back
    cancelled_at: str | None = None
    cancels: list[dict[str, Any]] = field(default_factory=list)

    def dump(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> "Payment":
        fields = json.loads(text)
        # Books of before accounts took any sum but the price.
        fields.setdefault("deposited", fields["price"] if fields["deposited_at"] else 0)
        return cls(**fields)

    @property
    def open_account(self) -> bool:
        return self.method == ACCOUNT and self.status == "WAITING"
