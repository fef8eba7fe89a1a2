"""Many chats in one task of Flyte 2: a table in, a table out."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, overload

from msgspec.structs import replace

from ringmain import rows as many
from ringmain.exchange.ask import Ask
from ringmain.hosts.flyte.inside.asking import TIMEOUT_SECONDS, account_of, asker
from ringmain.hosts.flyte.inside.origin import without_origin
from ringmain.hosts.flyte.inside.v2.actions import Action
from ringmain.hosts.flyte.inside.v2.chatting import waited
from ringmain.hosts.flyte.inside.v2.failing import failing
from ringmain.hosts.flyte.inside.v2.held import check, check_plain, connection_of
from ringmain.hosts.flyte.inside.v2.keeping import Keeping
from ringmain.hosts.flyte.inside.v2.showing import show
from ringmain.hub import AsyncHub
from ringmain.network import Network
from ringmain.rows.frames import beside, library_of, rows_of

F = TypeVar("F", bound=many.Frame)


@overload
async def chat_map(
    rows: Iterable[Mapping[str, Any] | str], prompt: str | None = None, **options: Any
) -> many.Table: ...
@overload
async def chat_map(rows: F, prompt: str | None = None, **options: Any) -> F: ...
async def chat_map(rows: Any, prompt: str | None = None, **options: Any) -> Any:
    """What comes of asking every row: a `Table`; for a data frame the frame with the answers beside its columns.

    Takes what `ringmain.chat_map` takes; `keep` may also be the task's checkpoint, `flyte.ctx().checkpoint`.
    Raises as `chat` does, for what no row could be asked with: what fails in a row stands in its result.
    """
    with failing():
        run = _Many(rows, prompt, **options)
        file = await asyncio.to_thread(run.keeping.open)
        try:
            table = await asker(Network).within(lambda hub: run.asked(hub, file))
        finally:
            await asyncio.to_thread(run.keeping.close)
        return run.given_back(table)


@overload
def chat_map_sync(rows: Iterable[Mapping[str, Any] | str], prompt: str | None = None, **options: Any) -> many.Table: ...
@overload
def chat_map_sync(rows: F, prompt: str | None = None, **options: Any) -> F: ...
def chat_map_sync(rows: Any, prompt: str | None = None, **options: Any) -> Any:
    """As `chat_map`, for tasks that are plain functions."""
    with failing():
        check_plain("chat_map")
        run = _Many(rows, prompt, **options)
        file = run.keeping.open()
        try:
            table = waited(asker(Network).begin(lambda hub: run.asked(hub, file)))
        finally:
            run.keeping.close()
        return run.given_back(table)


class _Many:
    """Rows that are ready to be asked, and what becomes of their table."""

    def __init__(
        self,
        rows: Any,
        prompt: str | None,
        *,
        connection: str | None = None,
        timeout: float | None = TIMEOUT_SECONDS,
        keep: Any = None,
        **options: Any,
    ) -> None:
        check(options)
        self._rows = rows
        self._library = library_of(rows)
        self._prompt = prompt
        self._action = Action()
        self._connection = connection_of(connection, place=self._action.origin.place)
        self._options = {**options, "timeout": timeout, "connection": self._connection.name}
        self._times: dict[int, int] = {}
        self.keeping = Keeping(keep)

    async def asked(self, hub: AsyncHub, file: Any) -> many.Table:
        """The table. Raises `RingmainError`."""
        hub.ring.registry.bring(self._connection)
        account = account_of(self._action.origin.place)
        rows = self._rows if self._library is None else rows_of(self._rows, self._library)
        return await many.chat_map(
            hub, rows, self._prompt, account=account, mark=self._mark, keep=file, **self._options
        )

    def _mark(self, ask: Ask, index: int) -> Ask:
        """The ask with who asks; a row that is looked at again is the same one."""
        if index not in self._times:
            self._times[index] = self._action.times(ask)
        return self._action.mark(ask, self._times[index])

    def given_back(self, table: many.Table) -> Any:
        """The table, or the frame that the rows came in, and a word of it in the task's report."""
        table = many.Table([replace(row, notices=without_origin(row.notices)) for row in table])
        show(table)
        return table if self._library is None else beside(self._rows, self._library, table)
