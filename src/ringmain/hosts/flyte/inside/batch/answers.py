"""What one line of a batch's output or error file says, and what all of them come to."""

from collections.abc import Callable
from functools import cache
from typing import Any, Literal

import msgspec

from ringmain.exchange.halves import joined
from ringmain.exchange.loose import as_object, as_text
from ringmain.exchange.model import Price
from ringmain.exchange.modes.envelope import counted
from ringmain.exchange.prices import cost
from ringmain.exchange.reply import Usage

Kind = Literal["answered", "refused", "again"]
"""`again`: another attempt may be answered, as after the window's end or at a provider that was overloaded."""

UNASKED = ("batch_expired", "batch_cancelled")
"""The codes of rows that nobody got to."""

MENDABLE = (408, 409, 429)
"""The statuses below 500 of what another attempt may mend."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One row, as far as a batch got with it."""

    custom_id: str
    kind: Kind
    model: str = ""
    usage: Usage = Usage()
    why: str = ""
    """What the provider said where it did not answer."""


def read(line: bytes) -> Answer | None:
    """What a line says; None where it is not one of the Batch API's."""
    told = _told(line)
    custom_id, response, error = as_text(told.get("custom_id")), as_object(told.get("response")), told.get("error")
    if not custom_id:
        return None
    body, status = as_object(response.get("body")), response.get("status_code")
    if not error and isinstance(status, int) and 200 <= status < 300:
        return Answer(custom_id=custom_id, kind="answered", model=as_text(body.get("model")), usage=_usage(body))
    said = as_object(error) or as_object(body.get("error")) or body
    why = " ".join(str(part) for part in (status, as_text(said.get("message"))[:300]) if part)
    return Answer(custom_id=custom_id, kind=_kind(status, as_text(said.get("code"))), why=why)


def id_of(line: bytes) -> str:
    """The id of a request; empty where it has none."""
    return as_text(_told(line).get("custom_id"))


def _told(line: bytes) -> dict[str, Any]:
    """The object that a line is; empty where it is none."""
    try:
        return as_object(msgspec.json.decode(joined(line)))
    except (ValueError, RecursionError):
        return {}


def _kind(status: Any, code: str) -> Kind:
    mendable = isinstance(status, int) and (status >= 500 or status in MENDABLE)
    return "again" if code in UNASKED or mendable else "refused"


def _usage(body: dict[str, Any]) -> Usage:
    told = body.get("usage")
    if "input_tokens" in as_object(told):
        return counted(told, "input_tokens", "output_tokens") or Usage()
    return counted(told) or Usage()


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What the answers of one model took."""

    answers: int = 0
    usage: Usage = Usage()
    picodollars: int | None = 0
    """None where no price is known."""


class Tally:
    """What the rows of one batch come to, as they are read; `price` is asked once for that of a model's answers."""

    def __init__(self, price: Callable[[str], Price | None]) -> None:
        self.spent: dict[str, Spent] = {}
        self.closed: set[str] = set()
        """The ids of rows that need not be asked again."""
        self.refused = 0
        self.why = ""
        """What was said of the first row that was not answered."""
        self._price = cache(price)

    @property
    def answered(self) -> int:
        return sum(spent.answers for spent in self.spent.values())

    def add(self, answer: Answer) -> None:
        """Count a row, once."""
        if answer.custom_id in self.closed:
            return
        self.why = self.why or answer.why
        if answer.kind != "again":
            self.closed.add(answer.custom_id)
        if answer.kind == "refused":
            self.refused += 1
        elif answer.kind == "answered":
            self._spend(answer)

    def _spend(self, answer: Answer) -> None:
        known, took = self.spent.get(answer.model, Spent()), cost(self._price(answer.model), answer.usage)
        self.spent[answer.model] = Spent(
            answers=known.answers + 1,
            usage=known.usage + answer.usage,
            picodollars=None if took is None or known.picodollars is None else known.picodollars + took,
        )
