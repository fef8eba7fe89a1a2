"""Which of OpenAI's fields exist in which wire, and how they are called there."""

from collections.abc import Callable
from typing import Any

from ringmain.errors import AskError
from ringmain.exchange.ask import CAPS, Mode
from ringmain.exchange.loose import as_object
from ringmain.exchange.modes.tools import flat_choice, flat_tools, nested_choice, nested_tools, other_kinds

Fields = dict[str, Any]

CONTROL = frozenset(
    [
        "api_base",
        "api_key",
        "api_type",
        "api_version",
        "base_url",
        "organization",
        "project",
        "extra_headers",
        "extra_query",
        "extra_body",
        "headers",
        "default_headers",
        "litellm_params",
        "custom_llm_provider",
        "deployment_id",
        "azure_endpoint",
    ]
)
"""Words that steer a client library: a host may not choose where its ask goes, so they never travel."""


Crossing = None | str | Callable[[Any], Fields]
"""What becomes of a field: nothing, another name, or other fields made from its value."""


def _words(text: str) -> dict[str, Crossing]:
    return dict.fromkeys(text.split())


def _reasoning(value: Any) -> Fields:
    return {"reasoning": {"effort": value}}


def _effort(value: Any) -> Fields:
    effort = as_object(value).get("effort")
    return {"reasoning_effort": effort} if effort else {}


def _verbosity(value: Any) -> Fields:
    return {"text": {"verbosity": value}}


def _text_format(value: Any) -> Fields:
    """Chat nests a schema below `json_schema`; responses writes it flat."""
    schema = as_object(as_object(value).get("json_schema"))
    return {"text": {"format": {"type": "json_schema", **schema} if schema else value}}


def _texts(value: Any) -> Fields:
    told = as_object(value)
    verbosity = {"verbosity": told["verbosity"]} if told.get("verbosity") else {}
    return {**_response_format(as_object(told.get("format"))), **verbosity}


def _response_format(form: Fields) -> Fields:
    if not form:
        return {}
    if form.get("type") != "json_schema":
        return {"response_format": form}
    schema = {k: v for k, v in form.items() if k != "type"}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _flat_tools(value: Any) -> Fields:
    tools = flat_tools(value)
    return {"tools": tools} if tools else {}


def _nested_tools(value: Any) -> Fields:
    tools = nested_tools(value)
    return {"tools": tools} if tools else {}


_TOOLS = _words("tools tool_choice parallel_tool_calls")
_CHAT_ONLY = _words("functions function_call modalities audio prediction web_search_options prompt_cache_retention")
_NO_CHOICES = _words("n stop presence_penalty frequency_penalty seed logit_bias stream_options")
_RESPONSES_ONLY = _words(
    "include truncation max_tool_calls stream_options context_management prompt prompt_cache_retention"
)
_ACCOUNTED = _words("store metadata service_tier safety_identifier prompt_cache_key verbosity")

CROSSINGS: dict[Mode, dict[Mode, dict[str, Crossing]]] = {
    "chat": {
        "completion": {
            **_TOOLS,
            **_CHAT_ONLY,
            **_ACCOUNTED,
            **_words("response_format reasoning_effort"),
            "max_completion_tokens": "max_tokens",
        },
        "responses": {
            **_CHAT_ONLY,
            **_NO_CHOICES,
            "verbosity": _verbosity,
            "max_tokens": "max_output_tokens",
            "max_completion_tokens": "max_output_tokens",
            "reasoning_effort": _reasoning,
            "response_format": _text_format,
            "tools": _flat_tools,
            "tool_choice": lambda value: {"tool_choice": flat_choice(value)},
        },
    },
    "completion": {
        "chat": _words("best_of"),
        "responses": {**_words("best_of"), **_NO_CHOICES, "max_tokens": "max_output_tokens"},
    },
    "responses": {
        "chat": {
            **_RESPONSES_ONLY,
            "max_output_tokens": "max_tokens",
            "reasoning": _effort,
            "text": _texts,
            "tools": _nested_tools,
            "tool_choice": lambda value: {"tool_choice": nested_choice(value)},
        },
        "completion": {
            **_TOOLS,
            **_RESPONSES_ONLY,
            **_ACCOUNTED,
            **_words("reasoning text"),
            "max_output_tokens": "max_tokens",
        },
    },
}
"""What changes on the way from a host's wire to another mode; a field that is not named here travels as it came."""

OF_TOOLS = ("tool_choice", "parallel_tool_calls")
"""What says something of tools only, and is refused where there are none."""

TOLD_BY_HUB = ("stream_options",)
"""What the hub itself does for a host whose ask is emulated; that it does not travel is no loss."""

COMPLETIONS_OWN = ("best_of", "echo", "suffix")
"""What only completions know."""

WRITTEN_BY_HUB = ("model", "messages", "prompt", "input", "stream")
"""What an account's parameters cannot set."""

MANY = frozenset({"n", "best_of"})
"""What may ask for several answers to a prompt."""

_CAPS = frozenset(CAPS)

REFUSED: dict[Mode, tuple[str, ...]] = {
    "chat": ("logprobs", "top_logprobs"),
    "completion": ("echo", "logprobs"),
    "responses": ("previous_response_id", "conversation", "background", "top_logprobs"),
}
"""What changes the meaning of an answer, so that an emulated call without it would lie."""


def uncontrolled(fields: Fields) -> Fields:
    """The fields without those that would steer the hub's own client."""
    return fields if CONTROL.isdisjoint(fields) else {k: v for k, v in fields.items() if k not in CONTROL}


def cap_of(fields: Fields) -> int | None:
    """The cap on output tokens, whatever it is called."""
    least = None
    for name in _CAPS & fields.keys():
        cap = fields[name]
        if isinstance(cap, int) and cap >= 0 and (least is None or cap < least):
            least = cap
    return least


def said(fields: Fields) -> Fields:
    """The fields that say something: null stands for silence, and of several caps on output the smallest holds."""
    least, caps = cap_of(fields), [name for name in CAPS if fields.get(name) is not None]
    held = sorted(caps, key=lambda name: fields[name] != least)[:1]
    return {k: v for k, v in fields.items() if v is not None and (k not in CAPS or k in held)}


def choices_of(fields: Fields) -> int:
    """How many answers the provider will write to each prompt: `n`, or `best_of` of which it shows `n`."""
    most = 1
    for name in MANY & fields.keys():
        wanted = fields[name]
        if isinstance(wanted, int) and wanted > most:
            most = wanted
    return most


def carried(parameters: Fields, mode: Mode) -> Fields:
    """An account's parameters as `mode` calls them; what it has no word for stays behind."""
    others = (*WRITTEN_BY_HUB, *(() if mode == "completion" else COMPLETIONS_OWN))
    kept = {name: value for name, value in uncontrolled(parameters).items() if name not in others}
    return kept if mode == "chat" else _crossed(kept, "chat", mode)[0]


def emulated(fields: Fields, parameters: Fields, mode: Mode) -> tuple[Fields, tuple[str, ...]]:
    """A completion's fields as far as another mode knows them, and the names of what is lost of them and of the
    account's parameters; what a suffix wants is put into words elsewhere.

    Raises `AskError("unsupported_field")` for a host's `echo`.
    """
    _refuse({"echo": fields.get("echo")}, "completion", mode)
    wanted = {**parameters, **said(fields)}
    kept = {name: value for name, value in fields.items() if name not in COMPLETIONS_OWN}
    return kept, tuple(name for name in ("best_of", "echo") if wanted.get(name))


def translate(fields: Fields, wire: Mode, mode: Mode) -> tuple[Fields, tuple[str, ...]]:
    """The fields as `mode` calls them, and the names of those that have no counterpart there.

    Raises `AskError("unsupported_field")` where leaving one out would change what the answer means.
    """
    if wire == mode:
        return fields, ()
    _refuse(fields, wire, mode)
    crossed, lost = _crossed(fields, wire, mode)
    dangling = () if crossed.get("tools") else OF_TOOLS
    others = other_kinds(fields.get("tools")) if crossed.get("tools") else ()
    kinds = (f"tools ({', '.join(others)})",) if others else ()
    return {k: v for k, v in crossed.items() if k not in dangling}, (*lost, *kinds)


def _crossed(fields: Fields, wire: Mode, mode: Mode) -> tuple[Fields, tuple[str, ...]]:
    crossed: Fields = {}
    lost: list[str] = []
    for name, value in said(fields).items():
        made = {} if name in REFUSED[wire] else _cross(name, value, CROSSINGS[wire][mode])
        crossed |= {key: {**as_object(crossed.get(key)), **as_object(new)} or new for key, new in made.items()}
        if not made and name not in (*REFUSED[wire], *TOLD_BY_HUB):
            lost.append(name)
    return crossed, tuple(lost)


def _cross(name: str, value: Any, table: dict[str, Crossing]) -> Fields:
    crossing = table.get(name, name)
    if crossing is None:
        return {}
    return {crossing: value} if isinstance(crossing, str) else crossing(value)


def _refuse(fields: Fields, wire: Mode, mode: Mode) -> None:
    for name in REFUSED[wire]:
        if _asks_for(name, fields.get(name)):
            why = f"this model is asked by {mode} and not by {wire}"
            raise _impossible(name, why, f"name a model that can do {wire}")


def refuse_apart(fields: Fields) -> None:
    """Nothing, where prompts may be one call each though the host speaks completions.

    Raises `AskError("unsupported_field")` for what could not be put together again.
    """
    for name in REFUSED["completion"]:
        if _asks_for(name, fields.get(name)):
            raise _impossible(name, "earlier turns travel along with each of several prompts", "ask them one by one")


def _impossible(name: str, why: str, instead: str) -> AskError:
    sentence = f"'{name}' is not possible here, because {why}."
    return AskError("unsupported_field", sentence, fix=f"Leave '{name}' out, or {instead}.", param=name)


def _asks_for(name: str, value: Any) -> bool:
    """Whether a field is set to something: a completion's `logprobs` of 0 asks for those of the chosen tokens."""
    return value is not None and value is not False and (value != 0 or name == "logprobs")
