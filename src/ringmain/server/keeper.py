"""Who is the admin: the one-time link, the password, the sessions, the admin's token."""

import asyncio
import secrets

from starlette.requests import Request
from starlette.responses import Response

from ringmain.errors import AskError, Refusal
from ringmain.ring import Ring
from ringmain.server.passwords import Passwords, check_new
from ringmain.server.security import check_token, sends_bearer
from ringmain.server.tries import Tries
from ringmain.store import Pass
from ringmain.store.hostkeys import digest

LIFE = 12 * 3600
"""Seconds that a session lasts."""

ADMIN_ACCOUNT = "admin"


class Keeper:
    """Opens and ends the admin's sessions, and knows them again."""

    def __init__(self, ring: Ring, token: str, *, secure: bool) -> None:
        self._ring = ring
        self._token = token
        self._secure = secure
        self.cookie = "__Host-ringmain" if secure else "ringmain"
        self.passwords = Passwords()
        self._tries = Tries(lambda: ring.clock())

    # who asks ------------------------------------------------------------------------------------------------------

    async def check_admin(self, request: Request) -> None:
        """Nothing, where the admin asks: by token where a bearer is sent, else by session.

        Raises `Refusal("not_signed_in")`.
        """
        # Of two, neither counts.
        said = {"authorization": ", ".join(request.headers.getlist("authorization"))}
        if sends_bearer(said):
            check_token(said, self._token)
        elif not await self._in_session(request):
            raise Refusal(
                "not_signed_in",
                "This is the admin's.",
                fix="Sign in at /sign-in, or send the admin token as `Authorization: Bearer TOKEN`.",
            )

    async def is_admin(self, request: Request) -> bool:
        """Whether the admin asks, for pages that show more to them."""
        try:
            await self.check_admin(request)
        except Refusal:
            return False
        return True

    async def _in_session(self, request: Request) -> bool:
        token = request.cookies.get(self.cookie)
        return bool(token) and await asyncio.to_thread(self._ring.store.has_session, digest(token), self._ring.now())

    # the password --------------------------------------------------------------------------------------------------

    async def has_password(self) -> bool:
        """Whether one was set."""
        return await asyncio.to_thread(self._ring.store.password) is not None

    async def check_link(self, token: str) -> None:
        """Nothing, where the one-time link is good. Raises `AskError("link_spent")`."""
        if not await asyncio.to_thread(self._ring.store.has_link, digest(token), self._ring.now()):
            raise _spent()

    async def set_password(self, link: str, password: str, again: str) -> str:
        """The token of a session, after the password was replaced and all other sessions were ended.

        Raises `AskError`: `link_spent`, `weak_password`; `HubError("hub_overloaded")`.
        """
        await self.check_link(link)
        check_new(password, again)
        hashed = await self.passwords.hash(password)
        store, now = self._ring.store, self._ring.now()
        if not await asyncio.to_thread(lambda: store.set_password(hashed, link=digest(link), now=now)):
            raise _spent()
        return await self._open(hashed)

    async def sign_in(self, address: str, password: str) -> str:
        """The token of a session.

        Raises `Refusal`: `wrong_password`, `too_many_tries`; `HubError("hub_overloaded")`.
        """
        self._tries.count(address, ADMIN_ACCOUNT)
        hashed = await asyncio.to_thread(self._ring.store.password)
        if hashed is None or not await self.passwords.right(password, hashed):
            raise _wrong()
        token = await self._open(hashed)
        self._tries.forgive(address, ADMIN_ACCOUNT)
        return token

    async def _open(self, hashed: str) -> str:
        token, now = secrets.token_urlsafe(32), self._ring.now()
        session = Pass(digest=digest(token), created=now, expires=now + LIFE * 1000)
        if not await asyncio.to_thread(lambda: self._ring.store.add_session(session, password=hashed)):
            raise _wrong()
        return token

    # sessions ------------------------------------------------------------------------------------------------------

    async def end_session(self, request: Request) -> None:
        """End the session that the request came with, where there is one."""
        token = request.cookies.get(self.cookie)
        if token:
            await asyncio.to_thread(self._ring.store.end_session, digest(token))

    def hand_over(self, response: Response, token: str) -> None:
        """Give the browser its session."""
        response.set_cookie(
            self.cookie, token, max_age=LIFE, path="/", secure=self._secure, httponly=True, samesite="lax"
        )

    def take_back(self, response: Response) -> None:
        """Let the browser forget its session."""
        response.delete_cookie(self.cookie, path="/", secure=self._secure, httponly=True, samesite="lax")


def _spent() -> AskError:
    return AskError(
        "link_spent",
        "This link was used, has expired or is not whole.",
        fix="`ringmain password`, on the hub's machine, prints a new one.",
    )


def _wrong() -> Refusal:
    return Refusal("wrong_password", "That is not the password.", fix="Try again.")
