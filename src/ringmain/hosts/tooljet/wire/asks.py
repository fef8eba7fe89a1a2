"""The two queries, Completions and Chat, as asks."""

from typing import Any

from ringmain.errors import AskError
from ringmain.exchange.ask import Ask
from ringmain.hosts import HostRequest
from ringmain.hosts.objects import header_of, json_object
from ringmain.hosts.tooljet.wire import values

CHAT = "/hosts/tooljet/chat"

BOTH = ("prompt", "model", "max_tokens", "temperature", "stop_sequence", "suffix")
CHATS = (*BOTH, "system_prompt", "messages", "message_history")

HOTTEST_COMPLETION, HOTTEST_CHAT = 1, 2
"""The highest temperatures, as ToolJet's page on its OpenAI plugin has them."""


def read(request: HostRequest, *, ask_id: str) -> Ask:
    """The ask of a query.

    Raises `AskError`: `invalid_json`, `too_deep`, `nothing_to_ask`, `unknown_role`, and `invalid_request` with the
    field at fault in `param`.
    """
    body = json_object(request.body)
    chat = request.path == CHAT
    prompt = values.text(body, "prompt")
    if not prompt.strip():
        raise AskError(
            "nothing_to_ask", "The prompt is empty.", fix="Fill in Prompt, or what it is bound to.", param="prompt"
        )
    return Ask(
        id=ask_id,
        **(_chat(body, prompt) if chat else {"wire": "completion", "prompts": (prompt,)}),
        fields=_fields(body, hottest=HOTTEST_CHAT if chat else HOTTEST_COMPLETION),
        model=values.word(body, "model"),
        organization=header_of(request, "openai-organization"),
        lenient=True,
        notices=_left_out(body, CHATS if chat else BOTH),
    )


def _chat(body: dict[str, Any], prompt: str) -> dict[str, Any]:
    """The system's words, then what was said before, then the prompt."""
    system = values.text(body, "system_prompt")
    opening = ({"role": "system", "content": system},) if system.strip() else ()
    earlier = values.messages(body, "messages", "message_history")
    return {"messages": (*opening, *earlier, {"role": "user", "content": prompt})}


def _fields(body: dict[str, Any], *, hottest: int) -> dict[str, Any]:
    suffix = values.text(body, "suffix")
    told = {
        "max_tokens": values.tokens(body, "max_tokens"),
        "temperature": values.number(body, "temperature", most=hottest),
        "stop": values.stops(body, "stop_sequence"),
        "suffix": suffix if suffix.strip() else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _left_out(body: dict[str, Any], known: tuple[str, ...]) -> tuple[str, ...]:
    names = [name[:40] for name in body if name not in known]
    return (f"Left out, because this query has no such field: {', '.join(names[:10])}.",) if names else ()
