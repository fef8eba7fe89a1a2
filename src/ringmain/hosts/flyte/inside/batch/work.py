"""One job's way: look at its batches, count what has ended, ask again what is left, tell what came of it."""

import asyncio
import logging
import tempfile
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from ringmain.errors import ProviderError, RingmainError, SetupError
from ringmain.exchange.line import Entry
from ringmain.exchange.model import Price
from ringmain.hosts.flyte.inside.batch.answers import Tally, id_of, read
from ringmain.hosts.flyte.inside.batch.booking import Whose, lines_of, summed
from ringmain.hosts.flyte.inside.batch.client import Provider
from ringmain.hosts.flyte.inside.batch.memory import Counted, Memory
from ringmain.hosts.flyte.inside.batch.options import Options
from ringmain.hosts.flyte.inside.batch.parts import Batch, Part, begun, merged, of_job, parts_of, stopped
from ringmain.hosts.flyte.inside.batch.report import Report, failed, running, succeeded
from ringmain.hosts.flyte.inside.batch.state import State, Told, marks
from ringmain.hosts.flyte.inside.outcome import RETRYABLE
from ringmain.ring import Ring

log = logging.getLogger("ringmain")

PriceOf = Callable[[str], Price | None]

LOOKS = 10
"""Looks after which a batch whose files cannot be read goes on uncounted."""


class Work:
    """What is done for jobs of one connection; `memory` is this process's, `price` tells that of a model's batches."""

    def __init__(self, ring: Ring, provider: Provider, memory: Memory, price: PriceOf) -> None:
        self._ring = ring
        self._provider = provider
        self._memory = memory
        self._price = price

    # the three things that Flyte asks for ---------------------------------------------------------------------------

    async def begin(self, state: State, options: Options, *, again: bool) -> State:
        """The state with a batch for each file: one that an earlier attempt began, where there may be such, else a new
        one. Where one cannot be made and nobody will try again, the others are stopped. Raises `ProviderError`."""
        found = await self._earlier(state) if again else []
        known = begun(found)
        fresh = [file for file in state.inputs if file not in known]
        try:
            made = await _together(self._create(state, file, options.fields) for file in fresh)
        except ProviderError as error:
            if not again or error.code not in RETRYABLE:
                await self._withdraw(state, found)
            raise
        each = {**known, **dict(zip(fresh, made, strict=True))}
        rounds = max((one.round for one in found), default=0)
        return msgspec.structs.replace(
            state,
            batch_id=",".join(each[file].id for file in state.inputs),
            stopped=stopped(found),
            last=rounds + options.resubmits,
        )

    async def _withdraw(self, state: State, found: Sequence[Batch]) -> None:
        """Have stopped what nobody will look at again."""
        for batch in [*found, *self._memory.batches(state).values()]:
            try:
                if batch.pending:
                    await self._provider.cancel(batch.id)
            except RingmainError as error:
                log.warning("Batch %s, which nobody waits for, could not be stopped: %s", batch.id, error)

    async def look(self, state: State) -> Report:
        """How far the job is; takes as long as counting and asking again take. Raises `RingmainError`."""
        parts = parts_of(state, await self._batches(state))
        if not parts:
            return failed("Of this task's batches none is left that could be waited for.")
        parts = [await self._advance(state, part) for part in parts]
        if waiting := [one for one in self._all(state, parts) if one.pending]:
            return running(waiting)
        if crowded := next((part for part in parts if part.newest.crowded), None):
            return await self._uncrowd(state, crowded, parts)
        return await self._told(state, parts)

    async def stop(self, state: State) -> None:
        """Have everything stopped that runs. Raises `ProviderError`."""
        batches = await self._batches(state)
        for batch in [*batches, *(await self._found(state, batches) or [])]:
            if batch.pending and batch.status != "cancelling":
                await self._provider.cancel(batch.id)

    async def count(self, state: State) -> bool:
        """Whether nothing of a job runs any more, and all of it is in the book. Raises `RingmainError`."""
        batches = await self._batches(state)
        over = [batch for batch in batches if not batch.pending]
        for batch in over:
            await self._counted(state, batch)
        return len(over) == len(batches)

    # which batches there are ----------------------------------------------------------------------------------------

    async def _batches(self, state: State) -> list[Batch]:
        """Those of the job that this process knows of, as they stand."""
        known = self._memory.batches(state)
        ids = dict.fromkeys([*state.batches, *known])
        return [known[id] if id in known and not known[id].pending else await self._fresh(state, id) for id in ids]

    def _all(self, state: State, parts: Iterable[Part]) -> list[Batch]:
        """Those of the parts, and what else is known of the job: a batch that another one has replaced costs too."""
        own = {one.id: one for part in parts for one in part.batches}
        return list((self._memory.batches(state) | own).values())

    async def _fresh(self, state: State, id: str) -> Batch:
        batch = await self._provider.retrieve(id)
        self._memory.saw(state, batch)
        return batch

    async def _earlier(self, state: State) -> list[Batch]:
        """What earlier attempts have made for these files."""
        since = min([await self._provider.age(file) for file in state.inputs])
        return of_job(await self._provider.listed(since=since) or [], state.job)

    async def _found(self, state: State, batches: Sequence[Batch]) -> list[Batch] | None:
        """Batches of the job that this process did not know of; None where the provider lists none."""
        if not state.job:
            return []
        listed = await self._provider.listed(since=min(one.created for one in batches))
        known = self._memory.batches(state)
        found = None if listed is None else [one for one in of_job(listed, state.job) if one.id not in known]
        for one in found or []:
            self._memory.saw(state, one)
        return found

    async def _create(self, state: State, file: str, fields: Told, *, input: str = "", round: int = 0) -> Batch:
        metadata = {**(fields.get("metadata") or {}), **marks(state.job, file, round)}
        batch = await self._provider.create(**{**fields, "metadata": metadata, "input_file_id": input or file})
        batch = msgspec.structs.replace(batch, file=file, round=round)
        self._memory.saw(state, batch)
        return batch

    # one file's way -------------------------------------------------------------------------------------------------

    async def _advance(self, state: State, part: Part) -> Part:
        """The part, once what has ended is counted, and what is left is asked again where it may be."""
        while part.newest.course == "ended":
            counted = await self._counted(state, part.newest)
            if not counted.left or not counted.readable or not state.job or _unwanted(part.newest, state):
                break
            found = await self._found(state, part.batches)
            newer = [one for one in found or [] if one.file == part.file]
            if found is None:
                break
            if newer:
                part = merged(part, newer)
            elif part.newest.round < state.last and (batch := await self._again(state, part)):
                part = merged(part, [batch])
            else:
                break
        return part

    async def _again(self, state: State, part: Part) -> Batch | None:
        """A batch with what is left of the newest one; None where nothing is, or where the provider will not have it.
        Where another process has made one at the same time, the older of both."""
        newest = part.newest
        try:
            input = self._memory.rest(newest.id) or await self._rest(state, newest)
            if not input:
                return None
            self._memory.sent(newest.id, input)
            made = await self._follow(state, part, input)
        except ProviderError as error:
            if error.code != "upstream_refused":
                raise
            log.warning("What is left of batch %s cannot be asked again: %s", newest.id, error)
            return None
        except OSError as error:
            raise _no_room(newest, error) from error
        return await self._older(state, part, made)

    async def _rest(self, state: State, batch: Batch) -> str:
        """The id of a file with the rows of a batch that are still to be asked; empty where there are none."""
        tally = await self._tallied(batch)
        with tempfile.TemporaryFile() as rest:
            async with aclosing(self._provider.lines(batch.input)) as lines:
                async for line in lines:
                    if id_of(line) not in tally.closed:
                        rest.write(line)
            if not rest.tell():
                return ""
            rest.seek(0)
            return await self._provider.upload(f"{state.job}-{batch.round + 1}.jsonl", rest)

    async def _follow(self, state: State, part: Part, input: str) -> Batch:
        told = part.newest.told
        fields = {name: told[name] for name in ("endpoint", "completion_window", "metadata") if told.get(name)}
        return await self._create(state, part.file, fields, input=input, round=part.newest.round + 1)

    async def _older(self, state: State, part: Part, made: Batch) -> Batch:
        found = await self._found(state, part.batches) or []
        same = [one for one in found if (one.file, one.round) == (made.file, made.round) and one.course != "failed"]
        first = min([made, *same], key=lambda one: (one.created, one.id))
        if first is not made:
            await self._provider.cancel(made.id)
        return first

    async def _uncrowd(self, state: State, part: Part, parts: list[Part]) -> Report:
        """Another try with a file that the provider had no room for, once the job's others are through."""
        if len(parts) > 1 and part.newest.round < state.last and state.job:
            return running([await self._follow(state, part, part.newest.input)])
        message = f"The provider has no room for batch {part.newest.id} now. It said: {part.newest.why}"
        return failed(message, code="upstream_overloaded", parts=parts)

    # what came of it ------------------------------------------------------------------------------------------------

    async def _told(self, state: State, parts: list[Part]) -> Report:
        counts = {one.id: await self._counted(state, one) for one in self._all(state, parts)}
        if any(counts[one.id].answered for part in parts for one in part.batches):
            return succeeded(parts, counts)
        first = parts[0].newest
        if first.course == "failed":
            return failed(first.why or f"The provider has failed batch {first.id} and does not say why.", parts=parts)
        why = next((counted.why for counted in counts.values() if counted.why), "")
        also = f"The first of them: {why}" if why else "The provider does not say why."
        none = f"Batch {first.id} is {first.status}, and none of its {first.total} requests was answered. {also}"
        return failed(none, parts=parts)

    async def _counted(self, state: State, batch: Batch) -> Counted:
        """What has come of a batch that has ended; it is in the book then."""
        counted = self._memory.counted(batch.id)
        if counted is None:
            counted = await self._count(batch)
            self._book(state, batch, counted)
            self._memory.keep(batch.id, counted)
        return counted

    async def _count(self, batch: Batch) -> Counted:
        try:
            return Counted.of(batch, await self._tallied(batch))
        except ProviderError as error:
            if error.status != 404 and self._memory.unread(batch.id) < LOOKS:
                raise
            return Counted.unread(batch, summed(batch, self._price), str(error))

    async def _tallied(self, batch: Batch) -> Tally:
        tally = Tally(self._price)
        for file in filter(None, (batch.output, batch.errors)):
            async with aclosing(self._provider.lines(file)) as lines:
                async for line in lines:
                    if (answer := read(line)) is not None:
                        tally.add(answer)
        tally.why = self._provider.connection.key.out_of(tally.why)
        return tally

    def _book(self, state: State, batch: Batch, counted: Counted) -> None:
        whose = Whose(place=state.place, connection=self._provider.connection.name, sentence=state.task)
        for line in lines_of(batch, counted, whose, at=self._ring.now()):
            self._ring.book.settle(Entry(line=line))
        if self._ring.settings.url:
            log.warning("Batch %s is not in the hub's book, which knows only what is asked through the hub.", batch.id)


def _no_room(batch: Batch, error: OSError) -> SetupError:
    sentence = f"What is left of batch {batch.id} cannot be written on the connector's disk: {error.strerror or error}."
    fix = f"Make room in {tempfile.gettempdir()}, or name another folder with TMPDIR."
    return SetupError("data_folder_unusable", sentence, fix=fix)


def _unwanted(batch: Batch, state: State) -> bool:
    """Whether somebody has stopped it at the provider during this very attempt, and so wants no more of it."""
    return batch.status == "cancelled" and batch.id not in state.stopped


async def _together(calls: Iterable[Coroutine[Any, Any, Batch]]) -> list[Batch]:
    """What comes of all of them, once none is under way any more; raises what the first raised."""
    made = await asyncio.gather(*calls, return_exceptions=True)
    if failed := next((one for one in made if isinstance(one, BaseException)), None):
        raise failed
    return [one for one in made if isinstance(one, Batch)]
