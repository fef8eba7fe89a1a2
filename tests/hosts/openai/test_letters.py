"""Letters of OpenAI's own client (openai 3.52, recorded 2026-11-21), and what the hub answers on the demo provider."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ringmain.errors import RingmainError
from ringmain.exchange.account import Account
from ringmain.hosts import HostRequest, room
from ringmain.testing import Clock, ready_hub

FOLDER = Path(__file__).parents[2] / "letters" / "openai"
LETTERS = sorted(file.stem for file in FOLDER.glob("*.json") if not file.stem.endswith(".reply"))
ACCOUNT = Account(id="acc", name="my-app", tool="openai", connection="demo")


def test_there_are_letters() -> None:
    assert len(LETTERS) >= 16


@pytest.mark.parametrize("name", LETTERS)
async def test_a_letter_gets_the_reply_that_lies_beside_it(name: str) -> None:
    assert await played(name) == json.loads((FOLDER / f"{name}.reply.json").read_text())


async def played(name: str) -> dict[str, Any]:
    """The reply to a letter: status, notices, and the body, or the events of a stream."""
    letter = json.loads((FOLDER / f"{name}.json").read_text())
    request = HostRequest(**{**letter, "body": msgspec.json.encode(letter["body"])})
    wire = room("openai").wire
    async with ready_hub(clock=Clock()) as hub:
        try:
            ask = wire.read(request, ask_id="ask_letter")
            answer = await hub.answer(ask, ACCOUNT)
        except RingmainError as error:
            refused = wire.refuse(error)
            return {"status": refused.status, "body": json.loads(refused.body)}
        if not ask.stream:
            reply = await answer.whole()
            return {"status": 200, "notices": list(reply.notices), "body": json.loads(wire.write(reply, ask).body)}
        writer = wire.stream(ask)
        data = b"".join([writer.piece(piece) async for piece in answer]) + writer.end(await answer.whole())
        return {"status": 200, "notices": list(answer.plan.notices), "events": _events(data.decode())}


def _events(text: str) -> list[Any]:
    told = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [each if each == "[DONE]" else json.loads(each) for each in told]
