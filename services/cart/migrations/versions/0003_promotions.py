"""Promotions, coupons, and the counted allowances that gifts and coupons are taken from."""

from alembic import op

revision = "0003"
down_revision = "0002"

# What a promotion asks for and gives is a document, read whole and checked at the door; what is searched is a column.
_PROMOTIONS = """
CREATE TABLE promotions (
    id uuid PRIMARY KEY,
    mall_id text NOT NULL,
    label text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    status text NOT NULL CHECK (status IN ('draft', 'active', 'stopped')),
    needs_coupon boolean NOT NULL,
    priority integer NOT NULL,
    stacking text NOT NULL CHECK (stacking IN ('exclusive', 'combinable')),
    kind text NOT NULL CHECK (kind IN ('percent_off', 'amount_off', 'quantity_steps', 'free_shipping', 'gift')),
    rule jsonb NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz CHECK (valid_to > valid_from),
    version integer NOT NULL CHECK (version > 0),
    set_by text NOT NULL,
    set_at timestamptz NOT NULL
)
"""
# One row for each thing of which there is only so much: a gift's own stock, a coupon, one generated code, what a member
# may buy. `taken` counts the units in `allowance_uses` that are held or used. It may exceed `most` only where an order
# was placed after its hold had lapsed, or staff lowered `most`.
_ALLOWANCES = """
CREATE TABLE allowances (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('gift', 'coupon', 'code', 'purchase')),
    most bigint CHECK (most >= 0),
    per_member integer CHECK (per_member > 0),
    taken bigint NOT NULL DEFAULT 0 CHECK (taken >= 0)
)
"""
_USES = """
CREATE TABLE allowance_uses (
    order_id uuid NOT NULL,
    allowance_id uuid NOT NULL REFERENCES allowances (id),
    cart_id uuid NOT NULL,
    member_id uuid,
    units bigint NOT NULL CHECK (units > 0),
    state text NOT NULL CHECK (state IN ('held', 'used', 'returned', 'cancelled')),
    held_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (order_id, allowance_id)
)
"""
_COUPONS = """
CREATE TABLE coupons (
    id uuid PRIMARY KEY REFERENCES allowances (id),
    promotion_id uuid NOT NULL REFERENCES promotions (id),
    mall_id text NOT NULL,
    label text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('single', 'many')),
    stopped boolean NOT NULL DEFAULT false,
    valid_from timestamptz,
    valid_to timestamptz CHECK (valid_to > valid_from),
    made_by text NOT NULL,
    made_at timestamptz NOT NULL
)
"""
_CODES = """
CREATE TABLE coupon_codes (
    mall_id text NOT NULL,
    code text NOT NULL CHECK (code = upper(code)),
    coupon_id uuid NOT NULL REFERENCES coupons (id),
    allowance_id uuid NOT NULL REFERENCES allowances (id),
    PRIMARY KEY (mall_id, code)
)
"""
_STATEMENTS = (
    _PROMOTIONS,
    _ALLOWANCES,
    _USES,
    _COUPONS,
    _CODES,
    "CREATE INDEX promotions_mall ON promotions (mall_id, id)",
    "CREATE INDEX promotions_active ON promotions (mall_id) WHERE status = 'active' AND NOT needs_coupon",
    "CREATE INDEX allowance_uses_member ON allowance_uses (allowance_id, member_id) WHERE state IN ('held', 'used')",
    "CREATE INDEX allowance_uses_cart ON allowance_uses (cart_id) WHERE state = 'held'",
    "CREATE INDEX allowance_uses_held ON allowance_uses (held_at) WHERE state = 'held'",
    "CREATE INDEX coupons_promotion ON coupons (promotion_id)",
    "CREATE INDEX coupon_codes_coupon ON coupon_codes (coupon_id, code)",
    "ALTER TABLE carts ADD COLUMN coupon_codes text[] NOT NULL DEFAULT '{}'",
    "ALTER TABLE carts ADD COLUMN member_id uuid",
    "ALTER TABLE carts ADD COLUMN member_tier text",
    "ALTER TABLE frozen_quotes ADD COLUMN outcomes jsonb NOT NULL DEFAULT '[]'",
    "ALTER TABLE frozen_quotes ADD COLUMN uses jsonb NOT NULL DEFAULT '[]'",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
