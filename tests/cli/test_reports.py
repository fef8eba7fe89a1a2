"""`ringmain check`, `models`, `tour`, `usage` and `memory`."""

from typing import Any

import pytest

from ringmain.check import NAMES, PASSED
from ringmain.exchange.line import Entry
from ringmain.hosts import rooms
from ringmain.settings import read_settings
from ringmain.store import open_store
from tests.relay import Relay
from tests.store.entries import entry

MODEL = ["id", "modes", "context_window", "input_price", "output_price", "retires", "unit_price"]


def test_check_ends_with_the_known_sentence(run: Any):
    done = run("check", "--demo")
    assert done.code == 0
    assert done.out.splitlines()[-1] == PASSED
    assert [line.split()[1] for line in done.out.splitlines()[:-1]] == list(NAMES)


def test_check_as_json_has_the_names_of_the_contract(run: Any):
    told = run("check", "--demo", "--json").json
    assert list(told) == ["ok", "sentence", "checks"]
    assert (told["ok"], told["sentence"]) == (True, PASSED)
    assert all(list(one) == ["name", "ok", "sentence", "fix", "milliseconds"] for one in told["checks"])
    assert [one["ok"] for one in told["checks"]] == [True, None, None, True, True]


def test_a_failed_check_ends_with_1_and_the_failed_sentence(run: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    done = run("check", "--json")
    assert (done.code, done.json["ok"]) == (1, False)
    assert "127.0.0.1:9" in done.json["sentence"]
    assert [one["ok"] for one in done.json["checks"]] == [False, None, None, None, None]
    assert "127.0.0.1:9" in run("check").out.splitlines()[-1]


def test_check_passes_against_a_real_engine(run: Any, upstream: Relay, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_BASE_URL", upstream.base_url)
    assert run("check", "--model", "tiny", "--mode", "completion", "--json").json["sentence"] == PASSED


def test_models_as_json_have_the_names_of_the_contract(run: Any):
    rows = run("models", "--demo", "--json").json
    assert all(list(row) == MODEL for row in rows)
    first = next(row for row in rows if row["id"] == "demo-1")
    assert first == {
        "id": "demo-1",
        "modes": ["chat", "completion", "responses"],
        "context_window": 8192,
        "input_price": "0",
        "output_price": "0",
        "retires": None,
        "unit_price": None,
    }


def test_models_show_what_can_be_asked_in_a_mode_and_any_id_that_is_typed(run: Any):
    assert "demo-chat" not in [row["id"] for row in run("models", "--demo", "--mode", "completion", "--json").json]
    assert [row["id"] for row in run("models", "--demo", "--model", "ft:mine", "--json").json] == ["ft:mine"]
    assert "2099-12-31" in run("models", "--demo").out


def test_models_of_a_real_engine_are_its_own_list(run: Any, upstream: Relay, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_BASE_URL", upstream.base_url)
    (row,) = run("models", "--json").json
    assert row["id"]
    assert row["input_price"] is None


def test_tour_has_the_names_of_the_contract_and_is_labelled(run: Any):
    rows = run("tour", "--json").json
    names = ["tool", "mode", "answer", "input_tokens", "output_tokens", "cost", "milliseconds", "demo"]
    assert all(list(row) == names for row in rows)
    assert all(row["demo"] is True for row in rows)
    done = run("tour")
    assert "openai" in done.out
    assert "no model" in done.err


def test_a_real_tour_without_a_connection_is_a_failure(run: Any):
    error = run("tour", "--real", "--json").json["error"]
    assert error["code"] == "no_connection"
    assert "`ringmain ask --demo`" in error["fix"]


def test_usage_has_the_names_of_the_contract(run: Any):
    run("ask", "--demo", "hi")
    run("ask", "--demo", "--model", "nope", "hi")
    rows = run("usage", "--json").json
    counts = "input_tokens output_tokens unconfirmed_tokens audio_milliseconds characters"
    names = f"tool account model asks failed {counts} cost unpriced"
    assert all(list(row) == names.split() for row in rows)
    told = {row["model"]: (row["account"], row["asks"], row["failed"]) for row in rows}
    assert told == {"demo-1": ("local", 1, 0), "nope": ("local", 1, 1)}


def test_usage_ends_with_a_total(run: Any):
    run("ask", "--demo", "hi")
    run("tour")
    last = run("usage").out.strip().splitlines()[-1].split()
    assert last[:2] == ["total", str(1 + len(rooms()))]


def test_usage_says_where_a_cost_is_missing_and_gives_no_sum_of_nothing(run: Any):
    assert run("usage").out.split()[-1] == "$0"
    _carry(entry("1", status="failed", picodollars=0), entry("2", model="n", status="unconfirmed"))
    assert [(row["cost"], row["unpriced"]) for row in run("usage", "--json").json] == [("0", 0), (None, 1)]
    assert run("usage").out.split()[-1] == "–"
    _carry(entry("3", picodollars=2 * 10**12))
    done = run("usage")
    assert done.out.strip().endswith("$2 + ?")
    assert "nobody knows what they cost" in done.err


def test_usage_shows_sound_in_its_own_units(run: Any):
    _carry(entry("1", model="ears", audio_milliseconds=11_001, picodollars=1), entry("2", model="m", input_tokens=7))
    rows = {row["model"]: row for row in run("usage", "--json").json}
    assert (rows["ears"]["audio_milliseconds"], rows["m"]["characters"]) == (11_001, 0)
    assert "12 s" in run("usage").out
    assert "7 + 12 s" in run("usage").out


def _carry(*entries: Entry) -> None:
    store = open_store(read_settings().store_url)
    store.carry("p", list(entries))
    store.close()


def test_usage_can_be_cut_to_days(run: Any):
    run("ask", "--demo", "hi")
    assert run("usage", "--until", "2001-01-01", "--json").json == []
    assert len(run("usage", "--since", "2001-01-01", "--json").json) == 1
    assert len(run("usage", "--until", "9999-12-31", "--json").json) == 1
    assert run("usage", "--since", "2026-02-02", "--until", "2026-02-01").code == 2
    assert run("usage", "--since", "yesterday").code == 2


def test_memory_is_shown_and_erased(run: Any):
    run("ask", "--demo", "--conversation", "c", "remember me")
    (talk,) = run("memory", "show", "--json").json
    assert (talk["account"], talk["conversation"], talk["turns"]) == ("local", "c", 2)
    turns = run("memory", "show", "local", "c", "--json").json
    assert [(turn["role"], list(turn)) for turn in turns] == [
        ("user", ["role", "content", "at"]),
        ("assistant", ["role", "content", "at"]),
    ]
    assert "remember me" in run("memory", "show", "local", "c").out
    assert run("memory", "erase", "local", "c", "--yes", "--json").json["erased"] == 2
    assert run("memory", "show", "--json").json == []


def test_memory_is_not_erased_without_a_word(run: Any):
    run("ask", "--demo", "--conversation", "c", "remember me")
    assert run("memory", "erase", "local").code == 2
    assert len(run("memory", "show", "--json").json) == 1


def test_an_unknown_account_has_no_memory(run: Any):
    done = run("memory", "show", "nope")
    assert (done.code, "no account 'nope'" in done.err) == (1, True)
