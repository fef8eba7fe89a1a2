"""The page on which a flow is played as a chat, by an admin whose browser has no scripts."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

import msgspec
import pytest

from ringmain.exchange import form
from ringmain.exchange.form import Part
from ringmain.hosts import room
from ringmain.play.simulator import LARGEST
from ringmain.server.pages.simulator import UPLOAD
from tests.hosts.glific.flows.made import TUTOR, act, call, definition, say, wait
from tests.hubs import ADMIN, Answered, run_hub
from tests.journeys.machine import until
from tests.server.glific import add_glific
from tests.server.pages.conftest import Admin
from tests.server.test_late import Slow

NGO = {"tool": "glific", "name": "ngo", "model": "demo-1", "context": "Be kind.", "own.organization": "7"}
DEMO = {"answers": "connection:demo"}

MENU = {
    "type": "send_interactive_msg",
    "text": json.dumps(
        {"content": {"text": "What do you need?"}, "options": [{"title": "A <b>teacher</b>"}, {"title": "Nothing"}]}
    ),
}


def uploaded(admin: Admin, data: bytes, *, file: str | None = "flow.json", **fields: str) -> Answered:
    """What a form with a file is answered; without a file's name the data is pasted."""
    chosen = Part(name="file", data=data if file else b"", file=file or "", type="application/json")
    values = {**DEMO, **fields} if file else {**DEMO, "pasted": data.decode(), **fields}
    parts = [chosen, *(Part(name=name, data=value.encode()) for name, value in values.items())]
    headers = {
        "accept": "text/html",
        "origin": admin.hub.url,
        "content-type": "multipart/form-data; boundary=of-this-test",
    }
    return admin.hub.call("POST", "/simulator", form.written(parts, "of-this-test"), key=ADMIN, headers=headers)


def file_of(name: str = "Tutor", /, **nodes: Any) -> bytes:
    return json.dumps({"flows": [{"definition": definition(name, **(nodes or TUTOR))}]}).encode()


class Chat:
    """One conversation on its page."""

    def __init__(self, admin: Admin, data: bytes, **fields: str) -> None:
        answered = uploaded(admin, data, **fields)
        assert answered.status == 303, answered.body
        self.admin, self.path = admin, answered.headers["location"]

    @property
    def page(self) -> str:
        """As it stands."""
        return self.admin.shown(self.path)

    @property
    def told(self) -> Mapping[str, Any]:
        """The same as data."""
        return self.admin.json(f"{self.path}/transcript.json")

    @property
    def said(self) -> list[str]:
        return [event["text"] for event in self.told["events"] if event["event"] == "said"]

    def act(self, do: str, what: str = "", at: str | None = None) -> Answered:
        """What the page's form is answered."""
        seen = re.findall(r'name="at" value="(\d+)"', self.page)
        return self.admin.sent(self.path, do=do, what=what, at=seen[0] if at is None else at)

    def start(self) -> "Chat":
        found = re.search(r'name="what" value="([^"]+)"', self.page)
        assert found
        assert self.act("start", unescape(found[1])).status == 303
        return self


def test_the_form_offers_the_tools_accounts_and_every_connection(admin: Admin) -> None:
    admin.post("/new-account", **NGO)
    page = admin.shown("/simulator?account=ngo")
    offered = re.findall(r'<option value="((?:account|connection):[^"]+)"( selected)?', page)
    assert offered == [("account:ngo", " selected"), ("connection:tested", ""), ("connection:demo", "")]
    assert "my-app" not in page


def test_a_flow_is_played_from_the_file_to_the_end(admin: Admin) -> None:
    chat = Chat(admin, file_of(), name="Ravi")
    assert "on the phone of Ravi, English" in chat.page
    assert chat.told == {"status": "ready", "events": []}
    chat.start()
    assert chat.said == ["Ask me about grammar."]
    assert chat.act("say", "What is a *noun*?").status == 303
    page = chat.page
    assert "What is a <strong>noun</strong>?" in page
    assert re.search(r'<details class="call good">.*parse_via_chat_gpt', page, re.S)
    assert re.search(r"<dt>Asks</dt><dd>1</dd>\s*<dt>Cost</dt><dd>\$0</dd>", page)
    assert "@results.question" in page
    chat.act("say", "bye")
    assert (chat.told["status"], chat.said[-1]) == ("ended", "Goodbye, Ravi")
    assert "The flow is over" in chat.page
    assert 'name="what"' not in chat.page


def test_what_is_pasted_is_played_too(admin: Admin) -> None:
    answered = uploaded(admin, file_of(), file=None)
    assert answered.status == 303
    assert "Try “Tutor”" in admin.shown(answered.headers["location"])


def test_an_account_answers_in_its_own_name_with_what_it_is_set_to_now(admin: Admin) -> None:
    admin.post("/new-account", **NGO)
    chat = Chat(admin, file_of(), answers="account:ngo").start()
    chat.act("say", "What is a noun?")
    assert '"What is a noun?"' in chat.said[-1]
    assert [(line.tool, line.account, line.status) for line in admin.hub.lines()] == [("glific", "ngo", "ok")]
    admin.post("/accounts/ngo", on="off")
    chat.act("say", "And a verb?")
    assert chat.said[-1] == "Nobody could answer."
    again = Chat(admin, file_of(), answers="account:ngo").start()
    admin.post("/accounts/ngo/remove")
    gone = again.act("say", "And an adverb?")
    assert gone.status == 400
    assert "There is no account &#39;ngo&#39;" in gone.body.decode()
    assert 'value="And an adverb?"' in gone.body.decode()


def test_a_connection_alone_answers_as_nobodys_account(admin: Admin) -> None:
    Chat(admin, file_of(), answers="connection:tested", model="demo-1").start().act("say", "What is a noun?")
    assert [(line.account, line.connection) for line in admin.hub.lines()] == [("flow", "tested")]


@pytest.mark.parametrize(
    ("data", "status", "sentence", "fix"),
    [
        (b"", 400, "There is no flow to play.", "Choose the file"),
        (b"{oops", 400, "flow.json is not JSON", "Export the flow"),
        (b"\xff\xfe", 400, "flow.json is not JSON", "Export the flow"),
        (b'{"a": 1}', 400, "flow.json holds no flow.", "Export the flow"),
        (b'{"name": "Empty", "nodes": []}', 400, "The flow &#39;Empty&#39; has no nodes.", "Add one in the editor"),
        (file_of(a=say("x", to="nowhere")), 400, "names a node that is not there", "Open and save the flow"),
        (b'{"nodes": [{"uuid": "a"}]}', 400, "cannot be read: it has no", "Export the flow"),
        (b" " * (LARGEST + 1), 413, "flow.json has more than 4 MiB.", "export one that enters no others"),
        (b" " * UPLOAD, 413, "The request is larger than 16 MiB.", ""),
    ],
    ids=["nothing", "no JSON", "no text", "no flow", "empty", "dangling", "half a node", "large", "huge"],
)
def test_a_file_that_cannot_be_played_is_told_why_in_a_sentence_with_what_to_do(
    admin: Admin, data: bytes, status: int, sentence: str, fix: str
) -> None:
    answered = uploaded(admin, data, name="Ravi")
    page = answered.body.decode()
    assert answered.status == status
    assert sentence in page
    assert fix in page
    assert len(admin.hub.app._pages.state.plays) == 0
    assert admin.hub.lines() == []


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("multipart/form-data; boundary=b", b"no form", 400),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n\xff\r\n--b--',
            400,
        ),
        ("multipart/form-data", b"", 400),
        ("application/x-www-form-urlencoded", b"pasted=%7B%7D", 415),
        ("application/json", b"{}", 415),
    ],
)
def test_what_is_no_such_form_is_refused(admin: Admin, kind: str, body: bytes, status: int) -> None:
    headers = {"accept": "text/html", "origin": admin.hub.url, "content-type": kind}
    assert admin.hub.call("POST", "/simulator", body, key=ADMIN, headers=headers).status == status


def test_what_was_chosen_stays_where_the_file_was_wrong(admin: Admin) -> None:
    page = uploaded(admin, b"{oops", file=None, name="Ravi", language="hi", model="m").body.decode()
    assert "What was pasted is not JSON" in page
    assert "{oops</textarea>" in page
    assert 'value="Ravi"' in page
    assert '<option value="hi" selected>' in page
    assert '<option value="connection:demo" selected>' in page


@pytest.mark.parametrize("answers", ["account:nobody", "account:my-app", "connection:nobody"])
def test_who_is_not_there_cannot_answer(admin: Admin, answers: str) -> None:
    answered = uploaded(admin, file_of(), answers=answers)
    assert answered.status == 400
    assert answers.partition(":")[2] in answered.body.decode()


def test_a_node_that_nobody_knows_is_told_before_the_beginning_and_where_the_flow_comes_to_it(admin: Admin) -> None:
    chat = Chat(admin, file_of(a=act({"type": "send_pigeon"})))
    assert "1 thing may hurt in this flow" in chat.page
    assert "Nothing is known here of the action send_pigeon" in chat.page
    chat.start()
    assert chat.told["status"] == "stopped"
    assert re.search(r'role="alert"><strong>[^<]*send_pigeon[^<]*</strong> [^<]+<', chat.page)


def test_a_button_is_pressed_and_its_name_is_no_markup(admin: Admin) -> None:
    chat = Chat(admin, file_of(a=act(MENU, to="b"), b=wait("choice", to="c"), c=say("You said @results.choice.")))
    chat.start()
    assert '<button name="what" value="1">A &lt;b&gt;teacher&lt;/b&gt;</button>' in chat.page
    chat.act("tap", "2")
    assert chat.said[-1] == "You said Nothing"
    assert "<button name=" not in chat.page.partition('class="talk"')[2].partition("<aside")[0]


def test_nothing_that_a_flow_or_a_contact_says_is_markup(admin: Admin) -> None:
    evil = "<script>alert(1)</script> *<img src=x onerror=alert(1)>* \u202egnp.exe https://a.example/<b>"
    chat = Chat(admin, file_of(f"{evil[:30]}", a=say(evil, to="b"), b=wait("x", to="c"), c=say("Done")), name=evil)
    chat.start().act("say", evil)
    page = chat.page
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "\u202e" not in page
    assert "{{" not in page


def test_a_wait_runs_out_when_it_is_told_to(admin: Admin) -> None:
    chat = Chat(admin, file_of(a=wait(to="b", seconds=300, silent="c"), b=say("Heard"), c=say("Silent"))).start()
    assert "No answer for 5 minutes" in chat.page
    chat.act("expire")
    assert chat.said == ["Silent"]
    assert "5 minutes later" in chat.page


def test_what_cannot_be_sent_says_why_and_stays_in_its_field(admin: Admin) -> None:
    chat = Chat(admin, file_of(a=wait(to="b"), b=say("Heard"))).start()
    wrong = chat.act("wait", "for ever")
    assert wrong.status == 400
    assert "cannot be told to a flow" in wrong.body.decode()
    assert 'value="for ever"' in wrong.body.decode()
    assert chat.said == []


LATE = {
    "contact": "@contact",
    "question_text": "@results.question",
    "flow_id": "@flow.id",
    "contact_id": "@contact.id",
    "result_name": "answer",
}


@pytest.fixture
def slow() -> Iterator[Slow]:
    """A provider that answers once it is told to."""
    with Slow() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.ready.set()
        server.shutdown()


@pytest.fixture
def resumed(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    """A question whose answer takes longer than the tool waits, to an account that may resume the flow."""
    late = file_of(
        ask=wait("question", to="gpt"),
        gpt=call("https://hub.example/hosts/glific/parse_via_chat_gpt", "moment", method="POST", body=LATE),
        moment=say("One moment.", to="waits"),
        waits=act({"type": "wait_for_result", "delay": "600"}, to="reply"),
        reply=say("@results.answer.parsed_msg"),
    )
    door = room("glific")
    monkeypatch.setattr(door, "nameplate", msgspec.structs.replace(door.nameplate, deadline=0.3))
    base_url = f"http://127.0.0.1:{slow.server_port}/v1"
    with run_hub(base_url=base_url, preset="custom", model="slow") as hub:
        add_glific(hub, "ngo", settings={"late": "resume"})
        chat = Chat(Admin(hub), late, answers="account:ngo").start()
        chat.act("say", "Which crop?")
        yield chat


def test_an_answer_of_an_account_that_resumes_flows_may_come_late(resumed: Chat, slow: Slow) -> None:
    assert resumed.said == ["One moment."]
    page = resumed.page
    assert "The answer comes late" in page
    assert f'hx-get="{resumed.path}" hx-trigger="every 1s"' in page
    slow.ready.set()
    assert until(lambda: "every 1s" not in resumed.page, 10)
    assert resumed.said == ["One moment.", "Millet."]
    page = resumed.page
    assert re.search(r"parse_via_chat_gpt.*Success.*\d s, late", page, re.S), page[page.index("parse_via") :][:3000]
    assert until(lambda: [(line.account, line.status) for line in resumed.admin.hub.lines()] == [("ngo", "ok")], 10)
    assert slow.asked == 1


def test_a_late_answer_that_nobody_waits_for_any_more_is_given_up(resumed: Chat) -> None:
    resumed.act("again")
    assert until(lambda: bool(resumed.admin.hub.lines()), 10)
    assert [(line.account, line.code) for line in resumed.admin.hub.lines()] == [("ngo", "host_hung_up")]
    assert resumed.told == {"status": "ready", "events": []}


def test_a_form_that_is_sent_twice_is_done_once(admin: Admin) -> None:
    chat = Chat(admin, file_of()).start()
    at = re.findall(r'name="at" value="(\d+)"', chat.page)[0]
    for _ in range(2):
        assert chat.act("say", "What is a noun?", at=at).status == 303
    assert len(admin.hub.lines()) == 1


def test_start_over_forgets_the_conversation_and_keeps_the_flow(admin: Admin) -> None:
    chat = Chat(admin, file_of()).start()
    chat.act("say", "What is a noun?")
    chat.act("again")
    assert chat.told == {"status": "ready", "events": []}
    assert "nothing yet" in chat.page
    assert chat.start().said == ["Ask me about grammar."]


def test_of_several_flows_one_is_chosen(admin: Admin) -> None:
    both = [{"definition": definition("First", a=say("One"))}, {"definition": definition("Second", a=say("Two"))}]
    chat = Chat(admin, json.dumps({"flows": both}).encode())
    assert '<option value="id-of-Second">Second</option>' in chat.page
    assert chat.act("start", "id-of-nobody").status == 400
    chat.act("start", "id-of-Second")
    assert chat.said == ["Two"]
    assert "Try “Second”" in chat.page


def test_a_conversation_that_is_not_here_says_where_to_begin(admin: Admin) -> None:
    for answered in (admin.get("/simulator/nobody"), admin.sent("/simulator/nobody", do="say")):
        assert answered.status == 404
        assert "/simulator" in answered.body.decode()


def test_what_is_downloaded_is_what_the_command_line_prints(admin: Admin) -> None:
    chat = Chat(admin, file_of(a=say("Hello"))).start()
    answered = admin.get(f"{chat.path}/transcript.json")
    assert answered.headers["content-disposition"] == 'attachment; filename="transcript.json"'
    assert [event["event"] for event in answered.json["events"]] == ["started", "said", "ended"]


def test_only_the_admins_own_pages_may_play(admin: Admin) -> None:
    chat = Chat(admin, file_of()).start()
    form_ = {"content-type": "application/x-www-form-urlencoded"}
    body = b"do=say&what=Hello&at=3"
    for headers, status in (
        ({"origin": "https://elsewhere.example"}, 403),
        ({}, 403),
        ({"origin": admin.hub.url, "sec-fetch-site": "cross-site"}, 403),
    ):
        for path in ("/simulator", chat.path):
            assert admin.hub.call("POST", path, body, key=ADMIN, headers={**form_, **headers}).status == status
    own = {**form_, "origin": admin.hub.url}
    for key in ("", admin.hub.key):
        assert admin.hub.call("POST", chat.path, body, key=key, headers=own).status == 401
        assert admin.hub.call("GET", chat.path, key=key).status == 401
        assert admin.hub.call("GET", f"{chat.path}/transcript.json", key=key).status == 401
    assert admin.hub.lines() == []


def test_the_rooms_card_and_its_accounts_lead_to_the_page(admin: Admin) -> None:
    admin.post("/new-account", **NGO)
    assert admin.shown("/hosts").count('href="/simulator"') == 1
    assert 'href="/simulator?account=ngo"' in admin.shown("/accounts/ngo")
    assert "/simulator" not in admin.shown("/accounts/my-app")


def test_a_call_that_nobody_here_answers_shows_why_it_failed(admin: Admin) -> None:
    chat = Chat(admin, file_of(a=call("https://elsewhere.example/x", method="POST"))).start()
    page = chat.page
    assert re.search(r'<details class="call bad">.*Nothing here answers', page, re.S)
    assert admin.hub.lines() == []
