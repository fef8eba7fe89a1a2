"""Who makes a flow's calls: the network, this hub, a file."""

import json
import threading
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.errands import Errands
from ringmain.exchange.reply import Reply
from ringmain.hosts.glific.flows.webhooks import Webhook, WebhookAnswer, signature
from ringmain.network import Network
from ringmain.play.webhooks import answered_here, either, from_files, over_http, request_of, timed
from ringmain.testing import ready_hub


class Bot(ThreadingHTTPServer):
    """A service that keeps what it was sent, and answers with what it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.got = list[tuple[str, str, dict[str, str], bytes]]()
        self.says: tuple[int, bytes] = (200, b'{"text": "hi"}')
        self.silent = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/chat"


class _Answering(BaseHTTPRequestHandler):
    server: Bot

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.got.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        if self.path.endswith("/never"):
            self.server.silent.wait(60)
            return
        status, said = self.server.says
        self.send_response(status)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def bot() -> Iterator[Bot]:
    with Bot() as bot:
        thread = threading.Thread(target=bot.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield bot
        bot.silent.set()
        bot.shutdown()
        thread.join()


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    network = Network()
    yield network
    await network.close()


def post(url: str, **more: Any) -> Webhook:
    return Webhook(method="POST", url=url, **{"body": {"question_text": "ä"}, "patience": 60.0, **more})


async def test_a_post_carries_body_headers_and_a_signature_of_its_bytes(bot: Bot, network: Network) -> None:
    carry = over_http(network, phrase="phrase", clock=lambda: 1_790_000_000.9)
    answer = await carry(post(bot.url, headers={"X-Own": "1", "Content-Type": "application/json"}))
    assert (answer.status, answer.body) == (200, b'{"text": "hi"}')
    ((method, path, headers, body),) = bot.got
    assert (method, path, json.loads(body)) == ("POST", "/chat", {"question_text": "ä"})
    assert (headers["x-own"], headers["content-type"]) == ("1", "application/json")
    assert headers["x-glific-signature"] == signature(body, "phrase", at=1_790_000_000)


async def test_without_a_phrase_nothing_is_signed(bot: Bot, network: Network) -> None:
    await over_http(network)(post(bot.url))
    assert "x-glific-signature" not in bot.got[0][2]


async def test_a_get_has_its_body_in_its_address(bot: Bot, network: Network) -> None:
    body = {"q": "a b&c", "contact": {"name": "Asha", "n": 1}, "list": [True, None]}
    await over_http(network)(Webhook(method="GET", url=f"{bot.url}?k=v", body=body, patience=60.0))
    method, path, _, sent = bot.got[0]
    asked = parse_qsl(urlsplit(path).query, keep_blank_values=True)
    assert (method, sent) == ("GET", b"")
    assert asked == [
        ("k", "v"),
        ("q", "a b&c"),
        ("contact[name]", "Asha"),
        ("contact[n]", "1"),
        ("list[]", "true"),
        ("list[]", ""),
    ]


async def test_headers_of_the_connection_are_not_a_nodes(bot: Bot, network: Network) -> None:
    await over_http(network)(post(bot.url, headers={"Content-Length": "3", "Host": "elsewhere", "X-Own": "1"}))
    headers, body = bot.got[0][2:]
    assert headers["content-length"] == str(len(body))
    assert headers["host"].startswith("127.0.0.1")


async def test_an_address_into_which_a_contact_typed_blanks_is_still_one(bot: Bot, network: Network) -> None:
    await over_http(network)(post(f"{bot.url}?q=what is\na “noun”"))
    assert dict(parse_qsl(urlsplit(bot.got[0][1]).query)) == {"q": "what is\na “noun”"}


@pytest.mark.parametrize("value", ["a\r\nX-Other: 1", "a\nb", "\0"])
async def test_a_header_into_which_a_contact_typed_a_line_is_not_sent(bot: Bot, network: Network, value: str) -> None:
    answer = await over_http(network)(post(bot.url, headers={"X-Own": value}))
    assert answer.body is None
    assert answer.reason
    assert bot.got == []


async def test_a_refusal_is_given_on_as_it_is(bot: Bot, network: Network) -> None:
    bot.says = (503, b"busy")
    answer = await over_http(network)(post(bot.url))
    assert (answer.status, answer.body) == (503, b"busy")


async def test_who_does_not_answer_in_time_has_not_answered(bot: Bot, network: Network) -> None:
    answer = await over_http(network)(post(f"{bot.url}/never", patience=0.2))
    assert answer.body is None
    assert answer.reason


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "ftp://x/", "nonsense", "http://169.254.169.254/latest"])
async def test_who_cannot_be_called_has_not_answered_and_it_is_told_why(network: Network, url: str) -> None:
    answer = await over_http(network)(post(url, patience=5.0))
    assert answer.body is None
    assert answer.reason


async def test_a_function_has_no_address(network: Network) -> None:
    answer = await over_http(network)(Webhook(method="FUNCTION", url="parse_via_chat_gpt"))
    assert "no address" in answer.reason


CHAT = {"question_text": "What is a noun?", "prompt": "Be brief.", "gpt_model": "demo-1"}


@pytest.mark.parametrize("url", ["parse_via_chat_gpt", "https://hub.example.org/hosts/glific/parse_via_chat_gpt?x=1"])
async def test_the_chat_function_is_answered_by_this_hub(url: str) -> None:
    replies = list[Reply]()
    async with ready_hub() as hub:
        answer = await answered_here(Errands(hub, url=""), heard=replies.append, connection="demo")(
            Webhook(method="FUNCTION", url=url, body=CHAT)
        )
    told = json.loads(answer.body or b"")
    assert (answer.status, told["success"]) == (200, True)
    assert '"What is a noun?"' in told["parsed_msg"]
    assert "Be brief." in told["parsed_msg"]
    assert [(reply.model, reply.cost) for reply in replies] == [("demo-1", Decimal(0))]


async def test_what_the_command_line_names_wins_over_the_flow() -> None:
    replies = list[Reply]()
    async with ready_hub() as hub:
        carry = answered_here(Errands(hub, url=""), heard=replies.append, connection="demo", model="demo-1")
        await carry(Webhook(method="FUNCTION", url="parse_via_chat_gpt", body={**CHAT, "gpt_model": "other"}))
    assert [reply.model for reply in replies] == ["demo-1"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"question_text": ""}, 400),
        ({}, 400),
        ({"question_text": {"a": 1}}, 400),
        ({"question_text": "x", "temperature": "hot"}, 400),
        ({"question_text": "x", "model": ["a"]}, 400),
    ],
)
async def test_a_question_that_cannot_be_asked_is_refused_with_its_reason(body: dict[str, Any], status: int) -> None:
    async with ready_hub() as hub:
        answer = await answered_here(Errands(hub, url=""), connection="demo")(
            Webhook(method="FUNCTION", url="parse_via_chat_gpt", body=body)
        )
    assert (answer.status, answer.body) == (status, None)
    assert answer.reason


async def test_what_nobody_here_knows_is_not_answered() -> None:
    async with ready_hub() as hub:
        answer = await answered_here(Errands(hub, url=""))(Webhook(method="FUNCTION", url="geolocation"))
    assert answer == WebhookAnswer(reason=answer.reason)
    assert "'geolocation'" in answer.reason


async def _who(webhook: Webhook) -> WebhookAnswer:
    return WebhookAnswer(status=200, body=b'"somebody else"')


async def test_a_file_answers_for_those_that_it_is_named_for() -> None:
    carry = from_files({"geolocation": b'{"city": "Pune"}'}, _who)
    assert (await carry(Webhook(method="FUNCTION", url="geolocation"))).body == b'{"city": "Pune"}'
    assert (await carry(Webhook(method="FUNCTION", url="other"))).body == b'"somebody else"'


async def test_functions_and_addresses_go_different_ways() -> None:
    carry = either(function=from_files({"f": b"1"}, _who), address=_who)
    assert (await carry(Webhook(method="FUNCTION", url="f"))).body == b"1"
    assert (await carry(Webhook(method="POST", url="f"))).body == b'"somebody else"'


async def test_an_answer_says_how_long_it_took() -> None:
    assert (await timed(_who)(Webhook(method="POST", url="x"))).seconds > 0


@given(st.text(max_size=30), st.dictionaries(st.text(max_size=5), st.text(max_size=10) | st.lists(st.integers())))
def test_whatever_a_contact_types_into_an_address_it_stays_one_line(text: str, body: dict[str, Any]) -> None:
    request = request_of(Webhook(method="GET", url=f"https://x.example.org/?q={text}", body=body), None, 0)
    assert request.url.isascii()
    assert request.url.isprintable()
    assert " " not in request.url
