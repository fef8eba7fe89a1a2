"""A host chooses what is asked, and never where its ask goes nor with which key."""

import json
import re
import string
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote, urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringmain.exchange.modes.fields import CONTROL
from ringmain.ring import Ring
from ringmain.store import StoredConnection
from tests.hubs import Served, run_hub
from tests.journeys.provider import Provider, run_provider
from tests.relay import Received, Relay

KEY = "sk-the-connections-own-0123456789"
EVIL = "http://evil.invalid/v1"
CANARY = "canary-of-the-caller"

BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"model": "quick", "messages": [{"role": "user", "content": "Hello"}]},
    "/v1/completions": {"model": "quick", "prompt": "Hello"},
    "/v1/responses": {"model": "quick", "input": "Hello"},
    "/v1/embeddings": {"model": "quick", "input": "Hello"},
}

LURES: list[Any] = [
    EVIL,
    f"Bearer {CANARY}",
    {"url": EVIL, "Authorization": CANARY},
    {"authorization": f"Bearer {CANARY}", "host": "evil.invalid"},
    {"api_base": EVIL, "api_key": CANARY},
    [EVIL, CANARY],
    None,
    True,
]
HEADERS = [
    "api-key",
    "x-api-key",
    "openai-project",
    "x-openai-api-key",
    "x-forwarded-host",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-authorization",
    "x-original-url",
    "x-rewrite-url",
    "x-portkey-config",
    "x-litellm-api-base",
    "helicone-target-url",
    "cf-aig-authorization",
    "anthropic-version",
    "forwarded",
    "via",
    "proxy-authorization",
    "cookie",
    "user-agent",
    "referer",
    "accept",
    "te",
    "traceparent",
    "x-stainless-lang",
    "x-ringmain-ask",
    "x-ringmain-connection",
    "host",
]
names = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=20).map(lambda name: f"x-{name}")
extra_fields = st.dictionaries(st.sampled_from(sorted(CONTROL)), st.sampled_from(LURES), min_size=1)
extra_headers = st.dictionaries(
    st.sampled_from(HEADERS) | names,
    st.sampled_from([EVIL, CANARY, f"Bearer {CANARY}", "evil.invalid:80", "127.0.0.1"]),
)
queries = st.dictionaries(
    st.sampled_from(sorted(CONTROL | {"key", "url", "path", "model"})), st.sampled_from([EVIL, CANARY])
)

ALLOWED = {"host", "authorization", "content-type", "content-length", "accept", "accept-encoding", "user-agent"}
"""All headers that reach a provider, with the organization where the connection has none."""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with run_provider() as running:
        yield running


@pytest.fixture(scope="module")
def upstream(provider: Provider) -> Iterator[Relay]:
    with Relay(provider.base_url) as relay:
        yield relay


@pytest.fixture(scope="module")
def hub(upstream: Relay) -> Iterator[Served]:
    with run_hub(base_url=upstream.base_url, preset="custom") as hub:
        _seal(hub.ring, upstream.base_url)
        yield hub


def _seal(ring: Ring, base_url: str) -> None:
    """Give the connection its key."""
    (stored,) = ring.store.connections()
    sealed = ring.key_ring().seal(KEY, owner=stored.id, base_url=base_url)
    changed: StoredConnection = msgspec.structs.replace(stored, sealed=sealed)
    ring.store.save_connection(changed)
    ring.registry.refresh()


def own(upstream: Relay, path: str, sent: Received) -> None:
    """That this request went where the connection says, with its key, and with nothing of the caller's."""
    assert (sent.method, sent.path) == ("POST", path)
    assert sent.headers["host"] == upstream.base_url.removeprefix("http://").removesuffix("/v1")
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert set(sent.headers) <= ALLOWED
    assert sent.headers["accept"] == "application/json"
    assert CANARY not in str(sent.headers)
    assert "evil" not in str(sent.headers)


@given(path=st.sampled_from(sorted(BODIES)), fields=extra_fields, headers=extra_headers, query=queries)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_host_sends_address_key_and_path_are_the_connections(
    hub: Served, upstream: Relay, path: str, fields: dict[str, Any], headers: dict[str, str], query: dict[str, str]
) -> None:
    upstream.clear()
    hub.call("POST", f"{path}?{urlencode(query)}", {**BODIES[path], **fields}, headers=headers)
    (sent,) = upstream.requests
    own(upstream, path, sent)
    assert sent.json == BODIES[path], "words that steer a client travelled along"


@given(
    path=st.sampled_from(sorted(BODIES)),
    model=st.sampled_from(
        [EVIL, "../../admin", "//evil.invalid/v1", "quick?api_key=x", "quick#", "@evil.invalid", "a\r\nb"]
    ),
    name=st.sampled_from(["endpoint", "proxy", "target", "callback_url", "webhook", "user", "metadata"]),
    value=st.sampled_from(LURES),
)
@settings(max_examples=60, deadline=None)
def test_a_model_or_an_unknown_field_is_data_and_moves_no_call(
    hub: Served, upstream: Relay, path: str, model: str, name: str, value: Any
) -> None:
    upstream.clear()
    hub.call("POST", path, {**BODIES[path], "model": model, name: value})
    (sent,) = upstream.requests
    own(upstream, path, sent)
    assert sent.json == {**BODIES[path], "model": model, name: value}


@given(
    st.sampled_from(
        [EVIL, "//evil.invalid/", "@evil.invalid", "\\evil", "x?api-version=1&", "a#b", "%0d%0ahost:evil", "..."]
    )
)
@settings(deadline=None)
def test_the_name_of_a_model_in_an_address_is_one_part_of_the_path(hub: Served, upstream: Relay, name: str) -> None:
    upstream.clear()
    answered = hub.call(
        "GET", f"/v1/models/{quote(name, safe='')}?base_url={EVIL}", headers={"x-forwarded-host": "evil"}
    )
    if answered.status != 400:
        (sent,) = upstream.requests
        assert re.fullmatch("/v1/models/[^/?#]+", sent.path)
        assert unquote(sent.path.removeprefix("/v1/models/")) == name
        assert sent.headers["authorization"] == f"Bearer {KEY}"
        assert sent.headers["host"] == upstream.base_url.removeprefix("http://").removesuffix("/v1")
    else:
        assert upstream.requests == []


@pytest.mark.parametrize("wrong", ["a\tb", "x" * 256, "é", "x\xa0x"])
@pytest.mark.parametrize("header", ["openai-organization", "x-ringmain-conversation"])
def test_a_header_that_travels_is_one_line_of_plain_text(hub: Served, upstream: Relay, header: str, wrong: str) -> None:
    upstream.clear()
    answered = hub.call("POST", "/v1/chat/completions", BODIES["/v1/chat/completions"], headers={header: wrong})
    assert (answered.status, answered.error["param"], upstream.requests) == (400, header, [])


def test_of_a_hosts_headers_only_the_organization_travels(hub: Served, upstream: Relay) -> None:
    upstream.clear()
    told = {"openai-organization": "org-host", "openai-project": CANARY, "openai-beta": CANARY}
    assert hub.call("POST", "/v1/chat/completions", BODIES["/v1/chat/completions"], headers=told).status == 200
    (sent,) = upstream.requests
    assert set(sent.headers) <= ALLOWED | {"openai-organization"}
    assert sent.headers["openai-organization"] == "org-host"
    assert CANARY not in json.dumps(sent.headers)
