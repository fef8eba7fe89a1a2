"""What kind of sound some bytes are, and how long it lasts."""

import re
from collections.abc import Callable, Iterator

import msgspec

ENDINGS = {
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/mp4": "m4a",
    "audio/webm": "webm",
    "audio/flac": "flac",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/amr-wb": "awb",
}
"""Media type → how the name of such a file ends."""

SLOWEST = 1000
"""Bytes a second below which no usual encoder goes: a bound of the length where a sound does not tell its own."""

SLOWEST_OF = {"audio/amr": 650, "audio/webm": 750}
"""The same where it is lower: 4.75 kbit/s in frames of 13 bytes, and Opus at 6 kbit/s."""

MPEG_1 = 4000
"""The same for MPEG-1 layer III, whose lowest rate is 32 kbit/s."""

OPUS_RATE = 48_000
"""Samples a second in which Opus counts, whatever was recorded (RFC 7845)."""

MOST_BOXES = 64
"""Parts of a file that are looked at for its length."""

NO_GRANULE = (1 << 64) - 1


class Sound(msgspec.Struct, frozen=True):
    """A media type, and a length in milliseconds, `exact` as far as the sound itself tells it, else an upper bound."""

    type: str
    milliseconds: int
    exact: bool


def listen(data: bytes) -> Sound | None:
    """What these bytes are, by their beginning and not by what anybody calls them; None for no known sound."""
    type = _type(data)
    if type is None:
        return None
    measured = LENGTHS.get(type, _unmeasured)(data)
    return Sound(type, _bound(type, data), exact=False) if measured is None else Sound(type, measured, exact=True)


def _type(data: bytes) -> str | None:
    if data[:4] == b"RIFF":
        return "audio/wav" if data[8:12] == b"WAVE" else None
    known = next((type for magic, type in MAGIC if data.startswith(magic)), None)
    if known or data[4:8] == b"ftyp":
        return known or "audio/mp4"
    frame = _frame(data)
    if len(frame) < 4 or frame[0] != 0xFF or frame[1] & 0xE0 != 0xE0:
        return None
    layer, version = frame[1] >> 1 & 3, frame[1] >> 3 & 3
    if layer == 0:
        return "audio/aac" if frame[1] & 0xF0 == 0xF0 else None
    # Layer I, whose first bytes are those of a text in UTF-16 too, is nobody's any more.
    return "audio/mpeg" if layer != 3 and version != 1 and frame[2] >> 4 != 15 else None


MAGIC = (
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\x1a\x45\xdf\xa3", "audio/webm"),
    (b"#!AMR-WB\n", "audio/amr-wb"),
    (b"#!AMR\n", "audio/amr"),
)


def _frame(data: bytes) -> bytes:
    """The head of the first frame of MPEG's sound, behind a tag."""
    if data[:3] != b"ID3" or len(data) < 10:
        return data[:4]
    size = data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9]
    return data[10 + size : 14 + size]


def _bound(type: str, data: bytes) -> int:
    slowest = SLOWEST_OF.get(type, SLOWEST)
    if type == "audio/mpeg" and _frame(data)[1] >> 3 & 3 == 3:
        slowest = MPEG_1
    return _milliseconds(len(data), slowest)


def _milliseconds(count: int, rate: int) -> int:
    return -(-count * 1000 // rate)


def _unmeasured(data: bytes) -> int | None:
    return None


def _ogg(data: bytes) -> int | None:
    """By the position of the last page that has one, in samples from the beginning."""
    rate, skipped = _ogg_rate(data)
    at = len(data)
    for _ in range(MOST_BOXES):
        at = data.rfind(b"OggS", 0, at)
        if at < 0 or not rate:
            return None
        position = int.from_bytes(data[at + 6 : at + 14], "little")
        if len(data) >= at + 14 and position != NO_GRANULE:
            return _milliseconds(max(0, position - skipped), rate) if position < 1 << 48 else None
    return None


def _ogg_rate(data: bytes) -> tuple[int, int]:
    """Samples a second, and how many of them are skipped at the beginning; 0 where neither Opus nor Vorbis is in it."""
    head = data[:256]
    opus, vorbis = head.find(b"OpusHead"), head.find(b"\x01vorbis")
    if opus >= 0:
        return OPUS_RATE, int.from_bytes(head[opus + 10 : opus + 12], "little")
    return int.from_bytes(head[vorbis + 12 : vorbis + 16], "little") if vorbis >= 0 else 0, 0


def _wav(data: bytes) -> int | None:
    """By the bytes a second that its format names; a length that was not known when it was written is the rest's."""
    rate = 0
    for kind, start, size in _boxes(data, 12, order="little", head=b""):
        if kind == b"fmt ":
            rate = int.from_bytes(data[start + 8 : start + 12], "little")
        if kind == b"data":
            rest = len(data) - start
            return _milliseconds(min(size or rest, rest), rate) if rate else None
    return None


def _flac(data: bytes) -> int | None:
    told = int.from_bytes(data[18:26], "big")
    rate, samples = told >> 44, told & (1 << 36) - 1
    return _milliseconds(samples, rate) if rate and samples else None


def _mp4(data: bytes) -> int | None:
    for kind, start, size in _boxes(data, 0, order="big", head=b"moov"):
        if kind == b"mvhd" and size >= 20:
            wide = data[start : start + 1] == b"\1"
            scale = int.from_bytes(data[start + (20 if wide else 12) :][:4], "big")
            count = int.from_bytes(data[start + (24 if wide else 16) :][: 8 if wide else 4], "big")
            return _milliseconds(count, scale) if scale and 0 < count < (1 << 32) - 1 else None
    return None


def _boxes(data: bytes, at: int, *, order: str, head: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The parts of a RIFF file or of an MP4: kind, where its content starts, how long that is; `head` is entered."""
    for _ in range(MOST_BOXES):
        if at + 8 > len(data):
            return
        if order == "little":
            kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
            yield kind, at + 8, size
            at += 8 + size + size % 2
        else:
            size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
            wide = 8 if size == 1 else 0
            size = int.from_bytes(data[at + 8 : at + 16], "big") if wide else size
            yield kind, at + 8 + wide, size - 8 - wide
            if size < 8 and kind != head:
                return
            at += 8 + wide if kind == head else size


LENGTHS: dict[str, Callable[[bytes], int | None]] = {
    "audio/ogg": _ogg,
    "audio/wav": _wav,
    "audio/flac": _flac,
    "audio/mp4": _mp4,
}

_TOKEN = re.compile(r"[\w!#$&^.+-]{1,60}/[\w!#$&^.+-]{1,60}(?:; ?codecs=[\w.,-]{1,60})?", re.ASCII)


def media_type(told: str, sound: Sound) -> str:
    """The media type as it was told, where that is one of sound or video, else as the bytes are."""
    return told if _TOKEN.fullmatch(told) and told.startswith(("audio/", "video/")) else sound.type
