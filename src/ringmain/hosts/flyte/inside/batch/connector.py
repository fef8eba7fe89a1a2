"""The connector: one job of batches for each task that Propeller, or a local run, hands to it."""

from typing import Any

from flyteidl.core.execution_pb2 import TaskExecution
from flytekit import FlyteContextManager
from flytekit.core.type_engine import TypeEngine
from flytekit.extend.backend.base_connector import AsyncConnectorBase, ConnectorRegistry, Resource, TaskCategory
from flytekit.models.literals import LiteralMap
from flytekit.models.task import TaskTemplate

from ringmain.errors import AskError, ProviderError, RingmainError
from ringmain.exchange.connection import Connection
from ringmain.hosts.flyte.inside.asking import asker
from ringmain.hosts.flyte.inside.batch.desk import desk_of
from ringmain.hosts.flyte.inside.batch.options import Options, options_of
from ringmain.hosts.flyte.inside.batch.report import Report, ended, refused, said, unseen
from ringmain.hosts.flyte.inside.batch.state import State, failed, files_of, job_of
from ringmain.hosts.flyte.inside.batch.types import OUTPUTS, TASK_TYPE
from ringmain.hosts.flyte.inside.connections import connection_for
from ringmain.hosts.flyte.inside.connector import secret
from ringmain.hosts.flyte.inside.origin import Origin, origin_of
from ringmain.hosts.flyte.inside.outcome import RETRYABLE
from ringmain.settings import read_settings


class BatchEndpointConnector(AsyncConnectorBase):
    """Makes and watches batches for tasks of one type."""

    name = "ringmain Batch Connector"

    def __init__(self, task_type_name: str = TASK_TYPE) -> None:
        super().__init__(metadata_type=State, task_type_name=task_type_name)

    async def create(
        self, task_template: TaskTemplate, inputs: LiteralMap | None = None, output_prefix: str = "", **_: Any
    ) -> State:
        """The state of the job, also of one that could not be begun, which `get` then tells of.

        Where an earlier attempt of the same node has begun it, nothing is made anew.
        """
        origin, options, connection = origin_of(task_template.id, output_prefix), None, None
        try:
            options = _options(task_template)
            state = _state(origin, options, _files(inputs))
            connection = _connection(state)
            again = bool(origin.execution)
            return await asker().within(lambda hub: desk_of(hub).begin(state, options, connection, again=again))
        except RingmainError as error:
            phase = "RETRYABLE_FAILED" if error.code in RETRYABLE else "FAILED"
            message, organization = said(error, connection), options and options.organization
            return failed(message, code=error.code, phase=phase, organization=organization)

    async def get(self, resource_meta: State, **_: Any) -> Resource:
        """How far the job is; what is left of an expired batch is asked again meanwhile."""
        return await _resource(await _looked(resource_meta))

    async def delete(self, resource_meta: State, **_: Any) -> None:
        """Have everything stopped that runs; another attempt of the same node takes over what was answered."""
        if resource_meta.ended is None:
            connection = _connection(resource_meta)
            try:
                await asker().within(lambda hub: desk_of(hub).stop(resource_meta, connection))
            except ProviderError as error:
                if error.status != 404:
                    raise


def _options(template: TaskTemplate) -> Options:
    try:
        return options_of(template.custom or {})
    except ValueError as error:
        raise AskError("invalid_request", str(error), fix="See the task's config.") from error


def _files(inputs: LiteralMap | None) -> tuple[str, ...]:
    literal = inputs.literals.get("input_file_id") if inputs is not None else None
    primitive = literal.scalar.primitive if literal is not None and literal.scalar is not None else None
    try:
        return files_of((primitive.string_value if primitive is not None else "") or "")
    except ValueError as error:
        fix = "Give what UploadJSONLFileTask returned: the id of a file, or several with commas between them."
        raise AskError("invalid_request", str(error), fix=fix, param="input_file_id") from error


def _state(origin: Origin, options: Options, files: tuple[str, ...]) -> State:
    return State(
        openai_org=options.organization,
        batch_id="",
        job=job_of(origin, files, options),
        files=",".join(files),
        connection=options.connection,
        place=origin.place,
        task=origin.sentence,
    )


def _connection(state: State) -> Connection:
    """The connection that a job's batches are at. Raises `SetupError`, `AskError`."""
    connection = connection_for(
        state.connection,
        place=state.place,
        settings=read_settings(),
        look=secret,
        owned=state.openai_org is not None,
    )
    if connection.is_hub:
        raise AskError(
            "unsupported_field",
            "The connector's only connection is a hub, and a hub has no batches.",
            fix="An admin adds a provider to the file that RINGMAIN_FLYTE_CONNECTIONS names, and the task names it "
            "with connection=; or ask the rows with ringmain.chat_map, which a hub can answer.",
        )
    return connection


async def _looked(state: State) -> Report:
    if state.ended is not None:
        return ended(state.ended)
    try:
        connection = _connection(state)
    except AskError as error:
        return refused(error)
    except RingmainError as error:
        return unseen(error)
    try:
        return await asker().within(lambda hub: desk_of(hub).look(state, connection))
    except RingmainError as error:
        return refused(error, connection)


async def _resource(report: Report) -> Resource:
    outputs = None
    if report.result is not None:
        context = FlyteContextManager.current_context()
        outputs = await TypeEngine._dict_to_literal_map(context, {"result": report.result}, OUTPUTS)
    phase = getattr(TaskExecution, report.phase)
    return Resource(phase=phase, message=report.message or None, outputs=outputs, custom_info=report.info)


def register() -> None:
    """Let flytekit know who answers tasks of our own type; nothing where it does already."""
    if TaskCategory(TASK_TYPE) not in ConnectorRegistry._REGISTRY:
        ConnectorRegistry.register(BatchEndpointConnector())


register()
