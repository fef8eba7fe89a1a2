"""What the admin takes away: what to fill in under Settings → ringmain, and the addon."""

import io
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from ringmain.exchange.account import Account
from ringmain.hosts import File, HostReply

SERIES = "19.0"

LEFT_OUT = frozenset({"__pycache__", "tests"})
"""What runs in nobody's Odoo."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The same archive of the same files, whenever it is made."""

READABLE = 0o644 << 16
"""Odoo mostly serves as another user than the one that unpacks."""


def pack(account: Account, *, url: str, key: str) -> tuple[File, ...]:
    """The settings for this account, and those of OCA's bridge."""
    base = url.rstrip("/")
    return (
        File(name="settings.txt", title="Settings → ringmain", text=_settings(base, key)),
        File(name="oca-bridge.txt", title="OCA's AI bridge, without the addon", text=_bridge(base, key)),
    )


def _settings(base: str, key: str) -> str:
    return (
        f"Addon       {base}/hosts/odoo/ringmain-{SERIES}.zip\n"
        f"Connection  ringmain hub\n"
        f"Address     {base}\n"
        f"Key         {key}\n"
    )


def _bridge(base: str, key: str) -> str:
    return (
        f"URL             {base}/hosts/odoo/oca\n"
        f"Authentication  Token\n"
        f"Token           {key}\n"
        f"Payload         Chatter, or Record\n"
        f"Result type     Message\n"
        f"Result kind     Asynchronous\n"
    )


def served(path: str, *, url: str) -> HostReply:
    """The addon as an archive that unpacks into Odoo's addons folder."""
    head = {"content-type": "application/zip", "content-disposition": f'attachment; filename="ringmain-{SERIES}.zip"'}
    return HostReply(headers=head, body=_addon())


@cache
def _addon() -> bytes:
    root = resources.files("ringmain.hosts.odoo").joinpath("inside", SERIES, "ringmain")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _files(root, "ringmain"):
            file = zipfile.ZipInfo(name, EPOCH)
            file.external_attr = READABLE
            archive.writestr(file, data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _files(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.name in LEFT_OUT:
            continue
        if item.is_dir():
            yield from _files(item, f"{name}/{item.name}")
        else:
            yield f"{name}/{item.name}", item.read_bytes()
