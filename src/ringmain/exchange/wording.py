"""What a provider call says: the host's words, what the account puts around them, and what was said before."""

from collections.abc import Callable, Sequence

import msgspec

from ringmain.errors import AskError
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask, Message, Mode, Prompt, beside_text, text_of
from ringmain.exchange.connection import Connection
from ringmain.exchange.loose import Json, as_list
from ringmain.exchange.modes import chat, completion, responses
from ringmain.exchange.modes.fields import refuse_apart
from ringmain.exchange.plan import Body

OPENING = ("system", "developer")


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What stands before and after every prompt of an ask."""

    before: str = ""
    after: str = ""
    gapped: bool = False
    """Whether the words of `suffix` are among it, because the call has no field for them."""

    def __bool__(self) -> bool:
        return bool(self.before or self.after)


UNFRAMED = Frame()

WRITTEN: dict[Mode, Callable[[Sequence[Message]], Body]] = {
    "chat": chat.content,
    "completion": completion.conversation,
    "responses": responses.content,
}
"""How each mode writes a conversation."""


def frame(ask: Ask, account: Account, connection: Connection, mode: Mode, manner: str) -> Frame:
    """The host's or the account's prefix and suffix where the ask is one for completion, native or emulated; else what
    tells of the text that is to follow, where a room's chat has named one."""
    if manner != "completion" and mode != "completion":
        return _followed(ask) if ask.lenient else UNFRAMED
    before = account.prompt_prefix if ask.prompt_prefix is None else ask.prompt_prefix
    after = account.prompt_suffix if ask.prompt_suffix is None else ask.prompt_suffix
    own = ask.fields.get("suffix")
    suffix = account.parameters.get("suffix") if own is None else own
    if not suffix or (mode == "completion" and connection.preset.suffix):
        return Frame(before=before, after=after)
    asked, gap = completion.gap(str(suffix)) if manner == "completion" else ("", chat.followed(str(suffix)))
    return Frame(before=before + asked, after=gap + after, gapped=True)


def _followed(ask: Ask) -> Frame:
    """What a room's chat is told of a `suffix`; on `/v1` the field travels, and its meaning is the provider's."""
    suffix = ask.fields.get("suffix")
    if ask.wire == "responses" or not isinstance(suffix, str) or not suffix:
        return UNFRAMED
    return Frame(after=chat.followed(suffix), gapped=True)


def unsaid(ask: Ask, mode: Mode) -> tuple[str, ...]:
    """A notice that names what the ask says and this mode has no words for."""
    kinds = list(ask.unsaid if mode != ask.wire else ())
    if mode == "completion":
        kinds += [kind for message in ask.messages for kind in beside_text(message)]
    return (f"Left out, because {mode} cannot be told of it: {', '.join(dict.fromkeys(kinds))}.",) if kinds else ()


def contents(
    ask: Ask, account: Account, turns: Sequence[Message], mode: Mode, manner: str, *, frame: Frame
) -> list[Body]:
    """What each provider call says, in its mode's own form.

    Raises `AskError`: `nothing_to_ask`; `unsupported_field` for token numbers that must be text.
    """
    if ask.also:
        ask = _said_also(ask, account)
    opening = _context(ask, account) if account.context and manner != "completion" else ()
    talks: Sequence[Sequence[Message]]
    if ask.wire != "completion":
        if mode == "responses" and ask.wire == "responses":
            return [_own_responses(ask, opening, turns, frame)]
        talks = (ask.messages if frame is UNFRAMED else _framed_last(ask.messages, frame, "text"),)
    elif not ask.prompts:
        raise _nothing()
    elif mode == "completion" and not turns:
        return [completion.content([_framed(prompt, frame) for prompt in ask.prompts], listed=ask.listed)]
    else:
        talks = _prompted(ask, frame, mode)
    if opening or turns:
        talks = [_in_order(opening, turns, talk) for talk in talks]
    return list(map(WRITTEN[mode], talks))


def _prompted(ask: Ask, frame: Frame, mode: Mode) -> list[list[Message]]:
    """A conversation for each prompt."""
    if mode == "completion" and len(ask.prompts) > 1:
        refuse_apart(ask.fields)
    if any(not isinstance(prompt, str) for prompt in ask.prompts):
        raise _no_tokens(f"This model is asked by {mode}" if mode != "completion" else "Earlier turns travel along")
    return [[{"role": "user", "content": _framed(prompt, frame)}] for prompt in ask.prompts]


def _in_order(opening: Sequence[Message], turns: Sequence[Message], talk: Sequence[Message]) -> list[Message]:
    """What the system says first, then the earlier turns, then the ask."""
    begins = next((at for at, message in enumerate(talk) if message.get("role") not in OPENING), len(talk))
    return [*opening, *talk[:begins], *turns, *talk[begins:]]


def _own_responses(ask: Ask, opening: Sequence[Message], turns: Sequence[Message], frame: Frame) -> Body:
    """What the account changes of the host's own `input` and `instructions`."""
    given = ask.fields.get("input")
    said: Body = {"instructions": opening[0]["content"]} if opening else {}
    if turns:
        items = [{"role": "user", "content": given}] if isinstance(given, str) else as_list(given)
        said["input"] = _in_order((), turns, _framed_last(items, frame, "input_text"))
    elif frame and given:
        said["input"] = (
            _framed(given, frame) if isinstance(given, str) else _framed_last(as_list(given), frame, "input_text")
        )
    return said


def _said_also(ask: Ask, account: Account) -> Ask:
    """The ask with its further sentence where the system speaks."""
    spoken = [] if any(m["role"] in OPENING for m in ask.messages) else [account.context or ""]
    messages = [*({"role": "system", "content": text} for text in spoken), *ask.messages]
    at = next(at for at, message in enumerate(messages) if message["role"] in OPENING)
    said = "\n\n".join(text for text in (text_of(messages[at].get("content")), ask.also) if text)
    messages[at] = {**messages[at], "content": said}
    return msgspec.structs.replace(ask, messages=tuple(messages))


def _context(ask: Ask, account: Account) -> tuple[Message, ...]:
    """The account's system message, unless the ask brings its own."""
    if any(m["role"] in OPENING for m in ask.messages):
        return ()
    return ({"role": "system", "content": account.context},)


def _framed(prompt: Prompt, frame: Frame) -> Prompt:
    if not frame:
        return prompt
    if not isinstance(prompt, str):
        raise _no_tokens("Text is put around every prompt here")
    return f"{frame.before}{prompt}{frame.after}"


def _framed_last(messages: Sequence[Message], frame: Frame, kind: str) -> Sequence[Message]:
    """The messages, with the frame around what the user said last, else around what the system did; a text part is of
    this kind."""
    if not frame:
        return messages
    out = list(messages)
    backwards = range(len(out) - 1, -1, -1)
    last = next((at for role in (("user",), OPENING) for at in backwards if out[at].get("role") in role), None)
    if last is not None:
        out[last] = {**out[last], "content": _around(out[last].get("content"), frame, kind)}
    return out


def _around(content: Json, frame: Frame, kind: str) -> Json:
    if not isinstance(content, list):
        return f"{frame.before}{content or ''}{frame.after}"
    before, after = ([{"type": kind, "text": text}] if text else [] for text in (frame.before, frame.after))
    return [*before, *content, *after]


def _nothing() -> AskError:
    return AskError("nothing_to_ask", "There is nothing to ask.", fix="Send at least one prompt.", param="prompt")


def _no_tokens(why: str) -> AskError:
    return AskError(
        "unsupported_field",
        f"{why}, which cannot be done with a prompt of token numbers.",
        fix="Send the prompt as text.",
        param="prompt",
    )
