# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One request to the hub or to a provider: its answer as JSON, or a fault that names the address and the fix."""

import ipaddress
import json
import time
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from .faults import Fault

CONNECT_S = 5.0
LARGEST = 8 * 1024 * 1024
"""An answer that is longer than this many bytes is not read to its end."""


class Answer(NamedTuple):
    """What came back: the status, the JSON (None where there is none), and the seconds to wait, where they are named."""

    status: int
    body: object
    retry_after: float | None

    @property
    def fields(self) -> dict:
        """The JSON where it is an object, else nothing."""
        return self.body if isinstance(self.body, dict) else {}


class Bearer(AuthBase):
    """The key as a header; as an `auth`, so that no `.netrc` of the server takes its place."""

    def __init__(self, key: str):
        self.key = key

    def __call__(self, request):
        if self.key:
            request.headers["Authorization"] = f"Bearer {self.key}"
        return request


class Door:
    """An address with its key. Plain http is only spoken to this machine, unless that was confirmed."""

    def __init__(self, url: str, key: str, *, plain_http: bool = False):
        self.url = checked(url, plain_http=plain_http)
        self._key = key

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def send(self, method: str, path: str, body: dict | None = None, *, read_s: float, connect_s: float = CONNECT_S):
        """The `Answer`. Raises `Fault`: no connection, no answer in time, no JSON, or a redirect."""
        try:
            return self._sent(method, path, body, read_s=read_s, connect_s=connect_s)
        except requests.exceptions.SSLError as error:
            raise Fault(
                "tls",
                f"The certificate of {self.url} cannot be trusted.",
                "Install a certificate that this server trusts, or correct the address.",
            ) from error
        except (requests.exceptions.ReadTimeout, requests.exceptions.ChunkedEncodingError) as error:
            raise self._silent() from error
        except requests.exceptions.ConnectionError as error:
            # A read that times out within the body comes as a ConnectionError too.
            raise (self._silent() if "Read timed out" in str(error) else self._unreachable()) from error
        except (requests.exceptions.RequestException, UnicodeError) as error:
            raise self._unreachable() from error

    def _sent(self, method: str, path: str, body: dict | None, *, read_s: float, connect_s: float) -> Answer:
        until = time.monotonic() + connect_s + read_s
        with requests.request(
            method,
            self.url + path,
            json=body,
            auth=Bearer(self._key),
            headers={"Accept": "application/json", "User-Agent": "ringmain-odoo"},
            timeout=(connect_s, read_s),
            allow_redirects=False,
            stream=True,
        ) as response:
            if response.is_redirect:
                raise Fault(
                    "redirect",
                    f"{self.url} sends on to another address, and a key is never sent along.",
                    "Enter the address that it sends on to.",
                )
            return Answer(response.status_code, self._json(response, until), seconds(response))

    def _json(self, response: requests.Response, until: float) -> object:
        read = bytearray()
        for piece in response.iter_content(65536):
            read += piece
            if len(read) > LARGEST:
                raise Fault("too_large", f"The answer of {self.url} is too long.", "Check the address.")
            if time.monotonic() > until:
                raise self._silent()
        try:
            return json.loads(read)
        except ValueError:
            return None

    def _unreachable(self) -> Fault:
        return Fault(
            "unreachable",
            f"Nothing answers at {self.url}.",
            "Check the address, and that it is running and can be reached from this Odoo.",
        )

    def _silent(self) -> Fault:
        return Fault("no_answer_in_time", f"{self.url} did not answer in time.", "Try again in a moment.")


def checked(url: str, *, plain_http: bool = False) -> str:
    """The address without a slash at its end. Raises `Fault` for one that must not be sent a key."""
    url = (url or "").strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
        raise Fault(
            "invalid_address",
            f"'{without_user(url)}' is not an address.",
            "Enter one such as https://ringmain.example.com.",
        )
    if parts.scheme == "http" and not loopback(host) and not plain_http:
        raise Fault(
            "plain_http",
            f"{url} is not encrypted: who listens on the way could read the key and the questions.",
            "Enter an https address, or confirm plain http where the network between is your own.",
        )
    return url


def without_user(url: str) -> str:
    """An address without what may be a password within it."""
    head, at, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://{tail}" if at else url


def loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def seconds(response: requests.Response) -> float | None:
    """What `Retry-After` says, where it says it in seconds."""
    try:
        return max(0.0, float(response.headers.get("Retry-After", "")))
    except ValueError:
        return None
