# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is at the other end of the wire in these tests: the contract of a hub, and of a provider, on a real socket.

It is no model of Odoo, and it decides nothing: it keeps what it is sent, and answers what a test has laid ready.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DONE = {
    "state": "done",
    "text": "**Sales** → New",
    "format": "markdown",
    "model": "gpt-test",
    "mode": "chat",
    "usage": {"input_tokens": 31, "output_tokens": 212},
    "cost": "0.00041",
    "currency": "USD",
    "notices": [],
}
CHAT = {
    "model": "gpt-test",
    "choices": [{"message": {"role": "assistant", "content": "**Sales** → New"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 31, "completion_tokens": 212},
}


class StandIn(ThreadingHTTPServer):
    """`asked` holds what arrived, `calls` how often a provider would have been called."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.looked, self.calls, self.known = [], [], 0, {}
        self.reply, self.status, self.delay_s, self.headers, self.most_at_once = DONE, 200, 0.0, {}, 0
        self._at_once, self._lock = 0, threading.Lock()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer_ask(self, body):
        """What a hub answers: the same question again gets the state it has, and calls no provider again."""
        with self._lock:
            self.asked.append(body)
            again = body["ask"] in self.known
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        time.sleep(self.delay_s)
        with self._lock:
            self._at_once -= 1
        if self.status >= 300:
            return self.status, self.reply
        if not again:
            self.calls += 1
            reply = self.reply(body) if callable(self.reply) else self.reply
            self.known[body["ask"]] = reply | {"ask": body["ask"]}
        if body["deliver"]["how"] == "callback":
            return 202, {"ask": body["ask"], "state": "accepted"}
        return 200, self.known[body["ask"]]

    def answer_look(self, ask):
        self.looked.append(ask)
        known = self.known.get(ask)
        return (200, known) if known else (404, {"error": {"code": "not_found", "sentence": "Unknown.", "fix": ""}})

    def answer_provider(self, body):
        self.asked.append(body)
        self.calls += 1
        time.sleep(self.delay_s)
        return self.status, self.reply


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        ask = self.server.answer_ask if self.path == "/hosts/odoo/asks" else self.server.answer_provider
        self._send(*ask(body))

    def do_GET(self):
        self._send(*self.server.answer_look(self.path.rpartition("/")[2]))

    def _send(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **self.server.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        """The tests' output stays theirs."""
