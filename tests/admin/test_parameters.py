"""OpenAI's parameters, by name, type and range."""

from dataclasses import fields
from typing import Any

import pytest

from ringmain.admin.parameters import PARAMETERS, wrong
from ringmain.cli.options import Parameters
from ringmain.exchange.guard import MOST_CHOICES

RIGHT = [
    ("temperature", 0),
    ("temperature", 2.0),
    ("top_p", 1),
    ("n", 1),
    ("max_tokens", 1),
    ("stop", "END"),
    ("stop", ["a", "b", "c", "d"]),
    ("presence_penalty", -2),
    ("frequency_penalty", 2),
    ("seed", -5),
    ("logit_bias", {"50256": -100}),
    ("response_format", {"type": "json_object"}),
    ("reasoning_effort", "xhigh"),
    ("echo", True),
]

WRONG = [
    ("temperature", 2.1),
    ("temperature", -0.1),
    ("temperature", "1"),
    ("temperature", True),
    ("temperature", float("nan")),
    ("top_p", 1.01),
    ("n", 0),
    ("n", 1.0),
    ("max_tokens", 0),
    ("max_tokens", "many"),
    ("stop", []),
    ("stop", ["a", "b", "c", "d", "e"]),
    ("stop", [""]),
    ("stop", [1]),
    ("presence_penalty", -2.5),
    ("frequency_penalty", 3),
    ("seed", 1.5),
    ("seed", 2**70),
    ("logit_bias", {"a": 1}),
    ("logit_bias", {"1": 101}),
    ("response_format", "json"),
    ("reasoning_effort", "extreme"),
    ("echo", "yes"),
    ("user", "x" * 5000),
]


@pytest.mark.parametrize(("name", "value"), RIGHT, ids=repr)
def test_what_openai_takes_is_right(name: str, value: Any):
    assert wrong({name: value}) is None


@pytest.mark.parametrize(("name", "value"), WRONG, ids=repr)
def test_what_openai_refuses_is_wrong_and_the_fix_says_what_it_takes(name: str, value: Any):
    problem = wrong({name: value})
    assert problem
    assert problem.name == name
    assert problem.sentence.startswith(f"{name} cannot be ")
    assert problem.fix.startswith("It takes ")


def test_an_unknown_name_gets_the_nearest_one():
    problem = wrong({"temprature": 1})
    assert problem
    assert problem.sentence == "There is no parameter 'temprature'. Did you mean 'temperature'?"


def test_every_parameter_is_an_option_of_the_command_line():
    assert [field.name for field in fields(Parameters)] == list(PARAMETERS)


@pytest.mark.parametrize("name", ["n", "best_of"])
def test_no_more_choices_can_be_saved_than_an_ask_may_have(name: str):
    assert wrong({name: MOST_CHOICES}) is None
    assert wrong({name: MOST_CHOICES + 1})
