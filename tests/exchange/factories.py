"""Plain nouns for the tests of the exchange: each is whole, and takes by name what a test is about."""

from typing import Any

from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask, Mode, Wire
from ringmain.exchange.audio import Audio
from ringmain.exchange.connection import Connection, Preset
from ringmain.exchange.model import Model
from ringmain.exchange.plan import Plan
from ringmain.exchange.resolve import resolve
from tests.sounds import WAV

MODES: tuple[Mode, ...] = ("chat", "completion", "responses")

OPENAI = Preset(name="openai", title="OpenAI", modes=MODES, token_cap="max_completion_tokens", suffix=True)
OLLAMA = Preset(name="ollama", title="Ollama", modes=MODES, token_cap="max_tokens")
PLAIN = Preset(name="custom", title="Another", modes=MODES)

USER = {"role": "user", "content": "How do I create a product?"}


def an_account(**words: Any) -> Account:
    return Account(**{"id": "acc_1", "name": "shop", "tool": "openai", **words})


def a_connection(preset: Preset = PLAIN, **words: Any) -> Connection:
    return Connection(
        **{"id": "con_1", "name": "main", "base_url": "https://provider.example/v1", "preset": preset, **words}
    )


def a_model(*modes: Mode, **words: Any) -> Model:
    return Model(**{"id": "m", "modes": modes or None, **words})


def an_ask(wire: Wire = "chat", **words: Any) -> Ask:
    """One question in the wire that is named: as messages, as a prompt or as input."""
    said: dict[Wire, dict[str, Any]] = {
        "chat": {"messages": (USER,)},
        "completion": {"prompts": (USER["content"],)},
        "responses": {"messages": (USER,)},
        "embeddings": {},
        "transcription": {"audio": Audio(data=WAV, name="note.wav")},
        "speech": {"prompts": ("Guten Tag.",)},
    }
    fields = words.pop("fields", {})
    if wire == "responses":
        fields = {"input": USER["content"], **fields}
    return Ask(**{"id": "ask_1", "wire": wire, **said[wire], **words, "fields": fields})


def a_plan(
    ask: Ask | None = None,
    *,
    account: Account | None = None,
    connection: Connection | None = None,
    model: Model | None = None,
    **words: Any,
) -> Plan:
    return resolve(ask or an_ask(), account or an_account(), connection or a_connection(), model or a_model(), **words)


def sent(ask: Ask | None = None, **words: Any) -> dict[str, Any]:
    """The body of the one call that a plan has."""
    plan = a_plan(ask, **words)
    assert len(plan.bodies) == 1
    return plan.bodies[0]
