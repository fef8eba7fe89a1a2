"""The files of a job's batches → one of answers and one of the rest, both in the order of the rows."""

import json
from pathlib import Path
from typing import Any

from ringmain.hosts.flyte.inside.batch.joining import Fetched, Joined, joined

LATE = {"code": "batch_expired", "message": "late"}


def good(id: str, said: str = "hi") -> dict[str, Any]:
    return {"custom_id": id, "response": {"status_code": 200, "body": {"said": said}}, "error": None}


def bad(id: str, error: Any = LATE) -> dict[str, Any]:
    return {"custom_id": id, "response": None, "error": error}


def file(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def put_together(tmp_path: Path, *fetched: Fetched) -> tuple[Joined, list[dict[str, Any]], list[dict[str, Any]]]:
    output, errors = tmp_path / "out", tmp_path / "err"
    counts = joined(fetched, output, errors)
    return counts, read(output), read(errors)


def test_answers_stand_in_the_order_of_the_rows_and_what_is_missing_is_named(tmp_path: Path) -> None:
    asked = file(tmp_path / "in", *({"custom_id": id} for id in "abcde"))
    first = file(tmp_path / "1", good("c"), good("a"))
    late = file(tmp_path / "2", bad("b"), bad("d", {"code": "bad"}))
    second = file(tmp_path / "3", good("b"))
    counts, out, errors = put_together(tmp_path, Fetched(requests=asked, told=(first, late, second)))
    assert counts == Joined(answered=3, others=2)
    assert out == [good("a"), good("b"), good("c")]
    assert errors[0] == bad("d", {"code": "bad"})
    assert (errors[1]["custom_id"], errors[1]["error"]["code"]) == ("e", "missing")


def test_the_first_answer_counts_and_the_last_failure(tmp_path: Path) -> None:
    asked = file(tmp_path / "in", {"custom_id": "a"}, {"custom_id": "b"})
    told = file(tmp_path / "1", good("a", "one"), good("a", "two"), bad("b"), bad("b", {"code": "last"}))
    _, out, errors = put_together(tmp_path, Fetched(requests=asked, told=(told,)))
    assert (out, errors) == ([good("a", "one")], [bad("b", {"code": "last"})])


def test_files_follow_each_other_and_one_that_was_not_begun_says_why(tmp_path: Path) -> None:
    one, two = (file(tmp_path / name, {"custom_id": name}) for name in ("a", "b"))
    told = file(tmp_path / "1", good("b"))
    unbegun = Fetched(requests=one, told=(), why="No room.")
    counts, out, errors = put_together(tmp_path, unbegun, Fetched(requests=two, told=(told,)))
    assert counts == Joined(answered=1, others=1)
    assert out == [good("b")]
    assert errors[0]["error"] == {"code": "missing", "message": "No room."}


def test_without_the_requests_the_order_is_that_of_the_answers(tmp_path: Path) -> None:
    told = file(tmp_path / "1", good("b"), good("a"), bad("c"), {"odd": True})
    counts, out, errors = put_together(tmp_path, Fetched(requests=None, told=(told,)))
    assert (counts.answered, out, errors) == (2, [good("b"), good("a")], [bad("c")])


def test_a_last_line_without_end_does_not_run_into_the_next(tmp_path: Path) -> None:
    path = tmp_path / "1"
    path.write_text(f"{json.dumps(good('b'))}\r\n{json.dumps(good('a'))}")
    asked = file(tmp_path / "in", {"custom_id": "a"}, {"custom_id": "b"})
    _, out, _ = put_together(tmp_path, Fetched(requests=asked, told=(path,)))
    assert out == [good("a"), good("b")]
