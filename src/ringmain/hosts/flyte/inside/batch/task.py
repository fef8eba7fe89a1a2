"""The task in the middle: the ids of files in, the batches that have asked them out."""

import time
from collections import OrderedDict
from typing import Any

from flyteidl.core.execution_pb2 import TaskExecution
from flytekit import FlyteContext
from flytekit.configuration import ImageConfig, SerializationSettings
from flytekit.core.base_task import PythonTask
from flytekit.core.interface import Interface
from flytekit.core.type_engine import TypeEngine
from flytekit.exceptions.user import FlyteUserException
from flytekit.extend.backend.base_connector import (
    AsyncConnectorBase,
    AsyncConnectorExecutorMixin,
    ConnectorRegistry,
    Resource,
)
from flytekit.extend.backend.utils import is_terminal_phase
from flytekit.models.literals import LiteralMap
from flytekit.tools.translator import get_serializable
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from ringmain.hosts.flyte.inside.batch.options import Options, checked, custom_of
from ringmain.hosts.flyte.inside.batch.types import INPUTS, OUTPUTS, TASK_TYPE
from ringmain.sync import OwnLoop

EVERY = 1.0
"""Seconds between two looks of a local run."""

RESUBMITS = 2
"""How often what is left of a batch is asked again, where its author says nothing."""


class BatchEndpointTask(AsyncConnectorExecutorMixin, PythonTask):
    """A task that asks the requests of files at the Batch API: input `input_file_id`, output `result`.

    `config` holds the fields of a new batch (`completion_window`, `endpoint`, `metadata`), `connection` is a name that
    the connector knows, and `resubmits` says how often rows are asked again that expired or that the provider could not
    answer. Further arguments are those of flytekit's `PythonTask`.

    Raises `ValueError` for a configuration that no provider would take.
    """

    _TASK_TYPE = TASK_TYPE

    def __init__(
        self,
        name: str,
        config: dict[str, Any] | None = None,
        openai_organization: str | None = None,
        *,
        connection: str | None = None,
        resubmits: int = RESUBMITS,
        **kwargs: Any,
    ) -> None:
        self._options = Options(
            config=checked(config, resubmits=resubmits),
            organization=openai_organization,
            connection=connection,
            resubmits=resubmits,
        )
        super().__init__(
            name=name,
            task_type=self._TASK_TYPE,
            interface=Interface(inputs=INPUTS, outputs=OUTPUTS),
            **kwargs,
        )

    def get_custom(self, settings: SerializationSettings) -> dict[str, Any]:
        """What a connector is told of the task; nothing of any prompt."""
        return custom_of(self._options)

    def execute(self, **kwargs: Any) -> LiteralMap:
        """The batches, once they are through: in a script, a notebook's cell or a thread. Who interrupts it has them
        stopped."""
        context = FlyteContext.current_context()
        serialization = context.serialization_settings or SerializationSettings(ImageConfig())
        template = get_serializable(OrderedDict(), serialization, self).template
        connector = ConnectorRegistry.get_connector(template.type, template.task_type_version)
        inputs = TypeEngine.dict_to_literal_map(context, kwargs, self.get_input_types())
        prefix = context.file_access.get_random_remote_directory()
        begun = _loop.run(connector.create(task_template=template, inputs=inputs, output_prefix=prefix))
        try:
            resource = self._waited(connector, begun)
        except KeyboardInterrupt:
            _loop.run(connector.delete(resource_meta=begun))
            raise
        if resource.phase != TaskExecution.SUCCEEDED:
            raise FlyteUserException(f"The task {self.name} failed: {resource.message}")
        return resource.outputs

    def _waited(self, connector: AsyncConnectorBase, begun: Any) -> Resource:
        """What comes of the batches; meanwhile a line says how far they are."""
        # A console of its own, as one console shows no two at a time.
        with Progress(console=Console(stderr=True), transient=True) as progress:
            line = progress.add_task(escape(self.name), total=None)
            resource = _loop.run(connector.get(resource_meta=begun))
            while not is_terminal_phase(resource.phase):
                progress.update(line, description=escape(f"{self.name}: {resource.message}"))
                time.sleep(EVERY)
                resource = _loop.run(connector.get(resource_meta=begun))
        return resource


_loop = OwnLoop()
"""Where local runs ask; apart from the hub's, so that one may wait for the other."""
