"""What some bytes are as sound, and how long it lasts."""

import pytest

from ringmain.exchange.sound import listen, media_type
from tests.sounds import WAV, flac, mp4, opus, wav

MP3 = b"\xff\xfb\x90\x00" + bytes(3996)
TAGGED = b"ID3\x04\0\0\0\0\x01\x00" + bytes(128)


@pytest.mark.parametrize("seconds", [0.25, 1, 12.5, 3600])
@pytest.mark.parametrize(("made", "type"), [(opus, "audio/ogg"), (flac, "audio/flac"), (mp4, "audio/mp4")])
def test_what_a_sound_tells_of_its_length_is_exact(made, type: str, seconds: float) -> None:
    heard = listen(made(seconds))
    assert heard
    assert (heard.type, heard.milliseconds, heard.exact) == (type, seconds * 1000, True)


def test_a_wav_is_as_long_as_its_bytes_whatever_its_head_claims() -> None:
    plain = wav(1.5)
    unknown = plain[:40] + b"\xff\xff\xff\xff" + plain[44:]
    noted = plain[:36] + b"LIST\x03\0\0\0abc\0" + plain[36:]
    for data in (plain, unknown, noted, plain[:40] + bytes(4) + plain[44:]):
        heard = listen(data)
        assert heard
        assert (heard.type, heard.milliseconds, heard.exact) == ("audio/wav", 1500, True)


def test_a_long_mp4_counts_in_wide_numbers() -> None:
    heard = listen(mp4(90_000, wide=True))
    assert heard
    assert heard.milliseconds == 90_000_000


@pytest.mark.parametrize(
    ("data", "type", "milliseconds"),
    [
        (MP3, "audio/mpeg", 1000),
        (b"\xff\xf3" + MP3[2:], "audio/mpeg", 4000),
        (TAGGED + MP3, "audio/mpeg", 1035),
        (b"\xff\xf1" + bytes(998), "audio/aac", 1000),
        (b"\x1a\x45\xdf\xa3" + bytes(746), "audio/webm", 1000),
        (b"#!AMR\n" + bytes(644), "audio/amr", 1000),
        (b"#!AMR-WB\n" + bytes(991), "audio/amr-wb", 1000),
        (opus(5)[:20] + bytes(980), "audio/ogg", 1000),
        (mp4(0) + bytes(1000 - len(mp4(0))), "audio/mp4", 1000),
    ],
)
def test_what_does_not_tell_its_length_is_bounded_by_its_size(data: bytes, type: str, milliseconds: int) -> None:
    heard = listen(data)
    assert heard
    assert (heard.type, heard.milliseconds, heard.exact) == (type, milliseconds, False)


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"RIFF\0\0\0\0AVI ", b"Hello", b"\xff", b"\xff\xfe\0\0", b"%PDF", b"ID3"]
)
def test_what_is_no_known_sound_is_none(data: bytes) -> None:
    assert listen(data) is None


@pytest.mark.parametrize("whole", [WAV[:600], opus(2), flac(2), mp4(2), mp4(2, wide=True)])
def test_no_cut_and_no_lie_makes_listening_fail_or_a_length_negative(whole: bytes) -> None:
    lies = [whole[:at] for at in range(len(whole))]
    lies += [whole[:at] + b"\xff" * 8 + whole[at + 8 :] for at in range(len(whole))]
    lies += [whole[:at] + bytes(8) + whole[at + 8 :] for at in range(len(whole))]
    assert all(heard is None or heard.milliseconds >= 0 for heard in map(listen, lies))


def test_a_media_type_is_told_on_where_it_is_one_of_sound_and_cannot_be_a_header_of_its_own() -> None:
    heard = listen(WAV)
    assert heard
    assert media_type("audio/ogg; codecs=opus", heard) == "audio/ogg; codecs=opus"
    for told in ("", "text/html", "audio/ogg\r\nx: y", "audio/ogg; a=b", "application/octet-stream"):
        assert media_type(told, heard) == "audio/wav"
