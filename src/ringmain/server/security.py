"""Who may see what: policies, keys and the admin's token, the headers of every page."""

import hmac
import secrets
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from ringmain.errors import Refusal, SetupError
from ringmain.files import write_once
from ringmain.settings import Settings

TOKEN_FILE = "admin.token"  # noqa: S105
"""Beside the secret key's file: outside the data folder, as that one is."""


class Policy(Enum):
    """Who may use a route; every route has one."""

    PUBLIC = "public"
    HOST = "host"
    ADMIN = "admin"


PUBLIC, HOST, ADMIN = Policy.PUBLIC, Policy.HOST, Policy.ADMIN

PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not "no-referrer", under which browsers send forms with `Origin: null`.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


def bearer(headers: Mapping[str, str]) -> str:
    """The key of `Authorization: Bearer …`, the only place where one is looked for.

    Raises `Refusal("invalid_api_key")` where there is none.
    """
    scheme, _, key = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Refusal(
            "invalid_api_key",
            "No key was sent.",
            fix="Send the account's key as `Authorization: Bearer KEY`; `ringmain hosts add` makes one.",
        )
    return key.strip()


def sends_bearer(headers: Mapping[str, str]) -> bool:
    """Whether a bearer is sent, right or wrong."""
    return headers.get("authorization", "").strip().partition(" ")[0].lower() == "bearer"


def check_token(headers: Mapping[str, str], token: str) -> None:
    """Nothing, where the bearer is the admin's token. Raises `Refusal("not_signed_in")`."""
    given = headers.get("authorization", "").strip().partition(" ")[2].strip()
    right = hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())
    if not token or not given or not right or not sends_bearer(headers):
        raise Refusal(
            "not_signed_in",
            "This is not the admin's token.",
            fix="Send it as `Authorization: Bearer TOKEN`; `ringmain up` says where it lies.",
        )


def token_place(settings: Settings) -> str:
    """Where the admin's token is to be found: the variable, or the file."""
    if settings.admin_token:
        return settings.sources.get("admin_token", "RINGMAIN_ADMIN_TOKEN")
    return str(_file(settings))


def admin_token(settings: Settings) -> str:
    """The admin's token: the one that is set, else that of the file, which is made where it is missing.

    Raises `SetupError("invalid_setting")` where the file cannot be read or made.
    """
    if settings.admin_token:
        return settings.admin_token.reveal()
    file = _file(settings)
    try:
        token = _make(file)
    except OSError as e:
        raise _unusable(file, f"cannot be used: {e.strerror}") from e
    if not token:
        raise _unusable(file, "is empty")
    return token


def _file(settings: Settings) -> Path:
    return settings.secret_file.with_name(TOKEN_FILE)


def _make(file: Path) -> str:
    """What the file holds, after it was made where it is missing."""
    if not file.exists():
        write_once(file, f"{secrets.token_urlsafe(32)}\n")
    return file.read_text("ascii", "replace").strip()


def _unusable(file: Path, why: str) -> SetupError:
    return SetupError(
        "invalid_setting",
        f"The admin token's file {file} {why}.",
        fix="Remove it or make its folder writable, or set RINGMAIN_ADMIN_TOKEN.",
    )
