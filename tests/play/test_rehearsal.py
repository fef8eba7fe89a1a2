"""A flow played for somebody who looks on."""

import json
from typing import Any

import msgspec
import pytest

from ringmain.errors import AskError
from ringmain.hosts.glific.flows import events as told
from ringmain.hosts.glific.flows.definition import Flow
from ringmain.hosts.glific.flows.events import Told
from ringmain.hosts.glific.flows.player import Player
from ringmain.hosts.glific.flows.state import State
from ringmain.hosts.glific.flows.webhooks import Webhook, WebhookAnswer
from ringmain.play.rehearsal import MOST, Outcome, Rehearsal, asked
from tests.hosts.glific.flows.made import TUTOR, act, call, flow, say, wait
from tests.hosts.glific.flows.playing import NOW


async def echo(webhook: Webhook) -> WebhookAnswer:
    said = {"parsed_msg": f"You asked: {webhook.body.get('question_text')}"}
    return WebhookAnswer(status=200, body=msgspec.json.encode(said))


async def broken(webhook: Webhook) -> WebhookAnswer:
    return WebhookAnswer(status=500, reason="It is broken.")


class Shown:
    """A rehearsal and what it told."""

    def __init__(self, made: Flow, carry: Any = echo) -> None:
        self.events = list[Told]()
        self.player = Player((made,))
        self.rehearsal = Rehearsal(self.player, carry, self.events.append)

    async def lines(self, *lines: str) -> State:
        first = self.player.start(self.player.library.flows[0], now=NOW)
        return await self.rehearsal.lines(await self.rehearsal.settle(first), lines)

    @property
    def said(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, told.Said)]


async def test_lines_are_said_and_webhooks_are_answered_on_the_way() -> None:
    shown = Shown(flow(**TUTOR))
    state = await shown.lines("What is a noun?", "thanks", "never said")
    assert shown.said == ["Ask me about grammar.", "You asked: What is a noun?", "Goodbye, Asha"]
    assert state.over


async def test_lines_that_run_out_leave_the_flow_waiting() -> None:
    state = await Shown(flow(**TUTOR)).lines("What is a noun?")
    assert state.waiting
    assert state.waiting.reason == "message"


async def test_time_for_which_a_flow_waits_passes_by_itself() -> None:
    pause = act({"type": "wait_for_time", "delay": "86400"}, to="end")
    shown = Shown(flow(pause=pause, end=say("A day later")))
    assert (await shown.lines()).now == NOW + 86_400
    assert shown.said == ["A day later"]


async def test_a_result_that_never_comes_is_waited_for_to_the_end() -> None:
    park = act({"type": "wait_for_result", "delay": "600"}, to="end")
    shown = Shown(flow(park=park, end=say("@results.gpt.text")))
    await shown.lines()
    assert shown.said == ["@results.gpt.text"]


async def test_a_line_can_be_time_a_result_a_place_or_a_picture() -> None:
    park = act({"type": "wait_for_result", "delay": "600"}, to="place")
    made = flow(
        ask=wait("name", "late", seconds=60, silent="late"),
        late=act({"type": "set_run_result", "name": "x", "value": "1", "category": ""}, to="park"),
        park=park,
        place=wait("place", "photo"),
        photo=wait("photo", "slash"),
        slash=wait("slash", "end"),
        end=say("@results.name | @results.gpt.text | @results.place.longitude | @results.photo | @results.slash"),
    )
    shown = Shown(made)
    await shown.lines(
        "/wait 61", '/result {"gpt": {"text": "done"}}', "/location 19.0, 72.5", "/image https://x.org/1", "//slash"
    )
    assert shown.said == ["No Response | done | 72.5 | https://x.org/1 | /slash"]


@pytest.mark.parametrize(
    "line",
    [
        "/wait soon",
        "/wait",
        "/wait nan",
        "/wait inf",
        "/wait -1",
        "/wait 1e12",
        "/location here",
        "/result {",
        "/result []",
        "/dance",
    ],
)
async def test_a_command_that_cannot_be_read_is_told_with_those_that_can(line: str) -> None:
    with pytest.raises(AskError, match="cannot be told to a flow") as error:
        await Shown(flow(**TUTOR)).lines(line)
    assert "/wait SECONDS" in error.value.fix


async def test_a_line_that_cannot_be_read_is_left_out_where_somebody_is_told() -> None:
    shown, wrong = Shown(flow(**TUTOR)), list[AskError]()
    first = shown.player.start(shown.player.library.flows[0], now=NOW)
    await shown.rehearsal.lines(first.state, ["/dance", "What is a noun?"], mistaken=wrong.append)
    assert len(wrong) == 1
    assert shown.said == ["You asked: What is a noun?"]


async def test_an_option_is_picked_by_its_number() -> None:
    content = {"type": "quick_reply", "content": {"text": "Go on?"}, "options": [{"title": "Yes"}, {"title": "No"}]}
    ask = act({"type": "send_interactive_msg", "text": json.dumps(content)}, to="hear")
    shown = Shown(flow(ask=ask, hear=wait("on", "end"), end=say("@results.on")))
    await shown.lines("2")
    assert shown.said == ["Go on?", "No"]


async def test_a_flow_that_asks_a_model_for_ever_is_stopped() -> None:
    calls = list[Webhook]()

    async def counted(webhook: Webhook) -> WebhookAnswer:
        calls.append(webhook)
        return await broken(webhook)

    shown = Shown(flow(again=call(success="again", failure="again")), counted)
    assert (await shown.lines()).over
    assert len(calls) == MOST
    (stopped,) = [event for event in shown.events if isinstance(event, told.Stopped)]
    assert stopped.code == "loop"


async def test_a_webhook_that_is_wanted_while_time_passes_is_answered_and_the_rest_passes_behind_it() -> None:
    made = flow(
        ask=wait("name", "end", seconds=60, silent="gpt"),
        gpt=call(success="more", failure="end", body={"question_text": "late"}),
        more=wait("more", "end", seconds=100, silent="bye"),
        bye=say("@results.answer.parsed_msg"),
        end=say("never"),
    )
    shown = Shown(made)
    assert (await shown.lines("/wait 500")).now >= NOW + 500
    assert shown.said == ["You asked: late"]


async def test_a_flow_that_wakes_itself_for_ever_is_stopped() -> None:
    pause = act({"type": "wait_for_time", "delay": "1"}, to="pause")
    shown = Shown(flow(ask=wait("name", "pause", seconds=60, silent="pause"), pause=pause))
    assert (await shown.lines("/wait 86400")).over
    assert [event.code for event in shown.events if isinstance(event, told.Stopped)] == ["loop"]


async def outcome(made: Flow, carry: Any = echo, *, before: tuple[str, ...] = ()) -> Outcome:
    player = Player((made,))
    first = player.start(player.library.flows[0], now=NOW)
    return await asked(player, carry, first, "What is a noun?", before=before)


async def test_one_question_has_one_outcome() -> None:
    answered = await outcome(flow(**TUTOR))
    assert (answered.status, answered.answer, answered.reason) == ("answered", "You asked: What is a noun?", "")
    failed = await outcome(flow(**TUTOR), broken)
    assert (failed.status, failed.answer, failed.reason) == ("failed", "Nobody could answer.", "It is broken.")
    silent = await outcome(flow(a=wait("x")))
    assert (silent.status, silent.answer) == ("silent", "")
    stopped = await outcome(flow(a=wait("x", "b"), b=act({"type": "fly"})))
    assert (stopped.status, "the action 'fly'" in stopped.reason) == ("stopped", True)


async def test_what_is_said_before_the_question_is_no_part_of_the_answer() -> None:
    made = flow(
        name=wait("name", "hello"), hello=say("Hello @results.name", to="ask"), ask=wait("q", "end"), end=say("End")
    )
    assert (await outcome(made, before=("Asha",))).answer == "End"


async def test_a_question_that_comes_when_nobody_waits_is_not_answered() -> None:
    late = await outcome(flow(a=say("Bye")))
    assert (late.status, late.answer) == ("silent", "")
    assert "waited for no message" in late.reason
