"""How long the host of an ask is known to listen."""

import pytest

from ringmain.exchange.ask import Ask
from ringmain.hosts import room
from ringmain.server.answering import timed
from ringmain.server.tapes import Recording, Tape, Tapes
from ringmain.server.visit import Visit


def visit(*, keyed: bool | None = None) -> Visit:
    """A request; `keyed` says whether the host has named it, None that it is not kept."""

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        """Nobody listens."""

    made = Visit({"method": "POST", "path": "/", "headers": []}, receive, send)
    if keyed is not None:
        made.recording = Recording(Tapes(), Tape(("account", "/", "name"), b"", keyed=keyed))
    return made


@pytest.mark.parametrize("keyed", [None, False])
@pytest.mark.parametrize("told", [None, 60.0])
def test_a_host_listens_as_long_as_it_says_or_as_its_tool_does(told: float | None, keyed: bool | None) -> None:
    ask, known = Ask(id="one", deadline=told), room("glific").nameplate.deadline
    assert known is not None
    assert timed(ask, room("openai"), visit(keyed=keyed)) is ask
    assert known - 1 < (timed(ask, room("glific"), visit(keyed=keyed)).deadline or 0) <= known


def test_what_may_come_late_is_bounded_by_the_ask_alone() -> None:
    ask = Ask(id="one", deadline=60.0, reach={"url": "https://tool.test/"})
    assert timed(ask, room("glific"), visit()) is ask


@pytest.mark.parametrize("tool", ["openai", "glific"])
def test_nobody_hurries_for_a_host_that_comes_again_with_its_key(tool: str) -> None:
    ask = Ask(id="one", deadline=60.0, reach={"url": "https://tool.test/"})
    assert timed(ask, room(tool), visit(keyed=True)).deadline is None
