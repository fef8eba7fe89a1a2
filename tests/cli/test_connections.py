"""`ringmain connections`."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.provider import run_provider

KEY = "sk-abcdefghijklmnop"
SHOWN = [
    "name",
    "preset",
    "base_url",
    "key",
    "organization",
    "project",
    "model",
    "timeout",
    "aliases",
    "prices",
    "default",
    "locked",
    "attention",
]


def test_a_connection_is_added_shown_listed_changed_and_removed(run: Any):
    assert run("connections", "add", "local", "--preset", "ollama", "--model", "m").code == 0
    assert list(run("connections", "show", "local", "--json").json) == SHOWN
    assert [row["name"] for row in run("connections", "list", "--json").json] == ["local", "demo"]
    changed = run("connections", "set", "local", "--timeout", "5", "--alias", "a=b", "--price", "b=0.10,0.30", "--json")
    assert (changed.json["timeout"], changed.json["aliases"]) == (5.0, {"a": "b"})
    assert changed.json["prices"] == {"b": ["0.1", "0.3"]}
    sound = run("connections", "set", "local", "--price", "ears=0.0060/min", "--price", "voice=15/Mchar", "--json")
    assert sound.json["prices"] == {"b": ["0.1", "0.3"], "ears": ["0.006/min"], "voice": ["15/Mchar"]}
    assert "ears = 0.006/min" in run("connections", "show", "local").out
    assert run("connections", "set", "local", "--price", "ears=0.006/hour").code == 2
    assert run("connections", "set", "local", "--price", "ears=0.006").code == 2
    assert run("connections", "remove", "local").code == 0
    assert run("connections", "remove", "local").code == 1


def test_a_connection_whose_key_was_refused_is_shown_to_need_attention(run: Any):
    with run_provider() as provider:
        run("connections", "add", "paid", "--base-url", provider.base_url, "--default")
        assert run("ask", "Hello", "--model", "fail-401").code == 1
        listed, shown = run("connections", "list"), run("connections", "show", "paid", "--json").json["attention"]
        assert "default, needs attention" in listed.out
        assert f"paid needs attention since {shown['since']}: {shown['sentence']}" in listed.err
        assert shown["code"] == "upstream_auth"
        assert "upstream_auth" in run("connections", "show", "paid").out
        run("connections", "set", "paid", "--timeout", "9")
        assert run("connections", "show", "paid", "--json").json["attention"] is None


def test_the_key_comes_from_a_variable_and_only_its_end_is_shown(run: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MY_KEY", KEY)
    done = run("connections", "add", "o", "--preset", "openai", "--key-env", "MY_KEY", "--json")
    assert done.json["key"] == "…mnop"
    for words in (("show", "o"), ("show", "o", "--json"), ("list",), ("list", "--json")):
        told = run("connections", *words)
        assert "mnop" in told.out
        assert KEY not in told.out + told.err


def test_the_key_comes_from_a_file_or_the_standard_input(run: Any, tmp_path: Path):
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    assert (
        run("connections", "add", "a", "--preset", "openai", "--key-file", str(file), "--json").json["key"] == "…mnop"
    )
    piped = run("connections", "add", "b", "--preset", "openai", "--key-file", "-", "--json", stdin=KEY)
    assert piped.json["key"] == "…mnop"


def test_no_option_takes_the_key_itself(run: Any):
    assert run("connections", "add", "a", "--preset", "openai", "--key", KEY).code == 2


def test_the_environments_connection_is_listed_with_what_locks_it(run: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    (row, _) = run("connections", "list", "--json").json
    assert (row["name"], row["default"], row["locked"]["key"]) == ("environment", True, "OPENAI_API_KEY")
    assert KEY not in str(row)
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj")
    (told,) = [line for line in run("connections", "list").out.splitlines() if "environment" in line]
    assert told.split("…mnop")[1].split() == ["–", "OPENAI_API_KEY,", "OPENAI_PROJECT_ID"]


FAILURES = [
    (("add", "demo", "--preset", "ollama"), 2, "ringmain's own"),
    (("add", "a"), 2, "needs a preset"),
    (("add", "a", "--preset", "olama"), 2, "Did you mean 'ollama'"),
    (("add", "a", "--preset", "demo"), 2, "Name the connection 'demo' instead"),
    (("add", "a", "--base-url", "example.org"), 2, "not an address"),
    (("add", "a", "--preset", "openai", "--key-env", "NOT_SET"), 1, "NOT_SET holds no key"),
    (("add", "a", "--preset", "openai", "--key-file", "/does/not/exist"), 1, "cannot be read"),
    (("add", "a", "--preset", "openai", "--key-env", "A", "--key-file", "b"), 2, "two keys"),
    (("add", "a", "--base-url", "ftp://example.org"), 2, "not an address"),
    (("add", "a", "--base-url", "http://169.254.169.254/v1"), 2, "refused"),
    (("set", "a", "--key-env", "PATH", "--unset", "key"), 2, "'key' is given and taken back"),
    (("set", "a", "--default", "--unset", "default"), 2, "'default' is given and taken back"),
    (("add", "a", "--preset", "ollama", "--timeout", "0"), 2, "timeout"),
    (("add", "a", "--preset", "ollama", "--timeout", "soon"), 2, "timeout"),
    (("add", "a", "--preset", "ollama", "--price", "m=1"), 2, "MODEL=IN,OUT"),
    (("add", "a", "--preset", "ollama", "--price", "m=a,b"), 2, "not a price"),
    (("add", "a", "--preset", "ollama", "--alias", "x"), 2, "OLD=NEW"),
    (("set", "nope", "--default"), 1, "no connection 'nope'"),
    (("show", "nope"), 1, "no connection 'nope'"),
    (("remove", "environment"), 2, "cannot be changed here"),
    (("add",), 2, "NAME"),
    (("ad",), 2, "add"),
]


@pytest.mark.parametrize(("words", "code", "part"), FAILURES, ids=lambda value: str(value)[:50])
def test_bad_input_is_told_and_saves_nothing(run: Any, words: tuple[str, ...], code: int, part: str):
    done = run("connections", *words)
    assert (done.code, done.out) == (code, "")
    assert part in done.err
    assert [row["name"] for row in run("connections", "list", "--json").json] == ["demo"]


def test_aliases_may_be_taken_back_and_given_at_once(run: Any):
    run("connections", "add", "local", "--preset", "ollama", "--alias", "a=b")
    changed = run("connections", "set", "local", "--alias", "c=d", "--unset", "aliases", "--json")
    assert changed.json["aliases"] == {"c": "d"}


def test_what_the_environment_says_wrong_is_a_failure_and_not_a_wrong_call(run: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "ftp://example.org")
    done = run("models", "--json")
    assert (done.code, done.json["error"]["code"]) == (1, "invalid_setting")


def test_a_wrong_secret_file_is_told_and_the_right_one_still_opens(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MY_KEY", KEY)
    run("connections", "add", "o", "--preset", "openai", "--key-env", "MY_KEY")
    monkeypatch.setenv("RINGMAIN_SECRET_KEY", hashlib.sha256(b"another").hexdigest())
    done = run("models", "--json")
    assert (done.code, done.json["error"]["code"]) == (1, "wrong_secret_file")
    assert done.json["error"]["sentence"] == "This key file does not match this database."
    monkeypatch.delenv("RINGMAIN_SECRET_KEY")
    assert run("connections", "show", "o", "--json").json["key"] == "…mnop"


def test_a_lost_key_file_closes_only_what_it_sealed(run: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MY_KEY", KEY)
    run("connections", "add", "o", "--preset", "openai", "--key-env", "MY_KEY")
    monkeypatch.setenv("RINGMAIN_SECRET_KEY", hashlib.sha256(b"another").hexdigest())
    for words in (
        ("ask", "--demo", "hi"),
        ("usage",),
        ("connections", "list"),
        ("connections", "set", "o", "--default"),
    ):
        assert run(*words, "--json").code == 0
    done = run("up", "--port", "0")
    assert (done.code, "This key file does not match this database." in done.err) == (1, True)
    assert run("connections", "set", "o", "--key-env", "MY_KEY", "--json").json["key"] == "…mnop"
    assert run("connections", "show", "o", "--json").json["key"] == "…mnop"


def test_secrets_rotate_keeps_every_stored_key(run: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MY_KEY", KEY)
    run("connections", "add", "o", "--preset", "openai", "--key-env", "MY_KEY")
    done = run("secrets", "rotate", "--json")
    assert (done.code, done.json["connections"]) == (0, 1)
    assert run("connections", "show", "o", "--json").json["key"] == "…mnop"


def test_settings_lie_in_the_hub_that_this_process_is_a_client_of(run: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RINGMAIN_URL", "http://127.0.0.1:9")
    for words in (("connections", "list"), ("hosts", "add", "openai", "a"), ("usage",), ("secrets", "rotate")):
        done = run(*words)
        assert (done.code, done.out) == (1, "")
        assert "RINGMAIN_URL" in done.err
