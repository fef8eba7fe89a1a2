"""`ringmain ask`."""

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from ringmain.admin.parameters import wrong
from ringmain.admin.shown import money, shown_reply, visible
from ringmain.cli.frame import STDIN, one_provider, open_hub
from ringmain.cli.options import Data, Json, Parameters, Whom
from ringmain.cli.show import print_json, say, say_notices
from ringmain.errors import AskError
from ringmain.exchange.reply import Reply
from ringmain.hub import AsyncHub
from ringmain.registry import DEMO_LABEL


async def command(
    prompt: Annotated[str | None, Parameter(help="What to ask; `-` or nothing reads the standard input.")] = None,
    /,
    *,
    whom: Whom | None = None,
    system: Annotated[str | None, Parameter(help="A system message; alone it is legal too.")] = None,
    conversation: Annotated[str | None, Parameter(help="Go on with a conversation of this name.")] = None,
    parameters: Parameters | None = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Ask once, and stream the answer.

    The answer goes to stdout; notices, the cost and the demo's label go to stderr.

    **Examples**

    - `ringmain ask "How do I create a product?"`
    - `ringmain ask --demo "Hello"`
    - `ringmain ask --mode completion --max-tokens 200 --temperature 0.2 "Once upon a time"`
    - `git diff | ringmain ask --system "Write a commit message."`
    """
    whom, fields = whom or Whom(), (parameters or Parameters()).given()
    one_provider(whom.connection, whom.demo)
    _check(fields)
    words = {
        "system": system,
        "conversation": conversation,
        "connection": whom.connection,
        "model": whom.model,
        "mode": whom.mode,
        **fields,
    }
    asked = {name: value for name, value in words.items() if value is not None}
    await _ask(_prompt(prompt), asked, data, demo=whom.demo, as_json=json)


async def _ask(prompt: str | None, asked: dict[str, Any], data: Path | None, *, demo: bool, as_json: bool) -> None:
    several = (asked.get("n") or 1) > 1
    async with open_hub(data, demo=demo) as hub:
        reply = await (_whole(hub, prompt, asked) if as_json or several else _streamed(hub, prompt, asked))
        if as_json:
            print_json(_as_json(reply))
        elif several:
            _write("\n\n".join(f"{at}. {choice.text}" for at, choice in enumerate(reply.choices, 1)) + "\n")
        _tell(reply, as_json=as_json)


async def _whole(hub: AsyncHub, prompt: str | None, asked: dict[str, Any]) -> Reply:
    return await hub.ask(prompt, **asked)


async def _streamed(hub: AsyncHub, prompt: str | None, asked: dict[str, Any]) -> Reply:
    """The reply, whose text was written as it came; where nobody reads any more, the provider is cut off."""
    stream = await hub.ask(prompt, stream=True, **asked)
    last = ""
    try:
        async for text in stream:
            _write(text)
            last = text
        if not last.endswith("\n"):
            _write("\n")
    finally:
        await stream.close()
    assert stream.reply
    return stream.reply


def _write(text: str) -> None:
    sys.stdout.write(visible(text) if sys.stdout.isatty() else text)
    sys.stdout.flush()


def _tell(reply: Reply, *, as_json: bool) -> None:
    if reply.demo:
        say(DEMO_LABEL)
    if as_json:
        return
    say_notices(reply.notices)
    say(shown_reply(reply))


def _as_json(reply: Reply) -> dict[str, Any]:
    return {
        "id": reply.id,
        "text": reply.text,
        **({"texts": [choice.text for choice in reply.choices]} if len(reply.choices) > 1 else {}),
        "mode": reply.mode,
        "model": reply.model,
        "finish_reason": reply.finish_reason,
        "usage": {"input_tokens": reply.usage.input_tokens, "output_tokens": reply.usage.output_tokens},
        "cost": money(reply.cost),
        "currency": "USD",
        "notices": list(reply.notices),
        "milliseconds": reply.milliseconds,
    }


def _prompt(given: str | None) -> str | None:
    """The prompt of the command line, else what is piped in."""
    if given not in (None, STDIN):
        return given
    if given is None and sys.stdin.isatty():
        return None
    try:
        return sys.stdin.read().strip() or None
    except UnicodeDecodeError as error:
        raise AskError("invalid_request", "The standard input is not UTF-8 text.", fix="Convert it first.") from error


def _check(fields: dict[str, Any]) -> None:
    problem = wrong(fields)
    if problem:
        raise AskError("invalid_request", problem.sentence, fix=problem.fix, param=problem.name)
