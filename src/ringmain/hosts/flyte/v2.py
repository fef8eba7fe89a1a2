"""Flyte 2: chats within tasks, one at a time or for every row of a table.

from ringmain.hosts.flyte.v2 import chat, chat_map
"""

try:
    from ringmain.hosts.flyte.inside.v2.chatting import chat, chat_sync
    from ringmain.hosts.flyte.inside.v2.mapping import chat_map, chat_map_sync
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] == "flyte":
        raise ImportError("ringmain.hosts.flyte.v2 needs flyte: pip install 'ringmain[flyte2]'") from error
    raise

__all__ = ["chat", "chat_map", "chat_map_sync", "chat_sync"]
