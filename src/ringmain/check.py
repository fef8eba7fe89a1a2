"""The TEST button: ordered checks of a connection, one sentence and one fix each.

The last one makes the call that a host would make, so that it has its line in the book.
"""

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Literal

import msgspec

from ringmain.errors import AskError, ProviderError, RingmainError, SetupError
from ringmain.exchange.account import Account
from ringmain.exchange.ask import TALKING, Ask, Mode
from ringmain.exchange.connection import Connection
from ringmain.exchange.reply import Reply
from ringmain.hub import AsyncHub, since
from ringmain.listing import UNLISTED, get, list_models
from ringmain.question import new_id
from ringmain.registry import LOCAL

PASSED = "Test success! Everything properly set up! You're good to go!"

NAMES = ("address", "key", "organization", "models", "answer")

CHECKER = msgspec.structs.replace(LOCAL, id="check", name="check")
"""Who asks the one real question."""

QUESTION = "Say hello in three words."

CAP = 64
"""Output tokens of that question's answer; hidden thinking may eat them all."""

PATIENCE = 60.0

OPTIONS = {"base_url": "--base-url URL", "key": "--key-env VAR", "organization": "--organization O --project P"}

UNREACHED = frozenset(
    {
        "upstream_unreachable",
        "upstream_tls",
        "upstream_ambiguous",
        "upstream_redirect",
        "deadline_exceeded",
        "invalid_setting",
    }
)
DENIED = frozenset({"upstream_auth", "upstream_forbidden"})
"""What an answer to `/models` means: nobody is there; not with this key."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check; `ok` is null where there was nothing to check or an earlier one failed."""

    name: str
    ok: bool | None
    sentence: str
    fix: str = ""
    milliseconds: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All checks, and the one sentence that they come to."""

    ok: bool
    sentence: str
    checks: tuple[Check, ...]


def by_command(connection: Connection, field: str) -> str:
    """With the environment's variable where that sets the field, else with a command."""
    if variable := connection.locked.get(field):
        return f"with {variable}"
    return f"with `ringmain connections set {connection.name} {OPTIONS[field]}`"


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """How it is told what to do: in commands, unless who tells it knows other ways."""

    mend: Callable[[Connection, str], str] = by_command
    """How `base_url`, `key` or `organization` of a connection is set, to stand after “Set it”."""
    fix: Callable[[RingmainError], str] = lambda error: error.fix
    """What to do about an error."""


COMMANDS = Voice()


async def check(
    hub: AsyncHub, connection: str | None = None, model: str | None = None, mode: Literal["auto"] | Mode | None = None
) -> Report:
    """Whether a connection works, in the mode and with the model that are given or set.

    Raises `SetupError` where there is no such connection.
    """
    return report([done async for done in checks(hub, connection, model, mode)])


def report(done: list[Check]) -> Report:
    """What the checks come to."""
    failed = next((one for one in done if one.ok is False), None)
    return Report(ok=failed is None, sentence=failed.sentence if failed else PASSED, checks=tuple(done))


async def checks(
    hub: AsyncHub,
    connection: str | None = None,
    model: str | None = None,
    mode: Literal["auto"] | Mode | None = None,
    *,
    voice: Voice = COMMANDS,
    asker: Account = CHECKER,
) -> AsyncGenerator[Check]:
    """The checks in their order, each as soon as it is done; `voice` tells what to do about those that fail, `asker` is
    who asks the one real question, under its own settings and limits."""
    tried = await hub.connection(msgspec.structs.replace(CHECKER, connection=connection))
    hub.ring.health.warm(tried.id)
    done = 0
    async with aclosing(_each(hub, tried, model, mode, voice, asker)) as each:
        async for one in each:
            done += 1
            yield one
            if one.ok is False:
                break
    for name in NAMES[done:]:
        yield Check(name=name, ok=None, sentence="Not tried, because an earlier check failed.")


async def _each(
    hub: AsyncHub,
    connection: Connection,
    model: str | None,
    mode: Literal["auto"] | Mode | None,
    voice: Voice,
    asker: Account,
) -> AsyncGenerator[Check]:
    asked = await _ask_models(hub, connection)
    yield _address(connection, asked, voice)
    keyed = await _ask_key(hub, connection, asked)
    yield _key(connection, keyed, voice)
    yield _organization(connection, keyed, voice)
    yield await _models(hub, connection, asked, voice)
    ask = _question(connection, model, mode)
    yield await _answer(hub, connection, ask, voice, asker)


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How a GET went: its error, whether the organization alone was at fault, whether it shows that the key is right,
    and how long it took."""

    error: RingmainError | None = None
    organization: bool = False
    shown: bool = False
    milliseconds: int = 0


async def _ask_models(hub: AsyncHub, connection: Connection) -> _Asked:
    started = time.monotonic()
    try:
        await list_models(connection, hub.ring.catalogue, hub.ring.transport)
    except (ProviderError, SetupError, AskError) as error:
        return _Asked(error=error, milliseconds=since(started))
    return _Asked(milliseconds=since(started))


async def _ask_key(hub: AsyncHub, connection: Connection, asked: _Asked) -> _Asked:
    """How the key fared: at a path that asks for it where the list of models is public, and without the organization
    where that may be why it was refused."""
    started = time.monotonic()
    if connection.preset.key_check and connection.key and not asked.error:
        error = await _refusal(hub, connection, connection.preset.key_check)
        return _Asked(error=error, shown=error is None, milliseconds=since(started))
    denied = asked.error and asked.error.code in DENIED
    if not denied or not (connection.organization or connection.project):
        return msgspec.structs.replace(asked, shown=not asked.error and _wants_key(connection), milliseconds=0)
    bare = msgspec.structs.replace(connection, organization=None, project=None)
    error = await _refusal(hub, bare, "models")
    return _Asked(
        error=error or asked.error, organization=error is None, shown=error is None, milliseconds=since(started)
    )


def _wants_key(connection: Connection) -> bool:
    """Whether the list of models is known to be given for a right key only; some servers show it to everyone."""
    return connection.is_hub or (connection.preset.key and not connection.preset.key_check)


async def _refusal(hub: AsyncHub, connection: Connection, path: str) -> RingmainError | None:
    try:
        await get(connection, path, hub.ring.transport)
    except (ProviderError, SetupError, AskError) as error:
        return error
    return None


# The five sentences --------------------------------------------------------------------------------------------------


def _address(connection: Connection, asked: _Asked, voice: Voice) -> Check:
    if asked.error and asked.error.code in UNREACHED:
        right = voice.mend(connection, "base_url")
        fix = f"See that it runs there, and that the address is right; it is set {right}."
        return _failed("address", asked.error, fix, asked.milliseconds)
    there = "The built-in demo provider answers; it is no model." if connection.demo else None
    sentence = there or f"{connection.base_url} answers."
    return Check(name="address", ok=True, sentence=sentence, milliseconds=asked.milliseconds)


def _key(connection: Connection, asked: _Asked, voice: Voice) -> Check:
    took = asked.milliseconds
    if asked.error and asked.error.code in DENIED and not asked.organization:
        if connection.key:
            fix = f"Set a valid one {voice.mend(connection, 'key')}."
            return _failed("key", asked.error, fix, took)
        sentence = f"The provider of '{connection.name}' wants a key, and the connection has none."
        fix = f"Set one {voice.mend(connection, 'key')}."
        return Check(name="key", ok=False, sentence=sentence, fix=fix, milliseconds=took)
    if not connection.key:
        return Check(name="key", ok=None, sentence="No key is set, and none was asked for so far.", milliseconds=took)
    if not asked.shown:
        sentence = "The key was sent, and nothing shows so far that it is right; the answer will."
        return Check(name="key", ok=None, sentence=sentence, milliseconds=took)
    return Check(name="key", ok=True, sentence="The key was accepted.", milliseconds=took)


def _organization(connection: Connection, asked: _Asked, voice: Voice) -> Check:
    named = [f"{kind} '{value}'" for kind in ("organization", "project") if (value := getattr(connection, kind))]
    if not named:
        return Check(name="organization", ok=None, sentence="No organization and no project are set.")
    told = " and ".join(named)
    if asked.organization:
        return Check(
            name="organization",
            ok=False,
            sentence=f"The provider accepts the key, but not with the {told}.",
            fix=f"Correct it {voice.mend(connection, 'organization')}.",
        )
    if not asked.shown:
        return Check(name="organization", ok=None, sentence=f"Sent, and not refused so far: {told}.")
    return Check(name="organization", ok=True, sentence=f"Accepted: {told}.")


async def _models(hub: AsyncHub, connection: Connection, asked: _Asked, voice: Voice) -> Check:
    if asked.error and asked.error.code in UNLISTED:
        sentence = "The provider has no list of models, so name them yourself; that is no failure."
        return Check(name="models", ok=None, sentence=sentence)
    if asked.error:
        return _failed("models", asked.error, voice.fix(asked.error))
    found = len(hub.ring.catalogue.models(connection))
    return Check(name="models", ok=True, sentence=f"{found} model{'' if found == 1 else 's'} listed.")


def _question(connection: Connection, model: str | None, mode: Literal["auto"] | Mode | None) -> Ask:
    return Ask(
        id=new_id(),
        messages=({"role": "user", "content": QUESTION},),
        fields={"max_tokens": CAP},
        model=model,
        mode=mode,
        connection=connection.name,
        deadline=PATIENCE,
    )


async def _answer(hub: AsyncHub, connection: Connection, ask: Ask, voice: Voice, asker: Account) -> Check:
    started = time.monotonic()
    try:
        reply = await (await hub.answer(ask, asker)).whole()
    except RingmainError as error:
        return _failed("answer", error, _right(connection, error, voice), since(started))
    if can := TALKING.get(reply.mode):
        hub.ring.catalogue.learn(connection, reply.model, can=can)
    return Check(name="answer", ok=True, sentence=_told(reply), milliseconds=since(started))


def _right(connection: Connection, error: RingmainError, voice: Voice) -> str:
    """What to do about an answer that failed: where it was refused because of key or organization, put these right."""
    if error.code not in DENIED:
        return voice.fix(error)
    if error.code == "upstream_forbidden" and (connection.organization or connection.project):
        return f"Correct them {voice.mend(connection, 'organization')}."
    return f"Set a valid key {voice.mend(connection, 'key')}."


def _told(reply: Reply) -> str:
    usage = reply.usage
    price = "price unknown" if reply.cost is None else f"${reply.cost:f}"
    counted = f"{usage.input_tokens} tokens in, {usage.output_tokens} out, {price}"
    text = " ".join(reply.text.split())
    said = f"“{text[:80]}{'…' if len(text) > 80 else ''}”" if text else "nothing"
    notices = list(reply.notices)
    if not text and reply.finish_reason == "length" and not any("empty" in notice for notice in notices):
        notices.append("Hidden thinking took all of its few tokens, which is fine for a test.")
    return " ".join([f"'{reply.model}' was asked by {reply.mode} and said {said} ({counted}).", *notices])


def _failed(name: str, error: RingmainError, fix: str, milliseconds: int = 0) -> Check:
    return Check(name=name, ok=False, sentence=error.sentence, fix=fix, milliseconds=milliseconds)
