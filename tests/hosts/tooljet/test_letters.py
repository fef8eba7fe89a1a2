"""Letters as ToolJet's OpenAPI data source writes them (2026-11, made by its rules), and their answers on the demo."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ringmain.errors import RingmainError
from ringmain.exchange.account import Account
from ringmain.hosts import HostReply, HostRequest, room
from ringmain.testing import Clock, ready_hub

FOLDER = Path(__file__).parents[2] / "letters" / "tooljet"
LETTERS = sorted(file.stem for file in FOLDER.glob("*.json") if not file.stem.endswith(".reply"))
ACCOUNT = Account(id="acc", name="apps", tool="tooljet", connection="demo")


def test_there_are_letters() -> None:
    assert len(LETTERS) >= 8


@pytest.mark.parametrize("name", LETTERS)
async def test_a_letter_gets_the_reply_that_lies_beside_it(name: str) -> None:
    written = await played(name)
    told = {"status": written.status, "body": json.loads(written.body)}
    assert told == json.loads((FOLDER / f"{name}.reply.json").read_text())


async def played(name: str) -> HostReply:
    """The reply to a letter."""
    letter: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    request = HostRequest(**{**letter, "body": msgspec.json.encode(letter["body"])})
    wire = room("tooljet").wire
    async with ready_hub(clock=Clock()) as hub:
        try:
            ask = wire.read(request, ask_id="ask_letter")
            return wire.write(await (await hub.answer(ask, ACCOUNT)).whole(), ask)
        except RingmainError as error:
            return wire.refuse(error)
