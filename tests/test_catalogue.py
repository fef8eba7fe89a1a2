"""What is known of a connection's models, from the real data that ships."""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any

import msgspec
import pytest
from genai_prices import Usage as JudgeUsage
from genai_prices import calc_price
from genai_prices.types import ClauseContains, ModelInfo, ModelPrice, Provider
from hypothesis import given
from hypothesis import strategies as st

import ringmain.facts
from ringmain.addresses import origin
from ringmain.catalogue import CACHED, Catalogue
from ringmain.exchange.connection import Connection
from ringmain.exchange.model import Model, Price, Tier
from ringmain.exchange.prices import cost, price_of, said_price
from ringmain.exchange.reply import Usage, dollars
from ringmain.presets import preset
from ringmain.store import Learnt

TODAY = date(2026, 11, 21)
TABLE: dict[str, Any] = msgspec.json.decode((files("ringmain") / "data" / "models.json").read_bytes())
ROWS: dict[str, dict[str, Any]] = TABLE["providers"]["openai"]


class Memory:
    """What a store would remember, in a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Learnt]] = {}
        self.read = 0

    def learnt(self, connection_id: str) -> dict[str, Learnt]:
        self.read += 1
        return self.rows.get(connection_id, {})

    def learn(self, connection_id: str, model: str, change: Callable[[Learnt], Learnt]) -> None:
        rows = self.rows.setdefault(connection_id, {})
        rows[model] = change(rows.get(model, Learnt()))


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def catalogue(memory: Memory) -> Catalogue:
    return Catalogue(memory.learnt, memory.learn, today=lambda: TODAY)


def connected(name: str, **fields: Any) -> Connection:
    row = preset(name)
    return Connection(**{"id": name, "name": name, "base_url": row.base_url, "preset": row, **fields})


OPENAI = connected("openai")
OPENROUTER = connected("openrouter")
LOCAL = connected("llamacpp")


# The table


def test_the_table_says_where_it_comes_from_and_stays_small():
    assert {source["package"]: source["licence"] for source in TABLE["about"]["sources"]} == {
        "litellm": "MIT",
        "openai": "Apache-2.0",
    }
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", source["version"]) for source in TABLE["about"]["sources"])
    assert date.fromisoformat(TABLE["about"]["taken"]) >= TODAY
    assert len((files("ringmain") / "data" / "models.json").read_bytes()) < 150_000
    assert list(ROWS) == sorted(ROWS)
    assert len(ROWS) > 150


ENDS = {
    "2024-01-04": ["text-davinci-001", "text-davinci-002", "text-davinci-003"],
    "2026-09-28": ["gpt-3.5-turbo-instruct", "davinci-002", "babbage-002", "gpt-3.5-turbo-1106"],
    "2026-10-23": "gpt-3.5-turbo gpt-4 gpt-4-turbo o1 o1-pro o3-mini o4-mini gpt-4.1-nano".split(),
    "2026-12-11": "gpt-5 gpt-5-mini gpt-5-nano gpt-5-pro o3 o3-pro".split(),
    "2027-01-06": "tts-1 tts-1-hd gpt-4o-mini-tts".split(),
    "2027-01-14": "gpt-4o gpt-4o-mini gpt-4.1 gpt-4.1-mini".split(),
    "2027-01-20": ["gpt-audio"],
    "2027-02-26": "whisper-1 gpt-4o-transcribe gpt-4o-mini-transcribe gpt-4o-transcribe-diarize".split(),
    "2027-04-01": ["gpt-5.1"],
}


@pytest.mark.parametrize(("day", "name"), [(day, name) for day, names in ENDS.items() for name in names])
def test_announced_shutdowns_carry_their_date(catalogue: Catalogue, day: str, name: str):
    model = catalogue.model(OPENAI, name)
    assert model.retires == day
    assert catalogue.retired(model, TODAY) == (day <= "2026-11-21")


def test_a_model_is_retired_from_its_last_day_on(catalogue: Catalogue):
    model = Model(id="x", retires="2026-12-11")
    days = (date(2026, 12, 10), date(2026, 12, 11), date(2026, 12, 12))
    assert [catalogue.retired(model, day) for day in days] == [False, True, True]
    assert not catalogue.retired(Model(id="x"), date.max)


@pytest.mark.parametrize(
    ("name", "modes"),
    [
        ("gpt-6-luna", ("chat", "responses")),
        ("gpt-4o-mini", ("chat", "responses")),
        ("o3", ("chat", "responses")),
        ("gpt-5.4-pro", ("responses",)),
        ("davinci-002", ("completion",)),
        ("text-embedding-3-small", ()),
        ("tts-1", ()),
        ("acme-1", None),
    ],
)
def test_modes_are_those_of_the_model(catalogue: Catalogue, name: str, modes: tuple[str, ...] | None):
    assert catalogue.model(OPENAI, name).modes == modes


@pytest.mark.parametrize(
    ("name", "window", "longest"),
    [
        ("gpt-4o", 128_000, 16_384),
        ("gpt-5", 400_000, 128_000),
        ("gpt-6-luna", 1_050_000, 128_000),
        ("gpt-4.1", 1_047_576, 32_768),
        ("gpt-3.5-turbo", 16_385, 4_096),
    ],
)
def test_context_window_is_the_whole_of_question_and_answer(catalogue: Catalogue, name: str, window: int, longest: int):
    model = catalogue.model(OPENAI, name)
    assert (model.context_window, model.max_output) == (window, longest)


def test_a_model_that_nobody_knows_is_a_model_without_facts(catalogue: Catalogue):
    assert catalogue.model(OPENAI, "acme-1") == Model(id="acme-1")
    assert catalogue.model(LOCAL, "gpt-4o") == Model(id="gpt-4o")


# Prices

PRICED = ["gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-5.4", "gpt-5.5-pro", "gpt-5.6-luna", "gpt-5.6-sol", "gpt-6-luna"]
PRICED += ["gpt-6.1-sol", "gpt-6-astra", "o3", "text-embedding-3-small", "ft:gpt-4o-2024-08-06:acme::x1"]
PRICED_BY_OPENROUTER = ["openai/gpt-6-luna", "google/gemini-2.5-pro", "anthropic/claude-sonnet-4.5"]


@pytest.mark.parametrize(
    ("connection", "name"), [(OPENAI, name) for name in PRICED] + [(OPENROUTER, name) for name in PRICED_BY_OPENROUTER]
)
@given(usage=st.tuples(st.integers(0, 1_500_000), st.integers(0, 200_000), st.floats(0, 1), st.floats(0, 1)))
def test_a_call_costs_what_genai_prices_own_sum_gives(
    connection: Connection, name: str, usage: tuple[int, int, float, float]
):
    asked, written, share, rest = usage
    cached = int(asked * share)
    stored = int((asked - cached) * rest)
    memory = Memory()
    price = Catalogue(memory.learnt, memory.learn, today=lambda: TODAY).model(connection, name).price
    judge = calc_price(
        JudgeUsage(input_tokens=asked, output_tokens=written, cache_read_tokens=cached, cache_write_tokens=stored),
        name,
        provider_id=connection.preset.prices,
        genai_request_timestamp=datetime(2026, 11, 21, 12, tzinfo=UTC),
    )
    assert dollars(cost(price, Usage(asked, written, cached, cache_write=stored))) == judge.total_price


def test_long_inputs_have_their_tier(catalogue: Catalogue):
    price = catalogue.model(OPENAI, "gpt-6-luna").price
    assert price == Price(
        100_000, 500_000, 10_000, (Tier(272_000, 200_000, 750_000, 20_000, 250_000),), cache_write=125_000
    )


def test_a_dated_price_is_that_of_the_day(memory: Memory):
    day = date(2026, 7, 29)
    catalogue = Catalogue(memory.learnt, memory.learn, today=lambda: day)
    before = catalogue.model(OPENAI, "gpt-5.6-luna").price
    day = date(2026, 7, 30)
    after = catalogue.model(OPENAI, "gpt-5.6-luna").price
    assert before
    assert after
    assert (before.input, after.input) == (1_000_000, 200_000)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("whisper-1", ("0.006/min",)),
        ("gpt-transcribe", ("0.0045/min",)),
        ("tts-1", ("15/Mchar",)),
        ("tts-1-hd", ("30/Mchar",)),
        ("gpt-4o-mini-tts", ("0.6", "12")),
    ],
)
def test_sound_is_priced_in_its_own_unit(catalogue: Catalogue, name: str, said: tuple[str, ...]):
    price = catalogue.model(OPENAI, name).price
    assert price
    assert said_price(price) == said


def test_a_model_that_hears_has_a_price_for_tokens_of_sound(catalogue: Catalogue):
    price = catalogue.model(OPENAI, "gpt-4o-transcribe").price
    assert price
    assert (price.input, price.audio, price.output) == (2_500_000, 6_000_000, 10_000_000)


def test_the_connections_own_prices_win_over_all_others(catalogue: Catalogue):
    own = price_of("0.01", "0.02")
    connection = connected("openrouter", prices={"openai/gpt-6-luna": own})
    listing = [{"id": "openai/gpt-6-luna", "pricing": {"prompt": "0.000001", "completion": "0.000002"}}]
    assert [model.price for model in catalogue.saw(connection, listing)] == [own]


def test_changed_prices_of_a_connection_count_at_once(catalogue: Catalogue):
    catalogue.saw(OPENAI, [{"id": "gpt-6-luna"}])
    own = price_of("0.01", "0.02")
    changed = connected("openai", prices={"gpt-6-luna": own})
    assert catalogue.model(changed, "gpt-6-luna").price == own
    assert catalogue.model(changed, "gpt-6-luna").live


# Names that are made of others


def test_a_fine_tuned_model_has_its_bases_modes_length_and_end(catalogue: Catalogue):
    model = catalogue.model(OPENAI, "ft:gpt-4o-mini-2024-07-18:acme:support:a1b2")
    assert (model.modes, model.context_window, model.retires) == (("chat",), 128_000, "2027-01-14")
    assert model.price
    assert (model.price.input, model.price.output) == (300_000, 1_200_000)


@pytest.mark.parametrize(
    "name", ["ft:gpt-4.1-2025-04-14:acme::a1", "ft:gpt-6-luna:acme::a1", "ft:davinci-002:acme::a1"]
)
def test_a_fine_tuned_model_without_a_price_of_its_own_has_none(catalogue: Catalogue, name: str):
    model = catalogue.model(OPENAI, name)
    assert model.price is None
    assert model.modes
    assert model.context_window


def test_a_source_that_takes_a_fine_tuned_model_for_its_base_is_not_believed(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
):
    loose = ModelInfo(id="gpt-4.1", match=ClauseContains("gpt-4.1"), prices=ModelPrice(input_mtok=Decimal(2)))
    source = Provider(id="openai", name="OpenAI", api_pattern="", models=[loose])
    monkeypatch.setattr(ringmain.facts, "_source", {"openai": source}.get)
    assert catalogue.model(OPENAI, "gpt-4.1").price == Price(2_000_000, 0)
    assert catalogue.model(OPENAI, "ft:gpt-4.1-2025-04-14:acme::a1").price is None


def test_a_fine_tuned_model_of_an_unlisted_base_has_no_end(catalogue: Catalogue):
    assert catalogue.model(OPENAI, "ft:gpt-5:acme::a1").modes == ("chat", "responses")
    assert catalogue.model(OPENAI, "ft:gpt-5:acme::a1").retires is None


def test_a_snapshot_has_its_models_modes_and_length_but_not_its_end(catalogue: Catalogue):
    model = catalogue.model(OPENAI, "gpt-5-2026-01-31")
    assert (model.modes, model.context_window, model.retires) == (("chat", "responses"), 400_000, None)


# The provider's live list


def test_nothing_is_seen_before_the_list_is_read(catalogue: Catalogue):
    assert not catalogue.seen(OPENAI)
    assert catalogue.models(OPENAI) == []
    assert catalogue.saw(OPENAI, []) == []
    assert catalogue.seen(OPENAI)


def test_the_live_list_comes_back_sorted_and_joined(catalogue: Catalogue):
    models = catalogue.saw(OPENAI, [{"id": "gpt-6-luna"}, {"id": "acme-1"}, {"object": "model"}, {"id": 7}])
    assert [model.id for model in models] == ["acme-1", "gpt-6-luna"]
    assert all(model.live for model in models)
    assert models[1].price
    assert catalogue.models(OPENAI) == models
    assert not catalogue.model(OPENAI, "gpt-4o").live


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2027-03-04", "2027-03-04"),
        ("2027-03-04T10:00:00Z", "2027-03-04"),
        (1_804_118_400, "2027-03-04"),
        (None, "2027-01-14"),
        ("soon", "2027-01-14"),
        (True, "2027-01-14"),
        (10**30, "2027-01-14"),
        ([], "2027-01-14"),
    ],
)
def test_the_live_shutdown_date_wins_where_it_is_one(catalogue: Catalogue, said: object, day: str):
    assert catalogue.saw(OPENAI, [{"id": "gpt-4o", "shutdown_date": said}])[0].retires == day


@pytest.mark.parametrize(
    ("said", "window"),
    [
        ({"context_length": 32_768}, 32_768),
        ({"max_model_len": 4096}, 4096),
        ({"meta": {"n_ctx_train": 256, "n_params": 1}}, 256),
        ({"meta": {"n_ctx": 128, "n_ctx_train": 256}}, 128),
        ({"meta": None, "context_length": 0}, None),
        ({"context_length": "many", "meta": []}, None),
    ],
)
def test_the_live_context_window_is_read_in_each_servers_words(
    catalogue: Catalogue, said: dict[str, object], window: int | None
):
    assert catalogue.saw(LOCAL, [{"id": "tiny", **said}])[0].context_window == window


def openrouter_price(catalogue: Catalogue, name: str, **pricing: Any) -> Price | None:
    return catalogue.saw(OPENROUTER, [{"id": name, "pricing": pricing}])[0].price


def test_live_prices_win_and_are_by_the_token(catalogue: Catalogue):
    price = openrouter_price(
        catalogue, "a/b", prompt="0.00000015", completion="0.0000006", input_cache_read="0.00000005"
    )
    assert price == price_of("0.15", "0.60", "0.05")
    assert openrouter_price(catalogue, "a/b:free", prompt="0", completion="0") == Price(0, 0)


def test_the_noise_of_floating_point_is_rounded_away(catalogue: Catalogue):
    assert openrouter_price(catalogue, "a/b", prompt="0.000000049999999999996", completion="0") == price_of("0.05", "0")


def test_a_price_that_varies_or_is_by_the_call_is_unknown(catalogue: Catalogue):
    name = "openai/gpt-6-luna"
    assert catalogue.model(OPENROUTER, name).price
    assert openrouter_price(catalogue, name, prompt="-1", completion="-1") is None
    assert openrouter_price(catalogue, name, prompt="0.1", completion="0.1", request="0.01") is None


@pytest.mark.parametrize(
    "bad", [{"prompt": "x"}, {"prompt": "NaN", "completion": "1"}, {"prompt": 1, "completion": 2}, {}]
)
def test_a_live_price_that_cannot_be_read_changes_nothing(catalogue: Catalogue, bad: dict[str, Any]):
    known = catalogue.model(OPENROUTER, "openai/gpt-6-luna").price
    assert known
    assert openrouter_price(catalogue, "openai/gpt-6-luna", **bad) == known


def test_the_same_live_price_keeps_the_known_tiers(catalogue: Catalogue):
    known = catalogue.model(OPENROUTER, "google/gemini-2.5-pro").price
    assert known
    assert known.tiers
    same = openrouter_price(catalogue, "google/gemini-2.5-pro", prompt="0.00000125", completion="0.00001")
    assert same == known


def test_another_address_has_another_list(catalogue: Catalogue):
    catalogue.saw(LOCAL, [{"id": "tiny"}])
    moved = connected("llamacpp", base_url="http://127.0.0.1:8081/v1")
    assert not catalogue.seen(moved)
    assert catalogue.models(moved) == []


def test_the_demos_models_do_all_and_cost_nothing(catalogue: Catalogue):
    demo = connected("demo")
    model = catalogue.saw(demo, [{"id": "demo-echo"}])[0]
    assert set(model.modes or ()) == {"chat", "completion", "responses"}
    assert (model.price, model.context_window) == (Price(0, 0), 8192)
    assert catalogue.fitting(demo, "completion") == "demo-echo"


# What calls have shown


def test_what_was_learnt_wins_and_is_remembered(catalogue: Catalogue, memory: Memory):
    catalogue.learn(LOCAL, "tiny", modes=("completion",))
    catalogue.learn(LOCAL, "tiny", refuses="top_p")
    catalogue.learn(LOCAL, "tiny", refuses="seed")
    after = Catalogue(memory.learnt, memory.learn).model(LOCAL, "tiny")
    assert catalogue.model(LOCAL, "tiny") == after == Model(id="tiny", modes=("completion",), refuses=("top_p", "seed"))


def test_a_mode_that_failed_leaves_the_others_of_the_provider(catalogue: Catalogue):
    assert catalogue.model(LOCAL, "tiny").modes is None
    catalogue.learn(LOCAL, "tiny", not_mode="chat")
    assert catalogue.model(LOCAL, "tiny").modes == ("completion", "responses")
    catalogue.learn(connected("custom"), "tiny", not_mode="responses")
    assert catalogue.model(connected("custom"), "tiny").modes == ("chat", "completion")


def test_a_mode_that_failed_is_taken_from_what_the_table_says(catalogue: Catalogue):
    catalogue.learn(OPENAI, "gpt-6-luna", not_mode="responses")
    assert catalogue.model(OPENAI, "gpt-6-luna").modes == ("chat",)


def test_the_newer_word_wins(catalogue: Catalogue, memory: Memory):
    catalogue.learn(LOCAL, "tiny", modes=("chat", "completion"))
    catalogue.learn(LOCAL, "tiny", not_mode="chat")
    at = origin(LOCAL.base_url)
    assert memory.rows["llamacpp"]["tiny"] == Learnt(origin=at, modes=("completion",), not_modes=("chat",))
    catalogue.learn(LOCAL, "tiny", modes=("chat",))
    assert memory.rows["llamacpp"]["tiny"] == Learnt(origin=at, modes=("chat",))


def test_what_was_learnt_at_one_address_says_nothing_of_another(catalogue: Catalogue, memory: Memory):
    moved = connected("llamacpp", base_url="http://127.0.0.1:8081/v1")
    catalogue.learn(LOCAL, "tiny", not_mode="chat", refuses="seed")
    assert catalogue.model(moved, "tiny") == Model(id="tiny")
    catalogue.learn(moved, "tiny", refuses="top_p")
    after = Catalogue(memory.learnt, memory.learn).model(moved, "tiny")
    assert after == catalogue.model(moved, "tiny") == Model(id="tiny", refuses=("top_p",))


def test_what_two_processes_learn_of_a_model_is_put_together_and_reaches_both(catalogue: Catalogue, memory: Memory):
    other = Catalogue(memory.learnt, memory.learn, today=lambda: TODAY)
    assert catalogue.model(LOCAL, "tiny") == other.model(LOCAL, "tiny") == Model(id="tiny")
    catalogue.learn(LOCAL, "tiny", modes=("completion",))
    other.learn(LOCAL, "tiny", refuses="seed")
    for each in (catalogue, other):
        each.refresh(1)
        assert each.model(LOCAL, "tiny") == Model(id="tiny", modes=("completion",), refuses=("seed",))


def test_what_was_learnt_is_not_read_again_while_the_store_is_as_it_was(catalogue: Catalogue, memory: Memory):
    catalogue.refresh(1)
    catalogue.saw(LOCAL, [{"id": "tiny"}])
    catalogue.refresh(1)
    assert memory.read == 1
    catalogue.refresh(2)
    assert (memory.read, catalogue.seen(LOCAL)) == (2, True)


def test_a_preset_with_a_single_mode_says_what_its_models_can_do(catalogue: Catalogue):
    single = msgspec.structs.replace(preset("vllm"), modes=("completion",))
    assert catalogue.model(connected("vllm", preset=single), "tiny").modes == ("completion",)


def test_the_store_is_asked_once_a_connection(catalogue: Catalogue, memory: Memory):
    for name in ("gpt-4o", "gpt-5", "gpt-4o"):
        catalogue.model(OPENAI, name)
    catalogue.model(connected("openai"), "gpt-4o")
    assert memory.read == 1


def test_a_host_that_invents_names_does_not_fill_the_memory(catalogue: Catalogue):
    for number in range(3 * CACHED):
        catalogue.model(LOCAL, f"tiny-{number}-x")
    assert len(catalogue._known(LOCAL).rows) <= CACHED


# A model that fits


def test_every_suggestion_for_sound_is_known_living_and_priced_and_no_model_to_talk_with(catalogue: Catalogue):
    for name in (*preset("openai").transcribes, *preset("openai").speaks):
        model = catalogue.model(OPENAI, name)
        assert not catalogue.retired(model, TODAY), name
        assert model.modes == (), name
        assert model.price, name


def test_every_suggestion_is_known_living_and_without_an_announced_end(catalogue: Catalogue):
    for name in preset("openai").suggests:
        model = catalogue.model(OPENAI, name)
        assert model.retires is None, name
        assert "chat" in (model.modes or ()), name
        assert model.price, name


def test_a_fitting_model_is_a_suggestion_before_the_list_is_read(catalogue: Catalogue):
    assert catalogue.fitting(OPENAI, "chat") == preset("openai").suggests[0]


def test_a_fitting_model_is_in_the_live_list_where_one_is(catalogue: Catalogue):
    catalogue.saw(OPENAI, [{"id": name} for name in ("gpt-4", "gpt-4o", "gpt-5.4-pro", "text-embedding-3-small")])
    assert catalogue.fitting(OPENAI, "chat") == "gpt-4o"
    assert catalogue.fitting(OPENAI, "responses") == "gpt-4o"


def test_a_suggested_model_of_the_live_list_goes_first(catalogue: Catalogue):
    catalogue.saw(OPENAI, [{"id": "gpt-4o"}, {"id": preset("openai").suggests[1]}])
    assert catalogue.fitting(OPENAI, "chat") == preset("openai").suggests[1]


def test_no_living_model_of_openai_does_completions(catalogue: Catalogue):
    assert catalogue.fitting(OPENAI, "completion") is None


def test_a_fine_tuned_row_of_the_table_is_no_model_that_anyone_can_ask(catalogue: Catalogue):
    for name in ROWS:
        if not name.startswith("ft:"):
            catalogue.learn(OPENAI, name, modes=())
    assert catalogue.fitting(OPENAI, "chat") is None


def test_where_nothing_is_known_none_fits(catalogue: Catalogue):
    catalogue.saw(LOCAL, [{"id": "tiny"}])
    assert catalogue.fitting(LOCAL, "completion") is None
    catalogue.learn(LOCAL, "tiny", modes=("completion",))
    assert catalogue.fitting(LOCAL, "completion") == "tiny"


def test_importing_the_catalogue_loads_no_data_source():
    code = "import sys, ringmain.catalogue; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "ringmain" in loaded
    assert not loaded & {"genai_prices", "pydantic", "sqlalchemy", "aiohttp", "cryptography"}


def test_a_model_that_was_shown_to_have_a_mode_is_named_for_it(catalogue: Catalogue):
    own = connected("custom")
    assert catalogue.fitting(own, "chat") is None
    catalogue.learn(own, "ours", can="chat")
    assert catalogue.fitting(own, "chat") == "ours"
