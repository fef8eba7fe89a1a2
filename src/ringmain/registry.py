"""Connections and accounts as the rest uses them: secrets opened, presets attached, the environment's own added."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from ringmain.errors import Refusal, SetupError
from ringmain.exchange.account import Account
from ringmain.exchange.connection import HUB, Connection, Secret
from ringmain.presets import preset, preset_for
from ringmain.settings import VARIABLES, Settings
from ringmain.store import Store, StoredConnection

if TYPE_CHECKING:
    from ringmain.store.secrets import KeyRing

DEMO, ENVIRONMENT = "demo", "environment"
RESERVED = (DEMO, ENVIRONMENT, HUB)
"""Names of connections that are not stored: the demo provider, what OPENAI_* say, the hub that RINGMAIN_URL names."""

DEMO_LABEL = "The built-in demo provider answered; it is no model."
"""What goes with every answer of the demo."""

LOCAL = Account(id="local", name="local", tool="local")
"""Who asks where no host does: the command line and Python."""

Stand = Literal["never", "fallback", "always"]
"""When the demo provider answers unasked: never, where there is no other connection, or whatever an ask names."""

FRESH = 0.25
"""Seconds for which settings are taken as unchanged; after twice as many nobody asks with them any more."""

LASTING = 30.0
"""Seconds for which a key's account is remembered: keys end by themselves, without a change in the settings."""


class Registry:
    """A process's view of the settings in the store, as of the last `refresh`."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        ring: Callable[[], "KeyRing"],
        clock: Callable[[], float],
        demo: Stand = "never",
    ) -> None:
        self._demo: Stand = demo
        self._store = store
        self._settings = settings
        self._ring = ring
        self._clock = clock
        self._checked = float("-inf")
        self._version = -1
        self._known = self._ordered([])
        self._brought: dict[str, Connection] = {}
        self._accounts: dict[bytes, Account] = {}
        self._seen = float("-inf")
        self._closed: dict[str, SetupError] = {}
        self._of_tool: dict[str, list[Account]] = {}

    @property
    def stale(self) -> bool:
        """Whether `refresh` would ask the store; also where the clock was set back."""
        return not 0 <= self._clock() - self._checked <= FRESH

    @property
    def old(self) -> bool:
        """Whether nothing should be done before `refresh` has asked."""
        return not 0 <= self._clock() - self._checked <= 2 * FRESH

    @property
    def version(self) -> int:
        """The store's, as of the last `refresh`."""
        return self._version

    def refresh(self) -> None:
        """Ask the store whether anything has changed, and read it again if so."""
        version, now = self._store.version(), self._clock()
        if version != self._version:
            closed: dict[str, SetupError] = {}
            opened = [self._opened(c, closed) for c in self._store.connections()]
            self._known, self._closed, self._version = self._ordered(opened), closed, version
            self._seen, self._of_tool = float("-inf"), {}
        if not 0 <= now - self._seen <= LASTING:
            self._accounts, self._seen = {}, now
        self._checked = now

    def connections(self) -> list[Connection]:
        """Every connection, the default one first and the demo last."""
        return list(self._known.values())

    def _ordered(self, stored: list[Connection]) -> dict[str, Connection]:
        """Those of the store and those that are always there, by name and in the order in which they are shown."""
        own = self._from_hub() or self._from_environment()
        if own:
            stored = [msgspec.structs.replace(c, default=False) for c in stored]
        others = sorted(stored, key=lambda c: (not c.default, c.name))
        return {c.name: c for c in (*([own] if own else ()), *others, demo_connection())}

    def bring(self, connection: Connection) -> None:
        """Let asks of this process name a connection that is not stored, as its host brings address and key itself."""
        self._brought[connection.name] = connection

    def listed(self, name: str) -> Connection:
        """The connection of this name, to be shown: also one whose key does not open, which then has none.

        Raises `SetupError("unknown_connection")`.
        """
        return self._chosen(name)

    def connection(self, name: str | None = None) -> Connection:
        """The connection of this name, else the default one, else the only one.

        Where the demo stands in for all of them, it is the demo whatever the name.
        Raises `SetupError`: `unknown_connection`, `no_connection` where there is none but the demo; `secret_locked` and
        `wrong_secret_file` for one whose stored key does not open.
        """
        if self._demo == "always":
            return self._known[DEMO]
        chosen = self._chosen(name)
        if chosen.name in self._closed:
            raise self._closed[chosen.name]
        return chosen

    def _chosen(self, name: str | None) -> Connection:
        known = self._known
        if name in self._brought:
            return self._brought[name]
        if name:
            if name not in known:
                raise SetupError(
                    "unknown_connection",
                    f"There is no connection '{name}'.",
                    fix=f"There are: {', '.join(known)}.",
                )
            return known[name]
        real = [c for c in known.values() if not c.demo or c.default]
        chosen = next((c for c in real if c.default), real[0] if len(real) == 1 else None)
        if chosen:
            return chosen
        if not real and self._demo == "fallback":
            return known[DEMO]
        raise _undecided(real) if real else no_connection()

    def account_of(self, digest: bytes, now: int) -> Account | None:
        """The account of a host key's digest, from memory where it was seen since the last change."""
        # What another thread puts in its place meanwhile stays without what was read before.
        seen = self._accounts
        if digest not in seen:
            found = self._store.account_of(digest, now)
            if found is None:
                return None
            seen[digest] = found
        return seen[digest]

    def accounts(self, tool: str) -> list[Account]:
        """The accounts of a tool, from memory where they were read since the last change."""
        seen = self._of_tool
        if tool not in seen:
            seen[tool] = [held for held in self._store.accounts() if held.tool == tool]
        return seen[tool]

    def known(self, digest: bytes) -> Account | None:
        """The account of a digest, if that takes no look at the store."""
        return None if self.stale else self._accounts.get(digest)

    def _opened(self, stored: StoredConnection, closed: dict[str, SetupError]) -> Connection:
        return Connection(key=Secret(self._key(stored, closed)), **_plain(stored))

    def _key(self, stored: StoredConnection, closed: dict[str, SetupError]) -> str:
        """The connection's key; one that is locked closes its own connection and no other."""
        if not stored.sealed:
            return ""
        try:
            return self._ring().open(stored.sealed, owner=stored.id, base_url=stored.base_url)
        except SetupError as error:
            if error.code not in ("secret_locked", "wrong_secret_file"):
                raise
            closed[stored.name] = _locked(stored.name) if error.code == "secret_locked" else error
            return ""

    def _from_environment(self) -> Connection | None:
        given = self._settings
        if not given.openai_api_key and not given.openai_base_url:
            return None
        base_url = given.openai_base_url or preset("openai").base_url
        return Connection(
            id=ENVIRONMENT,
            name=ENVIRONMENT,
            base_url=base_url,
            preset=preset_for(base_url),
            key=given.openai_api_key,
            organization=given.openai_organization,
            project=given.openai_project,
            model=given.model,
            default=True,
            locked={
                "key": VARIABLES["openai_api_key"],
                "base_url": VARIABLES["openai_base_url"],
                "organization": VARIABLES["openai_organization"],
                "project": VARIABLES["openai_project"],
            },
        )

    def _from_hub(self) -> Connection | None:
        given = self._settings
        if not given.url:
            return None
        base_url = f"{given.url.rstrip('/').removesuffix('/v1')}/v1"
        locked = {"base_url": VARIABLES["url"], "key": VARIABLES["key"]}
        return Connection(
            id=HUB, name=HUB, base_url=base_url, preset=preset("custom"), key=given.key, default=True, locked=locked
        )


def demo_connection() -> Connection:
    """The connection to the built-in demo provider, which is always there and never the default by itself."""
    row = preset(DEMO)
    return Connection(id=DEMO, name=DEMO, base_url=row.base_url, preset=row, model=row.suggests[0])


def _locked(name: str) -> SetupError:
    return SetupError(
        "secret_locked",
        f"The stored key of '{name}' does not open, because it belongs to another connection or another base URL.",
        fix=f"Set it again with `ringmain connections set {name} --key-env VAR`.",
    )


def _plain(stored: StoredConnection) -> dict[str, Any]:
    from ringmain.exchange.prices import read_price

    fields = msgspec.structs.asdict(stored)
    fields.pop("sealed")
    fields["preset"] = preset(stored.preset)
    fields["prices"] = {model: read_price(said) for model, said in stored.prices.items()}
    return fields


def _undecided(real: list[Connection]) -> SetupError:
    return SetupError(
        "no_connection",
        f"None of the {len(real)} connections is the default.",
        fix=f"Name one of {', '.join(c.name for c in real)}, or run `ringmain connections set NAME --default`.",
    )


def no_connection() -> SetupError:
    """The error of an ask where no provider is set up, with three ways out."""
    return SetupError(
        "no_connection",
        "There is no connection to a provider yet.",
        fix="Set OPENAI_API_KEY; or add a local server, `ringmain connections add local --preset ollama`; "
        "or try the built-in demo, `ringmain ask --demo`, in Python `demo=True`.",
    )


def wrong_key(looks_right: bool) -> Refusal:
    """The error of a host key that opens nothing."""
    why = "is unknown or was replaced" if looks_right else "is not one of this hub's"
    return Refusal(
        "invalid_api_key",
        f"The key {why}.",
        fix="Take the one that `ringmain hosts add` or `ringmain hosts rotate` printed.",
    )
