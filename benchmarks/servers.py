"""What is measured: the hub with everything on, nginx as the yardstick, and the upstream behind both."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.load import END, Door, body
from benchmarks.machine import LOAD_CORE, SERVER_CORE, Skipped, free_port, need, running, wait_for
from benchmarks.upstream import ANSWER

HERE = Path(__file__).parent
COMMAND = (sys.executable, "-m", "ringmain")
MODELS = ("whole", "stream-60-100", "stream-1000000-2")
HOST = "bench"

NGINX = """
daemon off; master_process off; worker_rlimit_nofile 16384; pid {folder}/nginx.pid; error_log {folder}/error.log crit;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 1000000000; default_type application/json;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  {http}
}}
"""
PROXY = """
upstream {name} {{ server 127.0.0.1:{upstream}; keepalive 1024; keepalive_requests 1000000000; }}
server {{
  listen 127.0.0.1:{port} backlog=2048;
  location / {{
    proxy_pass http://{name}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
  }}
}}
"""
STATIC = "server {{ listen 127.0.0.1:{port} backlog=2048; location / {{ return 200 '{answer}'; }} }}"


class Upstream(NamedTuple):
    """The ports that answer whole and in streams."""

    whole: int
    streams: int


class Target(NamedTuple):
    """A server under test: its process, and per kind of answer where it is asked."""

    name: str
    pid: int
    whole: Door
    streams: Door
    started: float
    """Seconds from its command to its first answer."""
    end: bytes = END
    """What the last events of a stream have in them."""


@contextmanager
def upstream(folder: Path) -> Iterator[Upstream]:
    """A provider on the load's core; where nginx is missing, whole answers come from Python too, at half the speed."""
    python, static = free_port(), free_port()
    script = [sys.executable, str(HERE / "upstream.py"), str(python)]
    with running(script, core=LOAD_CORE, log=folder / "upstream.log") as process, ExitStack() as stack:
        wait_for(python, process)
        try:
            config = STATIC.format(port=static, answer=ANSWER)
            stack.enter_context(_nginx(folder / "static", config, LOAD_CORE, static))
        except Skipped:
            static = python
        yield Upstream(static, python)


@contextmanager
def nginx(behind: Upstream, folder: Path) -> Iterator[Target]:
    """A plain proxy to the same upstream. Raises `Skipped`."""
    ports, began = (free_port(), free_port()), time.monotonic()
    proxies = [
        PROXY.format(name=name, port=port, upstream=up)
        for name, port, up in zip(("whole", "streams"), ports, behind, strict=True)
    ]
    whole, streams = map(Door, ports)
    with _nginx(folder / "nginx", "".join(proxies), SERVER_CORE, whole.port) as pid:
        first_answer(whole)
        yield Target("nginx", pid, whole, streams, time.monotonic() - began)


@contextmanager
def _nginx(folder: Path, http: str, core: int, port: int) -> Iterator[int]:
    program = need("nginx", "nginx-light")
    folder.mkdir()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, http=http))
    command = [program, "-c", str(config), "-p", str(folder), "-e", str(folder / "error.log")]
    with running(command, core=core, log=folder / "out.log") as process:
        wait_for(port, process)
        yield process.pid


@contextmanager
def hub(behind: Upstream, folder: Path) -> Iterator[Target]:
    """One process with key check, budget, rate, ledger and journal, on SQLite."""
    home = folder / "hub"
    home.mkdir()
    environ = settled(home)
    port = free_port()
    whole, streams = (Door(port, account(environ, name, up)) for name, up in behind._asdict().items())
    began = time.monotonic()
    command = [*COMMAND, "up", "--port", str(port)]
    with running(command, core=SERVER_CORE, log=folder / "hub.log", environ=environ) as process:
        wait_for(port, process)
        first_answer(whole)
        yield Target("hub", process.pid, whole, streams, time.monotonic() - began)


def first_answer(door: Door) -> None:
    """Return once a question is answered, by a server whose door may be open before it answers."""
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=30)
    connection.request("POST", "/v1/chat/completions", body("whole"), door.headers())
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {said.decode(errors='replace')}")
    connection.close()


def settled(home: Path) -> dict[str, str]:
    """The environment of a hub that lives in this folder and knows of no other settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RINGMAIN_", "OPENAI_"))}
    own = {"RINGMAIN_DATA": str(home / "data"), "RINGMAIN_SECRET_FILE": str(home / "config" / "secret.key")}
    return {**kept, **own}


def account(environ: dict[str, str], name: str, port: int) -> str:
    """The key of an account with a connection to this port."""
    prices = [word for model in MODELS for word in ("--price", f"{model}=1,2")]
    address = f"http://127.0.0.1:{port}/v1"
    given = {**environ, "BENCH_KEY": "sk-upstream"}
    _do(given, "connections", "add", name, "--base-url", address, "--key-env", "BENCH_KEY", *prices)
    spend = ("--budget", "1000000", "--per", "month", "--rpm", "100000000")
    return _do(given, "hosts", "add", "openai", f"{HOST}-{name}", "--connection", name, *spend)["key"]


def _do(environ: dict[str, str], *words: str) -> dict[str, str]:
    done = subprocess.run([*COMMAND, *words, "--json"], env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ringmain {' '.join(words[:2])}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)
