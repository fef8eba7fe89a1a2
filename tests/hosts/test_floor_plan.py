"""One suite over all rooms: each has every part of the floor plan, or says why not."""

import asyncio
from importlib import import_module, metadata, resources

import pytest

from ringmain.admin.accounts import new_account
from ringmain.admin.parameters import PARAMETERS, wrong
from ringmain.exchange.account import Account
from ringmain.hosts import GROUP, HostReply, Nameplate, Room, room, rooms
from ringmain.hub import AsyncHub
from ringmain.settings import VARIABLES
from ringmain.testing import ready_hub

PARTS = {
    "wire": "wire",
    "deliver": "deliver",
    "form": "form",
    "pack": "pack",
    "inside": "inside",
    "guide": "guide.md",
    "letter": "letter.json",
}
HEADINGS = ["Install", "First answer", "When it fails", "Remove"]
ACCOUNT = Account(id="acc", name="my-app", tool="any", connection="demo")

every_room = pytest.mark.parametrize("tool", sorted(rooms()))


def test_the_built_in_rooms_come_through_the_entry_point() -> None:
    named = {point.name for point in metadata.entry_points(group=GROUP)}
    assert "openai" in named
    assert set(rooms()) == named


@every_room
def test_every_part_is_there_or_exempt_with_a_reason(tool: str) -> None:
    plate, folder = room(tool).nameplate, resources.files(f"ringmain.hosts.{tool}")
    names = {item.name.removesuffix(".py") for item in folder.iterdir()}
    assert plate.tool == tool
    assert set(plate.exempt) <= set(PARTS)
    assert all(len(reason.split()) > 3 for reason in plate.exempt.values())
    for part, name in PARTS.items():
        assert (name in names) != (part in plate.exempt), f"{part} is neither there nor exempt, or both"


@every_room
def test_the_nameplate_says_what_is_done_and_what_is_not(tool: str) -> None:
    plate = room(tool).nameplate
    assert isinstance(plate, Nameplate)
    assert plate.title
    assert plate.done
    assert plate.routes
    assert all(route.path.startswith(("/v1/", f"/hosts/{tool}/")) for route in plate.routes)


@every_room
def test_what_lies_elsewhere_has_a_setting_that_says_where(tool: str) -> None:
    plate = room(tool).nameplate
    passes = any(route.what == "passed" for route in plate.routes)
    assert bool(plate.elsewhere) == passes
    assert not passes or plate.elsewhere in VARIABLES


@every_room
def test_the_wire_has_the_face_of_the_floor_plan(tool: str) -> None:
    wire = import_module(f"ringmain.hosts.{tool}.wire")
    assert all(callable(getattr(wire, name)) for name in ("read", "write", "stream", "refuse", "models"))


@every_room
def test_the_form_asks_for_what_an_account_has(tool: str) -> None:
    for field in room(tool).form:
        assert field.label
        assert field.own or field.name in (*Account.__struct_fields__, *PARAMETERS)
    account = new_account(room(tool), id="acc", name="new")
    assert wrong(account.parameters) is None


@every_room
def test_the_pack_has_address_and_key_filled_in(tool: str) -> None:
    files = room(tool).pack(ACCOUNT, url="http://127.0.0.1:8484", key="rm-the-key")
    told = "\n".join(file.text for file in files)
    assert "http://127.0.0.1:8484" in told
    assert "rm-the-key" in told
    assert all(file.name and file.title for file in files)
    assert not [file.name for file in files if file.saved and "rm-the-key" in file.text]


@every_room
def test_the_guide_has_the_same_headings_in_every_room(tool: str) -> None:
    lines = room(tool).guide().splitlines()
    assert lines[0].startswith("# ")
    assert [line[3:] for line in lines if line.startswith("## ")] == HEADINGS


@every_room
def test_the_letter_is_read_and_answered_on_the_demo(tool: str) -> None:
    written = asyncio.run(_played(room(tool)))
    assert written.status == 200
    assert b"demo" in written.body


async def _played(played: Room) -> HostReply:
    hub: AsyncHub
    async with ready_hub() as hub:
        ask = played.wire.read(played.letter(), ask_id="ask_letter")
        reply = await (await hub.answer(ask, ACCOUNT)).whole()
        return played.wire.write(reply, ask)
