"""What connections have to send leaves together, at the end of the event loop's turn."""

import asyncio
import gc
import socket
import weakref
from collections.abc import Callable

import pytest
import uvloop

from ringmain.burst import MUCH, Burst, Sender, burst_of


class Written(asyncio.Transport):
    """A connection that keeps what is written to it, and when it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[bytes | str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.told.append(bytes(data))

    def close(self) -> None:
        self.told.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.told


async def turn() -> None:
    for _ in range(2):
        await asyncio.sleep(0)


def sender() -> tuple[Sender, Written]:
    written = Written()
    return Sender(written, burst_of(asyncio.get_running_loop())), written


async def test_what_is_written_in_a_turn_leaves_at_its_end_as_one() -> None:
    sending, written = sender()
    sending.write(b"head ")
    sending.write(b"body")
    assert not written.told
    await turn()
    sending.write(b"next")
    await turn()
    assert written.told == [b"head body", b"next"]


async def test_what_was_written_leaves_before_the_connection_is_closed() -> None:
    sending, written = sender()
    sending.write(b"answer")
    sending.close()
    await turn()
    assert written.told == [b"answer", "closed"]


async def test_nothing_is_written_to_a_connection_that_was_cut_meanwhile() -> None:
    sending, written = sender()
    sending.write(b"answer")
    written.close()
    await turn()
    assert written.told == ["closed"]


async def test_much_leaves_at_once_so_that_a_writer_learns_when_it_is_too_much() -> None:
    sending, written = sender()
    sending.write(b"a")
    sending.write(b"x" * MUCH)
    assert written.told == [b"a" + b"x" * MUCH]
    await turn()
    assert len(written.told) == 1


async def test_what_one_connection_cannot_send_keeps_no_other_from_it(caplog: pytest.LogCaptureFixture) -> None:
    burst, left = Burst(), list[str]()

    def broken() -> None:
        raise RuntimeError("no more")

    leaves: list[Callable[[], None]] = [lambda: left.append("first"), broken, lambda: left.append("last")]
    for leave in leaves:
        burst.join(leave)
    await turn()
    assert left == ["first", "last"]
    assert "could not be sent" in caplog.text


async def test_what_joins_while_others_leave_leaves_in_the_next_turn() -> None:
    burst, left = Burst(), list[str]()

    def first() -> None:
        left.append("first")
        burst.join(lambda: left.append("second"))

    burst.join(first)
    await turn()
    await turn()
    assert left == ["first", "second"]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_an_event_loop_has_one_burst_which_is_let_go_of_when_another_loop_has_its_own(run: Callable) -> None:
    async def made() -> weakref.ref[asyncio.AbstractEventLoop]:
        loop = asyncio.get_running_loop()
        burst = burst_of(loop)
        assert burst is burst_of(loop)
        # As a connection does that is asked in the loop's last turn.
        burst.join(loop.stop)
        return weakref.ref(loop)

    first, second = run(made()), run(made())
    gc.collect()
    assert first() is None
    assert second() is not None


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_a_peer_gets_all_of_it(run: Callable) -> None:
    """By a real connection, in three sizes, the last of which is more than a socket takes at once."""
    told = [b"a", b"b" * 1000, b"c" * (4 * MUCH)]

    async def send(ours: socket.socket, theirs: socket.socket) -> bytes:
        transport, _ = await asyncio.get_running_loop().connect_accepted_socket(asyncio.Protocol, ours)
        reader, writer = await asyncio.open_connection(sock=theirs)
        sending = Sender(transport, burst_of(asyncio.get_running_loop()))
        for data in told:
            sending.write(data)
        sending.close()
        heard = await reader.read()
        writer.close()
        return heard

    assert run(send(*socket.socketpair())) == b"".join(told)
