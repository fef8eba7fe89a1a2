"""What machines ask of a hub: whether it lives, whether it is ready, what it counts."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ringmain.errors import RingmainError
from ringmain.server.metrics import CONTENT_TYPE


async def health(request: Request) -> Response:
    """That the process is alive."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """Whether asks can be answered and written down; 503 with the reason where not."""
    state = request.app.state
    try:
        await asyncio.to_thread(state.ring.store.ping)
    except RingmainError as error:
        return _unready(str(error))
    if state.stopping:
        return _unready("The hub is being stopped.")
    if not state.ring.book.healthy:
        return _unready("The book cannot be carried into the store; asks are kept in the journal until it can.")
    return JSONResponse({"status": "ready"})


def _unready(sentence: str) -> Response:
    return JSONResponse({"status": "unready", "sentence": sentence}, status_code=503)


async def metrics(request: Request) -> Response:
    """What Prometheus reads."""
    return Response(request.app.state.metrics.text(), headers={"content-type": CONTENT_TYPE})
