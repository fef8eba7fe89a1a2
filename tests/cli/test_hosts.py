"""`ringmain hosts`."""

from pathlib import Path
from typing import Any

import pytest


def test_an_account_is_added_with_the_names_of_the_contract_and_its_key_is_shown_once(run: Any):
    done = run("hosts", "add", "openai", "shop", "--connection", "demo", "--json")
    assert list(done.json) == ["account", "tool", "url", "key"]
    assert done.json["url"] == "http://127.0.0.1:8484/v1"
    key = done.json["key"]
    for words in (("show", "shop"), ("show", "shop", "--json"), ("list", "--json"), ("list",)):
        told = run("hosts", *words)
        assert told.code == 0
        assert key not in told.out + told.err


def test_what_to_paste_into_the_tool_follows_the_key(run: Any):
    told = run("hosts", "add", "openai", "shop", "--connection", "demo").out
    key = told[told.index("rm-") :].split()[0]
    _, _, pack = told.partition(f"{key}\n")
    assert f"OPENAI_BASE_URL=http://127.0.0.1:8484/v1\nOPENAI_API_KEY={key}\n" in pack
    assert f"Bearer {key}" in pack


def test_what_is_long_is_named_and_written_into_a_folder_for_its_owner_only(run: Any, tmp_path: Path):
    told = run("hosts", "add", "glific", "ngo")
    assert "quick-answer.json" in told.err
    assert '"uuid"' not in told.out
    folder = tmp_path / "some" / "files"
    done = run("hosts", "rotate", "ngo", "--now", "--files", str(folder))
    key = done.out[done.out.index("rm-") :].split()[0]
    written = {file.name: file.read_text() for file in folder.iterdir()}
    assert {"quick-answer.json", "late-answer.json", "voice.json", "webhook-node.txt"} <= set(written)
    assert all(key in text for text in written.values())
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert all(str(folder / name) in done.err for name in written)


def test_a_folder_that_cannot_be_one_is_told_before_a_key_is_made(run: Any, tmp_path: Path):
    (tmp_path / "taken").write_text("")
    done = run("hosts", "add", "openai", "shop", "--files", str(tmp_path / "taken"))
    assert (done.code, "--files" in done.err) == (2, True)
    assert run("hosts", "list", "--json").json == []


def test_the_url_is_the_public_one_where_one_is_set(run: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RINGMAIN_PUBLIC_URL", "https://ai.example.org/")
    assert run("hosts", "add", "openai", "a", "--json").json["url"] == "https://ai.example.org/v1"


def test_every_option_is_kept(run: Any):
    words = "--mode completion --models demo-1,demo-chat --context Help. --budget 5.00 --per day --unpriced refuse"
    words += " --rpm 9 --memory-turns 4 --memory-tokens 50 --memory-days 7 --temperature 0.2 --stop a --stop b --off"
    run("hosts", "add", "openai", "shop", "--connection", "demo", "--prompt-prefix", "In Odoo: ", *words.split())
    told = run("hosts", "show", "shop", "--json").json
    expected = {
        "tool": "openai",
        "on": False,
        "connection": "demo",
        "mode": "completion",
        "models": ["demo-1", "demo-chat"],
        "parameters": {"temperature": 0.2, "stop": ["a", "b"]},
        "context": "Help.",
        "prompt_prefix": "In Odoo: ",
        "budget": "5",
        "per": "day",
        "unpriced": "refuse",
        "rpm": 9,
        "memory": {"turns": 4, "tokens": 50, "days": 7},
    }
    assert expected.items() <= told.items()


def test_an_account_is_changed_and_settings_are_taken_back(run: Any):
    run("hosts", "add", "openai", "shop", "--connection", "demo", "--budget", "5", "--seed", "1", "--off")
    told = run(
        "hosts", "set", "shop", "--on", "--unset", "budget", "--unset", "seed", "--model", "demo-1", "--json"
    ).json
    assert (told["on"], told["budget"], told["parameters"], told["model"]) == (True, None, {}, "demo-1")


def test_a_rotated_key_is_shown_with_the_end_of_the_old_one(run: Any):
    first = run("hosts", "add", "openai", "shop", "--json").json["key"]
    done = run("hosts", "rotate", "shop", "--json")
    assert done.json["key"] not in ("", first)
    assert done.json["old_key_ends"]
    assert len(run("hosts", "show", "shop", "--json").json["keys"]) == 2
    run("hosts", "rotate", "shop", "--now")
    assert len(run("hosts", "show", "shop", "--json").json["keys"]) == 1


FAILURES = [
    (("add", "opnai", "b"), 1, "no room for 'opnai'"),
    (("add", "openai", "shop"), 1, "already"),
    (("add", "openai", "local"), 2, "ringmain's own"),
    (("add", "openai", "b", "--connection", "nope"), 1, "no connection 'nope'"),
    (("add", "openai", "b", "--connection", "demo", "--mode", "chat", "--model", "demo-completion"), 1, "'demo-1'"),
    (("add", "openai", "b", "--temperature", "9"), 2, "from 0 to 2"),
    (("add", "openai", "b", "--best-of", "99"), 2, "from 1 to 8"),
    (("add", "openai", "b", "--budget", "much"), 2, "not a budget"),
    (("set", "shop", "--budget", "-1"), 2, "not a budget"),
    (("set", "shop", "--rpm", "0"), 2, "rpm cannot be 0"),
    (("set", "shop", "--rpm", "0"), 2, "for no limit, `--unset rpm`"),
    (("set", "shop", "--unset", "nope"), 2, "no setting to take back 'nope'"),
    (("set", "shop", "--budget", "5", "--unset", "budget"), 2, "'budget' is given and taken back"),
    (("set", "shop", "--max-tokens", "5", "--unset", "max-tokens"), 2, "'max-tokens' is given"),
    (("set", "shop", "--models", "a,b", "--unset", "models"), 2, "'models' is given"),
    (("add", "openai", "b", "--per", "week"), 2, "per"),
    (("add", "openai", "b", "--rpm", "x"), 2, "rpm"),
    (("add", "openai", "b", "--rpm", "1.5"), 2, "rpm"),
    (("add", "openai"), 2, "NAME"),
    (("set", "shp", "--on"), 1, "Did you mean 'shop'"),
    (("show", "shp"), 1, "Did you mean 'shop'"),
    (("rotate", "shop", "--now", "--keep", "3"), 2, "two things"),
    (("rotate", "shop", "--keep", "-1"), 2, "hours"),
    (("remove", "shp"), 1, "Did you mean 'shop'"),
]


@pytest.mark.parametrize(("words", "code", "part"), FAILURES, ids=lambda value: str(value)[:50])
def test_bad_input_is_told_and_changes_nothing(run: Any, words: tuple[str, ...], code: int, part: str):
    run("hosts", "add", "openai", "shop", "--connection", "demo")
    before = run("hosts", "list", "--json").json
    done = run("hosts", *words)
    assert (done.code, done.out) == (code, "")
    assert part in done.err
    assert run("hosts", "list", "--json").json == before


def test_a_removed_account_is_gone(run: Any):
    run("hosts", "add", "openai", "shop")
    assert run("hosts", "remove", "shop", "--json").json == {"removed": "shop"}
    assert run("hosts", "list", "--json").json == []


def test_what_is_opened_and_not_pasted_is_written_only_and_holds_no_key(run: Any, tmp_path: Path):
    told = run("hosts", "add", "notebook", "analysts")
    assert "create-completion.ipynb" in told.err
    assert "nbformat" not in told.out
    done = run("hosts", "rotate", "analysts", "--now", "--files", str(tmp_path / "files"))
    key = done.out[done.out.index("rm-") :].split()[0]
    written = {file.name: file.read_text() for file in (tmp_path / "files").iterdir()}
    assert key in written["ringmain.env"]
    assert [name for name, text in written.items() if name.endswith(".ipynb") and key in text] == []
    assert len([name for name in written if name.endswith(".ipynb")]) == 4
