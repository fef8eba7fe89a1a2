"""What journeys through the room of Glific share: an account on a machine, and what came to its contacts."""

from tests.journeys.machine import Machine
from tests.twins.glific import GlificApi, Run

PHRASE = "three hidden words"


def add_ngo(machine: Machine, glific: GlificApi) -> None:
    """Add the account of an organisation whose flows are resumed with late answers."""
    settings = [f"--setting={name}={value}" for name, value in (("late", "resume"), ("api", glific.url))]
    words = [*settings, f"--setting=phone={glific.phone}", "--setting-env", "phrase=P", "--setting-env", "password=W"]
    machine.do("hosts", "add", "glific", "ngo", *words, P=PHRASE, W=glific.password)


def answers(glific: GlificApi, run: Run) -> list[str]:
    """What the contact's flow went on with, each time that it did."""
    return [told["gpt_response"]["parsed_msg"] for told in glific.results(run.flow["id"], run.contact["id"])]
