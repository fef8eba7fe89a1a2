"""What a host wants."""

from typing import Any, Literal

import msgspec

from ringmain.errors import AskError
from ringmain.exchange.audio import Audio, Fetch
from ringmain.exchange.loose import Json, as_list, as_object, as_text

Mode = Literal["chat", "completion", "responses"]
"""How a provider is asked."""

Wire = Literal["chat", "completion", "responses", "embeddings", "transcription", "speech"]
"""How a host asks, and so the form in which it is answered."""

TALKING: dict[Wire, Mode] = {"chat": "chat", "completion": "completion", "responses": "responses"}
"""The wires that have a mode of their name; the others are asked in their own endpoint only."""

OF_SOUND: tuple[Wire, ...] = ("transcription", "speech")
"""The wires in which sound travels."""

Message = dict[str, Any]
"""`{"role", "content", …}` in OpenAI's chat form; other keys travel along untouched."""

ROLES = ("system", "developer", "user", "assistant", "tool", "function")

CAPS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
"""The names of the cap on output tokens; a call has one of them."""

Prompt = str | list[int]
"""A text, or a text as token numbers."""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One question of one host.

    `messages` holds the conversation of a chat or responses wire, `prompts` the texts of a completion wire and the one
    of a speech wire, `audio` the sound of a transcription wire.
    `fields` holds every other top-level field that the host sent, known or not.
    `conversation` names earlier turns of the same account that travel along and to which this ask is added.
    """

    id: str
    wire: Wire = "chat"
    messages: tuple[Message, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    listed: bool = False
    """Whether the prompts came as a list, so that a single one stays a list too."""
    audio: Audio | None = None
    fetch: Fetch | None = None
    """Where the sound is to be fetched from first."""
    also: str = ""
    """A sentence for the end of the system message, whether host or account brings that, or nobody."""
    fields: dict[str, Any] = {}
    model: str | None = None
    mode: Literal["auto"] | Mode | None = None
    connection: str | None = None
    organization: str | None = None
    conversation: str | None = None
    stream: bool = False
    deadline: float | None = None
    """Seconds from now after which the host no longer listens."""
    lenient: bool = False
    """Whether a parameter that the model refuses is left out with a notice, rather than told as an error."""
    own: dict[str, Any] = {}
    """What the room needs again when it writes the answer."""
    reach: dict[str, str] | None = None
    """Where the answer may come later, in the room's own words; None where the host only waits for it on the line."""
    named: str | None = None
    """The host's own name of this ask: two asks of an account with the same name are one, which is answered once."""
    prompt_prefix: str | None = None
    prompt_suffix: str | None = None
    """What the host itself puts around a prompt for completion; None where the account's is meant."""
    notices: tuple[str, ...] = ()
    handed: dict[str, str] = {}
    """Headers that another hub is told, and no provider."""
    longest_wait: float | None = None
    """Seconds that may pass between two attempts at most; None where only the deadline bounds them."""
    max_cost: str | None = None
    """USD that it may cost at worst, as a decimal string; what may cost more is refused before it is sent."""
    unsaid: tuple[str, ...] = ()
    """Kinds of what a response's input holds and `messages` cannot, which is lost where another mode is asked."""


def text_of(content: Any) -> str:
    """The text of a message's content: a string, null, or a list of parts of which pictures and sound are left out."""
    if isinstance(content, str):
        return content
    parts = [as_object(part) for part in as_list(content)]
    return "".join(as_text(part.get("text")) or as_text(part.get("refusal")) for part in parts)


def beside_text(message: Message) -> list[str]:
    """The kinds of what a message holds beside its text: pictures, sound, files, calls of tools."""
    parts = [as_object(part) for part in as_list(message.get("content"))]
    kinds = [as_text(part.get("type")) or "part" for part in parts if not ("text" in part or "refusal" in part)]
    return [*kinds, *(name for name in ("tool_calls", "function_call") if message.get(name))]


def checked(messages: Json | tuple[Any, ...]) -> tuple[Message, ...]:
    """The messages of a chat, where they are some that can be sent.

    Raises `AskError`: `nothing_to_ask`, `unknown_role`, `invalid_request`.
    """
    if not isinstance(messages, list) and not isinstance(messages, tuple):
        raise _wrong("messages must be a list of objects with role and content.")
    if not messages:
        raise AskError(
            "nothing_to_ask",
            "There is nothing to ask.",
            fix="Say what to ask: a prompt, or at least one message.",
            param="messages",
        )
    told: tuple[Any, ...] = tuple(messages)
    message: Json
    for message in told:
        if not isinstance(message, dict):
            raise _wrong(f"messages[{told.index(message)}] must be an object with role and content.")
        if message.get("role") not in ROLES:
            raise _unknown_role(message.get("role"), told.index(message))
    return told


def _unknown_role(role: Any, at: int) -> AskError:
    return AskError(
        "unknown_role",
        f"messages[{at}] has the role {role!r:.60}, which does not exist.",
        fix=f"Use one of: {', '.join(ROLES)}.",
        param=f"messages[{at}].role",
    )


def _wrong(sentence: str) -> AskError:
    fix = 'For example [{"role": "user", "content": "Hello"}].'
    return AskError("invalid_request", sentence, fix=fix, param="messages")
