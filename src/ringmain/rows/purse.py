"""What a table may cost: money that was spent, and money that may be spent by what is under way."""

from decimal import Decimal
from typing import Any

from ringmain.errors import AskError, Refusal
from ringmain.exchange import reserve
from ringmain.exchange.judge import MOST_ATTEMPTS
from ringmain.exchange.plan import Plan
from ringmain.exchange.reply import dollars, picodollars_of


class Purse:
    """A cap that is never passed; None has none. All money is in picodollars."""

    def __init__(self, most: int | None, *, spent: int = 0) -> None:
        """`spent` is what earlier runs have paid."""
        self.most = most
        self.spent = spent
        self._held = 0

    def price(self, plan: Plan) -> int:
        """The most that an ask may cost: it may be charged twice, as the hub tries twice.

        Raises `AskError("invalid_request")` where there is a cap and nobody knows the price.
        """
        most = reserve(plan).picodollars
        if most is None and self.most is not None:
            raise AskError(
                "invalid_request",
                f"No price is known for '{plan.model.id or 'the model of that hub'}', so that the cap cannot be kept.",
                fix=_priced_by(plan),
                param="max_cost",
            )
        return (most or 0) * MOST_ATTEMPTS

    def fits(self, price: int) -> bool:
        """Whether the cap has room for it beside all that is under way."""
        return self.most is None or self.spent + self._held + price <= self.most

    def hold(self, price: int) -> None:
        """An ask leaves that may cost so much."""
        self._held += price

    def settle(self, price: int, cost: int) -> None:
        """It has come to its end and has cost so much."""
        self._held -= price
        self.spent += cost

    def empty(self) -> Refusal:
        """The error of a row for which there is no room."""
        return Refusal(
            "insufficient_quota",
            f"The next row may cost more than is left of ${dollars(self.most):f}; ${dollars(self.spent):f} are spent.",
            fix="Raise the cap and run it again: what is answered is not paid for twice where it is kept.",
        )


def _priced_by(plan: Plan) -> str:
    connection = plan.connection
    if connection.is_hub:
        return "Name a model whose price is known here, or give the account a budget in that hub and leave the cap out."
    named = f"ringmain connections set {connection.name} --price {plan.model.id}=IN,OUT"
    return f"Set one with `{named}`, or leave the cap out."


def afford(plan: Plan, most: Any) -> None:
    """Nothing, where one ask costs no more than this many USD, come what may.

    Raises `Refusal("insufficient_quota")`; `AskError("invalid_request")` where nobody knows the price, and for what is
    no sum of money.
    """
    purse = Purse(cap(most))
    price = purse.price(plan)
    if not purse.fits(price):
        raise Refusal(
            "insufficient_quota",
            f"This ask may cost ${dollars(price):f}, and no more than ${dollars(purse.most):f} was allowed.",
            fix="Allow more, or lower max_tokens.",
            param="max_cost",
        )


def cap(most: Any) -> int | None:
    """A cap in USD as picodollars. Raises `AskError` for what is no sum of money."""
    if most is None:
        return None
    known = isinstance(most, int | float | str | Decimal) and not isinstance(most, bool)
    found = picodollars_of(str(most)) if known else None
    if found is None:
        raise AskError(
            "invalid_request", f"The cap cannot be {most!r:.60}.", fix="Give USD, such as 5.00.", param="max_cost"
        )
    return found
