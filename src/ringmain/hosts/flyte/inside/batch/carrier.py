"""What OpenAI's client sends files with: our network, piece by piece in both directions."""

from collections.abc import AsyncIterator
from typing import Any

from ringmain.hosts.flyte.inside.transport import OF_THE_CARRIER
from ringmain.transport import Request, Response, Transport, Upload

SECONDS, FILE_SECONDS = 30.0, 1800.0
"""Seconds that a call may take, and one that carries a file."""

PACKED = ("content-encoding", "content-length", "transfer-encoding")
"""Headers that say how an answer was packed, which the network has undone."""


def carrier(httpx: Any, network: Transport) -> Any:
    """A transport for an HTTP client of this library."""

    class Carrier(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: Any) -> Any:
            answer = await network.send(_written(request), timeout=FILE_SECONDS if _of_file(request) else SECONDS)
            headers = {name: value for name, value in answer.headers.items() if name not in PACKED}
            return httpx.Response(answer.status, headers=headers, stream=Body(answer))

    class Body(httpx.AsyncByteStream):
        def __init__(self, answer: Response) -> None:
            self._answer = answer

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for piece in self._answer.chunks():
                yield piece

        async def aclose(self) -> None:
            await self._answer.close()

    return Carrier()


def _of_file(request: Any) -> bool:
    path = request.url.path.rstrip("/")
    return path.endswith("/content") or (request.method == "POST" and path.endswith("/files"))


def _written(request: Any) -> Request:
    headers = {name: value for name, value in request.headers.items() if name.lower() not in OF_THE_CARRIER}
    length = int(request.headers.get("content-length", 0))
    upload = Upload(request.stream.__aiter__(), length) if length else None
    return Request(method=request.method, url=str(request.url), headers=headers, upload=upload)
