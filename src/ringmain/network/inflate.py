"""Bodies that came compressed, though nobody asked for it."""

import zlib
from collections.abc import Iterator

STEP = 256 << 10
"""Bytes that are inflated at a time, so that a body which grows without end can be given up early."""

WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""What zlib is told of each encoding."""

FOREIGN = ("br", "zstd", "compress", "x-compress")
"""Encodings that nobody here reads; any other word, such as the `none` that some servers of streams send, is none."""


def is_compressed(encoding: str) -> bool:
    """Whether a body with this content-encoding cannot be read as it is."""
    return any(name.strip() in (*WINDOWS, *FOREIGN) for name in encoding.split(","))


class Inflater:
    """Inflates one body. Raises `zlib.error` for what is not in this encoding, ValueError for an unknown one."""

    def __init__(self, encoding: str) -> None:
        if encoding not in WINDOWS:
            raise ValueError(f"unknown content-encoding {encoding[:40]}")
        self._zlib = zlib.decompressobj(WINDOWS[encoding])
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The inflated bytes, a step at a time."""
        self._begun = True
        while data:
            if part := self._zlib.decompress(data, STEP):
                yield part
            data = self._zlib.unconsumed_tail

    @property
    def whole(self) -> bool:
        """Whether the body has come to its end; one that is empty has none."""
        return self._zlib.eof or not self._begun
