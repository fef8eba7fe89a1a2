"""A call that a host makes again: told apart from a new one, and answered with what the first had to say."""

from hashlib import blake2b

from ringmain.errors import AskError
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask
from ringmain.server.faults import stopping
from ringmain.server.tapes import Recording, Tape, Tapes
from ringmain.server.visit import Visit

KEY = "idempotency-key"
"""The host's own name for a call, which it repeats with each try."""

TRIES = "x-stainless-retry-count"
"""How often OpenAI's clients have tried a call before; they send it with the first try too, as 0."""

_SENT = frozenset({KEY, TRIES})
"""What tells a call that may be made again."""

LONGEST = 255
"""Characters of a key."""

REPLAYED = {"x-ringmain-replayed": "true"}


def earlier(tapes: Tapes, visit: Visit, account: Account, ask: Ask, body: bytes) -> Tape | None:
    """The answer to this very call where the host has made it before; else None, and what is sent is kept for a retry.

    Raises `AskError`: `idempotency_mismatch`, `invalid_request` for what cannot be a key.
    """
    if _SENT.isdisjoint(visit.headers):
        return None
    key, told = visit.headers.get(KEY, ""), visit.headers.get(TRIES, "")
    if not (key or told) or not account.on:
        return None
    digest, tries = _digest(visit, ask, body), _number(told)
    name = (account.id, visit.path, _checked(key) if key else digest.hex())
    tape = tapes.find(name, keyed=bool(key))
    if tape is not None and _answers(tape, digest, tries):
        return tape
    visit.recording = Recording(tapes, Tape(name, digest, keyed=bool(key), tries=tries))
    return None


def _answers(tape: Tape, digest: bytes, tries: int) -> bool:
    """Whether this call is a further try of the one that the tape answers.

    Without a key, a number that was there before is the try of another call that asks the same.
    """
    if tape.keyed and tape.digest != digest:
        raise _mismatch()
    further = tape.keyed or tries > tape.tries
    tape.tries = max(tape.tries, tries)
    return further


def _digest(visit: Visit, ask: Ask, body: bytes) -> bytes:
    """What was asked: the body to the last byte, and what a room may have read elsewhere.

    A form is written with another boundary at each try, so that of one with a sound it is what it says.
    """
    beside = (visit.query, ask.model, ask.mode, ask.connection, ask.organization, ask.conversation)
    digest = blake2b(repr(beside).encode() + b"\n", digest_size=32)
    if ask.audio is None:
        digest.update(body)
    else:
        digest.update(repr((ask.stream, ask.fields, ask.audio.name, ask.audio.type)).encode("utf-8", "replace") + b"\n")
        digest.update(ask.audio.data)
    return digest.digest()


def _number(told: str) -> int:
    return int(told[:9]) if told.isascii() and told.isdecimal() else 0


def _checked(key: str) -> str:
    if len(key) > LONGEST or not (key.isascii() and key.isprintable()):
        sentence = f"An Idempotency-Key must be at most {LONGEST} printable ASCII characters."
        raise AskError("invalid_request", sentence, fix="A random UUID does well.", param=KEY)
    return key


def _mismatch() -> AskError:
    return AskError(
        "idempotency_mismatch",
        "This Idempotency-Key was sent with another request.",
        fix="Send a new key with a new request; a retry must be the same to the last byte.",
        param=KEY,
    )


# replaying -------------------------------------------------------------------------------------------------------


async def play(visit: Visit, tape: Tape) -> None:
    """Send what the tape has, and what still comes, as it comes.

    Raises `HungUp`, and `HubError("hub_stopping")` where it is over before it is whole.
    """
    with tape.followed(), visit.watched():
        await _play(visit, tape)
    visit.code = tape.code


async def _play(visit: Visit, tape: Tape) -> None:
    begun = await tape.begun()
    if begun is None:
        raise stopping()
    status, headers = begun
    await visit.begin(status, {**headers, **REPLAYED})
    async for piece in tape.all_pieces():
        await visit.piece(piece)
    if not tape.whole:
        raise stopping()
    await visit.end(b"")
