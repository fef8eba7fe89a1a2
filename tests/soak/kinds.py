"""What an ask of the soak is: what its provider or its host does, and how it may end."""

import random
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

CHAT, OLD = "/v1/chat/completions", "/v1/completions"
MODEL, LIMITED = "soak", "soak-limited"
"""The rate of a model that is spent may hold others of the same model up, so it is a model of its own."""

CAP = 40
"""The `max_tokens` of an ask, and the most words that the provider writes."""

REFUSED = ((429, "rate_limit_exceeded"), (429, "insufficient_quota"))
"""How an ask of an account with a small rate or budget may end as well."""

OK = (200, "")


class Kind(msgspec.Struct, frozen=True):
    """One kind of ask; `name` travels in the body's `user`, where the provider reads what it has to do."""

    name: str
    about: str
    ends: tuple[tuple[int, str], ...]
    """Status and code that the host may be told; status 0: it did not wait for any."""
    path: str = CHAT
    stream: bool = False
    model: str = MODEL
    listed: bool = True
    """Whether the book has a line of it."""
    reached: bool = True
    """Whether it is sent to the provider."""


# A table is read by its lines.
# fmt: off
FINE = (
    Kind("whole", "whole answers to chats", (OK,)),
    Kind("stream", "streamed answers to chats", (OK,), stream=True),
    Kind("old-whole", "whole answers to completions", (OK,), path=OLD),
    Kind("old-stream", "streamed answers to completions", (OK,), path=OLD, stream=True),
)
FAULTS = (
    Kind("limited-once", "429 with Retry-After, then an answer", (OK, (429, "rate_limit_exceeded")), model=LIMITED),
    Kind("limited", "429 with Retry-After", ((429, "rate_limit_exceeded"),), model=LIMITED),
    Kind("broken-once", "500 with a page, then an answer", (OK,)),
    Kind("broken", "500 with a page", ((502, "upstream_error"),)),
    Kind("reset", "reset after the request", ((502, "upstream_ambiguous"),)),
    Kind("cut", "streams that are cut in the middle", ((200, "stream_interrupted"),), stream=True),
    Kind("garbled", "answers that are half of their JSON", ((502, "upstream_malformed"),)),
    Kind("silent", "streams that fall silent", ((200, "stream_interrupted"),), stream=True),
    Kind("slow", "bodies that drip past the deadline", ((504, "deadline_exceeded"),)),
    Kind("leaves", "hosts that leave before the answer", ((0, ""),)),
    Kind("leaves-stream", "hosts that leave in mid-stream", ((200, ""),), stream=True),
    Kind("stops", "hosts that stop in mid-body", ((408, "invalid_request"),), reached=False),
    Kind("bad", "requests that are no JSON", ((400, "invalid_json"),), reached=False),
    Kind("wrong-key", "keys of nobody", ((401, "invalid_api_key"),), listed=False, reached=False),
)
# fmt: on
KINDS = {kind.name: kind for kind in (*FINE, *FAULTS)}


class Answered(NamedTuple):
    """What was read of an answer; status 0: nothing."""

    status: int = 0
    code: str = ""
    ask: str = ""
    """The id of its line in the book."""
    tokens: tuple[int, int] | None = None
    """In and out, as the host was told."""
    whole: bool = True
    """Whether its body ended as such a body should."""
    retry_after: str = ""


def deck(dice: random.Random, faults: float) -> Iterator[Kind]:
    """Kinds without end, of which this part is faults; every kind of fault comes as often as any other."""
    while True:
        hand = list(FAULTS)
        while len(hand) < len(FAULTS) / faults:
            hand.append(dice.choice(FINE))
        dice.shuffle(hand)
        yield from hand
