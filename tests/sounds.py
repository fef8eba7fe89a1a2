"""Sounds for the tests, made here: each is as short as its kind allows, and says how long it lasts."""

import io
import struct
import wave


def wav(seconds: float, *, rate: int = 8000) -> bytes:
    """Silence as a WAV file of 16 bits."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(2 * round(seconds * rate)))
    return out.getvalue()


def _page(position: int, data: bytes, *, number: int, kind: int = 0) -> bytes:
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, kind, position, 1, number, 0, 1)
    return head + bytes([len(data)]) + data


def opus(seconds: float, *, skipped: int = 312) -> bytes:
    """Pages of an Ogg file with Opus in it, as voice notes are; its packets hold nothing."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, skipped, 16000, 0, 0)
    last = round(seconds * 48000) + skipped
    pages = [(0, head, 2), (0, b"OpusTags" + bytes(8), 0), (-1, bytes(200), 0), (last, bytes(200), 4)]
    return b"".join(_page(at, data, number=n, kind=kind) for n, (at, data, kind) in enumerate(pages))


def flac(seconds: float, *, rate: int = 16000) -> bytes:
    """The head of a FLAC file."""
    told = (rate << 44) | (15 << 36) | round(seconds * rate)
    return b"fLaC\x80\0\0\x22" + bytes(10) + told.to_bytes(8, "big") + bytes(16)


def mp4(seconds: float, *, wide: bool = False) -> bytes:
    """The boxes of an M4A file that tell its length."""

    def box(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I4s", len(data) + 8, kind) + data

    count = round(seconds * 1000)
    times = struct.pack(">QQIQ", 0, 0, 1000, count) if wide else struct.pack(">IIII", 0, 0, 1000, count)
    header = bytes([wide, 0, 0, 0]) + times + bytes(80)
    return box(b"ftyp", b"M4A \0\0\0\0") + box(b"free", bytes(9)) + box(b"moov", box(b"mvhd", header))


WAV = wav(2)
