"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make all tables, and the one row of `state`."""
    op.create_table(
        "state",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "notes",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("value", TEXT, nullable=False),
    )
    op.create_table(
        "connections",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("name", TEXT, nullable=False, unique=True),
        sa.Column("base_url", TEXT, nullable=False),
        sa.Column("preset", TEXT, nullable=False),
        sa.Column("organization", TEXT),
        sa.Column("project", TEXT),
        sa.Column("model", TEXT),
        sa.Column("timeout", sa.Float, nullable=False),
        sa.Column("aliases", TEXT, nullable=False),
        sa.Column("prices", TEXT, nullable=False),
        sa.Column("default", sa.Boolean, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
    )
    op.create_table(
        "accounts",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("name", TEXT, nullable=False, unique=True),
        sa.Column("tool", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
    )
    op.create_table(
        "keys",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("account_id", TEXT, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("hint", TEXT, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger),
    )
    op.create_index("ix_keys_account_id", "keys", ["account_id"])
    op.create_table(
        "lines",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("tool", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("connection", TEXT, nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("wire", TEXT),
        sa.Column("mode", TEXT),
        sa.Column("stream", sa.Boolean, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("code", TEXT),
        sa.Column("finish_reason", TEXT),
        sa.Column("input_tokens", sa.BigInteger, nullable=False),
        sa.Column("output_tokens", sa.BigInteger, nullable=False),
        sa.Column("cached_tokens", sa.BigInteger, nullable=False),
        sa.Column("unconfirmed_tokens", sa.BigInteger, nullable=False),
        sa.Column("picodollars", sa.BigInteger),
        sa.Column("unconfirmed_picodollars", sa.BigInteger, nullable=False),
        sa.Column("milliseconds", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("demo", sa.Boolean, nullable=False),
        sa.Column("conversation", TEXT),
        sa.Column("window", TEXT),
        sa.Column("notices", TEXT, nullable=False),
    )
    op.create_index("ix_lines_at", "lines", ["at"])
    op.create_index("ix_lines_account_at", "lines", ["account", "at"])
    op.create_table(
        "used",
        sa.Column("account_id", TEXT, primary_key=True),
        sa.Column("meter", TEXT, primary_key=True),
        sa.Column("window", TEXT, primary_key=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "slices",
        sa.Column("process", TEXT, primary_key=True),
        sa.Column("account_id", TEXT, primary_key=True),
        sa.Column("meter", TEXT, primary_key=True),
        sa.Column("window", TEXT, primary_key=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "turns",
        sa.Column("account_id", TEXT, primary_key=True),
        sa.Column("conversation", TEXT, primary_key=True),
        sa.Column("ask_id", TEXT, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("content", TEXT, nullable=False),
    )
    op.create_index("ix_turns_at", "turns", ["account_id", "conversation", "at"])
    op.create_table(
        "learnt",
        sa.Column("connection_id", TEXT, primary_key=True),
        sa.Column("model", TEXT, primary_key=True),
        sa.Column("learnt", TEXT, nullable=False),
    )
    op.execute(sa.text("INSERT INTO state (id, version) VALUES (1, 0)"))
