"""The store in a database: which question runs in which kind of transaction, and where its statement stands."""

from collections.abc import Callable, Sequence

from sqlalchemy import select

from ringmain.exchange.account import Account
from ringmain.exchange.line import Entry, Failures, Line, Turn, UsageRow, Use
from ringmain.exchange.trouble import Change, Trouble
from ringmain.store import Conversation, HostKey, Late, Learnt, Media, Pass, StoredConnection, border
from ringmain.store.sql import answers, book, files, settings, sign_in, slices, troubles, turns
from ringmain.store.sql.database import Database, upsert
from ringmain.store.sql.schema import NOTES, STATE


class SqlStore:
    """A `Store` in SQLite or PostgreSQL; `ringmain.store.open_store` makes one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reading = database.reading
        self._writing = database.writing
        self.shared = database.shared

    # settings

    def version(self) -> int:
        with self._reading() as db:
            return settings.version(db)

    def connections(self) -> list[StoredConnection]:
        with self._reading() as db:
            return settings.connections(db)

    def save_connection(self, connection: StoredConnection) -> None:
        with self._writing() as db:
            settings.save_connection(db, connection)

    def remove_connection(self, name: str) -> bool:
        with self._writing() as db:
            return settings.remove_connection(db, name)

    def accounts(self) -> list[Account]:
        with self._reading() as db:
            return settings.accounts(db)

    def save_account(self, account: Account) -> None:
        with self._writing() as db:
            settings.save_account(db, account)

    def remove_account(self, name: str) -> bool:
        with self._writing() as db:
            return settings.remove_account(db, name)

    def keys(self, account_id: str) -> list[HostKey]:
        with self._reading() as db:
            return settings.keys(db, account_id)

    def add_key(self, key: HostKey) -> None:
        with self._writing() as db:
            settings.add_key(db, key)

    def expire_keys(self, account_id: str, at: int) -> None:
        with self._writing() as db:
            settings.expire_keys(db, account_id, at)

    def account_of(self, digest: bytes, now: int) -> Account | None:
        with self._reading() as db:
            return settings.account_of(db, digest, now)

    # the book

    def carry(self, process: str, entries: list[Entry]) -> None:
        ready = border.arriving(entries)
        if ready:
            with self._writing() as db:
                book.carry(db, process, ready)

    def usage(self, since: int, until: int) -> list[UsageRow]:
        with self._reading() as db:
            return book.usage(db, since, until)

    def failures(self, since: int, until: int) -> list[Failures]:
        with self._reading() as db:
            return book.failures(db, since, until)

    def uses(self, since: int, until: int) -> list[Use]:
        with self._reading() as db:
            return book.uses(db, since, until)

    def lines(self, limit: int, *, account: str | None = None, since: int = 0) -> list[Line]:
        with self._reading() as db:
            return book.lines(db, limit, account, since)

    def take(
        self, process: str, account_id: str, meter: str, window: str, *, least: int, want: int, limit: int, now: int
    ) -> int:
        with self._writing() as db:
            return slices.take(db, process, account_id, meter, window, least=least, want=want, limit=limit, now=now)

    def give_back(self, process: str, account_id: str, meter: str, window: str, amount: int) -> None:
        with self._writing() as db:
            slices.give_back(db, process, account_id, meter, window, amount)

    def renew(self, process: str, now: int) -> None:
        with self._writing() as db:
            slices.renew(db, process, now)

    def release(self, process: str) -> None:
        with self._writing() as db:
            slices.release(db, process)

    # memory

    def turns(self, account_id: str, conversation: str, limit: int) -> list[Turn]:
        with self._reading() as db:
            return turns.turns(db, account_id, border.handle(conversation), limit)

    def conversations(self, account_id: str | None = None) -> list[Conversation]:
        with self._reading() as db:
            return turns.conversations(db, account_id)

    def erase(self, account_id: str, conversation: str | None = None) -> int:
        with self._writing() as db:
            return turns.erase(db, account_id, None if conversation is None else border.handle(conversation))

    def forget(self, account_id: str, before: int) -> int:
        with self._writing() as db:
            return turns.forget(db, account_id, before)

    # late answers

    def add_late(self, late: Late, process: str, until: int) -> None:
        with self._writing() as db:
            answers.add(db, late, process, until)

    def put_late(self, late: Late, process: str, until: int) -> bool:
        with self._writing() as db:
            return answers.put(db, late, process, until)

    def begin_late(self, late: Late, process: str, until: int) -> Late:
        with self._writing() as db:
            return answers.begin(db, late, process, until)

    def named_late(self, account_id: str, name: str) -> Late | None:
        with self._reading() as db:
            return answers.named(db, account_id, name)

    def claim_late(self, process: str, now: int, until: int) -> list[Late]:
        with self._writing() as db:
            return answers.claim(db, process, now, until)

    def renew_late(self, process: str, ask_ids: Sequence[str], until: int) -> None:
        with self._writing() as db:
            answers.renew(db, process, ask_ids, until)

    def drop_late(self, process: str, ask_id: str) -> None:
        with self._writing() as db:
            answers.drop(db, process, ask_id)

    def free_late(self, process: str) -> None:
        with self._writing() as db:
            answers.free(db, process)

    def forget_late(self, before: int) -> int:
        with self._writing() as db:
            return answers.forget(db, before)

    def late(self, account_id: str | None = None) -> int:
        with self._reading() as db:
            return answers.count(db, account_id)

    # what hosts have signed, and what anybody may fetch

    def first_use(self, digest: bytes, *, now: int, until: int) -> bool:
        with self._writing() as db:
            return files.first_use(db, digest, now, until)

    def put_media(self, media: Media) -> None:
        with self._writing() as db:
            files.put_media(db, media)

    def media(self, digest: bytes, now: int) -> Media | None:
        with self._reading() as db:
            return files.media(db, digest, now)

    def forget_media(self, now: int) -> int:
        with self._writing() as db:
            return files.forget_media(db, now)

    # turns among processes

    def take_turn(self, name: str) -> bool:
        return self._database.take(name)

    def end_turn(self, name: str) -> None:
        self._database.give(name)

    # models

    def learnt(self, connection_id: str) -> dict[str, Learnt]:
        with self._reading() as db:
            return settings.learnt(db, connection_id)

    def learn(self, connection_id: str, model: str, change: Callable[[Learnt], Learnt]) -> None:
        with self._writing() as db:
            settings.learn(db, connection_id, border.clean(model), change)

    # troubles

    def troubles(self) -> dict[tuple[str, str], Trouble]:
        with self._reading() as db:
            return troubles.troubles(db)

    def trouble(self, connection_id: str, model: str, change: Change) -> None:
        with self._writing() as db:
            troubles.trouble(db, connection_id, border.handle(model), change)

    # sign-in of the admin

    def password(self) -> str | None:
        with self._reading() as db:
            return sign_in.password(db)

    def set_password(self, hashed: str, *, link: bytes, now: int) -> bool:
        with self._writing() as db:
            return sign_in.set_password(db, hashed, link=link, now=now)

    def add_link(self, link: Pass) -> None:
        with self._writing() as db:
            sign_in.add_link(db, link)

    def has_link(self, digest: bytes, now: int) -> bool:
        with self._reading() as db:
            return sign_in.has_link(db, digest, now)

    def add_session(self, session: Pass, *, password: str) -> bool:
        with self._writing() as db:
            return sign_in.add_session(db, session, password=password)

    def has_session(self, digest: bytes, now: int) -> bool:
        with self._reading() as db:
            return sign_in.has_session(db, digest, now)

    def end_session(self, digest: bytes) -> None:
        with self._writing() as db:
            sign_in.end_session(db, digest)

    # the house's own

    def note(self, name: str) -> str | None:
        with self._reading() as db:
            return db.scalar(select(NOTES.c.value).where(NOTES.c.name == name))

    def write_note(self, name: str, value: str) -> None:
        with self._writing() as db:
            upsert(db, NOTES, {"name": name, "value": value})

    def ping(self) -> None:
        with self._reading() as db:
            db.execute(select(STATE.c.version))

    def close(self) -> None:
        self._database.close()
