"""One process's wiring: data folder, key file, store."""

import os
import sqlite3
import threading
from pathlib import Path

import pytest

from ringmain.book import lock_folder
from ringmain.errors import HubError, RingmainError, SetupError
from ringmain.exchange.line import Entry, Line, Turn
from ringmain.ring import Ring
from ringmain.settings import read_settings
from ringmain.store.memory import MemoryStore
from ringmain.testing import Clock


def ring(data: Path, **environ: str) -> Ring:
    return Ring(read_settings(environ, data=data))


def test_a_fresh_folder_is_made_and_only_its_owner_may_look(tmp_path: Path) -> None:
    made = ring(tmp_path / "new" / "data")
    made.close()
    assert (tmp_path / "new" / "data" / "ringmain.db").exists()
    assert (tmp_path / "new" / "data").stat().st_mode & 0o077 == 0


def test_the_key_file_is_made_outside_the_data_folder_for_its_owner_alone(tmp_path: Path) -> None:
    made = ring(tmp_path / "data")
    made.key_ring()
    file = made.settings.secret_file
    assert file.stat().st_mode & 0o777 == 0o600
    assert not file.is_relative_to(tmp_path / "data")
    made.close()


def test_a_key_file_inside_the_data_folder_is_refused(tmp_path: Path) -> None:
    made = ring(tmp_path, RINGMAIN_SECRET_FILE=str(tmp_path / "secret.key"))
    with pytest.raises(SetupError, match="lock and key"):
        made.key_ring()
    made.close()


def test_another_key_file_does_not_match_this_database(tmp_path: Path) -> None:
    first = ring(tmp_path / "data")
    first.key_ring()
    first.close()
    Ring(read_settings({"RINGMAIN_SECRET_FILE": str(tmp_path / "b" / "secret.key")}), store=MemoryStore()).key_ring()
    second = ring(tmp_path / "data", RINGMAIN_SECRET_FILE=str(tmp_path / "b" / "secret.key"))
    with pytest.raises(SetupError, match="This key file does not match this database"):
        second.key_ring()
    second.close()


def test_a_lost_key_file_is_not_silently_made_anew(tmp_path: Path) -> None:
    first = ring(tmp_path / "data")
    first.key_ring()
    first.close()
    first.settings.secret_file.unlink()
    second = ring(tmp_path / "data")
    with pytest.raises(SetupError):
        second.key_ring()
    assert not second.settings.secret_file.exists()
    second.close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError) as caught:
        ring(tmp_path / "file" / "data")
    assert caught.value.code == "data_folder_unusable"
    assert "--data" in caught.value.fix


def test_a_file_in_the_place_of_the_folder_is_told_as_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for opened in (ring, lock_folder):
        with pytest.raises(SetupError, match="it is no folder"):
            opened(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="skipped, because root may write everywhere")
def test_a_read_only_folder_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SetupError) as caught:
        ring(tmp_path)
    assert caught.value.code == "data_folder_unusable"


def test_a_database_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "ringmain.db").write_bytes(b"this is not a database, " * 100)
    with pytest.raises(RingmainError) as caught:
        ring(tmp_path)
    assert "ringmain.db" in str(caught.value) or str(tmp_path) in str(caught.value)


def test_no_key_lies_in_plain_text_in_the_database(tmp_path: Path) -> None:
    data = tmp_path / "data"
    made = ring(data)
    sealed = made.key_ring().seal("sk-canary-in-plain", owner="x", base_url="https://p.example/v1")
    from ringmain.store import StoredConnection

    made.store.save_connection(StoredConnection(id="x", name="x", base_url="https://p.example/v1", sealed=sealed))
    made.close()
    with sqlite3.connect(data / "ringmain.db") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    assert all(b"sk-canary-in-plain" not in file.read_bytes() for file in data.iterdir() if file.is_file())


def test_a_start_that_fails_can_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ring(tmp_path / "data")

    def away(*_: object) -> int:
        raise HubError("store_unavailable", "The database did not answer as it should.")

    with monkeypatch.context() as broken:
        broken.setattr(made.store, "forget", away)
        with pytest.raises(HubError):
            made.start()
    again = threading.Thread(target=made.start, daemon=True)
    again.start()
    again.join(5.0)
    assert not again.is_alive()
    made.close()


def test_the_turns_of_an_account_that_is_gone_are_forgotten_too() -> None:
    clock = Clock()
    made = Ring(read_settings({}, data=Path("unused")), store=MemoryStore(), clock=clock)
    turn = Turn(
        account_id="gone", conversation="c", ask_id="a", seq=0, at=int(clock.now * 1000), role="user", content="Hi"
    )
    line = Line(id="a", at=turn.at, tool="openai", account_id="gone", account="gone", status="ok")
    made.store.carry("p", [Entry(line=line, turns=(turn,))])
    made.forget()
    assert made.store.turns("gone", "c", 9)
    clock.advance(31 * 86_400)
    made.forget()
    assert not made.store.turns("gone", "c", 9)
