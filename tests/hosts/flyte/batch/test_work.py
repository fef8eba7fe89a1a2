"""A job's whole way before a provider over real sockets: what is asked again, what is told, what the book says."""

import asyncio
import itertools
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ringmain.errors import ProviderError
from ringmain.exchange.connection import Connection, Secret
from ringmain.exchange.line import Line
from ringmain.hosts.flyte.inside.asking import asker, close_asker
from ringmain.hosts.flyte.inside.batch.desk import Desk, desk_of
from ringmain.hosts.flyte.inside.batch.options import Options
from ringmain.hosts.flyte.inside.batch.parts import parts_of
from ringmain.hosts.flyte.inside.batch.report import Report
from ringmain.hosts.flyte.inside.batch.state import State
from ringmain.presets import preset
from ringmain.store import open_store
from tests.flyte.batches import KEY, Batches, run_batches

TEXTS = ("a", "b", "c", "d")
jobs = (f"{number:032x}" for number in itertools.count(1))


@pytest.fixture(scope="module")
def provider() -> Iterator[Batches]:
    with run_batches() as running:
        yield running


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    monkeypatch.setenv("RINGMAIN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("RINGMAIN_FLYTE_CONNECTIONS", str(tmp_path / "flyte.toml"))
    (tmp_path / "flyte.toml").write_text(
        '[connections.default]\nbase_url = "http://127.0.0.1:1/v1"\nallow = ["*"]\n'
        'batch_prices = { "gpt-4o-mini" = "0.075,0.30" }\n'
    )
    yield tmp_path / "data"
    close_asker()


def connection(provider: Batches, key: str = KEY) -> Connection:
    return Connection(
        id="flyte:main", name="main", base_url=provider.base_url, preset=preset("custom"), key=Secret(key)
    )


def job(*files: str, **more: Any) -> State:
    return State(
        openai_org=None, batch_id="", job=next(jobs), files=",".join(files), place="p/d", task="Asked.", **more
    )


def begun(provider: Batches, state: State, play: str = "", *, resubmits: int = 2, again: bool = False) -> State:
    options = Options(config={"metadata": {"play": play, "job": "mine"}}, resubmits=resubmits)

    def work(hub: Any) -> Any:
        return desk_of(hub).begin(state, options, connection(provider), again=again)

    return asyncio.run(asker().within(work))


def looked(provider: Batches, state: State) -> Report:
    return asyncio.run(asker().within(lambda hub: desk_of(hub).look(state, connection(provider))))


def seen_through(provider: Batches, state: State) -> Report:
    """What comes of a job, and that each look before it was a wait."""
    for _ in range(20):
        report = looked(provider, state)
        if report.over:
            return report
        assert report.message
    raise AssertionError(report)


def of(provider: Batches, state: State) -> list[dict[str, Any]]:
    return provider.made(ringmain_job=state.job)


def lines(folder: Path) -> list[Line]:
    close_asker()
    store = open_store(f"sqlite:///{folder / 'ringmain.db'}")
    try:
        return store.lines(100)
    finally:
        store.close()


def ids(provider: Batches, file: str) -> list[str]:
    return [line["custom_id"] for line in provider.lines(file)]


def test_a_batch_that_completes_is_handed_on_as_the_provider_tells_it(provider: Batches, folder: Path) -> None:
    state = begun(provider, job(provider.upload(*TEXTS)))
    report = seen_through(provider, state)
    (made,) = of(provider, state)
    assert (report.phase, report.message, report.result) == ("SUCCEEDED", "", made)
    assert report.info["answered"] == 4
    assert report.info["usage"] == {
        "gpt-4o-mini-2026-07-18": {"answers": 4, "input_tokens": 40, "output_tokens": 20, "cached_tokens": 0}
    }
    assert report.info["cost"] == "0.000009"
    (line,) = lines(folder)
    assert (line.status, line.model, line.input_tokens, line.output_tokens) == ("ok", "gpt-4o-mini-2026-07-18", 40, 20)
    assert (line.tool, line.account, line.connection, line.picodollars) == ("flyte", "p/d", "main", 9_000_000)
    assert line.notices == ("Asked.", f"Batch {made['id']}, completed: 4 of its 4 requests are counted here.")


@pytest.mark.parametrize("play", ["expire", "silent"])
def test_of_a_batch_that_expired_only_the_rest_is_asked_again(provider: Batches, folder: Path, play: str) -> None:
    state = begun(provider, job(provider.upload(*TEXTS)), play)
    report = seen_through(provider, state)
    first, second = of(provider, state)
    assert (report.phase, report.message) == ("SUCCEEDED", "")
    assert ids(provider, second["input_file_id"]) == ["id-2", "id-3"]
    assert second["metadata"] == {**first["metadata"], "ringmain_round": "1"}
    assert second["metadata"]["job"] == "mine"
    assert (second["endpoint"], second["completion_window"]) == (first["endpoint"], "24h")
    assert report.result is not None
    assert [batch["id"] for batch in report.result["batches"]] == [first["id"], second["id"]]
    assert report.info["answered"] == 4
    assert sorted(line.input_tokens for line in lines(folder)) == [20, 20]


def test_so_many_rounds_and_then_what_there_is_goes_on(provider: Batches) -> None:
    state = begun(provider, job(provider.upload(*map(str, range(16)))), "expire expire expire")
    report = seen_through(provider, state)
    assert [batch["request_counts"]["completed"] for batch in of(provider, state)] == [8, 4, 2]
    assert (report.phase, report.message) == (
        "SUCCEEDED",
        "Not all of 16 rows were answered: 2 left over. The error file names them.",
    )


def test_nothing_is_asked_again_where_nobody_wants_it(provider: Batches) -> None:
    state = begun(provider, job(provider.upload(*TEXTS)), "expire", resubmits=0)
    assert "2 left over" in seen_through(provider, state).message
    assert len(of(provider, state)) == 1


def test_what_the_provider_refuses_for_good_is_not_asked_again_and_what_may_be_mended_is(provider: Batches) -> None:
    state = begun(provider, job(provider.upload("a", "status 400", "status 503", "b")))
    report = seen_through(provider, state)
    _, second = of(provider, state)
    assert ids(provider, second["input_file_id"]) == ["id-2"]
    assert report.message == "Not all of 4 rows were answered: 1 refused. The error file names them."
    assert report.info["answered"] == 3


def test_a_batch_that_is_not_valid_fails_with_the_providers_own_words(provider: Batches, folder: Path) -> None:
    report = seen_through(provider, begun(provider, job(provider.upload(*TEXTS)), "invalid"))
    assert (report.phase, report.message) == ("FAILED", "This line is not parseable as valid JSON.")
    assert [fault["line"] for fault in report.info["errors"]] == [1, 3]
    (line,) = lines(folder)
    assert (line.status, line.code, line.picodollars) == ("failed", "upstream_refused", 0)


def test_a_batch_that_completes_with_nothing_in_it_is_a_failure_with_the_real_message(provider: Batches) -> None:
    report = seen_through(provider, begun(provider, job(provider.upload(*TEXTS)), "empty"))
    assert report.phase == "FAILED"
    assert report.message.endswith("none of its 4 requests was answered. The first of them: 400 It is a 400: 0.")
    report = seen_through(provider, begun(provider, job(provider.upload(*TEXTS)), "nothing"))
    assert report.phase == "FAILED"
    assert "does not say why" in report.message


@pytest.mark.parametrize(("play", "told"), [("stumble", "failed with status 500"), ("keyless", "did not accept")])
def test_to_fail_at_looking_is_not_to_have_failed(provider: Batches, play: str, told: str) -> None:
    state = begun(provider, job(provider.upload(*TEXTS)), play)
    looked(provider, state)
    report = looked(provider, state)
    assert report.phase == "RUNNING"
    assert told in report.message
    assert seen_through(provider, state).phase == "SUCCEEDED"


def test_a_status_that_nobody_knows_is_told_and_waited_for(provider: Batches) -> None:
    state = begun(provider, job(provider.upload(*TEXTS)), "odd")
    assert "in_progress (0 of 4)" in looked(provider, state).message
    assert "is paused (0 of 4); ringmain does not know that status" in looked(provider, state).message
    assert seen_through(provider, state).phase == "SUCCEEDED"


def test_files_that_are_gone_leave_a_line_that_is_not_confirmed(provider: Batches, folder: Path) -> None:
    report = seen_through(provider, begun(provider, job(provider.upload(*TEXTS)), "gone"))
    assert report.phase == "SUCCEEDED"
    (line,) = lines(folder)
    assert (line.status, line.picodollars) == ("unconfirmed", None)
    assert "could not be read to be counted" in line.notices[1]


def test_several_files_are_one_job(provider: Batches) -> None:
    files = [provider.upload("a", "b"), provider.upload("c"), provider.upload("d", "e")]
    state = begun(provider, job(*files), "expire")
    report = seen_through(provider, state)
    assert report.result is not None
    assert report.result["files"] == files
    assert report.info["answered"] == 5
    # Of one row none is the half, so that it is asked again whole.
    assert sorted(batch["request_counts"]["total"] for batch in of(provider, state)) == [1, 1, 1, 1, 2, 2]


def test_another_attempt_finds_what_the_first_has_begun_and_pays_nothing_again(provider: Batches) -> None:
    first = begun(provider, job(provider.upload(*TEXTS)))
    close_asker()
    again = begun(provider, msgspec.structs.replace(first, batch_id=""), again=True)
    assert again == first
    assert seen_through(provider, again).phase == "SUCCEEDED"
    assert len(of(provider, first)) == 1


@pytest.mark.parametrize("play", ["lost", "expire lost"])
def test_a_batch_that_was_made_though_its_answer_was_lost_is_found(provider: Batches, play: str) -> None:
    fresh = state = job(provider.upload(*TEXTS))
    try:
        state = begun(provider, fresh, play)
    except ProviderError as error:
        assert error.code == "upstream_ambiguous"  # noqa: PT017
        state = begun(provider, fresh, play, again=True)
    report = seen_through(provider, state)
    assert (report.phase, report.info["answered"]) == ("SUCCEEDED", 4)
    assert len(of(provider, state)) == len(play.split())


def test_what_was_begun_is_found_behind_the_first_page_of_a_list(provider: Batches) -> None:
    first = begun(provider, job(provider.upload(*TEXTS)))
    for _ in range(2):
        begun(provider, job(*(provider.upload("others'") for _ in range(60))))
    close_asker()
    assert begun(provider, msgspec.structs.replace(first, batch_id=""), again=True) == first
    assert len(of(provider, first)) == 1


def test_what_was_stopped_is_taken_over_by_the_next_attempt(provider: Batches, folder: Path) -> None:
    first = begun(provider, job(provider.upload(*TEXTS)), "forever")
    looked(provider, first)
    asyncio.run(asker().within(lambda hub: desk_of(hub).stop(first, connection(provider))))
    assert of(provider, first)[0]["status"] in ("cancelling", "cancelled")
    close_asker()
    again = begun(provider, msgspec.structs.replace(first, batch_id=""), again=True)
    report = seen_through(provider, again)
    assert (report.phase, report.info["answered"]) == ("SUCCEEDED", 4)
    _, second = of(provider, first)
    assert ids(provider, second["input_file_id"]) == ["id-2", "id-3"]
    assert sorted(line.input_tokens for line in lines(folder)) == [20, 20]


def test_what_was_answered_before_the_stop_is_counted_though_nobody_asks(
    provider: Batches, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringmain.hosts.flyte.inside.batch.desk.STOPPING", (0.05, 100))
    state = begun(provider, job(provider.upload(*TEXTS)), "forever")
    looked(provider, state)

    async def stopped(hub: Any) -> None:
        desk = desk_of(hub)
        await desk.stop(state, connection(provider))
        await asyncio.gather(*desk._under_way.values())

    asyncio.run(asker().within(stopped))
    (line,) = lines(folder)
    assert (line.status, line.input_tokens) == ("ok", 20)


def test_what_somebody_stops_at_the_provider_is_not_asked_again(provider: Batches) -> None:
    state = begun(provider, job(provider.upload(*TEXTS)), "forever")
    looked(provider, state)
    (made,) = of(provider, state)
    asyncio.run(asker().within(lambda hub: Desk(hub)._work(state, connection(provider))._provider.cancel(made["id"])))
    report = seen_through(provider, state)
    assert (report.phase, report.message) == (
        "SUCCEEDED",
        "Not all of 4 rows were answered: 2 left over. The error file names them.",
    )
    assert len(of(provider, state)) == 1


def test_a_connector_that_starts_again_goes_on_where_the_last_one_was(provider: Batches, folder: Path) -> None:
    state = begun(provider, job(provider.upload(*TEXTS)), "expire")
    while len(of(provider, state)) < 2:
        looked(provider, state)
    close_asker()
    assert seen_through(provider, State.decode(state.encode())).info["answered"] == 4
    assert len(of(provider, state)) == 2
    assert sorted(line.input_tokens for line in lines(folder)) == [20, 20]


def test_of_two_connectors_that_ask_the_rest_at_once_one_gives_way(provider: Batches) -> None:
    state = begun(provider, job(provider.upload(*TEXTS)), "expire")

    async def both(hub: Any) -> list[Report]:
        desks = Desk(hub), Desk(hub)
        works = [desk._work(state, connection(provider)) for desk in desks]
        for work in works:
            while (await work._batches(state))[0].pending:
                pass
        parts = [parts_of(state, await work._batches(state))[0] for work in works]
        made = await asyncio.gather(*(work._again(state, part) for work, part in zip(works, parts, strict=True)))
        assert made[0] == made[1]
        reports = [await desk.look(state, connection(provider)) for _ in range(5) for desk in desks]
        return reports[-2:]

    one, other = asyncio.run(asker().within(both))
    assert (one.phase, one.result, one.info["answered"]) == ("SUCCEEDED", other.result, 4)
    _, older, younger = of(provider, state)
    assert (older["status"], younger["status"]) == ("completed", "cancelled")


def test_a_provider_without_room_is_asked_again_once_the_others_are_through(provider: Batches) -> None:
    files = [provider.upload("a"), provider.upload("b")]
    state = begun(provider, job(*files))
    crowded = begun(provider, job(provider.upload("c")), "crowded")
    report = seen_through(provider, crowded)
    assert (report.phase, report.info["code"]) == ("RETRYABLE_FAILED", "upstream_overloaded")
    assert "Enqueued token limit" in report.message
    again = begun(provider, msgspec.structs.replace(crowded, batch_id=""), again=True)
    assert again != crowded
    assert seen_through(provider, again).phase == "SUCCEEDED"
    assert seen_through(provider, state).phase == "SUCCEEDED"


def test_several_files_for_which_there_is_no_room_are_asked_one_after_the_other(provider: Batches) -> None:
    state = begun(provider, job(provider.upload("a"), provider.upload("b")), "crowded")
    report = seen_through(provider, state)
    assert (report.phase, report.info["answered"]) == ("SUCCEEDED", 2)
    assert [batch["status"] for batch in of(provider, state)] == ["failed", "failed", "completed", "completed"]


def test_where_the_provider_lists_no_batches_nothing_is_asked_again(provider: Batches) -> None:
    state = begun(provider, job(provider.upload(*TEXTS)), "expire")
    provider.list_batches(False)
    try:
        assert "2 left over" in seen_through(provider, state).message
    finally:
        provider.list_batches(True)


def test_a_rest_that_the_provider_will_not_have_leaves_what_there_is(provider: Batches) -> None:
    state = begun(provider, job(provider.upload(*TEXTS)), "expire refused")
    assert "2 left over" in seen_through(provider, state).message


def test_what_takes_long_goes_on_while_flyte_looks_away(provider: Batches, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as hurried:
        hurried.setattr("ringmain.hosts.flyte.inside.batch.desk.PATIENCE", 0.0)
        state = begun(provider, job(provider.upload(*TEXTS)), "expire")
        told = {looked(provider, state).message for _ in range(3)}
    assert told == {"What was answered is being read, or what is left is being asked again."}
    assert seen_through(provider, state).phase == "SUCCEEDED"
    assert len(of(provider, state)) == 2


def test_a_file_is_never_held_whole(provider: Batches) -> None:
    state = begun(provider, job(provider.upload(*(f"{'x' * 4000} {at}" for at in range(2000)))), "expire")
    looked(provider, state)
    tracemalloc.start()
    try:
        while len(of(provider, state)) < 2:
            looked(provider, state)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # 8 MB come in, and 4 MB go out.
    assert peak < 3_000_000


def test_a_disk_without_room_is_told_and_tried_again(
    provider: Batches, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    state = begun(provider, job(provider.upload(*TEXTS)), "expire")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    report = [looked(provider, state) for _ in range(3)][-1]
    assert report.phase == "RUNNING"
    assert "cannot be written on the connector's disk: No such file or directory" in report.message
    monkeypatch.undo()
    monkeypatch.setenv("RINGMAIN_DATA", "/proc/nowhere")
    assert seen_through(provider, state).info["answered"] == 4


def test_fields_that_openais_client_does_not_know_travel_too(provider: Batches) -> None:
    config = {"output_expires_after": {"anchor": "created_at", "seconds": 3600}, "odd": 1, "extra_body": {"more": 2}}

    def work(hub: Any) -> Any:
        return desk_of(hub).begin(state, Options(config=config), connection(provider), again=False)

    state = job(provider.upload("a"))
    asyncio.run(asker().within(work))
    (made,) = of(provider, state)
    assert (made["odd"], made["more"], made["output_expires_after"]["seconds"]) == (1, 2, 3600)


def test_what_is_no_batch_api_is_told_as_such(provider: Batches) -> None:
    odd = msgspec.structs.replace(connection(provider), base_url=f"{provider.base_url}/odd")
    state = msgspec.structs.replace(job("file-1"), batch_id="batch_1")
    report = asyncio.run(asker().within(lambda hub: desk_of(hub).look(state, odd)))
    assert "sent something that is no answer of a Batch API" in report.message
    with pytest.raises(ProviderError, match="no answer of a Batch API"):
        asyncio.run(asker().within(lambda hub: desk_of(hub).begin(state, Options(config={}), odd, again=True)))


def test_who_is_told_to_wait_a_little_waits(provider: Batches) -> None:
    state = begun(provider, job(provider.upload("a")), "busy")
    assert seen_through(provider, state).phase == "SUCCEEDED"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda provider: job("file-none"), "answered 404 to /v1/batches. It said: No such File object: file-none"),
        (lambda provider: job(provider.upload("a"), "file-none"), "file-none"),
    ],
)
def test_what_cannot_be_begun_says_why(provider: Batches, wrong: Callable[[Batches], State], told: str) -> None:
    with pytest.raises(ProviderError) as error:
        begun(provider, wrong(provider), again=True)
    assert told in str(error.value)


@pytest.mark.parametrize("again", [False, True])
def test_where_one_file_cannot_be_asked_for_good_nothing_is_left_running(provider: Batches, again: bool) -> None:
    state = job(provider.upload("a"), "file-none")
    with pytest.raises(ProviderError, match="No such File object: file-none"):
        begun(provider, state, "forever", again=again)
    assert [batch["status"] for batch in of(provider, state)] == ["cancelling"]


@pytest.mark.parametrize(("play", "text"), [("leaking", "a"), ("", "status 400 with the key")])
def test_a_key_that_the_provider_shows_goes_no_further(provider: Batches, play: str, text: str) -> None:
    report = seen_through(provider, begun(provider, job(provider.upload(text)), play))
    assert report.phase == "FAILED"
    assert KEY not in repr(report)
    assert "key provided" in report.message or "It is a 400" in report.message


def test_a_batch_that_the_provider_does_not_know_is_a_failure(provider: Batches) -> None:
    state = msgspec.structs.replace(job("file-1"), batch_id="batch_none")
    with pytest.raises(ProviderError) as error:
        looked(provider, state)
    assert "answered 404 to /v1/batches/batch_none" in str(error.value)
