"""What asks leave behind: nothing that only the collector of garbage finds, as the hub seldom lets it look."""

import gc
import http.client
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import pytest

from tests.hubs import Served

CHAT = "/v1/chat/completions"
ASKS = 20


@contextmanager
def kept() -> Iterator[Counter[str]]:
    """How many of each of our types the collector finds after the block, and would not have to have looked for."""
    found = Counter[str]()
    gc.collect()
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        types = (type(thing) for thing in gc.garbage)
        found.update(f"{kind.__module__}.{kind.__qualname__}" for kind in types)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def whole(hub: Served) -> None:
    assert hub.call("POST", CHAT, {"messages": [{"role": "user", "content": "Hello"}]}).status == 200


def recorded(hub: Served) -> None:
    headers = {"x-stainless-retry-count": "0"}
    assert hub.call("POST", CHAT, {"messages": [{"role": "user", "content": "Hi"}]}, headers=headers).status == 200


def streamed(hub: Served) -> None:
    body = {"messages": [{"role": "user", "content": "Hello"}], "stream": True}
    assert hub.call("POST", CHAT, body).body.endswith(b"data: [DONE]\n\n")


def unreadable(hub: Served) -> None:
    assert hub.call("POST", CHAT, b"{").status == 400


def refused(hub: Served) -> None:
    assert hub.call("POST", CHAT, {"messages": [{"role": "user", "content": "Hello"}], "model": "none"}).status == 404


def given_up(hub: Served) -> None:
    with closing(http.client.HTTPConnection(urlsplit(hub.url).netloc, timeout=30)) as line:
        body = b'{"messages":[{"role":"user","content":"Hello"}],"stream":true}'
        line.request("POST", CHAT, body, {"authorization": f"Bearer {hub.key}"})
        assert line.getresponse().read(10)


@pytest.mark.parametrize("ask", [whole, recorded, streamed, unreadable, refused, given_up])
def test_an_ask_leaves_nothing_that_only_the_collector_finds(served: Served, ask: Callable[[Served], None]) -> None:
    ask(served)
    served.lines()
    with kept() as found:
        for _ in range(ASKS):
            ask(served)
        served.lines()
        del _
    ours = {name: number for name, number in found.items() if name.startswith(("ringmain.", "builtins.frame"))}
    # One that has just ended may still be on its way out.
    assert not {name: number for name, number in ours.items() if number >= ASKS // 2}
