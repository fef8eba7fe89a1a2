"""What a line of a magic says."""

import re
from pathlib import Path

import pytest

from ringmain.errors import AskError
from ringmain.hosts.notebook.inside.chatting import LOOKING
from ringmain.hosts.notebook.inside.connecting import FLAGS
from ringmain.hosts.notebook.inside.flags import ASKING, check_rows, described, read

REFERENCE = Path(__file__).parents[3] / "docs/reference/notebook.md"


@pytest.mark.parametrize(
    ("line", "flags", "rest"),
    [
        ("what's this?", {}, "what's this?"),
        ("--model m what --is this", {"model": "m"}, "what --is this"),
        ("--model=m  --max-tokens 5   hello  there ", {"model": "m", "max_tokens": 5}, "hello  there"),
        ('--system "Be \\"brief\\" \\\\ please" x', {"system": 'Be "brief" \\ please'}, "x"),
        ("--system 'Be \"brief\"' x", {"system": 'Be "brief"'}, "x"),
        ("--system it's x", {"system": "it's"}, "x"),
        ("--temperature -1 x".replace("temperature", "presence-penalty"), {"presence_penalty": -1.0}, "x"),
        ("--stop a --stop=b x", {"stop": ["a", "b"]}, "x"),
        ("--echo --no-store x", {"echo": True, "store": False}, "x"),
        ("-- --model m", {}, "--model m"),
        ("--raw -- --", {"raw": True}, "--"),
        ("""--response-format '{"type": "json_object"}' x""", {"response_format": {"type": "json_object"}}, "x"),
        ("--max_tokens 5 x", {"max_tokens": 5}, "x"),
        ("--stop=--- x", {"stop": ["---"]}, "x"),
        ("", {}, ""),
    ],
)
def test_flags_stand_first_and_the_rest_is_left_as_it_was_typed(line: str, flags: object, rest: str) -> None:
    said = read(line, ASKING)
    assert (said.flags, said.rest) == (flags, rest)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("--top-p 2 x", "--top-p cannot be 2.0."),
        ("--n 1.5 x", "--n cannot be '1.5'."),
        ("--timeout nan x", "--timeout cannot be nan."),
        ("--metadata {} x", "--metadata cannot be {}."),
        ("--logit-bias oops x", "--logit-bias cannot be 'oops'."),
        ("--reasoning-effort much x", "--reasoning-effort cannot be 'much'."),
        ("--max-token 5 x", "There is no flag 'max-token'. Did you mean 'max-tokens'?"),
        ("--system", "--system has no value."),
        ("--no-model x", "There is no flag 'no-model'. Did you mean 'model'?"),
    ],
)
def test_what_cannot_be_set_so_is_named_as_it_is_typed(line: str, sentence: str) -> None:
    with pytest.raises(AskError) as caught:
        read(line, ASKING)
    assert caught.value.sentence == sentence


def test_what_a_variable_says_becomes_no_flag() -> None:
    said = read("--system {x} hello", ASKING, lambda word: word.replace("{x}", "a --demo 'b"))
    assert said.flags == {"system": "a --demo 'b"}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("--column city x", "--column is for rows, and none are named."),
        ("--keep file x", "--keep is for rows, and none are named."),
        ("--each df --as json x", "Rows are shown as a table, and --as has no place there."),
    ],
)
def test_flags_that_do_not_go_together_are_named(line: str, sentence: str) -> None:
    with pytest.raises(AskError) as caught:
        check_rows(read(line, ASKING))
    assert caught.value.sentence == sentence


def test_the_help_has_every_flag_once() -> None:
    lines = described(ASKING).splitlines()
    assert len(lines) == len(ASKING)
    assert all(f"  --{name.replace('_', '-')}" in line for name, line in zip(ASKING, lines, strict=True))
    assert max(map(len, lines)) < 140
    assert len({line.index(rule.help) for line, rule in zip(lines, ASKING.values(), strict=True)}) == 1
    assert next(line for line in lines if "--as ONE" in line).endswith("One of: markdown, text, json, html, code, df.")


def test_the_reference_has_every_flag_and_no_other() -> None:
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", REFERENCE.read_text()))
    assert told == {f"--{name.replace('_', '-')}" for name in (*ASKING, *LOOKING, *FLAGS)}
