"""Lines and turns for the tests of stores."""

from typing import Any

from ringmain.exchange.line import Entry, Line, Turn


def line(id: str = "1", **more: Any) -> Line:
    plain = {"at": 1, "tool": "openai", "account_id": "a1", "account": "shop", "model": "m", "status": "ok"}
    return Line(id=id, **(plain | more))


def entry(id: str = "1", **more: Any) -> Entry:
    return Entry(line=line(id, **more))


def turn(ask: str = "1", seq: int = 0, **more: Any) -> Turn:
    plain = {"account_id": "a1", "conversation": "c", "at": 1, "role": "user", "content": f"{ask}.{seq}"}
    return Turn(ask_id=ask, seq=seq, **(plain | more))
