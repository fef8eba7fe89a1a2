"""A browser without a screen: it keeps its cookie and says where its forms come from."""

from collections.abc import Mapping
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from ringmain.admin.link import new_link
from tests.hubs import Answered, Served

PASSWORD = "canary correct horse"


class Visitor:
    """Somebody at a hub's pages."""

    def __init__(self, hub: Served, *, cookies: Mapping[str, str] | None = None) -> None:
        self.hub = hub
        self.cookies = dict(cookies or {})

    def get(self, path: str) -> Answered:
        """The page at a path."""
        return self._call("GET", path)

    def post(self, path: str, *, origin: str | None = None, **fields: str) -> Answered:
        """What comes of a form."""
        headers = {"origin": origin or self.hub.url, "content-type": "application/x-www-form-urlencoded"}
        return self._call("POST", path, urlencode(fields).encode(), headers)

    def _call(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answered:
        sent = {"accept": "text/html", **(headers or {})}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answered = self.hub.call(method, path, body, key="", headers=sent)
        for name, morsel in SimpleCookie(answered.headers.get("set-cookie", "")).items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
        return answered

    def set_password(self, password: str = PASSWORD) -> Answered:
        """Use a new one-time link."""
        return self.post(link_of(self.hub), password=password, again=password)

    def sign_in(self, password: str = PASSWORD) -> Answered:
        """Send the form of sign-in."""
        return self.post("/sign-in", password=password)

    @property
    def signed_in(self) -> bool:
        """Whether the admin's pages open."""
        return self.get("/metrics").status == 200


def link_of(hub: Served) -> str:
    """The path of a new one-time link."""
    return urlsplit(new_link(hub.ring, hub.url)).path
