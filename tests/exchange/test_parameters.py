"""A call's other fields: what travels untouched, what is renamed, what the account adds, what is lost on the way."""

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.errors import AskError
from ringmain.exchange import provider
from ringmain.exchange.ask import CAPS, Mode, Wire
from ringmain.exchange.modes.fields import CONTROL, CROSSINGS, cap_of
from tests.exchange.factories import (
    MODES,
    OLLAMA,
    OPENAI,
    PLAIN,
    USER,
    a_connection,
    a_model,
    a_plan,
    an_account,
    an_ask,
    sent,
)

TAKEN = {"model", "messages", "prompt", "input", "instructions", "stream", "stream_options", "suffix", *CAPS, *CONTROL}
"""Fields of which the hub has something to say."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(-1e9, 1e9) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
FIELDS = st.dictionaries(st.text().filter(lambda name: name not in TAKEN), JSON, max_size=6)


# what passes through


@given(st.sampled_from(["chat", "completion", "responses"]), FIELDS)
def test_within_one_wire_every_field_travels_as_it_came(wire: Wire, fields: dict[str, Any]):
    plan = a_plan(an_ask(wire, fields=fields))
    received = msgspec.json.decode(provider.body(plan, 0))
    assert {name: received.get(name, ...) for name in fields} == fields
    assert set(received) - set(fields) == {"model", *({"messages", "prompt", "input"} & set(received))}


@given(FIELDS)
def test_an_embedding_travels_with_every_field_and_without_the_accounts(fields: dict[str, Any]):
    account = an_account(parameters={"temperature": 0.2}, context="x", mode="chat")
    given_fields = {**fields, "input": [1, 2]}
    assert sent(an_ask("embeddings", fields=given_fields), account=account) == {**given_fields, "model": "m"}


@pytest.mark.parametrize("wire", ["chat", "completion", "responses", "embeddings"])
@pytest.mark.parametrize("modes", [(), *[(mode,) for mode in MODES]])
def test_control_words_never_travel(wire: Wire, modes: tuple[Mode, ...]):
    steering = dict.fromkeys(CONTROL, "https://evil.example")
    account = an_account(parameters=steering)
    body = sent(an_ask(wire, fields={**steering, "user": "u"}), account=account, model=a_model(*modes))
    assert CONTROL.isdisjoint(body)
    assert "evil" not in str(body)
    assert body["user"] == "u"


@pytest.mark.parametrize("wire", ["chat", "completion", "responses"])
@pytest.mark.parametrize("modes", [(mode,) for mode in MODES])
def test_nothing_of_the_hosts_or_the_accounts_is_changed(wire: Wire, modes: tuple[Mode, ...]):
    fields = {"max_tokens": 5, "stream_options": {"x": 1}, "api_key": "k", "suffix": "s"}
    nested = {"reasoning": {"effort": "low"}, "text": {"verbosity": "low", "format": {"type": "json_schema"}}}
    ask = an_ask(wire, fields={**fields, **nested}, stream=True)
    account = an_account(parameters={"stop": ["a"], "max_tokens": 9}, context="c", prompt_prefix="p")
    turns = ({"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"})
    before = copy.deepcopy((ask, account, turns))
    a_plan(ask, account=account, model=a_model(*modes), turns=turns)
    assert (ask, account, turns) == before


# the cap on output


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize(
    ("preset", "wanted"), [(OPENAI, "max_completion_tokens"), (OLLAMA, "max_tokens"), (PLAIN, None)]
)
def test_the_cap_of_a_chat_has_the_name_that_the_provider_wants(name: str, preset: Any, wanted: str | None):
    body = sent(an_ask(fields={name: 16}), connection=a_connection(preset))
    assert {cap: body[cap] for cap in CAPS if cap in body} == {wanted or name: 16}


def test_a_host_that_sends_both_caps_keeps_both():
    both = {"max_tokens": 8, "max_completion_tokens": 16}
    body = sent(an_ask(fields=both), connection=a_connection(OPENAI))
    assert {name: body[name] for name in both} == both


def test_the_cap_of_a_completion_keeps_its_name():
    assert sent(an_ask("completion", fields={"max_tokens": 16}), connection=a_connection(OPENAI))["max_tokens"] == 16


@pytest.mark.parametrize(
    ("wire", "given_name", "mode", "name"),
    [
        ("chat", "max_tokens", "responses", "max_output_tokens"),
        ("chat", "max_completion_tokens", "responses", "max_output_tokens"),
        ("chat", "max_completion_tokens", "completion", "max_tokens"),
        ("completion", "max_tokens", "chat", "max_completion_tokens"),
        ("completion", "max_tokens", "responses", "max_output_tokens"),
        ("responses", "max_output_tokens", "chat", "max_completion_tokens"),
        ("responses", "max_output_tokens", "completion", "max_tokens"),
    ],
)
def test_an_emulated_call_caps_its_output_under_its_own_name(wire: Wire, given_name: str, mode: Mode, name: str):
    body = sent(an_ask(wire, fields={given_name: 16}), connection=a_connection(OPENAI), model=a_model(mode))
    assert {cap: body[cap] for cap in CAPS if cap in body} == {name: 16}


# what the account adds


def test_the_accounts_parameters_are_added_only_where_the_ask_is_silent():
    account = an_account(parameters={"temperature": 0.2, "top_p": 0.5, "seed": 1})
    plan = a_plan(an_ask(fields={"temperature": 0.9, "seed": None}), account=account)
    assert plan.bodies[0] == {"model": "m", "messages": [USER], "temperature": 0.9, "seed": 1, "top_p": 0.5}
    assert plan.added == ("top_p", "seed")


@pytest.mark.parametrize("name", CAPS[:2])
def test_a_cap_of_null_leaves_the_accounts_in_force(name: str):
    body = sent(an_ask(fields={name: None}), account=an_account(parameters={"max_tokens": 16}))
    assert cap_of(body) == 16


def test_a_cap_of_null_does_not_stand_in_the_way_of_the_one_that_was_set():
    both = {"max_completion_tokens": None, "max_tokens": 5}
    body = sent(an_ask(fields=both), connection=a_connection(OPENAI))
    assert {name: body[name] for name in CAPS if name in body} == {"max_completion_tokens": 5}


@pytest.mark.parametrize("caps", [(5, None), (None, 5), (5, 9), (9, 5)])
def test_of_two_caps_that_become_one_the_smaller_holds(caps: tuple[int | None, int | None]):
    fields = dict(zip(("max_completion_tokens", "max_tokens"), caps, strict=True))
    assert sent(an_ask(fields=fields), model=a_model("responses"))["max_output_tokens"] == 5
    assert sent(an_ask(fields=fields), model=a_model("completion"))["max_tokens"] == 5


def test_null_does_not_cross_into_another_mode():
    silent = dict.fromkeys(("response_format", "reasoning_effort", "tool_choice", "temperature", "unknown"))
    assert set(sent(an_ask(fields=silent), model=a_model("responses"))) == {"model", "input"}


@pytest.mark.parametrize("name", CAPS)
def test_the_accounts_cap_gives_way_to_the_asks_whatever_that_is_called(name: str):
    plan = a_plan(an_ask(fields={name: 400}), account=an_account(parameters={"max_tokens": 16}))
    assert {cap: plan.bodies[0][cap] for cap in CAPS if cap in plan.bodies[0]} == {name: 400}
    assert plan.added == ()


@pytest.mark.parametrize(
    ("mode", "body"),
    [
        ("chat", {"max_completion_tokens": 16, "n": 2, "stop": "x", "reasoning_effort": "low", "logprobs": True}),
        ("completion", {"max_tokens": 16, "n": 2, "stop": "x", "best_of": 3, "echo": True}),
        ("responses", {"max_output_tokens": 16, "reasoning": {"effort": "low"}}),
    ],
)
def test_the_accounts_parameters_take_each_modes_own_names_and_what_it_has_none_for_stays_behind(
    mode: Mode, body: dict[str, Any]
):
    shared = {"temperature": 0.5, "user": "u"}
    chats = {"max_tokens": 16, "n": 2, "stop": "x", "reasoning_effort": "low", "logprobs": True}
    hubs = {"model": "other", "stream": True, "messages": []}
    account = an_account(mode=mode, parameters={**shared, **chats, "best_of": 3, "echo": True, **hubs})
    plan = a_plan(account=account, connection=a_connection(OPENAI))
    said = {name: plan.bodies[0][name] for name in ("model", "messages", "prompt", "input") if name in plan.bodies[0]}
    assert plan.bodies[0] == {**said, **shared, **body}
    assert plan.bodies[0]["model"] == "m"
    assert set(plan.added) == {*shared, *body}
    assert plan.notices == ()


def test_what_the_model_was_seen_to_refuse_is_not_added_again():
    account = an_account(parameters={"temperature": 0.2, "max_tokens": 16, "top_p": 0.5})
    model = a_model(refuses=("temperature", "max_completion_tokens"))
    plan = a_plan(account=account, model=model, connection=a_connection(OPENAI))
    assert plan.bodies[0] == {"model": "m", "messages": [USER], "top_p": 0.5}
    assert plan.added == ("top_p",)


def test_a_hosts_own_field_is_sent_though_the_model_was_seen_to_refuse_it():
    assert sent(an_ask(fields={"temperature": 1}), model=a_model(refuses=("temperature",)))["temperature"] == 1


def test_a_rendered_conversations_stop_counts_as_added_by_the_hub():
    ask = an_ask(messages=({"role": "system", "content": "s"}, USER))
    assert a_plan(ask, model=a_model("completion")).added == ("stop",)


# streams


@pytest.mark.parametrize("wire", ["chat", "completion"])
def test_a_stream_is_counted_always_and_the_count_hidden_where_the_host_did_not_ask(wire: Wire):
    plan = a_plan(an_ask(wire, stream=True))
    assert (plan.bodies[0]["stream"], plan.bodies[0]["stream_options"]) == (True, {"include_usage": True})
    assert (plan.stream, plan.hide_usage, plan.added) == (True, True, ("stream_options",))


def test_a_host_that_asks_for_the_count_is_shown_it_and_keeps_its_other_options():
    options = {"include_usage": True, "include_obfuscation": False}
    plan = a_plan(an_ask(stream=True, fields={"stream_options": options}))
    assert plan.bodies[0]["stream_options"] == options
    assert (plan.hide_usage, plan.added) == (False, ())


def test_a_host_that_declines_the_count_is_counted_and_not_shown():
    plan = a_plan(an_ask(stream=True, fields={"stream_options": {"include_usage": False, "x": 1}}))
    assert plan.bodies[0]["stream_options"] == {"include_usage": True, "x": 1}
    assert plan.hide_usage


def test_a_provider_or_model_that_will_not_count_is_not_asked_to():
    uncounted = msgspec.structs.replace(PLAIN, usage_in_stream=False)
    assert "stream_options" not in sent(an_ask(stream=True), connection=a_connection(uncounted))
    assert "stream_options" not in sent(an_ask(stream=True), model=a_model(refuses=("stream_options",)))


def test_responses_know_no_such_option_and_count_by_themselves():
    body = sent(an_ask(stream=True, fields={"stream_options": {"include_usage": True}}), model=a_model("responses"))
    assert body["stream"] is True
    assert "stream_options" not in body


def test_a_call_that_is_not_a_stream_says_nothing_of_streams():
    assert sent() == {"model": "m", "messages": [USER]}


# what is lost between two wires

LOST: dict[tuple[Wire, Mode], dict[str, Any]] = {
    ("chat", "completion"): {"tools": [], "tool_choice": "auto", "store": True, "reasoning_effort": "low"},
    ("chat", "responses"): {"n": 2, "stop": "x", "seed": 1, "logit_bias": {}, "tools": []},
    ("completion", "chat"): {"best_of": 2},
    ("completion", "responses"): {"best_of": 2, "n": 2, "presence_penalty": 1},
    ("responses", "chat"): {"truncation": "auto", "include": [], "tools": [], "reasoning": {"summary": "auto"}},
    ("responses", "completion"): {"reasoning": {"effort": "low"}, "text": {"verbosity": "low"}, "metadata": {}},
}


@pytest.mark.parametrize("pair", LOST, ids=" as ".join)
def test_what_a_mode_has_no_counterpart_for_is_left_out_with_one_notice_that_names_it(pair: tuple[Wire, Mode]):
    wire, mode = pair
    kept = {"temperature": 0.5, "user": "u", "unknown": [1]}
    plan = a_plan(an_ask(wire, fields={**LOST[pair], **kept}), model=a_model(mode))
    assert set(LOST[pair]).isdisjoint(plan.bodies[0])
    assert {name: plan.bodies[0][name] for name in kept} == kept
    assert [n for n in plan.notices if n.startswith("Left out")] == [
        f"Left out, because {mode} has no counterpart of {wire}'s: {', '.join(LOST[pair])}."
    ]
    assert plan.emulated


def test_every_pair_of_wire_and_mode_is_covered():
    assert set(LOST) == {(wire, mode) for wire, modes in CROSSINGS.items() for mode in modes}


def test_what_the_host_left_empty_is_lost_in_silence():
    plan = a_plan(an_ask(fields={"tools": None, "stream_options": {"include_usage": True}}), model=a_model("responses"))
    assert not [notice for notice in plan.notices if notice.startswith("Left out")]


@pytest.mark.parametrize(
    ("chat", "responses"),
    [
        ({"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}),
        ({"verbosity": "low"}, {"text": {"verbosity": "low"}}),
        ({"response_format": {"type": "json_object"}}, {"text": {"format": {"type": "json_object"}}}),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "n"}}, "verbosity": "low"},
            {"text": {"format": {"type": "json_schema", "name": "n"}, "verbosity": "low"}},
        ),
        ({"metadata": {"a": "b"}, "service_tier": "flex"}, {"metadata": {"a": "b"}, "service_tier": "flex"}),
    ],
)
def test_chat_and_responses_know_the_same_things_in_other_words(chat: dict[str, Any], responses: dict[str, Any]):
    there = sent(an_ask("chat", fields=chat), model=a_model("responses"))
    back = sent(an_ask("responses", fields=responses), model=a_model("chat"))
    assert {name: there[name] for name in there if name not in ("model", "input")} == responses
    assert {name: back[name] for name in back if name not in ("model", "messages")} == chat


@pytest.mark.parametrize(
    ("wire", "mode", "name", "value"),
    [
        ("completion", "chat", "echo", True),
        ("completion", "chat", "logprobs", 3),
        ("completion", "chat", "logprobs", 0),
        ("completion", "responses", "logprobs", 1),
        ("completion", "responses", "echo", True),
        ("chat", "completion", "logprobs", True),
        ("chat", "responses", "top_logprobs", 2),
        ("responses", "chat", "previous_response_id", "resp_1"),
        ("responses", "completion", "background", True),
    ],
)
def test_what_would_change_the_meaning_of_an_answer_is_a_400_that_names_it(
    wire: Wire, mode: Mode, name: str, value: Any
):
    with pytest.raises(AskError) as caught:
        a_plan(an_ask(wire, fields={name: value}), model=a_model(mode))
    assert (caught.value.code, caught.value.param, caught.value.status) == ("unsupported_field", name, 400)


@pytest.mark.parametrize("mode", ["chat", "responses"])
@pytest.mark.parametrize("wire", ["chat", "completion"])
def test_a_completion_that_is_emulated_sends_nothing_that_only_completions_know(wire: Wire, mode: Mode):
    model, account = a_model(mode), an_account(mode="completion")
    plan = a_plan(an_ask(wire, fields={"best_of": 3, "echo": False, "suffix": ""}), account=account, model=model)
    assert {"best_of", "echo", "suffix"}.isdisjoint(plan.bodies[0])
    assert f"Left out, because {mode} has no counterpart of completion's: best_of." in plan.notices
    with pytest.raises(AskError) as caught:
        a_plan(an_ask(wire, fields={"echo": True}), account=account, model=model)
    assert (caught.value.code, caught.value.param) == ("unsupported_field", "echo")


@pytest.mark.parametrize("wire", ["chat", "completion", "responses"])
def test_what_the_account_loses_in_an_emulated_completion_is_told(wire: Wire):
    account = an_account(mode="completion", parameters={"best_of": 3, "echo": True, "suffix": "END"})
    plan = a_plan(an_ask(wire), account=account, model=a_model("chat"))
    assert {"best_of", "echo", "suffix"}.isdisjoint(plan.bodies[0])
    assert "Left out, because chat has no counterpart of completion's: best_of, echo." in plan.notices


@pytest.mark.parametrize(
    ("wire", "fields"),
    [("completion", {"echo": False, "logprobs": None}), ("chat", {"logprobs": False, "top_logprobs": 0})],
)
def test_the_same_fields_left_unset_do_no_harm(wire: Wire, fields: dict[str, Any]):
    plan = a_plan(an_ask(wire, fields=fields), model=a_model("responses"))
    assert set(fields).isdisjoint(plan.bodies[0])
    assert not [notice for notice in plan.notices if notice.startswith("Left out")]
