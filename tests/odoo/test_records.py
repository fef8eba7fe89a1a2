"""Ask on a record: the model is told what the admin has chosen and who asks may read, and nothing else."""

from collections.abc import Callable

import pytest

from tests.odoo.people import Person, Refused, until
from tests.odoo.stage import Stage

Put = Callable[..., None]


@pytest.fixture(scope="module")
def record(stage: Stage) -> int:
    """A contact of another company's, whose bank account and city may be asked about with its name."""
    (company,) = stage.admin.call("res.company", "create", [{"name": "The other company"}])
    stage.admin.call("res.users", "write", [stage.admin.id], {"company_ids": [(4, company)]})
    (record,) = stage.admin.call("res.partner", "create", [{"name": "Deco Addict", "city": "Pleasant Hill"}])
    wanted = [("model", "=", "res.partner"), ("name", "in", ("name", "city", "company_id", "signup_type"))]
    fields = stage.admin.call("ir.model.fields", "search", wanted)
    target = {"model_id": stage.admin.ref("base.model_res_partner"), "field_ids": [(6, 0, fields)]}
    stage.admin.call("ringmain.ask.target", "create", [target])
    return record


def put(who: Person, record: int, question: str, **fields: object) -> None:
    """Ask about the record, in the window that its Action menu opens."""
    values = {"res_model": "res.partner", "res_id": record, "question": question, **fields}
    window = who.call("ringmain.ask.record", "create", [values])
    who.call("ringmain.ask.record", "action_ask", window)


def test_a_question_on_a_record_is_answered_in_the_askers_chat_and_the_model_is_told_the_chosen_fields(
    stage: Stage, record: int
) -> None:
    asker = stage.asker("ada")
    chat = asker.chat()
    put(asker, record, "What is their city?")
    assert until(lambda: asker.answers(chat), 20)
    (call,) = stage.provider.of("What is their city?")
    told = call["messages"][-1]["content"]
    assert "Deco Addict" in told
    assert "Pleasant Hill" in told


def test_who_has_never_opened_the_chat_finds_the_answer_there(stage: Stage, record: int) -> None:
    asker = stage.asker("hedy")
    put(asker, record, "Where do they live?")
    assert until(lambda: ("Where do they live?", "done") in stage.asks("text", "state"), 20)
    assert asker.answers(asker.chat())


def test_a_field_that_the_asker_may_not_read_is_told_for_an_admin_and_not_for_them(stage: Stage, record: int) -> None:
    asker = stage.asker("grace")
    stage.admin.call("res.partner", "signup_prepare", [record])
    assert stage.odoo.rows("SELECT signup_type FROM res_partner WHERE id = %s", record) == [("signup",)]
    with pytest.raises(Refused):
        asker.call("res.partner", "read", [record], ["signup_type"])
    for who, question in ((asker, "May I ask who they are?"), (stage.admin, "And may I ask it?")):
        put(who, record, question)
        assert until(lambda question=question: stage.provider.of(question), 20)
    told = [stage.provider.of(question)[0] for question in ("May I ask who they are?", "And may I ask it?")]
    assert ["signup" in str(call).lower() for call in told] == [False, True]


def test_a_record_of_another_company_is_refused_and_nothing_is_sent(stage: Stage, record: int) -> None:
    asker = stage.asker("mallory")
    others = stage.admin.call("res.company", "search", [("name", "=", "The other company")])
    hidden = {"name": "Hidden", "city": "Nowhere", "company_id": others[0]}
    (theirs,) = stage.admin.call("res.partner", "create", [hidden])
    before = len(stage.provider.bodies), len(stage.asks("id"))
    with pytest.raises(Refused):
        put(asker, theirs, "What is their secret?")
    assert (len(stage.provider.bodies), len(stage.asks("id"))) == before
    assert "Nowhere" not in str(stage.provider.bodies)


def test_who_may_not_ask_may_not_ask_on_a_record_either(stage: Stage, record: int) -> None:
    outsider = stage.person("outsider")
    with pytest.raises(Refused):
        put(outsider, record, "What is their city?")
