"""People who use Odoo without a browser: JSON-RPC with a session of their own, and an ear on the bus."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from html import escape
from http.cookies import SimpleCookie
from typing import Any

import msgspec
import websocket

from tests.odoo.server import Server


class Refused(Exception):
    """Odoo answered with an error; `name` is that of its exception."""

    def __init__(self, error: dict[str, Any]) -> None:
        data = error.get("data", {})
        super().__init__(data.get("message") or error.get("message"))
        self.name = data.get("name", "")


class Heard(msgspec.Struct, frozen=True):
    """One message of the bus."""

    at: float
    kind: str
    payload: Any


class Ear:
    """What the bus has told somebody so far."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []

    def answers(self, channel: int) -> list[tuple[float, str]]:
        """When OdooBot wrote into a channel, and what."""
        found = list[tuple[float, str]]()
        for one in tuple(self.heard):
            if one.kind == "discuss.channel/new_message" and one.payload["id"] == channel:
                found += [(one.at, message["body"][1]) for message in messages(one.payload) if by_the_bot(message)]
        return found

    def typing(self, channel: int) -> list[bool]:
        """Each time that somebody was told to be typing in a channel, or no more."""
        members = [
            member
            for one in tuple(self.heard)
            if one.kind == "mail.record/insert"
            for member in one.payload.get("discuss.channel.member", [])
        ]
        return [member["isTyping"] for member in members if "isTyping" in member]


def messages(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages that an announcement holds."""
    return payload["data"].get("mail.message", [])


def by_the_bot(message: dict[str, Any]) -> bool:
    """Whether OdooBot has written it, whose partner is the second of every database."""
    author = message.get("author_id") or {}
    return (author.get("id") if isinstance(author, dict) else author) == BOT


BOT = 2
OF_PARTNER = 'data-oe-model="res.partner" data-oe-id'


class Person:
    """Somebody who has signed in."""

    def __init__(self, server: Server, login: str, password: str) -> None:
        self._server = server
        self._cookie = ""
        params = {"db": server.database, "login": login, "password": password}
        self.id: int = self.ask("/web/session/authenticate", params)["uid"]

    @property
    def cookie(self) -> str:
        """The session, for a browser or the bus."""
        return self._cookie

    def ask(self, path: str, params: dict[str, Any]) -> Any:
        """The result of one JSON-RPC call. Raises Refused."""
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params})
        told = json.loads(self.request("POST", path, body, {"content-type": "application/json"}))
        if "error" in told:
            raise Refused(told["error"])
        return told.get("result")

    def request(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> bytes:
        """What is answered to one request with the session."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=60)) as connection:
            connection.request(method, path, body, {"cookie": f"session_id={self._cookie}", **(headers or {})})
            answer = connection.getresponse()
            for line in answer.headers.get_all("set-cookie", []):
                found = SimpleCookie(line).get("session_id")
                self._cookie = found.value if found else self._cookie
            return answer.read()

    def call(self, model: str, method: str, *words: Any, **named: Any) -> Any:
        """The result of a model's method."""
        params = {"model": model, "method": method, "args": words, "kwargs": named}
        return self.ask(f"/web/dataset/call_kw/{model}/{method}", params)

    def ref(self, name: str) -> int:
        """The id of what has this XML id."""
        return self.call("ir.model.data", "check_object_reference", *name.split("."))[1]

    def partner(self, user: int) -> int:
        """The partner that a user is."""
        return self.call("res.users", "read", [user], ["partner_id"])[0]["partner_id"][0]

    def channel(self, kind: str, *partners: int) -> int:
        """A new channel of this person's with these partners in it: `chat`, `group` or `channel`."""
        members = [(0, 0, {"partner_id": partner}) for partner in (self.partner(self.id), *partners)]
        values = {"name": f"A {kind}", "channel_type": kind, "channel_member_ids": members}
        return self.call("discuss.channel", "create", [values])[0]

    def chat(self) -> int:
        """The chat with OdooBot, which the first visit makes."""
        self.request("GET", "/odoo")
        mine = [("channel_type", "=", "chat"), ("is_member", "=", True)]
        return self.call("discuss.channel", "search", mine, limit=1)[0]

    def post(self, channel: int, text: str, *, to: tuple[int, ...] = ()) -> float:
        """Seconds that it took to write into a channel, with these partners mentioned at the beginning."""
        began = time.monotonic()
        # As the page sends it: a mention is a link.
        links = [
            f'<a href="/odoo/res.partner/{at}" class="o_mail_redirect" {OF_PARTNER}="{at}">@Name</a> ' for at in to
        ]
        html = "".join([*links, escape(text)])
        said = {"body": html, "message_type": "comment", "subtype_xmlid": "mail.mt_comment", "partner_ids": to}
        params = {"thread_model": "discuss.channel", "thread_id": channel, "post_data": said}
        self.ask("/mail/message/post", params)
        return time.monotonic() - began

    def command(self, channel: int, line: str) -> None:
        """Type a command such as `/ai …` into a channel, where it stands as no message."""
        self.call("discuss.channel", "execute_command_ai", [channel], body=line)

    def read(self, channel: int) -> list[str]:
        """What OdooBot wrote into a channel, as HTML, the oldest first."""
        from_bot = [("model", "=", "discuss.channel"), ("res_id", "=", channel), ("author_id", "=", BOT)]
        found = self.call("mail.message", "search_read", from_bot, ["body"], order="id")
        return [message["body"] for message in found]

    def answers(self, channel: int) -> list[str]:
        """The answers of a provider that repeats what it was asked."""
        return [said for said in self.read(channel) if "You asked" in said]

    @contextmanager
    def ear(self) -> Iterator[Ear]:
        """What the bus tells while the block runs."""
        ear, origin = Ear(), self._server.url
        address = f"ws://127.0.0.1:{self._server.bus_port}/websocket"
        line = websocket.create_connection(address, origin=origin, cookie=f"session_id={self._cookie}", timeout=30)
        listening = threading.Thread(target=_listen, args=(line, ear), daemon=True)
        try:
            line.send(json.dumps({"event_name": "subscribe", "data": {"channels": [], "last": 0}}))
            listening.start()
            yield ear
        finally:
            # Only this wakes the thread that waits for the next message.
            assert line.sock
            line.sock.shutdown(socket.SHUT_RDWR)
            listening.join(10)
            line.shutdown()


def _listen(line: websocket.WebSocket, ear: Ear) -> None:
    with suppress(websocket.WebSocketException, OSError, ValueError):
        while told := line.recv():
            for one in json.loads(told):
                ear.heard.append(Heard(time.monotonic(), one["message"]["type"], one["message"]["payload"]))


def until(true: Callable[[], Any], seconds: float) -> Any:
    """What came true in time, or the last thing that was not."""
    ends = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < ends:
        time.sleep(0.05)
    return found
