"""Forms of several parts: what is written is read again, and what is no form is refused."""

import pytest

from ringmain.exchange.form import LONGEST_HEAD, MOST_PARTS, Part, read, written

KIND = "multipart/form-data; boundary=b"
FILE = Part(name="file", data=b"\r\n--\r\n--B\0\xff", file='a "b"\r\n.wav', type="audio/wav")
FIELDS = (Part(name="model", data=b"m"), Part(name="list[]", data=b""), FILE)


def test_a_form_is_read_as_it_was_written() -> None:
    assert read(KIND, written(FIELDS, "b")) == FIELDS
    assert read('Multipart/Form-Data; charset=utf-8; Boundary="b c"', written(FIELDS, "b c")) == FIELDS


def test_the_bytes_are_those_of_the_standard() -> None:
    assert written((Part(name="a", data=b"1"), FILE), "b") == (
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a %22b%22%0D%0A.wav"\r\n'
        b"Content-Type: audio/wav\r\n\r\n\r\n--\r\n--B\0\xff\r\n--b--\r\n"
    )


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/form-data", "multipart/form-data; boundary="])
def test_a_body_without_a_boundary_is_no_form(kind: str) -> None:
    with pytest.raises(ValueError, match="boundary"):
        read(kind, written(FIELDS, "b"))


HEAD = b'\r\nContent-Disposition: form-data; name="a"'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b"--b--x"[:3],
        b"words--b\r\n",
        written(FIELDS, "b")[:-6],
        written(FIELDS, "c"),
        b"--b" + HEAD + b"\r\n1\r\n--b--",
        b"--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--",
        b'--b\r\nContent-Disposition: attachment; name="a"\r\n\r\n1\r\n--b--',
        b"--b" + HEAD + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n1\r\n--b--",
        b"--b" + HEAD + b"\r\nx: " + b"y" * LONGEST_HEAD + b"\r\n\r\n1\r\n--b--",
        b"--b\xff\r\n\r\n1\r\n--b--",
        written([Part(name="a", data=b"")] * (MOST_PARTS + 1), "b"),
        b"--b\r\n" * 100_000,
    ],
)
def test_what_is_no_whole_form_is_refused_with_a_sentence(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"[a-z]+\.$"):
        read(KIND, body)


def test_every_cut_of_a_form_is_refused_and_none_fails_otherwise() -> None:
    whole = written(FIELDS, "b")
    for at in range(len(whole) - 2):
        with pytest.raises(ValueError, match=r"\.$"):
            read(KIND, whole[:at])
