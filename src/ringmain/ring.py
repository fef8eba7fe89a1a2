"""Everything that one process works with, wired once."""

import asyncio
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ringmain.book import Book, sweep
from ringmain.catalogue import Catalogue
from ringmain.errors import HubError, SetupError
from ringmain.exchange.account import Memory
from ringmain.health import Health
from ringmain.listing import Listing
from ringmain.network import Network
from ringmain.registry import LOCAL, Registry, Stand
from ringmain.settings import Settings, read_settings
from ringmain.store import Learnt, Store, open_store
from ringmain.transport import Transport

if TYPE_CHECKING:
    from ringmain.store.secrets import KeyRing

log = logging.getLogger(__name__)

KEY_NOTE = "secret key"
"""The store's note of the id of the key that its secrets are sealed with."""

DAY = 86_400_000


class Ring:
    """Settings, store, book, registry, catalogue, listing, health and transport of one process.

    The command line works with it as it is, `ringmain.hub` asks with it.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        store: Store | None = None,
        transport: Transport | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        demo: Stand = "never",
    ) -> None:
        self.settings = settings or read_settings()
        self.clock = clock
        self.sleep = sleep
        folder = None if store is not None or self.settings.url else _folder(self.settings.data)
        self.store = store or self._open_store()
        self.process = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self.book = Book(self.store, folder=folder, process=self.process, clock=clock)
        self.transport: Transport = transport or Network()
        self.registry = Registry(self.store, self.settings, ring=self.held_keys, clock=clock, demo=demo)
        self.catalogue = Catalogue(self.store.learnt, self._learn)
        self.listing = Listing(self.catalogue, self.transport, clock)
        self._writer = ThreadPoolExecutor(1, "ringmain-learnt")
        self.health = Health(self.store, clock=clock, sleep=lambda seconds: self.sleep(seconds), later=self._later)
        self._key_ring: KeyRing | None = None
        self._refreshing = threading.Lock()
        try:
            if folder:
                sweep(self.store, folder, clock=clock)
            self.refresh()
        except BaseException:
            self.store.close()
            raise

    def _open_store(self) -> Store:
        if self.settings.url:
            from ringmain.store.memory import MemoryStore

            return MemoryStore()
        return open_store(self.settings.store_url)

    def _learn(self, connection_id: str, model: str, change: Callable[[Learnt], Learnt]) -> None:
        self._writer.submit(self._write_learnt, connection_id, model, change)

    def _later(self, work: Callable[[], None]) -> None:
        # A call may still end once all is closed; what it has shown is then lost.
        with suppress(RuntimeError):
            self._writer.submit(work)

    def _write_learnt(self, connection_id: str, model: str, change: Callable[[Learnt], Learnt]) -> None:
        try:
            self.store.learn(connection_id, model, change)
        except HubError as error:
            # This process knows it all the same, and another call would show it again.
            log.warning("What a call has shown of '%s' could not be remembered: %s", model, error)

    def refresh(self) -> None:
        """Ask the store whether anything has changed, and read it again if so; one thread at a time."""
        with self._refreshing:
            self.registry.refresh()
            self.catalogue.refresh(self.registry.version)
            self.health.refresh()

    def key_ring(self) -> "KeyRing":
        """The keys that the store's secrets are sealed with, made at the first use.

        Raises `SetupError("wrong_secret_file")` where the store was sealed with others.
        """
        ring, noted = self.held_keys(), self.store.note(KEY_NOTE)
        if noted is None:
            self.store.write_note(KEY_NOTE, ring.id)
        elif not ring.has(noted):
            raise _another(self.settings.secret_file)
        return ring

    def held_keys(self) -> "KeyRing":
        """The keys as file or environment have them, whether or not they open what the store holds.

        Raises `SetupError("wrong_secret_file")` where the file is missing that the store was sealed with.
        """
        noted = self.store.note(KEY_NOTE)
        # Another process may have rotated the key since.
        if self._key_ring is None or self._key_ring.id != noted:
            self._key_ring = self._load_key_ring(create=noted is None)
        return self._key_ring

    def replace_keys(self) -> "KeyRing":
        """The keys of file or environment, made where they are missing, in the place of lost ones from now on.

        What was sealed with those that are lost stays closed.
        """
        self._key_ring = self._load_key_ring(create=True)
        self.store.write_note(KEY_NOTE, self._key_ring.id)
        return self._key_ring

    def check_keys(self) -> None:
        """Nothing, where nothing is sealed or the keys are those that the store was sealed with.

        Raises `SetupError("wrong_secret_file")`.
        """
        held = (*self.store.connections(), *self.store.accounts())
        if any(each.sealed for each in held):
            self.key_ring()

    def _load_key_ring(self, *, create: bool) -> "KeyRing":
        from ringmain.store.secrets import keys_of

        return keys_of(self.settings, create=create)

    def now(self) -> int:
        """Milliseconds since 1970."""
        return int(self.clock() * 1000)

    def start(self) -> None:
        """Let the book carry; where that fails, a second try finds nothing half begun."""
        self.forget()
        self.book.start()

    def forget(self) -> None:
        """Erase the turns, late answers and media whose time is over; of accounts that are gone after the usual one."""
        known = [*self.store.accounts(), LOCAL]
        names = {account.name for account in known}
        gone = {told.account for told in self.store.conversations()} - names
        times = [(a.id, a.memory.days) for a in known] + [(id, Memory().days) for id in gone]
        for account_id, days in times:
            self.store.forget(account_id, self.now() - days * DAY)
        self.store.forget_media(self.now())
        self.store.forget_late(self.now() - DAY)

    def close(self) -> None:
        """Carry what is left into the store and let go of it; in a forked process, nothing."""
        self.book.close()
        if self.book.own:
            self._writer.shutdown()
            self.store.close()


def _another(file: Path) -> SetupError:
    from ringmain.store.secrets import LOST

    return SetupError(
        "wrong_secret_file",
        "This key file does not match this database.",
        fix=f"Set RINGMAIN_SECRET_FILE to the one that was used with it; {file} is another. {LOST}",
    )


def _folder(data: Path) -> Path:
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as e:
        why = "it is no folder" if isinstance(e, FileExistsError) else e.strerror
        raise SetupError(
            "data_folder_unusable",
            f"The data folder {data} cannot be made: {why}.",
            fix="Name another with --data or RINGMAIN_DATA, or make it writable.",
        ) from e
    return data
