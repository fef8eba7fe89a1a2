"""Late answers that their host knows by a name of its own, and that are kept for it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns; what is there has no name and is not done."""
    op.add_column("late", sa.Column("name", TEXT))
    op.add_column("late", sa.Column("done", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_index("ix_late_name", "late", ["account_id", "name"], unique=True)
