"""What a line of a batch's files says, and what all of them come to."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ringmain.errors import ProviderError
from ringmain.exchange.prices import halved, price_of
from ringmain.exchange.reply import Usage
from ringmain.hosts.flyte.inside.batch.answers import Answer, Tally, id_of, read
from ringmain.hosts.flyte.inside.batch.lines import lines


def line(status: int | None, body: dict[str, Any], error: Any = None, id: str = "a") -> bytes:
    response = None if status is None else {"status_code": status, "request_id": "r", "body": body}
    return json.dumps({"id": "x", "custom_id": id, "response": response, "error": error}).encode()


def answer(status: int | None, body: dict[str, Any] | None = None, error: Any = None) -> Answer:
    read_line = read(line(status, body or {}, error))
    assert read_line is not None
    return read_line


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 2}}, Usage(3, 4, 2)),
        ({"input_tokens": 3, "output_tokens": 4, "output_tokens_details": {"reasoning_tokens": 1}}, Usage(3, 4, 0, 1)),
        ({"prompt_tokens": 3, "total_tokens": 3}, Usage(3)),
        (None, Usage()),
    ],
)
def test_the_usage_of_each_endpoint_is_read(usage: Any, counted: Usage) -> None:
    told = answer(200, {"model": "m", "usage": usage})
    assert (told.kind, told.model, told.usage) == ("answered", "m", counted)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, None, "refused"),
        (404, None, "refused"),
        (429, None, "again"),
        (408, None, "again"),
        (500, None, "again"),
        (None, {"code": "batch_expired", "message": "late"}, "again"),
        (None, {"code": "batch_cancelled", "message": "late"}, "again"),
        (None, {"code": "odd", "message": "late"}, "refused"),
        (200, {"code": "odd", "message": "late"}, "refused"),
    ],
)
def test_what_was_not_answered_may_be_asked_again_or_not(status: int | None, error: Any, kind: str) -> None:
    told = answer(status, {"error": {"message": "late"}}, error)
    assert told.kind == kind
    assert "late" in told.why


@pytest.mark.parametrize("odd", [b"", b"{", b"[]", b'{"custom_id": 7}', b'{"response": {}}', b"\xff", b"[" * 9999])
def test_what_is_no_line_of_the_batch_api_is_none(odd: bytes) -> None:
    assert read(odd) is None


def test_a_row_counts_once_and_each_model_for_itself() -> None:
    tally = Tally(lambda model: price_of("1", "2") if model == "m" else None)
    usage = {"prompt_tokens": 10, "completion_tokens": 5}
    told = [(200, "m", "a"), (200, "m", "a"), (200, "m", "b"), (200, "other", "c"), (400, "", "d"), (503, "", "e")]
    for status, model, id in told:
        counted = read(line(status, {"model": model, "usage": usage}, id=id))
        assert counted
        tally.add(counted)
    assert (tally.answered, tally.refused, tally.closed) == (3, 1, {"a", "b", "c", "d"})
    assert (tally.spent["m"].usage, tally.spent["m"].picodollars) == (Usage(20, 10), 40_000_000)
    assert (tally.spent["other"].answers, tally.spent["other"].picodollars) == (1, None)


def test_half_a_price_is_rounded_up_to_whole_picodollars() -> None:
    half = halved(price_of("0.15", "0.000003", cached="0.075"))
    assert (half.input, half.output, half.cached, half.cache_write) == (75_000, 2, 37_500, None)


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_lines_are_put_together_from_whatever_pieces_come() -> None:
    text = '{"a": "ü\u2028"}\n\r\n{"b": 1}\r\n{"c": 2}'.encode()
    for size in (1, 2, 5, 100):
        parts = [text[at : at + size] for at in range(0, len(text), size)]
        read_lines = [json.loads(line) async for line in lines(pieces(*parts))]
        assert read_lines == [{"a": "ü\u2028"}, {"b": 1}, {"c": 2}]


async def test_a_line_without_end_is_not_held() -> None:
    with pytest.raises(ProviderError, match="line without end"):
        _ = [line async for line in lines(pieces(b"x" * 60, b"x" * 60), largest=100)]


def test_an_answer_that_ends_in_the_middle_of_a_character_is_one() -> None:
    body = {"model": "m", "choices": [{"message": {"content": "Parrots \ud83e"}}]}
    line = json.dumps({"custom_id": "a", "response": {"status_code": 200, "body": body}}).encode()
    answer = read(line)
    assert answer is not None
    assert (answer.custom_id, answer.kind, answer.model) == ("a", "answered", "m")
    assert id_of(line) == "a"


def test_a_price_is_looked_up_once_for_all_answers_of_a_model() -> None:
    asked: list[str] = []
    tally = Tally(lambda model: asked.append(model))
    for at, model in enumerate("mmnm"):
        tally.add(Answer(custom_id=str(at), kind="answered", model=model))
    assert asked == ["m", "n"]
