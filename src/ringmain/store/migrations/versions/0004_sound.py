"""How long the sound was that an ask had heard, and how many characters it had spoken."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add both to the lines; those that are there, and those of a hub that still runs without them, have none."""
    for name in ("audio_milliseconds", "characters"):
        op.add_column("lines", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
