"""A crowd at the sign-in, each from an address of its own, does not take the machine's memory."""

import http.client
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.journeys.machine import Machine, Running

CROWD = 30
HASH = 64
"""MiB that one hash takes; two may run at a time."""


def tried(hub: Running, number: int, path: str = "/sign-in", **fields: str) -> int:
    """The status of a form that is sent from an address of this machine's own."""
    headers = {"origin": hub.url, "content-type": "application/x-www-form-urlencoded"}
    own = (f"127.0.0.{number + 2}", 0)
    with closing(http.client.HTTPConnection(urlsplit(hub.url).netloc, timeout=60, source_address=own)) as line:
        line.request("POST", path, urlencode(fields).encode(), headers)
        return line.getresponse().status


def peak(hub: Running) -> int:
    """The most memory that the process has had, in MiB."""
    status = Path(f"/proc/{hub.process.pid}/status").read_text()
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def test_thirty_who_sign_in_at_once_take_the_memory_of_two(machine: Machine) -> None:
    with machine.up("--demo") as hub:
        if not hub.memory():
            pytest.skip("skipped, because this system does not tell how much memory a process has")
        link = hub.printed().partition("/first/")[2].split()[0]
        words = {"password": "a few words in a row", "again": "a few words in a row"}
        assert tried(hub, 0, f"/first/{link}", **words) == 303
        before = peak(hub)
        with ThreadPoolExecutor(CROWD) as crowd:
            told = list(crowd.map(lambda number: tried(hub, number, password="a wrong password"), range(CROWD)))
        # By now one hash was counted already; another, and a quarter of one for the crowd itself, may come on top.
        assert peak(hub) - before < HASH * 1.25 + 10
        assert set(told) <= {401, 503}
        assert 401 in told
        assert tried(hub, 99, password=words["password"]) == 303
