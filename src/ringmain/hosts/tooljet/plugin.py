"""The plugin's four files, and the names that files of a marketplace have."""

import io
import re
import zipfile
from functools import cache
from importlib import resources

from ringmain.errors import AskError
from ringmain.hosts import Passed
from ringmain.hosts.tooljet import FILES, KIND

NAME = re.compile(
    r"([\w-]{1,64})/(?:dist/index\.js|lib/[\w-]{1,64}\.(?:json|svg)|openapi-specs/[\w-]{1,64}\.(?:json|yaml))", re.A
)
"""A plugin's id, and a file of it."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The same archive of the same files, whenever it is made."""

READABLE = 0o644 << 16
"""Whoever serves may be another user than the one that unpacks."""

CAREFUL = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
"""A picture that is opened by itself is a page of the hub's address, and must not act as one."""

# Code is given as a text: ToolJet's server does not mind, and no page of the hub's address can run it.
TYPES = {"js": "text/plain; charset=utf-8", "svg": "image/svg+xml", "json": "application/json", "yaml": "text/plain"}


def head(path: str) -> dict[str, str]:
    """The headers under which a file of a plugin is given."""
    return {"content-type": TYPES[path.rpartition(".")[2]], "cache-control": "max-age=300", **CAREFUL}


def file(name: str) -> bytes:
    """One of the plugin's files."""
    return resources.files("ringmain.hosts.tooljet").joinpath("inside", *name.split("/")).read_bytes()


@cache
def archive() -> bytes:
    """The plugin as it lies in a folder of plugins."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in FILES:
            entry = zipfile.ZipInfo(f"{KIND}/{name}", EPOCH)
            entry.external_attr = READABLE
            zipped.writestr(entry, file(name), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def others(name: str) -> Passed:
    """A file of another plugin, as it lies below the address of a marketplace.

    Raises `AskError("not_found")` for what is no such name, and for this plugin's, of which nobody else has files.
    """
    found = NAME.fullmatch(name)
    if not found or found[1].lower() == KIND:
        raise AskError("not_found", "No plugin has a file of this name.", fix="For example openai/lib/manifest.json.")
    return Passed(path=f"marketplace-assets/{name}", headers=head(name))
