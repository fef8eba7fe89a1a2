"""Rows as they come in, and the asks that they are."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

import msgspec

from ringmain.errors import AskError, RingmainError
from ringmain.exchange.ask import Ask, Mode
from ringmain.hosts import HostRequest, room
from ringmain.question import new_id, question
from ringmain.rows.template import Gaps, gaps

PROMPT = "prompt"
"""The column that is the prompt where no other is given, and the name of a row that is only a text."""

PATHS = {"messages": "/v1/chat/completions", "input": "/v1/responses", "prompt": "/v1/completions"}
"""What a request body holds → where it would be sent."""

OF_BATCH = frozenset({"url", "body"})
"""What a line of OpenAI's batch files has, around a body."""


class Unreadable(msgspec.Struct, frozen=True):
    """A row that could not be read, and why."""

    sentence: str


Columns = dict[str, Any]
Given = Mapping[str, Any] | str | Unreadable


class Asking(Protocol):
    """How rows become asks."""

    def columns(self, row: Given) -> Columns:
        """What goes into the result of the row itself."""
        ...

    def ask(self, row: Given) -> Ask:
        """The ask of one row. Raises `AskError` where it is none."""
        ...


class Prompted:
    """A prompt with gaps for every row."""

    def __init__(self, prompt: str | None, words: Mapping[str, Any]) -> None:
        self._gaps: Gaps = gaps(f"{{{PROMPT}}}" if prompt is None else prompt)
        self._words = words

    def check(self, rows: Iterable[Given]) -> None:
        """Nothing, where the rows have every column that the prompt names. Raises `AskError`."""
        columns: dict[str, None] = {}
        for row in rows:
            columns.update(dict.fromkeys(self.columns(row)))
        if columns:
            self._gaps.check(columns)

    def columns(self, row: Given) -> Columns:
        """The row itself."""
        if isinstance(row, str):
            return {PROMPT: row}
        return {} if isinstance(row, Unreadable) else dict(row)

    def ask(self, row: Given) -> Ask:
        """The ask of one row. Raises `AskError`."""
        if isinstance(row, Unreadable):
            raise unreadable(row)
        return question(self._gaps.fill(self.columns(row)), **self._words)


class Requested:
    """A request body for every row, of which every field travels as it came."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        known = {name: value for name, value in words.items() if value is not None}
        self._model: str | None = known.pop("model", None)
        self._mode: Mode | None = known.pop("mode", None)
        self._connection: str | None = known.pop("connection", None)
        self._deadline: float | None = known.pop("timeout", None)
        if known:
            raise AskError(
                "invalid_request",
                f"With request bodies there is no place for: {', '.join(known)}.",
                fix="Put it into the bodies.",
                param=next(iter(known)),
            )
        self._read = room("openai").wire.read

    def columns(self, row: Given) -> Columns:
        """The name that a line of a batch file has, where it is one."""
        named = isinstance(row, Mapping) and row.get("custom_id") is not None
        return {"custom_id": cast("Mapping[str, Any]", row)["custom_id"]} if named else {}

    def ask(self, row: Given) -> Ask:
        """The ask of one row. Raises `AskError`."""
        if isinstance(row, Unreadable):
            raise unreadable(row)
        if isinstance(row, str):
            raise AskError("invalid_request", "The row is a text and no request body.", fix="Give an object.")
        path, body = _letter(row)
        try:
            data = msgspec.json.encode(body)
        except (TypeError, UnicodeEncodeError) as error:
            raise AskError("invalid_request", f"It is no JSON: {error}.", fix="Give plain values.") from error
        asked = self._read(HostRequest(method="POST", path=path, body=data), ask_id=new_id(), settings={})
        return msgspec.structs.replace(
            asked,
            model=asked.model or self._model,
            mode=self._mode or asked.mode,
            connection=self._connection,
            deadline=self._deadline,
            stream=False,
        )


def _letter(row: Mapping[str, Any]) -> tuple[str, Any]:
    """The path and the body of a row: a line of a batch file names both, else the body tells the path."""
    if row.keys() >= OF_BATCH:
        path = row["url"]
        if path not in PATHS.values():
            known = ", ".join(PATHS.values())
            raise AskError("invalid_request", f"The address {path!r:.60} cannot be asked.", fix=f"Use one of: {known}.")
        return path, row["body"]
    body = {name: value for name, value in row.items() if name != "custom_id"}
    return next((path for name, path in PATHS.items() if name in body), PATHS["messages"]), body


def unreadable(row: Unreadable) -> AskError:
    """The error of a row that could not be read."""
    return AskError("invalid_request", row.sentence, fix="Mend it, or leave it out.")


def asking(rows: Sequence[Given], prompt: str | None, words: Mapping[str, Any], *, requests: bool) -> Asking:
    """How these rows become asks.

    Raises `AskError`: a prompt beside bodies, a gap without a column, an argument that is none.
    """
    if requests:
        if prompt is not None:
            raise AskError("invalid_request", "Request bodies have prompts of their own.", fix="Leave one of both out.")
        return Requested(words)
    _check(words)
    prompted = Prompted(prompt, words)
    prompted.check(rows)
    return prompted


def _check(words: Mapping[str, Any]) -> None:
    """Nothing, where every word is one that asks take; a wrong one would be wrong in every row."""
    unknown = [name for name in ("messages", "conversation", "stream") if words.get(name) is not None]
    if unknown:
        raise AskError(
            "invalid_request",
            f"Rows cannot have {unknown[0]}: each is an ask by itself, with one prompt and one whole answer.",
            fix="Give request bodies for more, with requests=True.",
            param=unknown[0],
        )
    question("Hello", **words)


def listed(rows: Any) -> list[Given]:
    """The rows as a list.

    Raises `AskError("invalid_request")` for what is one thing and not many, and for a row that is none.
    """
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable):
        raise AskError(
            "invalid_request",
            f"Rows are many, and {type(rows).__name__} is one thing.",
            fix="Give a list of texts or of objects with columns, or a data frame.",
            param="rows",
        )
    found = list(cast("Iterable[Any]", rows))
    wrong = next((row for row in found if not isinstance(row, Mapping | str | Unreadable)), None)
    if wrong is not None:
        raise AskError(
            "invalid_request",
            f"A row cannot be {wrong!r:.60}.",
            fix="Give a text, or an object with columns.",
            param="rows",
        )
    return found


def is_invalid(error: RingmainError) -> bool:
    """Whether a row itself is to blame, before anything was asked."""
    return isinstance(error, AskError) and error.status == 400
