"""A run over many rows in sentences."""

from decimal import Decimal

import pytest

from ringmain.rows import Progress
from ringmain.rows.telling import told_progress


@pytest.mark.parametrize(("cost", "told"), [("0", "2 under way"), ("0.5", "2 under way, $0.5")])
def test_what_no_price_is_known_for_is_not_said_to_be_free(cost: str, told: str) -> None:
    progress = Progress(total=20, done=10, ok=10, failed=0, kept=0, under_way=2, cost=Decimal(cost))
    assert told_progress(progress) == told
