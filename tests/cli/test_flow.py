"""`ringmain flow`, with the demo provider behind."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.glific.flows.made import TUTOR, act, call, definition, enter, say, wait

LABEL = "The built-in demo provider answered; it is no model."


@pytest.fixture
def tutor(tmp_path: Path) -> str:
    return write(tmp_path, "Tutor", **TUTOR)


def write(folder: Path, name: str, **nodes: Any) -> str:
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"flows": [{"definition": definition(name, **nodes), "keywords": []}]}))
    return str(file)


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in events]


def test_both_sides_go_to_stdout_and_what_happens_behind_to_stderr(run: Any, tutor: str) -> None:
    done = run("flow", "run", tutor, "--demo", "--say", "What is a noun?", "--say", "thanks")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[:2] == ["Bot: Ask me about grammar.", "You: What is a noun?"]
    assert lines[2].startswith('Bot: [demo] You asked: "What is a noun?"')
    assert lines[3:] == ["You: thanks", "Bot: Goodbye, Asha"]
    assert "· FUNCTION parse_via_chat_gpt\n· Success" in done.err
    assert LABEL in done.err
    assert "demo-1: 1 answers, $0" in done.err


def test_json_has_the_whole_transcript_and_how_it_ended(run: Any, tutor: str) -> None:
    words = ("flow", "run", tutor, "--demo", "--json", "--clock", "2026-01-02T03:04:05")
    told = run(*words, "--say", "hi", "--say", "thanks").json
    assert list(told) == ["status", "events"]
    assert told["status"] == "ended"
    assert kinds(told["events"])[-2:] == ["said", "ended"]
    called = next(event for event in told["events"] if event["event"] == "called")
    assert called["webhook"]["body"]["results"]["question"]["inserted_at"] == "2026-01-02T03:04:05.000000Z"
    assert run(*words, "--say", "hi").json["status"] == "waiting"


def test_when_there_is_nothing_more_to_say_the_flow_still_waits(run: Any, tutor: str) -> None:
    done = run("flow", "run", tutor, "--demo", "--say", "hi")
    assert (done.code, "still waits for a message" in done.err) == (0, True)


def test_a_script_is_said_line_by_line_and_lines_are_read_from_a_pipe(run: Any, tutor: str, tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text("What is a noun?\n\nthanks\n")
    for done in (
        run("flow", "run", tutor, "--demo", "--script", str(script)),
        run("flow", "run", tutor, "--demo", stdin="What is a noun?\nthanks\n"),
        run("flow", "run", tutor, "--demo", "--script", "-", stdin="What is a noun?\nthanks\n"),
    ):
        assert (done.code, done.out.splitlines()[-1]) == (0, "Bot: Goodbye, Asha")


def test_who_sits_at_a_terminal_is_asked_for_each_line_and_may_mistype(tutor: str) -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "ringmain", "flow", "run", tutor, "--demo"]
    with subprocess.Popen(words, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        os.write(ours, b"/dance\nWhat is a noun?\nthanks\n")
        out, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    lines = out.splitlines()
    assert process.returncode == 0, err
    assert [lines[0], lines[-1], len(lines)] == ["Bot: Ask me about grammar.", "Bot: Goodbye, Asha", 3]
    assert err.count("> ") == 3
    assert "'/dance' cannot be told to a flow. /wait SECONDS" in err


def test_options_are_numbered(run: Any, tmp_path: Path) -> None:
    content = {"type": "quick_reply", "content": {"text": "Go on?"}, "options": [{"title": "Yes"}, {"title": "No"}]}
    ask = act({"type": "send_interactive_msg", "text": json.dumps(content)}, to="hear")
    file = write(tmp_path, "Ask", ask=ask, hear=wait("on", "end"), end=say("@results.on"))
    out = run("flow", "run", file, "--say", "2").out
    assert out == "Bot: Go on?\n  1. Yes\n  2. No\nYou: No\nBot: No\n"


def test_a_flow_that_stops_is_a_failure_with_its_fix(run: Any, tmp_path: Path) -> None:
    done = run("flow", "run", write(tmp_path, "Odd", a=act({"type": "fly"})))
    assert done.code == 1
    assert "Stopped: The flow 'Odd' needs the action 'fly'" in done.err
    assert run("flow", "run", write(tmp_path, "Odd", a=act({"type": "fly"})), "--json").json["status"] == "stopped"


def test_without_a_connection_the_flow_takes_failure_and_the_reason_names_ways_out(run: Any, tutor: str) -> None:
    done = run("flow", "run", tutor, "--say", "hi")
    assert done.out.endswith("Bot: Nobody could answer.\n")
    assert "no connection" in done.err
    assert "--demo" in done.err


def test_a_file_can_answer_for_a_function(run: Any, tmp_path: Path) -> None:
    file = write(tmp_path, "Place", a=call("geolocation", "b", "c"), b=say("@results.answer.city"), c=say("No idea"))
    (tmp_path / "answer.json").write_text('{"city": "Pune"}')
    assert run("flow", "run", file, "--answer", f"geolocation={tmp_path}/answer.json").out == "Bot: Pune\n"
    done = run("flow", "run", file)
    assert (done.out, "Nothing here answers 'geolocation'" in done.err) == ("Bot: No idea\n", True)


def test_another_file_can_hold_a_flow_that_is_entered(run: Any, tmp_path: Path) -> None:
    outer = write(tmp_path, "Outer", a=enter("Inner", "b", "b"), b=say("Out"))
    inner = write(tmp_path, "Inner", a=say("In"))
    assert run("flow", "run", outer, "--also", inner).out == "Bot: In\nBot: Out\n"
    done = run("flow", "run", outer)
    assert (done.code, "--also" in done.err) == (1, True)


def test_a_flow_is_named_where_a_file_holds_several(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "both.json"
    both = [{"definition": definition(name, a=say(f"This is {name}"))} for name in ("One", "Two")]
    file.write_text(json.dumps({"flows": both}))
    assert run("flow", "run", str(file)).out == "Bot: This is One\n"
    assert run("flow", "run", str(file), "--flow", "two").out == "Bot: This is Two\n"
    done = run("flow", "run", str(file), "--flow", "Three")
    assert (done.code, "There are: 'One', 'Two'." in done.err) == (2, True)


def test_a_language_is_given_by_its_code_or_its_name(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "hello.json"
    file.write_text(json.dumps(definition("Hello", {"hi": {"a.0": {"text": ["नमस्ते"]}}}, a=say("Hello"))))
    for language in ("hi", "Hindi"):
        assert run("flow", "run", str(file), "--language", language).out == "Bot: नमस्ते\n"
    assert run("flow", "run", str(file)).out == "Bot: Hello\n"


def test_every_question_of_a_csv_has_its_row(run: Any, tutor: str, tmp_path: Path) -> None:
    questions, out = tmp_path / "q.csv", tmp_path / "a.csv"
    questions.write_text('id,question\n1,What is a noun?\n2,"Verbs, then?"\n3,\n', encoding="utf-8-sig")
    done = run("flow", "run", tutor, "--demo", "--questions", str(questions), "--out", str(out))
    assert (done.code, done.out) == (0, "")
    assert "2 of 2 questions were answered." in done.err
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert list(rows[0]) == ["id", "question", "answer", "milliseconds", "cost", "status", "reason"]
    assert [(row["id"], row["status"], row["cost"]) for row in rows] == [("1", "answered", "0"), ("2", "answered", "0")]
    assert '"Verbs, then?"' in rows[1]["answer"]
    assert int(rows[0]["milliseconds"]) >= 0


def test_a_question_that_fails_is_a_row_and_an_exit_code(run: Any, tutor: str, tmp_path: Path) -> None:
    questions = tmp_path / "q.csv"
    questions.write_text("text\nWhat is a noun?\n")
    done = run("flow", "run", tutor, "--questions", str(questions), "--json")
    assert done.code == 1
    (row,) = done.json
    assert (row["question"], row["status"], row["cost"]) == ("What is a noun?", "failed", None)
    assert "no connection" in row["reason"]
    assert run("flow", "run", tutor, "--questions", str(questions)).out.startswith("question,answer,milliseconds")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--out", "a.csv"), "--out is for the answers"),
        (("--phrase-env", "PHRASE"), "Give --http too"),
        (("--http", "--phrase-env", "NOT_SET"), "NOT_SET is not set"),
        (("--answer", "geolocation"), "NAME=FILE"),
        (("--answer", "geolocation=nowhere.json"), "nowhere.json cannot be read"),
        (("--demo", "--connection", "c"), "two providers"),
        (("--script", "nowhere.txt"), "nowhere.txt cannot be read"),
        (("--questions", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("--also", "nowhere.json"), "nowhere.json cannot be read"),
        (("--say", "/dance"), "cannot be told to a flow"),
        (("--clock", "soon"), "clock"),
    ],
)
def test_a_wrong_call_is_told_with_its_fix(run: Any, tutor: str, words: tuple[str, ...], told: str) -> None:
    done = run("flow", "run", tutor, *words)
    assert done.code == 2
    assert told in done.err


def test_a_file_that_is_no_flow_is_told(run: Any, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    for command in ("run", "lint"):
        done = run("flow", command, str(tmp_path / "x.json"))
        assert (done.code, "x.json holds no flow" in done.err) == (2, True)


def test_control_characters_do_not_reach_the_terminal(run: Any, tmp_path: Path) -> None:
    out = run("flow", "run", write(tmp_path, "Odd", a=say("\x1b[2Jgone"))).out
    assert "\x1b" not in out


# lint ----------------------------------------------------------------------------------------------------------------


def test_warnings_alone_are_no_failure(run: Any, tutor: str) -> None:
    done = run("flow", "lint", tutor)
    assert done.code == 0
    assert done.out.startswith("warning: Tutor.json: 'Tutor', node eply: ")
    assert done.out.endswith("[may_be_too_long]\n")
    assert "0 errors and 1 warnings in 1 files." in done.err


def test_errors_are_a_failure_in_every_form(run: Any, tmp_path: Path, tutor: str) -> None:
    bad = write(tmp_path, "Bad", a=call(body="{", success="b", failure="b"), b=say("End"))
    assert run("flow", "lint", tutor, bad).code == 1
    done = run("flow", "lint", bad, "--json")
    assert done.code == 1
    (finding,) = done.json
    assert list(finding) == ["file", "level", "code", "flow", "node", "sentence", "fix"]
    assert (finding["level"], finding["code"], finding["node"]) == ("error", "bad_body", "a")


def test_nothing_found_is_an_empty_list(run: Any, tmp_path: Path) -> None:
    assert run("flow", "lint", write(tmp_path, "Good", a=say("Hi")), "--json").json == []


def test_lint_needs_a_file(run: Any) -> None:
    assert run("flow", "lint").code == 2


def test_the_help_of_the_group_names_both(run: Any) -> None:
    told = run("flow", "--help").out
    assert "run" in told
    assert "lint" in told
