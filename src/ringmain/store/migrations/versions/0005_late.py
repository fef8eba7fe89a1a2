"""Late answers, signatures that were seen, and media."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables, empty."""
    op.create_table(
        "late",
        sa.Column("ask_id", TEXT, primary_key=True),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("process", TEXT, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("document", TEXT, nullable=False),
    )
    op.create_table(
        "signed",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "media",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False, index=True),
    )
