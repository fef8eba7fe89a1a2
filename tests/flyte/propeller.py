"""What Propeller does with connectors, over gRPC: the registered template and the inputs in, a resource out."""

import json
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import msgpack
from flyteidl.admin import agent_pb2, task_pb2
from flyteidl.core import execution_pb2, identifier_pb2, literals_pb2, tasks_pb2
from flyteidl.service import agent_pb2_grpc
from google.protobuf import json_format

FLOWS = Path(__file__).parent / "flows"

PREFIX = "s3://flyte/metadata/propeller/flytesnacks-development-f3a91b7c2d/n0/data/0"

Template = tasks_pb2.TaskTemplate


class Told:
    """A resource as Propeller reads it."""

    def __init__(self, resource: Any) -> None:
        self.phase = execution_pb2.TaskExecution.Phase.Name(resource.phase)
        self.message: str = resource.message
        self.outputs = {name: _value(literal) for name, literal in resource.outputs.literals.items()}
        self.info: dict[str, Any] = json_format.MessageToDict(resource.custom_info)


def _value(literal: Any) -> Any:
    """A literal as plain data."""
    match literal.WhichOneof("value"):
        case "collection":
            return [_value(one) for one in literal.collection.literals]
        case "map":
            return {name: _value(one) for name, one in literal.map.literals.items()}
    scalar = literal.scalar
    if scalar.WhichOneof("value") == "binary":
        return msgpack.unpackb(scalar.binary.value)
    match scalar.WhichOneof("value"):
        case "union":
            return _value(scalar.union.value)
        case "none_type":
            return None
    return getattr(scalar.primitive, scalar.primitive.WhichOneof("value"))


def package(folder: Path) -> dict[str, Template]:
    """The templates that `pyflyte package` would have registered, by the task's name."""
    archive = folder / "pkg.tgz"
    command = [str(Path(sys.executable).parent / "pyflyte"), "--pkgs", "chats", "--pkgs", "batched", "package"]
    command += ["--image", "any/image:1", "-o", str(archive), "--force"]
    subprocess.run(command, cwd=FLOWS, check=True, capture_output=True)
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    specs = [task_pb2.TaskSpec.FromString(file.read_bytes()) for file in folder.glob("*_1.pb")]
    return {spec.template.id.name: registered(spec.template) for spec in specs}


def registered(template: Template) -> Template:
    """The template with the id that Admin gives it."""
    named = identifier_pb2.Identifier(
        resource_type=identifier_pb2.TASK,
        project="flytesnacks",
        domain="development",
        name=template.id.name,
        version="v1",
    )
    template.id.CopyFrom(named)
    return template


class Propeller:
    """A channel to one connector."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._sync = agent_pb2_grpc.SyncAgentServiceStub(channel)
        self._async = agent_pb2_grpc.AsyncAgentServiceStub(channel)
        self._metadata = agent_pb2_grpc.AgentMetadataServiceStub(channel)

    def types(self) -> set[tuple[str, str, bool]]:
        """Task type, which connector says that it serves it, and whether in one call."""
        agents = self._metadata.ListAgents(agent_pb2.ListAgentsRequest()).agents
        return {(kind.name, agent.name, agent.is_sync) for agent in agents for kind in agent.supported_task_categories}

    def execute(self, template: Template, message: str | None, *, timeout: float = 60, prefix: str = PREFIX) -> Told:
        """What comes of a task; raises `grpc.RpcError` as Propeller would see it."""
        text = literals_pb2.Primitive(string_value=message)
        literal = literals_pb2.Literal(scalar=literals_pb2.Scalar(primitive=text))
        inputs = literals_pb2.LiteralMap(literals={} if message is None else {"message": literal})
        header = agent_pb2.CreateRequestHeader(template=template, output_prefix=prefix)
        parts = [agent_pb2.ExecuteTaskSyncRequest(header=header), agent_pb2.ExecuteTaskSyncRequest(inputs=inputs)]
        return Told(next(self._sync.ExecuteTaskSync(iter(parts), timeout=timeout)).header.resource)

    def execute_all(self, template: Template, messages: list[str], *, at_once: int = 50) -> list[Told]:
        """What comes of many tasks, so many in flight as Propeller allows a namespace."""
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(lambda message: self.execute(template, message), messages))

    def create(self, template: Template, files: str, *, prefix: str = PREFIX) -> bytes:
        """What the connector wants to be given back with every later question."""
        text = literals_pb2.Literal(scalar=literals_pb2.Scalar(primitive=literals_pb2.Primitive(string_value=files)))
        inputs = literals_pb2.LiteralMap(literals={"input_file_id": text})
        request = agent_pb2.CreateTaskRequest(template=template, inputs=inputs, output_prefix=prefix)
        return self._async.CreateTask(request, timeout=10).resource_meta

    def get(self, template: Template, meta: bytes) -> Told:
        """How far it is."""
        category = agent_pb2.TaskCategory(name=template.type, version=0)
        request = agent_pb2.GetTaskRequest(task_category=category, resource_meta=meta)
        return Told(self._async.GetTask(request, timeout=10).resource)

    def see_through(self, template: Template, meta: bytes) -> Told:
        """What comes of it in the end."""
        for _ in range(100):
            told = self.get(template, meta)
            if told.phase not in ("RUNNING", "QUEUED"):
                return told
            time.sleep(0.05)
        raise AssertionError(told.message)

    def delete(self, template: Template, meta: bytes) -> None:
        """Have it stopped."""
        category = agent_pb2.TaskCategory(name=template.type, version=0)
        self._async.DeleteTask(agent_pb2.DeleteTaskRequest(task_category=category, resource_meta=meta), timeout=10)


@contextmanager
def propeller(port: int) -> Iterator[Propeller]:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        grpc.channel_ready_future(channel).result(60)
        yield Propeller(channel)


def plain(template: Template) -> dict[str, Any]:
    """The custom part as a connector gets it: a Struct knows no whole numbers."""
    return json.loads(json_format.MessageToJson(template.custom))
