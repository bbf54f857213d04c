"""What the banks behind the virtual accounts share: which deposits they turn away, and what of the money is a sale.

A contract with a provider says whether its bank takes only the sum an account was issued for (과오납 체크). Here that
is a rule of each party: a setting to begin with, and a switch from then on, kept in the books.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, StrictBool

from sandbox.store import Store

MOST_WON = 10**12


class BankRefusal(Exception):
    """The bank turned it away: nothing moved. `code` is the sandbox's own word, none of a company."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Offer:
    """Money held out to an account. `paid`: what it was issued for has come; `takes`: it is not closed or run out.

    `force` lets money into a closed account, as happens when a transfer is under way while the account ends.
    """

    amount: int
    owed: int
    paid: bool
    takes: bool
    force: bool = False

    def refusal(self, *, exact: bool) -> BankRefusal | None:
        if exact and self.paid:
            return BankRefusal("ALREADY_PAID", "이미 입금된 계좌입니다.")
        if not 0 < self.amount <= MOST_WON or (exact and self.amount != self.owed):
            return BankRefusal("WRONG_AMOUNT", "입금액이 맞지 않아 은행이 거절했습니다.")
        if not self.takes and not self.force:
            return BankRefusal("ACCOUNT_CLOSED", "더 이상 입금할 수 없는 계좌입니다.")
        return None


class BankRules:
    """`exact`: only the sum asked for is taken, and only once. Else short, over and twice come in as well."""

    def __init__(self, store: Store, party: str, *, exact: bool) -> None:
        self._store = store
        self._party = party
        self._default = exact
        store.run("CREATE TABLE IF NOT EXISTS bank_rules (party TEXT PRIMARY KEY, exact INTEGER NOT NULL)")

    @property
    def exact(self) -> bool:
        row = self._store.row("SELECT exact FROM bank_rules WHERE party = ?", self._party)
        return self._default if row is None else bool(row["exact"])

    def set(self, *, exact: bool) -> None:
        self._store.run(
            "INSERT INTO bank_rules (party, exact) VALUES (?, ?) "
            "ON CONFLICT (party) DO UPDATE SET exact = excluded.exact",
            self._party, int(exact),
        )  # fmt: skip


class Rules(BaseModel):
    exact_amounts: StrictBool


def rule_routes(api: APIRouter, rules: BankRules) -> None:
    @api.get("/bank")
    async def shown() -> Rules:
        """What the bank behind the accounts takes."""
        return Rules(exact_amounts=rules.exact)

    @api.put("/bank")
    async def switched(wanted: Rules) -> Rules:
        """`exact_amounts` false: short, over and second deposits are taken too."""
        rules.set(exact=wanted.exact_amounts)
        return Rules(exact_amounts=rules.exact)


def sold(moves: Iterable[Any], price: int) -> list[tuple[Any, int]]:
    """Of one payment's movements, oldest first, those that are settled, each with the sum that is: the price once the
    money is all there, and what was given back. What lies beyond the price is no sale, and neither is one undone."""
    shown: list[tuple[Any, int]] = []
    held = left = 0
    for move in moves:
        amount = int(move["amount"])
        held += amount
        if move["kind"] == "refund":
            left += amount
            shown.append((move, amount))
        elif amount > 0 and left <= 0 and held >= price:
            left = price
            shown.append((move, price))
        elif amount < 0 and left > 0 and held < price:
            left = 0
            del shown[max(place for place, (_, settled) in enumerate(shown) if settled > 0)]
    return shown
