"""How long a call is before it leaves, and what does not fit."""

from typing import Any

import pytest

from ringmain.errors import AskError
from ringmain.exchange.ask import Ask
from ringmain.exchange.model import Model
from ringmain.exchange.reckon import UNCAPPED, is_long, lengths, reckon
from ringmain.exchange.tokens import estimate, estimate_messages
from tests.exchange.factories import USER, a_model, a_plan, an_account, an_ask

LONG = "word " * 1000


def written(body: dict[str, Any], model: Model) -> int:
    """The most that the model may write to a call of this body."""
    return reckon([body], model).expected[0].output_tokens


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        ({"messages": [USER]}, estimate_messages([USER])),
        ({"prompt": LONG}, estimate(LONG)),
        ({"prompt": [LONG, "a"]}, estimate(LONG) + 1),
        ({"prompt": [1, 2, 3]}, 3),
        ({"prompt": [[1, 2], [3]]}, 3),
        ({"prompt": ""}, 0),
        ({"prompt": []}, 0),
        ({"input": LONG, "instructions": LONG}, 2 * estimate(LONG)),
        ({"input": [USER], "instructions": LONG}, estimate(LONG) + estimate_messages([USER])),
        ({"prompt": {"id": "template"}, "input": "a"}, 1),
        ({"input": ["stray", USER]}, estimate_messages([{}, USER])),
        ({"messages": [{"role": "assistant", "tool_calls": "stray"}]}, estimate_messages([{}])),
    ],
)
def test_a_calls_words_are_counted_wherever_they_stand(body: dict[str, Any], tokens: int):
    assert sum(lengths(body)) == tokens


@pytest.mark.parametrize(
    ("body", "most"),
    [
        ({"max_tokens": 10}, 10),
        ({"max_completion_tokens": 10}, 10),
        ({"max_output_tokens": 10, "max_tokens": 5}, 5),
        ({"max_tokens": 0}, 0),
        ({"max_tokens": 10, "n": 3}, 30),
        ({"max_tokens": 10, "n": 2, "best_of": 5}, 50),
        ({"max_tokens": 10, "prompt": ["a", "b"], "n": 2}, 40),
        ({"max_tokens": 10, "prompt": [1, 2, 3]}, 10),
        ({}, UNCAPPED),
        ({"max_tokens": None, "n": None}, UNCAPPED),
        ({"max_tokens": "many", "n": "some"}, UNCAPPED),
    ],
)
def test_the_most_that_may_be_written_is_the_cap_of_every_choice_of_every_prompt(body: dict[str, Any], most: int):
    assert written(body, a_model()) == most


@pytest.mark.parametrize("fields", [{"max_tokens": -1}, {"n": -5}, {"max_tokens": -1, "n": 0}])
def test_a_negative_number_does_not_make_a_call_free(fields: dict[str, Any]):
    assert written(fields, a_model()) == UNCAPPED


def test_a_model_that_writes_little_is_expected_to_write_no_more():
    assert written({}, a_model(max_output=100)) == 100
    assert written({}, a_model(max_output=100_000)) == UNCAPPED


def test_what_passes_the_context_window_is_refused_with_both_numbers():
    with pytest.raises(AskError) as caught:
        a_plan(an_ask(fields={"max_tokens": 1000}), model=a_model(context_window=900))
    error, prompt = caught.value, estimate_messages([USER])
    assert (error.code, error.status, error.param) == ("context_length_exceeded", 400, "messages")
    assert f"about {prompt} tokens" in error.sentence
    assert "asks for 1000" in error.sentence
    assert "holds 900 together" in error.sentence


@pytest.mark.parametrize(
    ("ask", "long"),
    [
        (an_ask(fields={"max_tokens": 900}), False),
        (an_ask(fields={"max_tokens": 1000}), True),
        (an_ask("completion", prompts=("a", LONG)), True),
        (an_ask("embeddings", fields={"input": "a"}), False),
        (an_ask("embeddings", fields={"input": [LONG, LONG]}), True),
    ],
)
def test_a_call_is_long_by_what_it_reads_and_what_it_may_write(ask: Ask, long: bool):
    assert is_long(a_plan(ask)) is long


def test_a_cap_that_nobody_set_is_not_told_of():
    with pytest.raises(AskError) as caught:
        a_plan(an_ask("completion", prompts=(LONG,)), model=a_model(context_window=10))
    assert "max_tokens" not in str(caught.value)
    assert caught.value.sentence.endswith("holds 10.")


@pytest.mark.parametrize(("window", "fits"), [(estimate(LONG), True), (int(estimate(LONG) * 0.7), False), (None, True)])
def test_an_estimate_that_may_be_too_high_is_given_the_benefit_of_the_doubt(window: int | None, fits: bool):
    ask, model = an_ask("completion", prompts=(LONG,)), a_model(context_window=window)
    if fits:
        assert a_plan(ask, model=model).input_tokens == estimate(LONG)
    else:
        with pytest.raises(AskError) as caught:
            a_plan(ask, model=model)
        assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "prompt")


def test_one_prompt_too_long_is_not_hidden_by_short_ones():
    with pytest.raises(AskError):
        a_plan(an_ask("completion", prompts=("a", "b", LONG)), model=a_model(context_window=500))


def test_many_prompts_that_fit_one_by_one_fit():
    a_plan(an_ask("completion", prompts=("word " * 100,) * 20), model=a_model(context_window=500))


@pytest.mark.parametrize("name", ["tools", "functions", "response_format", "text"])
def test_what_the_model_is_given_to_read_beside_the_words_counts(name: str):
    form = [{"description": LONG}]
    assert sum(lengths({"input": [USER], name: form})) == estimate_messages([USER]) + estimate(str(form))
    assert sum(lengths({"input": [USER], name: None})) == estimate_messages([USER])


def test_a_long_result_of_a_tool_does_not_slip_past_the_window():
    items = [{"type": "function_call_output", "call_id": "1", "output": LONG}]
    with pytest.raises(AskError):
        a_plan(an_ask("responses", fields={"input": items}), model=a_model("responses", context_window=500))


def test_what_the_account_adds_counts_too():
    with pytest.raises(AskError):
        a_plan(account=an_account(context=LONG), model=a_model(context_window=500))
