"""The twin of Glific does what Glific does, and fails what Glific fails."""

import hashlib
import hmac
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from ringmain.testing import Clock
from tests.twins.glific import ARMING, Fault, GlificApi, GlificCaller, Node, Run, run_glific

PHRASE = "the organisation's own phrase"
RUN = Run(results={"question": {"input": "How are you?", "category": "All"}})
BODY = {"contact": "@contact", "results": "@results", "question_text": "@results.question", "flow": "@flow.id"}


class Hook(ThreadingHTTPServer):
    """A webhook that answers with one status and body, and keeps what it was sent."""

    daemon_threads = True
    status, told = 200, b'{"success": true, "parsed_msg": "Fine."}'
    silent = drips = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.sent: list[tuple[dict[str, str], bytes]] = []
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hosts/glific/reply?v=1"


class _Answering(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        hook = self.server
        assert isinstance(hook, Hook)
        body = self.rfile.read(int(self.headers["content-length"]))
        hook.sent.append(({name.lower(): value for name, value in self.headers.items()}, body))
        if hook.silent:
            hook.over.wait(30)
            return
        self.send_response(hook.status)
        self.end_headers()
        self.wfile.write(hook.told)
        while hook.drips and not hook.over.wait(0.02):
            self.wfile.write(b" ")

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()

    def handle(self) -> None:
        with suppress(OSError):
            super().handle()


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join(10)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def caller(clock: Clock) -> GlificCaller:
    return GlificCaller(PHRASE, organization_id=3, clock=clock)


@pytest.fixture
def api(clock: Clock) -> Iterator[GlificApi]:
    with run_glific(clock=clock) as running:
        yield running


# the node that calls us -----------------------------------------------------------------------------------


def test_the_body_holds_the_flows_values_and_the_organisation(hook: Hook, caller: GlificCaller) -> None:
    caller.call(Node(url=hook.url, body=BODY), RUN)
    [(headers, body)] = hook.sent
    assert json.loads(body) == {
        "contact": RUN.contact,
        "results": RUN.results,
        "question_text": "How are you?",
        "flow": "7",
        "organization_id": 3,
    }
    assert headers["content-type"] == "application/json"


def test_the_signature_is_over_the_bytes_that_are_sent(hook: Hook, caller: GlificCaller, clock: Clock) -> None:
    caller.call(Node(url=hook.url, body=BODY), RUN)
    [(headers, body)] = hook.sent
    signed = f"{int(clock())}.".encode() + body
    right = hmac.new(PHRASE.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["x-glific-signature"] == f"t={int(clock())},v1={right}"


def test_without_headers_of_its_own_a_node_does_not_say_that_it_sends_json(hook: Hook, caller: GlificCaller) -> None:
    caller.call(Node(url=hook.url, body={}, headers={}), RUN)
    assert hook.sent[0][0]["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("@results.question", "How are you?"),
        ("Say: @results.question.category!", "Say: All!"),
        ("@contact.name", "Asha"),
        ("@contact.name. Hello", "Asha Hello"),
        ("@results.nothing", "@results.nothing"),
        ("a@x.org.", "a@x.org."),
        ("@results.question.no", "How are you?.no"),
    ],
)
def test_a_variable_becomes_what_its_longest_path_leads_to(text: str, filled: str, caller: GlificCaller) -> None:
    assert json.loads(caller.body(Node(url="", body={"told": [text]}), RUN))["told"] == [filled]


def test_an_object_is_kept_under_the_results_name(hook: Hook, caller: GlificCaller) -> None:
    outcome = caller.call(Node(url=hook.url, body=BODY), RUN)
    assert outcome.category == "Success"
    assert outcome.results["question"] == RUN.results["question"]
    kept = outcome.results["gpt_response"]
    assert kept.pop("inserted_at")
    assert kept == {"success": True, "parsed_msg": "Fine."}


def test_lists_become_objects(hook: Hook, caller: GlificCaller) -> None:
    hook.told = b'[{"a": [1, 2]}, "b"]'
    kept = caller.call(Node(url=hook.url, body=BODY), RUN).results["gpt_response"]
    assert kept.pop("inserted_at")
    assert kept == {"0": {"a": {"0": 1, "1": 2}}, "1": "b"}


@pytest.mark.parametrize("status", [199 + 102, 400, 401, 429, 500, 503])
def test_only_2xx_is_success(status: int, hook: Hook, caller: GlificCaller) -> None:
    hook.status = status
    outcome = caller.call(Node(url=hook.url, body=BODY), RUN)
    assert (outcome.category, outcome.status, outcome.results) == ("Failure", status, RUN.results)
    assert len(hook.sent) == 1


@pytest.mark.parametrize("told", [b'"text"', b"1", b"null", b"Hello", b""])
def test_only_an_object_or_a_list_is_success(told: bytes, hook: Hook, caller: GlificCaller) -> None:
    hook.told = told
    outcome = caller.call(Node(url=hook.url, body=BODY), RUN)
    assert (outcome.category, outcome.results) == ("Failure", RUN.results)


def test_a_node_without_a_results_name_fails(hook: Hook, caller: GlificCaller) -> None:
    assert caller.call(Node(url=hook.url, body=BODY, result_name=None), RUN).category == "Failure"


@pytest.mark.parametrize("manner", ["silent", "drips"])
def test_a_call_is_cut_off_at_its_deadline_whatever_comes_in(manner: str, hook: Hook, clock: Clock) -> None:
    setattr(hook, manner, True)
    outcome = GlificCaller(PHRASE, clock=clock, deadline=0.5).call(Node(url=hook.url, body=BODY), RUN)
    assert (outcome.category, outcome.status) == ("Failure", None)
    assert len(hook.sent) == 1


def test_the_same_call_within_a_minute_is_dropped_and_the_flow_hangs(
    hook: Hook, caller: GlificCaller, clock: Clock
) -> None:
    node = Node(url=hook.url, body=BODY)
    assert caller.call(node, RUN).category == "Success"
    clock.advance(59.9)
    dropped = caller.call(node, RUN)
    assert (dropped.category, dropped.results) == (None, RUN.results)
    clock.advance(0.2)
    assert caller.call(node, RUN).category == "Success"
    assert len(hook.sent) == 2


@pytest.mark.parametrize("changed", [{"url": "&n=2"}, {"uuid": "node-2"}, {"run": 2}])
def test_another_node_address_or_run_is_another_call(changed: dict[str, Any], hook: Hook, caller: GlificCaller) -> None:
    caller.call(Node(url=hook.url, body=BODY), RUN)
    node = Node(url=hook.url + changed.get("url", ""), body=BODY, uuid=changed.get("uuid", "node-1"))
    assert caller.call(node, Run(id=changed.get("run", 1))).category == "Success"


# the API that resumes a flow -----------------------------------------------------------------------------------

RESUME = """mutation resume($flowId: ID!, $contactId: ID!, $result: Json!) {
  resumeContactFlow(flowId: $flowId, contactId: $contactId, result: $result) { success errors { key message } }
}"""
LATE = {"gpt_response": {"parsed_msg": "Fine."}}


def ask(api: GlificApi, path: str, body: Any = None, *, token: str = "", method: str = "POST") -> tuple[int, Any]:
    """Status and body of an answer."""
    headers = {"content-type": "application/json", **({"authorization": token} if token else {})}
    with closing(http.client.HTTPConnection(urlsplit(api.url).netloc, timeout=30)) as connection:
        connection.request(method, path, json.dumps(body), headers)
        answer = connection.getresponse()
        told = answer.read()
        as_json = "json" in str(answer.getheader("content-type"))
        return answer.status, json.loads(told) if as_json else told.decode()


def sign_in(api: GlificApi) -> dict[str, Any]:
    status, told = ask(api, "/api/v1/session", {"user": {"phone": api.phone, "password": api.password}})
    assert status == 200
    return told["data"]


def resume(api: GlificApi, token: str, *, query: str = RESUME, **changed: Any) -> tuple[int, Any]:
    variables = {"flowId": "7", "contactId": "12", "result": json.dumps(LATE), **changed}
    return ask(api, "/api", {"query": query, "variables": variables}, token=token)


def said(success: bool | None, *errors: dict[str, str]) -> tuple[int, Any]:
    return 200, {"data": {"resumeContactFlow": {"success": success, "errors": [*errors] or None}}}


def nothing_waits(answered: tuple[int, Any]) -> bool:
    told = answered[1]["data"]["resumeContactFlow"]
    return told["success"] is True and "does not have any active flows" in told["errors"][0]["message"]


def test_a_flow_that_waits_goes_on_once(api: GlificApi) -> None:
    token = sign_in(api)["access_token"]
    api.arm(7, 12)
    assert resume(api, token) == said(True)
    assert nothing_waits(resume(api, token, result='{"other": 1}'))
    assert api.results(7, 12) == [LATE]
    assert api.lost(7, 12) == 1


def test_success_is_told_though_nothing_waits(api: GlificApi) -> None:
    assert nothing_waits(resume(api, sign_in(api)["access_token"]))
    assert api.results(7, 12) == []


def test_what_comes_before_the_wait_is_armed_is_lost(api: GlificApi, hook: Hook, clock: Clock) -> None:
    token = sign_in(api)["access_token"]
    caller = GlificCaller(PHRASE, clock=clock, then=api.reach_wait)
    assert caller.call(Node(url=hook.url, body=BODY), RUN).category == "Success"
    assert nothing_waits(resume(api, token))
    clock.advance(ARMING)
    assert resume(api, token) == said(True)
    assert (api.results(7, 12), api.lost(7, 12)) == ([LATE], 1)


def test_a_flow_whose_webhook_failed_does_not_wait(api: GlificApi, hook: Hook, clock: Clock) -> None:
    hook.status = 500
    GlificCaller(PHRASE, clock=clock, then=api.reach_wait).call(Node(url=hook.url, body=BODY), RUN)
    assert not api.waits(7, 12)


def test_the_first_few_may_be_too_early_on_any_clock(api: GlificApi) -> None:
    token = sign_in(api)["access_token"]
    api.arm(7, 12, early=2)
    assert [nothing_waits(resume(api, token)) for _ in range(2)] == [True, True]
    assert resume(api, token) == said(True)


def test_a_flow_that_fails_at_its_next_node_was_resumed(api: GlificApi) -> None:
    token = sign_in(api)["access_token"]
    api.arm(7, 12, fails=True)
    answered = resume(api, token)
    assert answered[1]["data"]["resumeContactFlow"]["errors"]
    assert not nothing_waits(answered)
    assert api.results(7, 12) == [LATE]


def test_another_flow_or_contact_is_not_resumed(api: GlificApi) -> None:
    token = sign_in(api)["access_token"]
    api.arm(7, 12)
    api.contacts.add("13")
    assert nothing_waits(resume(api, token, flowId="8"))
    assert nothing_waits(resume(api, token, contactId="13"))
    assert api.waits(7, 12)


def test_a_contact_that_is_not_known_is_told_without_success(api: GlificApi) -> None:
    api.arm(7, 99)
    _, told = resume(api, sign_in(api)["access_token"], contactId="99")
    assert told["data"]["resumeContactFlow"]["success"] is None
    assert told["data"]["resumeContactFlow"]["errors"]
    assert api.waits(7, 99)


@pytest.mark.parametrize(
    "changed",
    [
        {"result": LATE},
        {"result": "not json"},
        {"result": None},
        {"flowId": None},
        {"contactId": True},
        {"query": RESUME.replace("Json!", "JSON!")},
        {"query": RESUME.replace("Json!", "String!")},
        {"query": RESUME.replace("resumeContactFlow", "resumeFlow")},
        {"query": RESUME[:-1]},
    ],
)
def test_what_the_schema_does_not_know_is_refused_and_nothing_is_done(changed: dict[str, Any], api: GlificApi) -> None:
    api.arm(7, 12)
    status, told = resume(api, sign_in(api)["access_token"], **changed)
    assert status == 200
    assert set(told) == {"errors"}
    assert api.waits(7, 12)


@pytest.mark.parametrize("changed", [{"result": "[1]"}, {"result": '"text"'}, {"flowId": "seven"}])
def test_what_breaks_it_within_is_an_error_beside_no_data(changed: dict[str, Any], api: GlificApi) -> None:
    _, told = resume(api, sign_in(api)["access_token"], **changed)
    assert told["data"] == {"resumeContactFlow": None}
    assert told["errors"][0]["path"] == ["resumeContactFlow"]


def test_who_is_no_manager_may_not_resume(api: GlificApi) -> None:
    api.manager = False
    api.arm(7, 12)
    assert resume(api, sign_in(api)["access_token"])[1]["data"] == {"resumeContactFlow": None}
    assert api.waits(7, 12)


def test_a_wrong_password_and_a_suspended_organisation_are_refused(api: GlificApi) -> None:
    status, told = ask(api, "/api/v1/session", {"user": {"phone": api.phone, "password": "wrong"}})
    assert (status, told["error"]["status"]) == (401, 401)
    assert ask(api, "/api/v1/session", {})[0] == 401
    api.suspended = True
    status, told = ask(api, "/api/v1/session", {"user": {"phone": api.phone, "password": api.password}})
    assert (status, told["error"]["status"]) == (403, 403)


def test_a_token_is_sent_bare_and_ends_after_half_an_hour(api: GlificApi, clock: Clock) -> None:
    token = sign_in(api)["access_token"]
    assert resume(api, "")[0] == 401
    assert resume(api, f"Bearer {token}")[0] == 401
    clock.advance(30 * 60 - 1)
    assert resume(api, token)[0] == 200
    clock.advance(1)
    status, told = resume(api, token)
    assert (status, told["error"]["code"]) == (401, 401)


def test_a_renewal_ends_both_tokens_of_the_session_before(api: GlificApi) -> None:
    first = sign_in(api)
    status, told = ask(api, "/api/v1/session/renew", token=first["renewal_token"])
    assert status == 200
    assert resume(api, told["data"]["access_token"])[0] == 200
    assert resume(api, first["access_token"])[0] == 401
    assert ask(api, "/api/v1/session/renew", token=first["renewal_token"])[0] == 401
    assert ask(api, "/api/v1/session/renew", token=told["data"]["access_token"])[0] == 401


def test_sessions_stand_beside_each_other_until_one_or_all_are_ended(api: GlificApi) -> None:
    one, two = sign_in(api)["access_token"], sign_in(api)["access_token"]
    assert ask(api, "/api/v1/session", token=one, method="DELETE") == (200, {"data": {}})
    assert (resume(api, one)[0], resume(api, two)[0]) == (401, 200)
    api.end_sessions()
    assert resume(api, two)[0] == 401


def test_too_many_calls_in_a_minute_are_refused_in_plain_text_until_the_next(api: GlificApi, clock: Clock) -> None:
    clock.now -= clock.now % 60
    token, api.limit = sign_in(api)["access_token"], 3
    assert [resume(api, token)[0] for _ in range(4)] == [200, 200, 200, 429]
    clock.advance(59)
    status, told = resume(api, token)
    assert status == 429
    assert isinstance(told, str)
    clock.advance(1)
    assert resume(api, token)[0] == 200


@pytest.mark.parametrize("done", [False, True])
def test_a_500_may_come_before_the_work_or_after_it(done: bool, api: GlificApi) -> None:
    token = sign_in(api)["access_token"]
    api.arm(7, 12)
    api.fail("/api", Fault("error", done))
    assert resume(api, token)[0] == 500
    assert (api.results(7, 12) == [LATE]) is done
    assert nothing_waits(resume(api, token)) if done else resume(api, token) == said(True)


@pytest.mark.parametrize("done", [False, True])
def test_a_connection_may_be_cut_before_the_work_or_after_it(done: bool, api: GlificApi) -> None:
    token = sign_in(api)["access_token"]
    api.arm(7, 12)
    api.fail("/api", Fault("cut", done))
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        resume(api, token)
    assert (api.results(7, 12) == [LATE]) is done
    assert len([request for request in api.requests if request.path == "/api"]) == 1


@pytest.mark.parametrize("done", [False, True])
def test_an_answer_may_be_held_back_before_the_work_or_after_it(done: bool, api: GlificApi) -> None:
    token, answered = sign_in(api)["access_token"], list[Any]()
    api.arm(7, 12)
    api.fail("/api", Fault("slow", done))
    thread = threading.Thread(target=lambda: answered.append(resume(api, token)))
    thread.start()
    assert api.holds.wait(30)
    assert api.waits(7, 12) is not done
    assert not answered
    api.release.set()
    thread.join(30)
    assert answered == [said(True)]


def test_every_request_is_kept(api: GlificApi) -> None:
    token = sign_in(api)["access_token"]
    resume(api, token)
    assert [(one.method, one.path) for one in api.requests] == [("POST", "/api/v1/session"), ("POST", "/api")]
    assert api.requests[1].headers["authorization"] == token
    assert api.requests[1].json["variables"]["contactId"] == "12"
