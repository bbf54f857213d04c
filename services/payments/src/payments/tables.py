"""The tables, as the migrations make them. Checks, triggers and the reasons for them are written there."""

from __future__ import annotations

from sqlalchemy import (  # isort: skip
    BigInteger, Boolean, Column, Date, DateTime, ForeignKey, Identity, Index, Integer, LargeBinary, MetaData,
    SmallInteger, Table, Text, UniqueConstraint, text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = MetaData()
_id = UUID(as_uuid=True)
_moment = DateTime(timezone=True)

# One row per order: its lock serialises everything that happens to the order's payments.
order_gates = Table(
    "order_gates",
    metadata,
    Column("order_id", _id, primary_key=True),
    Column("closed_at", _moment),
    Column("closed_reason", Text),
)

payments = Table(
    "payments",
    metadata,
    Column("id", _id, primary_key=True),
    Column("order_id", _id, ForeignKey("order_gates.order_id"), nullable=False),
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
    Column("due_at", _moment, nullable=False),
    Column("ask_at", _moment),
    Column("asks", Integer, nullable=False, server_default=text("0")),
    Column("created_at", _moment, nullable=False),
    Column("updated_at", _moment, nullable=False),
    Column("confirmed_at", _moment),
    Column("vat_amount", BigInteger, nullable=False, server_default=text("0")),
    Column("prepared_key", Text),
    Column("grant_hash", LargeBinary),
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

# What a provider wants to see again to confirm (`grant`), and what its window page needs (`terms`): sealed with a key
# the database does not have, and erased when the try or the payment ends.
payment_secrets = Table(
    "payment_secrets",
    metadata,
    Column("payment_id", _id, ForeignKey("payments.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("kept_at", _moment, nullable=False),
)

payment_history = Table(
    "payment_history",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("payment_id", _id, ForeignKey("payments.id"), nullable=False),
    Column("from_status", Text),
    Column("to_status", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", _moment, nullable=False),
)
Index("payment_history_payment", payment_history.c.payment_id, payment_history.c.id)

refunds = Table(
    "refunds",
    metadata,
    Column("id", _id, primary_key=True),
    Column("payment_id", _id, ForeignKey("payments.id"), nullable=False),
    Column("order_id", _id, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("tax_free_amount", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("next_at", _moment),
    Column("provider_reference", Text),
    Column("failure_code", Text),
    Column("failure_reason", Text),
    Column("requested_at", _moment, nullable=False),
    Column("refunded_at", _moment),
    Column("vat_amount", BigInteger, nullable=False, server_default=text("0")),
)
Index(
    "refunds_one_running",
    refunds.c.payment_id,
    unique=True,
    postgresql_where=refunds.c.status.in_(["executing", "unknown"]),
)
Index("refunds_reference", refunds.c.payment_id, refunds.c.provider_reference, unique=True)
Index("refunds_payment", refunds.c.payment_id)
Index("refunds_next", refunds.c.next_at, postgresql_where=refunds.c.next_at.is_not(None))

# Personal, and sealed with a key the database does not have. Gone as soon as the refund is.
refund_accounts = Table(
    "refund_accounts",
    metadata,
    Column("payment_id", _id, ForeignKey("payments.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("given_at", _moment, nullable=False),
)

journals = Table(
    "journals",
    metadata,
    Column("id", _id, primary_key=True),
    Column("ref", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("payment_id", _id, ForeignKey("payments.id"), nullable=False),
    Column("order_id", _id, nullable=False),
    Column("currency", Text, nullable=False),
    Column("posted_at", _moment, nullable=False),
)
Index("journals_order", journals.c.order_id)
Index("journals_payment", journals.c.payment_id)

postings = Table(
    "postings",
    metadata,
    Column("journal_id", _id, ForeignKey("journals.id"), primary_key=True),
    Column("position", SmallInteger, primary_key=True, autoincrement=False),
    Column("account", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
)
Index("postings_account", postings.c.account)

provider_callbacks = Table(
    "provider_callbacks",
    metadata,
    Column("id", _id, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("dedup_key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("order_ref", Text, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("body_digest", LargeBinary, nullable=False),
    Column("secret_hash", LargeBinary),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", _moment),
    Column("received_at", _moment, nullable=False),
    Column("settled_at", _moment),
    Column("source", Text, nullable=False, server_default=text("''")),
    Column("provider_key", Text),
    Column("amount", BigInteger),
    Column("merchant", Text),
    UniqueConstraint("provider", "dedup_key"),
)
Index(
    "provider_callbacks_next",
    provider_callbacks.c.next_at,
    postgresql_where=provider_callbacks.c.next_at.is_not(None),
)
Index("provider_callbacks_order", provider_callbacks.c.order_ref)

# Byte for byte as they came, for disputes with the provider; sealed, and erased after a while.
callback_bodies = Table(
    "callback_bodies",
    metadata,
    Column("callback_id", _id, ForeignKey("provider_callbacks.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("kept_at", _moment, nullable=False),
)
Index("callback_bodies_kept", callback_bodies.c.kept_at)

settlements = Table(
    "settlements",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("merchant", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("lines", Integer, nullable=False),
    Column("payments_amount", BigInteger, nullable=False),
    Column("cancels_amount", BigInteger, nullable=False),
    Column("fee", BigInteger, nullable=False),
    Column("payout", BigInteger, nullable=False),
    Column("taken_at", _moment, nullable=False),
)

settlement_differences = Table(
    "settlement_differences",
    metadata,
    Column("id", _id, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("merchant", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("provider_key", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("payment_id", _id, ForeignKey("payments.id")),
    Column("ours", BigInteger),
    Column("theirs", BigInteger),
    Column("found_at", _moment, nullable=False),
    Column("resolved_at", _moment),
    UniqueConstraint("provider", "merchant", "day", "kind", "what", "provider_key", "reference"),
)
Index(
    "settlement_differences_open",
    settlement_differences.c.day,
    postgresql_where=settlement_differences.c.resolved_at.is_(None),
)
