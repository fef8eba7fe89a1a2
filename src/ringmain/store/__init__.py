"""The questions that the rest of ringmain may ask of its memory on disk."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask, Mode
from ringmain.exchange.line import Entry, Failures, Line, Turn, UsageRow, Use
from ringmain.exchange.trouble import Change, Trouble

ID_NOTE = "store id"
"""The note by which a store is told from every other one; each has it from the start."""


class StoredConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A connection as it lies on disk: plain fields, and its key sealed."""

    id: str
    name: str
    base_url: str
    preset: str = "custom"
    organization: str | None = None
    project: str | None = None
    model: str | None = None
    timeout: float = 300.0
    aliases: dict[str, str] = {}
    prices: dict[str, tuple[str, ...]] = {}
    """Model → USD for a million tokens in and out, as decimal strings, or one such as `0.006/min` or `15/Mchar`."""
    default: bool = False
    sealed: bytes | None = None
    """What `secrets.seal` made of the key; None without a key."""


class HostKey(msgspec.Struct, frozen=True, kw_only=True):
    """A host's key as it lies on disk: its SHA-256, never itself."""

    digest: bytes
    account_id: str
    hint: str
    """Its last four characters."""
    created: int
    expires: int | None = None
    """Milliseconds since 1970; None: never."""


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time link or a session as it lies on disk: the SHA-256 of its random token, never itself."""

    digest: bytes
    created: int
    expires: int
    """Milliseconds since 1970."""


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """What calls have shown of a model of one connection."""

    origin: str = ""
    """Of the address that was called; at another one it says nothing."""
    modes: tuple[Mode, ...] | None = None
    can: tuple[Mode, ...] = ()
    """Modes in which a call was answered; of the others it says nothing."""
    not_modes: tuple[Mode, ...] = ()
    refuses: tuple[str, ...] = ()


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A remembered conversation, without its words."""

    account: str
    conversation: str
    turns: int
    first: int
    last: int


class Late(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is still to be brought to its host: what was asked, and the answer once it is there."""

    ask: Ask
    account_id: str
    tool: str
    at: int
    """Milliseconds since 1970, when the ask arrived."""
    answer: bytes | None = None
    """The body that the room has written; None while it is still to be asked for."""
    asked: int = 1
    """How often it was asked for; more than once where a hub has died over it."""
    tries: int = 0
    """How often it was brought in vain."""
    due: int = 0
    """Milliseconds since 1970, before which it is not tried again."""
    unsure: bool = False
    """Whether a try was begun of which nobody knows what the host has made of it."""
    done: bool = False
    """Whether nothing is left to do; it is still there because the host may ask for it by name."""


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """A file that anybody may fetch who knows its address, as it lies on disk: the SHA-256 of its name."""

    digest: bytes
    account_id: str
    type: str
    """Its media type."""
    data: bytes
    expires: int
    """Milliseconds since 1970."""


class Store(Protocol):
    """Settings, book, memory and what was learnt of models. Every method is safe to call from any thread.

    Raises `HubError("store_unavailable")` where the database does not answer.
    """

    # settings: every change raises `version`
    def version(self) -> int: ...
    def connections(self) -> list[StoredConnection]: ...
    def save_connection(self, connection: StoredConnection) -> None:
        """Insert or replace by id, and forget its troubles; the one marked default takes the mark from the others. A
        name taken by another id is `SetupError("name_taken")`."""
        ...

    def remove_connection(self, name: str) -> bool: ...
    def accounts(self) -> list[Account]: ...
    def save_account(self, account: Account) -> None:
        """Insert or replace by id; a name taken by another id is `SetupError("name_taken")`."""
        ...

    def remove_account(self, name: str) -> bool:
        """With its keys, its memory, its late answers and its media; its lines stay in the book."""
        ...

    def keys(self, account_id: str) -> list[HostKey]: ...
    def add_key(self, key: HostKey) -> None: ...
    def expire_keys(self, account_id: str, at: int) -> None:
        """Every key of the account that lives longer than `at` (milliseconds) ends then."""
        ...

    def account_of(self, digest: bytes, now: int) -> Account | None:
        """The account of a key that has not expired at `now`."""
        ...

    # the book
    def carry(self, process: str, entries: list[Entry]) -> None:
        """Write finished asks, each once however often it is carried, and in the same transaction take their cost
        (confirmed and unconfirmed) out of this process's slice and put it under `used` of its window."""
        ...

    def usage(self, since: int, until: int) -> list[UsageRow]: ...
    def failures(self, since: int, until: int) -> list[Failures]:
        """The most frequent reason first."""
        ...

    def uses(self, since: int, until: int) -> list[Use]:
        """Which host had which model asked, each once; a refused ask reached none."""
        ...

    def lines(self, limit: int, *, account: str | None = None, since: int = 0) -> list[Line]:
        """The newest first."""
        ...

    def take(
        self, process: str, account_id: str, meter: str, window: str, *, least: int, want: int, limit: int, now: int
    ) -> int:
        """Grant this process a slice of `limit`: `want` where that much is free, else what is free if that is at least
        `least`, else 0. Free is `limit` less what is used less the live slices of all processes. A slice lives for a
        minute after the last `take` or `renew` of its process."""
        ...

    def give_back(self, process: str, account_id: str, meter: str, window: str, amount: int) -> None: ...
    def renew(self, process: str, now: int) -> None: ...
    def release(self, process: str) -> None:
        """Drop the slices of money of a process; those of asks stay until they die, as what was asked counts for its
        minute."""
        ...

    # memory
    def turns(self, account_id: str, conversation: str, limit: int) -> list[Turn]:
        """The last `limit` turns, oldest first."""
        ...

    def conversations(self, account_id: str | None = None) -> list[Conversation]: ...
    def erase(self, account_id: str, conversation: str | None = None) -> int:
        """Erase one conversation or all of an account; the number of turns that went."""
        ...

    def forget(self, account_id: str, before: int) -> int:
        """Erase an account's turns older than `before` (milliseconds)."""
        ...

    # late answers: each is worked on by the process that claims it, for as long as it renews the claim
    def add_late(self, late: Late, process: str, until: int) -> None:
        """Keep a new one, claimed by this process until then (milliseconds)."""
        ...

    def begin_late(self, late: Late, process: str, until: int) -> Late:
        """Keep a new one that has a name, claimed as above; where the account has one of that name already, nothing but
        that one."""
        ...

    def put_late(self, late: Late, process: str, until: int) -> bool:
        """Replace it and renew its claim; False, and nothing of it, where it is gone or another process has it. One
        that is done is claimed by nobody."""
        ...

    def named_late(self, account_id: str, name: str) -> Late | None: ...

    def claim_late(self, process: str, now: int, until: int) -> list[Late]:
        """Those that no process has a living claim on, claimed by this one from now on; the oldest first."""
        ...

    def renew_late(self, process: str, ask_ids: Sequence[str], until: int) -> None:
        """Those that another process has are left to it."""
        ...

    def drop_late(self, process: str, ask_id: str) -> None:
        """Nothing, where another process has it."""
        ...

    def free_late(self, process: str) -> None:
        """End all claims of a process that is dead or done."""
        ...

    def forget_late(self, before: int) -> int:
        """Erase those that are done and arrived before that moment (milliseconds); how many went."""
        ...

    def late(self, account_id: str | None = None) -> int:
        """How many are still to be brought, of one account or of all."""
        ...

    # what hosts have signed, and what anybody may fetch
    def first_use(self, digest: bytes, *, now: int, until: int) -> bool:
        """Whether this was not seen before; from now on it was, until then (milliseconds)."""
        ...

    def put_media(self, media: Media) -> None: ...
    def media(self, digest: bytes, now: int) -> Media | None: ...
    def forget_media(self, now: int) -> int:
        """Erase what has expired; how many went."""
        ...

    # turns among processes, one thread at a time; what a dead one had is free
    shared: bool
    """Whether several hubs may work on it; where they may not, every turn is there to be taken."""

    def take_turn(self, name: str) -> bool:
        """Whether it is this process's from now on, and so no other's."""
        ...

    def end_turn(self, name: str) -> None: ...

    # models
    def learnt(self, connection_id: str) -> dict[str, Learnt]: ...
    def learn(self, connection_id: str, model: str, change: Callable[[Learnt], Learnt]) -> None:
        """Replace what was learnt by what `change` makes of it, in one transaction; a new word raises `version`."""
        ...

    # troubles: no change of them raises `version`
    def troubles(self) -> dict[tuple[str, str], Trouble]:
        """By connection id and model, which is empty for the connection itself."""
        ...

    def trouble(self, connection_id: str, model: str, change: Change) -> None:
        """Replace a trouble by what `change` makes of it, in one transaction; None is none."""
        ...

    # sign-in of the admin
    def password(self) -> str | None:
        """The password's hash; None until one is set."""
        ...

    def set_password(self, hashed: str, *, link: bytes, now: int) -> bool:
        """Use the link up, replace the password and end every session; False, and nothing of it, where the link is
        used or has expired."""
        ...

    def add_link(self, link: Pass) -> None:
        """A one-time link for a new password; it ends the one before."""
        ...

    def has_link(self, digest: bytes, now: int) -> bool: ...
    def add_session(self, session: Pass, *, password: str) -> bool:
        """False where the password, given as its hash, was replaced meanwhile. Sessions that are over go."""
        ...

    def has_session(self, digest: bytes, now: int) -> bool: ...
    def end_session(self, digest: bytes) -> None: ...

    # the house's own
    def note(self, name: str) -> str | None: ...
    def write_note(self, name: str, value: str) -> None: ...
    def ping(self) -> None: ...
    def close(self) -> None: ...


def open_store(url: str) -> Store:
    """The store at `sqlite:///path` or `postgresql://…`, its tables brought up to date; `memory:` keeps nothing.

    Raises `SetupError`: `data_folder_unusable`, `database_unreachable`, `database_newer`, `missing_extra` or
    `invalid_setting`.
    """
    if url == "memory:":
        from ringmain.store.memory import MemoryStore

        return MemoryStore()
    from ringmain.store.sql.opening import open_sql

    return open_sql(url)
