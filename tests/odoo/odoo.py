"""An Odoo and its databases: made, copied, looked into, and served."""

import configparser
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
from psycopg.sql import SQL, Identifier

from tests.odoo.bring import bring, postgres
from tests.odoo.place import ROOT, Place, place, tail

ADDON = ROOT / "src/ringmain/hosts/odoo/inside/19.0/ringmain"
BASE, MODULES = "ringmain_base", "base,mail,base_setup"
READY = "ringmain_ready"
"""The databases that others are copied from: Odoo's own modules, and our addon just installed."""

SHELF = "addons"
"""The folder with the copy of our addon."""

IS_READY = "ODOO_READY"
"""The variable by which tests that run beside each other know that the addon and the second one are there."""


class Odoo(msgspec.Struct, frozen=True):
    """How Odoo is started, and what it is told."""

    place: Place
    program: Path
    options: dict[str, str]
    """Of its configuration file."""

    addons: tuple[Path, ...] = ()
    """Folders with more addons than its own."""

    packages: Path | None = None
    """A folder with Python packages that hold addons."""

    def command(self, database: str, *words: str) -> list[str]:
        """`odoo server` on one database, with a data folder that only this database has."""
        own = ("-c", self.options["conf"], "-d", database, "--db-filter", f"^{database}$", *self.addons_path())
        folders = ("--data-dir", str(self.data(database)), "--screenshots", str(self.place.own("pictures")))
        return [str(self.program), "server", *own, *folders, *words]

    def addons_path(self) -> tuple[str, str]:
        """The option for Odoo's own addons and for those that were brought."""
        return "--addons-path", ",".join([self.options["addons_path"], *map(str, self.addons)])

    def with_addon(self, source: Path, shelf: str = SHELF) -> "Odoo":
        """The same with a copy of an addon, which Odoo may read whoever may read the source."""
        folder = self.place.folder / shelf
        shutil.rmtree(folder / source.name, ignore_errors=True)
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        return msgspec.structs.replace(self, addons=tuple(dict.fromkeys((*self.addons, folder))))

    def as_user(self) -> dict[str, Any]:
        """What `subprocess` is told for a process of Odoo's."""
        run = self.place.as_user()
        return run | {"env": run["env"] | ({"PYTHONPATH": str(self.packages)} if self.packages else {})}

    def data(self, database: str) -> Path:
        """Where Odoo keeps the files of a database, and its own."""
        return self.place.own("data") / database

    def log(self, name: str) -> Path:
        """Where a run of this name writes its log."""
        return self.place.folder / "log" / f"{name}.log"

    def do(self, database: str, name: str, *words: str) -> str:
        """The log of a run that installs, updates or tests, and stops; it must not fail."""
        log = self.log(name)
        log.unlink(missing_ok=True)
        self.place.own("log")
        self.place.own(f"data/{database}")
        command = self.command(database, "--stop-after-init", "--logfile", str(log), *words)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, **self.as_user())
        said = log.read_text() if log.exists() else ""
        if done.returncode:
            raise RuntimeError(f"Odoo failed at {name}:\n{tail(log, 60) if said else ''}{done.stderr}")
        return said

    def install(self, database: str, *addons: str) -> str:
        """The log of their installation; Odoo ends well too where it does not like an addon."""
        said = self.do(database, f"install-{database}", "-i", ",".join(addons))
        with self.connect(database) as db:
            query = "SELECT name FROM ir_module_module WHERE state = 'installed' AND name = ANY(%s)"
            installed = db.execute(query, [list(addons)]).fetchall()
        if len(installed) < len(addons):
            raise RuntimeError(f"Odoo did not install {', '.join(addons)}:\n{said}")
        return said

    def terms(self, database: str, addon: str) -> str:
        """The template of its translations, as Odoo writes it."""
        out = self.place.own("terms") / f"{addon}.pot"
        path = "=".join(self.addons_path())
        words = (path, "i18n", "export", "-c", self.options["conf"], "-d", database, "-l", "pot")
        self.place.run(self.program, *words, "-o", out, addon, log="terms")
        return out.read_text()

    def connect(self, database: str) -> psycopg.Connection[Any]:
        """A connection to a database itself."""
        there = {"host": "db_host", "port": "db_port", "user": "db_user", "password": "db_password"}
        known = {name: self.options[option] for name, option in there.items() if self.options.get(option)}
        return psycopg.connect(dbname=database, autocommit=True, **known)  # pyright: ignore[reportArgumentType]

    def has(self, database: str) -> bool:
        """Whether there is such a database."""
        with self.connect("postgres") as server:
            found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
            return found.fetchone() is not None

    def copy(self, source: str, name: str) -> None:
        """A database like another one, on which nobody may work, with its files."""
        self.drop(name)
        with self.connect("postgres") as server:
            server.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(source)))
        self.place.own(f"data/{name}")
        filestore = self.place.own(f"data/{name}/filestore")
        files = self.data(source) / "filestore" / source
        if files.exists():
            subprocess.run(["cp", "-r", files, filestore / name], check=True, **self.place.as_user())
            if self.place.given:
                subprocess.run(["chmod", "-R", "a+rwX", filestore], check=True)

    def drop(self, name: str) -> None:
        """No database of this name, nor its files."""
        with self.connect("postgres") as server:
            server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
        shutil.rmtree(self.data(name), ignore_errors=True)

    @contextmanager
    def scratch(self, source: str) -> Iterator[str]:
        """The name of a copy that goes when the block ends."""
        name = f"ringmain_{uuid4().hex[:8]}"
        self.copy(source, name)
        try:
            yield name
        finally:
            self.drop(name)


@contextmanager
def run_odoo() -> Iterator[Odoo]:
    """The Odoo that ODOO_BIN names, or the one that is brought, with its base database; Missing without either."""
    given = os.environ.get("ODOO_BIN")
    if given:
        conf = os.environ.get("ODOO_CONF") or sys.exit("ODOO_BIN is given: name its configuration file with ODOO_CONF.")
        there = Place(place().folder / "given", None, given=True)
        yield with_base(Odoo(there, Path(given), read_options(Path(conf))))
        return
    there = place()
    bring(there)
    with postgres(there):
        folder = there.folder
        yield with_base(Odoo(there, folder / "odoo", read_options(folder / "odoo.conf")))


def read_options(conf: Path) -> dict[str, str]:
    """The options of a configuration file, and where it lies."""
    read = configparser.RawConfigParser()
    read.read_string(conf.read_text())
    options = {name: value for name, value in read["options"].items() if value not in ("False", "")}
    if "addons_path" not in options:
        sys.exit(f"{conf} names no addons_path; write into it where Odoo's own addons lie.")
    return {"conf": str(conf), **options}


def with_base(odoo: Odoo) -> Odoo:
    """The same, with a database in which Odoo's own modules are installed."""
    done = odoo.data(BASE) / ".complete"
    if not (odoo.has(BASE) and done.exists()):
        odoo.drop(BASE)
        odoo.do(BASE, "base", "-i", MODULES, "--without-demo=True")
        done.touch()
    return odoo


def with_ringmain(odoo: Odoo) -> Odoo:
    """The same with our addon on its path, in a database of its own that is ready to be copied."""
    if os.environ.get(IS_READY):
        return msgspec.structs.replace(odoo, addons=(odoo.place.folder / SHELF,))
    for log in (odoo.place.folder / "log").glob("serve-*"):
        log.unlink()
    odoo = odoo.with_addon(ADDON)
    odoo.copy(BASE, READY)
    odoo.install(READY, "ringmain")
    return odoo
