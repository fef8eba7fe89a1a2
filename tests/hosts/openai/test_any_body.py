"""Bodies that nobody would write: the hub answers or refuses them, and never fails."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringmain.errors import RingmainError
from ringmain.exchange.account import Account
from ringmain.hosts import HostRequest, room
from ringmain.hub import AsyncHub
from ringmain.question import new_id
from ringmain.testing import ready_hub

PLAIN = Account(id="plain", name="plain", tool="openai", connection="demo")
FRAMED = Account(
    id="framed",
    name="framed",
    tool="openai",
    connection="demo",
    context="Be brief.",
    prompt_prefix="p",
    prompt_suffix="s",
    parameters={"temperature": 1, "max_tokens": 5},
    budget=10**15,
)
FIELDS = (
    "temperature max_tokens max_completion_tokens max_output_tokens n stop suffix stream_options stream tools "
    "tool_choice response_format reasoning reasoning_effort text logit_bias seed best_of user metadata echo logprobs "
    "top_logprobs store messages input prompt instructions functions dimensions previous_response_id conversation "
    "truncation include"
).split()
KEYS = "role content type text format json_schema effort schema name function tool_calls include_usage".split()
ROLES = "system user assistant tool developer function".split()

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=6,
)
message = st.fixed_dictionaries(
    {"role": st.sampled_from(ROLES)}, optional={"content": values, "tool_calls": values, "name": values}
)
talk = st.lists(message, min_size=1, max_size=3)
WIRES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "chat/completions": lambda talk: {"messages": talk},
    "completions": lambda talk: {"prompt": "Hello"},
    "responses": lambda talk: {"input": talk},
    "embeddings": lambda talk: {"input": "Hello"},
}

Ask = Callable[[str, dict[str, Any], Account], int]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """The status that a body gets from a hub on the demo provider."""
    with asyncio.Runner() as runner:
        hub = ready_hub()
        yield lambda path, body, account: runner.run(_status(hub, path, body, account))
        runner.run(hub.close())


async def _status(hub: AsyncHub, path: str, body: dict[str, Any], account: Account) -> int:
    wire = room("openai").wire
    request = HostRequest(method="POST", path=f"/v1/{path}", body=json.dumps(body).encode())
    await hub.start()
    try:
        asked = wire.read(request, ask_id=new_id())
        answer = await hub.answer(asked, account)
        if not asked.stream:
            return wire.write(await answer.whole(), asked).status
        writer = wire.stream(asked)
        told = [writer.piece(piece) async for piece in answer]
        return 200 if told and writer.end(await answer.whole()) is not None else 0
    except RingmainError as error:
        return error.status


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(WIRES)),
    st.sampled_from(["demo-1", "demo-chat", "demo-completion", "demo-responses", "demo-embedding"]),
    talk,
    st.dictionaries(st.sampled_from(FIELDS), values, max_size=3),
    st.sampled_from([PLAIN, FRAMED]),
)
def test_no_body_makes_the_hub_fail(
    ask: Ask, path: str, model: str, talk: Any, more: dict[str, Any], account: Account
) -> None:
    assert ask(path, {"model": model, **WIRES[path](talk), **more}, account) in (200, 400, 404)
