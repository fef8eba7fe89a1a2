"""What Flyte keeps of a job: small, plain, checked when it comes back; and the name by which a job is found again."""

import json
import pickle
import re
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from ringmain.hosts.flyte.inside.batch.options import Options
from ringmain.hosts.flyte.inside.batch.parts import Batch, batch_of, begun, merged, of_job, parts_of, stopped
from ringmain.hosts.flyte.inside.batch.state import FILES, State, failed, files_of, job_of
from ringmain.hosts.flyte.inside.origin import Origin, origin_of

STATE = State(openai_org="org", batch_id="batch_1,batch_2", job="j" * 32, files="file-1,file-2", connection="main")


def test_a_state_comes_back_as_it_was() -> None:
    assert msgspec.structs.asdict(State.decode(STATE.encode())) == msgspec.structs.asdict(STATE)
    lost = failed("No key.", code="no_connection")
    assert State.decode(lost.encode()).ended == lost.ended


def test_two_states_of_the_same_batches_are_the_same() -> None:
    assert State(openai_org="org", batch_id="batch_1,batch_2") == STATE
    assert State(openai_org="org", batch_id="batch_1") != STATE
    assert State(openai_org=None, batch_id="batch_1,batch_2") != STATE


class Evil:
    def __reduce__(self) -> Any:
        return (pytest.fail, ("it was unpickled",))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (pickle.dumps(Evil()), "never unpickled"),
        (b"", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"null", "cannot be read"),
        (b'{"openai_org": null, "batch_id": 7}', "cannot be read"),
        (b"[" * 5000, "cannot be read"),
        (b'{"odd":' + b"[" * 30_000, "cannot be read"),
        (STATE.encode().replace(b'"version":1', b'"version":9'), "has version 9, and this connector knows 1"),
        (State(openai_org=None, batch_id="").encode(), "names no batch"),
        (State(openai_org=None, batch_id="batch_1/../../files/x").encode(), "which is no id"),
        (State(openai_org=None, batch_id="b", stopped=("x?y",)).encode(), "which is no id"),
        (State(openai_org=None, batch_id="b", files="a b").encode(), "which is no id"),
        (State(openai_org=None, batch_id="b", job='j"; x').encode(), "which is no id"),
        (b" " * 70_000, "more than 64 KiB"),
    ],
)
def test_what_is_no_state_has_failed_with_a_sentence(data: bytes, told: str) -> None:
    state = State.decode(data)
    assert state.ended is not None
    assert state.ended.phase == "FAILED"
    assert told in state.ended.message


def test_a_state_holds_names_and_nothing_else() -> None:
    assert set(json.loads(STATE.encode())) == {
        "openai_org", "batch_id", "version", "job", "files", "connection", "place", "task", "last", "stopped", "ended"
    }  # fmt: skip


def test_files_are_named_with_commas_between_them() -> None:
    assert files_of(" file-1, file-2 ") == ("file-1", "file-2")
    for wrong in ("", ",", "file-1,file-1", "a/b", "file 1", "../x"):
        with pytest.raises(ValueError, match=re.compile("file", re.IGNORECASE)):
            files_of(wrong)


ID = SimpleNamespace(project="p", domain="d", name="t", version="v1")
PREFIX = "s3://bucket/metadata/propeller/p-d-f3a9/n1/data/0"


def name_of(prefix: str = PREFIX, *, file: str = "file-1", **config: str) -> str:
    return job_of(origin_of(ID, prefix), [file], Options(config=config))


def test_a_job_has_no_more_files_than_its_state_can_name() -> None:
    named = [f"file-{at:022d}" for at in range(FILES)]
    assert len(files_of(",".join(named))) == FILES
    stopped = tuple(f"batch_{at:032x}" for at in range(3 * FILES))
    state = State(openai_org=None, batch_id=",".join(stopped[:FILES]), files=",".join(named), stopped=stopped)
    assert State.decode(state.encode()).batches == state.batches
    with pytest.raises(ValueError, match="names 201 files, and a job may have 200"):
        files_of(",".join([*named, "file-more"]))


def test_a_job_has_one_name_for_all_attempts_of_a_node_and_another_for_everything_else() -> None:
    assert name_of() == name_of(PREFIX[:-1] + "3")
    others = {
        name_of(PREFIX.replace("f3a9", "a3f9")),
        name_of(PREFIX.replace("n1", "n2")),
        name_of(file="file-2"),
        name_of(endpoint="/v1/embeddings"),
        job_of(origin_of(SimpleNamespace(project="q", domain="d", name="t"), PREFIX), ["file-1"], Options(config={})),
    }
    assert len(others | {name_of()}) == 6
    assert job_of(Origin(prefix="local/a"), ["f"], Options(config={})) != job_of(
        Origin(prefix="local/b"), ["f"], Options(config={})
    )


def batch(id: str, *, file: str = "file-1", round: int = 0, status: str = "completed", created: int = 1) -> Batch:
    marks = {"ringmain_job": "j", "ringmain_file": file, "ringmain_round": str(round)}
    told = batch_of({"id": id, "status": status, "created_at": created, "metadata": marks})
    assert told
    return told


def test_the_batches_of_a_job_are_put_to_its_files_by_round() -> None:
    state = State(openai_org=None, batch_id="b1,b2", files="file-2,file-1", stopped=("b4",))
    held = [
        batch("b1"),
        batch("b2", file="file-2"),
        batch("b3", round=1, created=3),
        batch("b5", round=1, created=2),
        batch("b4", round=1, status="failed"),
    ]
    parts = parts_of(state, held)
    assert [(part.file, [one.id for one in part.batches]) for part in parts] == [
        ("file-2", ["b2"]),
        ("file-1", ["b1", "b5"]),
    ]
    assert [one.id for one in merged(parts[1], [batch("b6", round=2), batch("b7", round=1, created=0)]).batches] == [
        "b1",
        "b5",
        "b6",
    ]


def test_what_an_earlier_attempt_began_counts_unless_it_had_failed() -> None:
    held = [
        batch("b1", status="failed"),
        batch("b2", status="cancelled", created=2),
        batch("b3", file="file-2", round=1),
    ]
    assert {file: one.id for file, one in begun(held).items()} == {"file-1": "b2", "file-2": "b3"}
    assert stopped(held) == ("b1", "b2")


@pytest.mark.parametrize("odd", [None, [], "x", {}, {"id": 7}, {"id": "a/b"}, {"status": "completed"}])
def test_what_is_no_batch_is_none(odd: Any) -> None:
    assert batch_of(odd) is None


def test_a_batch_is_read_however_little_is_told_of_it() -> None:
    odd = batch_of({"id": "b", "metadata": {"ringmain_round": "nine"}, "errors": [], "request_counts": {"total": "x"}})
    assert odd
    assert (odd.course, odd.round, odd.total, odd.why, odd.output) == ("unknown", 0, 0, "", "")
    assert of_job([odd], "") == of_job([odd], "j") == []
