"""What an admin does to hosts' accounts: add, set, rotate the key, remove."""

import secrets
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args

import msgspec

from ringmain.admin.fit import fit
from ringmain.admin.own import lost, with_secrets, with_settings
from ringmain.admin.parameters import PARAMETERS, unknown, wrong
from ringmain.admin.rules import check_name, header_value, invalid
from ringmain.errors import SetupError
from ringmain.exchange.account import Account, Memory, Period, Unpriced
from ringmain.exchange.ask import Mode
from ringmain.exchange.connection import Secret
from ringmain.hosts import Room, room
from ringmain.hub import AsyncHub
from ringmain.registry import LOCAL
from ringmain.ring import Ring
from ringmain.store import HostKey

HOUR = 3_600_000
KEPT = 24.0
"""Hours for which an old key stays valid after a rotation."""

PICODOLLARS = 10**12
HIGHEST_BUDGET = 1_000_000
LONGEST_TEXT = 100_000

OWN_NAMES = ("saving", "check", "tour", LOCAL.name)
"""Names under which the hub itself asks."""

PLAIN = ("connection", "mode", "model", "models", "context", "prompt_prefix", "prompt_suffix")
LIMITS = ("budget", "per", "unpriced", "rpm")
MEMORY = {"memory_turns": "turns", "memory_tokens": "tokens", "memory_days": "days"}


class AccountForm(msgspec.Struct, frozen=True, kw_only=True):
    """What an admin says of an account; what is None stays as it is, `unset` names what goes back to its default."""

    connection: str | None = None
    mode: Literal["auto"] | Mode | None = None
    model: str | None = None
    models: tuple[str, ...] | None = None
    parameters: dict[str, Any] = {}
    context: str | None = None
    prompt_prefix: str | None = None
    prompt_suffix: str | None = None
    budget: str | None = None
    """USD, as a decimal string."""
    per: Period | None = None
    unpriced: Unpriced | None = None
    rpm: int | None = None
    memory_turns: int | None = None
    memory_tokens: int | None = None
    memory_days: int | None = None
    on: bool | None = None
    settings: dict[str, Any] = {}
    """The room's own."""
    secrets: dict[str, Secret] = {}
    """Those of them that nobody may read."""
    unset: tuple[str, ...] = ()


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """An account that was saved, and what the admin should know of it; `key` is there only when it is new."""

    account: Account
    key: str | None = None
    old_ends: int | None = None
    """When the key before this one ends, in milliseconds since 1970."""
    notices: tuple[str, ...] = ()


async def add_account(hub: AsyncHub, tool: str, name: str, form: AccountForm) -> Saved:
    """A new account of a tool, with its key.

    Raises `SetupError`: `unknown_room`, `name_taken`, `invalid_setting`, `unknown_connection`;
    `AskError("model_mode_mismatch")` where the model cannot be asked in the mode.
    """
    ring = hub.ring
    started = new_account(room(tool), id=f"acc_{secrets.token_hex(8)}", name=name, created=ring.now())
    check_name(name, "account", reserved=OWN_NAMES)
    if any(held.name == name for held in ring.store.accounts()):
        raise SetupError(
            "name_taken",
            f"There is an account '{name}' already.",
            fix="Choose another name, or change that one.",
            param="name",
        )
    account = with_secrets(ring, _formed(started, form, room(tool)), form.secrets, room(tool))
    room(tool).check(account.settings, account.sealed)
    notices = await fit(hub, account)
    ring.store.save_account(account)
    return Saved(account=account, key=_new_key(ring, account), notices=notices)


async def set_account(hub: AsyncHub, name: str, form: AccountForm) -> Saved:
    """The account with what the form changes; it counts for the next ask.

    Raises as `add_account`, and `SetupError("unknown_account")`.
    """
    old = stored_account(hub.ring, name)
    door = room(old.tool)
    account = with_secrets(hub.ring, _formed(old, form, door), form.secrets, door)
    door.check(account.settings, account.sealed)
    asks_anew = any(
        getattr(old, field) != getattr(account, field) for field in ("connection", "mode", "model", "models")
    )
    notices = await fit(hub, account) if asks_anew else ()
    hub.ring.store.save_account(account)
    return Saved(account=account, notices=(*notices, *lost(old, account, form.unset)))


def draft_account(ring: Ring, tool: str, form: AccountForm, *, name: str | None = None) -> Account:
    """The account that the form would make of a new one, or of the one of this name; nothing is saved.

    Raises `SetupError`: `unknown_room`, `unknown_account`, `invalid_setting`.
    """
    old = stored_account(ring, name) if name else new_account(room(tool), id="draft", name="draft")
    return _formed(old, form, room(old.tool))


def rotate_key(ring: Ring, name: str, *, hours: float = KEPT) -> Saved:
    """A new key for the account; those before it stay valid for `hours`, 0 ends them at once.

    Raises `SetupError`: `unknown_account`, `invalid_setting`.
    """
    account = stored_account(ring, name)
    if not 0 <= hours <= 24 * 365:
        raise invalid(f"An old key cannot stay valid for {hours:g} hours.", "Give 0 to 8760 hours.", "keep")
    ends = ring.now() + round(hours * HOUR)
    ring.store.expire_keys(account.id, ends)
    return Saved(account=account, key=_new_key(ring, account), old_ends=ends)


def remove_account(ring: Ring, name: str) -> None:
    """Nothing of the account stays but its lines in the book.

    Raises `SetupError("unknown_account")`.
    """
    stored_account(ring, name)
    ring.store.remove_account(name)


def stored_account(ring: Ring, name: str) -> Account:
    """The account of this name.

    Raises `SetupError("unknown_account")`, which names the nearest.
    """
    found = {held.name: held for held in ring.store.accounts()}
    if name in found:
        return found[name]
    told = unknown(name, found, "account")
    fix = told.fix if found else "Add one with `ringmain hosts add TOOL NAME`."
    raise SetupError("unknown_account", told.sentence, fix=fix, param="name")


def new_account(door: Room, *, id: str, name: str, created: int = 0) -> Account:
    """An account as its room wants it to begin."""
    own = {field.name for field in door.form if field.own}
    plain, parameters, settings = dict[str, Any](), dict[str, Any](), dict[str, Any]()
    for field, value in door.defaults().items():
        (settings if field in own else parameters if field in PARAMETERS else plain)[field] = value
    begun = Account(id=id, name=name, tool=door.nameplate.tool, created=created)
    return msgspec.structs.replace(begun, **plain, parameters=parameters, settings=settings)


def _new_key(ring: Ring, account: Account) -> str:
    from ringmain.store.secrets import digest, new_host_key

    key = new_host_key()
    ring.store.add_key(HostKey(digest=digest(key), account_id=account.id, hint=key[-4:], created=ring.now()))
    return key


# One form over one account -------------------------------------------------------------------------------------------


def _formed(old: Account, form: AccountForm, door: Room) -> Account:
    account = _without(old, form.unset, door)
    problem = wrong(form.parameters)
    if problem:
        raise invalid(problem.sentence, problem.fix, problem.name)
    changed = {name: _plain(name, getattr(form, name)) for name in PLAIN if getattr(form, name) is not None}
    changed |= _limits(form)
    memory = {field: getattr(form, name) for name, field in MEMORY.items() if getattr(form, name) is not None}
    new = msgspec.structs.replace(
        account,
        **changed,
        parameters={**account.parameters, **form.parameters},
        memory=_memory(msgspec.structs.replace(account.memory, **memory)),
        on=account.on if form.on is None else form.on,
    )
    new = with_settings(new, form.settings, door)
    if new.model and new.models and new.model not in new.models:
        fix = f"Name one of: {', '.join(new.models)}; or none."
        raise invalid(f"The model '{new.model}' is not among those that the account is pinned to.", fix, "model")
    return new


def _without(old: Account, names: tuple[str, ...], door: Room) -> Account:
    """The account with these settings as a new account of this room has them."""
    fresh = new_account(door, id=old.id, name=old.name)
    changed: dict[str, Any] = {}
    parameters, memory = dict(old.parameters), old.memory
    settings, sealed = dict(old.settings), dict(old.sealed)
    for name in names:
        if name in (*PLAIN, *LIMITS):
            changed[name] = getattr(fresh, name)
        elif name in MEMORY:
            memory = msgspec.structs.replace(memory, **{MEMORY[name]: getattr(fresh.memory, MEMORY[name])})
        elif name in PARAMETERS:
            parameters.pop(name, None)
        elif name in door.own:
            settings[name] = fresh.settings.get(name, "")
            sealed.pop(name, None)
        else:
            known = dict.fromkeys((*PLAIN, *LIMITS, *MEMORY, *PARAMETERS, *door.own))
            told = unknown(name, known, "setting to take back")
            raise invalid(told.sentence, told.fix, "unset")
    changed |= {"settings": settings, "sealed": sealed}
    return msgspec.structs.replace(old, **changed, parameters=parameters, memory=memory)


def _plain(name: str, value: Any) -> Any:
    if name == "models":
        return tuple(dict.fromkeys(header_value(model, "models") for model in value if model.strip()))
    if name in ("connection", "model"):
        return header_value(value, name)
    if name == "mode" and value not in ("auto", *get_args(Mode)):
        raise invalid(f"There is no mode '{value}'.", f"There are: auto, {', '.join(get_args(Mode))}.", "mode")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise invalid(f"The {name} has {len(value)} characters.", f"Give at most {LONGEST_TEXT}.", name)
    return value


def _limits(form: AccountForm) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if form.budget is not None:
        changed["budget"] = _budget(form.budget)
    if form.rpm is not None:
        changed["rpm"] = _at_least("rpm", form.rpm, 1, "; for no limit, `--unset rpm` or an empty field")
    for name, choices in (("per", get_args(Period)), ("unpriced", get_args(Unpriced))):
        value = getattr(form, name)
        if value is not None and value not in choices:
            raise invalid(f"{name} cannot be '{value}'.", f"It is one of: {', '.join(choices)}.", name)
        if value is not None:
            changed[name] = value
    return changed


def _budget(usd: str) -> int:
    """Picodollars of a decimal string."""
    try:
        value = Decimal(usd)
    except InvalidOperation:
        value = Decimal("NaN")
    if not (value.is_finite() and 0 <= value <= HIGHEST_BUDGET and value == round(value, 6)):
        raise invalid(
            f"'{usd[:40]}' is not a budget.",
            f"Give USD from 0 to {HIGHEST_BUDGET:,}, with at most six decimals, such as 5.00.",
            "budget",
        )
    return int(value * PICODOLLARS)


def _memory(memory: Memory) -> Memory:
    _at_least("memory_turns", memory.turns, 0)
    _at_least("memory_tokens", memory.tokens, 0)
    _at_least("memory_days", memory.days, 1)
    return memory


def _at_least(name: str, value: int, least: int, otherwise: str = "") -> int:
    if type(value) is not int or not least <= value < 2**31:
        raise invalid(f"{name} cannot be {value}.", f"Give a whole number of {least} or more{otherwise}.", name)
    return value
