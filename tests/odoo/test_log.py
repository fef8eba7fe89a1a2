"""The log of asks: one row an ask with its tokens and its cost, and nobody reads what another one has asked."""

import pytest

from tests.journeys.provider import IN, OUT
from tests.odoo.people import Person, Refused, until
from tests.odoo.stage import Stage

COST = (IN * 1 + OUT * 10) / 1_000_000
"""USD, at the prices of the stage's connection."""

TOLD = ("kind", "state", "model", "mode", "input_tokens", "output_tokens", "currency")
COLUMNS = ["asker_id", "cost", "question", *TOLD]


@pytest.fixture(scope="module")
def asked(stage: Stage) -> tuple[Person, Person]:
    """Two people who have asked something each."""
    people = stage.asker("ada"), stage.asker("grace")
    for who in people:
        who.post(who.chat(), f"The secret of {who.id}")
        assert until(lambda who=who: who.answers(who.chat()), 20)
    return people


def test_an_ask_is_one_row_with_its_tokens_and_its_cost(stage: Stage, asked: tuple[Person, Person]) -> None:
    ada, _ = asked
    (row,) = ada.call("ringmain.ask", "search_read", [], COLUMNS)
    assert [row[name] for name in TOLD] == ["chat", "done", "late-0", "chat", IN, OUT, "USD"]
    assert row["cost"] == pytest.approx(COST)
    assert row["question"] == f"The secret of {ada.id}"


def test_an_asker_sees_the_own_rows_and_an_admin_all_of_them_without_what_was_asked(
    stage: Stage, asked: tuple[Person, Person]
) -> None:
    ada, grace = asked
    assert {row["asker_id"][0] for row in grace.call("ringmain.ask", "search_read", [], COLUMNS)} == {grace.id}
    rows = stage.admin.call("ringmain.ask", "search_read", [], COLUMNS)
    assert {row["asker_id"][0] for row in rows} == {ada.id, grace.id}
    assert {row["question"] for row in rows} == {False}


def test_nobody_reads_the_words_of_another_one_by_any_field_or_filter(
    stage: Stage, asked: tuple[Person, Person]
) -> None:
    ada, grace = asked
    (hers,) = ada.call("ringmain.ask", "search", [])
    for who in (grace, stage.admin):
        with pytest.raises(Refused):
            who.call("ringmain.ask", "search_read", [("text", "like", "secret")], ["text"])
        with pytest.raises(Refused):
            who.call("ringmain.ask", "read", [hers], ["text"])
    with pytest.raises(Refused):
        grace.call("ringmain.ask", "read", [hers], ["state"])
    with pytest.raises(Refused):
        grace.call("ringmain.ask", "write", [grace.call("ringmain.ask", "search", [])[0]], {"state": "new"})
