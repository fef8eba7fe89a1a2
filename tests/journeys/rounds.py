"""Rounds of asks to two hubs on one database: many at once, an event in the middle, many more."""

import http.client
import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from decimal import Decimal
from typing import ClassVar

import msgspec
import psycopg

from ringmain.exchange.account import Account, Memory
from ringmain.exchange.allowance import period
from ringmain.exchange.line import Line
from ringmain.store import HostKey
from ringmain.store.hostkeys import digest, new_host_key
from tests.journeys.machine import Answered, Machine, Running, chat_body, until
from tests.journeys.metered import IN, Charge, Metered

PRICES = {"cheap": (0, 100), "dear": (10, 400)}
"""Model → USD for a million tokens in and out, which are as many millionths of a dollar for one."""

MICRODOLLAR = 1_000_000
"""In picodollars."""

EVENTS = ("nothing", "death", "death and return", "death and a minute", "lower", "raise", "rotate")


class Asked(msgspec.Struct, frozen=True):
    """One ask of a round: at which hub, and the tokens that its answer has at most."""

    hub: int
    tokens: int


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One account's asks before and after an event; `answers` is its budget, in the dearest answers that it pays."""

    event: str
    model: str
    cap: int
    answers: int
    rpm: int | None
    before: tuple[Asked, ...]
    after: tuple[Asked, ...]

    @property
    def budget(self) -> int:
        """Picodollars."""
        return self.answers * self.cap * PRICES[self.model][1] * MICRODOLLAR


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What a round came to."""

    told: dict[str, Answered | None]
    """By tag; None where the hub died before it answered."""
    charged: dict[str, list[Charge]]
    lines: list[Line]
    most: int
    """Picodollars that may have been charged."""
    minutes: int
    """Minutes of the clock that it touched."""

    @property
    def money(self) -> int:
        """Picodollars that were charged."""
        return sum(price(charge) for charges in self.charged.values() for charge in charges)


def price(charge: Charge) -> int:
    """Picodollars of a charge."""
    into, out = PRICES[charge.model]
    return (IN * into + charge.out * out) * MICRODOLLAR


class Stage:
    """Two hubs before one provider; rounds are played on them one after the other, each with an account of its own."""

    def __init__(self, machines: list[Machine], provider: Metered, database: str, stack: ExitStack) -> None:
        self.machines = machines
        self.provider = provider
        self._database = database
        self._stack = stack
        self._numbers = itertools.count()
        self.store = stack.enter_context(machines[0].store())
        prices = [f"--price={model}={into},{out}" for model, (into, out) in PRICES.items()]
        words = ("--model", "cheap", *prices, "--key-file", "-")
        machines[0].connect("paid", provider.base_url, *words, stdin="the-providers-own-key")
        self.hubs = [self._up(machine) for machine in machines]

    def _up(self, machine: Machine) -> Running:
        return self._stack.enter_context(machine.up())

    def play(self, round: Round) -> Played:
        """What the round came to, once all of its lines are in the book."""
        return _Play(self, round, f"round-{next(self._numbers)}").play()

    def account(self, name: str, **fields: object) -> str:
        """The key of a new account that remembers nothing."""
        key = new_host_key()
        fixed = {"id": name, "name": name, "tool": "openai", "memory": Memory(turns=0)}
        self.store.save_account(Account(**{**fixed, **fields}))  # pyright: ignore[reportArgumentType]
        self.store.add_key(HostKey(digest=digest(key), account_id=name, hint=key[-4:], created=0))
        return key

    def taken(self, account: str, budget: int) -> int:
        """Picodollars of the budget that are spent, or in the hands of a hub."""
        window, now = period("month", time.time()), int(time.time() * 1000)
        free = self.store.take("probe", account, "money", window, least=1, want=budget, limit=budget, now=now)
        self.store.give_back("probe", account, "money", window, free)
        return budget - free

    def agree(self) -> None:
        """Wait until both hubs have the settings as they are now in the store."""
        name = f"canary-{next(self._numbers)}"
        key = self.account(name)
        account = next(account for account in self.store.accounts() if account.id == name)
        self.store.save_account(msgspec.structs.replace(account, on=False))
        assert until(lambda: all(hub.chat(key, "cheap").status == 403 for hub in self.hubs))

    def kill(self, number: int) -> None:
        """Kill a hub, whatever it is doing."""
        self.hubs[number].process.kill()
        self.hubs[number].process.wait(10)

    def start_again(self, number: int) -> None:
        """Start a hub that was killed on its own data folder."""
        self.hubs[number] = self._up(self.machines[number])

    def let_a_minute_pass(self, number: int, account: str) -> int:
        """Let the store forget the money of a dead hub, as it does by itself after a minute; how much that was."""
        dead = f"%-{self.hubs[number].process.pid}-%"
        with psycopg.connect(self._database, autocommit=True) as db:
            rows = db.execute(
                "UPDATE slices SET expires = 0 WHERE process LIKE %s AND meter = 'money' RETURNING account_id, amount",
                (dead,),
            ).fetchall()
        return sum(amount for of, amount in rows if of == account)


class _Play:
    """One round under way."""

    def __init__(self, stage: Stage, round: Round, name: str) -> None:
        self.stage, self.round, self.name = stage, round, name
        self.key = stage.account(name, budget=round.budget, rpm=round.rpm)
        self.most = round.budget
        self.told: dict[str, Answered | None] = {}

    def play(self) -> Played:
        began = time.time()
        self.stage.provider.free.clear()
        with ThreadPoolExecutor(len(self.round.before)) as callers:
            asking = self._send(callers, self.round.before, "held")
            waits = self.stage.provider
            assert until(lambda: waits.waiting + sum(one.done() for one in asking) == len(asking), 30)
            after = self._EVENTS[self.round.event](self)
            waits.free.set()
        with ThreadPoolExecutor(len(after)) as callers:
            asking += self._send(callers, after, "quick")
        for one in asking:
            one.result()
        self._mend()
        minutes = int(time.time() // 60) - int(began // 60) + 1
        return Played(told=self.told, charged=self._charged(), lines=self._lines(), most=self.most, minutes=minutes)

    def _send(self, callers: ThreadPoolExecutor, asks: Sequence[Asked], how: str) -> list[Future[None]]:
        first = len(self.told)
        tags = [f"{self.name}/{first + number}" for number in range(len(asks))]
        self.told |= dict.fromkeys(tags)
        return [callers.submit(self._ask, tag, one, how) for tag, one in zip(tags, asks, strict=True)]

    def _ask(self, tag: str, one: Asked, how: str) -> None:
        said = f"{tag} {min(one.tokens, self.round.cap)} {how}"
        body = chat_body(self.round.model, said, max_tokens=self.round.cap)
        hub, headers = self.stage.hubs[one.hub], {"x-ringmain-conversation": tag}
        try:
            self.told[tag] = hub.call("/v1/chat/completions", body, key=self.key, headers=headers)
        except (OSError, http.client.HTTPException):
            hub.process.wait(10)  # one that lives answers

    # the events: what comes after them ------------------------------------------------------------------------------

    def _nothing(self) -> tuple[Asked, ...]:
        return self.round.after

    def _death(self) -> tuple[Asked, ...]:
        self.stage.kill(0)
        return tuple(Asked(1, one.tokens) for one in self.round.after)

    def _return(self) -> tuple[Asked, ...]:
        self.stage.kill(0)
        self.stage.start_again(0)
        return self.round.after

    def _long_death(self) -> tuple[Asked, ...]:
        after = self._death()
        self.most += self.stage.let_a_minute_pass(0, self.name)
        return after

    def _lower(self) -> tuple[Asked, ...]:
        taken = self.stage.taken(self.name, self.round.budget)
        self.most = max(taken, self._set(self.round.budget // 2))
        return self.round.after

    def _raise(self) -> tuple[Asked, ...]:
        self.most = self._set(self.round.budget * 2)
        return self.round.after

    def _set(self, budget: int) -> int:
        """The budget, which both hubs know."""
        self.stage.machines[1].do("hosts", "set", self.name, "--budget", f"{Decimal(budget) / 10**12:f}")
        self.stage.agree()
        return budget

    def _rotate(self) -> tuple[Asked, ...]:
        old, self.key = self.key, self.stage.machines[1].do("hosts", "rotate", self.name, "--now")["key"]
        self.stage.agree()
        assert [hub.chat(old, self.round.model).status for hub in self.stage.hubs] == [401, 401]
        return self.round.after

    _EVENTS: ClassVar[dict[str, Callable[["_Play"], tuple[Asked, ...]]]] = dict(
        zip(EVENTS, (_nothing, _death, _return, _long_death, _lower, _raise, _rotate), strict=True)
    )

    # the end ---------------------------------------------------------------------------------------------------------

    def _mend(self) -> None:
        if self.stage.hubs[0].process.poll() is not None:
            self.stage.start_again(0)

    def _charged(self) -> dict[str, list[Charge]]:
        return {tag: charges for tag, charges in self.stage.provider.charged.items() if tag in self.told}

    def _lines(self) -> list[Line]:
        """The book's, once it has those of all that was answered."""
        answered = {told.headers["x-ringmain-ask"] for told in self.told.values() if told}
        found = list[Line]()

        def there() -> bool:
            found[:] = self.stage.store.lines(1000, account=self.name)
            return answered <= {line.id for line in found}

        assert until(there)
        return found
