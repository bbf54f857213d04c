"""What the audit has not looked at yet, and the running sums of what it has; callbacks refused are found by age."""

from alembic import op

revision = "0009"
down_revision = "0008"

_PENDING = "('requested', 'needs_account', 'executing', 'unknown')"

_STATEMENTS = (
    """CREATE TABLE ledger_balances (
        account text NOT NULL,
        currency text NOT NULL,
        balance numeric NOT NULL,
        PRIMARY KEY (account, currency)
    )""",
    "CREATE TABLE ledger_counted (kind text PRIMARY KEY, journals bigint NOT NULL)",
    "CREATE TABLE ledger_uncounted (journal_id uuid PRIMARY KEY REFERENCES journals)",
    # A row per touch and not per payment: one struck off can then never be one that is being written.
    """CREATE TABLE books_touched (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        payment_id uuid NOT NULL
    )""",
    """CREATE FUNCTION journal_posted() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO ledger_uncounted (journal_id) VALUES (NEW.id);
        INSERT INTO books_touched (payment_id) VALUES (NEW.payment_id);
        RETURN NULL;
    END $$""",
    "CREATE TRIGGER journals_posted AFTER INSERT ON journals FOR EACH ROW EXECUTE FUNCTION journal_posted()",
    """CREATE FUNCTION payment_touched() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO books_touched (payment_id) VALUES (NEW.id);
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER payments_touched AFTER UPDATE ON payments FOR EACH ROW
        WHEN ((OLD.status, OLD.amount, OLD.surplus, OLD.surplus_returned)
              IS DISTINCT FROM (NEW.status, NEW.amount, NEW.surplus, NEW.surplus_returned))
        EXECUTE FUNCTION payment_touched()""",
    """CREATE TRIGGER payments_added AFTER INSERT ON payments FOR EACH ROW
        WHEN (NEW.status <> 'created' OR NEW.surplus <> 0) EXECUTE FUNCTION payment_touched()""",
    """CREATE FUNCTION refund_touched() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO books_touched (payment_id)
        SELECT DISTINCT touched FROM unnest(ARRAY[OLD.payment_id, NEW.payment_id]) touched WHERE touched IS NOT NULL;
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER refunds_touched AFTER INSERT OR UPDATE OR DELETE ON refunds FOR EACH ROW
        EXECUTE FUNCTION refund_touched()""",
    # Everything of before is looked at once.
    "INSERT INTO ledger_uncounted SELECT id FROM journals",
    "INSERT INTO books_touched (payment_id) SELECT id FROM payments",
    f"CREATE INDEX refunds_open ON refunds (payment_id) WHERE status IN {_PENDING}",
    "CREATE INDEX refunds_refused ON refunds (payment_id) WHERE status = 'refused'",
    "CREATE INDEX provider_callbacks_refused ON provider_callbacks (received_at) WHERE status = 'refused'",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
