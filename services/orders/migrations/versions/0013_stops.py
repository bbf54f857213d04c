"""What a completed exchange was to send may be given up; and the variant it sends has its name."""

from alembic import op

revision = "0013"
down_revision = "0012"

_STATEMENTS = (
    """ALTER TABLE order_claims
        ADD COLUMN stop_id uuid, ADD COLUMN stop_status text, ADD COLUMN stop_refused_because text,
        ADD CONSTRAINT order_claims_stop CHECK ((stop_id IS NULL) = (stop_status IS NULL)
            AND stop_status IN ('requested', 'accepted', 'refused')
            AND (stop_refused_because IS NOT NULL) = (stop_status IS NOT DISTINCT FROM 'refused')
            AND (stop_id IS NULL OR kind = 'exchange' AND status = 'completed')),
        DROP CONSTRAINT order_claims_money,
        ADD CONSTRAINT order_claims_money CHECK (amount = 0 OR status = 'completed'
            AND (kind = 'return' OR stop_status IS NOT DISTINCT FROM 'accepted'))""",
    """ALTER TABLE order_claim_lines ADD COLUMN replacement_name text, ADD COLUMN held_name text,
        ADD COLUMN stopping integer NOT NULL DEFAULT 0, ADD COLUMN stopped integer NOT NULL DEFAULT 0,
        ADD CONSTRAINT order_claim_lines_stop
            CHECK (stopping >= 0 AND stopped >= 0 AND stopping + stopped <= resellable + damaged)""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
