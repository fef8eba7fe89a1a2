"""Three accounts in one hub: whatever they and the admin do, none ever learns of another."""

import asyncio
import itertools
import re
import tempfile
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ringmain.admin.accounts import OWN_NAMES, AccountForm, Saved, add_account, remove_account, rotate_key, set_account
from ringmain.exchange.connection import Secret
from ringmain.exchange.reply import dollars
from ringmain.ring import Ring
from ringmain.server.app import App
from ringmain.settings import Settings
from ringmain.store import Store, StoredConnection, open_store
from ringmain.testing import Clock
from ringmain.transport import Request, read_whole
from tests.hubs import ADMIN, Answered
from tests.server.asgi import call

TENANTS = "abc"
BUDGETS = {"a": "0.30", "b": None, "c": "0.60"}
"""Of each account, in USD for a day; an ask costs 0.015."""

PRICE = ("1000", "1000")
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "input_tokens": 10, "output_tokens": 5}
MOST = 0.25
"""USD that the hold of one ask may be, with its context and its turns."""

CANARY = re.compile(r"canary-([abc])(\d*)")
"""Whose it is, and of which of the accounts that had this name one after the other."""

WIRES = {
    "/v1/chat/completions": lambda said: {"messages": [{"role": "user", "content": said}], "max_tokens": 5},
    "/v1/completions": lambda said: {"prompt": said, "max_tokens": 5},
    "/v1/responses": lambda said: {"input": said, "max_output_tokens": 5},
}

PLAIN = {"path": "/v1/chat/completions", "model": "m", "stream": False, "conversation": "same", "again": None}

tenants = st.sampled_from(TENANTS)
asks = st.fixed_dictionaries(
    {
        "path": st.sampled_from(sorted(WIRES)),
        "model": st.sampled_from(["m", "m", "old", "fails", None]),
        "stream": st.booleans(),
        "conversation": st.sampled_from([None, "same"]),
        "again": st.sampled_from([None, None, "same"]),
    }
)


class Provider:
    """The transport to three providers, each with a key and models of its own; what is wrong stands in `wrongs`."""

    def __init__(self) -> None:
        self.wrongs: list[str] = []
        self.generation = dict.fromkeys(TENANTS, 0)

    async def send(self, request: Request, *, timeout: float) -> "Said":
        """The answer of the provider whose address it is."""
        whose = request.url.removeprefix("http://")[0]
        if request.headers.get("authorization") != f"Bearer {key_of(whose)}":
            self.wrongs.append(f"the provider of {whose} was sent another key")
        told = request.body.decode() + str(request.headers)
        self.wrongs += foreign(told, whose, self.generation[whose], "a provider")
        await asyncio.sleep(0)
        return self._said(whose, request)

    def _said(self, whose: str, request: Request) -> "Said":
        if request.method == "GET":
            return Said(
                200, msgspec.json.encode({"data": [{"id": f"canary-{whose}-model", "owned_by": f"canary-{whose}"}]})
            )
        body = msgspec.json.decode(request.body)
        if body.get("model") == "fails":
            message = f"canary-{whose} does not like: {request.body.decode()}"
            return Said(400, msgspec.json.encode({"error": {"message": message, "code": f"canary-{whose}"}}))
        heard = {match.group() for match in CANARY.finditer(request.body.decode())}
        text = f"canary-{whose} heard {heard}"
        if body.get("stream"):
            return Said(200, events(request.url, text, body), "text/event-stream")
        return Said(200, msgspec.json.encode(whole(request.url, text)))

    async def close(self) -> None:
        """Nothing is open."""


def whole(url: str, text: str) -> dict[str, Any]:
    """An answer in the form of this endpoint."""
    if url.endswith("/responses"):
        content = [{"type": "output_text", "text": text, "annotations": []}]
        output = [{"type": "message", "role": "assistant", "content": content}]
        return {"object": "response", "status": "completed", "output": output, "usage": USAGE}
    said = {"message": {"role": "assistant", "content": text}} if "chat" in url else {"text": text}
    return {"choices": [{"index": 0, "finish_reason": "stop", **said}], "usage": USAGE}


def events(url: str, text: str, body: dict[str, Any]) -> bytes:
    """The same as a stream."""
    if url.endswith("/responses"):
        told = [
            {"type": "response.output_text.delta", "delta": text},
            {"type": "response.completed", "response": whole(url, text)},
        ]
        return b"".join(
            b"event: %s\ndata: %s\n\n" % (each["type"].encode(), msgspec.json.encode(each)) for each in told
        )
    said = {"delta": {"content": text}} if "chat" in url else {"text": text}
    chunk = {"choices": [{"index": 0, "finish_reason": "stop", **said}], "usage": USAGE}
    return b"data: %s\n\ndata: [DONE]\n\n" % msgspec.json.encode(chunk)


class Said:
    """What a provider answered, with a header of its own."""

    def __init__(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.status = status
        self.headers = {"content-type": kind, "x-request-id": "of-the-provider"}
        self._body = body

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._body

    async def whole(self, *, largest: int) -> bytes:
        return await read_whole(self, largest=largest)

    async def close(self) -> None:
        """Nothing is open."""


def key_of(whose: str) -> str:
    """The provider's key of a tenant."""
    return f"sk-canary-{whose}-0123456789"


def foreign(told: str, whose: str, generation: int, where: str) -> list[str]:
    """The canaries in a text that are another's, or of an account that once had the same name."""
    found = {match.groups() for match in CANARY.finditer(told)}
    return [
        f"{where} of {whose}{generation} shows {a}{n}" for a, n in found if a != whose or n not in ("", str(generation))
    ]


class Tenants(RuleBasedStateMachine):
    """The tenants ask what they like, wait and lose their keys; the admin gives, changes and takes away."""

    url = "memory:"

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.clock, self.provider, self.numbers = Clock(), Provider(), itertools.count()
        home = Path(self.folder.name)
        own = Settings(data=home / "data", secret_file=home / "key" / "secret.key", admin_token=Secret(ADMIN))
        self.store: Store = open_store(self.url.format(home / "db"))
        self.ring = Ring(own, store=self.store, transport=self.provider, clock=self.clock)
        self.app = App(self.ring)
        self.runner.run(self.app.hub.start())
        self.keys: dict[str, str] = {}
        self.dead: list[str] = []
        self.ids: dict[str, str] = {}
        self.spent: dict[str, int] = {}
        for whose in TENANTS:
            self.connect(whose)
            self.add(whose)

    def connect(self, whose: str) -> None:
        base_url = f"http://{whose}.example/v1"
        sealed = self.ring.key_ring().seal(key_of(whose), owner=f"con-{whose}", base_url=base_url)
        self.store.save_connection(
            StoredConnection(
                id=f"con-{whose}",
                name=f"canary-{whose}-connection",
                base_url=base_url,
                model="m",
                aliases={"old": "m"},
                prices={"m": PRICE},
                sealed=sealed,
            )
        )
        self.fresh()

    def fresh(self) -> None:
        """Let the hub see what the admin did."""
        self.clock.advance(1)

    def add(self, whose: str) -> None:
        generation = self.provider.generation[whose] = self.provider.generation[whose] + 1
        form = AccountForm(
            connection=f"canary-{whose}-connection",
            context=f"The context of canary-{whose}{generation}.",
            budget=BUDGETS[whose],
            memory_tokens=60,
            per="day",
        )
        saved = self.run(add_account(self.app.hub, "openai", f"canary-{whose}", form))
        self.took(whose, saved)
        self.ids[whose], self.spent[whose] = saved.account.id, 0

    def took(self, whose: str, saved: Saved) -> None:
        assert saved.key
        self.keys[whose] = saved.key
        self.fresh()

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    # what tenants do -----------------------------------------------------------------------------------------------

    @rule(whose=tenants, ask=asks)
    def ask_something(self, whose: str, ask: dict[str, Any]) -> None:
        self.answered(whose, self.run(self.asked(whose, ask)))

    @rule(ask=asks, others=st.lists(asks, min_size=2, max_size=2))
    def all_ask_at_once(self, ask: dict[str, Any], others: list[dict[str, Any]]) -> None:
        async def together() -> list[Answered]:
            return await asyncio.gather(*(self.asked(w, a) for w, a in zip(self.keys, [ask, *others], strict=False)))

        for whose, answered in zip(tuple(self.keys), self.run(together()), strict=True):
            self.answered(whose, answered)

    @rule(whose=tenants, path=st.sampled_from(["/v1/models", "/v1/models/m", "/v1/nothing"]))
    def look_around(self, whose: str, path: str) -> None:
        if whose in self.keys:
            self.answered(whose, self.run(call(self.app, "GET", path, headers=self.head(whose))))

    @precondition(lambda self: self.dead)
    @rule(ask=asks, data=st.data())
    def ask_with_a_key_that_is_over(self, ask: dict[str, Any], data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(self.dead))
        answered = self.run(self.sent(ask, "nobody's", {"authorization": f"Bearer {key}"}))
        assert answered.status == 401
        assert not CANARY.search(text_of(answered))

    def head(self, whose: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.keys[whose]}", "x-request-id": "the-same-for-all"}

    async def asked(self, whose: str, ask: dict[str, Any]) -> Answered | None:
        if whose not in self.keys:
            return None
        said = f"canary-{whose}{self.provider.generation[whose]} asks {next(self.numbers)}"
        return await self.sent(ask, said, self.head(whose))

    async def sent(self, ask: dict[str, Any], said: str, headers: dict[str, str]) -> Answered:
        named = {"model": ask["model"]} if ask["model"] else {}
        body = msgspec.json.encode({**WIRES[ask["path"]](said), **named, "stream": ask["stream"]})
        if ask["again"]:
            headers = {**headers, "idempotency-key": ask["again"]}
        if ask["conversation"]:
            headers = {**headers, "x-ringmain-conversation": ask["conversation"]}
        return await call(self.app, "POST", ask["path"], body, headers)

    def answered(self, whose: str, answered: Answered | None) -> None:
        """What every answer must keep to."""
        if answered is None:
            return
        wrong = foreign(text_of(answered), whose, self.provider.generation[whose], "an answer")
        assert not wrong, wrong
        assert answered.status in (200, 400, 404, 409, 422, 429), answered
        if answered.status == 429:
            budget = BUDGETS[whose]
            assert budget, f"{whose} has no budget and was refused for somebody else's"
            spent = float(dollars(self.cost(whose)))
            assert spent + MOST > float(budget), f"{whose} has spent {spent} of {budget} and was refused"

    # what the admin does -------------------------------------------------------------------------------------------

    @rule(whose=tenants, hours=st.sampled_from([0, 1]))
    def rotate(self, whose: str, hours: int) -> None:
        if whose in self.keys:
            if not hours:
                self.dead.append(self.keys[whose])
            self.took(whose, rotate_key(self.ring, f"canary-{whose}", hours=hours))

    @rule(whose=tenants)
    def remove(self, whose: str) -> None:
        if whose in self.keys:
            remove_account(self.ring, f"canary-{whose}")
            self.dead.append(self.keys.pop(whose))
            self.fresh()

    @rule(whose=tenants)
    def let_another_have_the_name(self, whose: str) -> None:
        if whose not in self.keys:
            self.add(whose)

    @rule(whose=tenants)
    def change_the_context(self, whose: str) -> None:
        if whose in self.keys:
            form = AccountForm(context=f"A new context of canary-{whose}{self.provider.generation[whose]}.")
            self.run(set_account(self.app.hub, f"canary-{whose}", form))
            self.fresh()

    @rule(whose=tenants)
    def lose_the_connection_for_a_while(self, whose: str) -> None:
        self.store.remove_connection(f"canary-{whose}-connection")
        self.fresh()
        for asker in tuple(self.keys):
            self.answered(asker, self.run(self.asked(asker, PLAIN)))
        self.connect(whose)

    @rule(seconds=st.sampled_from([61, 3700]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    # what must hold ------------------------------------------------------------------------------------------------

    def cost(self, whose: str) -> int:
        self.ring.book.flush_now()
        return sum(each.picodollars or 0 for each in self.store.lines(10_000) if each.account_id == self.ids[whose])

    @invariant()
    def no_provider_was_sent_what_is_anothers(self) -> None:
        if hasattr(self, "provider"):
            assert not self.provider.wrongs, self.provider.wrongs

    @rule()
    def the_book_and_the_memory_keep_the_accounts_apart(self) -> None:
        self.ring.book.flush_now()
        rows = [*self.store.lines(10_000), *self.store.usage(0, 2**53), *self.store.uses(0, 2**53)]
        for row in (each for each in rows if each.account not in OWN_NAMES):
            assert not foreign(str(row), row.account[-1], 0, "the book"), row
        for whose, id in self.ids.items():
            wrong = foreign(str(self.store.turns(id, "same", 1000)), whose, self.provider.generation[whose], "memory")
            assert not wrong, wrong
            if budget := BUDGETS[whose]:
                assert float(dollars(self.cost(whose))) <= float(budget)

    def teardown(self) -> None:
        if hasattr(self, "app"):
            self.the_book_and_the_memory_keep_the_accounts_apart()
            self.runner.run(self.app.hub.close())
            self.runner.close()
            self.folder.cleanup()


class TenantsInSqlite(Tenants):
    """The same on disk."""

    url = "sqlite:///{}"


def text_of(answered: Answered) -> str:
    """All of an answer that a host can read."""
    return answered.body.decode() + str(answered.headers)


def some(examples: int, steps: int) -> settings:
    quiet: Iterable[HealthCheck] = (HealthCheck.too_slow, HealthCheck.data_too_large)
    return settings(max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=quiet)


TestTenantsInMemory = Tenants.TestCase
TestTenantsInMemory.settings = some(50, 30)
TestTenantsInSqlite = TenantsInSqlite.TestCase
TestTenantsInSqlite.settings = some(8, 20)
