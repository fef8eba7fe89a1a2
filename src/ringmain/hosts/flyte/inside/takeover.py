"""Serves tasks that were registered with flytekitplugins-openai: `pyflyte serve connector --modules` with this module.

It takes the type `chatgpt` from whoever has it in this process, and so is never loaded by itself.
"""

from flytekit.extend.backend.base_connector import ConnectorRegistry

from ringmain.hosts.flyte.inside.connector import ChatGPTConnector
from ringmain.hosts.flyte.inside.types import ORIGINAL_TYPE

ConnectorRegistry.register(ChatGPTConnector(ORIGINAL_TYPE), override=True)
