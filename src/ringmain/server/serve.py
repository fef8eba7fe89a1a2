"""The hub as a process: its address, its data folder, its end."""

import gc
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ringmain.book import lock_folder
from ringmain.errors import SetupError
from ringmain.ring import Ring

if TYPE_CHECKING:
    from ringmain.server.process import Process

GARBAGE = 10_000
"""New objects after which the collector looks for cycles; an ask that goes well leaves none."""

EXTRA = ("starlette", "uvicorn", "uvloop", "httptools", "jinja2", "markdown_it", "prometheus_client", "argon2")


@contextmanager
def place(data: Path, host: str, port: int, *, others: bool = False) -> Iterator[socket.socket]:
    """Where a hub can stand: a socket that listens, and a data folder that is its own; port 0 takes any that is free.

    `others` says that other machines may reach it, because a password is set.

    Raises `SetupError`: `missing_extra`, `port_in_use`, `data_folder_in_use`, `invalid_setting`.
    """
    check_extra()
    with lock_folder(data), listen(host, port, others=others) as sock:
        yield sock


def serve(ring: Ring, sock: socket.socket, *, on_ready: Callable[[str], None] = lambda url: None) -> None:
    """Serve until the process is told to stop; running asks then have 20 seconds to end.

    `on_ready` is called with the hub's URL once it answers.
    Raises `SetupError("invalid_setting")` where the admin's token cannot be kept.
    """

    def ready(url: str) -> None:
        on_ready(url)
        _calm_collector()

    with _quiet_end():
        process(ring, sock, on_ready=ready).run(sockets=[sock])


def process(ring: Ring, sock: socket.socket, *, on_ready: Callable[[str], None] = lambda url: None) -> "Process":
    """The server on a socket that listens, not yet running; `should_exit` stops it."""
    from ringmain.server.app import make_app
    from ringmain.server.process import Process

    url = url_of(sock)
    return Process(make_app(ring, url=url), on_started=lambda: on_ready(url))


def check_extra() -> None:
    """Nothing, where all that the hub needs is installed. Raises `SetupError("missing_extra")`."""
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise SetupError(
            "missing_extra",
            f"The hub needs {', '.join(missing)}, which the plain install does not have.",
            fix="Run, in the clone that ringmain came from: pip install '.[server]'",
        )


def listen(host: str, port: int, *, others: bool = False) -> socket.socket:
    """A socket bound to this address of this machine.

    Raises `SetupError`: `invalid_setting` for what is no address, or one that others can reach and may not;
    `port_in_use`.
    """
    parsed = _address(host)
    if not parsed.is_loopback and not others:
        raise SetupError(
            "invalid_setting",
            f"The hub does not listen on {host}, which other machines could reach, before a password is set.",
            fix="Start it on 127.0.0.1 and open the one-time link that it prints; then start it on this address.",
        )
    family, address = (socket.AF_INET6 if parsed.version == 6 else socket.AF_INET), str(parsed)
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((address, port))
        sock.listen(2048)
    except OverflowError as e:
        sock.close()
        raise SetupError(
            "invalid_setting", f"There is no port {port}.", fix="Give --port 0 to 65535.", param="port"
        ) from e
    except OSError as e:
        sock.close()
        raise SetupError(
            "port_in_use",
            f"{host}:{port} cannot be listened on: {e.strerror or e}.",
            fix="Stop what uses it, or choose another with --port; 0 takes any that is free.",
        ) from e
    return sock


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach this address. Raises `SetupError("invalid_setting")`."""
    return _address(host).is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError as e:
        raise SetupError(
            "invalid_setting",
            f"'{host}' is not an address to listen on.",
            fix="Give --host 127.0.0.1, or an IP address of this machine; --public-url takes a name.",
            param="host",
        ) from e


def url_of(sock: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _calm_collector() -> None:
    """Let the collector never look again at what the start has loaded, and less often at what is new."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)


@contextmanager
def _quiet_end() -> Iterator[None]:
    """SIGTERM and Ctrl+C end the serving and nothing else: the server raises them again when it is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = {sign: signal.signal(sign, lambda *_: None) for sign in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for sign, handler in held.items():
            signal.signal(sign, handler)
