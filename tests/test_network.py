"""The network over real sockets: what arrives, and what is told when nothing does."""

import asyncio
import gzip
import socket
import ssl
import threading
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import trustme
import uvloop

from ringmain.errors import ProviderError, RingmainError, SetupError
from ringmain.network import Network, direct, proxies
from ringmain.network.place import place_of
from ringmain.transport import Request, Response, Upload


@asynccontextmanager
async def server(
    answer: bytes | Callable, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A raw server that answers every request with these bytes; yields its address and what it received."""
    received: list[bytes] = []

    handling: set[asyncio.Task] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handling.add(asyncio.current_task())
        try:
            received.append(await reader.read(65_536))
            await answer(writer) if callable(answer) else writer.write(answer)
        finally:
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}", received
        for task in handling:
            task.cancel()
        await asyncio.wait(handling) if handling else None


@pytest.fixture
async def transport():
    made = Network()
    yield made
    await made.close()


async def fetch(transport: Network, url: str, timeout: float = 5) -> tuple[int, bytes]:
    response = await transport.send(Request(url=f"{url}/v1/x", body=b"{}"), timeout=timeout)
    try:
        return response.status, b"".join([chunk async for chunk in response.chunks()])
    finally:
        await response.close()


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-Odd: Yes\r\n\r\nhi"


def test_a_transport_goes_on_in_a_new_event_loop_after_its_own_has_ended() -> None:
    transport = Network()

    async def call(*, last: bool) -> tuple[int, bytes]:
        async with server(OK) as (url, _):
            told = await fetch(transport, url)
        if last:
            await transport.close()
        return told

    assert [asyncio.run(call(last=last)) for last in (False, True)] == [(200, b"hi")] * 2


async def test_a_whole_answer_arrives_with_its_headers_in_lower_case(transport: Network) -> None:
    async with server(OK) as (url, received):
        response = await transport.send(Request(url=f"{url}/v1/x", headers={"a": "b"}, body=b"{}"), timeout=5)
        assert response.headers["x-odd"] == "Yes"
        assert b"".join([c async for c in response.chunks()]) == b"hi"
        await response.close()
    assert received[0].startswith(b"POST /v1/x HTTP/1.1\r\n")
    assert b"a: b\r\n" in received[0]


async def test_a_redirect_is_not_followed(transport: Network) -> None:
    async with server(OK) as (other, reached):
        away = f"HTTP/1.1 307 T\r\nlocation: {other}/v1/x\r\ncontent-length: 0\r\n\r\n".encode()
        async with server(away) as (url, _):
            assert (await fetch(transport, url))[0] == 307
    assert not reached


async def told(transport: Network, url: str, timeout: float = 5) -> RingmainError:
    with pytest.raises(RingmainError) as caught:
        await fetch(transport, url, timeout)
    return caught.value


async def test_an_address_where_nobody_listens_is_named_with_its_port(transport: Network) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = await told(transport, f"http://127.0.0.1:{port}")
    assert (error.code, error.billed) == ("upstream_unreachable", False)
    assert error.sentence == f"127.0.0.1:{port} cannot be reached (Connection refused)."


async def test_a_name_that_does_not_exist_is_named(transport: Network) -> None:
    error = await told(transport, "http://no-such-host.invalid")
    assert error.code == "upstream_unreachable"
    assert "no-such-host.invalid:80" in error.sentence


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.example", "\u200b.example"], ids=ascii)
async def test_a_name_that_cannot_be_one_is_told_as_such_and_nothing_was_charged(transport: Network, host: str) -> None:
    error = await told(transport, f"http://{host}")
    assert (error.code in ("upstream_unreachable", "invalid_setting"), error.billed) == (True, False)
    assert host in error.sentence


async def test_a_name_that_resolves_to_a_metadata_address_is_refused(transport, monkeypatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))]

    async def resolve(self, *args, **kwargs):
        return found

    monkeypatch.setattr(asyncio.get_running_loop().__class__, "getaddrinfo", resolve)
    error = await told(transport, "http://innocent.example")
    assert error.code == "invalid_setting"


def answering(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names resolve to these addresses, one answer after the other; the names that were asked for."""
    asked: list[str] = []
    told = iter(answers)

    async def resolve(self: object, host: str, port: int = 0, **_: object) -> list[tuple]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in next(told)]

    monkeypatch.setattr(asyncio.get_running_loop().__class__, "getaddrinfo", resolve)
    return asked


async def test_a_name_that_has_one_metadata_address_among_others_is_refused(transport, monkeypatch) -> None:
    async with server(OK) as (url, received):
        answering(monkeypatch, ["127.0.0.1", "169.254.169.254"])
        error = await told(transport, url.replace("127.0.0.1", "two-faced.example"))
    assert (error.code, received) == ("invalid_setting", [])


async def test_what_was_checked_is_what_is_connected_to_though_the_name_changes_its_answer(monkeypatch) -> None:
    async with server(OK) as (url, received):
        named = url.replace("127.0.0.1", "changing.example")
        asked = answering(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
        first, second = Network(), Network()
        assert await fetch(first, named) == (200, b"hi")
        assert (await told(second, named)).code == "invalid_setting"
        await first.close()
        await second.close()
    # A check of its own before the connection would have asked once more, and might have heard something else.
    assert asked == ["changing.example"] * 2
    assert len(received) == 1


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "[fe80::1]", "🯱🯶🯹.254.169.254", "𜳱𜳶𜳹.254.169.254", "[::ffff:a9fe:a9fe]"]
)
async def test_an_address_is_checked_as_the_client_reads_it_even_where_the_check_of_the_url_saw_a_name(
    transport, monkeypatch, host
) -> None:
    monkeypatch.setattr("ringmain.network.direct.place_of", place_of.__wrapped__)
    monkeypatch.setattr("ringmain.network.place.check_address", lambda url: None)
    error = await told(transport, f"http://{host}")
    assert error.code == "invalid_setting"
    assert "never a provider" in error.sentence


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_leads_to_a_metadata_address_or_anywhere(transport: Network, status: int) -> None:
    away = f"HTTP/1.1 {status} T\r\nlocation: http://169.254.169.254/latest\r\ncontent-length: 0\r\n\r\n".encode()
    async with server(away) as (url, received):
        assert (await fetch(transport, url))[0] == status
    assert len(received) == 1


async def test_a_proxy_is_not_asked_for_a_metadata_address_and_cannot_stand_at_one(transport, monkeypatch) -> None:
    async with server(OK) as (url, received):
        monkeypatch.setenv("http_proxy", url)
        for place in ("169.254.169.254", "metadata.google.internal", "2852039166", "[::ffff:a9fe:a9fe]"):
            assert (await told(transport, f"http://{place}")).code == "invalid_setting"
        assert received == []
        assert (await fetch(transport, "http://provider.example"))[0] == 200
    monkeypatch.setattr(proxies, "REMEMBERED", 0.0)
    monkeypatch.setenv("http_proxy", "http://169.254.169.254:80")
    assert (await told(transport, "http://provider.example")).code == "invalid_setting"


TLS = ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT


async def test_an_untrusted_certificate_is_told_as_such(transport: Network) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with server(OK, tls=context) as (url, _):
        error = await told(transport, url)
    assert error.code == "upstream_tls"
    assert "certificate" in error.sentence


@pytest.mark.parametrize("dot", ["", "."])
async def test_a_certificate_is_for_the_name_with_or_without_the_dot_of_the_root(
    transport: Network, monkeypatch: pytest.MonkeyPatch, dot: str
) -> None:
    authority, context, trusting = trustme.CA(), *(ssl.SSLContext(kind) for kind in TLS)
    authority.issue_cert("provider.example").configure_cert(context)
    authority.configure_trust(trusting)
    monkeypatch.setattr("ringmain.network.dial.trusted", lambda: trusting)
    async with server(OK, tls=context) as (url, received):
        answering(monkeypatch, ["127.0.0.1"])
        place = url.replace("127.0.0.1", "provider.example")
        assert await fetch(transport, place.replace("example", f"example{dot}")) == (200, b"hi")
    assert place.removeprefix("https://").encode() in received[0]


async def test_a_provider_that_hangs_up_without_a_word_may_have_charged(transport: Network) -> None:
    async with server(b"") as (url, _):
        error = await told(transport, url)
    assert (error.code, error.billed) == ("upstream_ambiguous", True)


@pytest.mark.parametrize(
    "headers",
    [
        *({"authorization": f"Bearer sk-secret{end}x: y"} for end in ("\n", "\r", "\r\n", "\0", "\ud800")),
        {"a\r\nb": "sk-secret"},
    ],
    ids=ascii,
)
async def test_a_key_that_no_header_can_hold_is_told_as_such_and_never_sent(
    transport: Network, headers: dict[str, str]
) -> None:
    async with server(OK) as (url, received):
        request = Request(url=f"{url}/v1", headers=headers)
        with pytest.raises(SetupError, match="A header of the call to") as caught:
            await transport.send(request, timeout=5)
    assert "secret" not in str(caught.value)
    assert b"".join(received) == b""


async def test_each_call_is_sent_its_own_head_however_much_it_has_in_common_with_the_last(transport: Network) -> None:
    keys, bodies = ["sk-1", "sk-2", "sk-1"], [b"{}", b"{}", b"[1, 2, 3]"]
    async with server(OK) as (url, received):
        for key, body in zip(keys, bodies, strict=True):
            request = Request(url=f"{url}/v1", headers={"authorization": f"Bearer {key}"}, body=body)
            await (await transport.send(request, timeout=5)).whole(largest=2)
    named = url.removeprefix("http://")
    assert [told.decode() for told in received] == [
        f"POST /v1 HTTP/1.1\r\nhost: {named}\r\nuser-agent: ringmain\r\naccept-encoding: identity\r\n"
        f"authorization: Bearer {key}\r\ncontent-length: {len(body)}\r\n\r\n{body.decode()}"
        for key, body in zip(keys, bodies, strict=True)
    ]


async def test_a_head_with_its_key_is_not_remembered_for_long(
    transport: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "KEEP", 0.02)
    async with server(KEPT) as (url, _):
        request = Request(url=url, headers={"authorization": "Bearer sk-1"})
        await (await transport.send(request, timeout=5)).whole(largest=2)
        remembered = transport._direct._kept._written.cache_info
        assert remembered().currsize == 1
        await asyncio.sleep(0.1)
        assert remembered().currsize == 0


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        (OK, b"hi"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", "upstream_too_large"),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: deflate\r\n\r\n" + zlib.compress(b"hi"), b"hi"),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: deflate\r\n\r\n" + zlib.compress(b"abc"), "upstream_too_large"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi", "upstream_ambiguous"),
        (b"HTTP/1.1 204 OK\r\n\r\n", b""),
    ],
    ids=["as it is", "longer", "packed", "longer unpacked", "cut", "none"],
)
@pytest.mark.parametrize("late", [0.0, 0.05], ids=["there", "to come"])
async def test_an_answer_is_had_whole(transport: Network, answer: bytes, heard: bytes | str, late: float) -> None:
    async def tell(writer: asyncio.StreamWriter) -> None:
        head = answer.index(b"\r\n\r\n") + 4
        writer.write(answer[: head if late else None])
        await asyncio.sleep(late)
        writer.write(answer[head:] if late else b"")

    async with server(tell) as (url, _):
        response = await transport.send(Request(url=url), timeout=5)
        # All of it that is there is in.
        await asyncio.sleep(0.02)
        try:
            told = await response.whole(largest=2)
        except ProviderError as error:
            told = error.code
    assert told == heard


async def test_a_body_that_is_cut_may_have_been_charged(transport: Network) -> None:
    async with server(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf") as (url, _):
        error = await told(transport, url)
    assert isinstance(error, ProviderError)
    assert error.billed


async def test_one_deadline_covers_head_and_body(transport: Network) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")
        for _ in range(100):
            writer.write(b".")
            await asyncio.sleep(0.05)

    async with server(drip) as (url, _):
        error = await told(transport, url, timeout=0.3)
    assert (error.code, error.status, error.billed) == ("deadline_exceeded", 504, True)


async def test_a_dead_proxy_is_named(transport: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    error = await told(transport, "http://provider.example")
    assert error.code == "upstream_unreachable"
    assert "proxy" in error.sentence


async def test_a_proxy_that_refuses_is_named_and_nothing_was_charged(
    transport: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with server(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n") as (url, _):
        monkeypatch.setenv("https_proxy", url)
        error = await told(transport, "https://provider.example")
    assert (error.code, error.billed) == ("upstream_unreachable", False)
    assert "proxy" in error.sentence
    assert "407" in error.sentence


async def test_a_deadline_that_passes_before_there_is_a_connection_costs_nothing(transport: Network) -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        error = await told(transport, f"http://127.0.0.1:{full.getsockname()[1]}", timeout=0.3)
    assert (error.code, error.billed) == ("deadline_exceeded", False)


async def test_closing_early_cuts_the_provider_off(transport: Network) -> None:
    cut = asyncio.Event()

    async def stream(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        try:
            while True:
                writer.write(b"data: x\n\n")
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            cut.set()

    async with server(stream) as (url, _):
        response = await transport.send(Request(url=f"{url}/v1/x"), timeout=5)
        await anext(aiter(response.chunks()))
        await response.close()
        await asyncio.wait_for(cut.wait(), 1)


@asynccontextmanager
async def keeper(*answers: bytes) -> AsyncIterator[tuple[str, list[int]]]:
    """A raw server that gives each request on a connection the next of these; yields its address and, of each
    connection, how many requests it carried."""
    carried: list[int] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carried.append(0)
        place = len(carried) - 1
        while await reader.read(65_536):
            carried[place] += 1
            writer.write(answers[(sum(carried) - 1) % len(answers)])
        writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", carried


KEPT = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


async def test_calls_in_a_row_share_a_connection(transport: Network) -> None:
    async with keeper(KEPT) as (url, carried):
        assert [await fetch(transport, url) for _ in range(3)] == [(200, b"hi")] * 3
        assert carried == [3]
        await transport.close()


async def test_calls_at_a_time_do_not(transport: Network) -> None:
    async with keeper(KEPT) as (url, carried):
        await asyncio.gather(*(fetch(transport, url) for _ in range(3)))
        assert carried == [1, 1, 1]
        await transport.close()


async def test_a_connection_that_was_held_back_by_the_end_of_an_answer_carries_the_next(transport: Network) -> None:
    much = b"HTTP/1.1 200 OK\r\ncontent-length: 70000\r\n\r\n" + b"." * 70_000
    async with keeper(much, KEPT) as (url, carried):
        unread = await transport.send(Request(url=f"{url}/v1/x", body=b"{}"), timeout=5)
        while not unread.ended:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert await fetch(transport, url, timeout=2) == (200, b"hi")
        assert len(await unread.whole(largest=70_000)) == 70_000
        assert carried == [2]
        await transport.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi",
        KEPT + KEPT,
        KEPT + b"HTTP/1.1 2",
    ],
    ids=["it closes", "two answers to one question", "an answer and a half"],
)
async def test_a_connection_is_not_used_again_where(transport: Network, answer: bytes) -> None:
    async with keeper(answer) as (url, carried):
        assert [await fetch(transport, url) for _ in range(2)] == [(200, b"hi")] * 2
        assert carried == [1, 1]
        await transport.close()


async def test_a_connection_on_which_a_refused_body_still_waits_is_not_used_again(transport: Network) -> None:
    carried: list[bytes] = []
    over = asyncio.Event()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carried.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
        await over.wait()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        for _ in range(2):
            response = await transport.send(Request(url=url, body=b"x" * (32 << 20)), timeout=5)
            assert [chunk async for chunk in response.chunks()] == [b"no"]
        over.set()
    assert len(carried) == 2


@pytest.mark.parametrize(("method", "answers"), [("GET", 2), ("POST", 1)])
async def test_only_what_costs_nothing_is_asked_again_where_a_kept_connection_is_closed(
    transport: Network, method: str, answers: int
) -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(KEPT)
        await reader.read(1)
        writer.transport.abort()

    async with await asyncio.start_server(once, "127.0.0.1", 0) as listening:
        request = Request(method=method, url=f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
        heard = list[bytes]()
        with suppress(ProviderError):
            for _ in range(2):
                heard += [chunk async for chunk in (await transport.send(request, timeout=5)).chunks()]
        await transport.close()
    assert heard == [b"hi"] * answers


def end_it(line: socket.socket) -> None:
    line.close()


def speak(line: socket.socket) -> None:
    line.sendall(KEPT.replace(b"hi", b"no"))


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("happens", [end_it, speak])
@pytest.mark.parametrize("size", [2, 1 << 20, None], ids=["whole", "large", "poured"])
def test_a_question_goes_by_another_connection_where_the_one_for_it_is_lost_before_it_has_left(
    run: Callable, happens: Callable[[socket.socket], None], size: int | None
) -> None:
    """It has certainly not been charged, so it is no matter what it costs."""
    poured = [b"{}"]

    async def pieces() -> AsyncIterator[bytes]:
        while poured:
            yield poured.pop()

    def question(url: str) -> Request:
        if size is None:
            return Request(url=url, upload=Upload(pieces(), 2))
        return Request(url=url, body=b"x" * size)

    async def lose(listening: socket.socket) -> None:
        transport, url = Network(), f"http://127.0.0.1:{listening.getsockname()[1]}"
        first = asyncio.create_task(fetch(transport, url))
        line, _ = await asyncio.to_thread(listening.accept)
        assert (await asyncio.to_thread(line.recv, 65_536)).endswith(b"{}")
        line.sendall(KEPT)
        assert await first == (200, b"hi")
        if size != 2:
            happens(line)
        second = asyncio.create_task(transport.send(question(url), timeout=5))
        await asyncio.sleep(0)
        if size == 2:
            happens(line)
        again, _ = await asyncio.to_thread(listening.accept)
        with again:
            await asyncio.to_thread(_drained, again)
            again.sendall(KEPT)
            assert [chunk async for chunk in (await second).chunks()] == [b"hi"]
        with suppress(OSError):
            assert not line.recv(65_536)
        line.close()
        await transport.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)
        run(lose(listening))


def test_a_question_whose_time_is_over_before_it_has_left_has_cost_nothing() -> None:
    async def late() -> tuple[ProviderError, list[int]]:
        transport = Network()
        async with keeper(KEPT) as (url, carried):
            await fetch(transport, url)
            with pytest.raises(ProviderError) as caught:
                await fetch(transport, url, timeout=0)
            await asyncio.sleep(0.05)
            await transport.close()
            return caught.value, carried

    # In uvloop's turn timers come before what was written.
    error, carried = uvloop.run(late())
    assert (error.code, error.billed, carried) == ("deadline_exceeded", False, [1])


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_a_place_that_answers_before_it_is_asked_is_understood_or_has_certainly_not_charged(run: Callable) -> None:
    async def busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 Busy\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno")
        await reader.read(65_536)
        writer.close()

    async def ask() -> None:
        transport = Network()
        async with await asyncio.start_server(busy, "127.0.0.1", 0) as listening:
            url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            heard = await asyncio.gather(*[fetch(transport, url) for _ in range(50)], return_exceptions=True)
            assert all(told == (503, b"no") or _unreached(told) for told in heard)
            await transport.close()

    run(ask())


def _unreached(told: object) -> bool:
    return isinstance(told, ProviderError) and told.code == "upstream_unreachable" and not told.billed


def _drained(line: socket.socket) -> None:
    """Return once nothing has come for a while."""
    line.settimeout(0.2)
    with suppress(TimeoutError):
        while line.recv(1 << 20):
            pass


async def test_what_nobody_asked_for_is_no_answer_to_the_next_question(transport: Network) -> None:
    spoken = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = not spoken.is_set()
        await reader.read(65_536)
        writer.write(KEPT)
        await writer.drain()
        if first:
            spoken.set()
            await asyncio.sleep(0.05)
            writer.write(KEPT.replace(b"hi", b"no"))
            await reader.read(65_536)
        writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        assert await fetch(transport, url) == (200, b"hi")
        await asyncio.sleep(0.2)
        assert await fetch(transport, url) == (200, b"hi")
        await transport.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + KEPT,
        b"HTTP/1.1 200 OK\r\n\r\nhi",
        b"HTTP/1.0 200 OK\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nh\r\n1;x=y\r\ni\r\n0\r\nt: u\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(b"hi"),
        b"HTTP/1.1 200 OK\r\ncontent-encoding: deflate\r\n\r\n" + zlib.compress(b"hi"),
        b"HTTP/1.1 200 OK\r\ncontent-encoding: none\r\n\r\nhi",
    ],
    ids=["announced", "until the end", "until the end of HTTP/1.0", "in chunks", "gzip", "deflate", "no encoding"],
)
async def test_an_answer_may_come(transport: Network, answer: bytes) -> None:
    async with server(answer) as (url, _):
        assert await fetch(transport, url) == (200, b"hi")


@pytest.mark.parametrize(
    ("head", "read"),
    [
        (b"", {}),
        (b"X-Odd:  Yes\r\n", {"x-odd": "Yes"}),
        (b"a:\r\nb: \xe9\r\na: last\r\n", {"a": "last", "b": "\xe9"}),
    ],
    ids=["no line", "any case", "no value, no ASCII, and one twice"],
)
async def test_a_head_is_that_of_the_answer_and_not_of_what_announced_it(
    transport: Network, head: bytes, read: dict[str, str]
) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
    async with server(early + b"HTTP/1.1 200 OK\r\n" + head + b"\r\nhi") as (url, _):
        response = await transport.send(Request(url=f"{url}/v1/x"), timeout=5)
        assert response.headers == read
        await response.close()


async def test_an_empty_answer_is_whole_whatever_it_is_said_to_be_packed_in(transport: Network) -> None:
    async with server(b"HTTP/1.1 401 No\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n") as (url, _):
        assert await fetch(transport, url) == (401, b"")


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_an_answer_until_the_end_may_end_without_the_farewell_of_tls(
    monkeypatch: pytest.MonkeyPatch, run: Callable
) -> None:
    authority, context, trusting = trustme.CA(), *(ssl.SSLContext(kind) for kind in TLS)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(trusting)
    monkeypatch.setattr("ringmain.network.dial.trusted", lambda: trusting)

    def answer(listening: socket.socket) -> None:
        with context.wrap_socket(listening.accept()[0], server_side=True) as line:
            received = b""
            while not received.endswith(b"{}"):
                received += line.recv(65_536)
            line.sendall(b"HTTP/1.0 200 OK\r\n\r\nhi")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        provider = threading.Thread(target=answer, args=[listening])
        provider.start()
        assert run(fetch(Network(), f"https://127.0.0.1:{listening.getsockname()[1]}")) == (200, b"hi")
        provider.join()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nx: " + b"x" * (1 << 20),
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + gzip.compress(b"hi")[:-4],
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nhi",
    ],
    ids=["a head without end", "another protocol", "two lengths", "unknown encoding", "half a gzip", "no gzip"],
)
async def test_what_is_no_answer_may_have_been_charged(transport: Network, answer: bytes) -> None:
    async with server(answer) as (url, _):
        error = await told(transport, url)
    assert (error.code, error.billed) == ("upstream_ambiguous", True)


async def test_what_follows_a_body_may_not_be_without_end(transport: Network) -> None:
    tail = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx: " + b"x" * (1 << 20)
    async with server(tail) as (url, _):
        assert "has no end" in (await told(transport, url)).sentence


async def test_what_follows_a_body_changes_nothing_of_the_head(transport: Network) -> None:
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx-a: head\r\n\r\n2\r\nhi\r\n0\r\nx-a: tail\r\n\r\n"
    async with server(chunked) as (url, _):
        response = await transport.send(Request(url=f"{url}/v1/x"), timeout=5)
        assert b"".join([chunk async for chunk in response.chunks()]) == b"hi"
        assert response.headers["x-a"] == "head"


@pytest.mark.parametrize("more", [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno", b"\0", b"no"], ids=repr)
@pytest.mark.parametrize("end", [b"", b"\0"], ids=repr)
async def test_what_comes_with_an_answer_is_no_part_of_it(transport: Network, more: bytes, end: bytes) -> None:
    async with server(OK + more + end) as (url, _):
        assert await fetch(transport, url) == (200, b"hi")


async def test_what_came_before_a_body_went_wrong_is_heard(transport: Network) -> None:
    async with server(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\nno") as (url, _):
        chunks = (await transport.send(Request(url=url), timeout=5)).chunks()
        assert await anext(chunks) == b"hi"
        with pytest.raises(ProviderError, match="broke off"):
            await anext(chunks)


async def test_a_reader_that_has_much_to_read_lets_others_have_their_turn(transport: Network) -> None:
    events = b"".join(b"64\r\ndata: " + b"x" * 92 + b"\n\n\r\n" for _ in range(500))
    async with server(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + events + b"0\r\n\r\n") as (url, _):
        response = await transport.send(Request(url=f"{url}/v1/x"), timeout=5)
        while not response.ended:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        turns, reading = 0, asyncio.create_task(_size(response))
        while not reading.done():
            turns += 1
            await asyncio.sleep(0)
    assert await reading == 50_000
    assert turns >= 10


async def _size(response: Response) -> int:
    return sum([len(chunk) async for chunk in response.chunks()])


async def test_a_reader_that_takes_its_time_holds_the_provider_back(transport: Network) -> None:
    sent = 0

    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 40000000\r\n\r\n")
        for _ in range(400):
            writer.write(b"." * 100_000)
            await writer.drain()
            sent += 100_000

    async with server(flood) as (url, _):
        response = await transport.send(Request(url=f"{url}/v1/x"), timeout=30)
        held = -1
        while held != sent:
            held = sent
            await asyncio.sleep(0.2)
        assert held < 30_000_000
        assert sum([len(chunk) async for chunk in response.chunks()]) == 40_000_000


PIECE = b"." * 100_000


async def taking(url: str, transport: Network, pieces: AsyncIterator[bytes], *, many: int) -> tuple[int, bytes]:
    upload = Upload(pieces, many * len(PIECE))
    response = await transport.send(Request(url=f"{url}/v1/files", upload=upload), timeout=10)
    try:
        return response.status, b"".join([chunk async for chunk in response.chunks()])
    finally:
        await response.close()


@asynccontextmanager
async def taker(answer: Callable) -> AsyncIterator[str]:
    """A server that hands the stream of what comes in, its head included, to whoever answers; and its address."""
    handling: set[asyncio.Task] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handling.add(asyncio.current_task())
        try:
            with suppress(ConnectionError):
                await answer(reader, writer)
        finally:
            writer.transport.abort()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        for task in handling:
            task.cancel()
        await asyncio.wait(handling)


@pytest.mark.parametrize("proxied", [False, True])
async def test_a_body_is_read_while_it_is_sent_and_no_faster(
    transport: Network, monkeypatch: pytest.MonkeyPatch, proxied: bool
) -> None:
    read, may_go, heads = 0, asyncio.Event(), []

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(400):
            read += 1
            yield PIECE

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        await may_go.wait()
        left = 400 * len(PIECE)
        while left:
            left -= len(await reader.read(1 << 20))
        writer.write(OK)
        await writer.drain()
        await asyncio.sleep(5)

    async with taker(slow) as url:
        if proxied:
            monkeypatch.setenv("http_proxy", url)
            url = "http://files.example"
        sending = asyncio.create_task(taking(url, transport, pieces(), many=400))
        held = -1
        while held != read or not read:
            held = read
            await asyncio.sleep(0.2)
        assert held < 300
        may_go.set()
        assert await sending == (200, b"hi")
    assert b"content-length: 40000000\r\n" in heads[0].lower()


async def test_a_provider_that_refuses_a_body_before_its_end_is_sent_no_more_of_it(transport: Network) -> None:
    read = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 1
            yield PIECE

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 No\r\ncontent-length: 2\r\n\r\nno")
        await asyncio.sleep(5)

    async with taker(refuse) as url:
        assert await asyncio.wait_for(taking(url, transport, pieces(), many=1000), 4) == (413, b"no")
        assert read < 900
        # What is left of the body must not be the beginning of another question.
        assert not [idle for kept in transport._direct._kept._idle.values() for idle in kept]


@pytest.mark.parametrize("many", [1, 3])
async def test_a_body_of_another_length_than_was_said_is_no_beginning_of_another_question(
    transport: Network, many: int
) -> None:
    heads: list[bytes] = []

    async def pieces() -> AsyncIterator[bytes]:
        yield PIECE
        yield b"GET /never HTTP/1.1\r\n\r\n".ljust(len(PIECE), b".")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while True:
                heads.append(await reader.readuntil(b"\r\n\r\n"))
                await reader.readexactly(many * len(PIECE))
                writer.write(OK)

    async with taker(answer) as url:
        with pytest.raises(ValueError, match="not as long"):
            await taking(url, transport, pieces(), many=many)
        await asyncio.sleep(0.1)
        assert [head.split()[1] for head in heads] == [b"/v1/files"]
        assert not [idle for kept in transport._direct._kept._idle.values() for idle in kept]


async def test_a_body_whose_reading_fails_takes_its_connection_with_it(transport: Network) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield PIECE
        raise OSError("the disk is gone")

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1 << 16):
            pass

    async with taker(wait) as url:
        with pytest.raises(OSError, match="the disk is gone"):
            await taking(url, transport, pieces(), many=2)
        assert not [idle for kept in transport._direct._kept._idle.values() for idle in kept]
