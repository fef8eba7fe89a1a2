"""Walks a flow through every branch, with an input made for each case and webhooks that answer both ways."""

from collections.abc import Iterator, Sequence
from itertools import chain

import msgspec

from ringmain.hosts.glific.flows.cases import Heard
from ringmain.hosts.glific.flows.contact import Contact, Group
from ringmain.hosts.glific.flows.definition import Case, Flow, Node
from ringmain.hosts.glific.flows.events import Branched, Stopped
from ringmain.hosts.glific.flows.house import House
from ringmain.hosts.glific.flows.player import Player
from ringmain.hosts.glific.flows.state import Frame, State, Step
from ringmain.hosts.glific.flows.webhooks import WebhookAnswer

NOW = 1_790_000_000.0
MOST = 4_000
DRAWS = range(6)

Branch = tuple[str, str]
"""A node and the category by which it was left."""

HEARD = {
    "has_number": Heard(text="I am 12"),
    "has_email": Heard(text="asha@example.org"),
    "has_phone": Heard(text="+919876543210"),
    "has_image": Heard(kind="image", url="https://example.org/a.jpg"),
    "has_audio": Heard(kind="audio", url="https://example.org/a.ogg"),
    "has_video": Heard(kind="video", url="https://example.org/a.mp4"),
    "has_file": Heard(kind="file", url="https://example.org/a.pdf"),
    "has_media": Heard(kind="image", url="https://example.org/a.jpg"),
    "has_location": Heard(kind="location", latitude=19.0, longitude=72.8),
}


class Walk(msgspec.Struct):
    """What a walk has come across."""

    branches: set[Branch] = msgspec.field(default_factory=set)
    placed: set[Branch] = msgspec.field(default_factory=set)
    stops: dict[str, str] = msgspec.field(default_factory=dict)
    """The code of every stop → one sentence of its kind."""


def branches(flow: Flow) -> set[Branch]:
    """Every way that a node of this flow can be left by a category."""
    return {
        (node.uuid, category.name)
        for node in flow.nodes.values()
        if node.router and not (node.actions and node.actions[0].type.startswith("wait_for_"))
        for category in node.router.categories
    }


def walk(flow: Flow, others: Sequence[Flow] = ()) -> Walk:
    """Through all that can be come to from the start, and then from every node by itself."""
    walked = Walk()
    players = [Player((flow, *others), house=House(seed=seed)) for seed in DRAWS]
    player, open_ = players[0], [one.start(flow, now=NOW) for one in players]
    seen = set[tuple[object, ...]]()
    while open_ and len(seen) < MOST:
        step = open_.pop()
        note(walked, step)
        for at, after in enumerate(onward(player, step.state)):
            key = (*((frame.flow, frame.node) for frame in step.state.frames), at)
            if key not in seen:
                seen.add(key)
                open_.append(after)
    for node in flow.nodes.values():
        for step in placed(player, flow, node):
            left = {(e.node, e.category) for e in step.events if isinstance(e, Branched)} - walked.branches
            walked.placed |= left & branches(flow)
    return walked


def note(walked: Walk, step: Step) -> None:
    walked.branches |= {(e.node, e.category) for e in step.events if isinstance(e, Branched)}
    walked.stops.update({e.code: e.sentence for e in step.events if isinstance(e, Stopped)})


def onward(player: Player, state: State) -> Iterator[Step]:
    """Every step that one input makes of a state."""
    waiting = state.waiting
    if waiting is None:
        return
    if waiting.webhook:
        yield from (player.answer(state, answer) for answer in answers(node_of(player, state)))
    elif waiting.reason == "message":
        for heard in inputs(node_of(player, state)):
            yield from (player.hear(msgspec.structs.replace(state, draws=draw), heard) for draw in DRAWS)
    if waiting.until is not None:
        yield player.wait(state, waiting.until - state.now)


def node_of(player: Player, state: State) -> Node:
    flow = player.library.find(state.frames[-1].flow)
    assert flow
    return flow.nodes[state.frames[-1].node]


def inputs(node: Node) -> Iterator[Heard]:
    assert node.router
    yield from (fitting(case) for case in node.router.cases)
    yield Heard(text="zzqx")


def fitting(case: Case) -> Heard:
    if case.type in HEARD:
        return HEARD[case.type]
    said = case.arguments[0] if case.arguments else "zzqx"
    word = case.type in ("has_any_word", "has_multiple")
    return Heard(text=said.replace(",", " ").split()[0] if word and said.strip() else said)


def answers(node: Node) -> Iterator[WebhookAnswer]:
    intents = [case.arguments[0] for case in node.router.cases if case.type == "has_top_intent"] if node.router else []
    for at, intent in enumerate(chain(intents, ["none", "all", "other"])):
        told = {"parsed_msg": "An answer.", "message": "An answer.", "status": at, "intent": intent, "confidence": 0.95}
        yield WebhookAnswer(status=200, body=msgspec.json.encode(told))
    yield WebhookAnswer(status=500, body=b"no")
    yield WebhookAnswer(reason="Nobody is there.")


def placed(player: Player, flow: Flow, node: Node) -> Iterator[Step]:
    """The node by itself, with what it looks at set to what each of its cases wants."""
    if node.router is None:
        return
    for case in (*node.router.cases, Case(uuid="", type="", category_uuid="", arguments=("zzqx",))):
        said = fitting(case).text
        name, _, key = (node.router.operand or "").removeprefix("@results.").partition(".")
        contact = Contact(groups=(Group(said),))
        held = {"input": said, key or "category": said}
        frame = Frame(id=1, flow=flow.uuid, node=node.uuid, results={name: held})
        yield from onward_from(player, State(now=NOW, contact=contact, frames=(frame,)))
    for signal in ("completed", "expired", "Success", "Failure"):
        frame = Frame(id=1, flow=flow.uuid, node=node.uuid)
        yield told(player, State(now=NOW, contact=Contact(), frames=(frame,)), [Heard(text=signal)])


def onward_from(player: Player, state: State) -> Iterator[Step]:
    for draw in DRAWS:
        step = told(player, msgspec.structs.replace(state, draws=draw), [])
        yield step
        yield from onward(player, step.state)


def told(player: Player, state: State, messages: list[Heard]) -> Step:
    run = player.running(state)
    run.go(messages)
    return run.step()
