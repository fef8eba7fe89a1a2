"""Every code has a reason that people understand."""

from ringmain.errors import STATUS
from ringmain.server.pages.reasons import REASONS, reason


def test_every_code_has_its_own_sentence() -> None:
    assert set(REASONS) == set(STATUS)
    assert len(set(REASONS.values())) == len(REASONS)
    assert [said for said in REASONS.values() if not said.endswith(".") or "_" in said] == []


def test_a_code_that_nobody_knows_is_named_and_not_guessed() -> None:
    assert reason("of_another_version") == "No reason is known for of_another_version."
    assert reason(None) == "No reason is known."
