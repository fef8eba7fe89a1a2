"""What is wrong with models and connections."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "troubles",
        sa.Column("connection_id", TEXT, primary_key=True),
        sa.Column("model", TEXT, primary_key=True),
        sa.Column("trouble", TEXT, nullable=False),
    )
