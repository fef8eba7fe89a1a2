"""Forms of several parts (multipart/form-data, RFC 7578), written and read."""

import re
from collections.abc import Iterable

import msgspec

MOST_PARTS = 100
LONGEST_HEAD = 4096
"""Bytes of one part's headers."""

_BOUNDARY = re.compile(r"""multipart/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s";,]{1,70}))""", re.I)
_NAME = re.compile(r';\s*name="([^"\r\n]*)"', re.I)
_FILE = re.compile(r';\s*filename="([^"\r\n]*)"', re.I)
_ESCAPES = {'"': "%22", "\r": "%0D", "\n": "%0A"}


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a form, or a file where it has a file's name."""

    name: str
    data: bytes
    file: str | None = None
    type: str = ""


def written(parts: Iterable[Part], boundary: str) -> bytes:
    """The form's bytes; the boundary must stand in no part."""
    lines = list[bytes]()
    for part in parts:
        file = "" if part.file is None else f'; filename="{_escaped(part.file)}"'
        kind = f"\r\nContent-Type: {part.type}" if part.type else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_escaped(part.name)}"{file}{kind}\r\n\r\n'
        lines += [head.encode(), part.data, b"\r\n"]
    return b"".join([*lines, f"--{boundary}--\r\n".encode()])


def _escaped(name: str) -> str:
    """A name as browsers write it, so that none can add a header of its own."""
    return "".join(_ESCAPES.get(letter, letter) for letter in name)


def _unescaped(name: str) -> str:
    for letter, escape in _ESCAPES.items():
        name = name.replace(escape, letter)
    return name


def read(content_type: str, body: bytes) -> tuple[Part, ...]:
    """The parts of a form.

    Raises `ValueError` with a sentence for what is none, has too many parts, or is not whole.
    """
    boundary = _BOUNDARY.match(content_type.strip())
    if not boundary:
        raise ValueError("The body must be multipart/form-data with a boundary.")
    delimiter = b"\r\n--" + (boundary[1] or boundary[2]).encode("latin-1", "replace")
    before, *parts = (b"\r\n" + body).split(delimiter, MOST_PARTS + 1)
    if len(parts) > MOST_PARTS:
        raise ValueError(f"A form may have at most {MOST_PARTS} parts.")
    if before.strip() or not parts or not parts[-1].startswith(b"--"):
        raise ValueError("The form does not begin and end with its boundary.")
    return tuple(_part(part) for part in parts[:-1])


def _part(data: bytes) -> Part:
    head, blank, content = data.partition(b"\r\n\r\n")
    if not blank or not head.startswith(b"\r\n") or len(head) > LONGEST_HEAD:
        raise ValueError("A part of the form has no headers, or too many.")
    headers = dict(_header(line) for line in head.decode("utf-8", "replace").split("\r\n")[1:])
    told = headers.get("content-disposition", "")
    name, file = _NAME.search(told), _FILE.search(told)
    if not told.lower().startswith("form-data") or not name or "content-transfer-encoding" in headers:
        raise ValueError("A part of the form has no name, or is encoded.")
    named = None if file is None else _unescaped(file[1])
    return Part(name=_unescaped(name[1]), data=content, file=named, type=headers.get("content-type", ""))


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()
