"""Key holder, budget and rate → a hold, or a refusal; nothing has been sent yet."""

import msgspec

from ringmain.errors import AskError, Refusal
from ringmain.exchange.account import Account
from ringmain.exchange.allowance import Allowance
from ringmain.exchange.ask import Wire
from ringmain.exchange.hold import Hold
from ringmain.exchange.plan import Plan
from ringmain.exchange.prices import cost
from ringmain.exchange.reply import Usage, together

MOST_CHOICES = 8
"""The largest `n` that one ask may have."""

MARGIN = 1.2
"""How much longer than estimated an input may be; the hold allows for it."""


MINUTE = 60.0

UNITS: dict[Wire, str] = {"transcription": "USD/min", "speech": "USD/Mchar"}
"""How the price of a wire of sound is set."""

SMALLER: dict[Wire, str] = {"transcription": "Send a shorter sound", "speech": "Send a shorter text"}
"""What makes a call cheaper, where it is not a cap."""


def reserve(plan: Plan) -> Hold:
    """The most that this plan is expected to use."""
    price, calls = plan.model.price, list(map(_wide, plan.expected))
    most = cost(price, *calls)
    if price is not None and most is not None and price.may_store:
        # The provider may put all of the input into its cache, which some take more for.
        stored = [msgspec.structs.replace(call, cache_write=call.input_tokens) for call in calls]
        most = max(most, cost(price, *stored) or 0)
    whole = together(calls)
    return Hold(input_tokens=whole.input_tokens, output_tokens=whole.output_tokens, picodollars=most)


def _wide(call: Usage) -> Usage:
    """A call with a margin for its tokens; sound and characters are measured, and have none."""
    if not (call.audio_milliseconds or call.characters):
        return Usage(round(call.input_tokens * MARGIN), call.output_tokens)
    asked, heard = round(call.input_tokens * MARGIN), round(call.audio_tokens * MARGIN)
    return msgspec.structs.replace(call, input_tokens=asked, audio_tokens=heard)


def admit(account: Account) -> None:
    """Nothing, where the account is on.

    Raises `Refusal("account_off")`.
    """
    if not account.on:
        raise Refusal(
            "account_off",
            f"The account '{account.name}' is switched off.",
            fix=f"An admin can switch it on with `ringmain hosts set {account.name} --on`.",
        )


def guard(plan: Plan, hold: Hold, allowance: Allowance, *, at: int = 0) -> Hold:
    """The hold with its budget's window, where the account's switch, rate and budget admit it.

    `at` is the time in milliseconds since 1970, by which a refused ask is told how long its minute still lasts.
    Raises `Refusal`: `account_off`, `rate_limit_exceeded`, `insufficient_quota`; `AskError` for too many choices.
    """
    account = plan.account
    admit(account)
    if plan.choices > MOST_CHOICES:
        raise _too_many(plan.choices)
    if allowance.asks is not None and allowance.asks < 1:
        raise Refusal(
            "rate_limit_exceeded",
            f"The account '{account.name}' may ask {account.rpm} times a minute, and this minute's are used up.",
            fix="Wait for the next minute, or have an admin raise --rpm.",
            retry_after=MINUTE - at / 1000 % MINUTE,
        )
    money = allowance.money
    if money is not None and (hold.picodollars is None or hold.picodollars > money):
        _beyond(plan, hold)
    return msgspec.structs.replace(hold, window=allowance.window)


def _too_many(wanted: int) -> AskError:
    return AskError(
        "invalid_request",
        f"{wanted} choices are asked for, and one ask may have at most {MOST_CHOICES}.",
        fix=f"Lower n (or best_of) to {MOST_CHOICES} or ask several times.",
        param="n",
    )


def _beyond(plan: Plan, hold: Hold) -> None:
    """Refuse what costs more than is left of the budget; what has no price only where the account wants that."""
    account = plan.account
    if hold.picodollars is None:
        if account.unpriced == "refuse":
            unit = UNITS.get(plan.mode, "IN,OUT")
            raise Refusal(
                "insufficient_quota",
                f"No price is known for '{plan.model.id}', and the budget of '{account.name}' does without guesses.",
                fix=f"Set one with `ringmain connections set {plan.connection.name} --price {plan.model.id}={unit}`.",
            )
        return
    smaller = SMALLER.get(plan.mode, "Lower max_tokens")
    raise Refusal(
        "insufficient_quota",
        f"This ask may cost more than what is left of the budget of '{account.name}' for this {account.per}.",
        fix=f"{smaller}, wait for the next {account.per}, or have an admin raise --budget.",
    )
