"""Files of pictures that were removed: they go a day later, unless another picture of the same content has them."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE dropped_renditions (key text PRIMARY KEY, dropped_at timestamptz NOT NULL,"
        " removing boolean NOT NULL DEFAULT false)"
    )
    op.execute("CREATE INDEX pictures_renditions ON pictures USING gin (renditions jsonb_path_ops)")
