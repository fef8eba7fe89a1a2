"""The key at rest: it opens for its own company and its own address, with the server's secret, and for nobody else."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.hosts.odoo.addon import Fault, sealing

SECRET = "a long secret of the configuration, not a key"
URL = "https://hub.example:8484/below"


def sealed(secret: str = SECRET) -> str:
    return sealing.seal(secret, "rm-key", owner="res.company 1", url=URL)


def test_a_key_opens_for_its_own_address_also_below_another_path() -> None:
    assert "rm-key" not in sealed()
    assert sealing.unseal(SECRET, sealed(), owner="res.company 1", url=URL) == "rm-key"
    assert sealing.unseal(SECRET, sealed(), owner="res.company 1", url="https://HUB.example:8484/") == "rm-key"


@pytest.mark.parametrize(
    ("owner", "url"),
    [
        ("res.company 2", URL),
        ("res.company 1", "https://other.example:8484"),
        ("res.company 1", "http://hub.example:8484"),
    ],
)
def test_a_key_does_not_open_for_another_company_or_another_address(owner: str, url: str) -> None:
    with pytest.raises(Fault) as refused:
        sealing.unseal(SECRET, sealed(), owner=owner, url=url)
    assert refused.value.code == "key_for_another_address"


@pytest.mark.parametrize("text", [sealed()[:-4] + "AAA=", "nothing", ""])
def test_what_was_changed_does_not_open(text: str) -> None:
    with pytest.raises(Fault) as refused:
        sealing.unseal(SECRET, text, owner="res.company 1", url=URL)
    assert (refused.value.code, refused.value.fix) == ("key_unreadable", "Enter the key again.")


def test_another_secret_opens_nothing() -> None:
    with pytest.raises(Fault, match="another secret"):
        sealing.unseal(SECRET + "!", sealed(), owner="res.company 1", url=URL)


def test_a_secret_that_could_be_guessed_seals_nothing() -> None:
    with pytest.raises(Fault) as refused:
        sealed("short")
    assert refused.value.code == "secret_too_short"


def test_the_secrets_file_is_made_once_and_is_nobody_elses_to_read(tmp_path: Path) -> None:
    file = tmp_path / "ringmain" / "db.key"
    with ThreadPoolExecutor(8) as many:
        made = set(many.map(lambda _: sealing.kept(file), range(32)))
    assert len(made) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [item.name for item in file.parent.iterdir()] == ["db.key"]
    assert sealing.unseal(made.pop(), sealed(sealing.kept(file)), owner="res.company 1", url=URL) == "rm-key"


def test_a_forgotten_secret_takes_its_folder_along_unless_another_lies_there(tmp_path: Path) -> None:
    one, two = tmp_path / "ringmain" / "one.key", tmp_path / "ringmain" / "two.key"
    sealing.kept(one)
    sealing.kept(two)
    sealing.forgotten(one)
    assert two.exists()
    sealing.forgotten(two)
    sealing.forgotten(two)
    assert not two.parent.exists()
