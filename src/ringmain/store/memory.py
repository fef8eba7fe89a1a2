"""The store's twin in memory: the same answers, nothing on disk. For tests, ours and yours."""

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import msgspec

from ringmain.exchange.account import Account
from ringmain.exchange.line import Entry, Failures, Line, Turn, UsageRow, Use
from ringmain.exchange.trouble import Change, Trouble
from ringmain.store import ID_NOTE, Conversation, HostKey, Late, Learnt, Media, Pass, StoredConnection, border
from ringmain.store.allotment import FAILED, LIFETIME, MONEY, UNCHARGED, by_count, grant, spending
from ringmain.store.faults import name_taken, unknown_account

P = ParamSpec("P")
R = TypeVar("R")
Budget = tuple[str, str, str]
"""Account id, meter, window."""


def _alone(method: "Callable[Concatenate[MemoryStore, P], R]") -> "Callable[Concatenate[MemoryStore, P], R]":
    """The method, run by one thread at a time."""

    @wraps(method)
    def run(self: "MemoryStore", *args: P.args, **kwargs: P.kwargs) -> R:
        with self._lock:
            return method(self, *args, **kwargs)

    return run


class MemoryStore:
    """A `Store` that forgets everything when its process ends."""

    shared = False

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._version = 0
        self._connections: dict[str, StoredConnection] = {}
        self._accounts: dict[str, Account] = {}
        self._keys: dict[bytes, HostKey] = {}
        self._lines: dict[str, Line] = {}
        self._used: dict[Budget, int] = {}
        self._slices: dict[tuple[str, Budget], tuple[int, int]] = {}
        self._turns: dict[tuple[str, str, str, int], Turn] = {}
        self._learnt: dict[tuple[str, str], Learnt] = {}
        self._troubles: dict[tuple[str, str], Trouble] = {}
        self._late: dict[str, tuple[str, int, Late]] = {}
        """By the ask's id: who works on it, until when."""
        self._signed: dict[bytes, int] = {}
        self._media: dict[bytes, Media] = {}
        self._notes: dict[str, str] = {ID_NOTE: secrets.token_hex(8)}
        self._password: str | None = None
        self._link: Pass | None = None
        self._sessions: dict[bytes, Pass] = {}

    # settings

    @_alone
    def version(self) -> int:
        return self._version

    @_alone
    def connections(self) -> list[StoredConnection]:
        return sorted(self._connections.values(), key=lambda held: held.name)

    @_alone
    def save_connection(self, connection: StoredConnection) -> None:
        new = border.clean(connection)
        if any(held.name == new.name and held.id != new.id for held in self._connections.values()):
            raise name_taken("connection", new.name)
        if new.default:
            plain = {id: msgspec.structs.replace(held, default=False) for id, held in self._connections.items()}
            self._connections = plain
        self._connections[new.id] = new
        self._forget_troubles(new.id)
        self._version += 1

    @_alone
    def remove_connection(self, name: str) -> bool:
        gone = next((held.id for held in self._connections.values() if held.name == name), None)
        if gone is None:
            return False
        del self._connections[gone]
        self._learnt = {key: held for key, held in self._learnt.items() if key[0] != gone}
        self._forget_troubles(gone)
        self._version += 1
        return True

    @_alone
    def accounts(self) -> list[Account]:
        return sorted(self._accounts.values(), key=lambda held: held.name)

    @_alone
    def save_account(self, account: Account) -> None:
        new = msgspec.json.decode(border.document(account), type=Account)
        if any(held.name == new.name and held.id != new.id for held in self._accounts.values()):
            raise name_taken("account", new.name)
        self._accounts[new.id] = new
        self._version += 1

    @_alone
    def remove_account(self, name: str) -> bool:
        gone = next((held.id for held in self._accounts.values() if held.name == name), None)
        if gone is None:
            return False
        del self._accounts[gone]
        self._keys = {digest: key for digest, key in self._keys.items() if key.account_id != gone}
        self.erase(gone)
        self._late = {id: held for id, held in self._late.items() if held[2].account_id != gone}
        self._media = {digest: held for digest, held in self._media.items() if held.account_id != gone}
        self._version += 1
        return True

    @_alone
    def keys(self, account_id: str) -> list[HostKey]:
        held = [key for key in self._keys.values() if key.account_id == account_id]
        return sorted(held, key=lambda key: (key.created, key.digest))

    @_alone
    def add_key(self, key: HostKey) -> None:
        if key.account_id not in self._accounts:
            raise unknown_account(key.account_id)
        self._keys[key.digest] = border.clean(key)
        self._version += 1

    @_alone
    def expire_keys(self, account_id: str, at: int) -> None:
        for digest, key in self._keys.items():
            if key.account_id == account_id and (key.expires is None or key.expires > at):
                self._keys[digest] = msgspec.structs.replace(key, expires=at)
        self._version += 1

    @_alone
    def account_of(self, digest: bytes, now: int) -> Account | None:
        key = self._keys.get(digest)
        if key is None or (key.expires is not None and key.expires <= now):
            return None
        return self._accounts[key.account_id]

    # the book

    @_alone
    def carry(self, process: str, entries: list[Entry]) -> None:
        new = [entry for entry in border.arriving(entries) if entry.line.id not in self._lines]
        for entry in new:
            self._lines[entry.line.id] = entry.line
            for turn in entry.turns:
                self._turns.setdefault((turn.account_id, turn.conversation, turn.ask_id, turn.seq), turn)
        for (account_id, window), amount in spending([entry.line for entry in new]).items():
            budget = (account_id, MONEY, window)
            self._used[budget] = self._used.get(budget, 0) + amount
            self.give_back(process, *budget, amount)

    @_alone
    def usage(self, since: int, until: int) -> list[UsageRow]:
        groups: dict[tuple[str, str, str], list[Line]] = {}
        for line in self._lines.values():
            if since <= line.at < until:
                groups.setdefault((line.tool, line.account, line.model), []).append(line)
        return [_row(key, groups[key]) for key in sorted(groups)]

    @_alone
    def failures(self, since: int, until: int) -> list[Failures]:
        held = [line.code for line in self._lines.values() if since <= line.at < until and line.status in FAILED]
        return by_count(Failures(code=code, asks=asks) for code, asks in Counter(held).items())

    @_alone
    def uses(self, since: int, until: int) -> list[Use]:
        held = [line for line in self._lines.values() if since <= line.at < until and line.status != "refused"]
        return sorted({Use(connection=a.connection, model=a.model, tool=a.tool, account=a.account) for a in held})

    @_alone
    def lines(self, limit: int, *, account: str | None = None, since: int = 0) -> list[Line]:
        held = [line for line in self._lines.values() if account in (None, line.account) and line.at >= since]
        return sorted(held, key=lambda line: (line.at, line.id), reverse=True)[:limit]

    @_alone
    def take(
        self, process: str, account_id: str, meter: str, window: str, *, least: int, want: int, limit: int, now: int
    ) -> int:
        self.renew(process, now)
        budget = (account_id, meter, window)
        live = sum(amount for (_, of), (amount, expires) in self._slices.items() if of == budget and expires > now)
        granted = grant(limit - self._used.get(budget, 0) - live, least=least, want=want)
        if granted:
            held, _ = self._slices.get((process, budget), (0, 0))
            self._slices[process, budget] = (held + granted, now + LIFETIME)
        return granted

    @_alone
    def give_back(self, process: str, account_id: str, meter: str, window: str, amount: int) -> None:
        key = (process, (account_id, meter, window))
        held, expires = self._slices.get(key, (0, 0))
        if held > amount:
            self._slices[key] = (held - amount, expires)
        else:
            self._slices.pop(key, None)

    @_alone
    def renew(self, process: str, now: int) -> None:
        live = {key: held for key, held in self._slices.items() if held[1] > now}
        self._slices = {
            key: (amount, now + LIFETIME if key[0] == process else expires) for key, (amount, expires) in live.items()
        }

    @_alone
    def release(self, process: str) -> None:
        self._slices = {key: held for key, held in self._slices.items() if (key[0], key[1][1]) != (process, MONEY)}

    # memory

    @_alone
    def turns(self, account_id: str, conversation: str, limit: int) -> list[Turn]:
        asked = (account_id, border.handle(conversation))
        held = [turn for turn in self._turns.values() if (turn.account_id, turn.conversation) == asked]
        return sorted(held, key=lambda turn: (turn.at, turn.ask_id, turn.seq))[-limit:] if limit > 0 else []

    @_alone
    def conversations(self, account_id: str | None = None) -> list[Conversation]:
        times: dict[tuple[str, str], list[int]] = {}
        for turn in self._turns.values():
            if account_id in (None, turn.account_id):
                times.setdefault((turn.account_id, turn.conversation), []).append(turn.at)
        found = [
            Conversation(account=self._name(id), conversation=talk, turns=len(at), first=min(at), last=max(at))
            for (id, talk), at in times.items()
        ]
        return sorted(found, key=lambda talk: (talk.account, talk.conversation))

    def _name(self, account_id: str) -> str:
        held = self._accounts.get(account_id)
        return held.name if held else account_id

    @_alone
    def erase(self, account_id: str, conversation: str | None = None) -> int:
        talk = None if conversation is None else border.handle(conversation)
        return self._drop(lambda turn: turn.account_id == account_id and talk in (None, turn.conversation))

    @_alone
    def forget(self, account_id: str, before: int) -> int:
        return self._drop(lambda turn: turn.account_id == account_id and turn.at < before)

    def _drop(self, goes: Callable[[Turn], bool]) -> int:
        kept = {key: turn for key, turn in self._turns.items() if not goes(turn)}
        gone, self._turns = len(self._turns) - len(kept), kept
        return gone

    # late answers

    @_alone
    def add_late(self, late: Late, process: str, until: int) -> None:
        held = msgspec.json.decode(border.document(late), type=Late)
        self._late[held.ask.id] = (process, until, held)

    @_alone
    def begin_late(self, late: Late, process: str, until: int) -> Late:
        held = self.named_late(late.account_id, str(late.ask.named))
        if held is None:
            self.add_late(late, process, until)
        return held or late

    @_alone
    def named_late(self, account_id: str, name: str) -> Late | None:
        mine = (held for _, _, held in self._late.values() if held.account_id == account_id)
        known = {border.handle(held.ask.named): held for held in mine if held.ask.named is not None}
        return known.get(border.handle(name))

    @_alone
    def put_late(self, late: Late, process: str, until: int) -> bool:
        mine = self._has_late(process, late.ask.id)
        if mine:
            self.add_late(late, process, until)
        return mine

    def _has_late(self, process: str, ask_id: str) -> bool:
        return ask_id in self._late and self._late[ask_id][0] == process

    @_alone
    def claim_late(self, process: str, now: int, until: int) -> list[Late]:
        free = [held for _, claimed, held in self._late.values() if claimed <= now and not held.done]
        for held in free:
            self._late[held.ask.id] = (process, until, held)
        return sorted(free, key=lambda held: (held.at, held.ask.id))

    @_alone
    def renew_late(self, process: str, ask_ids: Sequence[str], until: int) -> None:
        for id, (_, _, held) in self._late.items():
            if id in ask_ids and self._has_late(process, id):
                self._late[id] = (process, until, held)

    @_alone
    def drop_late(self, process: str, ask_id: str) -> None:
        if self._has_late(process, ask_id):
            del self._late[ask_id]

    @_alone
    def free_late(self, process: str) -> None:
        for id, (_, _, held) in self._late.items():
            if self._has_late(process, id):
                self._late[id] = ("", 0, held)

    @_alone
    def forget_late(self, before: int) -> int:
        gone = [id for id, (_, _, held) in self._late.items() if held.done and held.at < before]
        return len([self._late.pop(id) for id in gone])

    @_alone
    def late(self, account_id: str | None = None) -> int:
        waiting = (held for _, _, held in self._late.values() if not held.done)
        return sum(account_id in (None, held.account_id) for held in waiting)

    # what hosts have signed, and what anybody may fetch

    @_alone
    def first_use(self, digest: bytes, *, now: int, until: int) -> bool:
        self._signed = {held: end for held, end in self._signed.items() if end > now}
        new = digest not in self._signed
        self._signed.setdefault(digest, until)
        return new

    @_alone
    def put_media(self, media: Media) -> None:
        self._media[media.digest] = border.clean(media)

    @_alone
    def media(self, digest: bytes, now: int) -> Media | None:
        held = self._media.get(digest)
        return held if held and held.expires > now else None

    @_alone
    def forget_media(self, now: int) -> int:
        kept = {digest: held for digest, held in self._media.items() if held.expires > now}
        gone, self._media = len(self._media) - len(kept), kept
        return gone

    # turns among processes

    def take_turn(self, name: str) -> bool:
        return True

    def end_turn(self, name: str) -> None:
        """Nothing: there is no other process."""

    # models

    @_alone
    def learnt(self, connection_id: str) -> dict[str, Learnt]:
        return {model: held for (id, model), held in self._learnt.items() if id == connection_id}

    @_alone
    def learn(self, connection_id: str, model: str, change: Callable[[Learnt], Learnt]) -> None:
        key = (connection_id, border.clean(model))
        held = self._learnt.get(key)
        learnt = border.clean(change(held or Learnt()))
        if learnt != held:
            self._learnt[key] = learnt
            self._version += 1

    # troubles

    @_alone
    def troubles(self) -> dict[tuple[str, str], Trouble]:
        return dict(self._troubles)

    @_alone
    def trouble(self, connection_id: str, model: str, change: Change) -> None:
        key = (connection_id, border.handle(model))
        new = change(self._troubles.pop(key, None))
        if new is not None:
            self._troubles[key] = border.clean(new)

    def _forget_troubles(self, connection_id: str) -> None:
        self._troubles = {key: held for key, held in self._troubles.items() if key[0] != connection_id}

    # sign-in of the admin

    @_alone
    def password(self) -> str | None:
        return self._password

    @_alone
    def set_password(self, hashed: str, *, link: bytes, now: int) -> bool:
        if not self.has_link(link, now):
            return False
        self._password, self._link, self._sessions = hashed, None, {}
        return True

    @_alone
    def add_link(self, link: Pass) -> None:
        self._link = link

    @_alone
    def has_link(self, digest: bytes, now: int) -> bool:
        return self._link is not None and self._link.digest == digest and self._link.expires > now

    @_alone
    def add_session(self, session: Pass, *, password: str) -> bool:
        if self._password != password:
            return False
        live = {digest: held for digest, held in self._sessions.items() if held.expires > session.created}
        self._sessions = {**live, session.digest: session}
        return True

    @_alone
    def has_session(self, digest: bytes, now: int) -> bool:
        held = self._sessions.get(digest)
        return held is not None and held.expires > now

    @_alone
    def end_session(self, digest: bytes) -> None:
        self._sessions.pop(digest, None)

    # the house's own

    @_alone
    def note(self, name: str) -> str | None:
        return self._notes.get(name)

    @_alone
    def write_note(self, name: str, value: str) -> None:
        self._notes[name] = border.clean(value)

    def ping(self) -> None:
        """Nothing: memory always answers."""

    def close(self) -> None:
        """Nothing: what is in memory goes with its process."""


def _row(key: tuple[str, str, str], lines: list[Line]) -> UsageRow:
    charged = [line for line in lines if line.status not in UNCHARGED]
    known = [line.picodollars for line in charged if line.picodollars is not None]
    return UsageRow(
        tool=key[0],
        account=key[1],
        model=key[2],
        asks=len(lines),
        failed=sum(line.status in FAILED for line in lines),
        input_tokens=sum(line.input_tokens for line in lines),
        output_tokens=sum(line.output_tokens for line in lines),
        unconfirmed_tokens=sum(line.unconfirmed_tokens for line in lines),
        audio_milliseconds=sum(line.audio_milliseconds for line in lines),
        characters=sum(line.characters for line in lines),
        picodollars=sum(known) if known or not charged else None,
        unpriced=len(charged) - len(known),
    )
