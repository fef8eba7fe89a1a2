"""What a batch leaves in the book, once it has ended: a line for each of its models."""

from collections.abc import Callable
from hashlib import blake2b

import msgspec

from ringmain.exchange.ask import Wire
from ringmain.exchange.line import Line
from ringmain.exchange.loose import as_object, as_text
from ringmain.exchange.model import Price
from ringmain.exchange.modes.envelope import counted
from ringmain.exchange.prices import cost
from ringmain.hosts.flyte.inside.batch.answers import Spent
from ringmain.hosts.flyte.inside.batch.memory import Counted
from ringmain.hosts.flyte.inside.batch.parts import Batch

WIRES: dict[str, Wire] = {
    "/v1/chat/completions": "chat",
    "/v1/completions": "completion",
    "/v1/responses": "responses",
    "/v1/embeddings": "embeddings",
}

CODES = {"expired": "deadline_exceeded", "cancelled": "host_hung_up"}
"""What a batch without an answer is called in the book, where the provider did not refuse it."""


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked, and of whom."""

    place: str
    connection: str
    sentence: str = ""


def lines_of(batch: Batch, counted: Counted, whose: Whose, *, at: int) -> list[Line]:
    """The lines, always with the same ids for the same batch."""
    wire = WIRES.get(as_text(batch.told.get("endpoint")))
    common = Line(
        id="",
        at=at,
        tool="flyte",
        account_id="flyte",
        account=whose.place,
        connection=whose.connection,
        wire=wire,
        mode=wire,
        attempts=1,
        milliseconds=batch.seconds * 1000,
    )
    if not counted.spent:
        return [_without(common, batch, whose, read=counted.readable)]
    spent = sorted(counted.spent.items())
    return [_of_model(common, batch, whose, model, held, counted.refused) for model, held in spent]


def _of_model(common: Line, batch: Batch, whose: Whose, model: str, held: Spent, refused: int) -> Line:
    used = held.usage
    told = f"Batch {batch.id}, {batch.status}: {held.answers} of its {batch.total} requests are counted here"
    notice = f"{told}; {refused} were refused." if refused else f"{told}."
    return msgspec.structs.replace(
        common,
        id=_id(batch, model),
        model=model,
        status="ok",
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
        cached_tokens=used.cached,
        picodollars=held.picodollars,
        notices=_notices(whose, notice),
    )


def _without(common: Line, batch: Batch, whose: Whose, *, read: bool) -> Line:
    """The line of a batch of which no answer is known."""
    told = f"Batch {batch.id}, {batch.status}: " + (
        f"none of its {batch.total} requests was answered." if read else "its answers could not be read to be counted."
    )
    return msgspec.structs.replace(
        common,
        id=_id(batch, ""),
        model=as_text(batch.told.get("model")),
        status="failed" if read else "unconfirmed",
        code=CODES.get(batch.status, "upstream_refused") if read else "upstream_ambiguous",
        picodollars=0 if read else None,
        notices=_notices(whose, told),
    )


def _notices(whose: Whose, told: str) -> tuple[str, ...]:
    return (whose.sentence, told) if whose.sentence else (told,)


def _id(batch: Batch, model: str) -> str:
    """An id like an ask's, which is the same whenever and wherever it is made."""
    digest = blake2b(f"{batch.id}\0{model}".encode(), digest_size=14)
    return f"ask_b{digest.hexdigest()}"


def summed(batch: Batch, price: Callable[[str], Price | None]) -> dict[str, Spent]:
    """What the provider itself adds up for a batch of one model; nothing where it does not."""
    told, model = as_object(batch.told.get("usage")), as_text(batch.told.get("model"))
    usage = counted(told, "input_tokens", "output_tokens")
    if not model or usage is None or not usage.input_tokens:
        return {}
    return {model: Spent(answers=batch.answered, usage=usage, picodollars=cost(price(model), usage))}
