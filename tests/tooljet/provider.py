"""A strict provider over real sockets: refusals in OpenAI's words, and whatever else a model's name says.

Models: `talks` chats, `completes` only completes, `thinks` refuses what reasoning models refuse; `status N`,
`busy N SECONDS TIMES`, `page N`, `slow`, `breaks`, `says REASON` do what they say.
"""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.relay import Received

KEY = "sk-of-the-provider-1234"
ORGANIZATION = "org-right"
MODELS = ("talks", "completes", "thinks", "text-embedding-9")
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"

STOPPED = {"index": 0, "finish_reason": "stop"}

Answer = tuple[int, dict[str, str], bytes]


class Provider:
    """A provider that runs."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.base_url = f"{address}/v1"
        self.requests: list[Received] = []
        self.cut = threading.Event()
        """Set once a caller has hung up on `slow`."""
        self.names: tuple[str, ...] = MODELS
        self.open = False
        """Whether anybody may read the list of models."""
        self.times: Counter[str] = Counter()

    @property
    def last(self) -> Any:
        """The body of the latest call."""
        return self.requests[-1].json

    def asked(self) -> list[tuple[str, Any]]:
        """Path and body of every call for an answer."""
        return [(one.path.removeprefix("/v1/"), one.json) for one in self.requests if one.method == "POST"]


def answer(status: int, body: object, **headers: str) -> Answer:
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode()


def refusal(status: int, message: str, code: str | None = None, param: str | None = None, **headers: str) -> Answer:
    told = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return answer(status, {"error": told}, **headers)


class Door(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    provider: Provider

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        self._send(self._refused(self._note(b"")) or self._listed())

    def do_POST(self) -> None:
        request = self._note(self.rfile.read(int(self.headers["content-length"])))
        told = self._refused(request)
        if not told and request.json.get("model") == "breaks":
            self.close_connection = True
            return
        if not told and request.json.get("model") == "slow":
            with suppress(OSError):
                self.connection.settimeout(30)
                if not self.connection.recv(1):
                    self.provider.cut.set()
            self.close_connection = True
            return
        self._send(told or self._said(self.path.removeprefix("/v1/"), request.json))

    def _note(self, body: bytes) -> Received:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.provider.requests.append(Received(method=self.command, path=self.path, headers=headers, body=body))
        return self.provider.requests[-1]

    def _refused(self, request: Received) -> Answer | None:
        open_here = self.provider.open and request.method == "GET"
        if request.headers.get("authorization") != f"Bearer {KEY}" and not open_here:
            key = request.headers.get("authorization", "").removeprefix("Bearer ")
            return refusal(
                401, f"Incorrect API key provided: {key}. You find yours in the settings.", "invalid_api_key"
            )
        named = request.headers.get("openai-organization", ORGANIZATION)
        return (
            None if named == ORGANIZATION else refusal(401, f"No such organization: {named}.", "invalid_organization")
        )

    def _listed(self) -> Answer:
        name = self.path.removeprefix("/v1/models").strip("/")
        if not self.path.startswith("/v1/models"):
            return 404, {"content-type": "text/plain"}, b"Not Found"
        if not name:
            return answer(
                200, {"object": "list", "data": [{"id": one, "object": "model"} for one in self.provider.names]}
            )
        known = name in (*self.provider.names, "an-alias")
        return answer(200, {"id": name}) if known else _no_model(name)

    def _said(self, path: str, body: dict[str, Any]) -> Answer:
        if path not in ("chat/completions", "completions"):
            return 404, {"content-type": "text/plain"}, b"Not Found"
        model = body.get("model")
        if not model:
            return refusal(400, "you must provide a model parameter")
        match model.split():
            case ["status", status]:
                return refusal(int(status), f"It is a {status}.")
            case ["busy", status, after, times]:
                self.provider.times[model] += 1
                if self.provider.times[model] <= int(times):
                    return refusal(int(status), "Rate limit reached.", "rate_limit_exceeded", retry_after=after)
            case ["spent"]:
                return refusal(429, "You exceeded your current quota.", "insufficient_quota")
            case ["page", status]:
                return int(status), {"content-type": "text/html"}, PAGE
            case ["moved"]:
                return 307, {"location": "https://elsewhere.example/v1/chat/completions"}, b""
            case ["repeats"]:
                said = body["messages"][-1]["content"]
                return refusal(400, f"Invalid prompt: {said} (key {self.headers['authorization']})", "invalid_prompt")
            case ["details"]:
                return refusal(422, f"Field required in {json.dumps(body, ensure_ascii=False)}.")
            case ["gone"]:
                return _no_model(model)
        return completed(body) if path == "completions" else chatted(body)

    def _send(self, told: Answer) -> None:
        status, headers, body = told
        self.send_response(status)
        kind = {"content-type": "application/json", "x-request-id": f"req_{len(self.provider.requests)}"}
        for name, value in {**kind, **headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _no_model(name: str) -> Answer:
    told = f"The model `{name}` does not exist or you do not have access to it."
    return refusal(404, told, "model_not_found")


def completed(body: dict[str, Any]) -> Answer:
    if body["model"] != "completes":
        told = "This is a chat model and not supported in the v1/completions endpoint."
        return refusal(404, f"{told} Did you mean to use v1/chat/completions?", param="model")
    choice = {"index": 0, "text": " there was one.", "finish_reason": "stop", "logprobs": None}
    return answer(
        200, {"id": "cmpl-1", "object": "text_completion", "model": "completes", "choices": [choice], "usage": USAGE}
    )


def chatted(body: dict[str, Any]) -> Answer:
    if body["model"] == "thinks" and (told := unthinkable(body)):
        return told
    said, finish = f"You said: {body['messages'][-1]['content']}", "stop"
    match body["model"].split():
        case ["says", "tool_calls"]:
            said, finish = None, "tool_calls"
        case ["says", reason]:
            said, finish = "", reason
        case ["declines"]:
            return answer(200, {"choices": [{"message": {"content": None, "refusal": "I will not."}, **STOPPED}]})
        case ["large"]:
            said = "x" * (16 << 20)
        case ["parts"]:
            said = [{"type": "text", "text": "In "}, {"type": "text", "text": "parts"}]
    choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": finish}
    told = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": body["model"],
        "choices": [choice],
        "usage": USAGE,
    }
    return answer(200, told)


def unthinkable(body: dict[str, Any]) -> Answer | None:
    """What a reasoning model will not have."""
    if "max_tokens" in body:
        told = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        return refusal(400, told, "unsupported_parameter", "max_tokens")
    if body.get("temperature", 1) != 1:
        told = "Unsupported value: 'temperature' does not support this value with this model."
        return refusal(400, f"{told} Only the default (1) value is supported.", "unsupported_value", "temperature")
    if "stop" in body:
        told = "Unsupported parameter: 'stop' is not supported with this model."
        return refusal(400, told, "unsupported_parameter", "stop")
    return None


@contextmanager
def run_provider() -> Iterator[Provider]:
    """A provider until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        provider = Provider(f"http://127.0.0.1:{server.server_port}")
        server.RequestHandlerClass = type("Door", (Door,), {"provider": provider})
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield provider
        finally:
            server.shutdown()
