"""Hubs that are killed over late answers: each question that was accepted comes to its contact, once."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journeys.glific import PHRASE, add_ngo, answers
from tests.journeys.machine import Machine, Running, until
from tests.journeys.provider import WORDS, Provider
from tests.twins.glific import Fault, GlificApi, GlificCaller, Node, Run, run_glific

ANSWER = "".join(WORDS)
BODY = {
    "contact": "@contact",
    "question_text": "Which crop?",
    "flow_id": "@flow.id",
    "contact_id": "@contact.id",
    "result_name": "gpt_response",
}
RUNS = [Run(id=id, contact={"id": id, "name": "Asha"}) for id in (12, 13, 14, 15)]


@pytest.fixture
def glific() -> Iterator[GlificApi]:
    with run_glific() as api:
        api.contacts = {str(run.contact["id"]) for run in RUNS}
        yield api


@pytest.fixture
def ngo(machine: Machine, provider: Provider, glific: GlificApi) -> Machine:
    """A machine with an account of Glific's, whose model answers only once the provider is let free."""
    provider.free.set()
    machine.connect("paid", provider.base_url, "--model", "held", "--price=held=0,100")
    add_ngo(machine, glific)
    # The saving of both tries the model.
    provider.bodies.clear()
    provider.free.clear()
    return machine


def ask(hub: Running, glific: GlificApi, runs: list[Run]) -> None:
    """Ask for each contact at once, until each of their flows was told to wait."""
    node = Node(url=f"{hub.url}/hosts/glific/parse_via_chat_gpt", body=BODY)
    with ThreadPoolExecutor(len(runs)) as contacts:
        asked = contacts.map(lambda run: GlificCaller(PHRASE, then=glific.reach_wait).call(node, run), runs)
        assert [outcome.results["gpt_response"]["late"] for outcome in asked] == [True] * len(runs)


def kill(hub: Running) -> None:
    hub.process.kill()
    hub.process.wait(10)


def see_through(machine: Machine) -> None:
    """Start the next hub on the folder, and stop it when no late answer is left; nor is then anything else."""
    with machine.up(), machine.store() as store:
        assert until(lambda: store.late() == 0), "a late answer is still under way"
    assert list((machine.data / "journal").iterdir()) == []


def test_a_question_whose_hub_is_killed_at_the_provider_is_asked_again_and_answered_once(
    ngo: Machine, provider: Provider, glific: GlificApi
) -> None:
    (run, *_) = RUNS
    with ngo.up() as hub:
        ask(hub, glific, [run])
        assert (provider.asked("held"), answers(glific, run)) == (1, [])
        kill(hub)
    provider.free.set()
    see_through(ngo)
    assert (answers(glific, run), glific.lost(7, 12), provider.asked("held")) == ([ANSWER], 0, 2)
    assert Counter((line.status, line.code) for line in ngo.lines()) == {
        ("ok", None): 1,
        ("unconfirmed", "hub_died"): 1,
    }


def test_answers_whose_hub_is_killed_while_glific_does_not_say_whether_it_took_them_are_brought_once(
    ngo: Machine, provider: Provider, glific: GlificApi
) -> None:
    """Two tries hang and two have failed when the hub dies; of each pair Glific has done one."""
    glific.fail("/api", *(Fault(kind, done=done) for kind in ("slow", "error") for done in (True, False)))
    with ngo.up() as hub:
        ask(hub, glific, RUNS)
        provider.free.set()
        assert until(lambda: glific.to_fail("/api") == 0)
        kill(hub)
    done = [run for run in RUNS if answers(glific, run)]
    assert len(done) == 2
    see_through(ngo)
    assert [answers(glific, run) for run in RUNS] == [[ANSWER]] * 4
    # One more try finds that the flow has gone on; a second would be one too many: it may wait for the next answer.
    assert [glific.lost(7, run.contact["id"]) for run in RUNS] == [int(run in done) for run in RUNS]
    assert Counter(line.status for line in ngo.lines()) == {"ok": 4}
    assert provider.asked("held") == 4
