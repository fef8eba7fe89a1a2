"""Bodies that came compressed, though nobody asked for it."""

import zlib
from collections.abc import Iterator

STEP = 256 << 10
"""Bytes that are inflated at a time, so that a body which grows without end can be given up early."""

WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""What zlib is told of each encoding."""


class Inflater:
    """Inflates one body. Raises `zlib.error` for what is not in this encoding, ValueError for an unknown one."""

    def __init__(self, encoding: str) -> None:
        if encoding not in WINDOWS:
            raise ValueError(f"unknown content-encoding {encoding[:40]}")
        self._zlib = zlib.decompressobj(WINDOWS[encoding])

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The inflated bytes, a step at a time."""
        while data:
            if part := self._zlib.decompress(data, STEP):
                yield part
            data = self._zlib.unconsumed_tail

    @property
    def whole(self) -> bool:
        """Whether the body has come to its end."""
        return self._zlib.eof
