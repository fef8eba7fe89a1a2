"""The exact request that an account's asks become, as a page shows it before anything is saved."""

import msgspec

from ringmain.admin.accounts import draft_account
from ringmain.admin.shown import money
from ringmain.errors import RingmainError
from ringmain.exchange import provider
from ringmain.exchange.ask import Ask, text_of
from ringmain.exchange.plan import Plan
from ringmain.exchange.prices import cost
from ringmain.exchange.reply import Usage, dollars
from ringmain.hosts import Room, room
from ringmain.hub import AsyncHub
from ringmain.question import new_id
from ringmain.server.pages.account_form import account_form
from ringmain.server.pages.advice import advice
from ringmain.server.pages.forms import Values

TYPICAL = 400
"""Output tokens of an answer that is useful, where nothing caps it lower."""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What leaves for the provider when the host asks `question` and says nothing else; or why nothing can."""

    question: str
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    notices: tuple[str, ...] = ()
    demo: bool = False
    input_tokens: int = 0
    output_tokens: int = 0
    cost: str | None = None
    """USD of an answer of that length; None where no price is known."""
    sentence: str = ""
    fix: str = ""


async def preview(hub: AsyncHub, tool: str, values: Values, *, name: str | None = None) -> Preview:
    """The request of an account of this tool, made from the form's values by the stages that make every other."""
    door = room(tool)
    asked = sample(door)
    question = text_of(asked.messages[-1].get("content")) if asked.messages else str(asked.prompts[0])
    try:
        account = draft_account(hub.ring, tool, account_form(values, door), name=name)
        plan = await hub.plan(asked, account)
        return _shown(plan, question)
    except RingmainError as error:
        return Preview(question=question, sentence=error.sentence, fix=advice(error))


def sample(door: Room) -> Ask:
    """The question of the room's recorded letter and nothing else of it, so that the account's settings show."""
    letter = door.wire.read(door.letter(), ask_id=new_id())
    asked = tuple(message for message in letter.messages if message.get("role") == "user")[-1:]
    return Ask(id=letter.id, wire=letter.wire, messages=asked, prompts=letter.prompts[:1])


def _shown(plan: Plan, question: str) -> Preview:
    headers = {**provider.headers(plan)}
    if "authorization" in headers:
        headers["authorization"] = f"Bearer {plan.connection.key.hint or '…'}"
    body = provider.body(plan, 0)
    usage = Usage(plan.input_tokens, min(plan.output_tokens, TYPICAL))
    return Preview(
        question=question,
        url=provider.url(plan),
        headers=tuple(headers.items()),
        body=msgspec.json.format(body, indent=2).decode(),
        notices=plan.notices,
        demo=plan.connection.demo,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost=money(dollars(cost(plan.model.price, usage))),
    )
