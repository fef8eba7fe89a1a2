"""Serves tasks that were registered with flytekitplugins-openai: `pyflyte serve connector --modules` with this module.

It takes the types `chatgpt` and `openai-batch` from whoever has them in this process, and so is never loaded by itself.
"""

from flytekit.extend.backend.base_connector import ConnectorRegistry

from ringmain.hosts.flyte.inside.batch import types as batch
from ringmain.hosts.flyte.inside.batch.connector import BatchEndpointConnector
from ringmain.hosts.flyte.inside.connector import ChatGPTConnector
from ringmain.hosts.flyte.inside.types import ORIGINAL_TYPE

ConnectorRegistry.register(ChatGPTConnector(ORIGINAL_TYPE), override=True)
ConnectorRegistry.register(BatchEndpointConnector(batch.ORIGINAL_TYPE), override=True)
