"""Facts of sales, rebuilds of them, and the daily reports."""

from alembic import op

from common.migrate import create_backbone

revision = "0001"
down_revision = None

# Facts are only ever added, named by what they are facts of: the same event again, or the same fact in another event,
# finds its row there. `generation` separates the figures in use from those being rebuilt. `recorded_at` is the
# database's clock at the start of the recording transaction, and no part of the fact.
_ORDER_FACTS = """
CREATE TABLE order_facts (
    generation bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('placed', 'paid', 'cancelled', 'completed')),
    fact_id uuid NOT NULL,
    order_id uuid NOT NULL,
    mall_id text NOT NULL,
    channel text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    goods_amount bigint NOT NULL CHECK (goods_amount >= 0),
    shipping_amount bigint NOT NULL,
    total_amount bigint NOT NULL CHECK (total_amount = goods_amount + shipping_amount),
    whole boolean NOT NULL,
    was_paid boolean NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (generation, kind, fact_id),
    CHECK (kind = 'cancelled' OR fact_id = order_id),
    CHECK (kind = 'cancelled' OR shipping_amount >= 0)
)
"""
_LINE_FACTS = """
CREATE TABLE line_facts (
    generation bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('sale', 'cancel')),
    fact_id uuid NOT NULL,
    line_id uuid NOT NULL,
    order_id uuid NOT NULL,
    mall_id text NOT NULL,
    channel text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    sku text NOT NULL,
    product_id uuid NOT NULL,
    product_name text,
    variant_name text,
    category_ids text[] NOT NULL,
    category_id text,
    quantity integer NOT NULL CHECK (quantity > 0),
    amount bigint NOT NULL CHECK (amount >= 0),
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (generation, kind, fact_id, line_id)
)
"""
_REFUND_FACTS = """
CREATE TABLE refund_facts (
    generation bigint NOT NULL,
    refund_id uuid NOT NULL,
    payment_id uuid NOT NULL,
    order_id uuid NOT NULL,
    mall_id text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount bigint NOT NULL CHECK (amount > 0),
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (generation, refund_id)
)
"""
_GENERATIONS = (
    "CREATE SEQUENCE generations START 2",
    """
CREATE TABLE live_generation (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    generation bigint NOT NULL
)
""",
    "INSERT INTO live_generation (generation) VALUES (1)",
)
_REBUILDS = """
CREATE TABLE rebuilds (
    id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed')),
    swap boolean NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    started_at timestamptz,
    heartbeat_at timestamptz,
    finished_at timestamptz,
    attempt integer NOT NULL DEFAULT 0,
    generation bigint,
    records bigint NOT NULL DEFAULT 0 CHECK (records >= 0),
    events bigint NOT NULL DEFAULT 0 CHECK (events >= 0),
    repeated bigint NOT NULL DEFAULT 0 CHECK (repeated >= 0),
    unusable bigint NOT NULL DEFAULT 0 CHECK (unusable >= 0),
    compared bigint,
    missing bigint,
    extra bigint,
    different bigint,
    differences jsonb,
    swapped boolean NOT NULL DEFAULT false,
    error text,
    CHECK ((status IN ('done', 'failed')) = (finished_at IS NOT NULL)),
    CHECK ((status = 'failed') = (error IS NOT NULL)),
    CHECK (status <> 'done' OR (compared IS NOT NULL AND differences IS NOT NULL))
)
"""
_REPORTS = (
    """
CREATE TABLE daily_reports (
    mall_id text NOT NULL,
    day date NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    orders bigint NOT NULL CHECK (orders >= 0),
    paid_amount bigint NOT NULL CHECK (paid_amount >= 0),
    cancelled_amount bigint NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (mall_id, day)
)
""",
    "CREATE TABLE report_runs (day date PRIMARY KEY, finished_at timestamptz NOT NULL)",
)
_INDEXES = (
    "CREATE INDEX order_facts_mall ON order_facts (generation, mall_id, kind, at)",
    "CREATE INDEX order_facts_at ON order_facts (generation, kind, at)",
    "CREATE INDEX line_facts_mall ON line_facts (generation, mall_id, at)",
    "CREATE INDEX line_facts_at ON line_facts (generation, at)",
    "CREATE INDEX line_facts_sku ON line_facts (generation, sku, at) WHERE kind = 'sale'",
    "CREATE INDEX line_facts_product ON line_facts (generation, product_id, at) WHERE kind = 'sale'",
    "CREATE INDEX refund_facts_at ON refund_facts (generation, at)",
    "CREATE UNIQUE INDEX rebuilds_one_at_a_time ON rebuilds ((true)) WHERE status IN ('queued', 'running')",
)


def upgrade() -> None:
    create_backbone(op.get_bind())
    for statement in (_ORDER_FACTS, _LINE_FACTS, _REFUND_FACTS, *_GENERATIONS, _REBUILDS, *_REPORTS, *_INDEXES):
        op.execute(statement)
