"""Payments, refunds, and what is kept sealed for them."""

from __future__ import annotations

from sqlalchemy import (  # isort: skip
    BigInteger, Boolean, Column, Date, DateTime, ForeignKey, Identity, Index, Integer, LargeBinary, MetaData,
    Table, Text, UniqueConstraint, text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import UUID

metadata = MetaData()
ID = UUID(as_uuid=True)
MOMENT = DateTime(timezone=True)

# One row per order: its lock serialises everything that happens to the order's payments.
order_gates = Table(
    "order_gates",
    metadata,
    Column("order_id", ID, primary_key=True),
    Column("closed_at", MOMENT),
    Column("closed_reason", Text),
)

payments = Table(
    "payments",
    metadata,
    Column("id", ID, primary_key=True),
    Column("order_id", ID, ForeignKey("order_gates.order_id"), nullable=False),
    Column("order_number", Text, nullable=False),
    Column("mall_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("tax_free_amount", BigInteger, nullable=False, server_default=text("0")),
    Column("provider", Text, nullable=False),
    Column("merchant", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("order_name", Text, nullable=False),
    Column("owner_hash", LargeBinary, nullable=False),
    Column("return_url", Text),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("0")),
    Column("provider_key", Text),
    Column("redirect_url", Text),
    Column("bank_code", Text),
    Column("bank_name", Text),
    Column("account_number", Text),
    Column("account_holder", Text),
    Column("secret_hash", LargeBinary),
    Column("closing", Boolean, nullable=False, server_default=text("false")),
    Column("closed_reason", Text),
    Column("failure_code", Text),
    Column("failure_reason", Text),
    Column("receipt_url", Text),
    Column("attention", Text),
    Column("confirmations", Integer, nullable=False, server_default=text("0")),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("due_at", MOMENT, nullable=False),
    Column("ask_at", MOMENT),
    Column("asks", Integer, nullable=False, server_default=text("0")),
    Column("created_at", MOMENT, nullable=False),
    Column("updated_at", MOMENT, nullable=False),
    Column("confirmed_at", MOMENT),
    Column("vat_amount", BigInteger, nullable=False, server_default=text("0")),
    Column("prepared_key", Text),
    Column("window_until", MOMENT),
    Column("grant_hash", LargeBinary),
    Column("surplus", BigInteger, nullable=False, server_default=text("0")),
    Column("surplus_returned", BigInteger, nullable=False, server_default=text("0")),
)
Index(
    "payments_one_live",
    payments.c.order_id,
    unique=True,
    postgresql_where=payments.c.status.in_(["created", "open", "confirming", "unknown", "waiting_for_deposit"]),
)
Index("payments_provider_key", payments.c.provider, payments.c.provider_key, unique=True)
Index("payments_order", payments.c.order_id)
Index("payments_ask", payments.c.ask_at, postgresql_where=payments.c.ask_at.is_not(None))
Index("payments_attention", payments.c.updated_at, postgresql_where=payments.c.attention.is_not(None))

Index("payments_surplus", payments.c.id, postgresql_where=payments.c.surplus > payments.c.surplus_returned)

# What staff sent back by bank transfer, each once by the bank's name of it.
surplus_transfers = Table(
    "surplus_transfers",
    metadata,
    Column("payment_id", ID, ForeignKey("payments.id"), primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("transferred_on", Date, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("recorded_at", MOMENT, nullable=False),
    Index("surplus_transfers_reference", "reference"),
)

# What a provider wants to see again to confirm (`grant`), and what its window page needs (`terms`): sealed with a key
# the database does not have, and erased when the try or the payment ends.
payment_secrets = Table(
    "payment_secrets",
    metadata,
    Column("payment_id", ID, ForeignKey("payments.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("kept_at", MOMENT, nullable=False),
)

payment_history = Table(
    "payment_history",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("payment_id", ID, ForeignKey("payments.id"), nullable=False),
    Column("from_status", Text),
    Column("to_status", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", MOMENT, nullable=False),
)
Index("payment_history_payment", payment_history.c.payment_id, payment_history.c.id)

refunds = Table(
    "refunds",
    metadata,
    Column("id", ID, primary_key=True),
    Column("payment_id", ID, ForeignKey("payments.id"), nullable=False),
    Column("order_id", ID, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("tax_free_amount", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("next_at", MOMENT),
    Column("provider_reference", Text),
    Column("failure_code", Text),
    Column("failure_reason", Text),
    Column("requested_at", MOMENT, nullable=False),
    Column("refunded_at", MOMENT),
    Column("vat_amount", BigInteger, nullable=False, server_default=text("0")),
    Column("by_hand", Boolean, nullable=False, server_default=text("false")),
)
Index(
    "refunds_one_running",
    refunds.c.payment_id,
    unique=True,
    postgresql_where=refunds.c.status.in_(["executing", "unknown"]),
)
Index("refunds_reference", refunds.c.payment_id, refunds.c.provider_reference, unique=True)
Index("refunds_payment", refunds.c.payment_id)
Index(
    "refunds_open",
    refunds.c.payment_id,
    postgresql_where=refunds.c.status.in_(["requested", "needs_account", "executing", "unknown"]),
)
Index("refunds_refused", refunds.c.payment_id, postgresql_where=refunds.c.status == "refused")
Index("refunds_next", refunds.c.next_at, postgresql_where=refunds.c.next_at.is_not(None))

# The transfer by which staff paid a refund that the provider refused.
refund_transfers = Table(
    "refund_transfers",
    metadata,
    Column("refund_id", ID, ForeignKey("refunds.id"), primary_key=True),
    Column("payment_id", ID, ForeignKey("payments.id"), nullable=False),
    Column("reference", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("transferred_on", Date, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("recorded_at", MOMENT, nullable=False),
    UniqueConstraint("payment_id", "reference"),
    Index("refund_transfers_reference", "reference"),
)

# Personal, and sealed with a key the database does not have. Gone as soon as the refund is.
refund_accounts = Table(
    "refund_accounts",
    metadata,
    Column("payment_id", ID, ForeignKey("payments.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("given_at", MOMENT, nullable=False),
)

# `identifier` is personal: sealed, and erased as soon as the receipt is issued or refused.
cash_receipts = Table(
    "cash_receipts",
    metadata,
    Column("payment_id", ID, ForeignKey("payments.id"), primary_key=True),
    Column("type", Text, nullable=False),
    Column("identifier", LargeBinary),
    Column("masked", Text, nullable=False),
    Column("automatic", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("amount", BigInteger, nullable=False, server_default=text("0")),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("asks", Integer, nullable=False, server_default=text("0")),
    Column("receipt_key", Text),
    Column("number", Text),
    Column("url", Text),
    Column("failure_code", Text),
    Column("next_at", MOMENT),
    Column("wanted_at", MOMENT, nullable=False),
    Column("issued_at", MOMENT),
)
Index("cash_receipts_next", cash_receipts.c.next_at, postgresql_where=cash_receipts.c.next_at.is_not(None))
Index(
    "payments_cash",
    payments.c.confirmed_at,
    postgresql_where=payments.c.method.in_(["virtual_account", "transfer"])
    & payments.c.status.in_(["confirmed", "partially_refunded"]),
)
