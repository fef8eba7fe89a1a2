# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One request to the hub or to a provider: its answer as JSON, or a fault that names the address and the fix."""

import ipaddress
import json
import time
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from .faults import Fault, _lt

CONNECT_S = 5.0
LARGEST = 8 * 1024 * 1024
"""An answer that is longer than this many bytes is not read to its end."""


class Answer(NamedTuple):
    """What came back: status, JSON (None where there is none), and the seconds to wait, where they are named."""

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

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.key:
            request.headers["Authorization"] = f"Bearer {self.key}"
        return request


class Patience(HTTPAdapter):
    """How long a connection may take, and each part of the answer.

    It is the adapter's and not each call's, as Odoo's own tests take a call's for one number.
    """

    def __init__(self, connect_s: float, read_s: float):
        super().__init__(max_retries=0)
        self.limits = (connect_s, read_s)

    def send(
        self, request: requests.PreparedRequest, stream=False, timeout=None, verify=True, cert=None, proxies=None
    ) -> requests.Response:
        return super().send(request, stream, self.limits, verify, cert, proxies)


def session(connect_s: float, read_s: float) -> requests.Session:
    """What makes one request, and is closed after it."""
    made = requests.Session()
    for scheme in ("http://", "https://"):
        made.mount(scheme, Patience(connect_s, read_s))
    return made


class Door:
    """An address with its key. Plain http is only spoken to this machine, unless that was confirmed."""

    def __init__(self, url: str, key: str, *, plain_http: bool = False):
        self.url = checked(url, plain_http=plain_http)
        self._key = sendable(key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def send(
        self, method: str, path: str, body: dict | None = None, *, read_s: float, connect_s: float = CONNECT_S
    ) -> Answer:
        """What came back. Raises `Fault`: no connection, no answer in time, one that is too long, or a redirect."""
        try:
            return self._sent(method, path, body, read_s=read_s, connect_s=connect_s)
        except requests.exceptions.SSLError as error:
            raise Fault(
                "tls",
                _lt("The certificate of %(url)s cannot be trusted."),
                _lt("Install a certificate that this server trusts, or correct the address."),
                url=self.url,
            ) from error
        except requests.exceptions.ConnectTimeout as error:
            raise self._unreachable() from error
        except requests.exceptions.Timeout as error:
            raise self._silent() from error
        except requests.exceptions.ChunkedEncodingError as error:
            raise self._cut() from error
        except requests.exceptions.ConnectionError as error:
            raise self._lost(str(error)) from error
        except (requests.exceptions.RequestException, UnicodeError) as error:
            raise self._unreachable() from error

    def _sent(self, method: str, path: str, body: dict | None, *, read_s: float, connect_s: float) -> Answer:
        until = time.monotonic() + connect_s + read_s
        headers = {"Accept": "application/json", "User-Agent": "ringmain-odoo"}
        with (
            session(connect_s, read_s) as line,
            line.request(
                method,
                self.url + path,
                json=body,
                auth=Bearer(self._key),
                headers=headers,
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            if response.is_redirect:
                raise Fault(
                    "redirect",
                    _lt("%(url)s sends on to another address, and a key is never sent along."),
                    _lt("Enter the address that it sends on to."),
                    url=self.url,
                )
            return Answer(response.status_code, self._json(response, until), seconds(response))

    def _json(self, response: requests.Response, until: float) -> object:
        read = bytearray()
        for piece in response.iter_content(65536):
            read += piece
            if len(read) > LARGEST:
                raise Fault(
                    "too_large", _lt("The answer of %(url)s is too long."), _lt("Check the address."), url=self.url
                )
            if time.monotonic() > until:
                raise self._silent()
        try:
            return json.loads(read)
        except ValueError:
            return None

    def _lost(self, said: str) -> Fault:
        """Which of its three meanings a `ConnectionError` of requests has; what was sent may have arrived in two."""
        if "Read timed out" in said:
            return self._silent()
        return self._cut() if "Connection aborted" in said else self._unreachable()

    def _cut(self) -> Fault:
        return Fault("cut", _lt("%(url)s hung up before it answered."), _lt("Try again in a moment."), url=self.url)

    def _unreachable(self) -> Fault:
        return Fault(
            "unreachable",
            _lt("Nothing answers at %(url)s."),
            _lt("Check the address, and that it is running and can be reached from this Odoo."),
            url=self.url,
        )

    def _silent(self) -> Fault:
        return Fault(
            "no_answer_in_time",
            _lt("%(url)s did not answer in time."),
            _lt("Try again in a moment."),
            url=self.url,
        )


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
            _lt("'%(url)s' is not an address."),
            _lt("Enter one such as https://ringmain.example.com."),
            url=without_user(url),
        )
    if parts.scheme == "http" and not loopback(host) and not plain_http:
        raise Fault(
            "plain_http",
            _lt("%(url)s is not encrypted: who listens on the way could read the key and the questions."),
            _lt("Enter an https address, or confirm plain http where the network between is your own."),
            url=url,
        )
    return url


def sendable(key: str) -> str:
    """The key, as a header can carry it. Raises `Fault` for one that no header can."""
    key = key.strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise Fault("invalid_key", _lt("What was entered is not a key."), _lt("Enter the key again."))
    return key


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
