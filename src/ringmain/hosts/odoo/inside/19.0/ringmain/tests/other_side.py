# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The other side of the connection on a real socket of this machine: a hub by its contract, or a provider."""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "rm-key-that-must-not-be-found"
MODELS = [
    {
        "id": "gpt-4o-mini",
        "modes": ["chat"],
        "context_window": 128000,
        "input_price": "0.15",
        "output_price": "0.60",
        "retires": None,
        "default": True,
    },
    {
        "id": "gpt-3.5-turbo-instruct",
        "modes": ["completion"],
        "context_window": 4096,
        "input_price": "1.50",
        "output_price": "2.00",
        "retires": "2027-09-28",
        "default": False,
    },
    {"id": "text-embedding-3-small", "modes": [], "context_window": 8191, "default": False},
    {"id": "whisper-1", "modes": [], "default": False},
]


class OtherSide(ThreadingHTTPServer):
    """A server on a port of its own.

    `calls` are what it received; `answers` what it says on a path in place of its own: a status, a body and headers,
    or a list of these, one a call. `pauses` are the seconds that it takes on a path.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.calls = []
        self.answers = {}
        self.pauses = {}
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self):
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self._answer()

    def do_POST(self):
        self._answer()

    def _answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.calls.append((self.command, self.path, body))
        status, reply, *headers = self._reply()
        time.sleep(self.server.pauses.get(self.path, 0))
        said = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        self.send_response(status)
        for name, value in dict(*headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            # Who waited for less than a pause is gone by now.
            self.wfile.write(said)

    def _reply(self):
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return 401, {"error": {"code": "invalid_api_key", "sentence": "No such key.", "fix": "", "fault": "admin"}}
        if self.path in self.server.answers:
            given = self.server.answers[self.path]
            return given.pop(0) if isinstance(given, list) else given
        return {
            "/hosts/odoo/models": (200, MODELS),
            "/hosts/odoo/check": (200, {"ok": True, "checks": [], "callback": "reachable"}),
            "/v1/models": (200, {"object": "list", "data": [{"id": model["id"]} for model in MODELS]}),
        }.get(self.path, (404, {"error": {"code": "not_found", "sentence": "Nothing here.", "fix": ""}}))

    def log_message(self, *args):
        pass
