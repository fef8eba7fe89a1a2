"""A flow played: what is said, what is waited for, which way it goes, and where it breaks off."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.hosts.glific.flows import events as told
from ringmain.hosts.glific.flows.contact import Contact
from ringmain.hosts.glific.flows.house import House
from ringmain.hosts.glific.flows.player import picked
from ringmain.hosts.glific.flows.state import State
from tests.hosts.glific.flows.made import TUTOR, act, call, enter, flow, route, say, wait
from tests.hosts.glific.flows.playing import NOW, Talk

ANSWER = {"success": True, "parsed_msg": "A noun names a thing."}


def test_a_flow_asks_calls_replies_and_goes_on_until_it_is_over() -> None:
    talk = Talk(flow(**TUTOR))
    assert talk.said == ["Ask me about grammar."]
    assert talk.hear("What is a noun?").called.body["question_text"] == "What is a noun?"
    assert talk.answer(ANSWER).said == ["A noun names a thing."]
    assert talk.hear("And a verb?").called.url == "parse_via_chat_gpt"
    assert talk.answer({"parsed_msg": "It does."}).said == ["It does."]
    assert talk.hear("thanks").said == ["Goodbye, Asha"]
    assert talk.state.over
    assert isinstance(talk.events[-1], told.Ended)


def test_a_state_is_plain_data_that_can_be_sent_and_gone_back_to() -> None:
    talk = Talk(flow(**TUTOR)).hear("What is a noun?")
    kept = msgspec.json.decode(msgspec.json.encode(talk.state), type=State)
    assert kept == talk.state
    for _ in range(2):
        talk.state = kept
        assert talk.answer(ANSWER).said == ["A noun names a thing."]


def test_every_event_reads_as_json_with_its_kind() -> None:
    talk = Talk(flow(**TUTOR)).hear("What is a noun?").answer(ANSWER).hear("thanks")
    kinds = [event["event"] for event in json.loads(msgspec.json.encode(talk.all))]
    assert kinds[:5] == ["started", "said", "waits", "came", "remembered"]
    assert kinds[-2:] == ["said", "ended"]


def test_what_is_heard_is_remembered_with_its_category_and_moment() -> None:
    cases = {"Young": ("has_number_between", ["0", "17"], "end"), "Old": ("has_number", [], "end")}
    talk = Talk(flow(ask=wait("age", "end", cases), end=say("@results.age, @results.age.category"))).hear("12")
    assert talk.said == ["12, Young"]
    value = talk.one(told.Remembered).value
    assert value == {"input": "12", "category": "Young", "inserted_at": "2026-09-21T14:13:20.000000Z"}


def test_several_answers_at_once_are_remembered_one_by_one() -> None:
    talk = Talk(flow(ask=wait("likes", None, {"Some": ("has_multiple", ["tea, milk, rice"], None)}))).hear("Rice, tea")
    assert talk.one(told.Remembered).value["selected"] == ["rice", "tea"]


def test_a_picture_and_a_place_are_remembered_as_such() -> None:
    ask = flow(ask=wait("photo", "at"), at=wait("place", "end"), end=say("@results.photo @results.place.latitude"))
    talk = Talk(ask).hear(kind="image", url="https://example.org/a.jpg")
    assert talk.hear(kind="location", latitude=19.5, longitude=72.0).said == ["https://example.org/a.jpg 19.5"]


# time ----------------------------------------------------------------------------------------------------------------

SLOW = {"ask": wait("name", "hello", seconds=300, silent="gone"), "hello": say("Hello"), "gone": say("Too late")}


def test_who_says_nothing_is_no_response_when_the_time_is_over_and_not_before() -> None:
    talk = Talk(flow(**SLOW))
    assert talk.one(told.Waits).seconds == 300
    assert talk.wait(299).said == []
    assert talk.wait(1).said == ["Too late"]


def test_who_answers_in_time_is_not_cut_off_later() -> None:
    assert Talk(flow(**SLOW)).wait(299).hear("Asha").said == ["Hello"]


def test_a_wait_for_time_lets_time_pass_and_hears_nothing_meanwhile() -> None:
    pause = act({"type": "wait_for_time", "delay": "60"}, to="end")
    talk = Talk(flow(a=say("A", "pause"), pause=pause, end=say("B")))
    assert "drops" in talk.hear("hello?").one(told.Ignored).reason
    assert talk.wait(60).said == ["B"]


def test_what_is_due_on_the_way_happens_at_its_own_moment() -> None:
    pause = act({"type": "wait_for_time", "delay": "60"}, to="stamp")
    stamp = act({"type": "set_run_result", "name": "then", "value": "x", "category": ""}, to="pause2")
    talk = Talk(
        flow(pause=pause, stamp=stamp, pause2={**pause, "ways": {"": "end"}}, end=say("@results.then.inserted_at"))
    )
    assert talk.wait(1_000).said == ["2026-09-21T14:14:20.000000Z"]
    assert talk.state.now == 1_790_001_000


def test_time_stands_still_where_a_webhook_is_wanted_until_it_is_answered() -> None:
    made = flow(
        ask=wait("q", seconds=60, silent="call"), call=call(success="end"), end=say("@results.answer.parsed_msg")
    )
    talk = Talk(made).wait(500)
    assert talk.called.url == "parse_via_chat_gpt"
    assert talk.state.now == NOW + 60
    assert talk.answer(ANSWER).said == ["A noun names a thing."]


def test_a_flow_that_wakes_itself_for_ever_does_not_keep_the_clock_busy() -> None:
    pause = act({"type": "wait_for_time", "delay": "1"}, to="pause")
    talk = Talk(flow(pause=pause)).wait(1e12)
    assert talk.state.now == NOW + 50
    assert talk.state.waiting


def test_a_result_from_outside_wakes_a_flow_and_so_does_the_end_of_its_wait() -> None:
    park = act({"type": "wait_for_result", "delay": "600"}, to="end")
    made = flow(park=park, end=say("@results.gpt.text"))
    assert Talk(made).resume(gpt={"text": "here"}).said == ["here"]
    assert Talk(made).wait(600).said == ["@results.gpt.text"]


def test_a_result_that_nobody_waits_for_is_ignored() -> None:
    assert Talk(flow(**SLOW)).resume(gpt={}).one(told.Ignored).what == "a result"


# branches ------------------------------------------------------------------------------------------------------------


def test_a_node_that_waits_for_nobody_looks_at_what_is_known() -> None:
    split = route({"Many": ("has_only_text", ["3"], "many")}, "few", operand="<%= @results.n + 1 %>")
    ways = {"split": split, "many": say("many"), "few": say("few")}
    assert Talk(flow(**ways), results={"n": {"input": "2"}}).said == ["many"]
    assert Talk(flow(**ways), results={"n": {"input": "5"}}).said == ["few"]
    assert Talk(flow(**ways)).said == ["few"]


def test_a_node_splits_by_a_field_and_by_a_group() -> None:
    group = route({"In": ("has_group", ["7", "Readers"], "in")}, "out", operand="@contact.groups")
    add = act({"type": "add_contact_groups", "groups": [{"uuid": "7", "name": "Readers"}]}, to="split")
    talk = Talk(flow(add=add, split=group, **{"in": say("in"), "out": say("out")}))
    assert talk.said == ["in"]
    field = act({"type": "set_contact_field", "field": {"key": "level", "name": "Level"}, "value": "two"}, to="split")
    split = route({"Two": ("has_only_text", ["two"], "in")}, "out", operand="@fields.level")
    assert Talk(flow(add=field, split=split, **{"in": say("in"), "out": say("out")})).said == ["in"]


def test_lots_fall_the_same_way_with_the_same_seed_and_not_always_the_same() -> None:
    lot = route({"A": ("", [], "a"), "B": ("", [], "b")}, "c", others="C", type="random", operand="")
    made = flow(lot=lot, a=say("a"), b=say("b"), c=say("c"))
    drawn = [Talk(made, house=House(seed=seed)).said[0] for seed in range(30)]
    assert set(drawn) == {"a", "b", "c"}
    assert drawn == [Talk(made, house=House(seed=seed)).said[0] for seed in range(30)]


def test_a_contact_who_types_a_reserved_word_breaks_the_flow_off_as_in_glific() -> None:
    talk = Talk(flow(**SLOW))
    assert talk.hear("Success").stopped == "no_category"
    assert talk.state.over


def test_options_can_be_picked_by_their_number() -> None:
    content = {"type": "quick_reply", "content": {"text": "Go on?"}, "options": [{"title": "Yes"}, {"title": "No"}]}
    ask = act({"type": "send_interactive_msg", "id": 1, "name": "Go on", "text": json.dumps(content)}, to="hear")
    made = flow(ask=ask, hear=wait("on", "end", {"No": ("has_only_text", ["no"], "end")}), end=say("@results.on"))
    talk = Talk(made)
    assert talk.one(told.Said).options == ("Yes", "No")
    assert (picked(talk.state, "2").text, picked(talk.state, "2").kind) == ("No", "choice")
    assert [picked(talk.state, text).text for text in ("Yes", "3", "0", "maybe")] == ["Yes", "3", "0", "maybe"]


# languages -----------------------------------------------------------------------------------------------------------


def test_texts_cases_and_categories_are_those_of_the_contacts_language() -> None:
    hindi = {
        "a.0": {"text": ["नमस्ते @contact.name"]},
        "ask?0": {"arguments": ["हाँ"]},
        "ask=Yes": {"name": ["जी"]},
        "end.0": {"text": [""]},
    }
    made = flow(
        "Tutor",
        {"hi": hindi},
        a=say("Hello @contact.name", to="ask"),
        ask=wait("ok", "end", {"Yes": ("has_any_word", ["yes"], "end")}),
        end=say("@results.ok.category"),
    )
    talk = Talk(made, contact=Contact(language="hi"))
    assert talk.said == ["नमस्ते Asha"]
    assert talk.hear("हाँ").said == ["जी"]
    assert Talk(made).hear("yes").said == ["Yes"]


def test_a_flow_can_change_the_language_for_what_follows() -> None:
    hindi = {"b.0": {"text": ["नमस्ते"]}}
    change = act({"type": "set_contact_language", "language": "hindi"}, to="b")
    talk = Talk(flow("Tutor", {"hi": hindi}, a=change, b=say("Hello")))
    assert talk.said == ["नमस्ते"]
    assert talk.one(told.Changed).value == "Hindi"


# flows within flows --------------------------------------------------------------------------------------------------

INNER = flow("Inner", ask=wait("colour", "end"), end=say("Outer said @results.parent.name"))
OUTER = flow(
    "Outer",
    name=wait("name", "inner"),
    inner=enter("Inner", "end", "end"),
    end=say("@results.child.colour, @results.child.colour.category"),
)


def test_a_flow_within_a_flow_knows_its_results_and_gives_its_own_back() -> None:
    talk = Talk(OUTER, INNER).hear("Asha")
    assert [frame.flow for frame in talk.state.frames] == ["id-of-Outer", "id-of-Inner"]
    assert talk.hear("red").said == ["Outer said Asha", "red, All Responses"]


def test_a_flow_is_found_by_its_name_where_its_id_is_another() -> None:
    inner = msgspec.structs.replace(INNER, uuid="1234")
    assert Talk(OUTER, inner).hear("Asha").hear("red").said[-1] == "red, All Responses"


def test_a_flow_that_is_in_no_file_stops_with_its_name() -> None:
    talk = Talk(OUTER).hear("Asha")
    assert talk.stopped == "unknown_flow"
    assert "'Inner'" in talk.one(told.Stopped).sentence


def test_an_outer_flow_with_nothing_left_to_do_ends_when_the_inner_begins() -> None:
    talk = Talk(flow("Outer", inner=enter("Inner")), INNER)
    assert [frame.flow for frame in talk.state.frames] == ["id-of-Inner"]


def test_flows_that_enter_each_other_without_a_message_break_off() -> None:
    one = flow("One", a=enter("Two", "end"), end=say("1"))
    two = flow("Two", a=enter("One", "end"), end=say("2"))
    assert Talk(one, two).stopped == "loop"


def test_a_flow_that_begins_itself_anew_after_a_message_leaves_nothing_behind() -> None:
    again = flow("Again", ask=wait("x", "again"), again=enter("Again", "end"), end=say("never"))
    talk = Talk(again)
    for _ in range(10):
        talk.hear("once more")
    assert len(talk.state.frames) == 1


# loops ---------------------------------------------------------------------------------------------------------------


def test_a_node_that_is_come_to_too_often_in_one_go_breaks_the_flow_off() -> None:
    talk = Talk(flow(a=act({"type": "set_run_result", "name": "x", "value": "1"}, to="a")))
    assert talk.stopped == "loop"
    assert sum(isinstance(event, told.Remembered) for event in talk.events) == 6


def test_the_same_message_is_said_four_times_and_then_the_flow_looks_for_a_way_out() -> None:
    loop = {"a": say("Again?", to="ask"), "ask": wait("x", "a")}
    talk = Talk(flow(**loop))
    assert [talk.hear("no").said for _ in range(3)] == [["Again?"]] * 3
    assert talk.hear("no").stopped == "no_category"


def test_a_category_named_exit_loop_is_that_way_out() -> None:
    ask = wait("x", "a", {"Exit Loop": ("has_phrase", ["never typed"], "out")})
    talk = Talk(flow(a=say("Again?", to="ask"), ask=ask, out=say("Enough.")))
    for _ in range(4):
        talk.hear("no")
    assert talk.said == ["Enough."]


def test_the_same_message_may_be_said_again_when_six_hours_have_passed() -> None:
    talk = Talk(flow(a=say("Again?", to="ask"), ask=wait("x", "a")))
    for _ in range(3):
        talk.hear("no")
    assert talk.wait(6 * 3600 + 1).hear("no").said == ["Again?"]


# what is not known ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "named"),
    [
        (act({"type": "fly_to_the_moon"}), "the action 'fly_to_the_moon'"),
        (say("x") | {"actions": []}, "neither actions nor a router"),
        (route({}, None, type="dice"), "a router of the type 'dice'"),
        (route({"X": ("has_moon", [], None)}, None, operand="x"), "the case 'has_moon'"),
        (route({}, None, operand='<%= Timex.format!("a", "b") %>'), "the call 'Timex.format!' of 2"),
        (call(method="PATCH"), "a webhook by PATCH"),
        (route({}, None, actions=({"type": "send_msg", "text": "x"},)), "behind the action 'send_msg'"),
    ],
)
def test_what_is_not_known_stops_the_flow_and_says_what_it_is(node: dict[str, object], named: str) -> None:
    talk = Talk(flow(node=node))
    assert talk.stopped == "unsupported"
    assert named in talk.one(told.Stopped).sentence


def test_a_message_that_whatsapp_would_not_send_stops_the_flow() -> None:
    text = {"x": {"input": "a" * 4_096}}
    talk = Talk(flow(a=say("@results.x")), results=text)
    assert (talk.said, talk.stopped) == ([], "too_long")
    assert Talk(flow(a=say("@results.x")), results={"x": {"input": "a" * 4_095}}).stopped == ""


def test_when_all_is_over_nothing_is_heard() -> None:
    assert Talk(flow(a=say("Bye"))).hear("hello?").one(told.Ignored).reason == "The flow is over."


@given(st.lists(st.text(max_size=30), max_size=8))
def test_whatever_a_contact_types_the_flow_waits_or_is_over(lines: list[str]) -> None:
    talk = Talk(flow(**TUTOR))
    for line in lines:
        talk.hear(line)
        if talk.state.waiting and talk.state.waiting.webhook:
            talk.answer({"parsed_msg": line})
    assert talk.state.over or talk.state.waiting
