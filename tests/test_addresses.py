"""Where a call may go."""

import pytest

from ringmain.addresses import check_address, check_base, check_ip
from ringmain.errors import SetupError


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "http://127.0.0.1:11434/v1",
        "http://[::1]:8080/v1",
        "http://10.0.0.5/v1",
        "http://my-server:8000/v1",
        "http://2130706433:11434/v1",
        "http://[64:ff9b::808:808]/v1",
        "http://[2002:808:808::1]/v1",
        "http://münchen.example/v1",
        "http://0xyz.example/v1",
    ],
)
def test_public_private_and_loopback_addresses_may_be_called(url: str) -> None:
    check_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://[fe80::1]/v1",
        "http://[::ffff:169.254.169.254]/v1",
        "http://0.0.0.0/v1",
        "ftp://example.com/v1",
        "file:///etc/passwd",
        "https://user:secret@example.com/v1",
        "https://",
        "api.openai.com/v1",
        "http://host:notaport/v1",
    ],
)
def test_metadata_other_schemes_and_half_addresses_may_not(url: str) -> None:
    with pytest.raises(SetupError) as caught:
        check_address(url)
    assert "secret@" not in str(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        "2852039166",
        "0xa9fea9fe",
        "0xA9.0xFE.0xA9.0xFE",
        "0251.0376.0251.0376",
        "169.254.43518",
        "169.16689662",
        "169.254.169.254.",
        "１６９。２５４．169.254",
        "1684301000",
        "0144.100.100.200",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::a9fe:a9fe]",
        "[2002:a9fe:a9fe::1]",
        "[::a9fe:a9fe]",
        "[::ffff:a9fe:a9fe]",
        "[::ffff:0:a9fe:a9fe]",
        "[::ffff:169.254.169.254%25eth0]",
        "[0:0:0:0:0:ffff:169.254.169.254]",
        "169.254.169.254.:80",
        "1\u00ad69.254.169.254",
        "𝟏𝟔𝟗.254.169.254",
        "①⑥⑨.②⑤④.①⑥⑨.②⑤④",
        "🯱🯶🯹.🯲🯵🯴.🯱🯶🯹.🯲🯵🯴",
        "0",
        "metadata.google.internal",
        "METADATA.google.internal.",
        "metadata.goog",
        "ｍetadata.google.internal",
        "instance-data.ec2.internal",
    ],
)
def test_no_way_of_writing_a_metadata_address_may_be_called(host: str) -> None:
    with pytest.raises(SetupError, match="never a provider"):
        check_address(f"http://{host}/v1")


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fe80::1%eth0",
        "::ffff:169.254.0.1",
        "::ffff:0:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::6464:64c8",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1",
        "::a9fe:a9fe",
        "fd00:ec2::254",
        "fd20:ce::254",
        "224.0.0.1",
    ],
)
def test_an_address_that_a_name_resolves_to_is_checked_too(address: str) -> None:
    with pytest.raises(SetupError):
        check_ip(address)


@pytest.mark.parametrize(
    ("url", "shown", "why"),
    [
        ("foo", "'foo'", "usually ends in /v1"),
        ("https://", "'https://'", "usually ends in /v1"),
        ("http://[::1/v1", "'http://[::1/v1'", "usually ends in /v1"),
        ("http://u:p@x/v1", "'http://…@x/v1'", "a name or password"),
        ("http://x:99999/v1", "'http://x:99999/v1'", "no port '99999'"),
        ("http://[::1]:port/v1", "'http://[::1]:port/v1'", "no port 'port'"),
        ("http://x/v1?key=a", "'http://x/v1?…'", "something follows its path"),
        ("http://x/v1#a", "'http://x/v1#a'", "something follows its path"),
        ("http://x/a b", "'http://x/a b'", "white space"),
    ],
)
def test_why_an_address_cannot_be_is_told_without_what_may_be_a_secret(url: str, shown: str, why: str) -> None:
    with pytest.raises(SetupError) as caught:
        check_base(url)
    assert shown in caught.value.sentence
    assert why in str(caught.value)
