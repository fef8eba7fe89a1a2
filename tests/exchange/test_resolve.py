"""Which model, which mode, which organization: what is chosen, and what is told of it."""

from typing import Any

import msgspec
import pytest

from ringmain.errors import AskError, Refusal
from ringmain.exchange.ask import Mode, Wire
from ringmain.exchange.misfit import no_model
from ringmain.exchange.resolve import again, choose, pick
from tests.exchange.factories import MODES, USER, a_connection, a_model, a_plan, an_account, an_ask

OLD = {"old": "new"}


# the model


@pytest.mark.parametrize(
    ("ask", "account", "connection", "fallback", "chosen"),
    [
        ("a", "b", "c", "d", "a"),
        (None, "b", "c", "d", "b"),
        (None, None, "c", "d", "c"),
        (None, None, None, "d", "d"),
    ],
)
def test_the_ask_wins_over_the_account_over_the_connection_over_the_rest(
    ask: str | None, account: str | None, connection: str | None, fallback: str | None, chosen: str
):
    named = choose(an_ask(model=ask), an_account(model=account), a_connection(model=connection), fallback=fallback)
    assert named is not None
    assert (named.id, named.notices) == (chosen, ())


def test_where_nobody_names_a_model_none_is_invented():
    assert choose(an_ask(), an_account(), a_connection()) is None


def test_an_alias_is_followed_once_and_told():
    named = choose(an_ask(model="old"), an_account(), a_connection(aliases={"old": "new", "new": "newest"}))
    assert named is not None
    assert named.id == "new"
    assert named.notices == ("The model 'old' was asked for; 'new' answers in its place.",)


def test_an_alias_holds_for_the_accounts_and_the_connections_model_too():
    for account, connection in ((an_account(model="old"), {}), (an_account(), {"model": "old"})):
        named = choose(an_ask(), account, a_connection(aliases=OLD, **connection))
        assert named is not None
        assert named.id == "new"
        assert named.notices


def test_an_account_that_pins_models_asks_the_first_where_none_is_named():
    named = choose(an_ask(), an_account(models=("x", "y")), a_connection(model="c"))
    assert named is not None
    assert named.id == "x"


@pytest.mark.parametrize("model", ["x", "y", "old"])
def test_a_pinned_account_may_ask_for_what_is_pinned_also_by_an_alias(model: str):
    connection = a_connection(aliases={"old": "y"})
    assert choose(an_ask(model=model), an_account(models=("x", "y")), connection)


def test_a_pinned_account_may_not_ask_for_another_model():
    with pytest.raises(Refusal) as caught:
        choose(an_ask(model="z"), an_account(models=("x", "y")), a_connection())
    assert (caught.value.code, caught.value.status, caught.value.param) == ("model_not_allowed", 403, "model")
    assert "x, y" in caught.value.fix


def test_where_no_model_is_set_three_are_named():
    error = no_model("main", ["a", "b", "c", "d"])
    assert (error.code, error.status) == ("no_model", 400)
    assert "a, b, c." in error.fix
    assert "--" not in error.fix
    assert no_model("main", []).fix.endswith("as its provider calls it.")


# the mode


@pytest.mark.parametrize("wire", MODES)
@pytest.mark.parametrize("modes", [(), MODES])
def test_auto_asks_by_the_hosts_own_wire_where_that_is_possible_or_unknown(wire: Wire, modes: tuple[Mode, ...]):
    plan = a_plan(an_ask(wire), model=a_model(*modes))
    assert (plan.mode, plan.emulated, plan.notices) == (wire, False, ())


@pytest.mark.parametrize(
    ("wire", "can", "taken"),
    [
        ("chat", ("completion",), "completion"),
        ("chat", ("completion", "responses"), "responses"),
        ("completion", ("responses", "chat"), "chat"),
        ("completion", ("responses",), "responses"),
        ("responses", ("completion", "chat"), "chat"),
        ("responses", ("completion",), "completion"),
    ],
)
def test_auto_picks_a_mode_that_the_model_can_do_and_tells(wire: Wire, can: tuple[Mode, ...], taken: Mode):
    plan = a_plan(an_ask(wire), model=a_model(*can))
    assert plan.mode == taken
    assert plan.notices == (f"'m' cannot do {wire}; it was asked by {taken}.",)


@pytest.mark.parametrize(("can", "taken"), [(("chat",), "chat"), (("responses",), "responses"), (MODES, "completion")])
def test_completion_on_a_chat_model_is_valid_and_emulated(can: tuple[Mode, ...], taken: Mode):
    plan = a_plan(account=an_account(mode="completion"), model=a_model(*can))
    assert plan.mode == taken
    told = () if taken == "completion" else (f"'m' has no completion mode here; it was asked by {taken}.",)
    assert plan.notices == told


def test_responses_on_a_chat_model_is_emulated_too():
    plan = a_plan(an_ask("responses"), account=an_account(mode="responses"), model=a_model("chat"))
    assert plan.mode == "chat"
    assert plan.notices == ("'m' has no responses mode here; it was asked by chat.",)


@pytest.mark.parametrize(
    ("wanted", "can"), [("chat", "completion"), ("chat", "responses"), ("responses", "completion")]
)
def test_a_misfit_is_refused_with_a_pair_that_works(wanted: Mode, can: Mode):
    with pytest.raises(AskError) as caught:
        a_plan(account=an_account(mode=wanted), model=a_model(can), fitting=lambda *_: "other")
    assert (caught.value.code, caught.value.status, caught.value.param) == ("model_mode_mismatch", 400, "model")
    assert caught.value.sentence == f"The model 'm' cannot be asked by {wanted}; it can do {can}."
    assert caught.value.fix == f"Set the mode to auto or {can}, or keep {wanted} with the model 'other'."


def test_a_plan_that_is_made_again_for_another_mode_is_the_one_that_this_mode_would_have_had_at_once():
    turns, asked = ({"role": "user", "content": "before"},), an_ask(notices=("asked",))
    words: dict[str, Any] = {"account": an_account(context="Be brief."), "turns": turns, "notices": ("told",)}
    plan = msgspec.structs.replace(a_plan(asked, **words), notices=("told", "what an attempt has added"))
    assert again(plan, "responses") == a_plan(asked, **words, mode="responses")


def test_a_mode_that_the_model_is_not_known_to_lack_is_tried():
    assert pick("chat", "completion", a_model(), a_connection()) == "chat"


def test_the_asks_mode_wins_over_the_accounts():
    plan = a_plan(an_ask(mode="responses"), account=an_account(mode="completion"))
    assert plan.mode == "responses"


def test_a_mode_that_a_call_has_shown_to_be_right_is_taken_whatever_was_known():
    plan = a_plan(model=a_model("chat"), mode="completion")
    assert (plan.mode, plan.bodies) == ("completion", ({"model": "m", "prompt": USER["content"]},))


# the organization


@pytest.mark.parametrize(
    ("connections", "hosts", "taken", "told"),
    [
        ("org-c", "org-h", "org-c", True),
        ("org-c", "org-c", "org-c", False),
        ("org-c", None, "org-c", False),
        (None, "org-h", "org-h", False),
        (None, None, None, False),
    ],
)
@pytest.mark.parametrize("wire", ["chat", "embeddings"])
def test_the_connections_organization_wins_with_a_notice_and_else_the_hosts_travels(
    wire: Wire, connections: str | None, hosts: str | None, taken: str | None, told: bool
):
    plan = a_plan(an_ask(wire, organization=hosts), connection=a_connection(organization=connections))
    assert plan.organization == taken
    assert bool(plan.notices) is told


# the rest


def test_what_was_told_before_comes_first():
    plan = a_plan(an_ask(notices=("one",)), notices=("two",), model=a_model("completion"))
    assert plan.notices[:2] == ("one", "two")
    assert len(plan.notices) == 3


def test_an_embedding_is_asked_by_embeddings_whatever_the_account_is_set_to():
    account = an_account(mode="completion", context="c", parameters={"temperature": 1})
    fields: dict[str, Any] = {"input": ["a", "b"], "dimensions": 8}
    plan = a_plan(an_ask("embeddings", fields=fields), account=account, model=a_model("chat"))
    assert (plan.mode, plan.emulated, plan.output_tokens) == ("embeddings", False, 0)
    assert plan.bodies == ({"model": "m", **fields},)
    assert plan.input_tokens == 2
