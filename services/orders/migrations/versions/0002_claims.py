"""Returns and exchanges, gifts and promotions of the quote, and what the terms of a mall are."""

from alembic import op

revision = "0002"
down_revision = "0001"

_LINES = """
ALTER TABLE order_lines
    ADD COLUMN claiming_quantity integer NOT NULL DEFAULT 0
        CONSTRAINT order_lines_claiming_quantity CHECK (claiming_quantity >= 0),
    ADD COLUMN returned_quantity integer NOT NULL DEFAULT 0
        CONSTRAINT order_lines_returned_quantity CHECK (returned_quantity >= 0),
    ADD COLUMN kind text NOT NULL DEFAULT 'item' CONSTRAINT order_lines_kind CHECK (kind IN ('item', 'gift')),
    ADD COLUMN gift_of uuid[] NOT NULL DEFAULT '{}',
    DROP CONSTRAINT order_lines_units,
    ADD CONSTRAINT order_lines_units CHECK (
        cancelled_quantity + cancelling_quantity + claiming_quantity + returned_quantity <= quantity),
    ADD CONSTRAINT order_lines_gift CHECK (kind = 'item' OR amount = 0)
"""

# What the cart says of its promotions is kept as it was said, for the customer to read.
_ORDERS = """
ALTER TABLE orders
    ADD COLUMN stock_missing boolean NOT NULL DEFAULT false,
    ADD COLUMN promotions jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN coupon_uses uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN surcharge_amount bigint NOT NULL DEFAULT 0
        CONSTRAINT orders_surcharge_amount CHECK (surcharge_amount BETWEEN 0 AND shipping_amount),
    ADD COLUMN shipping_discount_amount bigint NOT NULL DEFAULT 0
        CONSTRAINT orders_shipping_discount_amount CHECK (shipping_discount_amount >= 0)
"""

_CLAIMS = """
CREATE TABLE order_claims (
    claim_id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    mall_id text NOT NULL,
    position smallint NOT NULL,
    kind text NOT NULL CONSTRAINT order_claims_kind CHECK (kind IN ('return', 'exchange')),
    reason text NOT NULL,
    fault text NOT NULL CONSTRAINT order_claims_fault CHECK (fault IN ('customer', 'seller')),
    actor text NOT NULL,
    status text NOT NULL CONSTRAINT order_claims_status CHECK (status IN
        ('requested', 'approved', 'rejected', 'withdrawn', 'completed')),
    terms jsonb NOT NULL,
    return_fee_amount bigint NOT NULL CONSTRAINT order_claims_return_fee CHECK (return_fee_amount >= 0),
    outbound_fee_amount bigint NOT NULL CONSTRAINT order_claims_outbound_fee CHECK (outbound_fee_amount >= 0),
    shipping_amount bigint NOT NULL CONSTRAINT order_claims_shipping_amount CHECK (shipping_amount >= 0),
    amount bigint NOT NULL CONSTRAINT order_claims_amount CHECK (amount >= 0),
    vat_amount bigint NOT NULL CONSTRAINT order_claims_vat_amount CHECK (vat_amount BETWEEN 0 AND amount),
    tax_free_amount bigint NOT NULL
        CONSTRAINT order_claims_tax_free_amount CHECK (tax_free_amount BETWEEN 0 AND amount),
    refund_amount bigint NOT NULL CONSTRAINT order_claims_refund_amount CHECK (refund_amount IN (0, amount)),
    refused_because text,
    requested_at timestamptz NOT NULL,
    approved_at timestamptz,
    picked_up_at timestamptz,
    settled_at timestamptz,
    CONSTRAINT order_claims_place_unique UNIQUE (order_id, position),
    CONSTRAINT order_claims_settled_at CHECK ((status IN ('requested', 'approved')) = (settled_at IS NULL)),
    CONSTRAINT order_claims_approved_at CHECK (status NOT IN ('approved', 'completed') OR approved_at IS NOT NULL),
    CONSTRAINT order_claims_money CHECK (amount = 0 OR (status = 'completed' AND kind = 'return'))
)
"""

_CLAIM_LINES = """
CREATE TABLE order_claim_lines (
    claim_id uuid NOT NULL REFERENCES order_claims,
    order_id uuid NOT NULL,
    line_id uuid NOT NULL,
    position smallint NOT NULL,
    quantity integer NOT NULL CONSTRAINT order_claim_lines_quantity CHECK (quantity >= 1),
    replacement_sku text,
    resellable integer NOT NULL DEFAULT 0 CONSTRAINT order_claim_lines_resellable CHECK (resellable >= 0),
    damaged integer NOT NULL DEFAULT 0 CONSTRAINT order_claim_lines_damaged CHECK (damaged >= 0),
    missing integer NOT NULL DEFAULT 0 CONSTRAINT order_claim_lines_missing CHECK (missing >= 0),
    amount bigint NOT NULL CONSTRAINT order_claim_lines_amount CHECK (amount >= 0),
    vat_amount bigint NOT NULL CONSTRAINT order_claim_lines_vat_amount CHECK (vat_amount BETWEEN 0 AND amount),
    tax_free_amount bigint NOT NULL
        CONSTRAINT order_claim_lines_tax_free_amount CHECK (tax_free_amount BETWEEN 0 AND amount),
    PRIMARY KEY (claim_id, line_id),
    FOREIGN KEY (order_id, line_id) REFERENCES order_lines,
    CONSTRAINT order_claim_lines_found CHECK (resellable + damaged + missing IN (0, quantity))
)
"""

_TERMS = """
CREATE TABLE claim_terms (
    mall_id text PRIMARY KEY,
    return_fee_amount bigint NOT NULL CONSTRAINT claim_terms_return_fee CHECK (return_fee_amount >= 0),
    outbound_fee_amount bigint NOT NULL CONSTRAINT claim_terms_outbound_fee CHECK (outbound_fee_amount >= 0),
    free_shipping_from_amount bigint NOT NULL
        CONSTRAINT claim_terms_free_shipping CHECK (free_shipping_from_amount >= 0),
    change_of_mind_days integer NOT NULL CONSTRAINT claim_terms_change_of_mind CHECK (change_of_mind_days >= 7),
    defect_days integer NOT NULL CONSTRAINT claim_terms_defect CHECK (defect_days >= 90),
    defect_known_days integer NOT NULL CONSTRAINT claim_terms_defect_known CHECK (defect_known_days >= 30),
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL
)
"""

_STATEMENTS = (
    _LINES,
    _ORDERS,
    _CLAIMS,
    "CREATE INDEX order_claims_newest ON order_claims (status, claim_id DESC)",
    "CREATE INDEX order_claims_mall ON order_claims (mall_id, status, claim_id DESC)",
    "CREATE INDEX order_claims_mall_newest ON order_claims (mall_id, claim_id DESC)",
    _CLAIM_LINES,
    "ALTER TABLE order_contacts ADD COLUMN claim_notes jsonb NOT NULL DEFAULT '{}'",
    _TERMS,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
