"""The books, and what providers tell."""

from __future__ import annotations

from sqlalchemy import (  # isort: skip
    BigInteger, Column, Date, ForeignKey, Identity, Index, Integer, LargeBinary, Numeric, SmallInteger, Table, Text,
    UniqueConstraint, text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB

from payments.tables.payments import ID, MOMENT, metadata

journals = Table(
    "journals",
    metadata,
    Column("id", ID, primary_key=True),
    Column("ref", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("payment_id", ID, ForeignKey("payments.id"), nullable=False),
    Column("order_id", ID, nullable=False),
    Column("currency", Text, nullable=False),
    Column("posted_at", MOMENT, nullable=False),
)
Index("journals_order", journals.c.order_id)
Index("journals_payment", journals.c.payment_id)

postings = Table(
    "postings",
    metadata,
    Column("journal_id", ID, ForeignKey("journals.id"), primary_key=True),
    Column("position", SmallInteger, primary_key=True, autoincrement=False),
    Column("account", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
)
Index("postings_account", postings.c.account)

# What the audit has counted, what it has not yet, and whose books changed since it looked. Triggers fill the last two.
ledger_balances = Table(
    "ledger_balances",
    metadata,
    Column("account", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("balance", Numeric, nullable=False),
)
ledger_counted = Table(
    "ledger_counted", metadata, Column("kind", Text, primary_key=True), Column("journals", BigInteger, nullable=False)
)
ledger_uncounted = Table(
    "ledger_uncounted", metadata, Column("journal_id", ID, ForeignKey("journals.id"), primary_key=True)
)
books_touched = Table(
    "books_touched",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("payment_id", ID, nullable=False),
)

provider_callbacks = Table(
    "provider_callbacks",
    metadata,
    Column("id", ID, primary_key=True),
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
    Column("next_at", MOMENT),
    Column("received_at", MOMENT, nullable=False),
    Column("settled_at", MOMENT),
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
Index(
    "provider_callbacks_refused",
    provider_callbacks.c.received_at,
    postgresql_where=provider_callbacks.c.status == "refused",
)
Index("provider_callbacks_order", provider_callbacks.c.order_ref)

# Byte for byte as they came, for disputes with the provider; sealed, and erased after a while.
callback_bodies = Table(
    "callback_bodies",
    metadata,
    Column("callback_id", ID, ForeignKey("provider_callbacks.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("kept_at", MOMENT, nullable=False),
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
    Column("taken_at", MOMENT, nullable=False),
)

settlement_differences = Table(
    "settlement_differences",
    metadata,
    Column("id", ID, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("merchant", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("provider_key", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("payment_id", ID, ForeignKey("payments.id")),
    Column("ours", BigInteger),
    Column("theirs", BigInteger),
    Column("found_at", MOMENT, nullable=False),
    Column("resolved_at", MOMENT),
    UniqueConstraint("provider", "merchant", "day", "kind", "what", "provider_key", "reference"),
)
Index(
    "settlement_differences_open",
    settlement_differences.c.day,
    postgresql_where=settlement_differences.c.resolved_at.is_(None),
)
