"""What is known of a connection's models: modes, lengths, price, retirement.

Sources are joined in this order, the later wins: the model table in `data/`, genai-prices, the provider's live list,
what calls have shown, and the connection's own prices. `docs/why/decisions/model-data.md` says why.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any, get_args

import msgspec

from ringmain.addresses import origin
from ringmain.exchange.ask import Mode
from ringmain.exchange.connection import Connection
from ringmain.exchange.model import Model, Price
from ringmain.facts import TUNED, bases, recorded, table, told
from ringmain.store import Learnt

MODES: tuple[Mode, ...] = get_args(Mode)

DEMO_WINDOW = 8192

CACHED = 4096
"""Rows kept for a connection: hosts may send any name, and must not fill the memory with it."""


class Known:
    """What is remembered of one connection."""

    def __init__(self, connection: Connection, day: date, learnt: dict[str, Learnt]) -> None:
        self.connection = connection
        self.day = day
        self.learnt = learnt
        self.live: dict[str, dict[str, Any]] | None = None
        self.rows: dict[str, Model] = {}


class Catalogue:
    """The models of all connections; answers from memory, and loads its two data sources at the first question.

    `learnt` reads what was remembered of a connection's models, `learn` changes it for one of them.
    """

    def __init__(
        self,
        learnt: Callable[[str], dict[str, Learnt]],
        learn: Callable[[str, str, Callable[[Learnt], Learnt]], None],
        *,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._learnt = learnt
        self._learn = learn
        self._today = today
        self._connections: dict[str, Known] = {}
        self._version = -1

    def refresh(self, version: int) -> None:
        """Read again what was remembered, where the store's version is another one than before."""
        if version == self._version:
            return
        for known in list(self._connections.values()):
            self._connections[known.connection.id] = self._begun(known.connection, known.day, known)
        self._version = version

    def model(self, connection: Connection, model_id: str) -> Model:
        """All that is known of a model; an id that nobody knows is a model too."""
        known = self._known(connection)
        if row := known.rows.get(model_id):
            return row
        if len(known.rows) >= CACHED:
            known.rows.clear()
        row = known.rows[model_id] = _joined(known, model_id)
        return row

    def saw(self, connection: Connection, listing: list[dict[str, Any]]) -> list[Model]:
        """Remember the provider's live list; its models, by id."""
        known = self._known(connection)
        known.live = {item["id"]: item for item in listing if isinstance(item.get("id"), str)}
        known.rows.clear()
        return self.models(connection)

    def models(self, connection: Connection) -> list[Model]:
        """The models of the live list that was seen last, by id."""
        return [self.model(connection, name) for name in sorted(self._known(connection).live or ())]

    def seen(self, connection: Connection) -> bool:
        """Whether the live list was read since the hub started, or the address changed."""
        return self._known(connection).live is not None

    def learn(
        self,
        connection: Connection,
        model_id: str,
        *,
        modes: tuple[Mode, ...] | None = None,
        can: Mode | None = None,
        not_mode: Mode | None = None,
        refuses: str | None = None,
    ) -> None:
        """Remember what a call has shown: exactly these modes, this one too, not that one, a parameter refused."""
        known, at = self._known(connection), origin(connection.base_url)

        def change(old: Learnt) -> Learnt:
            old = old if old.origin == at else Learnt(origin=at)
            return _learnt_more(old, modes=modes, shown=can, not_mode=not_mode, refuses=refuses)

        old = known.learnt.get(model_id)
        known.learnt[model_id] = new = change(old or Learnt())
        known.rows.pop(model_id, None)
        if new != old:
            self._learn(connection.id, model_id, change)

    def shown(self, connection: Connection, model_id: str) -> tuple[Mode, ...]:
        """The modes in which a call to this model was answered."""
        return self._known(connection).learnt.get(model_id, Learnt()).can

    def fitting(self, connection: Connection, mode: Mode) -> str | None:
        """A living model that can do this mode, to be named in an error; None where none is known."""
        suggests = connection.preset.suggests
        live = sorted(self.models(connection), key=lambda model: model.id not in suggests)
        tried = list(self._known(connection).learnt)
        names = chain(suggests, tried, (name for name in table(connection.preset.prices) if not name.startswith(TUNED)))
        for model in chain(live, (self.model(connection, name) for name in names)):
            can = self.shown(connection, model.id) if model.modes is None else model.modes
            if mode in can and self._lives(connection, model):
                return model.id
        return None

    def retired(self, model: Model, today: date) -> bool:
        """Whether the provider has shut it down; False where no date is known."""
        return model.retires is not None and model.retires <= today.isoformat()

    def _lives(self, connection: Connection, model: Model) -> bool:
        """Whether neither the model nor what it is a snapshot of has ended."""
        family = [model, *(self.model(connection, name) for name in bases(model.id))]
        return not any(self.retired(each, self._today()) for each in family)

    def _known(self, connection: Connection) -> Known:
        """What is remembered of the connection as it is now: a new day or a changed setting begins anew."""
        day = self._today()
        known = self._connections.get(connection.id)
        if known and known.day == day and (known.connection is connection or known.connection == connection):
            return known
        fresh = self._connections[connection.id] = self._begun(connection, day, known)
        return fresh

    def _begun(self, connection: Connection, day: date, before: Known | None) -> Known:
        """What is remembered of the connection, and the live list where it was read at this address."""
        at = origin(connection.base_url)
        learnt = {model: held for model, held in self._learnt(connection.id).items() if held.origin == at}
        fresh = Known(connection, day, learnt)
        if before and before.connection.base_url == connection.base_url:
            fresh.live = before.live
        return fresh


def _joined(known: Known, name: str) -> Model:
    """One model, from all sources in their order."""
    connection = known.connection
    said = (known.live or {}).get(name)
    model = _demo(name) if connection.demo else recorded(connection.preset.prices, name, known.day)
    if said is not None:
        model = told(model, said)
    modes = _modes(connection.preset.modes, model.modes, known.learnt.get(name, Learnt()))
    return msgspec.structs.replace(
        model,
        modes=modes,
        refuses=known.learnt.get(name, Learnt()).refuses,
        price=connection.prices.get(name, model.price),
    )


def _demo(name: str) -> Model:
    """A model of the demo provider; one that it does not list can do all."""
    from ringmain.demo.models import MODELS

    row = MODELS.get(name)
    modes: tuple[Mode, ...] = MODES if row is None else tuple(mode for mode in MODES if mode in row.modes)
    return Model(id=name, modes=modes, context_window=DEMO_WINDOW, price=Price(0, 0))


def _modes(served: tuple[Mode, ...], recorded: tuple[Mode, ...] | None, learnt: Learnt) -> tuple[Mode, ...] | None:
    """What it can do: as calls have shown, else as recorded, else what is left of the provider's endpoints."""
    modes = recorded if learnt.modes is None else learnt.modes
    if modes is None and (len(served) == 1 or learnt.not_modes):
        modes = served or MODES
    return _without(modes, *learnt.not_modes)


def _learnt_more(
    old: Learnt, *, modes: tuple[Mode, ...] | None, shown: Mode | None, not_mode: Mode | None, refuses: str | None
) -> Learnt:
    """The newer word wins over the older one that it contradicts."""
    can = old.modes if modes is None else modes
    cannot: tuple[Mode, ...] = tuple(mode for mode in old.not_modes if modes is None or mode not in modes)
    if not_mode:
        can = _without(can, not_mode)
        cannot = (*(_without(cannot, not_mode) or ()), not_mode)
    refused = tuple(dict.fromkeys((*old.refuses, refuses))) if refuses else old.refuses
    if shown:
        can = None if can is None else (*(_without(can, shown) or ()), shown)
        cannot = _without(cannot, shown) or ()
    done: tuple[Mode, ...] = (*(_without(old.can, shown) or ()), shown) if shown else old.can
    return Learnt(origin=old.origin, modes=can, can=_without(done, *cannot) or (), not_modes=cannot, refuses=refused)


def _without(modes: tuple[Mode, ...] | None, *out: Mode) -> tuple[Mode, ...] | None:
    return None if modes is None else tuple(mode for mode in modes if mode not in out)
