"""One question of a cell: asked, shown while the answer comes in, read, and kept in a variable."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UNSET

from ringmain.admin.parameters import PARAMETERS, Rule
from ringmain.admin.shown import shown_reply
from ringmain.errors import AskError, RingmainError
from ringmain.exchange.reply import Reply
from ringmain.hosts.notebook.inside import safe
from ringmain.hosts.notebook.inside.filling import filled
from ringmain.hosts.notebook.inside.flags import Said, read
from ringmain.hosts.notebook.inside.forms import FORMS, Form
from ringmain.hosts.notebook.inside.notebook import Notebook, check_name
from ringmain.hosts.notebook.inside.screen import Screen, below
from ringmain.registry import DEMO, DEMO_LABEL

NAMED = ("model", "system", "mode", "conversation", "timeout", "max_cost")
"""Flags that `ringmain.ask` knows by the same name, beside OpenAI's parameters."""


def read_line(line: str, flags: Mapping[str, Rule], names: Mapping[str, Any]) -> Said:
    """What a line says, with variables in the values of its flags.

    Raises `AskError("invalid_request")`.
    """
    return read(line, flags, lambda word: filled(word, names))


def question(said: Said, cell: str | None) -> str:
    """What stands behind the flags, and below them."""
    return "\n".join(part for part in (said.rest, (cell or "").strip("\n")) if part.strip())


def prompt(said: Said, question: str, names: Mapping[str, Any]) -> str:
    """The question with variables in it. Raises `AskError("invalid_request")`."""
    return question if said.flags.get("raw") else filled(question, names)


def words(notebook: Notebook, said: Said) -> dict[str, Any]:
    """What `ringmain.ask` is told beside the prompt.

    Raises `AskError("invalid_request")` for two providers at once.
    """
    flags = said.flags
    if flags.get("demo") and flags.get("connection"):
        raise AskError("invalid_request", "--connection and --demo name two providers.", fix="Give one of them.")
    connection = DEMO if flags.get("demo") else flags.get("connection") or notebook.connection
    named = {name: flags[name] for name in NAMED if name in flags} | said.pick(PARAMETERS)
    return named | ({"connection": connection} if connection else {})


def ask(notebook: Notebook, said: Said, prompt: str, asked: Mapping[str, Any]) -> Any:
    """The reply, or what was read out of it, once it was shown with its cost; also put where `--into` says.

    Raises `RingmainError` as asking does, and for an answer that cannot be read as `--as` says; the variable is then as
    it was.
    """
    into = said.flags.get("into")
    check_name(into)
    form, screen = FORMS[said.flags.get("as", "markdown")], Screen(notebook.shell)
    reply = _heard(notebook, prompt, asked, form, screen)
    text = _text(reply)
    try:
        shown = form.whole(text)
    except RingmainError:
        screen.last(form.live(text))
        raise
    else:
        screen.last(shown.bundle, shown.value)
    finally:
        below(safe.small(*_line(reply)))
    if shown.next_cell:
        notebook.shell.set_next_input(shown.next_cell)
    value = reply if shown.value is UNSET else shown.value
    notebook.put(into, value)
    return value


def _heard(notebook: Notebook, prompt: str, asked: Mapping[str, Any], form: Form, screen: Screen) -> Reply:
    """The whole reply, of which the first answer was shown as it came in."""
    if (asked.get("n") or 1) > 1:
        return notebook.hub.ask(prompt, **asked)
    stream, text = notebook.hub.ask(prompt, stream=True, **asked), ""
    try:
        for piece in stream:
            text += piece
            screen.live(form.live, text)
    except BaseException:
        if text:
            screen.last(form.live(text))
        raise
    finally:
        stream.close()
    assert stream.reply
    return stream.reply


def _text(reply: Reply) -> str:
    if len(reply.choices) < 2:
        return reply.text
    return "\n\n".join(f"{at}. {choice.text}" for at, choice in enumerate(reply.choices, 1))


def _line(reply: Reply) -> Iterator[str]:
    """What stands below an answer."""
    yield shown_reply(reply)
    if reply.demo:
        yield DEMO_LABEL
    if reply.finish_reason == "length":
        yield "The answer was cut off at max_tokens."
    for notice in reply.notices:
        yield f"Note: {notice}"
