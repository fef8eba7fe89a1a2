"""Hubs that are killed over late answers: each question that was accepted comes to its contact, once."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journeys.machine import Machine, Running, until
from tests.journeys.provider import WORDS, Provider
from tests.twins.glific import Fault, GlificApi, GlificCaller, Node, Run, run_glific

PHRASE = "three hidden words"
ANSWER = "".join(WORDS)
BODY = {
    "contact": "@contact",
    "question_text": "Which crop?",
    "flow_id": "@flow.id",
    "contact_id": "@contact.id",
    "result_name": "gpt_response",
}
FIRST, SECOND = (Run(id=id, contact={"id": id, "name": "Asha"}) for id in (12, 13))


@pytest.fixture
def glific() -> Iterator[GlificApi]:
    with run_glific() as api:
        api.contacts |= {"13"}
        yield api


@pytest.fixture
def ngo(machine: Machine, provider: Provider, glific: GlificApi) -> Machine:
    """A machine with an account of Glific's, whose model answers only when the provider is let free."""
    provider.free.set()
    machine.connect("paid", provider.base_url, "--model", "held", "--price=held=0,100")
    settings = [f"--setting={name}={value}" for name, value in (("late", "resume"), ("api", glific.url))]
    words = [*settings, f"--setting=phone={glific.phone}", "--setting-env", "phrase=P", "--setting-env", "password=W"]
    machine.do("hosts", "add", "glific", "ngo", *words, P=PHRASE, W=glific.password)
    provider.free.clear()
    # The saving of an account tries it.
    provider.bodies.clear()
    return machine


def ask(hub: Running, glific: GlificApi, *runs: Run) -> None:
    """Ask for each contact at once, until each of their flows was told to wait."""
    node = Node(url=f"{hub.url}/hosts/glific/parse_via_chat_gpt", body=BODY)
    with ThreadPoolExecutor(len(runs)) as contacts:
        asked = contacts.map(lambda run: GlificCaller(PHRASE, then=glific.reach_wait).call(node, run), runs)
        assert [outcome.results["gpt_response"]["late"] for outcome in asked] == [True] * len(runs)


def kill(hub: Running) -> None:
    hub.process.kill()
    hub.process.wait(10)


def answers(glific: GlificApi, run: Run) -> list[str]:
    """What the contact's flow went on with, each time that it did."""
    return [told["gpt_response"]["parsed_msg"] for told in glific.results(run.flow["id"], run.contact["id"])]


def check_nothing_is_left(machine: Machine) -> None:
    """No late answer, no hold, no claim and no record is there any more."""
    with machine.store() as store:
        assert until(lambda: store.late() == 0)
    assert list((machine.data / "journal").iterdir()) == []


def test_a_question_whose_hub_is_killed_at_the_provider_is_asked_again_and_answered_once(
    ngo: Machine, provider: Provider, glific: GlificApi
) -> None:
    with ngo.up() as hub:
        ask(hub, glific, FIRST)
        assert (provider.asked("held"), answers(glific, FIRST)) == (1, [])
        kill(hub)
    provider.free.set()
    with ngo.up():
        assert until(lambda: answers(glific, FIRST)), "nobody took the question up"
        with ngo.store() as store:
            assert until(lambda: store.late() == 0)
    assert (answers(glific, FIRST), glific.lost(7, 12), provider.asked("held")) == ([ANSWER], 0, 2)
    assert Counter((line.status, line.code) for line in ngo.lines()) == {
        ("ok", None): 1,
        ("unconfirmed", "hub_died"): 1,
    }
    check_nothing_is_left(ngo)


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
def test_an_answer_whose_hub_is_killed_while_glific_does_not_say_whether_it_took_it_is_brought_once(
    ngo: Machine, provider: Provider, glific: GlificApi, done: bool
) -> None:
    """One contact's try has failed with a 500 and waits for the next, the other's hangs, when the hub dies."""
    glific.fail("/api", Fault("error", done=done), Fault("slow", done=done))
    with ngo.up() as hub:
        ask(hub, glific, FIRST, SECOND)
        provider.free.set()
        assert glific.holds.wait(10)
        kill(hub)
    with ngo.up(), ngo.store() as store:
        assert until(lambda: store.late() == 0), "an answer that was taken is brought again and again"
    assert [answers(glific, run) for run in (FIRST, SECOND)] == [[ANSWER], [ANSWER]]
    assert Counter(line.status for line in ngo.lines()) == {"ok": 2}
    assert provider.asked("held") == 2
    check_nothing_is_left(ngo)
