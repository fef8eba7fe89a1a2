"""Secrets that must be nowhere but where they belong, after a run in which much went wrong."""

import socket
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest

from tests.journeys.machine import Answered, Machine, Running, chat_body
from tests.journeys.provider import Provider

PROVIDER_KEY = "sk-canary-of-the-provider-0123456789abcdef"
ENV_KEY = "sk-canary-of-the-environment-0123456789"
TYPED_KEY = "sk-canary-that-was-typed-0123456789abcdef"
ADMIN = "canary-of-the-admin-0123456789abcdef"
SECRET_KEY = bytes(range(7, 39)).hex()
CHAT = "/v1/chat/completions"
NO_PATIENCE = {"x-stainless-read-timeout": "1.0"}
"""So that what may be tried again is not."""

BAD_BODIES = (b"{", b'{"messages": 7}', b"\xff\xfe", b"[" * 100, b'{"messages": []}')


def wrongs(hub: Running, keys: dict[str, str]) -> list[Answered]:
    """The answers to asks that go wrong in every way that a provider and a host know."""
    key = keys["paid"]
    models = ("echo-401", "echo-402", "fail-400", "fail-404", "fail-500", "garbage")
    told = [hub.call(CHAT, chat_body(model), key=key, headers=NO_PATIENCE) for model in models]
    told += [hub.call(CHAT, chat_body(model, stream=True), key=key) for model in ("echo-401", "garbage")]
    told += [hub.call(CHAT, body, key=key) for body in BAD_BODIES]
    told += [hub.chat(keys["nowhere"], "quick"), hub.chat(keys["paid"][:-1], "quick"), hub.chat(ADMIN, "quick")]
    told += [hub.call(f"/v1/models/{key}", key=key), hub.call("/v1/nothing", key=key)]
    told += [hub.call("/metrics"), hub.call("/metrics", key=key)]
    assert all(answer.status >= 400 for answer in told), [answer for answer in told if answer.status < 400]
    return [*told, hub.call(CHAT, chat_body("torn", stream=True), key=key)]


def pages(hub: Running) -> list[Answered]:
    """Everything that can be looked at."""
    told = [hub.call(path) for path in ("/", "/index.json", "/health", "/ready", "/guides/openai")]
    told += [hub.call(path, key=ADMIN) for path in ADMINS]
    assert {answer.status for answer in told} == {200}
    return told


ADMINS = (
    "/metrics",
    "/",
    "/connections",
    "/connections.json",
    "/connections/paid",
    "/connections/nowhere/models",
    "/connections/paid/models.json",
    "/new-connection?preset=openai",
    "/hosts",
    "/hosts.json",
    "/accounts/paid",
    "/new-account?tool=openai",
    "/book",
    "/book.json",
    "/book.csv",
)


def forms(hub: Running) -> list[Answered]:
    """What the forms of the admin lead to, right and wrong, with a key that is typed into them."""
    own = {"origin": hub.url, "content-type": "application/x-www-form-urlencoded"}
    typed = {"preset": "custom", "base_url": "http://127.0.0.1:9/v1", "key": TYPED_KEY}
    sent = [
        ("/new-connection", {**typed, "name": "not a name"}),
        ("/new-connection", {**typed, "name": "third", "then": "test"}),
        ("/connections/third", {**typed, "timeout": "soon"}),
        ("/connections/third", {**typed, "base_url": "http://127.0.0.1:10/v1"}),
        ("/connections/paid/check", {"x": ""}),
        ("/connections/nowhere/check", {"x": ""}),
        ("/accounts/paid/preview", {"connection": "paid", "model": "quick"}),
        ("/new-account/models", {"tool": "openai", "connection": "paid"}),
    ]
    told = [hub.call(path, urlencode(fields).encode(), key=ADMIN, headers=own) for path, fields in sent]
    assert [answer.status for answer in told] == [400, 303, 400, 303, 303, 303, 200, 200]
    led = [hub.call(answer.headers["location"], key=ADMIN) for answer in told if answer.status == 303]
    assert {answer.status for answer in led} == {200}
    return [*told, *led]


PASSWORD, WRONG = "canary-correct-horse-battery", "canary-that-was-no-password"
BROWSER = {"accept": "text/html", "content-type": "application/x-www-form-urlencoded"}


class Admitted(msgspec.Struct, frozen=True):
    """What happened at the door of the admin's pages, without the heads in which a session is handed over."""

    link: str
    sessions: tuple[str, ...]
    told: list[Answered]


def at_the_door(hub: Running) -> Admitted:
    """Set the password behind the link that the hub has printed; sign in wrong and right, look around, sign out."""
    link = hub.printed().partition("/first/")[2].split()[0]
    own = {**BROWSER, "origin": hub.url}

    def sent(path: str, cookie: str = "", **fields: str) -> Answered:
        return hub.call(path, urlencode({"x": "", **fields}).encode(), headers={**own, "cookie": cookie})

    weak = sent(f"/first/{link}", password=WRONG, again="another")
    opened = sent(f"/first/{link}", password=PASSWORD, again=PASSWORD)
    spent = sent(f"/first/{link}", password=PASSWORD, again=PASSWORD)
    wrong, again = sent("/sign-in", password=WRONG), sent("/sign-in", password=PASSWORD)
    assert [answer.status for answer in (weak, opened, spent, wrong, again)] == [400, 303, 410, 401, 303]
    cookies = [answer.headers["set-cookie"].partition(";")[0] for answer in (opened, again)]
    seen = [hub.call(path, headers={**BROWSER, "cookie": cookie}) for cookie in cookies for path in ADMINS]
    assert {answer.status for answer in seen} == {200}
    out = sent("/sign-out", cookies[0])
    late = hub.call("/book", headers={**BROWSER, "cookie": cookies[0]})
    assert (out.status, late.status) == (303, 303)
    sessions = tuple(cookie.partition("=")[2] for cookie in cookies)
    return Admitted(link, sessions, [weak, spent, wrong, *seen, out, late])


@pytest.fixture
def planted(machine: Machine, provider: Provider) -> tuple[Machine, dict[str, str]]:
    """A machine whose secrets are all canaries, and the keys of its two accounts."""
    machine.environ |= {"RINGMAIN_ADMIN_TOKEN": ADMIN, "RINGMAIN_SECRET_KEY": SECRET_KEY}
    given = {"stdin": PROVIDER_KEY}
    machine.connect("paid", provider.base_url, "--model", "quick", "--key-file", "-", "--default", **given)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    machine.connect("nowhere", f"http://127.0.0.1:{port}/v1", "--model", "quick", "--key-file", "-", **given)
    return machine, {name: machine.key(name, "--connection", name) for name in ("paid", "nowhere")}


def looked_at(machine: Machine) -> None:
    """Every command that shows something, at its most talkative."""
    for words in (
        ("connections", "show", "paid"),
        ("hosts", "show", "paid"),
        ("usage",),
        ("check",),
        ("check", "--connection", "nowhere"),
        ("ask", "Hello", "--model", "echo-401"),
    ):
        machine.run(*words)
    machine.run("ask", "Hello", "--model", "quick", OPENAI_API_KEY=ENV_KEY, OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    machine.run("secrets", "rotate")


def files(folder: Path) -> bytes:
    """All that lies in a folder, names and contents; but for what the hub has printed, which is looked at apart."""
    found = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".out"]
    assert found
    return b"\n".join(str(path).encode() + b"\n" + path.read_bytes() for path in found)


def test_no_secret_is_in_the_data_folder_in_what_is_printed_or_in_what_is_answered(
    planted: tuple[Machine, dict[str, str]],
) -> None:
    machine, keys = planted
    machine.said.clear()  # a host's key is printed once, when its account is added
    with machine.up() as hub:
        assert hub.chat(keys["paid"]).status == 200
        answers = wrongs(hub, keys) + pages(hub) + forms(hub)
        door = at_the_door(hub)
        answers += [*door.told, hub.call("/metrics", key=ADMIN)]
        looked_at(machine)
        disk = files(machine.data)
        hub.process.kill()
    disk += files(machine.home)
    told = b"\n".join(answer.body + str(answer.headers).encode() for answer in answers)
    printed = "\n".join(machine.said).encode()
    # The link is the terminal's: printed there once, and nowhere else.
    assert printed.count(door.link.encode()) == 1
    printed = printed.replace(door.link.encode(), b"")
    canaries = [PROVIDER_KEY, ENV_KEY, TYPED_KEY, ADMIN, SECRET_KEY, PASSWORD, WRONG, door.link, *door.sessions]
    canaries += keys.values()
    for canary in canaries:
        places = {"disk": disk, "answers": told, "output": printed}
        found = [
            place for place, held in places.items() if canary.encode() in held and not repeats(canary, keys, place)
        ]
        assert not found, f"{canary[:12]}… is in the {' and the '.join(found)}"


def repeats(canary: str, keys: dict[str, str], place: str) -> bool:
    """Whether a host is only told again what it had written into the address itself."""
    return place == "answers" and canary == keys["paid"]


def test_a_provider_that_repeats_our_key_in_its_error_does_not_tell_it_to_the_host(
    planted: tuple[Machine, dict[str, str]],
) -> None:
    machine, keys = planted
    with machine.up() as hub:
        models = [f"echo-{status}" for status in (400, 403, 404, 409, 413, 422, 429, 500, 503)]
        told = [hub.call(CHAT, chat_body(model), key=keys["paid"], headers=NO_PATIENCE) for model in models]
    assert [answer.status for answer in told if PROVIDER_KEY.encode() in answer.body] == []
