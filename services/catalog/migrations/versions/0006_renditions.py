"""Pictures in the sizes and formats that browsers want; a content network of a mall's own."""

from alembic import op

revision = "0006"
down_revision = "0005"

STATEMENTS = """
ALTER TABLE malls ADD COLUMN media_url text;
ALTER TABLE pictures ADD COLUMN width integer;
ALTER TABLE pictures ADD COLUMN height integer;
ALTER TABLE pictures ADD COLUMN renditions jsonb NOT NULL DEFAULT '[]';
ALTER TABLE pictures ADD COLUMN rendered_at timestamptz;
ALTER TABLE pictures ADD COLUMN render_after timestamptz NOT NULL DEFAULT now();
ALTER TABLE pictures ADD COLUMN render_tries integer NOT NULL DEFAULT 0;
ALTER TABLE pictures ADD COLUMN render_problem text;
CREATE INDEX pictures_unrendered ON pictures (render_after) WHERE rendered_at IS NULL AND render_problem IS NULL
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
