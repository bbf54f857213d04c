"""A member has one open cart per mall; a guest's cart may go into it."""

from alembic import op

revision = "0005"
down_revision = "0004"

_OPEN = """
CREATE UNIQUE INDEX carts_member_open ON carts (mall_id, member_id) WHERE status = 'open' AND member_id IS NOT NULL
"""
_STATEMENTS = (
    "ALTER TABLE carts ADD COLUMN merged_into uuid",
    "ALTER TABLE carts DROP CONSTRAINT carts_status_check",
    "ALTER TABLE carts ADD CONSTRAINT carts_status_check CHECK (status IN ('open', 'merged', 'ordered'))",
    "ALTER TABLE carts ADD CONSTRAINT carts_merged_check CHECK ((status = 'merged') = (merged_into IS NOT NULL))",
    _OPEN,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
