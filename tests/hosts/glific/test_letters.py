"""Letters of webhook nodes, and what the demo answers.

They are written from what Glific was read to send (2026-08), as no live Glific was there to record.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ringmain.admin.accounts import new_account
from ringmain.errands import Errands
from ringmain.hosts import HostRequest, room
from ringmain.testing import Clock, ready_hub

FOLDER = Path(__file__).parents[2] / "letters" / "glific"
LETTERS = sorted(file.stem for file in FOLDER.glob("*.json") if not file.stem.endswith(".reply"))


def test_there_are_letters() -> None:
    assert len(LETTERS) >= 8


@pytest.mark.parametrize("name", LETTERS)
async def test_a_letter_gets_the_reply_that_lies_beside_it(name: str) -> None:
    assert await played(name) == json.loads((FOLDER / f"{name}.reply.json").read_text())


async def played(name: str) -> dict[str, Any]:
    """The status and the body that a letter is answered, without the id of its line."""
    letter = json.loads((FOLDER / f"{name}.json").read_text())
    account = msgspec.structs.replace(new_account(room("glific"), id="acc", name="ngo"), connection="demo")
    async with ready_hub(clock=Clock()) as hub:
        request = HostRequest(**{**letter, "body": msgspec.json.encode(letter["body"])})
        done = await Errands(hub, url="https://hub.example").reply(request, account, room("glific"))
    body = json.loads(done.answer.body)
    return {"status": done.answer.status, "body": {name: value for name, value in body.items() if name != "ask"}}
