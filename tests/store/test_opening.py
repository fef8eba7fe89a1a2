"""Opening a database: made, brought up to date, or refused with one clear sentence."""

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from ringmain.errors import HubError, SetupError
from ringmain.store import ID_NOTE, Pass, open_store
from ringmain.store.sql.opening import _parsed
from ringmain.store.sql.schema import metadata
from ringmain.store.sql.upgrade import HEAD, MIGRATIONS

NOBODY = 65534


def refusal(url: str) -> SetupError:
    with pytest.raises(SetupError) as caught:
        open_store(url)
    assert caught.value.fix
    return caught.value


def test_the_head_that_skips_alembic_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_migrations_make_the_tables_that_the_statements_expect(database_url: str) -> None:
    open_store(database_url).close()
    engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []
    engine.dispose()


def test_a_normal_start_does_not_import_alembic_and_keeps_what_is_there(database_url: str) -> None:
    store = open_store(database_url)
    store.write_note("n", "kept")
    store.close()
    program = """
        import sys
        from ringmain.store import open_store
        store = open_store(sys.argv[1])
        print(store.note("n"), "alembic" in sys.modules)
        store.close()
    """
    assert _python(program, database_url).stdout.split() == ["kept", "False"]


def test_a_store_has_an_id_of_its_own_that_it_keeps(database_url: str) -> None:
    def id() -> str | None:
        with closing(open_store(database_url)) as store:
            return store.note(ID_NOTE)

    first = id()
    assert first
    assert id() == first
    assert first != open_store("memory:").note(ID_NOTE) != open_store("memory:").note(ID_NOTE)


def test_importing_the_interface_imports_no_sql() -> None:
    program = "import sys, ringmain.store; print([m for m in sys.modules if m in ('sqlalchemy', 'cryptography')])"
    assert _python(program).stdout.strip() == "[]"


def test_a_database_of_the_first_tables_gets_the_newer_ones_and_keeps_what_it_holds(database_url: str) -> None:
    _first_tables(database_url)
    store = open_store(database_url)
    assert [c.name for c in store.connections()] == ["kept"]
    assert (store.version(), store.note("n"), store.password()) == (7, "kept", None)
    assert store.troubles() == {}
    (line,) = store.lines(9)
    assert (line.id, line.input_tokens, line.audio_milliseconds, line.characters) == ("old", 3, 0, 0)
    store.add_link(Pass(digest=b"link", created=0, expires=1))
    assert store.set_password("hashed", link=b"link", now=0)
    store.close()


def _first_tables(database_url: str) -> None:
    """A database as migration 0001 alone leaves it, with rows in it."""
    engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    if engine.url.database and engine.dialect.name == "sqlite":
        Path(engine.url.database).parent.mkdir(parents=True)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as db:
        config.attributes["connection"] = db
        command.upgrade(config, "0001")
        db.execute(text("UPDATE state SET version = 7"))
        db.execute(text("INSERT INTO notes (name, value) VALUES ('n', 'kept')"))
        row = {"id": "c", "name": "kept", "base_url": "http://x", "preset": "custom", "timeout": 1.0, "aliases": "{}"}
        row |= {"prices": "{}", "default": False}
        _insert(db, "connections", row)
        _insert(db, "lines", OLD_LINE)
        assert db.scalar(text("SELECT version_num FROM alembic_version")) == "0001"
    engine.dispose()


COUNTS = "output_tokens cached_tokens unconfirmed_tokens unconfirmed_picodollars milliseconds attempts"
OLD_LINE: dict[str, object] = {
    **dict.fromkeys("id tool account_id account connection model status".split(), "old"),
    **{"at": 1, "stream": False, "demo": False, "notices": "[]", "input_tokens": 3},
    **dict.fromkeys(COUNTS.split(), 0),
}


def _insert(db: Connection, table: str, row: dict[str, object]) -> None:
    columns = ", ".join(f'"{name}"' for name in row)
    values = ", ".join(f":{name}" for name in row)
    db.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)


def test_a_hub_without_the_newest_columns_still_writes_its_lines(database_url: str) -> None:
    with closing(open_store(database_url)) as store:
        engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as db:
            _insert(db, "lines", OLD_LINE)
        engine.dispose()
        assert [(line.id, line.audio_milliseconds) for line in store.lines(9)] == [("old", 0)]


def test_many_processes_may_start_at_once_on_an_empty_database(database_url: str) -> None:
    program = """
        import sys
        from ringmain.store import open_store
        sys.stdin.readline()
        store = open_store(sys.argv[1])
        store.write_note(sys.argv[2], "here")
        store.close()
    """
    words = [sys.executable, "-W", "error", "-c", textwrap.dedent(program), database_url]
    processes = [
        subprocess.Popen([*words, str(n)], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for n in range(4)
    ]
    for process in processes:
        process.stdin.write("\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
    assert [process.communicate()[1] for process in processes] == [""] * 4
    store = open_store(database_url)
    assert [store.note(str(n)) for n in range(4)] == ["here"] * 4
    store.close()


def test_a_database_of_a_newer_ringmain_is_refused_and_left_alone(database_url: str) -> None:
    open_store(database_url).close()
    engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    error = refusal(database_url)
    assert (error.code, error.sentence) == ("database_newer", "This database was last used by a newer ringmain.")
    with engine.connect() as db:
        assert db.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    engine.dispose()


def test_sqlite_runs_with_write_ahead_log_and_its_folder_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "made" / "here" / "a?b%c.db"
    open_store(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = refusal(f"sqlite:///{tmp_path / 'file' / 'data' / 'ringmain.db'}")
    assert error.code == "data_folder_unusable"
    assert str(tmp_path / "file" / "data") in error.sentence


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ringmain.db").write_text("Dear diary, " * 1000)
    error = refusal(f"sqlite:///{tmp_path / 'ringmain.db'}")
    assert error.code == "data_folder_unusable"
    assert "not a database" in error.sentence


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder outside the tests' own, which nobody may enter."""
    with tempfile.TemporaryDirectory(prefix="rm-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.mark.parametrize("made_before", [False, True])
def test_a_read_only_folder_is_refused_at_start(shared: Path, made_before: bool) -> None:
    url = f"sqlite:///{shared / 'ringmain.db'}"
    if made_before:
        open_store(url).close()
        (shared / "ringmain.db").chmod(0o444)
    shared.chmod(0o555)
    root = os.geteuid() == 0
    if root:  # who may write everywhere
        os.seteuid(NOBODY)
    try:
        assert refusal(url).code == "data_folder_unusable"
    finally:
        if root:
            os.seteuid(0)
        shared.chmod(0o755)


def test_a_postgresql_that_does_not_answer_is_named_without_its_password() -> None:
    error = refusal("postgresql://ringmain:hunter2@127.0.0.1:9/book")
    assert error.code == "database_unreachable"
    assert "127.0.0.1:9" in error.sentence
    assert "hunter2" not in repr(
        (error.sentence, error.fix, error.__cause__, error.__cause__ and error.__cause__.__cause__)
    )


def test_a_database_that_is_not_there_is_named(postgres: str) -> None:
    error = refusal(postgres.removesuffix("postgres") + "nowhere")
    assert error.code == "database_unreachable"
    assert '"nowhere" does not exist' in error.sentence


@pytest.mark.parametrize(
    "url", ["mysql://u:hunter2@h/d", "sqlite://", "nonsense", "", "postgresql://u:hunter2@h:port/d"]
)
def test_an_address_that_cannot_be_read_is_refused_without_showing_its_password(url: str) -> None:
    error = refusal(url)
    assert error.code == "invalid_setting"
    assert "hunter2" not in repr((error.sentence, error.fix, error.__cause__))


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_usual_scheme_means_the_same_driver_and_the_urls_own_options_win(scheme: str) -> None:
    url = _parsed(f"{scheme}://u@h/d?connect_timeout=9")
    assert url.drivername == "postgresql+psycopg"
    assert url.query["connect_timeout"] == "9"


def test_a_missing_driver_is_told_with_the_command_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    error = refusal("postgresql://u@127.0.0.1:9/d")
    assert (error.code, error.fix) == (
        "missing_extra",
        "Run, in the clone that ringmain came from: pip install '.[postgres]'",
    )


def test_a_database_that_goes_away_later_is_the_hubs_fault(database_url: str) -> None:
    store = open_store(database_url)
    engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as db:
        db.execute(text("DROP TABLE state"))
    engine.dispose()
    with pytest.raises(HubError) as caught:
        store.version()
    assert caught.value.code == "store_unavailable"
    store.close()


def test_a_connection_that_was_cut_is_made_anew(new_database) -> None:
    url = new_database()
    store = open_store(url)
    store.ping()
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as db:
        db.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ringmain'"))
    engine.dispose()
    assert store.version() == 0
    store.close()


def _python(program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-W", "error", "-c", textwrap.dedent(program), *arguments]
    return subprocess.run(words, check=True, capture_output=True, text=True)
