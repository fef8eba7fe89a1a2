"""OdooBot in chats and channels: who asks waits for nothing, and reads the answer to their own question."""

from concurrent.futures import ThreadPoolExecutor

from tests.odoo.people import BOT, until
from tests.odoo.stage import ASK, Stage


def test_two_posts_of_one_user_at_once_are_two_calls_of_the_provider(stage: Stage) -> None:
    stage.save(model="late-2")
    asker = stage.asker("twice")
    chat = asker.chat()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda text: asker.post(chat, text), ("Twice, the first", "Twice, the second")))
    assert until(lambda: len(asker.answers(chat)) == 2, 15)
    assert sorted(text for text in stage.provider.questions() if "Twice" in text) == [
        "Twice, the first",
        "Twice, the second",
    ]


def test_a_second_question_travels_with_the_first_one_and_with_nobody_elses(stage: Stage) -> None:
    stage.save(model="late-0")
    asker, other = stage.asker("forgetful"), stage.asker("other")
    for who, text in ((asker, "Who is Ada?"), (other, "Who is Mallory?"), (asker, "And the second one?")):
        chat = who.chat()
        before = len(who.answers(chat))
        who.post(chat, text)
        assert until(lambda who=who, chat=chat, before=before: len(who.answers(chat)) > before, 10)
    (call,) = stage.provider.of("And the second one?")
    said = [message["content"] for message in call["messages"] if message["role"] != "system"]
    assert said == ["Who is Ada?", "You asked: Who is Ada?", "And the second one?"]
    assert "Mallory" not in str(call)


def test_a_mention_in_a_channel_is_answered_there(stage: Stage) -> None:
    asker = stage.asker("mentions")
    channel = asker.channel("channel")
    asker.post(channel, "Where are the invoices?", to=(BOT,))
    assert until(lambda: asker.answers(channel), 10) == ["<p>You asked: Where are the invoices?</p>"]


def test_a_command_is_answered_there_with_the_question_quoted_as_it_stands_nowhere_else(stage: Stage) -> None:
    asker = stage.asker("commands")
    channel = asker.channel("channel")
    asker.command(channel, "/ai Where are <b>bills</b>?")
    (said,) = until(lambda: asker.answers(channel), 10)
    assert "Commands asked: <em>Where are &lt;b&gt;bills&lt;/b&gt;?</em>" in said


def test_what_is_said_in_a_channel_without_a_mention_is_told_to_nobody(stage: Stage) -> None:
    asker = stage.asker("chatters")
    channel = asker.channel("channel")
    before = len(stage.provider.bodies)
    asker.post(channel, "Does anybody know where OdooBot is?")
    asker.post(channel, "Here?", to=(BOT,))
    assert until(lambda: asker.answers(channel), 10)
    assert stage.provider.questions()[before:] == ["Here?"]


def test_who_may_not_ask_meets_odoobot_as_it_always_was(stage: Stage) -> None:
    outsider, asks = stage.person("outsider"), len(stage.asks("id"))
    chat = outsider.chat()
    before = len(outsider.read(chat))
    outsider.post(chat, "How do I make a quotation?")
    assert len(outsider.read(chat)) == before + 1
    assert len(stage.asks("id")) == asks
    assert not outsider.call("res.users", "has_group", [outsider.id], ASK)


def test_where_the_hub_does_not_reach_odoo_a_test_finds_out_and_odoo_waits_for_the_answers(stage: Stage) -> None:
    unregistered = stage.machine.do("hosts", "add", "odoo", "unregistered")["key"]
    stage.connect(way="hub", url=stage.hub.url, key=unregistered, model="late-0")
    (company,) = stage.admin.call("res.company", "read", [1], ["ringmain_deliver"])
    assert company["ringmain_deliver"] == "wait"
    asker = stage.asker("waits")
    asker.post(asker.chat(), "Who is Ada?")
    assert until(lambda: asker.answers(asker.chat()), 20) == ["<p>You asked: Who is Ada?</p>"]
    stage.connect(way="hub", url=stage.hub.url, key=stage.key)
    (company,) = stage.admin.call("res.company", "read", [1], ["ringmain_deliver"])
    assert company["ringmain_deliver"] == "callback"
