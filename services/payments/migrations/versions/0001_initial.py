"""Payments, refunds, the ledger, what providers call back, and the guards that make doubling impossible."""

from alembic import op

from common.migrate import create_backbone

revision = "0001"
down_revision = None

_TABLES = (
    """CREATE TABLE order_gates (
        order_id uuid PRIMARY KEY,
        closed_at timestamptz,
        closed_reason text,
        CONSTRAINT order_gates_closed_check CHECK ((closed_at IS NULL) = (closed_reason IS NULL))
    )""",
    """CREATE TABLE payments (
        id uuid PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES order_gates,
        order_number text NOT NULL,
        mall_id text NOT NULL,
        currency text NOT NULL,
        amount bigint NOT NULL,
        tax_free_amount bigint NOT NULL DEFAULT 0,
        provider text NOT NULL,
        merchant text NOT NULL,
        method text NOT NULL,
        order_name text NOT NULL,
        owner_hash bytea NOT NULL,
        return_url text,
        status text NOT NULL,
        version integer NOT NULL DEFAULT 0,
        provider_key text,
        redirect_url text,
        bank_code text,
        bank_name text,
        account_number text,
        account_holder text,
        secret_hash bytea,
        closing boolean NOT NULL DEFAULT false,
        closed_reason text,
        failure_code text,
        failure_reason text,
        receipt_url text,
        attention text,
        confirmations integer NOT NULL DEFAULT 0,
        due_at timestamptz NOT NULL,
        ask_at timestamptz,
        asks integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        confirmed_at timestamptz,
        CONSTRAINT payments_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
        CONSTRAINT payments_amount_check CHECK (amount > 0),
        CONSTRAINT payments_tax_free_check CHECK (tax_free_amount BETWEEN 0 AND amount),
        CONSTRAINT payments_method_check CHECK (method IN ('card', 'transfer', 'virtual_account', 'easy_pay')),
        CONSTRAINT payments_status_check CHECK (status IN (
            'created', 'open', 'confirming', 'unknown', 'waiting_for_deposit', 'confirmed', 'partially_refunded',
            'refunded', 'failed', 'expired', 'cancelled', 'reversed'
        )),
        CONSTRAINT payments_key_check CHECK (provider_key IS NOT NULL OR status IN (
            'created', 'open', 'failed', 'expired', 'cancelled'
        )),
        CONSTRAINT payments_account_check CHECK (status <> 'waiting_for_deposit' OR account_number IS NOT NULL),
        CONSTRAINT payments_confirmed_check CHECK (confirmed_at IS NOT NULL OR status NOT IN (
            'confirmed', 'partially_refunded', 'refunded', 'reversed'
        )),
        CONSTRAINT payments_confirmations_check CHECK (confirmations >= 0)
    )""",
    # Nobody pays one order through two windows: at most one payment of an order can still bring money.
    """CREATE UNIQUE INDEX payments_one_live ON payments (order_id)
        WHERE status IN ('created', 'open', 'confirming', 'unknown', 'waiting_for_deposit')""",
    "CREATE UNIQUE INDEX payments_provider_key ON payments (provider, provider_key)",
    "CREATE INDEX payments_order ON payments (order_id)",
    "CREATE INDEX payments_ask ON payments (ask_at) WHERE ask_at IS NOT NULL",
    "CREATE INDEX payments_attention ON payments (updated_at) WHERE attention IS NOT NULL",
    """CREATE TABLE payment_history (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        payment_id uuid NOT NULL REFERENCES payments,
        from_status text,
        to_status text NOT NULL,
        why text NOT NULL,
        at timestamptz NOT NULL
    )""",
    "CREATE INDEX payment_history_payment ON payment_history (payment_id, id)",
    """CREATE TABLE refunds (
        id uuid PRIMARY KEY,
        payment_id uuid NOT NULL REFERENCES payments,
        order_id uuid NOT NULL,
        amount bigint NOT NULL,
        tax_free_amount bigint NOT NULL,
        reason text NOT NULL,
        status text NOT NULL,
        attempt integer NOT NULL DEFAULT 0,
        next_at timestamptz,
        provider_reference text,
        failure_code text,
        failure_reason text,
        requested_at timestamptz NOT NULL,
        refunded_at timestamptz,
        CONSTRAINT refunds_amount_check CHECK (amount > 0),
        CONSTRAINT refunds_tax_free_check CHECK (tax_free_amount BETWEEN 0 AND amount),
        CONSTRAINT refunds_attempt_check CHECK (attempt >= 0),
        CONSTRAINT refunds_status_check CHECK (status IN (
            'requested', 'needs_account', 'executing', 'unknown', 'done', 'refused', 'void'
        )),
        CONSTRAINT refunds_done_check CHECK ((status = 'done') = (refunded_at IS NOT NULL))
    )""",
    # The provider sees one refund of a payment at a time, so its balance tells whether the last one took effect.
    "CREATE UNIQUE INDEX refunds_one_running ON refunds (payment_id) WHERE status IN ('executing', 'unknown')",
    "CREATE UNIQUE INDEX refunds_reference ON refunds (payment_id, provider_reference)",
    "CREATE INDEX refunds_payment ON refunds (payment_id)",
    "CREATE INDEX refunds_next ON refunds (next_at) WHERE next_at IS NOT NULL",
    """CREATE TABLE refund_accounts (
        payment_id uuid PRIMARY KEY REFERENCES payments,
        sealed bytea NOT NULL,
        given_at timestamptz NOT NULL
    )""",
    """CREATE TABLE journals (
        id uuid PRIMARY KEY,
        ref text NOT NULL UNIQUE,
        kind text NOT NULL,
        payment_id uuid NOT NULL REFERENCES payments,
        order_id uuid NOT NULL,
        currency text NOT NULL,
        posted_at timestamptz NOT NULL,
        CONSTRAINT journals_kind_check CHECK (kind IN (
            'received', 'refund_owed', 'refund_paid', 'refund_dropped', 'deposit_reversed'
        ))
    )""",
    "CREATE INDEX journals_order ON journals (order_id)",
    "CREATE INDEX journals_payment ON journals (payment_id)",
    """CREATE TABLE postings (
        journal_id uuid NOT NULL REFERENCES journals,
        position smallint NOT NULL,
        account text NOT NULL,
        amount bigint NOT NULL,
        PRIMARY KEY (journal_id, position),
        CONSTRAINT postings_amount_check CHECK (amount <> 0)
    )""",
    "CREATE INDEX postings_account ON postings (account)",
    """CREATE TABLE provider_callbacks (
        id uuid PRIMARY KEY,
        provider text NOT NULL,
        dedup_key text NOT NULL,
        kind text NOT NULL,
        order_ref text NOT NULL,
        document jsonb NOT NULL,
        body_digest bytea NOT NULL,
        secret_hash bytea,
        status text NOT NULL,
        reason text,
        attempts integer NOT NULL DEFAULT 0,
        next_at timestamptz,
        received_at timestamptz NOT NULL,
        settled_at timestamptz,
        UNIQUE (provider, dedup_key),
        CONSTRAINT provider_callbacks_status_check CHECK (status IN ('received', 'done', 'refused', 'ignored')),
        CONSTRAINT provider_callbacks_next_check CHECK ((status = 'received') = (next_at IS NOT NULL))
    )""",
    "CREATE INDEX provider_callbacks_next ON provider_callbacks (next_at) WHERE next_at IS NOT NULL",
    "CREATE INDEX provider_callbacks_order ON provider_callbacks (order_ref)",
)

_RULES = (
    """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$""",
    *(
        f"""CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change()"""
        for table in ("journals", "postings", "payment_history")
    ),
    """CREATE FUNCTION journal_is_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        journal uuid := CASE TG_TABLE_NAME WHEN 'journals' THEN (to_jsonb(NEW) ->> 'id')::uuid
                        ELSE (to_jsonb(NEW) ->> 'journal_id')::uuid END;
        entries integer;
        total numeric;
    BEGIN
        SELECT count(*), coalesce(sum(amount), 0) INTO entries, total FROM postings WHERE journal_id = journal;
        IF entries < 2 OR total <> 0 THEN
            RAISE EXCEPTION 'journal % has % postings that sum to %', journal, entries, total
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END $$""",
    # Deferred: a journal is judged when its transaction commits, with all its postings in place.
    *(
        f"""CREATE CONSTRAINT TRIGGER {table}_balanced AFTER INSERT ON {table}
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal_is_balanced()"""
        for table in ("journals", "postings")
    ),
)


def upgrade() -> None:
    create_backbone(op.get_bind())
    for statement in (*_TABLES, *_RULES):
        op.execute(statement)
