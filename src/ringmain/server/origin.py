"""Where a request that changes something must come from: the hub's own pages."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from ringmain.errors import Refusal

SAFE = frozenset({"GET", "HEAD"})
"""Methods that change nothing."""

_PORTS = {"http": 80, "https": 443}


def own_origins(urls: Iterable[str]) -> frozenset[str]:
    """The origins of the hub's own addresses; one on loopback has the name `localhost` too."""
    parts = [urlsplit(url) for url in urls if url]
    own = {_origin(part.scheme, part.hostname or "", part.port) for part in parts}
    return frozenset(
        own | {_origin(p.scheme, "localhost", p.port) for p in parts if p.hostname in ("127.0.0.1", "::1")}
    )


def _origin(scheme: str, host: str, port: int | None) -> str:
    """The origin as browsers write it."""
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}" if port in (None, _PORTS.get(scheme)) else f"{scheme}://{host}:{port}"


def check_origin(headers: Headers, own: frozenset[str]) -> None:
    """Nothing, where the browser says that one of the hub's own pages sent this.

    What the Host header says counts for nothing.
    Raises `Refusal("cross_site")`.
    """
    origins, sites = headers.getlist("origin"), headers.getlist("sec-fetch-site")
    ours = all(origin in own for origin in origins) and all(site in ("same-origin", "none") for site in sites)
    if not ours or not (origins or sites):
        raise Refusal(
            "cross_site",
            "This did not come from one of the hub's own pages.",
            fix=f"Open the hub at {' or '.join(sorted(own))}; `ringmain up --public-url` names another address.",
        )
