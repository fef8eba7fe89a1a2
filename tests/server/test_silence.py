"""What is logged at the most talkative level, with everything going wrong, holds no secret and no word of a prompt."""

import logging
import traceback
from collections.abc import Iterator

import msgspec
import pytest

from ringmain.hub import AsyncHub
from ringmain.server.pages import connections
from ringmain.store import StoredConnection
from tests.hubs import ADMIN, Served, run_hub
from tests.journeys.provider import run_provider

PROVIDER_KEY = "sk-canary-of-the-provider-0123456789"
TYPED_KEY = "sk-canary-that-was-typed-0123456789"
WORDS = "canary-words-of-a-prompt"
CHAT = "/v1/chat/completions"


@pytest.fixture
def hub() -> Iterator[Served]:
    """A hub whose provider repeats the key that it was sent."""
    with run_provider() as provider, run_hub(base_url=provider.base_url, preset="custom", model="quick") as hub:
        (stored,) = hub.ring.store.connections()
        sealed = hub.ring.key_ring().seal(PROVIDER_KEY, owner=stored.id, base_url=stored.base_url)
        changed: StoredConnection = msgspec.structs.replace(stored, sealed=sealed)
        hub.ring.store.save_connection(changed)
        hub.ring.registry.refresh()
        yield hub


def asked(hub: Served, model: str, *, stream: bool = False, key: str | None = None) -> bytes:
    """What a chat is answered, head and all."""
    body = {"model": model, "messages": [{"role": "user", "content": WORDS}], "stream": stream}
    headers = {"x-stainless-read-timeout": "1.0", "x-ringmain-conversation": "talk"}
    answered = hub.call("POST", CHAT, body, key=key, headers=headers)
    return answered.body + str(answered.headers).encode()


def saved(hub: Served) -> bytes:
    """What the form of a connection is answered, with a key that was typed."""
    own = {"origin": hub.url, "content-type": "application/x-www-form-urlencoded"}
    body = f"key={TYPED_KEY}&base_url=http://127.0.0.1:9/v1&timeout=soon".encode()
    return hub.call("POST", "/connections/tested", body, key=ADMIN, headers=own).body


def test_no_secret_and_no_word_is_logged_printed_or_told_when_all_goes_wrong(
    hub: Served, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(0)
    for name in ("ringmain", "aiohttp", "uvicorn", "asyncio"):
        caplog.set_level(1, name)
    # Below this it would log the rows of the database themselves.
    caplog.set_level(logging.INFO, "sqlalchemy.engine")
    told = [asked(hub, model) for model in ("quick", "echo-401", "echo-400", "echo-500", "garbage")]
    told += [asked(hub, model, stream=True) for model in ("drip", "torn", "echo-429")]
    told += [asked(hub, "quick", key=key) for key in ("rm-canary-of-nobody", hub.key[:-1], ADMIN)]
    told += [saved(hub), hub.call("GET", "/metrics", key=ADMIN).body, hub.call("GET", "/book.json", key=ADMIN).body]

    async def broken(self: object, *_: object, **words: object) -> None:
        key = PROVIDER_KEY
        raise RuntimeError(f"broken after {len(key)} characters")

    monkeypatch.setattr(AsyncHub, "answer", broken)
    monkeypatch.setattr(connections, "read_form", broken)
    told += [asked(hub, "quick"), asked(hub, "quick", stream=True), saved(hub)]
    assert caplog.text.count("failed in a way it should not") >= 3
    lasting = [traceback.format_exception(*record.exc_info) for record in caplog.records if record.exc_info]
    assert len(lasting) >= 3
    everything = b"".join(told).decode() + caplog.text + str(lasting) + "".join(capfd.readouterr())
    secrets = [PROVIDER_KEY, TYPED_KEY, ADMIN, hub.key, WORDS, "rm-canary-of-nobody"]
    assert [secret for secret in secrets if secret in everything] == []
