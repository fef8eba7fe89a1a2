"""A host in the hub's own event loop: one request to the application, without a socket between them."""

import asyncio
from collections.abc import Mapping
from typing import Any

from ringmain.server.app import App
from tests.hubs import Answered


async def call(
    app: App, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Answered:
    """What the application answers."""
    sent: list[dict[str, Any]] = []
    asked = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        told = next(asked, None)
        if told is None:
            # A host that waits for its answer says nothing more.
            await asyncio.Event().wait()
        return told or {}

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": raw,
    }
    await app(scope, receive, send)
    told = {name.decode().lower(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return Answered(sent[0]["status"], told, b"".join(message.get("body", b"") for message in sent[1:]))
