"""Completion of what stands behind the magics: their flags, and the values that a flag may have."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from IPython.core import completer

from ringmain.admin.parameters import Rule
from ringmain.hosts.notebook.inside.chatting import LOOKING
from ringmain.hosts.notebook.inside.connecting import FLAGS
from ringmain.hosts.notebook.inside.flags import ASKING, CHATTING
from ringmain.hosts.notebook.inside.notebook import Notebook
from ringmain.rows.frames import library_of

KNOWN: dict[str, Mapping[str, Rule]] = {
    "ask": ASKING,
    "chat": {**CHATTING, **LOOKING},
    "connection": FLAGS,
}

_NO_NAME_YET = re.compile(r"\s*(-\S*)?")
"""What stands behind `%chat` before a conversation is named."""

_CALL = re.compile(r"\s*(?:\w+\s*=\s*)?%%?(ask|chat|connection)\s(.*)", re.S)
_VALUE = re.compile(r"--([\w-]+)[\s=]+(\S*)$")


def add(shell: Any, notebook: Notebook) -> None:
    """Let the shell complete them, where it takes such words (IPython 8.6 and newer)."""
    if not hasattr(completer, "context_matcher"):
        return

    @completer.context_matcher()
    def ringmain_matcher(context: Any) -> dict[str, Any]:
        line = context.line_with_cursor[: context.cursor_position]
        found = [word for word in words(line, notebook) if word.startswith(context.token)]
        made = [completer.SimpleCompletion(text=word, type="param") for word in found]
        return {"completions": made, "suppress": bool(made)}

    kept = [each for each in shell.Completer.custom_matchers if each.__name__ != "ringmain_matcher"]
    shell.Completer.custom_matchers = [*kept, ringmain_matcher]


def words(line: str, notebook: Notebook) -> list[str]:
    """What may stand at the end of a line up to the cursor."""
    called = _CALL.fullmatch(line)
    if called is None:
        return []
    magic, rest = called.groups()
    flags = LOOKING if magic == "chat" and _NO_NAME_YET.fullmatch(rest) else KNOWN[magic]
    value = _VALUE.search(rest)
    if value and (rule := flags.get(value[1].replace("-", "_"))) and rule.kind != "switch":
        return list(_values(value[1], rule, notebook))
    named = _values("connection", FLAGS["test"], notebook) if magic == "connection" else ()
    return [*named, *(f"--{name.replace('_', '-')}" for name in flags)]


def _values(flag: str, rule: Rule, notebook: Notebook) -> Iterable[str]:
    if flag == "connection":
        return [each.name for each in notebook.hub.run(_connections)]
    if flag == "each":
        held, hidden = notebook.shell.user_ns.items(), notebook.shell.user_ns_hidden
        return [name for name, value in held if not name.startswith("_") and name not in hidden and _is_rows(value)]
    return rule.choices


async def _connections(hub: Any) -> Any:
    await hub.start()
    return hub.ring.registry.connections()


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) or (hasattr(type(value), "columns") and library_of(value) is not None)
