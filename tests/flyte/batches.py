"""A provider's Files and Batch API over real sockets, in a process of its own.

What a batch plays stands in its metadata: `play` has a word for each round that ringmain asks, and without one a batch
completes. A row whose text is `status 400` is refused, one of `status 503` fails in the first round.

What it does as OpenAI's does, or as people have met it:

- answers stand in the output file in another order than the requests, and name a dated snapshot of the model;
- rows that expired stand in the error file as `batch_expired` (`expire`), or nowhere (`silent`);
- a batch may fail after it was accepted: a line that is not valid (`invalid`), a key that is shown (`leaking`), no
  room for its tokens (`crowded`), a custom_id twice, a line for another endpoint; or be refused at once (`refused`,
  `busy`, `swamped`);
- it may be completed with nothing in it (`empty`: all refused, `nothing`: no file at all);
- looking may fail although nothing is wrong with the batch (`stumble`: once a 500, `keyless`: once a 401);
- a status may be one that nobody knows yet (`odd`);
- to cancel takes a while, and keeps what was answered (`forever` never ends by itself);
- a batch may be made although its answer is lost on the way (`lost`);
- files may be gone when they are asked for (`gone`);
- metadata takes 16 texts of 512 characters, and a list has 100 batches a page, the youngest first.
"""

import itertools
import json
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

KEY = "sk-test"
LOCAL = "127.0.0.1"
ROOT = Path(__file__).parent.parent.parent

Body = dict[str, Any]

numbers = itertools.count(1)
lock = threading.RLock()
files: dict[str, bytes] = {}
born: dict[str, int] = {}
batches: dict[str, Body] = {}
looked: dict[str, int] = {}
seen: list[str] = []
lists = True


TAKEN = ("input_file_id", "endpoint", "completion_window", "metadata")

DROPPED = 0
"""The status of an answer that never comes."""


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def new_file(content: bytes) -> str:
    id = f"file-{next(numbers):04d}"
    files[id] = content
    born[id] = now()
    return id


def file_object(id: str) -> Body:
    held = held_file(id)
    return {
        "id": id,
        "object": "file",
        "bytes": len(held),
        "created_at": born[id],
        "filename": "rows.jsonl",
        "purpose": "batch",
        "status": "processed",
    }


def held_file(id: str) -> bytes:
    if id not in files:
        raise Refused(404, f"No such File object: {id}")
    return files[id]


def create(body: Body) -> Body:
    held_file(body["input_file_id"])
    metadata = body.get("metadata") or {}
    if len(metadata) > 16 or not all(isinstance(value, str) and len(value) <= 512 for value in metadata.values()):
        raise Refused(400, "Invalid 'metadata'.")
    if plays(metadata) == "swamped" or (plays(metadata) == "busy" and not looked.get(body["input_file_id"])):
        looked[body["input_file_id"]] = 1
        raise Refused(429, "Rate limit reached.")
    if plays(metadata) == "refused":
        raise Refused(400, "This batch is not wanted.")
    id = f"batch_{next(numbers):04d}"
    batches[id] = {
        "id": id,
        "object": "batch",
        "endpoint": body["endpoint"],
        "errors": None,
        "input_file_id": body["input_file_id"],
        "completion_window": body["completion_window"],
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": now(),
        "expires_at": now() + 86_400,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "metadata": metadata,
        **{name: value for name, value in body.items() if name not in TAKEN},
    }
    if plays(metadata) == "lost":
        raise Refused(DROPPED, "")
    return batches[id]


def plays(metadata: Body) -> str:
    words = metadata.get("play", "complete").split()
    at = int(metadata.get("ringmain_round", 0))
    return words[at] if at < len(words) else "complete"


def retrieve(id: str) -> Body:
    if id not in batches:
        raise Refused(404, f"No batch found with id '{id}'.")
    batch, play = batches[id], plays(batches[id]["metadata"])
    looked[id] = times = looked.get(id, 0) + 1
    if (play, times) == ("stumble", 2):
        raise Refused(500, "It is a 500.")
    if (play, times) == ("keyless", 2):
        raise Refused(401, "Incorrect API key provided.")
    advance(batch, play, times)
    return batch


def advance(batch: Body, play: str, times: int) -> None:
    """Each look finds it one step further."""
    if batch["status"] == "cancelling":
        end(batch, "cancelled", answered=2)
    elif batch["status"] in ("completed", "failed", "expired", "cancelled"):
        return
    elif times == 1:
        begin(batch, play)
    elif play == "forever" or (play == "stumble" and times == 3):
        return
    elif play == "odd" and times == 2:
        batch["status"] = "paused"
    else:
        finish(batch, play)


def rows(batch: Body) -> list[Body]:
    return [json.loads(line) for line in files[batch["input_file_id"]].splitlines()]


def begin(batch: Body, play: str) -> None:
    asked = rows(batch)
    faults = {
        "invalid": ("invalid_json_line", "This line is not parseable as valid JSON."),
        "leaking": ("invalid_key", f"Incorrect API key provided: {KEY}."),
        "crowded": ("token_limit_exceeded", "Enqueued token limit reached for gpt-4o-mini. Please try again later."),
    }
    if len({row["custom_id"] for row in asked}) < len(asked):
        play = "invalid"
        faults["invalid"] = ("duplicate_custom_id", "The custom_id for this request is a duplicate.")
    if any(row["url"] != batch["endpoint"] for row in asked):
        play = "invalid"
        faults["invalid"] = ("invalid_url", "The URL provided for this request does not match the batch endpoint.")
    if play in faults:
        code, message = faults[play]
        said = [{"code": code, "message": message, "line": line, "param": None} for line in (1, 3)]
        batch |= {"status": "failed", "failed_at": now(), "errors": {"object": "list", "data": said}}
        return
    batch["request_counts"]["total"] = len(asked)
    batch["status"] = "in_progress"


def now() -> int:
    return int(time.time())


def finish(batch: Body, play: str) -> None:
    match play:
        case "expire" | "silent":
            end(batch, "expired", answered=len(rows(batch)) // 2, quiet=play == "silent")
        case "empty":
            end(batch, "completed", answered=0, refused=True)
        case "nothing":
            batch |= {"status": "completed", "completed_at": now()}
            batch["request_counts"] = {"total": 0, "completed": 0, "failed": 0}
        case _:
            end(batch, "completed", answered=len(rows(batch)))
    if play == "gone":
        for id in (batch["output_file_id"], batch["error_file_id"]):
            files.pop(id, None)


def end(batch: Body, status: str, *, answered: int, quiet: bool = False, refused: bool = False) -> None:
    """Write what was answered, the last first, and what is said of the rest."""
    good, bad = [], []
    for at, row in enumerate(rows(batch)):
        said = text_of(row["body"])
        again = said.startswith("status 503") and batch["metadata"].get("ringmain_round", "0") == "0"
        if refused or said.startswith("status 400"):
            also = KEY if said.endswith("with the key") else at
            bad.append(told(row, 400, {"error": {"message": f"It is a 400: {also}.", "code": "bad"}}))
        elif again:
            bad.append(told(row, 503, {"error": {"message": "It is a 503.", "code": "overloaded"}}))
        elif at < answered:
            good.append(told(row, 200, completion(row["body"], said)))
        elif not quiet:
            message = "This request could not be executed before the completion window expired."
            code = "batch_expired" if status == "expired" else "batch_cancelled"
            bad.append({**told(row, 0, {}), "response": None, "error": {"code": code, "message": message}})
    batch["request_counts"] |= {"completed": len(good), "failed": len(bad)}
    batch["output_file_id"] = written(good[::-1])
    batch["error_file_id"] = written(bad)
    batch |= {"status": status, f"{status}_at": now() + 60}


def written(lines: list[Body]) -> str | None:
    return new_file(b"".join(json.dumps(line).encode() + b"\n" for line in lines)) if lines else None


def told(row: Body, status: int, body: Body) -> Body:
    response = {"status_code": status, "request_id": f"req_{next(numbers)}", "body": body}
    return {"id": f"batch_req_{next(numbers)}", "custom_id": row["custom_id"], "response": response, "error": None}


def text_of(body: Body) -> str:
    return str(body["messages"][-1]["content"]) if "messages" in body else str(body.get("input", body.get("prompt")))


def completion(body: Body, said: str) -> Body:
    message = {"role": "assistant", "content": f"You said: {said}", "refusal": None}
    return {
        "id": f"chatcmpl-{next(numbers)}",
        "object": "chat.completion",
        "created": now(),
        "model": f"{body['model']}-2026-07-18",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


def listed(query: str) -> Body:
    if not lists:
        raise Refused(404, "Not Found")
    young = sorted(batches.values(), key=lambda batch: batch["id"], reverse=True)
    after = re.search(r"after=([^&]+)", query)
    if after:
        young = [batch for batch in young if batch["id"] < after[1]]
    page = young[:100]
    ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {}
    return {"object": "list", "data": page, "has_more": len(young) > 100, **ends}


def cancel(id: str) -> Body:
    batch = batches[id]
    if batch["status"] in ("completed", "failed", "expired", "cancelled"):
        raise Refused(409, f"Cannot cancel a batch with status '{batch['status']}'.")
    batch |= {"status": "cancelling", "cancelling_at": now()}
    return batch


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.serve()

    def do_POST(self) -> None:
        self.serve()

    def log_message(self, *_: Any) -> None:
        pass

    def serve(self) -> None:
        data = self.rfile.read(int(self.headers.get("content-length") or 0))
        path, _, query = self.path.partition("?")
        with lock:
            try:
                self.told(200, self.answer(self.command, path.removeprefix("/v1").removeprefix("/second"), query, data))
            except Refused as error:
                if error.status == DROPPED:
                    self.close_connection = True
                    return
                told = {"error": {"message": str(error), "type": "invalid_request_error", "param": None, "code": None}}
                self.told(error.status, told)

    def answer(self, method: str, path: str, query: str, data: bytes) -> Body | bytes:
        if path == "/seen":
            return {"calls": seen, "batches": list(batches.values())}
        if path.startswith("/odd/"):
            return b"<html>not an API</html>"
        if path == "/lists":
            globals()["lists"] = query == "yes"
            return {}
        seen.append(f"{method} {path}")
        if self.headers.get("authorization") != f"Bearer {KEY}":
            raise Refused(401, "Incorrect API key provided.")
        match (method, *path.strip("/").split("/")):
            case ("POST", "files"):
                return file_object(new_file(self.uploaded(data)))
            case ("GET", "files", id):
                return file_object(id)
            case ("GET", "files", id, "content"):
                return held_file(id)
            case ("POST", "batches"):
                return create(json.loads(data))
            case ("GET", "batches"):
                return listed(query)
            case ("GET", "batches", id):
                return retrieve(id)
            case ("POST", "batches", id, "cancel"):
                return cancel(id)
        raise Refused(404, f"There is no {path}.")

    def uploaded(self, data: bytes) -> bytes:
        boundary = b"--" + self.headers["content-type"].partition("boundary=")[2].encode()
        parts = {
            re.findall(rb'name="(\w+)"', part)[0]: part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
            for part in data.split(boundary)
            if b'name="' in part
        }
        if parts[b"purpose"] != b"batch":
            raise Refused(400, "The purpose must be batch.")
        return parts[b"file"]

    def told(self, status: int, body: Body | bytes) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """Lets a job's files come all at once, of which the library would let five wait."""

    daemon_threads = True
    request_queue_size = 256


class Batches:
    """A provider that runs."""

    def __init__(self, port: int) -> None:
        self._at = f"http://{LOCAL}:{port}"
        self.base_url = f"{self._at}/v1"

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self._at}/{path}") as response:
            return json.load(response)

    @property
    def calls(self) -> list[str]:
        """All that was asked so far: method and path."""
        return self._get("seen")["calls"]

    def made(self, **metadata: str) -> list[Body]:
        """The batches with this in their metadata, the oldest first."""
        held = self._get("seen")["batches"]
        return [batch for batch in held if metadata.items() <= batch["metadata"].items()]

    def lines(self, file: str) -> list[Body]:
        """What stands in a file."""
        request = urllib.request.Request(
            f"{self.base_url}/files/{file}/content", headers={"authorization": f"Bearer {KEY}"}
        )
        with urllib.request.urlopen(request) as response:
            return [json.loads(line) for line in response.read().splitlines()]

    def upload(self, *texts: str) -> str:
        """The id of a file with a chat for each text."""
        return self.add(
            *(
                {
                    "custom_id": f"id-{at}",
                    "method": "POST",
                    "url": "/v1/chat/completions",
                    "body": {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]},
                }
                for at, text in enumerate(texts)
            )
        )

    def add(self, *rows: Body) -> str:
        """The id of a file with these lines."""
        content = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        form = (
            b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--b\r\n'
            b'Content-Disposition: form-data; name="file"; filename="rows.jsonl"\r\n\r\n' + content + b"\r\n--b--\r\n"
        )
        headers = {"authorization": f"Bearer {KEY}", "content-type": "multipart/form-data; boundary=b"}
        with urllib.request.urlopen(urllib.request.Request(f"{self.base_url}/files", form, headers)) as response:
            return json.load(response)["id"]

    def list_batches(self, yes: bool) -> None:
        """Whether the provider lists batches from now on."""
        self._get(f"lists?{'yes' if yes else 'no'}")


@contextmanager
def run_batches() -> Iterator[Batches]:
    command = [sys.executable, "-m", "tests.flyte.batches"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield Batches(int(process.stdout.readline()))
        finally:
            process.stdin.close()


if __name__ == "__main__":
    server = Server((LOCAL, 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
