"""The TEST button: what each check says of a provider that behaves so or so."""

import json
from typing import Any

import pytest

from ringmain.check import NAMES, PASSED, Report, check, checks
from ringmain.errors import ProviderError, SetupError
from ringmain.hub import AsyncHub
from ringmain.ring import Ring
from ringmain.settings import read_settings
from ringmain.store.memory import MemoryStore
from ringmain.testing import Scripted
from tests.relay import Relay

JSON = {"content-type": "application/json"}
LIST = (200, JSON, b'{"data": [{"id": "m"}, {"id": "m2"}]}')
BASE = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "sk-long-enough-key", "RINGMAIN_MODEL": "m"}
OPENAI = "https://api.openai.com/v1"
UNREACHABLE = ProviderError("upstream_unreachable", "127.0.0.1:9 cannot be reached (refused).")


def answered(text: str = "hello", finish: str = "stop") -> tuple[int, dict[str, str], bytes]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    body = {"model": "m", "choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}
    return 200, JSON, json.dumps(body).encode()


def refused(status: int, message: str = "no", **more: Any) -> tuple[int, dict[str, str], bytes]:
    return status, JSON, json.dumps({"error": {"message": message, **more}}).encode()


def ring_of(transport: Any, **environ: str) -> Ring:
    settings = read_settings({**BASE, **environ})
    return Ring(settings, store=MemoryStore(), transport=transport)


async def report_of(*answers: Any, mode: Any = None, **environ: str) -> tuple[Report, Scripted]:
    transport = Scripted(*answers)
    async with AsyncHub(ring=ring_of(transport, **environ)) as hub:
        return await check(hub, mode=mode), transport


def told(report: Report) -> dict[str, bool | None]:
    return {one.name: one.ok for one in report.checks}


async def test_all_passed_says_exactly_the_known_sentence():
    report, _ = await report_of(LIST, answered(), OPENAI_BASE_URL=OPENAI)
    assert report.ok
    assert report.sentence == "Test success! Everything properly set up! You're good to go!" == PASSED
    assert told(report) == {"address": True, "key": True, "organization": None, "models": True, "answer": True}


async def test_a_key_that_nothing_has_asked_for_is_not_called_accepted():
    for models in (LIST, refused(404, "not found")):
        report, _ = await report_of(models, answered(), OPENAI_ORG_ID="org-x")
        assert report.sentence == PASSED
        assert (told(report)["key"], told(report)["organization"]) == (None, None)
        assert "accepted" not in " ".join(one.sentence.lower() for one in report.checks)


@pytest.mark.parametrize(
    ("status", "organization", "variable"),
    [(401, "", "OPENAI_API_KEY"), (401, "org-x", "OPENAI_API_KEY"), (403, "org-x", "OPENAI_ORG_ID")],
)
async def test_an_answer_that_is_denied_names_what_to_put_right(status: int, organization: str, variable: str):
    report, _ = await report_of(LIST, refused(status), OPENAI_ORG_ID=organization)
    assert told(report)["answer"] is False
    assert variable in report.checks[-1].fix


async def test_the_answer_tells_its_tokens_and_its_cost():
    transport = Scripted(LIST, answered())
    async with AsyncHub(ring=ring_of(transport)) as hub:
        last = (await check(hub)).checks[-1]
    assert "'m' was asked by chat and said “hello” (7 tokens in, 3 out, price unknown)" in last.sentence


async def test_the_answer_has_its_line_in_the_book():
    ring = ring_of(Scripted(LIST, answered()))
    async with AsyncHub(ring=ring) as hub:
        await check(hub)
        await ring.book.flush()
        (line,) = ring.store.lines(9)
    assert (line.account, line.model, line.status, line.input_tokens) == ("check", "m", "ok", 7)


async def test_an_unreachable_address_is_named_and_nothing_else_is_tried():
    report, transport = await report_of(UNREACHABLE)
    assert told(report) == dict.fromkeys(NAMES, None) | {"address": False}
    assert report.sentence == "127.0.0.1:9 cannot be reached (refused)."
    assert "OPENAI_BASE_URL" in report.checks[0].fix
    assert len(transport.requests) == 1


async def test_a_wrong_key_fails_the_key_and_not_the_address():
    report, _ = await report_of(refused(401))
    assert told(report) == {"address": True, "key": False, "organization": None, "models": None, "answer": None}
    assert "OPENAI_API_KEY" in report.checks[1].fix


async def test_a_missing_key_is_called_missing():
    report, _ = await report_of(refused(401), OPENAI_API_KEY="")
    assert told(report)["key"] is False
    assert "wants a key" in report.sentence


async def test_a_wrong_organization_is_told_apart_from_a_wrong_key():
    report, transport = await report_of(refused(401), LIST, OPENAI_ORG_ID="org-x")
    assert told(report) == {"address": True, "key": True, "organization": False, "models": None, "answer": None}
    assert "organization 'org-x'" in report.sentence
    assert [request.headers.get("openai-organization") for request in transport.requests] == ["org-x", None]


async def test_an_accepted_organization_is_a_check_that_passed():
    words = {"OPENAI_BASE_URL": OPENAI, "OPENAI_ORG_ID": "org-x", "OPENAI_PROJECT_ID": "proj"}
    report, _ = await report_of(LIST, answered(), **words)
    assert told(report)["organization"] is True


async def test_a_wrong_key_with_an_organization_is_still_a_wrong_key():
    report, _ = await report_of(refused(401), refused(401), OPENAI_ORG_ID="org-x")
    assert (told(report)["key"], told(report)["organization"]) == (False, None)


async def test_a_provider_without_a_list_of_models_is_no_failure():
    report, _ = await report_of(refused(404, "not found"), answered())
    assert report.sentence == PASSED
    assert told(report)["models"] is None


async def test_a_public_list_of_models_does_not_prove_the_key():
    report, transport = await report_of(LIST, refused(401), OPENAI_BASE_URL="https://openrouter.ai/api/v1")
    assert told(report)["key"] is False
    assert transport.requests[1].url == "https://openrouter.ai/api/v1/key"


async def test_a_page_where_a_list_of_models_should_be_is_a_failure_with_a_fix():
    report, _ = await report_of((200, {"content-type": "text/html"}, b"<html>"))
    assert told(report)["models"] is False
    assert "/v1" in report.checks[3].fix


async def test_a_failed_answer_is_the_failure_that_is_told():
    report, _ = await report_of(LIST, refused(429, "You exceeded your quota", code="insufficient_quota"))
    assert told(report)["answer"] is False
    assert report.sentence == report.checks[-1].sentence == "The provider account of 'environment' has no credit left."


async def test_thinking_that_eats_the_cap_is_a_success_with_a_notice():
    report, transport = await report_of(LIST, answered("", "length"))
    assert report.sentence == PASSED
    assert "thinking" in report.checks[-1].sentence
    assert json.loads(transport.requests[-1].body)["max_tokens"] >= 16


async def test_what_the_call_shows_of_the_models_modes_is_remembered():
    ring = ring_of(Scripted(LIST, answered()))
    async with AsyncHub(ring=ring) as hub:
        await check(hub, mode="chat")
    assert ring.store.learnt("environment")["m"].can == ("chat",)


async def test_each_check_can_be_shown_as_soon_as_it_is_done():
    transport = Scripted(LIST, answered())
    async with AsyncHub(ring=ring_of(transport)) as hub:
        running = checks(hub)
        first = await anext(running)
        assert (first.name, first.ok, len(transport.requests)) == ("address", True, 1)
        assert [one.name async for one in running] == list(NAMES[1:])


async def test_an_unknown_connection_is_an_error_and_no_report(demo: Any):
    hub, _ = demo
    with pytest.raises(SetupError, match="no connection 'nope'"):
        await check(hub, "nope")


async def test_the_demo_provider_passes_and_is_called_no_model(demo: Any):
    hub, _ = demo
    report = await check(hub)
    assert report.sentence == PASSED
    assert "no model" in report.checks[0].sentence


@pytest.mark.parametrize("mode", ["chat", "completion", "responses"])
async def test_a_real_engine_passes_in_every_mode(hub: AsyncHub, upstream: Relay, mode: Any):
    report = await check(hub, mode=mode)
    assert report.sentence == PASSED
    assert upstream.last.path.endswith(
        {"chat": "/chat/completions", "completion": "/v1/completions"}.get(mode, "/responses")
    )
