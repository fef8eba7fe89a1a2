"""Tools in the two ways of writing them: chat nests a function below its kind, responses has it flat."""

from typing import Any

from ringmain.exchange.ask import Message, text_of
from ringmain.exchange.loose import as_list, as_object, as_text

Shape = dict[str, Any]


def flat_tools(tools: Any) -> list[Shape]:
    """Chat's function tools as responses has them; other kinds are left out."""
    return [{"type": "function", **as_object(tool.get("function"))} for tool in _functions(tools)]


def nested_tools(tools: Any) -> list[Shape]:
    """The function tools of a response as chat has them; other kinds are left out."""
    return [{"type": "function", "function": _without_type(tool)} for tool in _functions(tools)]


def other_kinds(tools: Any) -> list[str]:
    """The kinds of the tools that are no functions."""
    kinds = [as_text(as_object(tool).get("type")) or "?" for tool in as_list(tools)]
    return [kind for kind in dict.fromkeys(kinds) if kind != "function"]


def _functions(tools: Any) -> list[Shape]:
    return [tool for tool in map(as_object, as_list(tools)) if tool.get("type") == "function"]


def _without_type(tool: Shape) -> Shape:
    return {name: value for name, value in tool.items() if name != "type"}


def flat_choice(choice: Any) -> Any:
    """Which tool chat may or must call, as responses says it."""
    function = as_object(as_object(choice).get("function"))
    return {"type": "function", **function} if function else choice


def nested_choice(choice: Any) -> Any:
    """Which tool a response may or must call, as chat says it."""
    named = as_object(choice)
    return {"type": "function", "function": _without_type(named)} if named.get("type") == "function" else choice


def calls_of(output: list[Shape]) -> list[Shape] | None:
    """The calls of tools in a response's output, as chat has them; None where there is none."""
    calls = [call(item) for item in output if item.get("type") == "function_call"]
    return calls or None


def call(item: Shape) -> Shape:
    """One call of a tool, as chat has it."""
    function = {"name": as_text(item.get("name")), "arguments": as_text(item.get("arguments"))}
    return {"id": as_text(item.get("call_id")), "type": "function", "function": function}


def items_of(message: Message) -> list[Shape]:
    """The calls of a chat's message, or the result of one, as items of a response's input."""
    if message["role"] == "tool":
        output = text_of(message.get("content"))
        return [{"type": "function_call_output", "call_id": message.get("tool_call_id"), "output": output}]
    return [
        {"type": "function_call", "call_id": told.get("id"), **as_object(told.get("function"))}
        for told in map(as_object, as_list(message.get("tool_calls")))
    ]


class Calls:
    """Calls of tools that come in bits; the bits of one call share an index."""

    def __init__(self) -> None:
        self._calls: dict[int, Shape] = {}

    def add(self, bits: list[Shape]) -> None:
        """Take in the next bits."""
        for bit in bits:
            index = bit.get("index")
            self._merge(self._calls.setdefault(index if isinstance(index, int) else 0, _empty()), bit)

    def _merge(self, whole: Shape, bit: Shape) -> None:
        function = as_object(bit.get("function"))
        whole["id"] = as_text(bit.get("id")) or whole["id"]
        whole["function"]["name"] += as_text(function.get("name"))
        whole["function"]["arguments"] += as_text(function.get("arguments"))

    def whole(self) -> list[Shape] | None:
        """The calls so far; None where there is none."""
        return [self._calls[index] for index in sorted(self._calls)] or None


def _empty() -> Shape:
    return {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
