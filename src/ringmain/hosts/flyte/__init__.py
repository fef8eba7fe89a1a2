"""The room of Flyte: tasks that ask a chat model or batches, the connectors that serve them; chats in tasks of Flyte 2.

from ringmain.hosts.flyte import ChatGPTTask, create_batch
from ringmain.hosts.flyte.v2 import chat, chat_map
"""
# pyright: reportUnsupportedDunderAll=false

from importlib import import_module
from typing import Any

from ringmain.hosts import Nameplate, Route

NAMEPLATE = Nameplate(
    tool="flyte",
    title="Flyte",
    routes=(Route("POST", "/hosts/flyte/chat/completions"),),
    largest=20 << 20,
    done=(
        "Flyte 1: ChatGPTTask and ChatGPTConnector, in scripts, notebooks, threads and served to Propeller",
        "tasks that were registered with flytekitplugins-openai, served by ours",
        "OpenAI's Batch API: rows in any form in, their answers in order out; what expired is asked again",
        "connections by name with an allow-list, or a hub that knows project, task and execution",
        "a doctor that looks over a connector's pod",
        "Flyte 2: chat and chat_map within tasks, recorded as steps, with retries by class; tried in local runs",
    ),
    todo=("Flyte 2: a doctor, and a replay on a real backend, which nobody has tried",),
    exempt={"deliver": "A connector or task waits for the answer on the line, so there is none to bring later."},
)

INSIDE = {
    "BatchEndpointConnector": "batch.connector",
    "BatchEndpointTask": "batch.task",
    "BatchResult": "batch.files",
    "ChatGPTConnector": "connector",
    "ChatGPTTask": "task",
    "DownloadJSONFilesTask": "batch.files",
    "OpenAIFileConfig": "batch.files",
    "UploadJSONLFileTask": "batch.files",
    "create_batch": "batch.workflow",
}
"""What needs flytekit → where it stands; loaded when it is asked for."""

__all__ = [
    "NAMEPLATE",
    "BatchEndpointConnector",
    "BatchEndpointTask",
    "BatchResult",
    "ChatGPTConnector",
    "ChatGPTTask",
    "DownloadJSONFilesTask",
    "OpenAIFileConfig",
    "UploadJSONLFileTask",
    "create_batch",
]


def __getattr__(name: str) -> Any:
    if name not in INSIDE:
        raise AttributeError(f"{__name__} has no '{name}'.")
    try:
        return getattr(import_module(f"{__name__}.inside.{INSIDE[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] in ("flytekit", "flyteidl", "openai"):
            raise ImportError(f"{name} needs {error.name}: install 'ringmain[flyte]'.") from error
        raise
