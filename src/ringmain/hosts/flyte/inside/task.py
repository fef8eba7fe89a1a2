"""The task that an author writes: a message in, the model's answer out."""

from collections import OrderedDict
from typing import Any

from flyteidl.core.execution_pb2 import TaskExecution
from flytekit import FlyteContext
from flytekit.configuration import ImageConfig, SerializationSettings
from flytekit.core.base_task import PythonTask
from flytekit.core.interface import Interface
from flytekit.core.type_engine import TypeEngine
from flytekit.exceptions.user import FlyteUserException
from flytekit.extend.backend.base_connector import ConnectorRegistry, SyncConnectorExecutorMixin
from flytekit.models.literals import LiteralMap
from flytekit.tools.translator import get_serializable

from ringmain.hosts.flyte.inside.config import Outputs, Settings, checked, custom_of
from ringmain.hosts.flyte.inside.connector import ChatGPTConnector
from ringmain.hosts.flyte.inside.types import FULL, INPUTS, TASK_TYPE, TEXT
from ringmain.sync import OwnLoop

OUTPUTS: dict[str, dict[str, type]] = {"text": TEXT, "full": FULL}


class ChatGPTTask(SyncConnectorExecutorMixin, PythonTask):
    """A task that asks a chat model: input `message`, output `o0`.

    `chatgpt_config` holds the fields of a chat completion; `model` must be among them, and its `messages`, where it has
    some, go before the one that is asked. Further arguments are those of flytekit's `PythonTask`.
    `timeout` is in seconds, `connection` a name that the connector knows, and `outputs="full"` adds choices, usage,
    finish reason, model and cost to what the task gives.

    Raises `ValueError` for a configuration that no provider would take.
    """

    _TASK_TYPE = TASK_TYPE

    def __init__(
        self,
        name: str,
        chatgpt_config: dict[str, Any],
        openai_organization: str | None = None,
        *,
        timeout: float | None = None,
        outputs: Outputs = "text",
        connection: str | None = None,
        **kwargs: Any,
    ) -> None:
        if outputs not in OUTPUTS:
            raise ValueError(f"outputs cannot be {outputs!r}: it is 'text' or 'full'.")
        if timeout is not None and not (isinstance(timeout, int | float) and timeout > 0):
            raise ValueError(f"timeout cannot be {timeout!r}: it is a number of seconds above 0.")
        self._settings = settings = Settings(
            config=checked(chatgpt_config),
            organization=openai_organization,
            timeout=timeout,
            outputs=outputs,
            connection=connection,
        )
        super().__init__(
            task_type=self._TASK_TYPE,
            name=name,
            task_config={"openai_organization": openai_organization, "chatgpt_config": settings.config},
            interface=Interface(inputs=INPUTS, outputs=OUTPUTS[outputs]),
            **kwargs,
        )

    def get_custom(self, settings: SerializationSettings) -> dict[str, Any]:
        """What a connector is told of the task; nothing of any prompt."""
        return custom_of(self._settings)

    def execute(self, **kwargs: Any) -> LiteralMap:
        """The answer in this process, in a loop of its own: in a script, a notebook's cell or a thread."""
        context = FlyteContext.current_context()
        serialization = context.serialization_settings or SerializationSettings(ImageConfig())
        template = get_serializable(OrderedDict(), serialization, self).template
        connector = ConnectorRegistry.get_connector(template.type, template.task_type_version)
        inputs = TypeEngine.dict_to_literal_map(context, kwargs, self.get_input_types())
        prefix = context.file_access.get_random_remote_directory()
        own = {"served": False} if isinstance(connector, ChatGPTConnector) else {}
        resource = _loop.run(connector.do(task_template=template, inputs=inputs, output_prefix=prefix, **own))
        if resource.phase != TaskExecution.SUCCEEDED:
            raise FlyteUserException(f"The task {self.name} failed: {resource.message}")
        if isinstance(resource.outputs, LiteralMap):
            return resource.outputs
        return TypeEngine.dict_to_literal_map(context, resource.outputs, type_hints=self.python_interface.outputs)


_loop = OwnLoop()
"""Where local runs ask; apart from the hub's, so that one may wait for the other."""
