"""Two hubs on one PostgreSQL that bring late answers from one outbox, and one of them that is killed over it."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ringmain.hosts import room
from ringmain.store import Late, Store
from tests.hosts.glific.requests import request
from tests.journeys import brisk
from tests.journeys.glific import add_ngo, answers
from tests.journeys.machine import Machine, until
from tests.journeys.provider import WORDS, Provider
from tests.twins.glific import Fault, GlificApi, Run, run_glific

CLAIM = "2"
"""Seconds after which what a dead hub has left is the other's."""

RUNS = [Run(contact={"id": id, "name": "Asha"}) for id in range(100, 140)]


@pytest.fixture
def glific() -> Iterator[GlificApi]:
    with run_glific() as api:
        api.contacts, api.limit = {str(run.contact["id"]) for run in RUNS}, 1000
        yield api


@pytest.fixture
def ngos(pair: list[Machine], provider: Provider, glific: GlificApi) -> list[Machine]:
    """Two machines with an account of Glific's, whose hubs keep claims for a moment only."""
    pair[0].connect("quick", provider.base_url, "--model", "quick")
    add_ngo(pair[0], glific)
    provider.bodies.clear()
    for machine in pair:
        machine.command = (sys.executable, str(Path(brisk.__file__)), CLAIM)
    return pair


def leave(store: Store, glific: GlificApi, run: Run) -> None:
    """Let a flow wait for what a hub that died has left behind: a question that it had not asked yet."""
    glific.arm(run.flow["id"], run.contact["id"])
    (account,) = [held for held in store.accounts() if held.name == "ngo"]
    sent = request(flow_id="7", contact_id=str(run.contact["id"]), result_name="gpt_response", gpt_model=None)
    ask = room("glific").wire.read(sent, ask_id=f"of-{run.contact['id']}", settings=account.settings)
    now = int(time.time() * 1000)
    left = Late(ask=ask, account_id=account.id, tool="glific", at=now, asked=0)
    store.add_late(left, "a hub that died", until=0)


def tokens(glific: GlificApi, *, since: int = 0) -> set[str]:
    """The sessions in which flows were resumed, after the first so many times; no two hubs share one."""
    tried = [sent.headers["authorization"] for sent in tuple(glific.requests) if sent.path == "/api"]
    return set(tried[since:])


def leave_until_both_bring(store: Store, glific: GlificApi, runs: Iterator[Run]) -> list[Run]:
    """Those that were left behind until each of two hubs, the first with one session, had brought one of them."""
    mine, left = tokens(glific), list[Run]()
    for run in runs:
        leave(store, glific, run)
        left.append(run)
        if {token in mine for token in tokens(glific, since=2)} == {True, False}:
            return left
        time.sleep(0.1)
    raise AssertionError("one of the hubs brought nothing")


def test_two_hubs_bring_many_late_answers_once_each_though_one_is_killed_over_some(
    ngos: list[Machine], provider: Provider, glific: GlificApi
) -> None:
    one, two = ngos
    runs = iter(RUNS)
    with one.up() as doomed, one.store() as store:
        leave(store, glific, first := next(runs))
        assert until(lambda: answers(glific, first))
        # Two of its tries hang, of which Glific has done one.
        glific.fail("/api", Fault("slow", done=True), Fault("slow", done=False))
        hung = [next(runs), next(runs)]
        for run in hung:
            leave(store, glific, run)
        assert until(lambda: glific.to_fail("/api") == 0)
        with two.up():
            left = [first, *hung, *leave_until_both_bring(store, glific, runs)]
            assert all(one.found for one in tuple(glific.resumed)), "one hub has brought what the other had"
            doomed.process.kill()
            doomed.process.wait(10)
            assert until(lambda: store.late() == 0, 20), "what the dead hub had claimed was not taken over"
    assert [answers(glific, run) for run in left] == [["".join(WORDS)]] * len(left)
