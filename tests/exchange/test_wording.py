"""What a call says: context, prefix and suffix, the gap, and earlier turns, in every mode."""

from typing import Any

import pytest

from ringmain.errors import AskError
from ringmain.exchange.ask import Ask, Mode
from ringmain.exchange.modes.chat import followed
from ringmain.exchange.modes.completion import TURN, gap
from tests.exchange.factories import OPENAI, USER, a_connection, a_model, a_plan, an_account, an_ask, sent

PROMPT = USER["content"]
ODOO = an_account(mode="completion", prompt_prefix="In Odoo: ", prompt_suffix=" Briefly.")
ODOO_CHATS = an_account(mode="chat", prompt_prefix="In Odoo: ", prompt_suffix=" Briefly.")
FRAMED = f"In Odoo: {PROMPT} Briefly."
CONTEXT = an_account(context="You are a helpful ERP assistant.")
SYSTEM = {"role": "system", "content": "You are a helpful ERP assistant."}
TURNS = ({"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"})
BEFORE, AFTER = gap("the end")


# context


def test_the_context_is_the_system_message_of_chat():
    assert sent(account=CONTEXT)["messages"] == [SYSTEM, USER]


@pytest.mark.parametrize("role", ["system", "developer"])
def test_the_asks_own_system_message_stands_instead_of_the_context(role: str):
    own = {"role": role, "content": "Answer in French."}
    assert sent(an_ask(messages=(own, USER)), account=CONTEXT)["messages"] == [own, USER]


def test_the_context_becomes_the_instructions_of_responses():
    body = sent(an_ask("responses"), account=CONTEXT)
    assert (body["instructions"], body["input"]) == (SYSTEM["content"], PROMPT)


def test_the_asks_own_instructions_stand_instead_of_the_context():
    own = an_ask("responses", fields={"instructions": "Be kind."}, messages=({"role": "system", "content": "x"}, USER))
    assert sent(own, account=CONTEXT)["instructions"] == "Be kind."


@pytest.mark.parametrize("wire", ["chat", "completion"])
def test_completion_mode_has_no_context(wire: Any):
    account = an_account(mode="completion", context="You are a helpful ERP assistant.")
    assert sent(an_ask(wire), account=account)["prompt"] == PROMPT
    assert sent(an_ask(wire), account=account, model=a_model("chat"))["messages"] == [USER]


def test_a_completion_asked_of_an_auto_account_has_no_context():
    assert sent(an_ask("completion"), account=CONTEXT)["prompt"] == PROMPT


def test_an_account_that_is_set_to_chat_gives_a_completions_host_its_context_too():
    account = an_account(mode="chat", context=SYSTEM["content"], prompt_prefix="In Odoo: ")
    assert sent(an_ask("completion"), account=account)["messages"] == [SYSTEM, USER]


# prefix and suffix


def test_prefix_and_suffix_stand_around_the_prompt_of_a_native_completion():
    assert sent(an_ask("completion"), account=ODOO)["prompt"] == FRAMED
    assert sent(an_ask("chat"), account=ODOO)["prompt"] == FRAMED


def test_and_around_every_prompt_of_a_list():
    ask = an_ask("completion", prompts=("a", "b"))
    assert sent(ask, account=ODOO)["prompt"] == ["In Odoo: a Briefly.", "In Odoo: b Briefly."]


@pytest.mark.parametrize("wire", ["chat", "completion"])
def test_and_around_the_question_where_completion_is_emulated_on_chat(wire: Any):
    assert sent(an_ask(wire), account=ODOO, model=a_model("chat"))["messages"] == [{"role": "user", "content": FRAMED}]


def test_and_around_the_question_where_completion_is_emulated_on_responses():
    said = {"role": "user", "content": FRAMED}
    assert sent(account=ODOO, model=a_model("responses"))["input"] == [said]
    assert sent(an_ask("responses"), account=ODOO, model=a_model("responses"))["input"] == FRAMED
    items = an_ask("responses", fields={"input": [{"type": "reasoning"}, USER]})
    assert sent(items, account=ODOO, model=a_model("responses"))["input"] == [{"type": "reasoning"}, said]


def test_and_around_what_the_user_said_last_and_no_earlier_turn():
    body = sent(account=ODOO, model=a_model("chat"), turns=TURNS)
    assert body["messages"] == [*TURNS, {"role": "user", "content": FRAMED}]
    assert sent(account=ODOO, turns=TURNS)["prompt"] == f"User: hi\nAssistant: hello\nUser: {FRAMED}\nAssistant:"


def test_and_around_the_parts_of_a_question_with_a_picture():
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "data:,x"}}]
    said = sent(an_ask(messages=({"role": "user", "content": parts},)), account=ODOO, model=a_model("chat"))
    before, after = ({"type": "text", "text": text} for text in ("In Odoo: ", " Briefly."))
    assert said["messages"][0]["content"] == [before, *parts, after]


@pytest.mark.parametrize("mode", ["auto", "chat", "responses"])
def test_outside_completion_mode_prefix_and_suffix_stand_nowhere(mode: Any):
    account = an_account(mode=mode, prompt_prefix="In Odoo: ", prompt_suffix=" Briefly.")
    for wire in ("chat", "responses"):
        assert str(sent(an_ask(wire), account=account)).count(PROMPT) == 1
        assert "Odoo" not in str(sent(an_ask(wire), account=account))
        assert "Briefly" not in str(sent(an_ask(wire), account=account))


def test_a_prefix_cannot_stand_before_token_numbers():
    with pytest.raises(AskError) as caught:
        a_plan(an_ask("completion", prompts=([1, 2],)), account=ODOO)
    assert (caught.value.code, caught.value.param, caught.value.status) == ("unsupported_field", "prompt", 400)


def test_token_numbers_travel_as_they_came_where_nothing_is_put_around_them():
    assert sent(an_ask("completion", prompts=([1, 2],)))["prompt"] == [1, 2]
    assert sent(an_ask("completion", prompts=([1, 2], [3])))["prompt"] == [[1, 2], [3]]


def test_a_completion_without_a_prompt_is_nothing_to_ask():
    with pytest.raises(AskError) as caught:
        a_plan(an_ask("completion", prompts=()))
    assert caught.value.code == "nothing_to_ask"


# the suffix parameter


def test_the_suffix_travels_where_the_provider_has_it():
    body = sent(an_ask("completion", fields={"suffix": "the end"}), connection=a_connection(OPENAI))
    assert (body["prompt"], body["suffix"]) == (PROMPT, "the end")


@pytest.mark.parametrize(
    ("ask", "modes"),
    [
        (an_ask("completion", fields={"suffix": "the end"}), ("completion",)),
        (an_ask("completion", fields={"suffix": "the end"}), ("chat",)),
        (an_ask("completion", fields={"suffix": "the end"}), ("responses",)),
        (an_ask("chat", fields={"suffix": "the end"}, mode="completion"), ("completion",)),
        (an_ask("chat", fields={"suffix": "the end"}, mode="completion"), ("chat",)),
    ],
)
def test_elsewhere_the_suffix_is_put_as_a_question_for_the_gap_and_not_sent(ask: Ask, modes: tuple[Mode, ...]):
    plan = a_plan(ask, model=a_model(*modes))
    body, asked = plan.bodies[0], f"{BEFORE}{PROMPT}{AFTER}"
    assert "suffix" not in body
    assert asked in (body.get("prompt"), *(m["content"] for m in body.get("messages", body.get("input", ()))))
    assert any("suffix was put into words" in notice for notice in plan.notices)


def test_the_gap_lies_within_the_accounts_prefix_and_suffix():
    body = sent(an_ask("completion", fields={"suffix": "the end"}), account=ODOO)
    assert body["prompt"] == f"In Odoo: {BEFORE}{PROMPT}{AFTER} Briefly."


def test_an_accounts_suffix_is_for_completion_and_gives_way_to_the_asks():
    account = an_account(mode="completion", parameters={"suffix": "the end"})
    assert sent(account=account, connection=a_connection(OPENAI))["suffix"] == "the end"
    assert sent(account=account)["prompt"] == f"{BEFORE}{PROMPT}{AFTER}"
    assert sent(an_ask("completion", fields={"suffix": ""}), account=account)["prompt"] == PROMPT
    assert sent(an_ask("completion", fields={"suffix": None}), account=account)["prompt"] == f"{BEFORE}{PROMPT}{AFTER}"
    chatting = an_account(mode="chat", parameters={"suffix": "the end"})
    assert sent(account=chatting) == {"model": "m", "messages": [USER]}


def test_a_suffix_cannot_be_put_into_words_beside_token_numbers():
    with pytest.raises(AskError) as caught:
        a_plan(an_ask("completion", prompts=([1, 2],), fields={"suffix": "the end"}))
    assert caught.value.code == "unsupported_field"


@pytest.mark.parametrize("modes", [("chat",), ("responses",), ("completion",)])
def test_a_rooms_chat_is_told_of_the_text_that_will_follow_as_no_chat_has_a_field_for_it(modes: tuple[Mode, ...]):
    plan = a_plan(an_ask(fields={"suffix": "Best, Ann"}, lenient=True), model=a_model(*modes))
    body, asked = plan.bodies[0], f"{PROMPT}{followed('Best, Ann')}"
    assert "suffix" not in body
    assert asked in (body.get("prompt"), *(m["content"] for m in body.get("messages", body.get("input", ()))))
    assert any("suffix was put into words" in notice for notice in plan.notices)


def test_only_the_last_thing_that_the_user_said_is_told_of_it():
    body = sent(an_ask(messages=(SYSTEM, *TURNS, USER), fields={"suffix": "x"}, lenient=True), account=ODOO_CHATS)
    assert body["messages"] == [SYSTEM, *TURNS, {**USER, "content": f"{PROMPT}{followed('x')}"}]


def test_where_only_the_system_speaks_its_message_is_the_question():
    body = sent(an_ask(messages=(SYSTEM,), fields={"suffix": "x"}, lenient=True))
    assert body["messages"] == [{**SYSTEM, "content": f"{SYSTEM['content']}{followed('x')}"}]


def test_a_chat_of_a_model_for_completion_has_the_field_where_the_provider_has_it():
    body = sent(an_ask(fields={"suffix": "x"}), model=a_model("completion"), connection=a_connection(OPENAI))
    assert (body["prompt"], body["suffix"]) == (PROMPT, "x")


@pytest.mark.parametrize("suffix", ["", None, 7])
def test_what_is_no_text_travels_from_a_chat_as_any_unknown_field(suffix: Any):
    ask = an_ask(fields={"suffix": suffix}, lenient=True)
    assert sent(ask) == {"model": "m", "suffix": suffix, "messages": [USER]}


def test_on_v1_a_suffix_travels_from_a_chat_as_it_came():
    assert sent(an_ask(fields={"suffix": "x"})) == {"model": "m", "suffix": "x", "messages": [USER]}


def test_a_suffix_of_a_response_is_an_unknown_field_like_any_other():
    assert sent(an_ask("responses", fields={"suffix": "x"}))["suffix"] == "x"


# emulation and memory


def test_a_chat_is_rendered_as_a_prompt_with_a_stop_before_the_next_turn_of_the_user():
    ask = an_ask(messages=(SYSTEM, *TURNS, USER, {"role": "tool", "content": "42"}))
    body = sent(ask, model=a_model("completion"))
    said = f"{SYSTEM['content']}\n\nUser: hi\nAssistant: hello\nUser: {PROMPT}\nTool: 42\nAssistant:"
    assert body == {"model": "m", "prompt": said, "stop": [TURN]}


@pytest.mark.parametrize(("name", "value"), [("echo", True), ("logprobs", 0)])
def test_prompts_that_are_a_call_each_beside_earlier_turns_are_refused_what_cannot_be_joined(name: str, value: Any):
    fields = {name: value}
    with pytest.raises(AskError) as caught:
        a_plan(an_ask("completion", prompts=("a", "b"), fields=fields), turns=TURNS)
    assert (caught.value.code, caught.value.param) == ("unsupported_field", name)
    assert sent(an_ask("completion", prompts=("a",), fields=fields), turns=TURNS)[name] == value


PICTURE = {"type": "image_url", "image_url": {"url": "data:x"}}


def test_what_a_prompt_cannot_hold_is_named():
    seen = {"role": "user", "content": [{"type": "text", "text": "Look"}, PICTURE, PICTURE, {"type": "file"}]}
    calling = {"role": "assistant", "content": None, "tool_calls": [{"id": "c1"}]}
    ask = an_ask(messages=(seen, calling))
    notice = "Left out, because completion cannot be told of it: image_url, file, tool_calls."
    assert notice in a_plan(ask, model=a_model("completion")).notices
    for mode in ("chat", "responses"):
        assert not [n for n in a_plan(ask, model=a_model(mode)).notices if n.startswith("Left out")]


def test_an_item_that_only_a_response_can_hold_is_named_where_another_mode_is_asked():
    ask = an_ask("responses", unsaid=("reasoning", "item_reference"))
    notice = "Left out, because chat cannot be told of it: reasoning, item_reference."
    assert notice in a_plan(ask, model=a_model("chat")).notices
    assert not a_plan(ask, model=a_model("responses")).notices


def test_a_stop_that_was_asked_for_wins_over_the_rendered_ones():
    ask = an_ask(messages=(SYSTEM, USER), fields={"stop": ["END"]})
    assert sent(ask, model=a_model("completion"))["stop"] == ["END"]
    account = an_account(parameters={"stop": "."})
    assert sent(an_ask(messages=(SYSTEM, USER)), account=account, model=a_model("completion"))["stop"] == "."


def test_a_single_question_is_a_prompt_as_it_stands_without_a_stop():
    assert sent(model=a_model("completion")) == {"model": "m", "prompt": PROMPT}


def test_a_hosts_own_prompt_that_looks_rendered_gets_no_stop():
    ask = an_ask("completion", prompts=("User: hi\nAssistant:",))
    assert sent(ask) == {"model": "m", "prompt": "User: hi\nAssistant:"}


def test_a_list_of_prompts_is_one_call_each_where_it_is_emulated():
    plan = a_plan(an_ask("completion", prompts=("a", "b"), fields={"n": 2}), model=a_model("chat"))
    assert [body["messages"][0]["content"] for body in plan.bodies] == ["a", "b"]
    assert [body["n"] for body in plan.bodies] == [2, 2]


def test_a_list_of_prompts_with_a_memory_is_one_call_each():
    plan = a_plan(an_ask("completion", prompts=("a", "b")), turns=TURNS)
    said = "User: hi\nAssistant: hello\nUser: {}\nAssistant:"
    assert [body["prompt"] for body in plan.bodies] == [said.format("a"), said.format("b")]


def test_system_messages_stand_before_earlier_turns():
    assert sent(account=CONTEXT, turns=TURNS)["messages"] == [SYSTEM, *TURNS, USER]
    own = {"role": "developer", "content": "Answer in French."}
    assert sent(an_ask(messages=(own, USER)), turns=TURNS)["messages"] == [own, *TURNS, USER]


def test_earlier_turns_travel_before_the_input_of_responses():
    assert sent(an_ask("responses"), turns=TURNS)["input"] == [*TURNS, USER]
    items = an_ask("responses", fields={"input": [SYSTEM, USER]}, messages=(SYSTEM, USER))
    assert sent(items, turns=TURNS)["input"] == [SYSTEM, *TURNS, USER]


def test_a_response_without_input_gets_none():
    template = {"id": "pmpt_1"}
    ask = Ask(id="ask_1", wire="responses", fields={"prompt": template})
    assert sent(ask) == {"model": "m", "prompt": template}


def test_a_chat_is_put_to_responses_as_instructions_and_input():
    picture = {"type": "image_url", "image_url": {"url": "data:,x"}}
    said = {"role": "user", "content": [{"type": "text", "text": "What?"}, picture]}
    answer = {"role": "assistant", "content": [{"type": "text", "text": "That."}]}
    body = sent(an_ask(messages=(SYSTEM, said, answer, USER)), model=a_model("responses"))
    shown = [{"type": "input_text", "text": "What?"}, {"type": "input_image", "image_url": "data:,x", "detail": "auto"}]
    assert body["instructions"] == SYSTEM["content"]
    assert body["input"] == [
        {"role": "user", "content": shown},
        {"role": "assistant", "content": [{"type": "output_text", "text": "That."}]},
        USER,
    ]


def test_a_response_is_put_to_chat_and_completion_from_its_messages():
    ask = an_ask("responses", fields={"instructions": SYSTEM["content"]}, messages=(SYSTEM, USER))
    assert sent(ask, model=a_model("chat")) == {"model": "m", "messages": [SYSTEM, USER]}
    rendered = f"{SYSTEM['content']}\n\nUser: {PROMPT}\nAssistant:"
    assert sent(ask, model=a_model("completion")) == {"model": "m", "prompt": rendered, "stop": [TURN]}


def test_a_completion_is_put_to_responses_as_input():
    assert sent(an_ask("completion"), model=a_model("responses")) == {"model": "m", "input": [USER]}


@pytest.mark.parametrize("mode", ["chat", "responses"])
def test_token_numbers_cannot_be_emulated(mode: Mode):
    with pytest.raises(AskError) as caught:
        a_plan(an_ask("completion", prompts=([1, 2],)), model=a_model(mode))
    assert (caught.value.code, caught.value.param, caught.value.status) == ("unsupported_field", "prompt", 400)
