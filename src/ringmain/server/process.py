"""uvicorn, as the hub runs it."""

import asyncio
import logging
import socket
from collections.abc import Callable

import uvicorn

from ringmain.server.app import App
from ringmain.server.door import Door

DRAIN = 20
"""Seconds that running asks have to end."""

PATIENCE = 18.0
"""After so many of them they are told that they will not."""


class Process(uvicorn.Server):
    """A server that opens the hub before its door, and tells its hosts when it goes."""

    def __init__(self, app: App, *, on_started: Callable[[], None]) -> None:
        # What uvicorn logs is either said by the hub itself or a traceback.
        logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
        config = uvicorn.Config(
            app,
            loop="uvloop",
            http=Door,
            interface="asgi3",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=DRAIN,
            timeout_keep_alive=75,
        )
        super().__init__(config)
        self.app = app
        self._on_started = on_started
        self.patience = PATIENCE

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the hub, which raises what is wrong, then the door."""
        await self.app.hub.start()
        await super().startup(sockets)
        self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the door, let running asks end, cut off what is left."""
        self.app.stop()
        cut = asyncio.get_running_loop().call_later(self.patience, self.app.gate.cut)
        await super().shutdown(sockets)
        cut.cancel()
