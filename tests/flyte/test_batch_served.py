"""The packaged TaskSpec of a batch, sent to the connector that pyflyte serves, as Propeller does."""

import json
import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from ringmain.exchange.line import Line
from ringmain.store import open_store
from tests.flyte.batches import KEY, Batches
from tests.flyte.propeller import PREFIX, Propeller, Template, plain
from tests.flyte.stage import TAKEOVER, served, wait_until

Templates = dict[str, Template]

OURS, ORIGINAL = "ringmain Batch Connector", "OpenAI Batch Endpoint Connector"

CONNECTIONS = """
[connections.default]
base_url = "{base_url}"
secret = "FLYTE_OPENAI_API_KEY"
allow = ["flytesnacks/*"]
batch_prices = {{ gpt-4o-mini = "0.075,0.30" }}

[connections.closed]
base_url = "{base_url}"
allow = ["other/production"]
"""


def environ(batches: Batches, folder: Path) -> dict[str, str]:
    (folder / "flyte.toml").write_text(CONNECTIONS.format(base_url=batches.base_url))
    return {
        "_FSEC_FLYTE_OPENAI_API_KEY": KEY,
        "RINGMAIN_FLYTE_CONNECTIONS": str(folder / "flyte.toml"),
        "RINGMAIN_DATA": str(folder / "data"),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("batches")


@pytest.fixture(scope="module")
def channel(batches: Batches, folder: Path) -> Iterator[Propeller]:
    with served(folder, TAKEOVER, **environ(batches, folder)) as served_channel:
        yield served_channel


def execution(name: str, attempt: int = 0) -> str:
    """The output prefix of an attempt of one execution."""
    return PREFIX.replace("f3a91b7c2d", name).removesuffix("/0") + f"/{attempt}"


def lines(folder: Path, *batches: str) -> list[Line]:
    """The book's lines about these batches."""
    store = open_store(f"sqlite:///{folder / 'data' / 'ringmain.db'}")
    try:
        return [line for line in store.lines(1000) if any(id in " ".join(line.notices) for id in batches)]
    finally:
        store.close()


def test_our_type_and_the_originals_are_served_as_what_takes_long(channel: Propeller, original: Propeller) -> None:
    assert {("ringmain_batch", OURS, False), ("openai-batch", OURS, False)} <= channel.types()
    assert {("ringmain_batch", OURS, False), ("openai-batch", ORIGINAL, False)} <= original.types()
    assert ("openai-batch", OURS, False) not in original.types()


def test_all_rows_are_answered_and_the_book_has_one_line(
    channel: Propeller, templates: Templates, batches: Batches, folder: Path
) -> None:
    template = templates["batch_complete"]
    meta = channel.create(template, batches.upload("a", "b", "c"), prefix=execution("whole"))
    assert channel.get(template, meta).phase == "RUNNING"
    told = channel.see_through(template, meta)
    (made,) = batches.made(ringmain_job=json.loads(meta)["job"])
    assert (told.phase, told.message, told.outputs) == ("SUCCEEDED", "", {"result": made})
    assert told.info["usage"]["gpt-4o-mini-2026-07-18"]["input_tokens"] == 30
    assert told.info["cost"] == "0.00000675"
    # A poll that is made again, because its answer was lost, tells the same and books nothing.
    assert channel.see_through(template, meta).outputs == told.outputs
    wait_until(lambda: lines(folder, made["id"]))
    (line,) = lines(folder, made["id"])
    assert (line.account, line.input_tokens, line.picodollars) == ("flytesnacks/development", 30, 6_750_000)
    assert line.notices[0] == "Asked by Flyte: task batch_complete, execution whole, node n0, attempt 0."


def test_what_flyte_keeps_has_no_key_no_address_and_no_prompt(
    channel: Propeller, templates: Templates, batches: Batches
) -> None:
    meta = channel.create(templates["batch_complete"], batches.upload("a secret prompt"), prefix=execution("kept"))
    assert json.loads(meta)["version"] == 1
    for never in (KEY, "127.0.0.1", "secret prompt", "gpt-4o-mini"):
        assert never not in meta.decode()


def test_of_an_expired_batch_only_the_rest_is_asked_again(
    channel: Propeller, templates: Templates, batches: Batches, folder: Path
) -> None:
    template = templates["batch_expire"]
    meta = channel.create(template, batches.upload("a", "b", "c", "d"), prefix=execution("expired"))
    told = channel.see_through(template, meta)
    first, second = batches.made(ringmain_job=json.loads(meta)["job"])
    assert (told.phase, told.message) == ("SUCCEEDED", "")
    assert [batch["id"] for batch in told.outputs["result"]["batches"]] == [first["id"], second["id"]]
    assert [line["custom_id"] for line in batches.lines(second["input_file_id"])] == ["id-2", "id-3"]
    wait_until(lambda: len(lines(folder, first["id"], second["id"])) == 2)


def test_a_connector_that_dies_between_is_replaced_by_another(
    channel: Propeller, templates: Templates, batches: Batches, tmp_path: Path
) -> None:
    template = templates["batch_expire_again"]
    with served(tmp_path, **environ(batches, tmp_path)) as other:
        meta = other.create(template, batches.upload(*"abcdefgh"), prefix=execution("died"))
        wait_until(lambda: other.get(template, meta) and len(batches.made(ringmain_job=json.loads(meta)["job"])) == 2)
    told = channel.see_through(template, meta)
    made = batches.made(ringmain_job=json.loads(meta)["job"])
    assert (told.phase, told.info["answered"]) == ("SUCCEEDED", 8)
    assert [batch["request_counts"]["total"] for batch in made] == [8, 4, 2]


def test_a_retry_takes_over_what_the_attempt_before_it_began(
    channel: Propeller, templates: Templates, batches: Batches
) -> None:
    template, file = templates["batch_complete"], batches.upload("a", "b")
    first = channel.create(template, file, prefix=execution("retried", 0))
    again = channel.create(template, file, prefix=execution("retried", 0))
    later = channel.create(template, file, prefix=execution("retried", 1))
    assert json.loads(first)["batch_id"] == json.loads(again)["batch_id"] == json.loads(later)["batch_id"]
    other = channel.create(template, file, prefix=execution("another"))
    assert json.loads(other)["batch_id"] != json.loads(first)["batch_id"]
    assert channel.see_through(template, later).phase == "SUCCEEDED"


def test_what_was_aborted_is_stopped_at_the_provider_and_counted(
    channel: Propeller, templates: Templates, batches: Batches, folder: Path
) -> None:
    template = templates["batch_forever"]
    meta = channel.create(template, batches.upload("a", "b", "c"), prefix=execution("aborted"))
    channel.get(template, meta)
    channel.delete(template, meta)
    (made,) = batches.made(ringmain_job=json.loads(meta)["job"])
    assert made["status"] in ("cancelling", "cancelled")
    channel.delete(template, meta)
    wait_until(lambda: lines(folder, made["id"]), seconds=40)
    assert lines(folder, made["id"])[0].input_tokens == 20


@pytest.mark.parametrize(
    ("name", "phase", "told"),
    [
        ("batch_invalid", "FAILED", "This line is not parseable as valid JSON."),
        ("batch_empty", "FAILED", "none of its 2 requests was answered. The first of them: 400 It is a 400"),
        ("batch_refused", "FAILED", "This batch is not wanted."),
        ("batch_swamped", "RETRYABLE_FAILED", "is being asked too often"),
        ("batch_elsewhere", "FAILED", "flytesnacks/development may not use the connection 'closed'"),
    ],
)
def test_each_failure_is_told_in_the_providers_own_words(
    channel: Propeller, templates: Templates, batches: Batches, name: str, phase: str, told: str
) -> None:
    meta = channel.create(templates[name], batches.upload("a", "b"), prefix=execution(name.replace("_", "")))
    came = channel.see_through(templates[name], meta)
    assert (came.phase, came.outputs) == (phase, {})
    assert told in came.message


@pytest.mark.parametrize("files", ["", "file-none", "../batches", "file-1,file-1"])
def test_a_file_that_is_none_is_told_and_not_retried(channel: Propeller, templates: Templates, files: str) -> None:
    template = templates["batch_complete"]
    came = channel.get(template, channel.create(template, files, prefix=execution("nofile")))
    assert came.phase == "FAILED"
    assert "file" in came.message


def test_a_500_while_polling_leaves_it_running(channel: Propeller, templates: Templates, batches: Batches) -> None:
    template = templates["batch_stumble"]
    meta = channel.create(template, batches.upload("a"), prefix=execution("stumbled"))
    told = [channel.get(template, meta) for _ in range(2)]
    assert [one.phase for one in told] == ["RUNNING", "RUNNING"]
    assert "status 500" in told[1].message
    assert channel.see_through(template, meta).phase == "SUCCEEDED"


UNPICKLED = Path(tempfile.gettempdir()) / "ringmain-was-unpickled"


class Evil:
    def __reduce__(self) -> Any:
        return (Path.touch, (UNPICKLED,))


@pytest.mark.parametrize(
    ("meta", "told"), [(pickle.dumps(Evil()), "never unpickled"), (b"{", "cannot be read"), (b"", "cannot be read")]
)
@pytest.mark.parametrize("name", ["batch_complete", "batch_original"])
def test_a_state_that_is_none_of_ours_is_refused_with_a_sentence(
    channel: Propeller, templates: Templates, name: str, meta: bytes, told: str
) -> None:
    came = channel.get(templates[name], meta)
    assert came.phase == "FAILED"
    assert told in came.message
    channel.delete(templates[name], meta)
    assert not UNPICKLED.exists()


def test_what_the_original_registered_keeps_what_expired_has_finished(
    channel: Propeller, templates: Templates, batches: Batches
) -> None:
    """Its own download node knows of one batch only, so that nothing is asked again."""
    template = templates["batch_original"]
    assert template.type == "openai-batch"
    meta = channel.create(template, batches.upload("a", "b"), prefix=execution("theirs"))
    told = channel.see_through(template, meta)
    assert (told.phase, told.message) == (
        "SUCCEEDED",
        "Not all of 2 rows were answered: 1 left over. The error file names them.",
    )
    assert len(batches.lines(told.outputs["result"]["output_file_id"])) == 1


def test_a_hub_has_no_batches_and_the_error_says_what_to_do(templates: Templates, tmp_path: Path) -> None:
    with served(tmp_path, RINGMAIN_URL="http://127.0.0.1:9", RINGMAIN_KEY="rm-key") as of_a_hub:
        came = of_a_hub.get(templates["batch_complete"], of_a_hub.create(templates["batch_complete"], "file-1"))
    assert came.phase == "FAILED"
    assert "a hub has no batches" in came.message
    assert "RINGMAIN_FLYTE_CONNECTIONS" in came.message


def test_a_connector_with_a_wrong_key_says_where_its_admin_looks(
    templates: Templates, batches: Batches, tmp_path: Path
) -> None:
    environ = {"OPENAI_BASE_URL": batches.base_url, "_FSEC_FLYTE_OPENAI_API_KEY": "sk-wrong"}
    with served(tmp_path, RINGMAIN_DATA=str(tmp_path / "data"), **environ) as channel:
        template = templates["batch_complete"]
        told = channel.get(template, channel.create(template, batches.upload("a")))
    assert told.phase == "FAILED"
    assert told.message.endswith("`ringmain doctor flyte` shows which one it reads.")


def test_a_connector_without_its_secret_waits_for_it_and_one_that_begins_fails(
    channel: Propeller, templates: Templates, batches: Batches, tmp_path: Path
) -> None:
    template = templates["batch_complete"]
    meta = channel.create(template, batches.upload("a"), prefix=execution("rotated"))
    with served(tmp_path) as keyless:
        told = keyless.get(template, meta)
        assert told.phase == "RUNNING"
        assert "no secret" in told.message
        assert keyless.get(template, keyless.create(template, "file-1")).phase == "FAILED"


def test_a_template_holds_whole_numbers_as_json_and_nothing_of_a_secret(templates: Templates) -> None:
    upload = plain(templates["openai-file-upload-rowsv1"])
    assert json.loads(upload["ringmain"])["body"] == {
        "model": "gpt-4o-mini",
        "max_tokens": 150,
        "seed": 2**53 + 1,
    }
    assert templates["openai-file-upload-rowsv1"].security_context.secrets[0].group == "openai"
    assert templates["openai-download-files-rowsv1"].container.image == "any/image:1"
    assert "127.0.0.1" not in str(upload)


def test_propeller_is_never_made_to_wait_for_long(channel: Propeller, templates: Templates, batches: Batches) -> None:
    """Ten thousand rows are read, cut and sent again within polls that each answer in time."""
    template = templates["batch_expire"]
    meta = channel.create(template, batches.upload(*map(str, range(10_000))), prefix=execution("large"))
    try:
        assert channel.see_through(template, meta).info["answered"] == 10_000
    except grpc.RpcError as error:
        pytest.fail(f"Propeller would have given up: {error}")
