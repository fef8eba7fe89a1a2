"""Text that some template language would read comes through letter by letter, and stands on pages as it is."""

from collections.abc import Iterator
from html import escape
from typing import Any

import pytest

from ringmain.exchange.account import Account
from ringmain.server.pages.rendering import plain
from ringmain.store import HostKey
from ringmain.store.hostkeys import digest, new_host_key
from tests.hubs import Served, run_hub
from tests.journeys.provider import Provider, run_provider
from tests.server.pages.conftest import Admin

BRACES = [
    "{{7*7}}",
    "{{ ''.__class__.__mro__ }}",
    "{% for x in range(9**9) %}{{ x }}{% endfor %}",
    "{#- gone -#}",
    "{name} {0.__class__} {model!r:>99}",
    "${7*7} #{7*7} <%= 7*7 %> %(name)s %s %n",
    "<script>alert(1)</script><svg onload=alert(1)>",
    "' OR '1'='1\\n\\u0041",
]
HELLO = "The question."

PATHS = {
    "/v1/chat/completions": lambda said: {"messages": [{"role": "user", "content": said}]},
    "/v1/completions": lambda said: {"prompt": said},
    "/v1/responses": lambda said: {"input": said},
}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with run_provider() as running:
        yield running


@pytest.fixture(scope="module")
def hub(provider: Provider) -> Iterator[Served]:
    with run_hub(base_url=provider.base_url, preset="custom", model="quick") as hub:
        yield hub


def key_of(hub: Served, text: str) -> str:
    """The key of an account all of whose words are this text."""
    key, id = new_host_key(), f"acc-{BRACES.index(text)}"
    around = {"context": text, "prompt_prefix": text, "prompt_suffix": text, "parameters": {"user": text}}
    hub.ring.store.save_account(Account(id=id, name=text, tool="openai", **around))
    hub.ring.store.add_key(HostKey(digest=digest(key), account_id=id, hint=key[-4:], created=0))
    return key


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("text", BRACES)
def test_braces_reach_the_provider_as_they_were_written(hub: Served, provider: Provider, text: str, path: str) -> None:
    body = {"model": text, "metadata": {text: text}, **PATHS[path](text)}
    hub.call("POST", path, body, key=key_of(hub, text))
    sent: dict[str, Any] = provider.bodies[-1]
    assert (sent["model"], sent["metadata"], sent["user"]) == (text, {text: text}, text)
    if path == "/v1/chat/completions":
        assert sent["messages"] == [{"role": "system", "content": text}, {"role": "user", "content": text}]
    elif path == "/v1/completions":
        assert sent["prompt"] == text * 3
    else:
        assert (sent["input"], sent["instructions"]) == (text, text)


@pytest.mark.parametrize("text", BRACES)
def test_braces_stand_escaped_on_every_page_that_shows_them(hub: Served, text: str) -> None:
    key = key_of(hub, text)
    hub.call("POST", "/v1/chat/completions", {"model": text, "messages": [{"role": "user", "content": HELLO}]}, key=key)
    hub.lines()
    admin = Admin(hub)
    for path in ("/book", "/hosts"):
        page = admin.shown(path)
        assert escape(plain(text)) in page.replace("&#39;", "&#x27;").replace("&#34;", "&quot;"), path
        assert "<script>alert" not in page
        assert "<svg onload" not in page


@pytest.mark.parametrize("text", BRACES)
def test_braces_in_a_form_come_back_in_it_and_travel_in_its_preview(hub: Served, text: str) -> None:
    admin = Admin(hub)
    answered = admin.sent("/new-account/preview", tool="openai", name="x", context=text, connection="tested")
    page = answered.body.decode()
    assert answered.status == 200
    written = page.replace("&#39;", "&#x27;").replace("&#34;", "&quot;")
    assert written.count(escape(text)) + written.count(escape(text.replace("\\", "\\\\"))) >= 2
    assert "<script>alert" not in page
    refused = admin.sent("/new-account", tool="openai", name=text, context=text)
    assert refused.status == 400
    assert "<script>alert" not in refused.body.decode()
