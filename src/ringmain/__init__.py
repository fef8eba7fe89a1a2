"""ringmain: one OpenAI connection, wired into every tool a team already uses."""

from ringmain import secret
from ringmain.errors import RingmainError
from ringmain.exchange.reply import Reply
from ringmain.extension import load_ipython_extension
from ringmain.hub import AsyncHub
from ringmain.sync import Hub, ask, chat_map, transcribe

__all__ = [
    "AsyncHub",
    "Hub",
    "Reply",
    "RingmainError",
    "ask",
    "chat_map",
    "load_ipython_extension",
    "secret",
    "transcribe",
]
