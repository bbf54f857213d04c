"""What staff notes about orders, how often somebody looks an order up, and indexes of the staff's lists."""

from alembic import op

revision = "0003"
down_revision = "0002"

# Notes may name people: they stand apart, so that they can be erased.
_NOTES = """
CREATE TABLE order_notes (
    note_id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    author text NOT NULL,
    text text NOT NULL,
    at timestamptz NOT NULL
)
"""

_LOOK_UPS = """
CREATE TABLE order_look_ups (
    name_hash bytea PRIMARY KEY,
    since timestamptz NOT NULL,
    tries integer NOT NULL CONSTRAINT order_look_ups_tries CHECK (tries >= 1)
)
"""

_STATEMENTS = (
    _NOTES,
    "CREATE INDEX order_notes_order ON order_notes (order_id, note_id)",
    _LOOK_UPS,
    "CREATE INDEX order_look_ups_since ON order_look_ups (since)",
    "CREATE INDEX orders_channel_newest ON orders (channel, order_id DESC)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
