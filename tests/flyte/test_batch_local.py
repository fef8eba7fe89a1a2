"""Batches without Propeller: whole workflows in this process, a running loop, mocks, and the pods' own command."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from flyteidl.core import literals_pb2
from flytekit import FlyteContextManager, Secret, workflow
from flytekit.core.type_engine import TypeEngine
from flytekit.exceptions.user import FlyteUserException
from flytekit.models.literals import Literal
from flytekit.types.file import JSONLFile
from openai.types import Batch, FileObject

from ringmain.hosts import room
from ringmain.hosts.flyte import BatchEndpointTask, BatchResult, create_batch
from ringmain.hosts.flyte.inside.asking import close_asker
from ringmain.store import open_store
from tests.flyte.batches import KEY, Batches
from tests.flyte.propeller import Template

SECRET = Secret(group="openai", key="api_key")
MODEL = {"model": "gpt-4o-mini"}


@pytest.fixture(autouse=True)
def connected(batches: Batches, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("OPENAI_BASE_URL", batches.base_url)
    monkeypatch.setenv("FLYTE_OPENAI_API_KEY", KEY)
    monkeypatch.setenv("_FSEC_OPENAI_API_KEY", KEY)
    monkeypatch.setenv("RINGMAIN_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("ringmain.hosts.flyte.inside.batch.task.EVERY", 0.05)
    yield
    close_asker()


def read(file: JSONLFile | None) -> list[dict[str, Any]]:
    assert file is not None
    return [json.loads(line) for line in Path(file.download()).read_text().splitlines()]


def said(rows: Iterable[dict[str, Any]]) -> list[str]:
    return [row["response"]["body"]["choices"][0]["message"]["content"] for row in rows]


def test_a_whole_workflow_answers_rows_in_their_order_though_their_batch_expired(tmp_path: Path) -> None:
    batch = create_batch(name="whole", secret=SECRET, config={"metadata": {"play": "expire"}}, body=MODEL)
    texts = ["one", "Grüße 🦜", "status 400", "four", "five"]
    result = batch(jsonl_in=iter(texts))
    assert isinstance(result, BatchResult)
    answers = read(result.output_file)
    assert said(answers) == [f"You said: {text}" for text in texts if text != "status 400"]
    assert [row["custom_id"] for row in answers] == ["row-000001", "row-000002", "row-000004", "row-000005"]
    (error,) = read(result.error_file)
    assert (error["custom_id"], error["response"]["status_code"]) == ("row-000003", 400)
    close_asker()
    store = open_store(f"sqlite:///{tmp_path / 'data' / 'ringmain.db'}")
    try:
        assert sorted(line.input_tokens for line in store.lines(10)) == [20, 20]
    finally:
        store.close()


def test_the_guides_code_runs_with_the_variables_that_it_names() -> None:
    guide = room("flyte").guide()
    (block,) = (block for block in re.findall(r"^```python\n(.*?)^```", guide, re.M | re.S) if "create_batch" in block)
    assert "`_FSEC_OPENAI_API_KEY`" in guide
    space: dict[str, Any] = {}
    exec(block, space)
    assert said(read(space["result"].output_file)) == ["You said: Where is Rome?", "You said: Where is Oslo?"]
    assert space["result"].error_file is None


def test_flyte_may_try_each_of_the_three_tasks_again_where_the_author_says_so() -> None:
    for retries, more in ((0, {}), (2, {"retries": 2})):
        flow = create_batch(f"again{retries}", SECRET, body=MODEL, **more)
        assert [node.flyte_entity.metadata.retries for node in flow.nodes] == [retries] * 3


def test_whoever_waits_is_told_how_far_it_is_also_in_two_threads_at_once(
    batches: Batches, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    task = BatchEndpointTask(name="[b]told", config={"metadata": {"who": "told"}})
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda file: task(input_file_id=file), [batches.upload("a"), batches.upload("b")]))
    shown = capsys.readouterr().err
    first, second = batches.made(who="told")
    assert f"[b]told: {first['id']} is in_progress (0 of 1)." in shown
    assert f"[b]told: {second['id']} is in_progress (0 of 1)." in shown


def test_a_workflow_takes_a_file_within_another_workflow(tmp_path: Path) -> None:
    rows = [{"custom_id": f"mine-{at}", "body": {"messages": [{"role": "user", "content": str(at)}]}} for at in (3, 1)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    batch = create_batch("file", SECRET, is_json_iterator=False, body=MODEL)

    @workflow
    def outer(jsonl: JSONLFile) -> BatchResult:
        return batch(jsonl_in=jsonl)

    result = outer(jsonl=JSONLFile(str(tmp_path / "rows.jsonl")))
    assert [row["custom_id"] for row in read(result.output_file)] == ["mine-3", "mine-1"]
    assert result.error_file is None


def test_many_rows_become_several_files_and_one_answer(monkeypatch: pytest.MonkeyPatch, batches: Batches) -> None:
    from ringmain.hosts.flyte.inside.batch import files

    def small(*given: Any) -> list[Path]:
        return written(*given, most=3)

    written = files.written
    monkeypatch.setattr(files, "written", small)
    before = len(batches.made())
    result = create_batch("many", SECRET, body=MODEL)(jsonl_in=iter(map(str, range(7))))
    assert said(read(result.output_file)) == [f"You said: {at}" for at in range(7)]
    assert len(batches.made()) - before == 3


def test_a_row_that_no_batch_would_take_is_told_before_anything_is_sent(batches: Batches) -> None:
    before = batches.calls
    twice = iter([{"custom_id": "a", "messages": []}, {"custom_id": "a", "messages": []}])
    with pytest.raises(Exception, match="Row 2 has the custom_id 'a' of an earlier one"):
        create_batch("twice", SECRET, body=MODEL)(jsonl_in=twice)
    assert batches.calls == before


def test_a_batch_task_runs_inside_a_running_loop_and_tells_why_it_failed(batches: Batches) -> None:
    task = BatchEndpointTask(name="alone", config={"metadata": {"play": "invalid"}})

    async def cell() -> Any:
        return task(input_file_id=batches.upload("a"))

    with pytest.raises(FlyteUserException, match="task alone failed: This line is not parseable as valid JSON"):
        asyncio.run(cell())


def test_who_interrupts_a_local_run_stops_its_batch(batches: Batches) -> None:
    task = BatchEndpointTask(name="interrupted", config={"metadata": {"play": "forever", "who": "interrupted"}})
    interrupt = "ringmain.hosts.flyte.inside.batch.task.time.sleep"
    with mock.patch(interrupt, side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        task(input_file_id=batches.upload("a"))
    (made,) = batches.made(who="interrupted")
    assert made["status"] in ("cancelling", "cancelled")


def batch(**more: Any) -> Batch:
    told = {
        "id": "batch_mocked",
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "input_file_id": "file-mocked",
        "completion_window": "24h",
        "status": "completed",
        "created_at": 1,
    }
    return Batch.model_validate({**told, **more})


def test_what_stands_in_the_place_of_openais_methods_is_what_is_called() -> None:
    done = batch(output_file_id="file-out", request_counts={"total": 1, "completed": 1, "failed": 0})
    uploaded = FileObject(
        id="file-mocked", object="file", bytes=1, created_at=1, filename="x", purpose="batch", status="uploaded"
    )
    with (
        mock.patch("openai.resources.files.Files.create", return_value=uploaded) as upload,
        mock.patch("openai.resources.batches.AsyncBatches.create", new=mock.AsyncMock(return_value=batch())) as create,
        mock.patch("openai.resources.batches.AsyncBatches.retrieve", new=mock.AsyncMock(return_value=done)) as retrieve,
        # The file that the mock names is at no provider.
        pytest.raises(Exception, match="The provider has the answers of batch_mocked no more"),
    ):
        create_batch("mocked", SECRET, body=MODEL, config={"metadata": {"mine": "yes"}})(jsonl_in=iter(["hi"]))
    assert upload.call_args.kwargs["purpose"] == "batch"
    asked = create.call_args.kwargs
    assert (asked["input_file_id"], asked["endpoint"]) == ("file-mocked", "/v1/chat/completions")
    assert asked["completion_window"] == "24h"
    assert asked["metadata"]["mine"] == "yes"
    retrieve.assert_awaited_with("batch_mocked")


def run_pod(template: Template, folder: Path, inputs: literals_pb2.LiteralMap) -> literals_pb2.LiteralMap:
    """What the container of a packaged task does, by its own command."""
    (folder / "inputs.pb").write_bytes(inputs.SerializeToString())
    (folder / "template.pb").write_bytes(template.SerializeToString())
    filled = {
        "{{.input}}": str(folder / "inputs.pb"),
        "{{.outputPrefix}}": str(folder / "out"),
        "{{.rawOutputDataPrefix}}": str(folder / "raw"),
        "{{.taskTemplatePath}}": str(folder / "template.pb"),
        "{{.checkpointOutputPrefix}}": str(folder / "checkpoint"),
        "{{.prevCheckpointPrefix}}": "",
    }
    words = [filled.get(word, word) for word in template.container.args]
    words[0] = str(Path(sys.executable).parent / words[0])
    env = {**os.environ, "FLYTE_INTERNAL_EXECUTION_ID": "pod"}
    done = subprocess.run(words, env=env, cwd=folder, capture_output=True, text=True)
    told = folder / "out" / "outputs.pb"
    assert told.exists(), done.stdout + done.stderr
    return literals_pb2.LiteralMap.FromString(told.read_bytes())


def test_the_packaged_upload_runs_by_the_command_of_its_pod(
    templates: dict[str, Template], batches: Batches, tmp_path: Path
) -> None:
    (tmp_path / "rows.jsonl").write_text('"one"\n"two"\n')
    blob = literals_pb2.Blob(uri=str(tmp_path / "rows.jsonl"))
    blob.metadata.type.format = "jsonl"
    inputs = literals_pb2.LiteralMap()
    inputs.literals["jsonl_in"].scalar.blob.CopyFrom(blob)
    told = run_pod(templates["openai-file-upload-rowsv1"], tmp_path, inputs)
    first, second = batches.lines(told.literals["result"].scalar.primitive.string_value)
    assert (first["custom_id"], second["custom_id"]) == ("row-000001", "row-000002")
    assert first["body"] == {
        "model": "gpt-4o-mini",
        "max_tokens": 150,
        "seed": 2**53 + 1,
        "messages": [{"role": "user", "content": "one"}],
    }


def test_the_packaged_download_runs_by_the_command_of_its_pod(
    templates: dict[str, Template], batches: Batches, tmp_path: Path
) -> None:
    task = BatchEndpointTask(name="for_a_pod", config={"metadata": {"play": "expire"}})
    result = task(input_file_id=batches.upload("one", "two", "status 400"))
    inputs = literals_pb2.LiteralMap()
    context = FlyteContextManager.current_context()
    literal = TypeEngine.to_literal(context, result, dict, TypeEngine.to_literal_type(dict))
    inputs.literals["batch_endpoint_result"].CopyFrom(literal.to_flyte_idl())
    told = run_pod(templates["openai-download-files-rowsv1"], tmp_path, inputs)
    files = TypeEngine.to_python_value(context, Literal.from_flyte_idl(told.literals["result"]), BatchResult)
    assert said(read(files.output_file)) == ["You said: one", "You said: two"]
    assert [row["custom_id"] for row in read(files.error_file)] == ["id-2"]
