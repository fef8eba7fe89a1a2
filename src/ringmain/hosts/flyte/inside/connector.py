"""The connector: one chat for each task that Propeller, or a local run, hands to it."""

import asyncio
import logging
import os
from collections.abc import Mapping
from typing import Any

from flyteidl.core.execution_pb2 import TaskExecution
from flytekit import FlyteContextManager
from flytekit.core.type_engine import TypeEngine
from flytekit.extend.backend.base_connector import ConnectorRegistry, Resource, SyncConnectorBase, TaskCategory
from flytekit.extend.backend.utils import get_connector_secret
from flytekit.models.literals import LiteralMap
from flytekit.models.task import TaskTemplate

from ringmain.errors import AskError, RingmainError
from ringmain.exchange.ask import Ask
from ringmain.exchange.connection import Connection
from ringmain.exchange.provider import encode
from ringmain.hosts.flyte.inside.asking import TIMEOUT_SECONDS, asker, request_id
from ringmain.hosts.flyte.inside.config import Settings, asked, settings_of
from ringmain.hosts.flyte.inside.connections import connection_for
from ringmain.hosts.flyte.inside.holders import PROPELLER
from ringmain.hosts.flyte.inside.origin import Origin, origin_of
from ringmain.hosts.flyte.inside.outcome import Outcome, failed, succeeded
from ringmain.hosts.flyte.inside.types import FULL, TASK_TYPE
from ringmain.question import new_id
from ringmain.settings import read_settings

log = logging.getLogger("ringmain")

OPENAI_API_KEY = "FLYTE_OPENAI_API_KEY"
"""The secret with the key, before OPENAI_API_KEY."""

LONGEST_WAIT = 5.0
"""Seconds that a provider may make a served ask wait before its second attempt; Propeller waits better than we do."""


class ChatGPTConnector(SyncConnectorBase):
    """Asks a chat model for tasks of one type."""

    name = "ringmain ChatGPT Connector"

    def __init__(self, task_type_name: str = TASK_TYPE) -> None:
        super().__init__(task_type_name=task_type_name)
        for library in ("httpx", "httpx2"):
            logging.getLogger(library).setLevel(logging.WARNING)

    async def do(
        self,
        task_template: TaskTemplate,
        inputs: LiteralMap | None = None,
        output_prefix: str = "",
        *,
        served: bool = True,
        **_: Any,
    ) -> Resource:
        """The answer, or why there is none, as Flyte knows it.

        `served` says that somebody tries again where this fails, so that there is no need to wait for long.
        """
        origin = origin_of(task_template.id, output_prefix)
        ask, connection, heads = Ask(id=new_id()), None, list[Mapping[str, str]]()
        try:
            settings = _settings(task_template)
            limit = _limit(settings, task_template)
            ask = _ask(ask.id, settings, await _message(inputs), origin, limit=limit, served=served)
            connection = _connection(settings, origin)
            outcome = succeeded(await asker().ask(ask, connection, place=origin.place, heads=heads))
        except RingmainError as error:
            outcome = failed(error, ask, connection, request_id=request_id(heads))
        except asyncio.CancelledError:
            log.warning("Flyte stopped listening to %s before its answer was there. %s", ask.id, PROPELLER)
            raise
        return await _resource(outcome, full=outcome.outputs is not None and settings.outputs == "full")


def _settings(template: TaskTemplate) -> Settings:
    try:
        return settings_of(template.custom or {})
    except ValueError as error:
        raise AskError("invalid_request", str(error), fix="See the task's chatgpt_config.") from error


def _limit(settings: Settings, template: TaskTemplate) -> float:
    """Seconds for the whole ask: the task's own, else Flyte's, else ours."""
    flytes = getattr(template.metadata, "timeout", None)
    return settings.timeout or (flytes.total_seconds() if flytes else 0) or TIMEOUT_SECONDS


async def _message(inputs: LiteralMap | None) -> str:
    """The text to ask, as the author's workflow gave it."""
    literal = inputs.literals.get("message") if inputs is not None else None
    primitive = literal.scalar.primitive if literal is not None and literal.scalar is not None else None
    if primitive is not None and primitive.string_value is not None:
        return primitive.string_value
    if literal is None:
        raise AskError("nothing_to_ask", "The task was given no message.", fix="Call it with message=…")
    told = await TypeEngine._literal_map_to_kwargs(FlyteContextManager.current_context(), inputs, {"message": str})
    return told["message"]


def _ask(id: str, settings: Settings, message: str, origin: Origin, *, limit: float, served: bool) -> Ask:
    messages, fields = asked(settings, message)
    sentence = origin.sentence
    return Ask(
        id=id,
        messages=tuple(messages),
        fields=fields,
        model=settings.config.get("model") or None,
        organization=settings.organization,
        deadline=limit,
        longest_wait=LONGEST_WAIT if served else None,
        handed=origin.headers(encode([messages, fields])),
        notices=(sentence,) if sentence else (),
    )


def _connection(settings: Settings, origin: Origin) -> Connection:
    return connection_for(
        settings.connection,
        place=origin.place,
        settings=read_settings(),
        look=secret,
        owned=settings.organization is not None,
    )


def secret(name: str) -> str | None:
    """A secret as flytekit finds it, else the environment's variable of that name; None where there is neither."""
    try:
        found = get_connector_secret(name)
    except Exception:
        # What flytekit raises for a secret that is not there has changed its type before.
        found = None
    return (str(found).strip() if found else "") or os.environ.get(name, "").strip() or None


async def _resource(outcome: Outcome, *, full: bool) -> Resource:
    outputs: Any = None
    if outcome.outputs is not None:
        outputs = {"o0": outcome.outputs["o0"]}
        if full:
            context = FlyteContextManager.current_context()
            outputs = await TypeEngine._dict_to_literal_map(context, outcome.outputs, FULL)
    phase = getattr(TaskExecution, outcome.phase)
    return Resource(phase=phase, message=outcome.message or None, outputs=outputs, custom_info=outcome.info)


def register() -> None:
    """Let flytekit know who answers tasks of our own type; nothing where it does already."""
    if TaskCategory(TASK_TYPE) not in ConnectorRegistry._REGISTRY:
        ConnectorRegistry.register(ChatGPTConnector())


register()
