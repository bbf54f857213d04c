"""Cash receipts on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from common.wire import Body, MoneyView, View
from payments.domain.receipt import CashReceipt

Type = Literal["income_deduction", "expense_proof"]


class CashReceiptBody(Body):
    """For `income_deduction` a phone number or the tax office's card, for `expense_proof` a business number."""

    type: Type
    identifier: Annotated[str, StringConstraints(pattern=r"^[0-9][0-9 -]{8,24}[0-9]$")] = Field(
        examples=["010-1234-5678"]
    )


class CashReceiptView(View):
    """`wanted` until the money is there. `amount` goes down as money goes back, to 0 with status `cancelled`."""

    type: Type
    identifier: str = Field(description="masked", examples=["010*****678"])
    automatic: bool
    status: Literal["wanted", "issued", "cancelled", "refused", "not_offered"]
    amount: MoneyView
    number: str | None = Field(examples=["123456789"])
    url: str | None = Field(examples=["https://pay.example/cash-receipts/1"])
    failure_code: str | None = Field(examples=["receipt.refused"])
    issued_at: datetime | None

    @classmethod
    def of(cls, receipt: CashReceipt, currency: str) -> CashReceiptView:
        return cls(
            type=receipt.type,
            identifier=receipt.masked,
            automatic=receipt.automatic,
            status=receipt.status.value,
            amount=MoneyView.of(receipt.amount, currency),
            number=receipt.number,
            url=receipt.url,
            failure_code=receipt.failure_code,
            issued_at=receipt.issued_at,
        )
