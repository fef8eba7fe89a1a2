"""`%%chat` and `%chat`: conversations that are remembered, gone on with, shown, saved and forgotten."""

import json
import re
from collections.abc import Mapping
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from ringmain.admin.parameters import Rule
from ringmain.errors import AskError
from ringmain.hosts.notebook.inside import asking, memory, safe
from ringmain.hosts.notebook.inside.flags import CHATTING
from ringmain.hosts.notebook.inside.notebook import Notebook
from ringmain.hosts.notebook.inside.screen import below
from ringmain.hosts.notebook.inside.tables import table_bundle

LOOKING: dict[str, Rule] = {
    "show": Rule("switch", help="What was said."),
    "clear": Rule("switch", help="Forget it."),
    "save": Rule("text", help="Write it to a file: .md or .txt as Markdown, .json as messages."),
}

ENDINGS = (".md", ".txt", ".json")

_NAME = re.compile(r"\s*(?!-)(\S+)(.*)", re.S)


def chat(notebook: Notebook, line: str, cell: str | None, names: Mapping[str, Any]) -> Any:
    """The answer of a conversation; or what else a line of `%chat` wants of it, shown."""
    if not line.strip() and cell is None:
        return _list(notebook)
    if cell is None and re.match(r"\s*(?:\S+\s+)?--(?:show|clear|save)\b", line):
        return _look(notebook, line, names)
    found = _NAME.fullmatch(line)
    if found is None or (cell is None and not found[2].strip()):
        raise _unnamed(cell is None and found is not None)
    return _ask(notebook, found[1], found[2], cell, names)


def _ask(notebook: Notebook, name: str, line: str, cell: str | None, names: Mapping[str, Any]) -> Any:
    said = asking.read_line(line, CHATTING, names)
    prompt = asking.prompt(said, asking.question(said, cell), names)
    system = said.flags.get("system", notebook.systems.get(name))
    told = {"system": system} if system else {}
    value = asking.ask(notebook, said, prompt, asking.words(notebook, said) | told | {"conversation": name})
    notebook.chat, notebook.systems[name] = name, system or ""
    return value


def _unnamed(only_a_name: bool) -> AskError:
    if only_a_name:
        fix = "Write the question behind the name or in a cell of %%chat; --show shows what was said."
        return AskError("nothing_to_ask", "There is no question behind the name.", fix=fix)
    return AskError("invalid_request", "The conversation has no name.", fix="Write it first: %%chat NAME.")


def _list(notebook: Notebook) -> None:
    rows = notebook.hub.run(memory.conversations)
    columns = ("CONVERSATION", "TURNS>", "FIRST", "LAST")
    shown = [(row["conversation"], str(row["turns"]), row["first"] or "", row["last"] or "") for row in rows]
    below(
        table_bundle(columns, shown)
        if rows
        else safe.small("There is no conversation yet: begin one with %%chat NAME.")
    )


def _look(notebook: Notebook, line: str, names: Mapping[str, Any]) -> None:
    """Show, save or forget one; without a name the one that was gone on with last."""
    first = _NAME.fullmatch(line)
    said = asking.read_line(first[2] if first else line, LOOKING, names)
    if first and said.rest:
        fix = f"Leave it out, or ask with the question behind the name: %chat {first[1]} QUESTION."
        raise AskError("invalid_request", f"'{said.rest[:60]}' has no place there.", fix=fix)
    name = (first[1] if first else said.rest) or notebook.chat
    if not name:
        raise AskError("invalid_request", "No conversation was begun here.", fix="Name one; %chat lists them.")
    if said.flags.get("clear"):
        _clear(notebook, name)
    elif "save" in said.flags:
        _save(notebook, name, Path(said.flags["save"]).expanduser())
    else:
        _show(_turns(notebook, name))


def _turns(notebook: Notebook, name: str) -> memory.Rows:
    rows = notebook.hub.run(partial(memory.turns, name=name))
    if not rows:
        raise AskError("not_found", f"Nothing is remembered of '{name}'.", fix="%chat lists what there is.")
    return rows


def _show(rows: memory.Rows) -> None:
    said = [f"<p><b>{escape(row['role'])}</b></p>{safe.markdown(row['content'])['text/html']}" for row in rows]
    below({"text/html": "".join(said), "text/plain": _as_markdown(rows)})


def _as_markdown(rows: memory.Rows) -> str:
    return "\n\n".join(f"**{row['role']}**\n\n{row['content']}" for row in rows)


def _clear(notebook: Notebook, name: str) -> None:
    erased = notebook.hub.run(partial(memory.erase, name=name))
    notebook.systems.pop(name, None)
    below(safe.small(f"{erased} turn{'' if erased == 1 else 's'} of '{name}' forgotten."))


def _save(notebook: Notebook, name: str, file: Path) -> None:
    """Write it; what another tool has written is mostly of another kind, and so is not written over by a slip."""
    if file.suffix not in ENDINGS:
        sentence = f"--save cannot be '{file}'."
        raise AskError("invalid_request", sentence, fix=f"It ends in {', '.join(ENDINGS)}.", param="save")
    rows = _turns(notebook, name)
    messages = [{"role": row["role"], "content": row["content"]} for row in rows]
    text = json.dumps(messages, ensure_ascii=False, indent=2) if file.suffix == ".json" else _as_markdown(rows)
    try:
        file.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        why = f"{file} cannot be written: {error.strerror}."
        raise AskError("invalid_request", why, fix="Name another file.", param="save") from error
    below(safe.small(f"{len(rows)} turns of '{name}' saved in {file}."))
