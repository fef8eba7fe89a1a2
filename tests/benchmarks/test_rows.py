"""The measure of rows: its figures are what the provider has counted."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.rows import measure


@pytest.mark.parametrize("silence", [{}, {"tells": False, "says_when": False}])
def test_every_row_of_a_measure_is_answered_and_its_share_of_the_limit_can_be_read(
    tmp_path: Path, silence: dict[str, Any]
) -> None:
    rows, lost, calls, wasted, used, _, _ = measure(tmp_path, [], {"rpm": 3000, "tpm": 0}, 2.0, silence)
    assert rows in (100, 101)
    assert lost == 0
    assert calls >= rows
    assert 0 <= wasted < 100
    assert 0 < used <= 101
