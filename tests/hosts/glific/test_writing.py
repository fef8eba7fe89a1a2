"""What a flow finds under its result."""

import json
from typing import Any

import pytest

from ringmain.errors import HubError, Refusal
from ringmain.exchange.ask import Ask
from ringmain.exchange.reply import Choice, Message, Reply
from tests.hosts.glific.requests import wire

PLAIN: dict[str, Any] = {"decode": False, "fallback": "", "thread": ""}


def written(text: str | None, *, refusal: str | None = None, finish: str = "stop", **own: Any) -> tuple[int, Any]:
    message = Message(text, refusal=refusal)
    reply = Reply(
        id="ask_1", wire="chat", mode="chat", model="m", choices=(Choice(0, message, finish),), notices=("Mapped.",)
    )
    answer = wire().write(reply, Ask(id="ask_1", own={**PLAIN, **own}))
    return answer.status, json.loads(answer.body)


def test_the_answer_stands_where_the_document_says() -> None:
    status, told = written("Millet needs little.")
    assert (status, told["success"], told["parsed_msg"]) == (200, True, "Millet needs little.")
    assert (told["parts"], told["parts_count"]) == ({"1": "Millet needs little."}, 1)
    assert (told["model"], told["finish_reason"], told["notices"], told["ask"]) == ("m", "stop", ["Mapped."], "ask_1")
    assert "thread_id" not in told


def test_markdown_becomes_what_whatsapp_shows() -> None:
    assert written("**Millet** needs ~~no~~ little.")[1]["parsed_msg"] == "*Millet* needs ~no~ little."


def test_a_long_answer_comes_in_parts_that_whatsapp_takes() -> None:
    _, told = written(" ".join(f"Sentence {at} says a little more." for at in range(400)))
    assert told["parts_count"] > 2
    assert told["parsed_msg"] == told["parts"]["1"]
    assert all(0 < len(part) < 4096 for part in told["parts"].values())


@pytest.mark.parametrize(
    "text", ['{"crop": "millet", "note": "**dry**"}', '```json\n{"crop": "millet"}\n```', "[1, 2]"]
)
def test_json_stays_a_text_and_is_decoded_beside_it(text: str) -> None:
    _, told = written(text)
    assert told["parsed_msg"] == text
    assert told["json"] == json.loads(text.removeprefix("```json\n").removesuffix("\n```"))


def test_a_text_that_happens_to_be_a_number_is_a_text() -> None:
    _, told = written("42")
    assert told["parsed_msg"] == "42"
    assert "json" not in told


def test_the_strict_switch_decodes_as_glific_does() -> None:
    for text, decoded in (("42", 42), ("true", True), ("null", None), ('{"a": 1}', {"a": 1}), ("**b**", "**b**")):
        assert written(text, decode=True)[1]["parsed_msg"] == decoded


def test_a_refusal_takes_the_failure_exit_unless_there_is_a_fallback_sentence() -> None:
    for told in ({"text": None, "refusal": "I cannot."}, {"text": "", "finish": "content_filter"}):
        status, answer = written(**told)
        assert (status, answer["success"], answer["code"]) == (422, False, "model_refused")
        status, answer = written(**told, fallback="Please ask our team.")
        assert (status, answer["parsed_msg"], answer["fallback"]) == (200, "Please ask our team.", True)


def test_the_thread_is_given_back() -> None:
    assert written("Yes.", thread="t-9")[1]["thread_id"] == "t-9"


def test_an_error_is_never_a_success() -> None:
    refused = wire().refuse(Refusal("rate_limit_exceeded", "Too many.", retry_after=12.2))
    assert (refused.status, refused.headers["retry-after"]) == (429, "13")
    assert json.loads(refused.body) == {"success": False, "code": "rate_limit_exceeded", "error": "Too many."}
    assert wire().refuse(HubError("internal_error", "Broken.")).status == 500


def test_a_flow_that_must_wait_is_told_so() -> None:
    told = json.loads(wire().later(Ask(id="ask_1")).body)
    assert told == {"success": True, "late": True, "parsed_msg": "", "ask": "ask_1"}
