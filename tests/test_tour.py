"""The tour: every room's letter, through that room's real wire."""

from typing import Any

from ringmain.hosts import rooms
from ringmain.hub import AsyncHub
from ringmain.ring import Ring
from ringmain.settings import read_settings
from ringmain.store.memory import MemoryStore
from ringmain.testing import Recorder
from ringmain.tour import Row, tour


async def played(hub: AsyncHub, **words: Any) -> list[Row]:
    return [row async for row in tour(hub, **words)]


async def test_every_room_that_is_installed_gets_an_answer_from_the_demo(demo: Any):
    hub, _ = demo
    rows = await played(hub)
    assert [row.tool for row in rows] == list(rooms())
    assert all(row.demo and row.answer and row.output_tokens for row in rows)


async def test_each_letter_has_its_line_under_its_own_tool(demo: Any):
    hub, _ = demo
    await played(hub)
    await hub.ring.book.flush()
    lines = hub.ring.store.lines(99)
    assert {(line.tool, line.account, line.status, line.demo) for line in lines} == {
        (tool, "tour", "ok", True) for tool in rooms()
    }


async def test_the_demo_answers_even_where_a_connection_is_set():
    environ = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "RINGMAIN_MODEL": "m"}
    async with AsyncHub(ring=Ring(read_settings(environ), store=MemoryStore())) as hub:
        assert all(row.demo for row in await played(hub))


async def test_the_real_tour_asks_the_connections_own_model_whatever_the_letter_names(upstream: Any):
    environ = {"OPENAI_BASE_URL": upstream.base_url, "RINGMAIN_MODEL": "mine"}
    recorder = Recorder()
    async with AsyncHub(ring=Ring(read_settings(environ), store=MemoryStore(), transport=recorder)) as hub:
        rows = await played(hub, real=True)
    assert rows
    assert not any(row.demo for row in rows)
    assert {body["model"] for body in recorder.bodies} == {"mine"}
