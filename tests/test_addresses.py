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
    "address", ["169.254.169.254", "fe80::1%eth0", "::ffff:169.254.0.1", "fd00:ec2::254", "224.0.0.1"]
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
