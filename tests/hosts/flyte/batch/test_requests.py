"""Rows in any form → files as the Batch API wants them, refused before anything is paid."""

import json
from pathlib import Path
from typing import Any

import pytest

from ringmain.errors import AskError
from ringmain.hosts.flyte.inside.batch.requests import Shape, requests, written

SHAPE = Shape(body={"model": "m", "messages": [{"role": "system", "content": "Be brief."}], "max_tokens": 5})
CHAT = "/v1/chat/completions"


def made(*rows: Any, shape: Shape = SHAPE) -> list[dict[str, Any]]:
    return [json.loads(line) for line in requests([json.dumps(row).encode() for row in rows], shape)]


def test_a_whole_request_stays_what_it_is() -> None:
    whole = {"custom_id": "a", "method": "POST", "url": CHAT, "body": {"model": "x", "messages": [], "seed": 2**53 + 1}}
    assert made(whole, shape=Shape()) == [whole]


def test_rows_without_an_id_get_one_by_their_place() -> None:
    body = {"messages": [{"role": "user", "content": "hi"}]}
    bare, kept, wrapped = made(body, {"custom_id": "mine", **body}, {"body": body})
    assert (bare["custom_id"], kept["custom_id"], wrapped["custom_id"]) == ("row-000001", "mine", "row-000003")
    assert bare["body"] == {"model": "m", "max_tokens": 5, **body}
    assert kept["body"] == wrapped["body"] == bare["body"]
    assert (bare["method"], bare["url"]) == ("POST", CHAT)


def test_a_text_is_asked_after_the_messages_that_all_have() -> None:
    (chat,) = made("Grüße 🦜")
    assert chat["body"]["messages"] == [*SHAPE.body["messages"], {"role": "user", "content": "Grüße 🦜"}]
    (embedding,) = made("hi", shape=Shape(endpoint="/v1/embeddings", body={"model": "e"}))
    assert embedding["body"] == {"model": "e", "input": "hi"}
    (completion,) = made("hi", shape=Shape(endpoint="/v1/completions", body={"model": "e"}))
    assert completion["body"] == {"model": "e", "prompt": "hi"}


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"body": {"model": "m"}, "url": "/v1/embeddings"}, "Row 2 goes to '/v1/embeddings'"),
        ({"custom_id": "a", "body": {}}, "Row 2 has the custom_id 'a' of an earlier one"),
        ({"custom_id": 7, "body": {}}, "Row 2 has a custom_id that is no text"),
        ({"body": "hi"}, "Row 2 has a body that is no object"),
        (["hi"], "Row 2 is neither an object nor a text"),
    ],
)
def test_a_row_that_no_batch_would_take_is_named(row: Any, told: str) -> None:
    with pytest.raises(AskError, match=told):
        made({"custom_id": "a", "body": {}}, row)


def test_a_line_that_is_not_json_and_a_row_without_a_model_are_named_too() -> None:
    for line in (b'{"a": secret', b"[" * 9999):
        with pytest.raises(AskError, match="Row 1 is not JSON"):
            list(requests([line], SHAPE))
    with pytest.raises(AskError, match="Row 1 names no model"):
        made({"messages": []}, shape=Shape())


def test_generated_ids_are_refused_where_somebody_has_used_them() -> None:
    with pytest.raises(AskError, match="earlier one"):
        made("hi", {"custom_id": "row-000001", "body": {}})


def test_a_file_ends_before_it_has_too_many_rows_or_bytes(tmp_path: Path) -> None:
    rows = [json.dumps("x" * 50).encode()] * 7
    by_rows = written(rows, SHAPE, tmp_path, most=3)
    assert [path.read_text().count("\n") for path in by_rows] == [3, 3, 1]
    size = len(by_rows[2].read_bytes())
    (tmp_path / "bytes").mkdir()
    by_bytes = written(rows, SHAPE, tmp_path / "bytes", largest=2 * size)
    assert [path.stat().st_size for path in by_bytes] == [2 * size] * 3 + [size]
    with pytest.raises(AskError, match="too large for a batch"):
        written(rows, SHAPE, tmp_path / "bytes", largest=size - 1)


def test_blank_lines_are_none_and_nothing_is_too_little(tmp_path: Path) -> None:
    (path,) = written([b"\n", b'"hi"\r\n', b"  "], SHAPE, tmp_path)
    assert path.read_text().count("\n") == 1
    with pytest.raises(AskError, match="no row to ask"):
        written([b"\n"], SHAPE, tmp_path)
