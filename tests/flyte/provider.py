"""A strict provider over real sockets: what it is asked says how it answers, and it keeps what it was sent.

It runs in a process of its own, so that it costs whoever is measured nothing.
"""

import asyncio
import itertools
import json
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

WHOLE = ("max_tokens", "max_completion_tokens", "n", "seed", "top_logprobs")
KEY = "sk-test"
LOCAL = "127.0.0.1"

Answer = tuple[int, dict[str, str], Any]

numbers = itertools.count(1)
received: list[dict[str, Any]] = []
times: Counter[str] = Counter()


def refusal(status: int, message: str, code: str | None = None, **headers: str) -> Answer:
    told = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, {"error": told}


def wrong_type(body: dict[str, Any]) -> str | None:
    """What OpenAI's schema says of a number that is not whole where it must be."""
    for name in WHOLE:
        if body.get(name) is not None and type(body[name]) is not int:
            return f"{body[name]!r} is not of type 'integer' - '{name}'"
    return None


def completion(body: dict[str, Any], *contents: str | None, finish: str = "stop") -> Answer:
    choices = [
        {"index": at, "message": {"role": "assistant", "content": content, "refusal": None}, "finish_reason": finish}
        for at, content in enumerate(contents)
    ]
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    told = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body.get("model")}
    return 200, {}, {**told, "choices": choices, "usage": usage}


async def answer(headers: dict[str, str], body: dict[str, Any]) -> Answer | None:
    """The answer to a chat; None where the connection is to be cut."""
    if headers.get("authorization") != f"Bearer {KEY}":
        return refusal(401, "Incorrect API key provided.", "invalid_api_key")
    if problem := wrong_type(body):
        return refusal(400, problem)
    said = str(body["messages"][-1]["content"])
    times[said] += 1
    match said.split():
        case ["status", "429", after, *_]:
            return refusal(429, "Rate limit reached.", "rate_limit_exceeded", retry_after=after)
        case ["status", status, *_]:
            return refusal(int(status), f"It is a {status}.")
        case ["once", status, after, *_] if times[said] == 1:
            return refusal(int(status), f"It is a {status}, once.", retry_after=after)
        case ["slow", seconds, *_]:
            await asyncio.sleep(float(seconds))
        case ["null"]:
            return completion(body, None)
        case ["thinking"]:
            return completion(body, "", finish="length")
        case ["blank"]:
            return completion(body, "")
        case ["choiceless"]:
            return completion(body)
        case ["garbage"]:
            return 200, {}, "<html>not json</html>"
        case ["cut"]:
            return None
    return completion(body, *([f"You said: {said}"] * (body.get("n") or 1)))


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while (head := await reader.readuntil(b"\r\n\r\n")) and await one(head.decode("latin-1"), reader, writer):
            pass
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def one(head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    data = await reader.readexactly(int(headers.get("content-length", 0)))
    method, path, _ = first.split(" ")
    if path == "/seen":
        told: Answer | None = (200, {}, received)
    elif method == "POST" and path.endswith("/chat/completions"):
        body = json.loads(data)
        received.append({"path": path, "headers": headers, "body": body})
        told = await answer(headers, body)
    else:
        told = refusal(404, f"There is no {path}.")
    if told is None:
        return False
    status, more, body = told
    text = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    kind = {"content-type": "application/json", "x-request-id": f"req_{next(numbers)}"}
    out = {**kind, **more, "content-length": str(len(text))}
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in out.items()), "", ""]
    writer.write("\r\n".join(lines).encode() + text)
    await writer.drain()
    return True


async def main() -> None:
    server = await asyncio.start_server(serve, LOCAL, 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


class Provider:
    """A provider that runs."""

    def __init__(self, port: int) -> None:
        self.base_url = f"http://{LOCAL}:{port}/v1"
        self._seen = f"http://{LOCAL}:{port}/seen"

    @property
    def seen(self) -> list[dict[str, Any]]:
        """Every chat that was asked so far: path, headers, body."""
        with urllib.request.urlopen(self._seen) as response:
            return json.load(response)

    def asked(self, said: str) -> list[dict[str, Any]]:
        """The chats whose last message says this."""
        return [one for one in self.seen if one["body"]["messages"][-1]["content"] == said]


@contextmanager
def run_provider() -> Iterator[Provider]:
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield Provider(int(process.stdout.readline()))
        finally:
            process.stdin.close()


if __name__ == "__main__":
    asyncio.run(main())
