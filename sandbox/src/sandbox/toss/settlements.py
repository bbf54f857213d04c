"""What Toss pays out, and when: a list of settlements, by the day of the sale or of the payout (Korean days)."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.settings import Settings
from sandbox.toss.errors import TossRefusal
from sandbox.toss.ledger import Ledger
from sandbox.toss.payment import Payment, vat_of

DAY_KINDS = ("soldDate", "paidOutDate")
MOST = 5000


class Settlements:
    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger

    def listed(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Both days are in it. `page` counts from 1."""
        kind = query.get("dateType", "soldDate")
        first, last = _day(query, "startDate"), _day(query, "endDate")
        page, size = _number(query, "page", 1), _number(query, "size", 100)
        if kind not in DAY_KINDS or first > last or size > MOST:
            raise TossRefusal("INVALID_REQUEST")
        found = [row for row in self._rows() if first.isoformat() <= row[kind] <= last.isoformat()]
        return found[(page - 1) * size : page * size]

    def _rows(self) -> Iterator[dict[str, Any]]:
        for payment in self._ledger.all():
            for sale in payment.sales:
                yield self._row(payment, sale)

    def _row(self, payment: Payment, sale: Mapping[str, Any]) -> dict[str, Any]:
        amount, sold = int(sale["amount"]), datetime.fromisoformat(sale["at"]).date()
        kept = (abs(amount) * self._settings.toss_fee_permille * 2 + 1000) // 2000
        fee = kept if amount > 0 else -kept
        vat = vat_of(kept) if amount > 0 else -vat_of(kept)
        given_back = next((row for row in payment.cancels if row["transactionKey"] == sale["key"]), None)
        return {
            "mId": self._settings.toss_mid,
            "paymentKey": payment.payment_key,
            "transactionKey": sale["key"],
            "orderId": payment.order_id,
            "currency": "KRW",
            "method": payment.method,
            "amount": amount,
            "interestFee": 0,
            "fees": [{"type": "BASE", "fee": fee}],
            "fee": fee,
            "supplyAmount": fee - vat,
            "vat": vat,
            "payOutAmount": amount - fee,
            "approvedAt": sale["at"],
            "soldDate": sold.isoformat(),
            "paidOutDate": (sold + timedelta(days=self._settings.toss_payout_days)).isoformat(),
            "card": payment.card,
            "virtualAccount": payment.virtual_account,
            "transfer": payment.transfer,
            "easyPay": None,
            "cancel": given_back,
        }


def _day(query: Mapping[str, str], name: str) -> date:
    try:
        return date.fromisoformat(query[name])
    except KeyError:
        raise TossRefusal("INVALID_REQUIRED_PARAM") from None
    except ValueError:
        raise TossRefusal("INVALID_DATE") from None


def _number(query: Mapping[str, str], name: str, otherwise: int) -> int:
    value = query.get(name) or str(otherwise)
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise TossRefusal("INVALID_REQUEST")
    return int(value)
