"""The three stores, each fresh for every test that asks for one."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ringmain.store import Store, open_store

from .postgres import private_postgres

_number = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with private_postgres() as url:
        yield url


@pytest.fixture
def new_database(postgres: str) -> Callable[[], str]:
    """Makes an empty PostgreSQL database and tells its URL."""

    def make() -> str:
        import psycopg

        name = f"store{next(_number)}"
        with psycopg.connect(postgres, autocommit=True) as db:
            db.execute(f'CREATE DATABASE "{name}"')
        return postgres.removesuffix("postgres") + name

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store' / 'ringmain.db'}"
    return request.getfixturevalue("new_database")()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each of the three stores, empty."""
    kinds = {
        "memory": lambda: "memory:",
        "sqlite": lambda: f"sqlite:///{tmp_path / 'ringmain.db'}",
        "postgresql": lambda: request.getfixturevalue("new_database")(),
    }
    opened = open_store(kinds[request.param]())
    yield opened
    opened.close()
