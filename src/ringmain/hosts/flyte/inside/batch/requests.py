"""Rows as somebody has them → files of requests as the Batch API wants them."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from ringmain.errors import AskError
from ringmain.hosts.flyte.inside.batch.options import ENDPOINT

MOST = 50_000
"""Requests that one file may have (Batch API, 2026-11)."""

LARGEST = 200_000_000
"""Bytes that one file may have."""

GENERATED = "row-{:06d}"
"""The id of a row that has none; counted from 1."""

encode = msgspec.json.Encoder().encode


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What all requests have in common: the endpoint, and the fields that each body begins with."""

    endpoint: str = ENDPOINT
    body: dict[str, Any] = {}


def written(
    rows: Iterable[bytes], shape: Shape, folder: Path, *, most: int = MOST, largest: int = LARGEST
) -> list[Path]:
    """The files that these lines of JSON become, none with more than `most` requests or `largest` bytes.

    A line is a request of the Batch API, with or without `custom_id`; the body of one; or a text, which is asked.
    Raises `AskError("invalid_request")` that names the row, `AskError("nothing_to_ask")` where there is none.
    """
    files: list[Path] = []
    with _Files(folder, files, most=most, largest=largest) as out:
        for line in requests(rows, shape):
            out.write(line)
    if not files:
        raise AskError("nothing_to_ask", "There is no row to ask.", fix="Give at least one line of JSON.")
    return files


def requests(rows: Iterable[bytes], shape: Shape) -> Iterator[bytes]:
    """The lines of a file of requests; no two have the same id."""
    seen: set[str] = set()
    for at, line in enumerate(filter(None, map(bytes.strip, rows)), 1):
        request = _request(_read(line, at), at, shape)
        if request["custom_id"] in seen:
            raise _wrong(at, f"has the custom_id {request['custom_id']!r:.80} of an earlier one", "Give each its own.")
        seen.add(request["custom_id"])
        yield encode(request) + b"\n"


def _read(line: bytes, at: int) -> Any:
    try:
        return msgspec.json.decode(line)
    except (ValueError, RecursionError) as error:
        raise _wrong(at, f"is not JSON: {error}", "Write one JSON value a line.") from error


def _request(row: Any, at: int, shape: Shape) -> dict[str, Any]:
    """The whole request that a row is."""
    if isinstance(row, str):
        row = {"body": _asked(row, at, shape)}
    elif not isinstance(row, dict):
        raise _wrong(at, "is neither an object nor a text", "Give a request, the body of one, or a text.")
    elif "body" not in row:
        row = {"custom_id": row.pop("custom_id", None), "body": row}
    body, url = row["body"], row.get("url") or shape.endpoint
    if not isinstance(body, dict):
        raise _wrong(at, "has a body that is no object", "A body holds model and messages, or what its endpoint wants.")
    if url != shape.endpoint:
        fix = f"All requests of a batch go to one endpoint; set endpoint in config, which is {shape.endpoint}."
        raise _wrong(at, f"goes to {url!r:.60}", fix)
    body = {**shape.body, **body}
    if not body.get("model"):
        raise _wrong(at, "names no model", "Put one into its body, or for all of them into body= of create_batch.")
    return {**row, "custom_id": _id(row.get("custom_id"), at), "method": "POST", "url": url, "body": body}


def _asked(text: str, at: int, shape: Shape) -> dict[str, Any]:
    """The body that asks a plain text at this endpoint."""
    match shape.endpoint.removeprefix("/v1/"):
        case "chat/completions":
            return {"messages": [*shape.body.get("messages", []), {"role": "user", "content": text}]}
        case "completions":
            return {"prompt": text}
        case "responses" | "embeddings" | "moderations":
            return {"input": text}
    raise _wrong(at, "is a text, which its endpoint does not ask", "Give the body of a request.")


def _id(given: Any, at: int) -> str:
    if given is None or given == "":
        return GENERATED.format(at)
    if not isinstance(given, str):
        raise _wrong(at, "has a custom_id that is no text", "Write it as a text.")
    return given


def _wrong(at: int, why: str, fix: str) -> AskError:
    return AskError("invalid_request", f"Row {at} {why}.", fix=fix)


class _Files:
    """Writes lines into files that are not too large; `files` takes each as it is begun."""

    def __init__(self, folder: Path, files: list[Path], *, most: int, largest: int) -> None:
        self._folder, self._files = folder, files
        self._most, self._largest = most, largest
        self._out: BinaryIO | None = None
        self._count = self._size = 0

    def __enter__(self) -> "_Files":
        return self

    def __exit__(self, *_: object) -> None:
        if self._out is not None:
            self._out.close()

    def write(self, line: bytes) -> None:
        if len(line) > self._largest:
            fix = f"A file may have {self._largest:,} bytes; send large pictures by their address."
            raise AskError("request_too_large", f"A request of {len(line):,} bytes is too large for a batch.", fix=fix)
        if self._out is None or self._count == self._most or self._size + len(line) > self._largest:
            self._next()
        assert self._out is not None
        self._out.write(line)
        self._count, self._size = self._count + 1, self._size + len(line)

    def _next(self) -> None:
        self.__exit__()
        path = self._folder / f"requests-{len(self._files) + 1:03d}.jsonl"
        self._out, self._count, self._size = path.open("wb"), 0, 0
        self._files.append(path)
