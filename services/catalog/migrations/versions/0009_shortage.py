"""Units that a centre is short of leave the books as such, in the same moment in which their cancel gives them back."""

from alembic import op

revision = "0009"
down_revision = "0008"

# Waiting may only make stock look smaller than it is. A shortage waits together with what it is taken from, and never
# is of more: the two together add nothing that is not there.
STATEMENTS = """
ALTER TABLE stock_movements DROP CONSTRAINT stock_movements_reason_check;
ALTER TABLE stock_movements ADD CONSTRAINT stock_movements_reason_check CHECK (reason IN
    ('received', 'counted', 'reserved', 'released', 'expired', 'sold', 'restocked', 'shortage')) NOT VALID;
ALTER TABLE stock_movements VALIDATE CONSTRAINT stock_movements_reason_check;
ALTER TABLE pending_movements DROP CONSTRAINT pending_movements_reason_check;
ALTER TABLE pending_movements ADD CONSTRAINT pending_movements_reason_check CHECK (reason IN
    ('released', 'expired', 'sold', 'restocked', 'shortage'));
ALTER TABLE pending_movements DROP CONSTRAINT pending_movements_check;
ALTER TABLE pending_movements ADD CONSTRAINT pending_movements_check
    CHECK (delta_on_hand >= delta_reserved OR reason = 'shortage')
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        op.execute(statement)
